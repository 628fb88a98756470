package flow_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// inside runs do as the only action of a call.
func inside(t *testing.T, do func(context.Context, *fake.Phone, *flow.Session) error) *journal {
	t.Helper()
	j := &journal{}
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{ID: "c1"}, j)
		e := flow.NewEngine(flow.Config{Log: j, Actions: []flow.Action{flow.Define(flow.Def[struct{}]{
			Name: "it", Run: func(ctx context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
				return flow.Next{}, do(ctx, p, s)
			},
		})}})
		if err := e.Run(t.Context(), p, flow.Start{Program: &flow.Node{Module: "it"}}); err != nil {
			t.Error(err)
		}
	})
	return j
}

// press presses keys and lets the session see them.
func press(p *fake.Phone, keys string) {
	p.Press(keys)
	time.Sleep(time.Millisecond)
}

// TestCollections is what webhooks are told of keys: each unnamed one once.
func TestCollections(t *testing.T) {
	inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		expect := func(when string, want map[string]string) {
			t.Helper()
			if got := s.Collections(); !maps.Equal(got, want) {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		expect("at first", nil)
		press(p, "12")
		expect("typed ahead", map[string]string{"default": "12"})
		if s.Collection(flow.Default) != "12" || s.Collection("pin") != "" {
			t.Error("the same by name")
		}
		press(p, "3")
		s.Sent() // what was told before the 3
		expect("sent", map[string]string{"default": "3"})
		s.SetCollection("pin", "99")
		s.SetCollection(flow.Default, "5")
		expect("collected", map[string]string{"default": "5", "pin": "99"})
		s.Sent()
		expect("the 3 was not sent", map[string]string{"default": "3", "pin": "99"})
		s.Sent()
		s.Sent()
		expect("only the named are left", map[string]string{"pin": "99"})
		press(p, "4")
		s.DeleteCollection(flow.Default)
		s.DeleteCollection("pin")
		expect("all forgotten", nil)
		return ctx.Err()
	})
}

// TestCollectionGivenUp: keys of a collection that was interrupted are not
// lost.
func TestCollectionGivenUp(t *testing.T) {
	j := inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		press(p, "1")
		late, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		time.AfterFunc(300*time.Millisecond, func() { p.Press("2") })
		_, err := s.Collect(late, "", call.Collect{First: time.Minute, Between: time.Minute})
		if !errors.Is(err, context.DeadlineExceeded) || s.Collection(flow.Default) != "12" {
			t.Error(err, s.Collections())
		}
		return nil
	})
	if strings.Contains(j.String(), "collected") {
		t.Error(j.String())
	}
}

// TestPrompts of a collection are on the timeline.
func TestPrompts(t *testing.T) {
	j := inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		time.AfterFunc(300*time.Millisecond, func() { p.Press("7") })
		_, err := s.Collect(ctx, "pin", call.Collect{Max: 1, Prompts: []audio.Sound{audio.Silence(time.Second)}})
		return err
	})
	if want := "playing\npressed 7\nplayed\ncollected pin=7 max_digits"; !strings.Contains(j.String(), want) {
		t.Error(j.String())
	}
}

// TestTooManyKeys: a stuck key is bounded, and told of.
func TestTooManyKeys(t *testing.T) {
	j := inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		press(p, strings.Repeat("1", 300))
		if got := len(s.Collection(flow.Default)); got != 256 {
			t.Errorf("%d keys are kept", got)
		}
		return ctx.Err()
	})
	if got := strings.Count(j.String(), "keys.full"); got != 44 {
		t.Errorf("%d times told", got)
	}
}

// TestRecordTakesKeys: keys pressed during a recording are no type-ahead.
func TestRecordTakesKeys(t *testing.T) {
	inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		press(p, "1")
		time.AfterFunc(300*time.Millisecond, func() { p.Press("23#4") })
		got, err := s.Record(ctx, call.Record{Terminators: "#"}, null{})
		press(p, "5")
		if got.Key != "#" || !strings.Contains(s.Collection(flow.Default), "5") || strings.ContainsAny(s.Collection(flow.Default), "23#") {
			t.Error(got, s.Collections())
		}
		return err
	})
}

type null struct{}

func (null) Rate() int                { return 8000 }
func (null) WriteFrame([]int16) error { return nil }

