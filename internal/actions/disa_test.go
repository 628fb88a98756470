package actions_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// outgoing are the dependencies of actions that call out, for an account.
func outgoing(account string, more map[string]string) actions.Deps {
	d := deps(nil)
	d.Flows = office
	d.Documents = library(more)
	if account != "" {
		shelveAccount(d.Documents.Docs, account)
	}
	return d
}

const (
	acmeCalls  = `{"name":"Acme","caller_id":{"external":{"name":"Acme","number":"+14155550100"}}}`
	acmeDenies = `{"name":"Acme","call_restriction":{"did_us":{"action":"deny"},"unknown":{"action":"inherit"}}}`
)

func TestDISA(t *testing.T) {
	const rest = `say "rest"|bye`
	for name, c := range map[string]struct {
		data  string
		does  []person
		heard string
		told  string // all of it must be told
		not   string // and this must not
	}{
		"no pin":            {`{}`, []person{presses(sec, "200#")}, `answer|dial tone|cut short|say "ann"|` + rest, "collected disa=200 terminator\nset Request=200\nset Retain-CID=true\nset Caller-ID-Name=Acme\nset Caller-ID-Number=+14155550100", ""},
		"after the tone":    {`{}`, []person{presses(12*sec, "200#")}, `answer|dial tone|say "ann"|` + rest, "", ""},
		"no_match too":      {`{}`, []person{presses(sec, "999#")}, `answer|dial tone|cut short|say "rest"|` + rest, "set Request=999", ""},
		"in E.164":          {`{}`, []person{presses(sec, "2025551234#")}, `answer|dial tone|cut short|say "public"|` + rest, "set Request=+12025551234", ""},
		"as many as enough": {`{"max_digits":3}`, []person{presses(sec, "200")}, `answer|dial tone|cut short|say "ann"|` + rest, "collected disa=200 max_digits", ""},
		"slow fingers":      {`{"interdigit":4000}`, []person{does(sec, "2", 3*sec, "0", 3*sec, "0")}, `answer|dial tone|cut short|say "ann"|` + rest, "", ""},
		"ringing":           {`{"preconnect_audio":"ringing"}`, []person{presses(7*sec, "200#")}, `answer|ringing|say "ann"|` + rest, "", ""},
		"ringing longer":    {`{"preconnect_audio":"ringing","ring_repeat_count":3}`, []person{presses(17*sec, "200#")}, `answer|ringing|cut short|say "ann"|` + rest, "", ""},
		"own caller id":     {`{"use_account_caller_id":false}`, []person{presses(sec, "200#")}, `answer|dial tone|cut short|say "ann"|` + rest, "set Retain-CID=true", "set Caller-ID"},
		"nothing":           {`{"retries":2}`, nil, `answer|dial tone|dial tone|` + rest, "collected disa= timeout", ""},
		"nobody":            {`{"retries":2}`, []person{does(sec, "*9#", 3*sec, "*8#")}, `answer|dial tone|cut short|disa-invalid_extension|dial tone|cut short|disa-invalid_extension|` + rest, "", "set Request"},
		"no tries":          {`{"retries":0}`, nil, `answer|` + rest, "", ""},
		"fewer than none":   {`{"retries":-1,"pin":"1"}`, nil, `answer|disa-retries_exceeded|bye`, "", ""},
		"pin":               {`{"pin":"7305"}`, []person{does(500*time.Millisecond, "7305#", 3*sec, "200#")}, `answer|disa-enter_pin|cut short|dial tone|cut short|say "ann"|` + rest, "collected pin=•••• terminator\ncollected disa=200", "7305"},
		"pin, again":        {`{"pin":"7305"}`, []person{does(500*time.Millisecond, "1#", 2*sec, "7305#", 3*sec, "200#")}, `answer|disa-enter_pin|cut short|disa-invalid_pin|disa-enter_pin|dial tone|cut short|say "ann"|` + rest, "", "7305"},
		"pin, never":        {`{"pin":"7305","retries":2}`, []person{does(500*time.Millisecond, "1#", 2*sec, "730#")}, `answer|disa-enter_pin|cut short|disa-invalid_pin|disa-enter_pin|disa-invalid_pin|disa-retries_exceeded|bye`, "", "730"},
		"pin, none":         {`{"pin":"7305","retries":1}`, nil, `answer|disa-enter_pin|disa-invalid_pin|disa-retries_exceeded|bye`, "", ""},
		"pin, long":         {`{"pin":"123456789012"}`, []person{does(500*time.Millisecond, "123456789012", 3*sec, "200#")}, `answer|disa-enter_pin|cut short|dial tone|cut short|say "ann"|` + rest, "collected pin=•••••••••••• max_digits", "123456789012"},
		"pin, and number at once": {
			`{"pin":"7305"}`, []person{does(500*time.Millisecond, "7305#200#")}, `answer|disa-enter_pin|cut short|dial tone|cut short|say "ann"|` + rest, "", "7305",
		},
		"gone": {`{"pin":"7305"}`, []person{does(500*time.Millisecond, "7305#", 2*sec, "hangup")}, `answer|disa-enter_pin|cut short|dial tone|gone|cut short`, "", "7305"},
	} {
		t.Run(name, func(t *testing.T) {
			heard, j := with(t, outgoing(acmeCalls, nil), fmt.Sprintf(`{"module":"disa","data":%s,"children":{"_":{"module":"tts","data":{"text":"rest"}}}}`, c.data), c.does...)
			if short(heard) != c.heard {
				t.Errorf("heard\n%s, want\n%s", short(heard), c.heard)
			}
			for want := range strings.SplitSeq(c.told, "\n") {
				if !strings.Contains(told(j), want) {
					t.Errorf("not told: %s in\n%s", want, told(j))
				}
			}
			if c.not != "" && strings.Contains(told(j)+keysOf(j), c.not) {
				t.Errorf("told: %s in\n%s%s", c.not, told(j), keysOf(j))
			}
			for _, f := range of[event.Started](j) {
				if strings.Contains(string(f.Data), "7305") {
					t.Errorf("the PIN is in %s", f.Data)
				}
			}
		})
	}
}

