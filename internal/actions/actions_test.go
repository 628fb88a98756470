package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// voice says a text as silence of a tenth of a second a letter.
type voice struct{}

func (voice) Say(_ context.Context, s audio.Speech) (audio.Sound, []event.Fact, error) {
	if s.Text == "mute" {
		return nil, []event.Fact{event.Warned{Code: "say.fallback"}}, errors.New("no voice can say this")
	}
	sound := audio.Silence(time.Duration(len(s.Text)) * 100 * time.Millisecond)
	name := fmt.Sprintf("say %q %s %s", s.Text, s.Voice, s.Language)
	if s.SSML {
		name = strings.Replace(name, "say", "say ssml", 1)
	}
	return audio.Named(sound, name), []event.Fact{event.Spoken{Text: s.Text, Provider: "test"}}, nil
}

// media has every sound but "missing"; each is a second long.
type media struct{}

func (media) Sound(_ context.Context, account, ref string) (audio.Sound, error) {
	switch ref {
	case "missing":
		return nil, errors.New("there is no media called missing")
	case "broken":
		return broken{}, nil
	}
	return audio.Named(audio.Silence(time.Second), account+" "+ref), nil
}

// broken is a sound that breaks after a frame.
type broken struct{}

func (broken) String() string                 { return "broken" }
func (broken) Open(*audio.Codec) audio.Cursor { return broken{} }
func (broken) Close()                         {}
func (broken) Next() ([]byte, error)          { return nil, errors.New("the file is cut off") }

// flows has one callflow.
type flows map[string]string

func (f flows) Callflow(_ context.Context, _, id string) (*flow.Node, string, error) {
	prog, ok := f[id]
	if !ok {
		return nil, "", store.ErrNotFound
	}
	return program(prog), "a flow", nil
}

// Find takes a number for an id.
func (f flows) Find(_ context.Context, _, number string) (route.Result, *flow.Node, error) {
	prog, ok := f[number]
	if !ok {
		return route.Result{Number: number}, nil, nil
	}
	r := route.Result{Found: true, Exact: true, Number: number, Flow: route.Flow{ID: number}}
	return r, program(prog), nil
}

// journal is a log in memory.
type journal struct {
	mu     sync.Mutex
	events []event.Event
}

func (j *journal) Add(e event.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
}

func (j *journal) facts() (all []event.Fact) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		all = append(all, e.What)
	}
	return all
}

// of are the facts of one type.
func of[F event.Fact](j *journal) (out []F) {
	for _, f := range j.facts() {
		if one, ok := f.(F); ok {
			out = append(out, one)
		}
	}
	return out
}

func program(s string) *flow.Node {
	var n flow.Node
	if err := json.Unmarshal([]byte(s), &n); err != nil {
		panic(err)
	}
	return &n
}

const stored = "0f3c3e1d8b2a4a6f9e7d5c4b3a291807" // the callflow that there is

func deps(r *recordings) actions.Deps {
	if r == nil {
		r = &recordings{}
	}
	docs := library(nil)
	return actions.Deps{
		Voice: voice{}, Media: media{}, Recordings: r, Callbacks: &post{}, Mail: &mailbox{}, Recogniser: &listener{},
		Flows:     flows{stored: `{"module":"tts","data":{"text":"Inner"}}`},
		Documents: docs, Lists: documents.NewPhonebook(docs.Docs),
		Presence: lamps{},
		Web:      &site{}, Dialects: map[string]actions.Dialect{"kazoo": kazoo.Dialect{}},
	}
}

// lamps lets everything be set but "missing".
type lamps struct{}

func (lamps) Set(_ context.Context, _, id string, state presence.State) (presence.Status, error) {
	if id == "missing" {
		return presence.Status{}, presence.ErrBad
	}
	return presence.Status{User: id, Realm: "acme.test", State: state}, nil
}

// mine are the actions that need no web server.
func mine() []flow.Action {
	return slices.DeleteFunc(actions.All(deps(nil)), func(a flow.Action) bool { return a.Name == "pivot" })
}

// person is what the far end does during a call.
type person func(*fake.Phone)

// hurry makes the person hang up after a while.
func hurry(after time.Duration) person {
	return func(p *fake.Phone) { time.Sleep(after); p.Drop() }
}

// presses makes the person press keys after a while.
func presses(after time.Duration, keys string) person {
	return func(p *fake.Phone) { time.Sleep(after); p.Press(keys) }
}

