package actions_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// mailbox keeps what is to be mailed.
type mailbox struct {
	mu  sync.Mutex
	all []actions.Mail
	at  []time.Time

	accounts []string
}

func (m *mailbox) Post(account string, what actions.Mail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = append(m.accounts, account)
	m.all = append(m.all, what)
	m.at = append(m.at, time.Now())
}

// outcome makes something of a call, for tests to begin with.
func outcome(o flow.Outcome, authorizing string) flow.Action {
	return flow.Define(flow.Def[struct{ flow.Skip }]{Name: "outcome", Run: func(_ context.Context, s *flow.Session, _ struct{ flow.Skip }) (flow.Next, error) {
		s.Outcome = o
		if authorizing != "" {
			s.Channel[flow.AuthorizingType] = authorizing
		}
		return flow.Next{}, nil
	}})
}

const (
	twoPeople = `{"recipients":[{"type":"user","id":"bdc3a4b7e3a5405a9aa8a0f9c6b76997"},{"type":"email","id":["Bob@x.test","ADA@acme.test"]}]}`
	alert     = `{"module":"missed_call_alert","data":` + twoPeople + `,"children":{"_":CHILD}}`
)

// mailed is what is mailed of a call by a program with CHILD in it.
func mailed(t *testing.T, prog, child string, does ...person) (*mailbox, *journal) {
	t.Helper()
	m, d := &mailbox{}, deps(nil)
	d.Mail = m
	_, j := with(t, d, strings.ReplaceAll(prog, "CHILD", child), does...)
	return m, j
}

// TestMissedCall is sent at the end, to each address once, unless the caller
// left a message.
func TestMissedCall(t *testing.T) {
	m, j := mailed(t, alert, `{"module":"sleep","data":{"duration":9}}`)
	if len(m.all) != 1 || !slices.Equal(m.all[0].To, []string{"ada@acme.test", "Bob@x.test"}) {
		t.Fatalf("mailed %+v", m.all)
	}
	got := m.all[0]
	if got.Call != "c1" || m.accounts[0] != "acme" || got.Says != "missed_call" || got.Subject != "Missed call from 200" ||
		!strings.HasPrefix(got.Text, "A call was missed.\n\nFrom: 200\nTo: 100\nAt: ") || !strings.Contains(got.Text, "Ended by: us (NORMAL_CLEARING)") {
		t.Errorf("mailed %+v", got)
	}
	if after := m.at[0].Sub(j.events[0].At); after != 9*time.Second {
		t.Errorf("mailed after %v", after)
	}
	// The flow went on at once: the node before the sleep took no time.
	if f := of[event.Finished](j); len(f) != 2 || f[0].Took != 0 {
		t.Errorf("%+v", f)
	}
	for child, want := range map[string]int{
		`{"module":"record_caller","data":{"time_limit":5}}`:      0,
		`{"module":"record","data":{"max_length":5}}`:             1, // of silence nothing is kept
		`{"module":"answer"}`:                                     1,
		`{"module":"hangup"}`:                                     1,
		`{"module":"refer","data":{"target":"sip:bob@x.test"}}`:   0,
		`{"module":"tts","data":{"text":"mute"}}`:                 1, // fails
		alert[:len(alert)-len(`,"children":{"_":CHILD}}`)] + `}`:  1,
		`{"module":"missed_call_alert","data":{"recipients":[]}}`: 1,
		`{"module":"callflow","data":{"id":"` + stored + `"}}`:    1,
		`{"module":"response","data":{"code":486}}`:               1,
	} {
		if m, j := mailed(t, alert, child); len(m.all) != want {
			t.Errorf("%s: mailed %+v, %+v", child, m.all, of[event.Failed](j))
		}
	}
}

// TestMissedCallHungUp is a caller who goes before anything is done.
func TestMissedCallHungUp(t *testing.T) {
	m, _ := mailed(t, alert, `{"module":"sleep","data":{"duration":9}}`, hurry(time.Second))
	if len(m.all) != 1 || !strings.Contains(m.all[0].Text, "Ended by: caller (NORMAL_CLEARING)") {
		t.Errorf("mailed %+v", m.all)
	}
}

