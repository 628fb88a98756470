package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestCaller is who is shown as calling: a rewrite before a prefix before what
// is known, each part by itself; a change is told once.
func TestCaller(t *testing.T) {
	j := inside(t, func(_ context.Context, _ *fake.Phone, s *flow.Session) error {
		for _, step := range []struct {
			do            func()
			shown, knowns string
		}{
			{func() {}, "<>", "<>"},
			{func() { s.SetCaller(flow.Party{Name: "Ada", Number: "1"}) }, "Ada <1>", "Ada <1>"},
			{func() { s.SetCallerPrefix(flow.Party{Name: "VIP ", Number: "9"}) }, "VIP Ada <91>", "Ada <1>"},
			{func() { s.RewriteCaller(flow.Party{Number: "5"}) }, "VIP Ada <5>", "Ada <1>"},
			{func() { s.SetCaller(flow.Party{Name: "Bob", Number: "2"}) }, "VIP Bob <5>", "Bob <2>"},
			{func() { s.RewriteCaller(flow.Party{Name: "Us"}) }, "Us <92>", "Bob <2>"},
			{func() { s.RewriteCaller(flow.Party{}) }, "VIP Bob <92>", "Bob <2>"},
			{func() { s.SetCallerPrefix(flow.Party{}) }, "Bob <2>", "Bob <2>"},
			{func() { s.SetCaller(flow.Party{Name: "Bob", Number: "2"}) }, "Bob <2>", "Bob <2>"},
		} {
			step.do()
			if shown, known := party(s.Caller()), party(s.KnownCaller()); shown != step.shown || known != step.knowns {
				t.Errorf("%s, known as %s; want %s, %s", shown, known, step.shown, step.knowns)
			}
		}
		return nil
	})
	var told []string
	for _, e := range j.events {
		if set, ok := e.What.(event.Set); ok {
			told = append(told, strings.TrimPrefix(set.Name, "Caller-ID-")+"="+set.Value)
		}
	}
	const want = "[Name=Ada Number=1 Name=VIP Ada Number=91 Number=5 Name=VIP Bob Name=Us Number=92 Name=VIP Bob Name=Bob Number=2]"
	if fmt.Sprint(told) != want {
		t.Errorf("told %v", told)
	}
}

func party(p flow.Party) string { return strings.TrimSpace(p.Name + " <" + p.Number + ">") }

// TestAuthorizing: half an answer is none.
func TestAuthorizing(t *testing.T) {
	inside(t, func(_ context.Context, _ *fake.Phone, s *flow.Session) error {
		s.Channel[flow.AuthorizingID] = "d1"
		if kind, id := s.Authorizing(); kind != "" || id != "" {
			t.Errorf("%q %q", kind, id)
		}
		s.Channel[flow.AuthorizingType], s.Channel[flow.OwnerID] = "device", "u1"
		if kind, id := s.Authorizing(); kind != "device" || id != "d1" || s.Owner() != "u1" {
			t.Errorf("%q %q %q", kind, id, s.Owner())
		}
		return nil
	})
}

// TestBranches are the children of the running node that can be gone to.
func TestBranches(t *testing.T) {
	var got []string
	e := flow.NewEngine(flow.Config{Actions: []flow.Action{flow.Define(flow.Def[struct{}]{
		Name: "it", Run: func(_ context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
			got = append(got, fmt.Sprint(s.Branches()))
			return flow.Next{}, nil
		},
	})}})
	prog := &flow.Node{Module: "it", Children: map[string]*flow.Node{
		"b": {}, "a": {Module: "it"}, "gone": nil, "_": {Module: "it"},
	}}
	if err := e.Run(t.Context(), fake.New(call.Info{ID: "c1"}, nil), flow.Start{Program: prog}); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != "[[a b] []]" {
		t.Error(got)
	}
}