// take runs a program on a fake phone, in a bubble of its own time, and
// returns what the phone heard and the facts.
func take(t *testing.T, r *recordings, prog string, does ...person) (heard string, j *journal) {
	t.Helper()
	return with(t, deps(r), prog, does...)
}

// with is take with actions of its own.
func with(t *testing.T, d actions.Deps, prog string, does ...person) (heard string, j *journal) {
	t.Helper()
	return within(t, 0, d, prog, does...)
}

// within is with by a server that stops after a while, unless that is 0.
func within(t *testing.T, stops time.Duration, d actions.Deps, prog string, does ...person) (heard string, j *journal) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { heard, j = open(d).dial(t, stops, prog, does...) })
	return heard, j
}

// exchange takes calls by one set of actions: to make that takes longer than
// most calls do.
type exchange struct {
	deps actions.Deps
	all  []flow.Action
}

func open(d actions.Deps) exchange {
	return exchange{deps: d, all: append(actions.All(d), teller, given)}
}

// dial is one call, within a bubble of its own time.
func (x exchange) dial(t *testing.T, stops time.Duration, prog string, does ...person) (heard string, j *journal) {
	t.Helper()
	j = &journal{}
	p := fake.New(call.Info{ID: "c1", From: "200", To: "100"}, j)
	var people sync.WaitGroup
	defer people.Wait()
	for _, do := range does {
		people.Go(func() { do(p) })
	}
	e := flow.NewEngine(flow.Config{Actions: x.all, Log: j})
	full, faults := e.Check(program(prog))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if stops > 0 {
		time.AfterFunc(stops, stop)
	}
	if err := e.Run(ctx, p, flow.Start{Account: "acme", Program: full}); err != nil {
		t.Fatal(err)
	}
	x.deps.Recordings.(*recordings).work.Wait()
	if p.Held() != 0 {
		t.Errorf("%d taps or subscriptions are left", p.Held())
	}
	return p.Heard(), j
}

// TestExamples runs what the docs show, to its end or for a minute.
func TestExamples(t *testing.T) {
	for _, a := range mine() {
		for _, x := range a.Examples {
			t.Run(a.Name+"/"+x.Says, func(t *testing.T) {
				_, j := take(t, nil, fmt.Sprintf(`{"module":%q,"data":%s}`, a.Name, x.Data), hurry(time.Minute))
				if failed := of[event.Failed](j); len(failed) > 0 {
					t.Errorf("%+v", failed)
				}
				if len(of[event.Ended](j)) != 1 {
					t.Error("it did not end once")
				}
			})
		}
	}
}

// TestHangupAnywhere: whenever the caller goes, the call is over at once and
// nothing is left (the bubble fails if a goroutine is).
func TestHangupAnywhere(t *testing.T) {
	for _, a := range mine() {
		for _, x := range a.Examples {
			synctest.Test(t, func(t *testing.T) {
				here := open(deps(nil))
				for after := time.Duration(0); after < 3*time.Second; after += 130 * time.Millisecond {
					here.hangup(t, a.Name, x.Data, after)
					here.hangup(t, a.Name, x.Data, after, says(0, time.Minute))
				}
			})
		}
	}
}

// hangup makes the person go after a while.
func (x exchange) hangup(t *testing.T, module, data string, after time.Duration, does ...person) {
	t.Helper()
	began := time.Time{}
	prog := fmt.Sprintf(`{"module":%q,"data":%s,"children":{"_":{"module":"sleep","data":{"duration":60}},"recorded":{"module":"teller"}}}`, module, data)
	_, j := x.dial(t, 0, prog, append(does, func(p *fake.Phone) {
		time.Sleep(after)
		began = time.Now()
		p.Drop()
	})...)
	ended := end(j)
	if f, ok := ended.What.(event.Ended); !ok || f.By == call.ByCaller && ended.At.Sub(began) != 0 {
		t.Fatalf("%s %s: hung up after %v: %v late", module, data, after, ended.At.Sub(began))
	}
}

// end is the end of a call; only what went on in the background comes later.
func end(j *journal) event.Event {
	for _, e := range slices.Backward(j.events) {
		switch e.What.(type) {
		case event.Ended:
			return e
		case event.Uploaded, event.Understood, event.Warned:
		default:
			return event.Event{}
		}
	}
	return event.Event{}
}

