package sip

import (
	"context"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
)

// TestPrack has a caller who must be told reliably.
func TestPrack(t *testing.T) {
	let := make(chan struct{})
	s := start(t, func(ctx context.Context, l call.Leg) {
		r := l.(call.Ringer)
		_ = r.Ring(ctx)
		_ = r.Progress(ctx)
		<-let
		answerAndWait(ctx, l)
	}, quick)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp, "Require: 100rel"))
	ringing := h.expect("180")
	if head(ringing, "Require") != "100rel" || head(ringing, "RSeq") != "1" {
		t.Fatalf("not reliable:\n%s", ringing)
	}
	h.expect("180") // again
	h.send(h.request("PRACK", "", "RAck: 7 1 INVITE"))
	h.expect("481")
	h.send(h.request("PRACK", "", "RAck: 1 1 INVITE"))
	h.expect("200 OK")
	progress := h.expect("183")
	if head(progress, "RSeq") != "2" || !strings.Contains(body(progress), "m=audio") {
		t.Fatalf("no early media in\n%s", progress)
	}
	close(let)
	h.send(h.request("PRACK", "", "RAck: 2 1 INVITE"))
	h.expect("200 OK")
	for m := h.expect("200 OK"); !strings.Contains(head(m, "CSeq"), "INVITE"); m = h.expect("200 OK") {
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", 1, ""))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}

// TestNoPrack refuses the call in the end.
func TestNoPrack(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) { _ = l.(call.Ringer).Ring(ctx); <-l.Ended() }, quick)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp, "Require: 100rel"))
	h.expect("504")
}

// TestPrackWithBadContent: a PRACK has arrived, whatever it brings. An offer in
// it that cannot be agreed to leaves the call as it was; without an answer to
// our offer there can be no call.
func TestPrackWithBadContent(t *testing.T) {
	ring := func(ctx context.Context, l call.Leg) {
		_ = l.(call.Ringer).Ring(ctx)
		answerAndWait(ctx, l)
	}
	video := strings.Replace(newHandset(t, mustAddr("127.0.0.1:5060")).sdp, "m=audio", "m=video", 1)
	s := start(t, ring)
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", h.sdp, "Require: 100rel"))
	h.expect("180")
	h.send(h.request("PRACK", video, "RAck: 1 1 INVITE"))
	if m := h.expect("488"); head(m, "CSeq") != "2 PRACK" {
		t.Errorf("refused:\n%s", m)
	}
	if ok := h.expect("200 OK"); head(ok, "CSeq") != "1 INVITE" || !strings.Contains(body(ok), "m=audio") {
		t.Errorf("answered:\n%s", ok)
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", 1, ""))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
	for content, code := range map[string]string{"": "400", video: "488"} {
		h := newHandset(t, s.udp(t))
		h.send(h.request("INVITE", "", "Require: 100rel"))
		h.expect("180")
		h.send(h.request("PRACK", content, "RAck: 1 1 INVITE"))
		if m := h.expect(code); head(m, "CSeq") != "2 PRACK" {
			t.Errorf("refused:\n%s", m)
		}
		if m := h.expect("488"); head(m, "CSeq") != "1 INVITE" {
			t.Errorf("refused:\n%s", m)
		}
		h.send(h.write("ACK", 1, ""))
	}
}

// TestLatePrack is a caller without an offer who must be told reliably: the
// 18x has ours, the PRACK its answer.
func TestLatePrack(t *testing.T) {
	s := start(t, func(ctx context.Context, l call.Leg) {
		if err := l.(call.Ringer).Progress(ctx); err != nil {
			t.Error(err)
		}
		answerAndWait(ctx, l)
	})
	h := newHandset(t, s.udp(t))
	h.send(h.request("INVITE", "", "Require: 100rel"))
	if m := h.expect("183"); !strings.Contains(body(m), "m=audio") {
		t.Fatalf("no offer in\n%s", m)
	}
	h.send(h.request("PRACK", h.sdp, "RAck: 1 1 INVITE"))
	h.expect("200 OK")
	if ok := h.expect("200 OK"); body(ok) != "" {
		t.Errorf("described twice:\n%s", ok)
	}
	h.via = "z9hG4bK" + newTag()
	h.send(h.write("ACK", 1, ""))
	h.send(h.request("BYE", ""))
	h.expect("200 OK")
}
