package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

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

func (j *journal) all() []event.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]event.Event(nil), j.events...)
}

// kinds are the facts in order, as "kind step detail".
func (j *journal) String() string {
	var out []string
	for _, e := range j.all() {
		line := strings.TrimSpace(e.What.Kind() + " " + e.Step)
		switch f := e.What.(type) {
		case event.Finished:
			line += " →" + f.Branch
			if f.Ends {
				line += "."
			}
			if f.Err != "" {
				line += " (" + f.Err + ")"
			}
		case event.Failed:
			line += " " + f.Code
		case event.Warned:
			line += " " + f.Code
		case event.Pressed:
			line += " " + f.Key
		case event.Collected:
			line += " " + f.Name + "=" + f.Digits + " " + f.By
		case event.Ended:
			line += fmt.Sprintf(" %s %d %s", f.Cause, f.SIP, f.By)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

type data struct {
	Take   string `json:"take,omitempty" jsonschema_description:"Which child to take."`
	Pause  int    `json:"pause" jsonschema:"minimum=0,default=5"`
	Does   string `json:"does,omitempty" jsonschema:"enum=panic,enum=attempt,enum=fail,enum=stop,enum=busy,enum=over,enum=branch,enum=loop,enum=become"`
	Into   string `json:"into,omitempty"`
	Digits int    `json:"digits,omitempty"`
	flow.Skip
}

// programs are what the test action branches into.
var programs = map[string]string{
	"two":   `{"module":"do","children":{"_":{"module":"do"}}}`,
	"empty": `{}`,
	"self":  `{"module":"do","data":{"does":"branch","into":"self"},"children":{"_":{"module":"do"}}}`,
	"spin":  `{"module":"do","data":{"does":"become","into":"spin","pause":0}}`,
	"round": `{"module":"do","data":{"does":"become","into":"round","pause":100}}`,
}

func program(s string) *flow.Node {
	var n flow.Node
	if err := json.Unmarshal([]byte(s), &n); err != nil {
		panic(err)
	}
	return &n
}

var do = flow.Define(flow.Def[data]{
	Name: "do", Aliases: []string{"act"}, Branches: []string{"x"},
	Run: func(ctx context.Context, s *flow.Session, d data) (flow.Next, error) {
		select {
		case <-time.After(time.Duration(d.Pause) * time.Millisecond):
		case <-ctx.Done():
			return flow.Next{}, context.Cause(ctx)
		}
		if d.Digits > 0 {
			_, err := s.Collect(ctx, "", call.Collect{Max: d.Digits, First: time.Second, Between: time.Second})
			return flow.Next{}, err
		}
		switch d.Does {
		case "panic":
			panic("ouch")
		case "fail":
			return flow.Next{}, flow.Fail("do.broken", errors.New("broken"))
		case "attempt":
			return flow.Attempt(flow.Stop, strings.Split(d.Take, ",")...), nil
		case "stop":
			return flow.Stop, nil
		case "busy":
			return flow.StopWith(call.Cause{Name: "USER_BUSY", By: call.ByUs}), nil
		case "over":
			return flow.OverWith(call.Cause{Name: "USER_BUSY", By: call.ByUs}), nil
		case "branch":
			return flow.Branch(program(programs[d.Into])), nil
		case "become":
			return flow.Become(program(programs[d.Into]), "http://b/"), nil
		}
		if d.Take != "" {
			return flow.Take(strings.Split(d.Take, ",")...), nil
		}
		return flow.Next{}, nil
	},
})

var needy = flow.Define(flow.Def[data]{
	Name: "needy", Needs: flow.Answer,
	Run: func(ctx context.Context, s *flow.Session, _ data) (flow.Next, error) {
		_, err := s.Play(ctx, audio.Silence(time.Second), "#")
		return flow.Next{}, err
	},
})

func engine(j *journal) *flow.Engine {
	return flow.NewEngine(flow.Config{Actions: []flow.Action{do, needy}, Log: j})
}

// run takes a fake phone through a program.
func run(t *testing.T, prog string, with func(*fake.Phone, *flow.Engine)) (*fake.Phone, *journal) {
	t.Helper()
	j := &journal{}
	p := fake.New(call.Info{ID: "c1", From: "200", FromRealm: "acme", To: "100"}, j)
	e := engine(j)
	if with != nil {
		go with(p, e)
	}
	if err := e.Run(t.Context(), p, flow.Start{Account: "a", Program: program(prog)}); err != nil {
		t.Fatal(err)
	}
	if p.Held() != 0 {
		t.Errorf("%d subscriptions are left", p.Held())
	}
	return p, j
}

// TestWays is which node follows which.
func TestWays(t *testing.T) {
	const end = "\nended NORMAL_CLEARING 480 us"
	for name, c := range map[string]struct{ prog, want string }{
		"nothing":         {`{}`, "offered" + end},
		"one":             {`{"module":"do"}`, "offered\nstarted\nfinished →." + end},
		"else":            {`{"module":"do","children":{"_":{"module":"do"}}}`, "offered\nstarted\nfinished →_\nstarted /children/_\nfinished /children/_ →." + end},
		"named":           {`{"module":"do","data":{"take":"a,x~/y"},"children":{"_":{},"x~/y":{"module":"do"}}}`, "offered\nstarted\nfinished →x~/y\nstarted /children/x~0~1y\nfinished /children/x~0~1y →." + end},
		"fallback":        {`{"module":"do","data":{"take":"a"},"children":{"_":{"module":"do"}}}`, "offered\nstarted\nfinished →_\nstarted /children/_\nfinished /children/_ →." + end},
		"empty is found":  {`{"module":"do","data":{"take":"a"},"children":{"a":{},"_":{"module":"do"}}}`, "offered\nstarted\nfinished →a" + end},
		"null is not":     {`{"module":"do","data":{"take":"a"},"children":{"a":null,"_":{"module":"do"}}}`, "offered\nstarted\nfinished →_\nstarted /children/_\nfinished /children/_ →." + end},
		"unknown":         {`{"module":"fly","children":{"x":{"module":"do"},"_":{"module":"do"}}}`, "offered\nfailed module.unknown\nstarted /children/_\nfinished /children/_ →." + end},
		"unknown, error":  {`{"module":"fly","children":{"error":{"module":"do"},"_":{"module":"do"}}}`, "offered\nfailed module.unknown\nstarted /children/error\nfinished /children/error →." + end},
		"no module":       {`{"data":{},"children":{"_":{"module":"do"}}}`, "offered\nfailed module.unknown\nstarted /children/_\nfinished /children/_ →." + end},
		"skipped":         {`{"module":"do","data":{"skip_module":true,"take":"x"},"children":{"x":{},"_":{"module":"do"}}}`, "offered\nwarned module.skipped\nstarted /children/_\nfinished /children/_ →." + end},
		"skipped as text": {`{"module":"do","data":{"skip_module":"true"}}`, "offered\nwarned module.skipped" + end},
		"bad data":        {`{"module":"do","data":{"does":"fly"},"children":{"_":{"module":"do"}}}`, "offered\nstarted\nfailed data.invalid\nfinished →_ (data.does: Value not found in enumerated list of values)\nstarted /children/_\nfinished /children/_ →." + end},
		"failure":         {`{"module":"do","data":{"does":"fail"},"children":{"error":{"module":"do"}}}`, "offered\nstarted\nfailed do.broken\nfinished →error (broken)\nstarted /children/error\nfinished /children/error →." + end},
		"alias":           {`{"module":"act"}`, "offered\nstarted\nfinished →." + end},
		"stop":            {`{"module":"do","data":{"does":"stop"},"children":{"_":{"module":"do"}}}`, "offered\nstarted\nfinished →." + end},
		"stop busy":       {`{"module":"do","data":{"does":"busy"}}`, "offered\nstarted\nfinished →.\nended USER_BUSY 486 us"},
		"over":            {`{"module":"do","data":{"does":"over"}}`, "offered\nstarted\nfinished →.\nended USER_BUSY 486 us"},
		"branch": {
			`{"module":"do","data":{"does":"branch","into":"two"},"children":{"_":{"module":"do"}}}`,
			"offered\nstarted\nfinished →\nstarted\nfinished →_\nstarted /children/_\nfinished /children/_ →.\nstarted /children/_\nfinished /children/_ →." + end,
		},
		"branch into nothing": {
			`{"module":"do","data":{"does":"branch","into":"empty"},"children":{"_":{"module":"do"}}}`,
			"offered\nstarted\nfinished →\nstarted /children/_\nfinished /children/_ →." + end,
		},
		"attempt":       {`{"module":"do","data":{"does":"attempt","take":"a,b"},"children":{"a":{},"b":{"module":"do"},"_":{"module":"do"}}}`, "offered\nstarted\nfinished →b\nstarted /children/b\nfinished /children/b →." + end},
		"attempt fails": {`{"module":"do","data":{"does":"attempt","take":"a,b"},"children":{"a":{},"_":{"module":"do"}}}`, "offered\nstarted\nfinished →." + end},
		"become":        {`{"module":"do","data":{"does":"become","into":"two"},"children":{"_":{"module":"fly"}}}`, "offered\nstarted\nfinished →\nstarted\nfinished →_\nstarted /children/_\nfinished /children/_ →." + end},
		"answered":      {`{"module":"needy"}`, "offered\nstarted\nanswered\nplaying\nplayed\nfinished →.\nended NORMAL_CLEARING 0 us"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, j := run(t, c.prog, nil)
				if got := j.String(); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
			})
		})
	}
}

