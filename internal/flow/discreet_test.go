package flow_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestHush: while a PIN is typed no key is told, before and after it each is.
func TestHush(t *testing.T) {
	j := inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		press(p, "1")
		stop := s.Hush()
		press(p, "2")
		if got, err := s.Gather(ctx, flow.Gather{Name: "pin", Collect: call.Collect{First: time.Second, Between: time.Second}}); got.Keys != "12" {
			t.Error(got, err)
		}
		press(p, "3")
		if _, err := s.Collect(ctx, "x", call.Collect{First: time.Second}); err != nil {
			t.Error(err)
		}
		stop(true)
		press(p, "4")
		stop = s.Hush()
		press(p, "5")
		stop(true)
		if got := s.Collection(flow.Default); got != "45" {
			t.Errorf("%q is typed ahead", got)
		}
		stop = s.Hush()
		press(p, "6")
		stop(false)
		if got := s.Collection(flow.Default); got != "" {
			t.Errorf("%q is typed ahead still", got)
		}
		press(p, "7")
		return nil
	})
	want := "pressed 1\npressed •\ncollected pin=•• timeout\npressed •\ncollected x=• timeout\n" +
		"pressed 4\npressed •\npressed •\npressed 7\n"
	if !strings.Contains(j.String(), want) {
		t.Error(j.String())
	}
}

// TestHas: a child that is {} or null is none.
func TestHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := flow.NewEngine(flow.Config{Actions: []flow.Action{flow.Define(flow.Def[struct{}]{
			Name: "it", Run: func(_ context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
				if !s.Has("1") || s.Has("2") || s.Has("3") || s.Has(flow.Else) {
					t.Error("children")
				}
				return flow.Stop, nil
			},
		})}})
		program := &flow.Node{Module: "it", Children: map[string]*flow.Node{"1": {Module: "it"}, "2": {}, "3": nil}}
		if err := e.Run(t.Context(), fake.New(call.Info{ID: "c1"}, nil), flow.Start{Program: program}); err != nil {
			t.Error(err)
		}
	})
}

// TestOnnet: who is vouched for by the account is inside.
func TestOnnet(t *testing.T) {
	inside(t, func(_ context.Context, _ *fake.Phone, s *flow.Session) error {
		for kind, want := range map[string]bool{"": false, "resource": false, "sys_info": false, "device": true, "user": true} {
			s.Channel["Authorizing-Type"] = kind
			if s.Onnet() != want {
				t.Error(kind)
			}
		}
		return nil
	})
}