// keysOf are the keys that were told.
func keysOf(j *journal) (all string) {
	for _, f := range of[event.Pressed](j) {
		all += f.Key
	}
	return all
}

// TestDISARestricted: what the account may not call is refused where that is
// wanted; a class that it does not deny is let through.
func TestDISARestricted(t *testing.T) {
	for name, c := range map[string]struct{ account, data, keys, heard string }{
		"denied":         {acmeDenies, `{"enforce_call_restriction":true}`, "2025551234#", `answer|dial tone|cut short|cf-unauthorized_call|bye`},
		"not enforced":   {acmeDenies, `{}`, "2025551234#", `answer|dial tone|cut short|say "public"|say "rest"|bye`},
		"another class":  {acmeDenies, `{"enforce_call_restriction":true}`, "200#", `answer|dial tone|cut short|say "ann"|say "rest"|bye`},
		"no such thing":  {``, `{"enforce_call_restriction":true}`, "200#", `answer|dial tone|cut short|say "ann"|say "rest"|bye`},
		"odd documents":  {`{"name":"Acme","call_restriction":"all"}`, `{"enforce_call_restriction":true}`, "200#", `answer|dial tone|cut short|say "ann"|say "rest"|bye`},
		"odd caller ids": {`{"name":"Acme","caller_id":{"external":7}}`, `{}`, "200#", `answer|dial tone|cut short|say "ann"|say "rest"|bye`},
	} {
		t.Run(name, func(t *testing.T) {
			heard, _ := with(t, outgoing(c.account, nil), fmt.Sprintf(`{"module":"disa","data":%s,"children":{"_":{"module":"tts","data":{"text":"rest"}}}}`, c.data), presses(sec, c.keys))
			if short(heard) != c.heard {
				t.Error(short(heard))
			}
		})
	}
}

// TestDISAFails: a store that is gone takes error.
func TestDISAFails(t *testing.T) {
	prog := `{"module":"disa","children":{"error":{"module":"tts","data":{"text":"sorry"}}}}`
	d := outgoing("", nil)
	d.Flows = numbers{err: errors.New("the disk is gone")}
	if heard, j := with(t, d, prog, presses(sec, "200#")); short(heard) != `answer|dial tone|cut short|say "sorry"|bye` {
		t.Error(short(heard), told(j))
	}
	d = outgoing("", nil)
	d.Documents = documents.Library{Docs: gone{d.Documents.Docs}}
	heard, j := with(t, d, prog, presses(sec, "200#"))
	if short(heard) != `answer|dial tone|cut short|say "sorry"|bye` || !strings.Contains(told(j), "failed account.unreadable") {
		t.Error(short(heard), told(j))
	}
}

// TestDISAForgets: no digit of a PIN is left for whoever asks for keys next.
func TestDISAForgets(t *testing.T) {
	const next = `{"module":"collect_dtmf","data":{"max_digits":9}}`
	d := outgoing(acmeCalls, nil)
	d.Flows = flows{stored: `{"module":"disa","data":{"pin":"7305","retries":1}}`}
	_, j := with(t, d, `{"module":"callflow","data":{"id":"`+stored+`"},"children":{"_":`+next+`}}`, does(sec, "1#", 500*time.Millisecond, "7305"))
	if !strings.Contains(told(j), "collected default= timeout") {
		t.Errorf("used up: %s", told(j))
	}
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		p := fake.New(call.Info{ID: "c1"}, j)
		e := flow.NewEngine(flow.Config{Actions: actions.All(outgoing(acmeCalls, nil)), Log: j})
		time.AfterFunc(2*sec, func() { p.Press("730") })
		time.AfterFunc(3*sec, func() { e.Interrupt("c1", flow.Become(program(next), "")) })
		if err := e.Run(t.Context(), p, flow.Start{Account: "acme", Program: program(`{"module":"disa","data":{"pin":"7305"}}`)}); err != nil {
			t.Error(err)
		}
		if !strings.Contains(told(j), "collected default= timeout") {
			t.Errorf("interrupted: %s", told(j))
		}
	})
}