// TestStopWithParents: the cause of a stop is nothing to a parent flow.
func TestStopWithParents(t *testing.T) {
	programs["busy"] = `{"module":"do","data":{"does":"busy"}}`
	defer delete(programs, "busy")
	synctest.Test(t, func(t *testing.T) {
		p, _ := run(t, `{"module":"do","data":{"does":"branch","into":"busy"},"children":{"_":{"module":"needy"}}}`, nil)
		if got := p.Heard(); got != "answer|hear silence for 1s|hangup NORMAL_CLEARING by us" {
			t.Error(got)
		}
	})
}

// TestCrash is an action that panics: told with the line, and gone on from.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, j := run(t, `{"module":"do","data":{"does":"panic"},"children":{"_":{"module":"needy"}}}`, nil)
		if got := p.Heard(); got != "answer|hear silence for 1s|hangup NORMAL_CLEARING by us" {
			t.Error(got)
		}
		for _, e := range j.all() {
			if f, ok := e.What.(event.Failed); ok {
				if f.Code != "panic" || !strings.HasPrefix(f.Message, "do crashed: ouch (flow/flow_test.go:") {
					t.Errorf("%+v", f)
				}
				return
			}
		}
		t.Error("not told")
	})
}

// TestLimits are flows without an end.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		prog, code string
		steps      int
	}{
		"spins":      {programs["spin"], "flow.too_long", 1000},
		"goes round": {programs["round"], "flow.too_long", 10_000},
		"too deep":   {programs["self"], "flow.too_deep", 51},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, j := run(t, c.prog, nil)
				var code string
				steps := 0
				for _, e := range j.all() {
					switch f := e.What.(type) {
					case event.Failed:
						code = f.Code
					case event.Started:
						steps++
					}
				}
				if code != c.code || steps != c.steps {
					t.Errorf("%s after %d steps, want %s after %d", code, steps, c.code, c.steps)
				}
				if !strings.HasPrefix(p.Heard(), "refused 503 by us (flow: ") {
					t.Error(p.Heard())
				}
			})
		})
	}
}

