package actions

import (
	"context"
	"errors"
	"slices"
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

// shelf has the sounds of prompts, a second each; "no-such" is missing.
type shelf struct{}

func (shelf) Sound(ctx context.Context, _, ref string) (audio.Sound, error) {
	event.Tell(ctx, event.Warned{Code: "prompt.language", Message: "no such language"})
	if strings.Contains(ref, "no-such") {
		return nil, errors.New("there is no prompt called no-such")
	}
	return audio.Named(audio.Silence(time.Second), ref), nil
}

// notes is a log in memory.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) Add(e event.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch f := e.What.(type) {
	case event.Warned:
		n.all = append(n.all, f.Code)
	case event.Playing:
		n.all = append(n.all, f.Sound)
	case event.Failed:
		n.all = append(n.all, f.Message)
	}
}

// TestAnnounce plays prompts in the call's language; what is odd about that is
// said once in a call.
func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &notes{}
		cut := ""
		act := flow.Define(flow.Def[none]{
			Name: "test", Needs: flow.Answer,
			Run: func(ctx context.Context, s *flow.Session, _ none) (next flow.Next, err error) {
				s.Language = "de-de"
				if _, err = announce(ctx, s, shelf{}, "", "vm-you_have", "no-such", "vm-new_messages"); err != nil {
					return next, err
				}
				_, err = announce(ctx, s, shelf{}, "", "no-such")
				if err != nil {
					return next, err
				}
				cut, err = announce(ctx, s, shelf{}, "12", "vm-main_menu")
				return next, err
			},
		})
		phone := fake.New(call.Info{ID: "a"}, log)
		go func() {
			time.Sleep(2500 * time.Millisecond)
			phone.Press("2")
		}()
		err := flow.NewEngine(flow.Config{Log: log, Actions: []flow.Action{act}}).
			Run(t.Context(), phone, flow.Start{Account: "acme", Program: &flow.Node{Module: "test"}})
		want := []string{
			"prompt.language", "prompt.missing", "prompt://acme/vm-you_have/de-de, then prompt://acme/vm-new_messages/de-de",
			"prompt.missing", "silence for 0s", "prompt://acme/vm-main_menu/de-de",
		}
		if err != nil || cut != "2" || !slices.Equal(log.all, want) {
			t.Errorf("cut by %q: %v\n%q", cut, err, log.all)
		}
	})
}