// TestLater puts a fact under the step that began it, even after the call.
func TestLater(t *testing.T) {
	var add func(event.Fact)
	j := inside(t, func(_ context.Context, _ *fake.Phone, s *flow.Session) error {
		add = s.Later()
		return nil
	})
	add(event.Uploaded{ID: "r"})
	all := j.all()
	if last := all[len(all)-1]; last.What.Kind() != "uploaded" || last.Call != "c1" {
		t.Errorf("%+v", last)
	}
}

// BenchmarkCall is a call of three steps that take no time.
func BenchmarkCall(b *testing.B) {
	prog := program(`{"module":"do","data":{"pause":0},"children":{"_":{"module":"do","data":{"pause":0,"take":"x"},"children":{"x":{"module":"do","data":{"pause":0}}}}}}`)
	e := flow.NewEngine(flow.Config{Actions: []flow.Action{do}})
	b.ReportAllocs()
	for b.Loop() {
		p := fake.New(call.Info{ID: "c1"}, nil)
		if err := e.Run(b.Context(), p, flow.Start{Program: prog}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDefer gives back what a call held, the latest first, whatever becomes of
// one of them, and before the call's end is told.
func TestDefer(t *testing.T) {
	var order []string
	j := inside(t, func(_ context.Context, p *fake.Phone, s *flow.Session) error {
		s.Defer(func() {
			order = append(order, "first")
			s.Add(event.Set{Name: "left", Value: p.Cause().Name})
		})
		s.Defer(func() { panic("ouch") })
		s.Defer(func() { order = append(order, "last") })
		return nil
	})
	if strings.Join(order, " ") != "last first" {
		t.Error(order)
	}
	all := j.all()
	if len(all) < 3 {
		t.Fatal(j.String())
	}
	if f, ok := all[len(all)-2].What.(event.Set); !ok || f.Value != "NORMAL_CLEARING" {
		t.Errorf("not after the hang-up: %+v", all)
	}
	if f, ok := all[len(all)-3].What.(event.Failed); !ok || !strings.Contains(f.Message, "ouch (flow/session_test.go:") {
		t.Errorf("%+v", all[len(all)-3])
	}
}

// TestGather: keys for a web server are kept in no collection.
func TestGather(t *testing.T) {
	inside(t, func(ctx context.Context, p *fake.Phone, s *flow.Session) error {
		within := call.Collect{Max: 2, First: time.Second, Between: time.Second}
		expect := func(g flow.Gather, want call.Digits, left string) {
			t.Helper()
			g.Collect = within
			got, err := s.Gather(ctx, g)
			if err != nil || got != want || s.Collection(flow.Default) != left {
				t.Errorf("%+v, %v, left %q", got, err, s.Collection(flow.Default))
			}
		}
		press(p, "123")
		expect(flow.Gather{}, call.Digits{Keys: "12", By: call.ByTypeAhead, Rest: "3"}, "3")
		expect(flow.Gather{Deaf: true}, call.Digits{By: call.ByTimeout}, "3")
		go p.Press("45")
		expect(flow.Gather{Fresh: true}, call.Digits{Keys: "45", By: call.ByMaxDigits}, "")
		return nil
	})
}

// TestTold: what lies beneath an action tells the call of it under its step; a
// warning is said once, whatever comes up again.
func TestTold(t *testing.T) {
	j := inside(t, func(ctx context.Context, _ *fake.Phone, _ *flow.Session) error {
		for range 3 {
			event.Tell(ctx, event.Warned{Code: "prompt.language", Message: "none"})
			event.Tell(ctx, event.Spoken{Text: "Hi"})
		}
		event.Tell(ctx, event.Warned{Code: "prompt.language", Message: "another"})
		event.Tell(context.WithoutCancel(ctx), event.Warned{Code: "x"})
		return nil
	})
	event.Tell(t.Context(), event.Warned{Code: "of no call"})
	count := map[string]int{}
	for _, e := range j.events {
		switch f := e.What.(type) {
		case event.Warned:
			count[f.Code+" "+f.Message]++
		case event.Spoken:
			count[f.Text]++
		default:
			continue
		}
		if e.Call != "c1" || e.Step != "" {
			t.Errorf("%+v", e)
		}
	}
	if !maps.Equal(count, map[string]int{"prompt.language none": 1, "prompt.language another": 1, "x ": 1, "Hi": 3}) {
		t.Error(count)
	}
}
