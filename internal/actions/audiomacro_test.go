package actions_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// TestAudioMacro is what a caller hears of a list of sounds. The call is taken
// first, unless the program says otherwise.
func TestAudioMacro(t *testing.T) {
	const bye = "hangup NORMAL_CLEARING by us"
	for name, c := range map[string]struct {
		data  string
		heard string
		facts string
		does  []person
	}{
		"nothing": {`{}`, "refused 480 by us", "", nil},
		"all kinds": {
			`{"macros":[{"macro":"play","id":"m"},{"macro":"prompt","id":"vm-saved"},{"macro":"tts","text":"Hi","voice":"male"},
				{"macro":"say","text":"12","type":"number"},{"macro":"tone","frequencies":[440,480],"duration_on":300,"repeat":2}]}`,
			`progress|hear acme m|hear acme prompt://acme/vm-saved/en-us|hear say "Hi" male en-us|` +
				`hear say ssml "<say-as interpret-as=\"cardinal\">12</say-as>"  en-us|hear tone 440+480 Hz, 2 times|refused 480 by us`,
			"played 600ms", nil,
		},
		"languages": {
			`{"language":"de-de","macros":[{"macro":"prompt","id":"p"},{"macro":"prompt","id":"p","language":"fr"},
				{"macro":"tts","text":"a"},{"macro":"tts","text":"b","language":"it"},{"macro":"tts","text":"c","voice":"male/es-ES"},
				{"macro":"say","text":"ab"},{"macro":"say","text":"12","type":"number"}]}`,
			`progress|hear acme prompt://acme/p/de-de|hear acme prompt://acme/p/fr|hear say "a"  de-de|hear say "b"  it|` +
				`hear say "c" male/es-ES de-de|hear say ssml "<say-as interpret-as=\"characters\">ab</say-as>"  de-de|hear say "12"  de-de|refused 480 by us`,
			`warned say.type`, nil,
		},
		"a key ends all": {
			`{"macros":[{"macro":"play","id":"m"},{"macro":"play","id":"n"}]}`, "progress|hear acme m|cut short|refused 480 by us",
			"played 400ms cut 5",
			[]person{presses(300*time.Millisecond, "5")},
		},
		"not that key": {
			`{"macros":[{"macro":"play","id":"m","terminators":["*"]},{"macro":"play","id":"n"}]}`,
			"progress|hear acme m|hear acme n|cut short|refused 480 by us", "played 600ms cut 6",
			[]person{presses(300*time.Millisecond, "5"), presses(1500*time.Millisecond, "6")},
		},
		"no key": {
			`{"terminators":[],"macros":[{"macro":"play","id":"m"}]}`, "progress|hear acme m|refused 480 by us", "played 1s",
			[]person{presses(300*time.Millisecond, "5")},
		},
		"missing and broken": {
			`{"macros":[{"macro":"play","id":"missing"},{"macro":"play","id":"broken"},{"macro":"tts","text":"mute"},{"macro":"play","id":"m"}]}`,
			"progress|hear broken|hear acme m|refused 480 by us", "warned macro.item", nil,
		},
		"a tone of half the volume": {
			`{"macros":[{"macro":"tone","frequencies":[440],"volume":50},{"macro":"tone","frequencies":[440],"volume":0,"duration_off":100}]}`,
			"progress|hear tone 440 Hz|hear tone 440 Hz|refused 480 by us", "played 600ms", nil,
		},
		"what does not fit": {
			`{"macros":[{"macro":"say","text":"soon","type":"current_date"}]}`, `progress|hear say ssml "soon"  en-us|refused 480 by us`,
			"warned say.type", nil,
		},
		"gender": {
			`{"macros":[{"macro":"say","text":"2","type":"items","gender":"feminine"}]}`,
			`progress|hear say ssml "<say-as interpret-as=\"cardinal\">2</say-as>"  en-us|refused 480 by us`, "warned say.gender", nil,
		},
		"today": {
			`{"macros":[{"macro":"say","type":"current_date"}]}`,
			`progress|hear say ssml "Saturday, January 1st, 2000"  en-us|refused 480 by us`, "", nil,
		},
	} {
		heard, j := take(t, nil, `{"module":"audio_macro","data":`+c.data+`}`, c.does...)
		if heard != c.heard {
			t.Errorf("%s:\n%s, want\n%s", name, heard, c.heard)
		}
		if all := told(j); !strings.Contains(all, c.facts) {
			t.Errorf("%s: not told: %s in\n%s", name, c.facts, all)
		}
	}
	heard, j := take(t, nil, `{"module":"answer","children":{"_":{"module":"audio_macro",
		"data":{"macros":[{"macro":"play","id":"missing"}]},"children":{"error":{"module":"play","data":{"id":"sorry"}}}}}}`)
	if heard != "answer|hear acme sorry|"+bye || len(of[event.Failed](j)) > 0 {
		t.Error(heard, told(j))
	}
}

