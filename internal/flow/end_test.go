package flow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestAtEnd: what an action wants done at the end is done once the call was
// hung up and before its end is told, in order, whatever one of them does; not
// for a call that goes on elsewhere.
func TestAtEnd(t *testing.T) {
	for _, moved := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			p := fake.New(call.Info{ID: "c1"}, j)
			var told []string
			wish := flow.Define(flow.Def[data]{Name: "wish", Run: func(_ context.Context, s *flow.Session, _ data) (flow.Next, error) {
				for _, n := range []int{1, 2, 3} {
					s.AtEnd(func(why call.Cause) {
						told = append(told, fmt.Sprint(n, " ", why.Name, " ", why.By, " ", strings.Contains(j.String(), "ended")))
						if n == 2 {
							panic("ouch")
						}
					})
				}
				s.Outcome.Moved = moved
				return flow.Next{}, nil
			}})
			e := flow.NewEngine(flow.Config{Actions: []flow.Action{wish}, Log: j})
			if err := e.Run(t.Context(), p, flow.Start{Program: program(`{"module":"wish"}`)}); err != nil {
				t.Fatal(err)
			}
			want := []string{"1 NORMAL_CLEARING us false", "2 NORMAL_CLEARING us false", "3 NORMAL_CLEARING us false"}
			if moved {
				want = nil
			}
			if !slices.Equal(told, want) || strings.Contains(j.String(), "failed panic") == moved {
				t.Errorf("moved %v: %q\n%s", moved, told, j)
			}
		})
	}
}

// TestBranchFrom: what was branched to starts from the URL that it came from,
// and what comes after it from where it did.
func TestBranchFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bases []string
		base := flow.Define(flow.Def[data]{Name: "base", Run: func(_ context.Context, s *flow.Session, _ data) (flow.Next, error) {
			bases = append(bases, s.Base)
			return flow.Next{}, nil
		}})
		to := flow.Define(flow.Def[data]{Name: "to", Run: func(context.Context, *flow.Session, data) (flow.Next, error) {
			return flow.Branch(program(`{"module":"base"}`)).From("http://b/"), nil
		}})
		e := flow.NewEngine(flow.Config{Actions: []flow.Action{base, to}})
		prog := program(`{"module":"to","children":{"_":{"module":"base"}}}`)
		if err := e.Run(t.Context(), fake.New(call.Info{ID: "c1"}, nil), flow.Start{Program: prog}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(bases, []string{"http://b/", ""}) {
			t.Errorf("%q", bases)
		}
	})
}