// TestHangup: whoever is in a step comes back at once, and Ended says who.
func TestHangup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, j := run(t, `{"module":"do","data":{"pause":600000},"children":{"_":{"module":"do"}}}`, func(p *fake.Phone, _ *flow.Engine) {
			time.Sleep(time.Minute)
			p.Drop()
		})
		if took := time.Since(began); took != time.Minute {
			t.Error(took)
		}
		if want := "offered\nstarted\nfinished →.\nended NORMAL_CLEARING 480 caller"; j.String() != want {
			t.Error(j.String())
		}
	})
}

// TestStopped is a server that ends the call: its context does.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		p := fake.New(call.Info{ID: "c1"}, j)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(errors.New("the server is stopping")) })
		if err := engine(j).Run(ctx, p, flow.Start{Program: program(`{"module":"do","data":{"pause":600000}}`)}); err != nil {
			t.Fatal(err)
		}
		if got := p.Heard(); got != "refused 503 by us (the server is stopping)" {
			t.Error(got)
		}
	})
}

// TestStuckLeg is a leg that cannot be hung up: the call ends all the same.
func TestStuckLeg(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		p := fake.New(call.Info{ID: "c1"}, j)
		p.Fail = map[string]error{"Hangup": errors.New("no route")}
		if err := engine(j).Run(t.Context(), p, flow.Start{}); err == nil {
			t.Error("no error")
		}
		if want := "offered\nended NORMAL_CLEARING 480 us"; j.String() != want {
			t.Error(j.String())
		}
		p.Drop()
	})
}

// TestInterrupt takes a live call elsewhere, also between its steps, and
// knows a call that is over.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var eng *flow.Engine
		p, j := run(t, `{"module":"do","data":{"pause":600000},"children":{"_":{"module":"fly"}}}`, func(_ *fake.Phone, e *flow.Engine) {
			eng = e
			time.Sleep(time.Minute)
			if !e.Interrupt("c1", flow.Become(program(`{"module":"needy"}`), "http://x")) || e.Interrupt("c2", flow.Over) {
				t.Error("wrong call")
			}
		})
		if got := p.Heard(); got != "answer|hear silence for 1s|hangup NORMAL_CLEARING by us" {
			t.Error(got)
		}
		if want := "finished → (flow: interrupted)"; !strings.Contains(j.String(), want) {
			t.Error(j.String())
		}
		if eng.Interrupt("c1", flow.Over) {
			t.Error("it is over")
		}
	})
}