// TestHeard is what a caller hears of each action, and what is told of it.
func TestHeard(t *testing.T) {
	const bye = "hangup NORMAL_CLEARING by us"
	for name, c := range map[string]struct {
		prog  string
		heard string
		facts string // some of them, as JSON of kind and data
		does  []person
	}{
		"answer":    {`{"module":"answer"}`, "answer|" + bye, ``, nil},
		"hangup":    {`{"module":"hangup"}`, "refused 480 by us", ``, nil},
		"noop":      {`{"module":"noop","children":{"_":{"module":"answer"}}}`, "answer|" + bye, ``, nil},
		"response":  {`{"module":"response","data":{"code":404,"message":"No such number"}}`, "refused 404 by us (No such number)", ``, nil},
		"busy tone": {`{"module":"response","data":{"media":"busy"}}`, "progress|hear acme busy|refused 486 by us", ``, nil},
		"response, media missing": {
			`{"module":"response","data":{"media":"missing"}}`, "refused 486 by us",
			`warned media.missing`, nil,
		},
		"response, too late": {
			`{"module":"answer","children":{"_":{"module":"response"}}}`, "answer|hangup USER_BUSY by us",
			`warned response.late`, nil,
		},
		"play":       {`{"module":"play","data":{"id":"m"}}`, "answer|hear acme m|" + bye, ``, nil},
		"play early": {`{"module":"play","data":{"id":"m","answer":false}}`, "progress|hear acme m|refused 480 by us", ``, nil},
		"play loops": {
			`{"module":"play","data":{"id":"m","loop_count":3}}`, "answer|hear acme m, 3 times|" + bye,
			`played 3s`, nil,
		},
		"play for ever": {
			`{"module":"play","data":{"id":"m","endless_playback":true}}`, "answer|hear acme m, repeated|cut short|" + bye,
			`played 1h0m0.1s cut 9`,
			[]person{presses(time.Hour, "9")},
		},
		"play, other key": {
			`{"module":"play","data":{"id":"m","terminators":["*"]}}`, "answer|hear acme m|" + bye,
			`played 1s`,
			[]person{presses(100*time.Millisecond, "9")},
		},
		"play, no key": {
			`{"module":"play","data":{"id":"m","terminators":[]}}`, "answer|hear acme m|" + bye,
			`played 1s`,
			[]person{presses(100*time.Millisecond, "9")},
		},
		"play to the limit": {
			`{"module":"play","data":{"id":"m","loop_count":1000,"terminators":[]}}`, "answer|hear acme m, 1000 times|" + bye,
			"played 16m40s\nwarned play.loop", nil,
		},
		"play nothing": {`{"module":"play","data":{},"children":{"_":{"module":"answer"}}}`, "answer|" + bye, `warned play.nothing`, nil},
		"play missing": {
			`{"module":"play","data":{"id":"missing"},"children":{"_":{"module":"hangup"},"error":{"module":"play","data":{"id":"sorry"}}}}`,
			"answer|hear acme sorry|" + bye, `failed media.missing`, nil,
		},
		"play broken": {
			`{"module":"play","data":{"id":"broken"},"children":{"_":{"module":"play","data":{"id":"sorry"}}}}`,
			"answer|hear broken|hear acme sorry|" + bye, `failed media.broken`, nil,
		},
		"tts":       {`{"module":"tts","data":{"text":"Hi"}}`, `answer|hear say "Hi" female en-us|` + bye, `spoken Hi`, nil},
		"say":       {`{"module":"say","data":{"text":"Hi","voice":"male","language":"de"}}`, `answer|hear say "Hi" male de|` + bye, `spoken Hi`, nil},
		"say, more": {`{"module":"say","data":{"text":"Hi","loop":3,"terminators":[]}}`, `answer|hear say "Hi" female en-us, 3 times|` + bye, `played 600ms`, nil},
		"say for ever": {
			`{"module":"say","data":{"text":"Hi","loop":0}}`, `answer|hear say "Hi" female en-us, 1000 times|` + bye,
			"played 3m20s\nwarned say.loop", nil,
		},
		"say until a key": {
			`{"module":"say","data":{"text":"Hi","endless_playback":true}}`, `answer|hear say "Hi" female en-us, 1000 times|cut short|` + bye,
			"played 10.1s cut 9",
			[]person{presses(10*time.Second, "9")},
		},
		"say fails": {`{"module":"say","data":{"text":"mute"},"children":{"error":{"module":"hangup"}}}`, `answer|` + bye, "warned say.fallback\nfailed say.failed", nil},
		"say SSML":  {`{"module":"say","data":{"text":"<s>Hi</s>","ssml":true}}`, `answer|hear say ssml "<s>Hi</s>" female en-us|` + bye, ``, nil},
		"leave":     {`{"module":"leave","children":{"_":{"module":"answer"}}}`, `refused 480 by us`, `warned leave.no_queue`, nil},
		"tts fails": {
			`{"module":"tts","data":{"text":"mute"},"children":{"_":{"module":"tts","data":{"text":"Hi"}}}}`,
			`answer|hear say "Hi" female en-us|` + bye, "warned say.fallback\nfailed tts.failed", nil,
		},
		"language": {
			`{"module":"language","data":{"language":"DE-at"},"children":{"_":{"module":"tts","data":{"text":"Hi"}}}}`,
			`answer|hear say "Hi" female de-at|` + bye, `set language=de-at`, nil,
		},
		"collect":            {`{"module":"collect_dtmf"}`, "answer|" + bye, `collected default=7 max_digits`, []person{presses(time.Second, "78")}},
		"collect nothing":    {`{"module":"collect_dtmf"}`, "answer|" + bye, `collected default= timeout`, []person{presses(5*time.Second, "78")}},
		"collect until hash": {`{"module":"collect_dtmf","data":{"max_digits":9,"collection_name":"pin"}}`, "answer|" + bye, `collected pin=12 terminator`, []person{presses(time.Second, "12#3")}},
		"collect until late": {`{"module":"collect_dtmf","data":{"max_digits":9,"terminators":[]}}`, "answer|" + bye, `collected default=12# timeout`, []person{presses(time.Second, "12#")}},
		"collect, typed ahead": {
			`{"module":"tts","data":{"text":"Hello"},"children":{"_":{"module":"collect_dtmf","data":{"max_digits":2}}}}`,
			`answer|hear say "Hello" female en-us|cut short|` + bye, `collected default=12 max_digits`,
			[]person{presses(100*time.Millisecond, "12")},
		},
		"collect, flushed": {
			`{"module":"tts","data":{"text":"Hello","terminators":[]},"children":{"_":{"module":"flush_dtmf","children":{"_":{"module":"collect_dtmf","data":{"max_digits":2}}}}}}`,
			`answer|hear say "Hello" female en-us|` + bye, `collected default= timeout`,
			[]person{presses(100*time.Millisecond, "12")},
		},
		"send_dtmf":               {`{"module":"send_dtmf","data":{"digits":"1wA","duration_ms":"100"}}`, "keys 1wA|refused 480 by us", `keys_sent 1wA`, nil},
		"sleep":                   {`{"module":"sleep","data":{"duration":2,"unit":"h"},"children":{"_":{"module":"answer"}}}`, "hangup NORMAL_CLEARING by caller", ``, []person{hurry(2*time.Hour - 1)}},
		"slept":                   {`{"module":"sleep","data":{"duration":99,"unit":"h"},"children":{"_":{"module":"answer"}}}`, "answer|" + bye, ``, []person{hurry(24*time.Hour + 1)}},
		"slept as long as can be": {`{"module":"sleep","data":{"duration":86400000,"unit":"h"},"children":{"_":{"module":"answer"}}}`, "answer|" + bye, ``, []person{hurry(24*time.Hour + 1)}},
		"slept days in ms":        {`{"module":"sleep","data":{"duration":86400000,"unit":"ms"},"children":{"_":{"module":"answer"}}}`, "answer|" + bye, ``, []person{hurry(24*time.Hour + 1)}},
		"callflow": {
			`{"module":"callflow","data":{"id":"` + stored + `"},"children":{"_":{"module":"tts","data":{"text":"Outer"}}}}`,
			`answer|hear say "Inner" female en-us|hear say "Outer" female en-us|` + bye, ``, nil,
		},
		"callflow missing": {`{"module":"callflow","data":{"id":"x"},"children":{"_":{"module":"answer"}}}`, "answer|" + bye, `failed callflow.missing`, nil},
		"variables": {
			`{"module":"set_variables","data":{"custom_application_vars":{"a":"x","b":2,"c":true,"d":null,"e":{"f": [1]}}},"children":{"_":{"module":"set_variable","data":{"variable":"group_id","value":"g","channel":"both"}}}}`,
			"refused 480 by us", "set a=x\nset b=2\nset c=true\nset d=\nset e={\"f\":[1]}\nset Group-ID=g", nil,
		},
		"echo": {`{"module":"echo"}`, "answer|echo|hangup NORMAL_CLEARING by caller", ``, []person{hurry(time.Hour)}},
		"record": {
			`{"module":"record_caller","data":{"url":"https://x.test/up?k=v","format":"mp3"}}`, "answer|" + bye,
			"warned recording.format\nrecorded wav 2s key\nuploaded 200",
			[]person{presses(1900*time.Millisecond, "5")},
		},
		"record to the limit": {`{"module":"record_caller","data":{"time_limit":5}}`, "answer|" + bye, "recorded wav 5s time_limit", nil},
		"record, gone":        {`{"module":"record_caller"}`, "answer|hangup NORMAL_CLEARING by caller", "recorded wav 3s hangup", []person{hurry(3*time.Second + time.Millisecond)}},
	} {
		t.Run(name, func(t *testing.T) {
			heard, j := take(t, nil, c.prog, c.does...)
			if heard != c.heard {
				t.Errorf("heard\n%s, want\n%s", heard, c.heard)
			}
			all := told(j)
			for want := range strings.SplitSeq(c.facts, "\n") {
				if !strings.Contains(all, want) {
					t.Errorf("not told: %s in\n%s", want, all)
				}
			}
		})
	}
}