// TestMissedCallOutcomes is what makes a call one that is not missed.
func TestMissedCallOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		outcome     flow.Outcome
		authorizing string
		direction   call.Direction
		want        int
	}{
		"nothing":       {flow.Outcome{}, "", "", 1},
		"bridged":       {flow.Outcome{Bridged: true}, "", "", 0},
		"message":       {flow.Outcome{Message: true}, "", "", 0},
		"moved":         {flow.Outcome{Moved: true}, "", "", 0},
		"a carrier's":   {flow.Outcome{}, "resource", "", 1},
		"the system's":  {flow.Outcome{}, "sys_info", "", 1},
		"a phone's":     {flow.Outcome{}, "device", "", 0},
		"a call of our": {flow.Outcome{}, "", call.Outbound, 0},
	} {
		m, d := &mailbox{}, deps(nil)
		d.Mail = m
		own := append(actions.All(d), outcome(c.outcome, c.authorizing))
		runOwn(t, own, c.direction, strings.ReplaceAll(`{"module":"outcome","children":{"_":`+alert+`}}`, "CHILD", "{}"))
		if len(m.all) != c.want {
			t.Errorf("%s: mailed %+v", name, m.all)
		}
	}
}

// TestNotification is when what is sent to whom, and what is told instead.
func TestNotification(t *testing.T) {
	const sleep = `{"module":"sleep","data":{"duration":9}}`
	node := func(data string) string {
		return `{"module":"notification","data":` + strings.Replace(twoPeople, "{", "{"+data, 1) + `,"children":{"_":CHILD}}`
	}
	for name, c := range map[string]struct {
		prog, child string
		want        string // the second and the subject of each
		warned      string
	}{
		"at the end":      {node(`"template_id":"call",`), sleep, "9 Call from 200", ""},
		"at once":         {node(`"template_id":"call","send_at":"callflow_exec",`), sleep, "0 Call from 200", ""},
		"missed":          {node(`"template_id":"missed_call",`), sleep, "9 Missed call from 200", ""},
		"no text":         {node(``), sleep, "", "notification.template"},
		"unknown text":    {node(`"template_id":"mine","notification_media":["email"],`), sleep, "9 mine: call from 200", "notification.template"},
		"bridged":         {node(`"template_id":"call",`), `{"module":"record_caller","data":{"time_limit":5}}`, "5 Call from 200", ""},
		"transferred":     {node(`"template_id":"call",`), `{"module":"refer","data":{"target":"sip:bob@x.test"}}`, "", ""},
		"before transfer": {node(`"template_id":"call","send_at":"callflow_exec",`), `{"module":"refer","data":{"target":"sip:bob@x.test"}}`, "0 Call from 200", ""},
		"nobody":          {`{"module":"notification","data":{"template_id":"call"},"children":{"_":CHILD}}`, sleep, "", "notification.nobody"},
		"no such user": {
			`{"module":"notification","data":{"template_id":"call","recipients":[{"type":"user","id":["x","` + stored + `"]}]},"children":{"_":CHILD}}`,
			sleep, "", "notification.recipient notification.recipient notification.nobody",
		},
	} {
		m, j := mailed(t, c.prog, c.child)
		var got, warned []string
		for i, one := range m.all {
			got = append(got, fmt.Sprintf("%d %s", int(m.at[i].Sub(j.events[0].At).Seconds()), one.Subject))
			if !slices.Equal(one.To, []string{"ada@acme.test", "Bob@x.test"}) {
				t.Errorf("%s: mailed %+v", name, one)
			}
		}
		for _, w := range of[event.Warned](j) {
			warned = append(warned, w.Code)
		}
		if strings.Join(got, "|") != c.want || strings.Join(warned, " ") != c.warned || len(of[event.Failed](j)) != 0 {
			t.Errorf("%s: mailed %q, warned %q", name, got, warned)
		}
	}
	m, _ := mailed(t, node(`"template_id":"call","comments":"Call\nback.","send_at":"callflow_exec",`), sleep)
	if got := m.all[0].Text; !strings.HasPrefix(got, "There was a call.\n\nCall\nback.\n\nFrom: 200\n") || strings.Contains(got, "Ended") {
		t.Errorf("%q", got)
	}
}

