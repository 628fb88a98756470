package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// rack keeps what callers record.
type rack struct {
	names  []string
	length time.Duration
	err    error
}

func (r *rack) Keep(_ context.Context, account, name string, rate int, samples []int16) (string, error) {
	r.names = append(r.names, account+" "+name)
	r.length = time.Duration(len(samples)) * time.Second / time.Duration(rate)
	return "recorded", r.err
}

// numbers are callflows that are found by number or pattern.
type numbers struct {
	flows
	all []route.Flow
	err error
}

// Find is as in the server; every flow says its id.
func (n numbers) Find(_ context.Context, _, number string) (route.Result, *flow.Node, error) {
	r := route.Match(number, n.all)
	if n.err != nil || !r.Found {
		return r, nil, n.err
	}
	return r, program(fmt.Sprintf(`{"module":"tts","data":{"text":%q}}`, r.Flow.ID)), nil
}

var office = numbers{all: []route.Flow{
	{ID: "ann", Numbers: []string{"200"}},
	{ID: "word", Numbers: []string{"timeout"}},
	{ID: "rest", Numbers: []string{"no_match"}},
	{ID: "range", Patterns: []string{`^3(\d\d)$`}},
	{ID: "public", Numbers: []string{"+12025551234"}},
}}

// short makes what was heard easy to compare.
func short(heard string) string {
	return strings.NewReplacer("hear prompt://acme/", "", "hear acme prompt://acme/", "", "/en-us", "", "hear acme ", "", "hear ", "",
		" female en-us", "", "hangup NORMAL_CLEARING by us", "bye", "hangup NORMAL_CLEARING by caller", "gone").Replace(heard)
}

// does are several things that a person does, each so long after the one
// before: keys, or "hangup".
func does(steps ...any) person {
	return func(p *fake.Phone) {
		for i := 0; i < len(steps); i += 2 {
			time.Sleep(steps[i].(time.Duration))
			if keys := steps[i+1].(string); keys == "hangup" {
				p.Drop()
			} else {
				p.Press(keys)
			}
		}
	}
}

const sec = time.Second

// menuTree has a child for 1 and 22.
const menuTree = `{"module":"menu","data":{"id":"m"},"children":{
	"1":{"module":"tts","data":{"text":"one"}},"22":{"module":"tts","data":{"text":"two"}}%s}}`

