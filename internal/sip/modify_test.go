package sip

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

func TestHoldAndResume(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	steps := []struct{ change, want string }{
		{"a=sendonly", "recvonly"},
		{"a=inactive", "inactive"},
		{"a=sendrecv", ""},
	}
	for _, step := range steps {
		h.send(h.request("INVITE", strings.Replace(h.sdp, "o=- 1 1", fmt.Sprintf("o=- 1 %d", h.seq+1), 1)+step.change+"\r\n"))
		ok := h.expect("200 OK")
		h.send(h.write2("ACK"))
		if got := body(ok); step.want != "" && !strings.Contains(got, "a="+step.want) || step.want == "" && strings.Contains(got, "only") {
			t.Errorf("%s was answered with\n%s", step.change, got)
		}
	}
	moved := strings.NewReplacer("o=- 1 1", "o=- 1 9", "m=audio 20000", "m=audio 20444").Replace(h.sdp) + "a=sendonly\r\n"
	h.send(h.request("INVITE", moved))
	h.expect("200 OK")
	h.send(h.write2("ACK"))
	got := await[event.Held](t, s.log, 4)
	for i, want := range []event.Held{
		{On: true, Direction: "sendonly", Remote: "127.0.0.1:20000"},
		{On: true, Direction: "inactive", Remote: "127.0.0.1:20000"},
		{On: false, Direction: "sendrecv", Remote: "127.0.0.1:20000"},
		{On: true, Direction: "sendonly", Remote: "127.0.0.1:20444"},
	} {
		if got[i] != want {
			t.Errorf("step %d was told as %+v", i, got[i])
		}
	}
	h.send(h.request("INVITE", "")) // and one without an offer
	offer := h.expect("200 OK")
	if !strings.Contains(body(offer), "m=audio") {
		t.Errorf("no offer in\n%s", offer)
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", h.seq, strings.Replace(h.sdp, "o=- 1 1", "o=- 1 10", 1)))
	if got := await[event.Held](t, s.log, 5)[4]; got.On {
		t.Errorf("still held: %+v", got)
	}
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

// TestBadReinvite leaves the call as it was.
func TestBadReinvite(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	h.send(h.request("INVITE", strings.NewReplacer("RTP/AVP 0 101", "RTP/AVP 97", "rtpmap:101", "rtpmap:97").Replace(h.sdp)))
	no := h.expect("488")
	if head(no, "Warning") == "" {
		t.Errorf("no Warning in\n%s", no)
	}
	h.send(h.write("ACK", h.seq, ""))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

func TestUpdate(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	h.send(h.request("UPDATE", ""))
	if ok := h.expect("200 OK"); body(ok) != "" || head(ok, "Contact") == "" {
		t.Errorf("answered with\n%s", ok)
	}
	h.send(h.request("UPDATE", strings.Replace(h.sdp, "o=- 1 1", "o=- 1 2", 1)+"a=sendonly\r\n"))
	if ok := h.expect("200 OK"); !strings.Contains(body(ok), "recvonly") {
		t.Errorf("answered with\n%s", ok)
	}
	await[event.Held](t, s.log, 1)
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

// TestTargetRefresh sends the BYE where the last Contact said.
func TestTargetRefresh(t *testing.T) {
	legs := make(chan call.Leg, 1)
	s := start(t, func(ctx context.Context, l call.Leg) { legs <- l; answerAndWait(ctx, l) })
	h := newHandset(t, s.udp(t))
	h.call()
	other := newHandset(t, s.udp(t))
	update := strings.Replace(h.request("UPDATE", ""), "<sip:200@"+h.addr()+">", "<sip:moved@"+other.addr()+">", 1)
	h.send(update)
	h.expect("200 OK")
	_ = (<-legs).Hangup(t.Context(), call.Normal)
	bye := other.expect("BYE sip:moved@")
	other.from = h.from
	other.reply(bye, 200, "")
}

func TestSequence(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	h.seq += 5
	h.send(h.request("OPTIONS", ""))
	h.expect("200 OK")
	h.seq -= 3
	h.send(h.request("OPTIONS", ""))
	h.expect("500")
	h.seq += 10
	h.send(strings.Replace(h.request("INVITE", h.sdp), h.from, "stranger", 1))
	h.expect("481")
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

// TestOverlap is a second offer while the first is not through.
func TestOverlap(t *testing.T) {
	s := start(t, answerAndWait)
	h := newHandset(t, s.udp(t))
	h.call()
	h.send(h.request("INVITE", h.sdp))
	h.expect("200 OK")
	first := h.seq
	h.send(h.request("INVITE", h.sdp))
	if no := h.expect("500"); head(no, "Retry-After") == "" {
		t.Errorf("refused without Retry-After:\n%s", no)
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", first, ""))
	h.send(h.request("INVITE", ""))
	h.expect("200 OK")
	ours := h.seq
	h.send(h.request("UPDATE", h.sdp))
	h.expect("491")
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", ours, h.sdp))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}