// TestNotificationRound is a flow that mails without end: it is held to so
// many.
func TestNotificationRound(t *testing.T) {
	m, d := &mailbox{}, deps(nil)
	d.Mail = m
	prog := `{"module":"callflow","data":{"id":"again"}}`
	d.Flows = flows{"again": `{"module":"notification","data":{"template_id":"call","send_at":"callflow_exec","recipients":[{"type":"email","id":"a@x.test"}]},"children":{"_":` + prog + `}}`}
	_, j := with(t, d, prog)
	many := slices.ContainsFunc(of[event.Warned](j), func(w event.Warned) bool { return w.Code == "notification.many" })
	if len(m.all) != 20 || !many {
		t.Errorf("%d mailed", len(m.all))
	}
}

// TestNoMail names the setting that is missing, and goes on.
func TestNoMail(t *testing.T) {
	d := deps(nil)
	d.Mail = nil
	for _, prog := range []string{alert, `{"module":"notification","data":{"template_id":"call",` + twoPeople[1:] + `,"children":{"_":CHILD}}`} {
		_, j := with(t, d, strings.ReplaceAll(prog, "CHILD", `{"module":"answer"}`))
		if w := of[event.Warned](j); len(w) != 1 || w[0].Code != "notification.unsent" || !strings.Contains(w[0].Message, "PIVOT_SMTP") || len(of[event.Answered](j)) != 1 {
			t.Errorf("%+v", j.facts())
		}
	}
}

func TestRecipients(t *testing.T) {
	many := `["` + strings.Repeat(`a@x.test","`, 100) + `a@x.test"]`
	for recipients, want := range map[string]string{
		`[]`:                                                  "",
		`[{"type":"user","id":"x"}]`:                          "",
		`[{"type":"email","id":"a@x.test"}]`:                  "",
		`[{"type":"email","id":["a@x.test"]}]`:                "",
		`[{"type":"email","id":"Ada <a@x.test>"}]`:            "recipients.0.id error: it is no address for mail, such as ada@example.com",
		`[{"type":"email","id":"a@x.test\r\nBcc: b@x.test"}]`: "recipients.0.id error: it is no address for mail, such as ada@example.com",
		`[{"type":"email","id":"nobody"}]`:                    "recipients.0.id error: it is no address for mail, such as ada@example.com",
		`[{"type":"email","id":"\"a b\"@x.test"}]`:            "recipients.0.id error: it is no address for mail, such as ada@example.com",
		`[{"type":"email","id":"zoë@x.test"}]`:                "recipients.0.id error: it is no address for mail, such as ada@example.com",
		`[{"type":"email","id":[1]}]`:                         "recipients.0.id error: must be a text or a list of texts",
		`[{"type":"email","id":` + many + `}]`:                "recipients.0.id error: more than 100 recipients",
		`[{"type":"fax","id":"1"}]`:                           "recipients.0.type enum: Value not found in enumerated list of values",
		`[{"type":"user"}]`:                                   "recipients.0.id required: Field is required but missing",
	} {
		for _, action := range []string{"missed_call_alert", "notification"} {
			if got := faultsOf(t, action, `{"recipients":`+recipients+`}`); got != want {
				t.Errorf("%s %.60s: %s", action, recipients, got)
			}
		}
	}
	if got := faultsOf(t, "missed_call_alert", `{}`); got != "recipients required: Field is required but missing" {
		t.Error(got)
	}
	if got := faultsOf(t, "notification", `{"notification_media":["email","sms"],"send_at":"later"}`); !strings.Contains(got, "send_at enum") {
		t.Error(got)
	}
	if got := faultsOf(t, "notification", `{"notification_media":["email","sms"]}`); got != "notification_media.1 error: sms is not built yet; use email" {
		t.Error(got)
	}
	if err := actions.CheckAddress(strings.Repeat("a", 250) + "@x.test"); err == nil {
		t.Error("a long address")
	}
}

// runOwn runs a program of these actions on a call in that direction.
func runOwn(t *testing.T, all []flow.Action, direction call.Direction, prog string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{ID: "c1", From: "200", To: "100", Direction: direction}, nil)
		if err := flow.NewEngine(flow.Config{Actions: all}).Run(t.Context(), p, flow.Start{Account: "acme", Program: program(prog)}); err != nil {
			t.Fatal(err)
		}
	})
}