// told is the facts as short lines.
func told(j *journal) string {
	var out strings.Builder
	for _, f := range j.facts() {
		switch f := f.(type) {
		case event.Warned:
			fmt.Fprintln(&out, "warned", f.Code)
		case event.Failed:
			fmt.Fprintln(&out, "failed", f.Code)
		case event.Played:
			fmt.Fprint(&out, "played ", time.Duration(f.Took))
			if f.Cut != "" {
				fmt.Fprint(&out, " cut ", f.Cut)
			}
			fmt.Fprintln(&out)
		case event.Spoken:
			fmt.Fprintln(&out, "spoken", f.Text)
		case event.Set:
			fmt.Fprintf(&out, "set %s=%s\n", f.Name, f.Value)
		case event.Collected:
			fmt.Fprintf(&out, "collected %s=%s %s\n", f.Name, f.Digits, f.By)
		case event.KeysSent:
			fmt.Fprintln(&out, "keys_sent", f.Digits)
		case event.Recorded:
			fmt.Fprintln(&out, "recorded", f.Format, time.Duration(f.Length).Round(100*time.Millisecond), f.By)
		case event.Understood:
			fmt.Fprintln(&out, "understood", f.Text, f.Language)
		case event.Referred:
			fmt.Fprintln(&out, "referred", f.Target, f.Status, f.Notified)
		case event.Uploaded:
			fmt.Fprintln(&out, "uploaded", f.Status)
		}
	}
	return out.String()
}

