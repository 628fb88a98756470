package actions

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// onePrompt has the prompt "there", and "cut" that breaks.
type onePrompt struct{}

func (onePrompt) Sound(ctx context.Context, account, ref string) (audio.Sound, error) {
	event.Tell(ctx, event.Warned{Code: "prompt.language"})
	switch ref {
	case "prompt://" + account + "/there/de-de":
		return audio.Named(audio.Silence(time.Second), ref), nil
	case "prompt://" + account + "/cut/de-de":
		return cutOff{}, nil
	}
	return nil, errors.New("there is no " + ref)
}

type cutOff struct{}

func (cutOff) String() string                 { return "cut off" }
func (cutOff) Open(*audio.Codec) audio.Cursor { return cutOff{} }
func (cutOff) Close()                         {}
func (cutOff) Next() ([]byte, error)          { return nil, errors.New("the file is cut off") }

// TestPrompts: they are heard in the call's language; one that is missing or
// broken does not keep the next one from being heard. What is odd about all of
// them is said once.
func TestPrompts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		speak := flow.Define(flow.Def[none]{Name: "speak", Run: func(ctx context.Context, s *flow.Session, _ none) (flow.Next, error) {
			a := announcer{onePrompt{}}
			if err := a.prompt(ctx, s, "missing", "cut", "there"); err != nil {
				return flow.Next{}, err
			}
			cut, err := a.promptTo(ctx, s, "5", "there", "there")
			s.Add(event.Set{Name: "cut", Value: cut})
			return flow.Next{}, err
		}})
		var log warnings
		p := fake.New(call.Info{ID: "c1"}, nil)
		e := flow.NewEngine(flow.Config{Actions: []flow.Action{speak}, Log: &log})
		go func() { time.Sleep(1500 * time.Millisecond); p.Press("5") }()
		if err := e.Run(t.Context(), p, flow.Start{Account: "acme", Language: "de-de", Program: &flow.Node{Module: "speak"}}); err != nil {
			t.Fatal(err)
		}
		const ref = "hear prompt://acme/there/de-de"
		if heard := p.Heard(); heard != "hear cut off|"+ref+"|"+ref+"|cut short|refused 480 by us" {
			t.Error(heard)
		}
		if log != "prompt.language prompt.missing prompt.broken cut=5 " {
			t.Error(log)
		}
	})
}

// warnings is a log of codes and of what was set.
type warnings string

func (w *warnings) Add(e event.Event) {
	switch f := e.What.(type) {
	case event.Warned:
		*w += warnings(f.Code + " ")
	case event.Set:
		*w += warnings(f.Name + "=" + f.Value + " ")
	}
}