func TestMenu(t *testing.T) {
	const silent = `"media":{"exit_media":false,"invalid_media":false,"transfer_media":false}`
	const late = `,"timeout":{"module":"tts","data":{"text":"late"}}`
	const rest = `,"_":{"module":"tts","data":{"text":"rest"}}`
	for name, c := range map[string]struct {
		menu, more string // of the document, and more children
		does       []person
		heard      string
		told       string
	}{
		"a child":                {``, ``, []person{presses(500*time.Millisecond, "1#")}, `answer|menu-no_prompt|cut short|say "one"|bye`, "collected menu=1 terminator"},
		"a child of two keys":    {``, ``, []person{presses(0, "22")}, `answer|menu-no_prompt|cut short|say "two"|bye`, "collected menu=22 timeout"},
		"greeting of its own":    {`"media":{"greeting":"hello"}`, ``, []person{presses(sec*2, "1#")}, `answer|hello|say "one"|bye`, ""},
		"as many keys as enough": {`"max_extension_length":1`, ``, []person{presses(sec*2, "1")}, `answer|menu-no_prompt|say "one"|bye`, "collected menu=1 max_digits"},
		"hunts":                  {``, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-transferring_call|say "ann"|bye`, ""},
		"hunts by pattern":       {``, ``, []person{presses(sec*2, "345#")}, `answer|menu-no_prompt|menu-transferring_call|say "range"|bye`, ""},
		"no hunting":             {`"hunt":false,"retries":1`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye`, ""},
		"not to no_match":        {`"retries":1`, ``, []person{presses(sec*2, "999#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye`, ""},
		"allowed":                {`"hunt_allow":"^2"`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-transferring_call|say "ann"|bye`, ""},
		"not allowed":            {`"hunt_allow":"^3","retries":1`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye`, ""},
		"denied":                 {`"hunt_deny":"00$","retries":1`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye`, ""},
		"invalid allow":          {`"hunt_allow":"(","retries":1`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye`, "warned regex.invalid"},
		"invalid deny":           {`"hunt_deny":"("`, ``, []person{presses(sec*2, "200#")}, `answer|menu-no_prompt|menu-transferring_call|say "ann"|bye`, "warned regex.invalid"},
		"media of their own": {
			`"retries":1,"media":{"invalid_media":"nope","exit_media":"out","transfer_media":"onto"}`, rest,
			[]person{presses(sec*2, "9#")},
			`answer|menu-no_prompt|nope|out|onto|say "rest"|bye`, "",
		},
		"silent media":   {`"retries":1,` + silent, rest, []person{presses(sec*2, "9#")}, `answer|menu-no_prompt|say "rest"|bye`, ""},
		"suppressed":     {`"retries":1,"suppress_media":true,"media":{"invalid_media":"nope","exit_media":true,"greeting":"hello"}`, ``, []person{presses(sec*2, "9#")}, `answer|hello|bye`, ""},
		"nothing":        {`"retries":2`, ``, nil, `answer|menu-no_prompt|menu-no_prompt|menu-exit|vm-goodbye|bye`, ""},
		"nothing, rest":  {`"retries":1`, rest, nil, `answer|menu-no_prompt|menu-exit|menu-transferring_call|say "rest"|bye`, ""},
		"nothing, max":   {`"retries":1`, rest + `,"max_retries":{"module":"tts","data":{"text":"max"}}`, nil, `answer|menu-no_prompt|menu-exit|say "max"|bye`, ""},
		"timeout":        {``, late, nil, `answer|menu-no_prompt|say "late"|bye`, "collected menu= timeout"},
		"only a hash":    {``, late, []person{presses(sec*2, "#")}, `answer|menu-no_prompt|say "late"|bye`, "collected menu= terminator"},
		"invalid, again": {``, ``, []person{presses(sec*2, "9#"), presses(sec*5, "1#")}, `answer|menu-no_prompt|menu-invalid_entry|menu-no_prompt|say "one"|bye`, ""},
		"typed during the invalid one": {
			``, ``, []person{presses(sec*2, "9#1#")}, `answer|menu-no_prompt|menu-invalid_entry|say "one"|bye`, "collected menu=1 type_ahead",
		},
		"gone while greeted":         {``, ``, []person{hurry(500 * time.Millisecond)}, `answer|menu-no_prompt|gone|cut short`, ""},
		"a greeting that is missing": {`"media":{"greeting":"missing"}`, ``, []person{presses(sec, "1#")}, `answer|say "one"|bye`, "warned prompt.missing"},
		"a broken greeting":          {`"media":{"greeting":"broken"}`, ``, []person{presses(sec, "1#")}, `answer|broken|say "one"|bye`, "warned prompt.broken"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deps(nil)
			d.Flows = office
			d.Documents = library(map[string]string{"menu m": strings.Replace(`{"name":"M",`+c.menu+`}`, ",}", "}", 1)})
			heard, j := with(t, d, fmt.Sprintf(menuTree, c.more), c.does...)
			if short(heard) != c.heard {
				t.Errorf("heard\n%s, want\n%s", short(heard), c.heard)
			}
			if !strings.Contains(told(j), c.told) {
				t.Errorf("not told: %s in\n%s", c.told, told(j))
			}
		})
	}
}

// TestMenuTimes: the menu's own times are stronger than the node's.
func TestMenuTimes(t *testing.T) {
	for name, c := range map[string]struct {
		menu, node string
		keys       string
		took       time.Duration // from the end of the greeting on
	}{
		"default first":   {``, ``, "", 10 * sec},
		"first":           {`,"timeout":3000`, ``, "", 3 * sec},
		"default further": {``, ``, "1", 2 * sec},
		"node":            {``, `,"interdigit_timeout":4000`, "1", 4 * sec},
		"menu":            {`,"interdigit_timeout":500`, `,"interdigit_timeout":4000`, "1", 500 * time.Millisecond},
		"less than none":  {``, `,"interdigit_timeout":-4`, "1", 2 * sec},
		"without end":     {``, `,"interdigit_timeout":9223372036854775807`, "1", 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			d := deps(nil)
			d.Documents = library(map[string]string{"menu m": `{"name":"M"` + c.menu + `}`})
			_, j := with(t, d, `{"module":"menu","data":{"id":"m"`+c.node+`},"children":{"1":{"module":"hangup"},"timeout":{"module":"hangup"}}}`,
				presses(900*time.Millisecond, c.keys))
			if took := time.Duration(of[event.Finished](j)[0].Took); took != sec+c.took {
				t.Error(took)
			}
		})
	}
}

// TestMenuMissing: without a menu there is one of the defaults, which does
// not hunt.
func TestMenuMissing(t *testing.T) {
	for _, data := range []string{`{}`, `{"id":"nobody"}`, `{"id":""}`, `{"id":"` + strings.Repeat("x", 5000) + `"}`, `{"id":"a/b\u0000"}`} {
		d := deps(nil)
		d.Flows = office
		heard, j := with(t, d, `{"module":"menu","data":`+data+`,"children":{"1":{"module":"hangup"}}}`, presses(sec*2, "200#"), presses(sec*5, "1#"))
		if short(heard) != "answer|menu-no_prompt|menu-invalid_entry|menu-no_prompt|bye" || !strings.Contains(told(j), "warned menu.missing") {
			t.Error(data, short(heard), told(j))
		}
	}
}

// TestMenuHuntFails: callflows that cannot be read are told, and take error.
func TestMenuHuntFails(t *testing.T) {
	d := deps(nil)
	d.Flows = numbers{err: errors.New("the disk is gone")}
	d.Documents = library(map[string]string{"menu m": `{"name":"M"}`})
	heard, j := with(t, d, `{"module":"menu","data":{"id":"m"},"children":{"error":{"module":"tts","data":{"text":"sorry"}}}}`, presses(sec*2, "200#"))
	if short(heard) != `answer|menu-no_prompt|say "sorry"|bye` || !strings.Contains(told(j), "failed callflow.unreadable") {
		t.Error(short(heard), told(j))
	}
}

// TestMenuComesBack: after the flow that was hunted for, the menu's _ runs;
// what its pattern captured is what counts there.
func TestMenuComesBack(t *testing.T) {
	d := deps(nil)
	d.Flows = office
	d.Documents = library(map[string]string{"menu m": `{"name":"M"}`})
	heard, _ := with(t, d, `{"module":"menu","data":{"id":"m"},"children":{"_":{"module":"branch_bnumber","children":{"45":{"module":"tts","data":{"text":"captured"}}}}}}`,
		presses(sec*2, "345#"))
	if short(heard) != `answer|menu-no_prompt|menu-transferring_call|say "range"|say "captured"|bye` {
		t.Error(short(heard))
	}
}

// TestMenuCutShort: a key ends the greeting, and the timeline says so in words
// for people.
func TestMenuCutShort(t *testing.T) {
	_, j := with(t, deps(nil), `{"module":"menu","children":{"1":{"module":"hangup"}}}`, presses(sec/2, "1#"))
	if p := of[event.Played](j)[0]; p.Err != "it is not needed any more" {
		t.Errorf("%+v", p)
	}
}

// TestMenuForgetsKeys: what was typed behind a number that is hunted for is
// not for the flow behind it.
func TestMenuForgetsKeys(t *testing.T) {
	d := deps(nil)
	d.Flows = office
	d.Documents = library(map[string]string{"menu m": `{"name":"M","max_extension_length":3}`})
	_, j := with(t, d, `{"module":"tts","data":{"text":"Good morning","terminators":[]},"children":{"_":{"module":"menu","data":{"id":"m"},
		"children":{"_":{"module":"collect_dtmf","data":{"max_digits":2}}}}}}`, presses(sec/2, "20077"))
	if !strings.Contains(told(j), "collected default= timeout") {
		t.Error(told(j))
	}
}

// TestMenuRecords is the greeting as a caller records it.
func TestMenuRecords(t *testing.T) {
	const asks = "answer|menu-no_prompt|vm-record_greeting|beep|vm-review_recording|"
	for name, c := range map[string]struct {
		menu     string
		does     []person
		heard    string
		greeting string // of the menu afterwards
		fails    error
	}{
		"kept": {
			``,
			[]person{does(2*sec, "4711", 5*sec, "5", 2*sec, "1", 5*sec, "1#")},
			asks + "vm-saved|menu-return|recorded|bye", "recorded", nil,
		},
		"listened to, and recorded again": {
			``,
			[]person{does(2*sec, "4711", 5*sec, "5", 2*sec, "2", 6*sec, "3", 5*sec, "5", 2*sec, "1", 5*sec, "1#")},
			asks + "what was recorded|vm-review_recording|vm-record_greeting|beep|vm-review_recording|vm-saved|menu-return|recorded|bye", "recorded", nil,
		},
		"too short": {
			``,
			[]person{does(2*sec, "4711", 2500*time.Millisecond, "5", 7*sec, "5", 2*sec, "1", 5*sec, "1#")},
			"answer|menu-no_prompt|vm-record_greeting|beep|vm-recording_to_short|vm-record_greeting|beep|vm-review_recording|vm-saved|menu-return|recorded|bye", "recorded", nil,
		},
		"hung up": {``, []person{does(2*sec, "4711", 5*sec, "5", 2*sec, "hangup")}, asks[:len(asks)-1] + "|gone", "old", nil},
		"neither": {
			``,
			[]person{does(2*sec, "4711", 5*sec, "5", 60*sec, "hangup")},
			asks + "vm-review_recording|vm-review_recording|vm-deleted|menu-return|old|old|old|menu-exit|vm-goodbye|bye", "old", nil,
		},
		"not from outside": {
			`"allow_record_from_offnet":false,"retries":1`,
			[]person{does(2*sec, "4711")},
			"answer|menu-no_prompt|menu-invalid_entry|menu-exit|vm-goodbye|bye", "old", nil,
		},
		"not kept": {
			``, []person{does(2*sec, "4711", 5*sec, "5", 2*sec, "1", 3*sec, "1#")}, asks + "menu-return|old|bye", "old", errors.New("the disk is full"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.menu == "" {
				c.menu = `"allow_record_from_offnet":true`
			}
			d := deps(nil)
			sounds := &rack{err: c.fails}
			d.Sounds = sounds
			d.Documents = library(map[string]string{"menu m": `{"name":"M","hunt":false,"record_pin":"4711","media":{"greeting":"old"},` + c.menu + `}`})
			heard, j := with(t, d, `{"module":"menu","data":{"id":"m"},"children":{"1":{"module":"hangup"}}}`, append(c.does, says(0, time.Hour))...)
			if want := strings.Replace(c.heard, "menu-no_prompt", "old", 1); short(heard) != want {
				t.Errorf("heard\n%s, want\n%s", short(heard), want)
			}
			m, err := documents.Menus.Get(t.Context(), d.Documents, "acme", "m")
			if err != nil || m.Media.Greeting != c.greeting || m.RecordPIN != "4711" {
				t.Error(m, err)
			}
			if c.greeting == "recorded" && (sounds.names[0] != "acme Greeting of M" || sounds.length < 2*sec) {
				t.Errorf("%+v", sounds)
			}
			if c.fails != nil && !strings.Contains(told(j), "failed menu.greeting") {
				t.Error(told(j))
			}
		})
	}
}

// TestMenuRecordsInside: who calls from inside the account needs no leave. The
// PIN is not on the timeline, what else is typed is.
func TestMenuRecordsInside(t *testing.T) {
	d := deps(nil)
	d.Sounds = &rack{}
	d.Documents = library(map[string]string{"menu m": `{"name":"M","record_pin":"4711"}`})
	heard, j := with(t, d, `{"module":"given","data":{"channel":{"Authorizing-Type":"device"}},"children":{"_":{"module":"menu","data":{"id":"m"}}}}`,
		does(2*sec, "4444", 10*sec, "4711", 3*sec, "hangup"))
	if short(heard) != "answer|menu-no_prompt|menu-invalid_entry|menu-no_prompt|vm-record_greeting|beep|gone" {
		t.Error(short(heard))
	}
	var all []string
	for _, e := range j.events {
		text, _ := json.Marshal(e.What)
		all = append(all, string(text))
	}
	switch said := strings.Join(all, "\n"); {
	case strings.Contains(said, "4711"), strings.Contains(said, `"key":"7"`), !strings.Contains(said, `"digits":"4444"`):
		t.Error(said)
	}
}

// TestMenuEdited: what somebody else changes in a menu while its greeting is
// recorded stays; a menu that is gone is told.
func TestMenuEdited(t *testing.T) {
	for _, gone := range []bool{false, true} {
		d := deps(nil)
		d.Documents = library(map[string]string{"menu m": `{"name":"M","record_pin":"4711","allow_record_from_offnet":true}`})
		d.Sounds = keeping(func() {
			if gone {
				discard(d.Documents, "m")
			} else if err := documents.Menus.Patch(t.Context(), d.Documents, "acme", "m", map[string]any{"retries": 7}); err != nil {
				t.Error(err)
			}
		})
		_, j := with(t, d, `{"module":"menu","data":{"id":"m"}}`, does(2*sec, "4711", 5*sec, "5", 2*sec, "1", 5*sec, "hangup"), says(0, time.Hour))
		m, err := documents.Menus.Get(t.Context(), d.Documents, "acme", "m")
		switch {
		case gone && !strings.Contains(told(j), "failed menu.greeting"):
			t.Error(told(j))
		case !gone && (err != nil || m.Retries != 7 || m.Media.Greeting != "recorded"):
			t.Error(m, err)
		}
	}
}

// keeping does something before it keeps a sound.
type keeping func()

func (k keeping) Keep(context.Context, string, string, int, []int16) (string, error) {
	k()
	return "recorded", nil
}

func discard(l documents.Library, id string) {
	key := store.Key{Account: "acme", Type: "menu", ID: id}
	d, err := l.Docs.Get(context.Background(), key)
	if err == nil {
		err = l.Docs.Delete(context.Background(), key, d.Rev, false)
	}
	if err != nil {
		panic(err)
	}
}