// impatient is a log that interrupts the call once it reads of a step's end.
type impatient struct {
	*journal
	e    *flow.Engine
	done bool
}

func (i *impatient) Add(e event.Event) {
	i.journal.Add(e)
	if _, ok := e.What.(event.Finished); ok && !i.done {
		i.done = i.e.Interrupt("c1", flow.Take("x"))
	}
}

// TestInterruptAtTheEnd: an interruption that came in after the last step is
// not lost.
func TestInterruptAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &impatient{journal: &journal{}}
		p := fake.New(call.Info{ID: "c1"}, i)
		i.e = flow.NewEngine(flow.Config{Actions: []flow.Action{do, needy}, Log: i})
		prog := program(`{"module":"do","data":{"does":"over"},"children":{"x":{"module":"needy"}}}`)
		if err := i.e.Run(t.Context(), p, flow.Start{Program: prog}); err != nil {
			t.Fatal(err)
		}
		if got := p.Heard(); got != "answer|hear silence for 1s|hangup NORMAL_CLEARING by us" {
			t.Error(got)
		}
	})
}

// TestTypeAhead: keys that nobody asked for are kept and told once.
func TestTypeAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, j := run(t, `{"module":"needy","children":{"_":{"module":"do","data":{"pause":1000,"digits":2},"children":{"_":{"module":"do","data":{"digits":3}}}}}}`,
			func(p *fake.Phone, _ *flow.Engine) {
				time.Sleep(300 * time.Millisecond)
				p.Press("1#5")
				time.Sleep(time.Second)
				p.Press("67")
			})
		got := j.String()
		for _, want := range []string{"pressed 1", "pressed #", "default=1# type_ahead", "default=567 max_digits"} {
			if strings.Count(got, want) != 1 {
				t.Errorf("not once: %s in\n%s", want, got)
			}
		}
	})
}

// TestCheckPassesOver takes a node that is skipped though its module is not
// built, but none of a module that nobody knows.
func TestCheckPassesOver(t *testing.T) {
	e := flow.NewEngine(flow.Config{Later: []string{"fly"}})
	for text, faults := range map[string]int{
		`{"module":"fly","data":{"skip_module":true}}`:   0,
		`{"module":"fly","data":{"skip_module":"true"}}`: 0,
		`{"module":"fly","data":{"skip_module":false}}`:  1,
		`{"module":"fly"}`: 1,
		`{"module":"swim","data":{"skip_module":true}}`:                                  1,
		`{"module":"fly","data":{"skip_module":true},"children":{"_":{"module":"fly"}}}`: 1,
	} {
		if _, got := e.Check(program(text)); len(got) != faults {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestCheck finds everything wrong before a call does, and fills in the rest.
func TestCheck(t *testing.T) {
	prog := program(`{"module":"do","data":{"does":"fly","pause":-1},"children":{
		"_":{"module":"needy","data":{"digits":"7"},"children":{"1.5":{"module":"fly"},"2":{"data":{}},"3":null,"4":{}}},
		"x":{"module":"` + strings.Repeat("m", 65) + `"}}}`)
	full, faults := engine(&journal{}).Check(prog)
	want := []string{
		"data.does enum Value not found in enumerated list of values",
		"data.pause minimum Value must be at least 0",
		"children._.children.1%2E5.module error unable to find callflow schema for module fly",
		"children._.children.2.module required Field is required but missing",
		"children._.children.3 type Value did not match type(s): object",
		"children._.children.4.module required Field is required but missing",
		"children.x.module maxLength String must not be more than 64 characters",
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Dotted()+" "+f.Rule+" "+f.Message)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	var d data
	if err := json.Unmarshal(full.Children["_"].Data, &d); err != nil || d.Digits != 7 || d.Pause != 5 {
		t.Errorf("filled in: %s %v", full.Children["_"].Data, err)
	}
	if string(prog.Children["_"].Data) != `{"digits":"7"}` {
		t.Error("the program itself was changed")
	}
}

// TestCheckSize refuses programs that are too deep or too many.
func TestCheckSize(t *testing.T) {
	deep := &flow.Node{Module: "do"}
	for range flow.MaxDepth {
		deep = &flow.Node{Module: "do", Children: map[string]*flow.Node{"_": deep}}
	}
	wide := &flow.Node{Module: "do", Children: map[string]*flow.Node{}}
	for i := range flow.MaxNodes {
		wide.Children[fmt.Sprint(i)] = &flow.Node{Module: "do"}
	}
	for _, n := range []*flow.Node{deep, wide} {
		if _, faults := engine(&journal{}).Check(n); len(faults) != 1 || faults[0].Rule != "error" {
			t.Error(faults)
		}
	}
	if _, faults := engine(&journal{}).Check(deep.Children["_"]); faults != nil {
		t.Error(faults)
	}
}