// TestAfterAnswer is a server that waits for phones with slow ears: once, and
// only when it was play that took the call.
func TestAfterAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deps(nil)
		d.AfterAnswer = 100 * time.Millisecond
		p := fake.New(call.Info{ID: "c1"}, nil)
		e := flow.NewEngine(flow.Config{Actions: actions.All(d)})
		began := time.Now()
		prog := program(`{"module":"play","data":{"id":"a"},"children":{"_":{"module":"play","data":{"id":"b"}}}}`)
		if err := e.Run(t.Context(), p, flow.Start{Program: prog}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 2100*time.Millisecond {
			t.Error(took)
		}
	})
}

// TestVariablesAreBounded: a web server cannot fill the memory with them.
func TestVariablesAreBounded(t *testing.T) {
	big := `{"module":"set_variables","data":{"custom_application_vars":{"a":"` + strings.Repeat("x", 40<<10) + `"}},"children":{"_":%s}}`
	_, j := take(t, nil, fmt.Sprintf(big, strings.Replace(fmt.Sprintf(big, "{\"module\":\"noop\"}"), `"a"`, `"b"`, 1)))
	if failed := of[event.Failed](j); len(failed) != 1 || failed[0].Code != "variables.full" {
		t.Errorf("%+v", failed)
	}
}

// TestLater holds the list of what is not built to what is.
func TestLater(t *testing.T) {
	all := actions.All(deps(nil))
	for _, name := range actions.Later() {
		if slices.ContainsFunc(all, func(a flow.Action) bool { return a.Name == name || slices.Contains(a.Aliases, name) }) {
			t.Errorf("%s is built", name)
		}
	}
	engine := flow.NewEngine(flow.Config{Actions: all, Later: actions.Later()})
	_, faults := engine.Check(program(`{"module":"voicemail","data":{}}`))
	if !strings.Contains(faults.Error(), "module: unable to find callflow schema for module voicemail: it is one of Kazoo's") {
		t.Errorf("voicemail is refused with %v", faults)
	}
}
