package actions_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// listener understands what it is told to.
type listener struct {
	text string
	sure float64
	fail error
	took time.Duration

	mu   sync.Mutex
	said []audio.Utterance
}

func (l *listener) Recognise(ctx context.Context, u audio.Utterance) (audio.Transcript, error) {
	l.mu.Lock()
	l.said = append(l.said, u)
	words := strings.Fields(l.text)
	text := strings.Join(words[:min(len(words), len(l.said))], " ")
	if l.took == 0 {
		text = l.text
	}
	l.mu.Unlock()
	select {
	case <-time.After(l.took):
	case <-ctx.Done():
		return audio.Transcript{}, context.Cause(ctx)
	}
	return audio.Transcript{Text: text, Confidence: l.sure}, l.fail
}

// teller puts what the next webhook would be told on the timeline. It runs
// after the end of a call too.
var teller = flow.Define(flow.Def[struct{}]{
	Name: "teller", AfterEnd: true,
	Run: func(_ context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
		told := s.Told()
		for _, name := range slices.Sorted(maps.Keys(told)) {
			s.Add(event.Set{Name: name, Value: told[name]})
		}
		if typed := s.Collection(flow.Default); typed != "" {
			s.Add(event.Set{Name: "typed", Value: typed})
		}
		return flow.Next{}, nil
	},
})

// says makes the person speak after a while.
func says(after, length time.Duration) person {
	return func(p *fake.Phone) { time.Sleep(after); p.Say(audio.Tone(length, 440)) }
}

const menu = `"prompts":[{"module":"say","data":{"text":"Hello"}},{"module":"sleep","data":{"duration":1}},{"module":"play","data":{"id":"m"}}]`