// TestMacroFaults are what is said of lists that cannot be.
func TestMacroFaults(t *testing.T) {
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for data, want := range map[string]string{
		`{"macros":[]}`:                   "macros: minItems",
		`{"macros":[{}]}`:                 "macros.0.macro: required",
		`{"macros":[{"macro":"sing"}]}`:   "macros.0.macro: enum",
		`{"macros":[{"macro":"play"}]}`:   "macros.0.id: required",
		`{"macros":[{"macro":"prompt"}]}`: "macros.0.id: required",
		`{"macros":[{"macro":"tts"}]}`:    "macros.0.text: required",
		`{"macros":[{"macro":"say"}]}`:    "macros.0.text: required",
		`{"macros":[{"macro":"tone"}]}`:   "macros.0.frequencies: required",
		`{"macros":[{"macro":"play","id":"m"},{"macro":"say","text":"a","type":"no"}]}`: "macros.1.type: enum",
		`{"macros":[{"macro":"say","text":"a","gender":"x"}]}`:                          "macros.0.gender: enum",
		`{"macros":[{"macro":"tone","frequencies":[9000]}]}`:                            "macros.0.frequencies.0: maximum",
		`{"macros":[{"macro":"tone","frequencies":[1],"volume":101}]}`:                  "macros.0.volume: maximum",
		`{"terminators":["x"]}`: "terminators.0: enum",
		`{"macros":[{"macro":"say","text":"` + strings.Repeat("x", 1001) + `"}]}`:                         "macros.0.text: maxLength",
		`{"macros":[` + strings.Repeat(`{"macro":"play","id":"m"},`, 100) + `{"macro":"play","id":"m"}]}`: "macros: maxItems",
	} {
		_, faults := e.Check(program(fmt.Sprintf(`{"module":"audio_macro","data":%s}`, data)))
		var got []string
		for _, f := range faults {
			got = append(got, strings.TrimPrefix(f.Dotted(), "data.")+": "+f.Rule)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%.80s: %v, want %s", data, got, want)
		}
	}
}

// TestWaiting are the actions that only wait.
func TestWaiting(t *testing.T) {
	for prog, want := range map[string]string{
		`{"module":"dead_air"}`:        "answer|hear silence|hangup NORMAL_CLEARING by caller|cut short",
		`{"module":"wait_for_hangup"}`: "hangup NORMAL_CLEARING by caller",
		`{"module":"answer","children":{"_":{"module":"wait_for_hangup","children":{"_":{"module":"hangup"}}}}}`: "answer|hangup NORMAL_CLEARING by caller",
	} {
		heard, j := take(t, nil, prog, presses(time.Minute, "1"), hurry(time.Hour))
		if heard != want || len(of[event.Failed](j)) > 0 {
			t.Errorf("%s: %s\n%s", prog, heard, told(j))
		}
	}
}

// counted counts how often documents of accounts are read.
type counted struct {
	store.Docs
	accounts *atomic.Int32
}

func (c counted) Get(ctx context.Context, key store.Key) (store.Doc, error) {
	if key.Type == "account" {
		c.accounts.Add(1)
	}
	return c.Docs.Get(ctx, key)
}

// TestMacroAsksOnce: the account's clocks are looked up for a list with times,
// once, and not for one without.
func TestMacroAsksOnce(t *testing.T) {
	const number, clock = `{"macro":"say","text":"1","type":"number"}`, `{"macro":"say","type":"current_time"}`
	for items, want := range map[string]int32{number + "," + number: 0, clock + "," + number + "," + clock: 1} {
		d := deps(nil)
		var n atomic.Int32
		d.Documents.Docs = counted{d.Documents.Docs, &n}
		if _, j := with(t, d, `{"module":"audio_macro","data":{"macros":[`+items+`]}}`); n.Load() != want || len(of[event.Warned](j)) > 0 {
			t.Errorf("%s: the account is read %d times: %s", items, n.Load(), told(j))
		}
	}
}

// TestMacroIsMadeAhead: what is heard later is got ready while the first is.
func TestMacroIsMadeAhead(t *testing.T) {
	d := deps(nil)
	d.Media = slow{}
	_, j := with(t, d, `{"module":"audio_macro","data":{"macros":[{"macro":"play","id":"m"},{"macro":"play","id":"n"},
		{"macro":"prompt","id":"o"}]}}`)
	if took := lasted(j); took != 3450*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}
