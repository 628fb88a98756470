package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/trial"
)

// TestSubscriptionBounds refuses more than may be, for each way to count.
func TestSubscriptionBounds(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"in all":          func(c *Config) { c.Subscriptions = Subscriptions{Max: 3, PerSource: 9, PerAccount: 9} },
		"from one source": func(c *Config) { c.Subscriptions = Subscriptions{Max: 9, PerSource: 3, PerAccount: 9} },
		"of one account":  func(c *Config) { c.Subscriptions = Subscriptions{Max: 9, PerSource: 9, PerAccount: 3} },
	} {
		t.Run(name, func(t *testing.T) {
			b := board(t)
			s := start(t, noCalls(t), watched(b, change, quick))
			var all []*handset
			for range 3 {
				h := newHandset(t, s.udp(t))
				h.subscribe("Event: dialog")
				h.notified(200)
				all = append(all, h)
			}
			h := newHandset(t, s.udp(t))
			h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
			if m := h.expect("SIP/2.0 503"); head(m, "Retry-After") != "60" {
				t.Errorf("answered\n%s", m)
			}
			if st, _ := b.Get("acme", "100"); st.Watchers != 3 {
				t.Errorf("%d watch", st.Watchers)
			}
			all[0].subscribe("Event: dialog", "Expires: 0")
			all[0].notified(200)
			s.subscribed(t, 2)
			h.subscribe("Event: dialog") // there is room again
			h.notified(200)
		})
	}
}

// TestManyOfOneID is a flood that uses one Call-ID.
func TestManyOfOneID(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t), quick))
	h := newHandset(t, s.udp(t))
	refused := 0
	for i := range maxPerID + 8 {
		h.from = fmt.Sprint("tag", i)
		h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
		if strings.HasPrefix(h.expect("SIP/2.0 "), "SIP/2.0 503") {
			refused++
		}
		h.far = ""
	}
	if refused != 8 {
		t.Errorf("%d were refused", refused)
	}
	s.subscribed(t, 0) // nobody has answered
}

// TestManyRenewals is a phone that renews its subscription without end: it is
// told to wait, its lamp goes on.
func TestManyRenewals(t *testing.T) {
	b := board(t)
	s := start(t, noCalls(t), watched(b))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200)
	refused := 0
	for range maxPerCall + 20 {
		h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
		if m := h.expect("SIP/2.0 "); strings.HasPrefix(m, "SIP/2.0 503") && head(m, "Retry-After") != "" {
			refused++
		}
	}
	if refused < 20 || s.Subscribers() != 1 {
		t.Errorf("%d were refused, %d subscriptions", refused, s.Subscribers())
	}
	other := newHandset(t, s.udp(t)) // nobody else has to wait
	other.subscribe("Event: dialog")
	other.notified(200)
}

// TestSubscribingStranger gets no answer.
func TestSubscribingStranger(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t), func(c *Config) { c.Listen = []Listen{{"udp", "0.0.0.0:0"}} }))
	h := newHandset(t, netipPort(mustAddr("127.0.0.1:1"), int(s.udp(t).Port())))
	h.send(h.request("SUBSCRIBE", "", "Event: dialog"))
	trial.Eventually(t, func() string {
		if c := s.Counts(); c.Strangers != 1 {
			return fmt.Sprintf("counted %+v", c)
		}
		return ""
	})
	_ = h.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // it was read, and nothing comes of it
	if n, _, err := h.conn.ReadFromUDPAddrPort(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came", n)
	}
}

// TestForgetfulPhone begins again with the numbers that it had before it was
// switched off: it is not taken for an echo, and its old lamp is forgotten.
func TestForgetfulPhone(t *testing.T) {
	s := start(t, noCalls(t), watched(board(t), quick))
	h := newHandset(t, s.udp(t))
	h.subscribe("Event: dialog")
	h.notified(200)
	old := h.far
	<-time.After(s.tx.timers.giveUp())
	h.far, h.seq, h.told = "", 0, ""
	h.subscribe("Event: dialog")
	h.notified(200)
	s.subscribed(t, 2)
	u, ok := s.subs.find(h.id, old)
	if !ok {
		t.Fatal("the old one is gone")
	}
	u.changed()
	h.notified(481)
	s.subscribed(t, 1)
}