// TestGather is what a gather hears and tells.
func TestGather(t *testing.T) {
	const (
		hello = `hear say "Hello" female en-us`
		all   = hello + `|hear silence for 1s|hear acme m`
		bye   = "hangup NORMAL_CLEARING by us"
	)
	for name, c := range map[string]struct {
		before, data string
		heard        string // between answer and the end
		facts        string
		not          string
		took         time.Duration
		does         []person
	}{
		"keys":           {data: `"num_digits":2`, facts: "collected gather=12 max_digits\nset Digits=12\nset branch=input", took: 1200 * time.Millisecond, does: []person{presses(time.Second, "12")}},
		"finish key":     {data: ``, facts: "set Digits=12\nset branch=input", not: "Digits=12#", took: 1300 * time.Millisecond, does: []person{presses(time.Second, "12#3")}},
		"own finish key": {data: `"finish_on_key":"*"`, facts: "set Digits=1#", took: 1300 * time.Millisecond, does: []person{presses(time.Second, "1#*")}},
		"no finish key":  {data: `"finish_on_key":"","timeout_ms":2000`, facts: "set Digits=1#", took: 3200 * time.Millisecond, does: []person{presses(time.Second, "1#")}},
		"it alone":       {data: ``, facts: "collected gather= terminator\nset branch=_", not: "Digits", took: 1100 * time.Millisecond, does: []person{presses(time.Second, "#")}},
		"nothing":        {data: `"timeout_ms":3000`, facts: "set branch=_", not: "Digits", took: 3 * time.Second},
		"empty, wanted":  {data: `"timeout_ms":3000,"send_empty":true`, facts: "set Digits=\nset branch=input", took: 3 * time.Second},
		"re-armed": {
			data: `"timeout_ms":2000`, facts: "set Digits=123", took: 5700*time.Millisecond + 0,
			does: []person{presses(time.Second, "1"), presses(2500*time.Millisecond, "2"), presses(3600*time.Millisecond, "3")},
		},
		"prompts, nothing": {data: menu, heard: all, facts: "set branch=_", took: 7500 * time.Millisecond},
		"prompts, key":     {data: menu + `,"num_digits":1`, heard: hello + "|cut short", facts: "set Digits=7", took: 300 * time.Millisecond, does: []person{presses(200*time.Millisecond, "7")}},
		"prompts, key in the last": {
			data: menu + `,"num_digits":1`, heard: all + "|cut short", facts: "set Digits=7", took: 2000 * time.Millisecond,
			does: []person{presses(1900*time.Millisecond, "7")},
		},
		"prompts, hash": {data: menu, heard: hello + "|cut short", facts: "set branch=_", not: "Digits", took: 300 * time.Millisecond, does: []person{presses(200*time.Millisecond, "#")}},
		"one prompt missing": {
			data:  `"prompts":[{"module":"play","data":{"id":"missing"}},{"module":"say","data":{"text":"mute"}},{"module":"play","data":{"id":"broken"}},{"module":"say","data":{"text":"Hello"}}]`,
			heard: `hear broken|` + hello, facts: "warned gather.prompt\nset branch=_", took: 5520 * time.Millisecond,
		},
		"typed ahead": {
			before: `{"module":"say","data":{"text":"Welcome","terminators":[]}`, data: `"num_digits":2`, heard: `hear say "Welcome" female en-us`,
			facts: "set Digits=12\nset branch=input\nset typed=3", took: 700 * time.Millisecond, does: []person{presses(100*time.Millisecond, "123")},
		},
		"typed ahead, with prompts": {
			before: `{"module":"say","data":{"text":"Welcome","terminators":[]}`, data: menu, heard: `hear say "Welcome" female en-us|` + all,
			facts: "set branch=_", not: "Digits", took: 8200 * time.Millisecond, does: []person{presses(100*time.Millisecond, "123")},
		},
		"speech": {
			data: `"input":["speech"],"hints":["sales"],"language":"en-gb"`, facts: "understood sales please en-gb\nset Confidence=0.90\nset SpeechResult=sales please\nset branch=input",
			not: "Digits", took: 3000 * time.Millisecond, does: []person{says(time.Second, time.Second)},
		},
		"speech, no key counts": {
			data: `"input":["speech"]`, facts: "set SpeechResult=sales please\nset branch=input\nset typed=12", not: "Digits",
			took: 3000 * time.Millisecond, does: []person{presses(100*time.Millisecond, "12"), says(time.Second, time.Second)},
		},
		"speech, silence": {data: `"input":["speech"]`, facts: "set branch=_", not: "SpeechResult", took: 5 * time.Second},
		"speech, empty":   {data: `"input":["speech"],"send_empty":true`, facts: "set Confidence=\nset SpeechResult=\nset branch=input", not: "Digits", took: 5 * time.Second},
		"speech, own silence": {
			data: `"input":["speech"],"speech_timeout_ms":2500`, facts: "set SpeechResult=sales please", took: 4500 * time.Millisecond,
			does: []person{says(time.Second, time.Second)},
		},
		"speech, too long": {
			data: `"input":["speech"],"max_speech_ms":4000`, facts: "set SpeechResult=sales please", took: 5 * time.Second,
			does: []person{says(time.Second, time.Minute)},
		},
		"speech stops prompts": {
			data: menu + `,"input":["dtmf","speech"]`, heard: all + "|cut short", facts: "set SpeechResult=sales please", took: 3700 * time.Millisecond,
			does: []person{says(1700*time.Millisecond, time.Second)},
		},
		"speech does not": {
			data: menu + `,"input":["dtmf","speech"],"barge_in":false`, heard: all, facts: "set branch=_", not: "SpeechResult", took: 7500 * time.Millisecond,
			does: []person{says(100*time.Millisecond, time.Second)},
		},
		"speech after prompts": {
			data: menu + `,"input":["speech"],"barge_in":false`, heard: all, facts: "set SpeechResult=sales please", took: 5000 * time.Millisecond,
			does: []person{says(3*time.Second, time.Second)},
		},
		"keys were first": {
			data: `"input":["dtmf","speech"],"num_digits":3,"timeout_ms":3000`, facts: "set Digits=12", not: "SpeechResult", took: 4200 * time.Millisecond,
			does: []person{presses(time.Second, "12"), says(1500*time.Millisecond, time.Second)},
		},
		"speech was first": {
			data: `"input":["dtmf","speech"]`, facts: "set SpeechResult=sales please\nset branch=input\nset typed=12", not: "Digits", took: 3000 * time.Millisecond,
			does: []person{says(time.Second, time.Second), presses(1500*time.Millisecond, "12")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := deps(nil)
			d.Recogniser = &listener{text: "sales please", sure: 0.9}
			gather := `{"module":"gather","data":{` + c.data + `},"children":{"input":` + went("input") + `,"_":` + went("_") + `}}`
			if c.before != "" {
				gather = c.before + `,"children":{"_":` + gather + `}}`
			}
			heard, j := with(t, d, gather, c.does...)
			want := strings.ReplaceAll("answer|"+c.heard+"|"+bye, "||", "|")
			if heard != want {
				t.Errorf("heard\n%s, want\n%s", heard, want)
			}
			all := told(j)
			for want := range strings.SplitSeq(c.facts, "\n") {
				if !strings.Contains(all, want) {
					t.Errorf("not told: %s in\n%s", want, all)
				}
			}
			if c.not != "" && strings.Contains(all, "set "+c.not) {
				t.Errorf("told %s in\n%s", c.not, all)
			}
			if took := lasted(j); took < c.took-60*time.Millisecond || took > c.took+60*time.Millisecond {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}

// went is a child that says which it is and what it would tell.
func went(branch string) string {
	return fmt.Sprintf(`{"module":"set_variables","data":{"custom_application_vars":{"branch":%q}},"children":{"_":{"module":"teller"}}}`, branch)
}

// lasted is how long a call was.
func lasted(j *journal) time.Duration {
	return end(j).At.Sub(j.events[0].At)
}

// TestGatherRecogniser is one that does not help.
func TestGatherRecogniser(t *testing.T) {
	const speech, both = `{"module":"gather","data":{"input":["speech"],` + menu + `},"children":{"_":{"module":"teller"}}}`,
		`{"module":"gather","data":{"input":["dtmf","speech"]},"children":{"input":{"module":"teller"}}}`
	for name, c := range map[string]struct {
		ears  actions.Recogniser
		prog  string
		facts string
		took  time.Duration
	}{
		"none":           {nil, speech, "failed gather.no_recogniser", 2500 * time.Millisecond},
		"not configured": {off{}, speech, "failed gather.no_recogniser", 2500 * time.Millisecond},
		"none, but keys": {nil, both, "warned gather.no_recogniser\ncollected gather=7 timeout\nset Digits=7", 7100 * time.Millisecond},
		"broken":         {&listener{fail: errors.New("no quota")}, strings.Replace(speech, menu, `"timeout_ms":9000`, 1), "failed gather.recogniser", 4 * time.Second},
		"no words":       {&listener{}, strings.Replace(speech, menu, `"timeout_ms":9000`, 1), "understood", 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			d := deps(nil)
			d.Recogniser = c.ears
			does := says(2*time.Second, time.Second)
			if c.prog == both {
				does = presses(2*time.Second, "7")
			}
			_, j := with(t, d, c.prog, does)
			for want := range strings.SplitSeq(c.facts, "\n") {
				if !strings.Contains(told(j), want) {
					t.Errorf("not told: %s in\n%s", want, told(j))
				}
			}
			if took := lasted(j); took < c.took-60*time.Millisecond || took > c.took+60*time.Millisecond {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}

// off is a recogniser that nobody configured.
type off struct{ actions.Recogniser }

func (off) Configured() bool { return false }

// TestPartial is what is told while somebody speaks.
func TestPartial(t *testing.T) {
	d := deps(nil)
	d.Recogniser = &listener{text: "one damn two fucking three four", took: 200 * time.Millisecond}
	told := &post{}
	d.Callbacks = told
	_, j := with(t, d, `{"module":"gather","data":{"input":["speech"],"profanity_filter":true,"partial_url":"http://web.test/part","partial_method":"get"},"children":{"input":{"module":"teller"}}}`,
		says(time.Second, 7*time.Second))
	if len(told.all) != 5 {
		t.Fatalf("%+v", told.all)
	}
	for i, want := range []string{"0 |one 0.00", "1 one|damn 0.50", "2 one damn|two 0.67", "3 one damn two|f****** 0.75", "4 one damn two f******|three 0.80"} {
		c := told.all[i]
		got := fmt.Sprintf("%s %s|%s %s", c.Params.Get("SequenceNumber"), c.Params.Get("StableSpeechResult"), c.Params.Get("UnstableSpeechResult"), c.Params.Get("Stability"))
		if got != want || c.URL != "http://web.test/part" || c.Method != "GET" || c.Params.Get("CallSid") != "c1" || c.Params.Get("AccountSid") != "acme" {
			t.Errorf("%s in %+v, want %s", got, c, want)
		}
	}
	var partial, whole int
	for _, u := range of[event.Understood](j) {
		if u.Partial {
			partial++
		} else {
			whole++
		}
	}
	if partial != 5 || whole != 1 {
		t.Errorf("%d partial, %d whole", partial, whole)
	}
	if set := of[event.Set](j); len(set) != 1 || set[0].Value != "one damn two f****** three four" {
		t.Errorf("%+v", set)
	}
}

// slow is media that takes a while to come.
type slow struct{ media }

func (m slow) Sound(ctx context.Context, account, ref string) (audio.Sound, error) {
	select {
	case <-time.After(450 * time.Millisecond):
		return m.media.Sound(ctx, account, ref)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// TestNoGap: what takes a while to come is fetched while the first prompt is
// heard; and what is still to come ends with the first key.
func TestNoGap(t *testing.T) {
	d := deps(nil)
	d.Media = slow{}
	const prog = `{"module":"gather","data":{"num_digits":1,"prompts":[{"module":"say","data":{"text":"Hello"}},{"module":"play","data":{"id":"a"}},{"module":"play","data":{"id":"b"}}]}}`
	heard, j := with(t, d, prog)
	if took := lasted(j); took != 7500*time.Millisecond || !strings.Contains(heard, "|hear acme a|hear acme b|") {
		t.Error(took, heard)
	}
	if _, j = with(t, d, prog, presses(100*time.Millisecond, "1")); lasted(j) != 200*time.Millisecond {
		t.Error(lasted(j))
	}
}

// rude hangs up as soon as it hears something, and its leg knows that before
// anybody else.
type rude struct{ *fake.Phone }

func (r rude) Play(context.Context, audio.Sound) error {
	r.Drop()
	return call.ErrHungup
}

// TestPromptsHungUp: a caller who goes is no prompt that cannot be played.
func TestPromptsHungUp(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			p := fake.New(call.Info{ID: "c1"}, j)
			e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil)), Log: j})
			prog := `{"module":"gather","data":{"prompts":[{"module":"play","data":{"id":"a"}},{"module":"play","data":{"id":"b"}}]}}`
			if err := e.Run(t.Context(), rude{p}, flow.Start{Account: "acme", Program: program(prog)}); err != nil {
				t.Error(err)
			}
			if w := of[event.Warned](j); len(w) > 0 {
				t.Fatalf("%+v", w)
			}
		})
	}
}
