package sip

import (
	"encoding/xml"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/presence"
)

// TestRandomSubscriptions has phones that subscribe, renew, give up and answer
// as they like. What they are told comes one by one, numbered without a gap,
// nothing behind the last word; who is still there in the end knows the state,
// and nothing is left of the others.
func TestRandomSubscriptions(t *testing.T) {
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			m := &moody{random: rand.New(rand.NewPCG(seed, 3)), board: board(t)}
			m.live(t)
			if t.Failed() {
				t.Fatalf("with seed %d; it went:\n%s", seed, strings.Join(m.said, "\n"))
			}
		})
	}
}

// moody is a phone that does anything.
type moody struct {
	random *rand.Rand
	board  *presence.Board
	s      *Server
	w      *wire
	h      *handset
	said   []string

	sent  string // the last SUBSCRIBE, and when
	when  time.Time
	read  int            // requests of the server that were seen
	due   []*sip.Request // NOTIFYs without an answer
	heard map[string]*heard
}

// heard is what one subscription was told.
type heard struct {
	seq     uint32
	version int
	state   string
	waits   bool // its last NOTIFY is unanswered
	over    bool
}

func (m *moody) note(format string, args ...any) {
	m.said = append(m.said, time.Now().Format("04:05.000 ")+fmt.Sprintf(format, args...))
}

func (m *moody) live(t *testing.T) {
	t.Helper()
	m.heard = map[string]*heard{}
	m.s, m.w, m.h = onWire(t, func(c *Config) {
		c.OnCall, c.Presence, c.Logger = noCalls(t), m.board, slog.New(alarm{slog.DiscardHandler, t})
	})
	for range 10 + m.random.IntN(50) {
		m.step(t)
		synctest.Wait()
		m.listen(t)
	}
	for range 100 { // and then it answers well, for a while
		m.answer(len(m.due), 200)
		time.Sleep(time.Second)
		synctest.Wait()
		m.listen(t)
	}
	status, err := m.board.Get("acme", "100")
	if err != nil {
		t.Fatal(err)
	}
	for tag, l := range m.heard {
		if !l.over && status.Watchers > 0 && l.state != string(status.State) && m.alive(tag) {
			t.Errorf("%s knows %q, and it is %q", tag, l.state, status.State)
		}
	}
	for range 200 {
		m.answer(len(m.due), 200)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		m.listen(t)
	}
	servers, clients := m.s.tx.size()
	if status, _ = m.board.Get("acme", "100"); servers+clients+m.s.Subscribers()+status.Watchers > 0 {
		t.Errorf("%d and %d transactions, %d subscriptions, %d watchers are left", servers, clients, m.s.Subscribers(), status.Watchers)
	}
	if err := m.s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// alive says that the server has the subscription.
func (m *moody) alive(tag string) bool {
	u, ok := m.s.subs.find(m.h.id, tag)
	return ok && u.over == ""
}

func (m *moody) step(t *testing.T) {
	t.Helper()
	switch m.random.IntN(8) {
	case 0, 1:
		m.subscribe()
	case 2:
		if time.Since(m.when) < 4*time.Second {
			m.note("the same SUBSCRIBE again")
			hear(m.s, m.w, m.sent)
		}
	case 3:
		state := []presence.State{presence.Idle, presence.Ringing, presence.Busy}[m.random.IntN(3)]
		m.note("it is %s", state)
		set(t, m.board, "100", state)
	case 4, 5:
		if len(m.due) > 0 {
			m.answer(1+m.random.IntN(len(m.due)), []int{200, 200, 200, 202, 481, 500, 503}[m.random.IntN(7)])
		}
	default:
		d := time.Duration(m.random.IntN(3000)) * time.Millisecond
		if m.random.IntN(6) == 0 {
			d = 70 * time.Second
		}
		time.Sleep(d)
	}
}

// subscribe begins a subscription, or renews the newest one.
func (m *moody) subscribe() {
	extra := []string{"Event: " + []string{"dialog", "dialog", "dialog", "presence"}[m.random.IntN(4)]}
	if n := m.random.IntN(6); n > 0 {
		extra = append(extra, "Expires: "+[]string{"0", "30", "60", "90", "3600"}[n-1])
	}
	if m.h.seq > 2 && m.random.IntN(8) == 0 {
		m.h.seq -= 2
	}
	if m.random.IntN(8) == 0 {
		m.h.far = ""
	}
	m.sent, m.when = m.h.request("SUBSCRIBE", "", extra...), time.Now()
	m.note("SUBSCRIBE %d %q in %q", m.h.seq, extra, m.h.far)
	hear(m.s, m.w, m.sent)
	synctest.Wait()
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if res := m.w.res[len(m.w.res)-1]; res.StatusCode == 200 {
		m.h.far = toTag(res)
	}
	m.note("answered %d", m.w.res[len(m.w.res)-1].StatusCode)
}

// answer says something to the first n NOTIFYs that wait for it.
func (m *moody) answer(n, code int) {
	for _, req := range m.due[:n] {
		m.note("%d to NOTIFY %d of %s", code, req.CSeq().SeqNo, fromTag(req))
		m.heard[fromTag(req)].waits = false
		if code == 503 {
			reply(m.s, m.w, req, code, "Retry-After: "+strconv.Itoa(1+m.random.IntN(3)))
		} else {
			reply(m.s, m.w, req, code)
		}
	}
	m.due = m.due[n:]
}

// listen takes the NOTIFYs that came since.
func (m *moody) listen(t *testing.T) {
	t.Helper()
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	for ; m.read < len(m.w.out); m.read++ {
		req := m.w.out[m.read]
		l, seq := m.heard[fromTag(req)], req.CSeq().SeqNo
		if l == nil {
			l = &heard{version: -1}
			m.heard[fromTag(req)] = l
		}
		if seq == l.seq {
			continue // again
		}
		state, _ := first(req, "Subscription-State")
		m.note("NOTIFY %d of %s: %s", seq, fromTag(req), state)
		if seq != l.seq+1 || l.waits || l.over {
			t.Errorf("NOTIFY %d of %s after %+v", seq, fromTag(req), *l)
		}
		l.seq, l.waits, l.over = seq, true, strings.HasPrefix(state, "terminated")
		m.due = append(m.due, req)
		m.document(t, req, l)
	}
}

// document reads what a NOTIFY tells.
func (m *moody) document(t *testing.T, req *sip.Request, l *heard) {
	t.Helper()
	var doc struct {
		Version int    `xml:"version,attr"`
		State   string `xml:"dialog>state"`
		Note    string `xml:"note"`
	}
	if err := xml.Unmarshal(req.Body(), &doc); err != nil {
		t.Fatal(err)
	}
	if kind, _ := first(req, "Event"); kind == "presence" {
		l.state = map[string]string{"": "terminated", "Ringing": "early", "On the phone": "confirmed"}[doc.Note]
		return
	}
	if doc.Version != l.version+1 {
		t.Errorf("version %d after %d", doc.Version, l.version)
	}
	l.version, l.state = doc.Version, doc.State
}
