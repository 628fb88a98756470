package sip

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/call"
)

// TestRandomDialogs has far ends that send any request at any time, late,
// again and out of order, and answer ours or not. Each request has one final
// answer, and in the end nothing is left of the call.
func TestRandomDialogs(t *testing.T) {
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			f := &fickle{random: rand.New(rand.NewPCG(seed, 1))}
			f.live(t)
			if t.Failed() {
				t.Fatalf("with seed %d; sent:\n%s", seed, strings.Join(f.said, "\n"))
			}
		})
	}
}

// fickle is a far end that does anything.
type fickle struct {
	random   *rand.Rand
	s        *Server
	w        *wire
	h        *handset
	sent     []string // requests since a while, to be sent again
	fresh    time.Time
	held     []string // to be sent later
	asked    []string // branches and numbers of what an answer is due to
	invite   string   // the branch of the first one, while that can be cancelled
	answered int      // requests of ours so far
	said     []string // what it did
}

func (f *fickle) pick(of ...string) string { return of[f.random.IntN(len(of))] }

// flow is a callflow that does anything.
func (f *fickle) flow() func(context.Context, call.Leg) {
	seed := f.random.Uint64()
	return func(ctx context.Context, l call.Leg) {
		r := rand.New(rand.NewPCG(seed, 2))
		for range r.IntN(6) {
			select {
			case <-l.Ended():
				return
			case <-time.After(time.Duration(r.IntN(4000)) * time.Millisecond):
			}
			short, cancel := context.WithTimeout(ctx, time.Second)
			switch r.IntN(5) {
			case 0:
				_ = l.(call.Ringer).Ring(short)
			case 1:
				_ = l.(call.Ringer).Progress(short)
			case 2, 3:
				_ = l.Answer(short)
			case 4:
				_, _ = l.(call.Transferrer).Refer(short, "sip:200@home.test", nil)
			}
			cancel()
		}
		_ = l.Hangup(ctx, call.Normal)
	}
}

func (f *fickle) live(t *testing.T) {
	t.Helper()
	var extra []string
	for _, e := range []string{"Require: 100rel", "Supported: timer, 100rel", "Session-Expires: 90", "Allow: INVITE, UPDATE"} {
		if f.random.IntN(2) == 0 {
			extra = append(extra, e)
		}
	}
	f.s, f.w, f.h, _ = incoming(t, f.flow(), extra...)
	f.s.logger = slog.New(alarm{slog.DiscardHandler, t})
	f.invite = f.h.via
	for range 10 + f.random.IntN(60) {
		f.step()
		synctest.Wait()
	}
	time.Sleep(time.Minute)
	f.h.via = "z9hG4bK" + newTag()
	f.hear(f.h.request("BYE", ""))
	time.Sleep(20 * time.Minute)
	synctest.Wait()
	if servers, clients := f.s.tx.size(); servers+clients > 0 || f.s.Live() != 0 || len(f.s.all()) > 0 {
		t.Errorf("%d and %d transactions, %d calls, %d threads are left", servers, clients, f.s.Live(), len(f.s.all()))
	}
	f.judge(t)
	if err := f.s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func (f *fickle) hear(m string) {
	line, _, _ := strings.Cut(m, "\r\n")
	if _, branch, _ := strings.Cut(head(m, "Via"), "branch="); !strings.HasPrefix(m, "ACK") {
		branch, _, _ = strings.Cut(branch, ";")
		f.asked = append(f.asked, branch+" "+head(m, "CSeq"))
	}
	f.said = append(f.said, fmt.Sprintf("%s %s | %s", time.Now().Format("04:05.000"), line, head(m, "CSeq")))
	hear(f.s, f.w, m)
}

// step is one thing to do.
func (f *fickle) step() {
	f.w.mu.Lock()
	for _, res := range f.w.res {
		if tag := toTag(res); tag != "" && res.CSeq().SeqNo == 1 {
			f.h.far = tag
		}
	}
	f.w.mu.Unlock()
	switch f.random.IntN(10) {
	case 0, 1, 2:
		f.ask()
	case 3:
		if time.Since(f.fresh) > 4*time.Second { // T4 is how long a network keeps a message
			f.sent, f.fresh = nil, time.Now()
		}
		if len(f.sent) > 0 {
			f.hear(f.sent[f.random.IntN(len(f.sent))])
		}
	case 4:
		for _, m := range f.held {
			f.hear(m)
		}
		f.held = nil
	case 5:
		f.hear(f.h.write("ACK", 1+f.random.IntN(max(f.h.seq, 1)), f.pick("", f.h.sdp)))
	case 6:
		if f.invite != "" && f.random.IntN(6) == 0 {
			far, via := f.h.far, f.h.via
			f.h.far, f.h.via = "", f.invite
			f.hear(f.h.write("CANCEL", 1, ""))
			f.h.far, f.h.via = far, via
		}
	case 7, 8:
		f.answer()
	default:
		d := time.Duration(f.random.IntN(3000)) * time.Millisecond
		if f.random.IntN(8) == 0 {
			d, f.held, f.invite = 50*time.Second, nil, ""
		}
		time.Sleep(d)
	}
}

// ask sends a request, or keeps it for later.
func (f *fickle) ask() {
	m := f.pick("INVITE", "INVITE", "UPDATE", "UPDATE", "PRACK", "INFO", "OPTIONS", "NOTIFY", "SUBSCRIBE", "BYE")
	if m == "BYE" && f.random.IntN(4) > 0 {
		return
	}
	offer := strings.Replace(f.h.sdp, "m=audio", f.pick("m=audio", "m=audio", "m=video"), 1)
	extra := []string{"Event: refer", "RAck: " + f.pick("1", "2", "3") + " 1 INVITE", "Supported: timer"}
	if f.random.IntN(2) == 0 {
		extra = append(extra, "Session-Expires: "+f.pick("10", "90", "1800")+";refresher="+f.pick("uac", "uas"))
	}
	body := f.pick("", offer)
	if m == "INFO" || m == "NOTIFY" {
		body = ""
	}
	text := f.h.request(m, body, extra...)
	f.sent = append(f.sent, text)
	if f.random.IntN(4) == 0 {
		f.held = append(f.held, text)
		return
	}
	f.hear(text)
}

// answer says something to the next request of ours, or nothing.
func (f *fickle) answer() {
	f.w.mu.Lock()
	out := slices.Clone(f.w.out)
	f.w.mu.Unlock()
	if f.answered >= len(out) {
		return
	}
	req := out[f.answered]
	f.answered++
	code := []int{0, 100, 200, 200, 200, 202, 405, 408, 481, 491, 500}[f.random.IntN(11)]
	if code == 0 || req.Method == sip.ACK {
		return
	}
	res := answer(req, code, "them")
	if code == 200 && req.Method == sip.INVITE {
		finish(res, typeSDP, []byte(f.h.sdp))
	} else {
		finish(res, "", nil)
	}
	f.said = append(f.said, fmt.Sprintf("%s %d to %s", time.Now().Format("04:05.000"), code, req.CSeq()))
	hear(f.s, f.w, string(encode(res)))
}

// judge finds requests that were answered in two ways, or not at all.
func (f *fickle) judge(t *testing.T) {
	t.Helper()
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	finals := map[string]int{}
	for _, res := range f.w.res {
		if res.StatusCode < 200 {
			continue
		}
		branch, _ := res.Via().Params.Get("branch")
		key := branch + " " + res.CSeq().Value()
		if old := finals[key]; old != 0 && old != res.StatusCode {
			t.Errorf("%s was answered %d and %d", key, old, res.StatusCode)
		}
		finals[key] = res.StatusCode
	}
	for _, branch := range f.asked {
		if finals[branch] == 0 {
			t.Errorf("%s has no answer", branch)
		}
	}
}
