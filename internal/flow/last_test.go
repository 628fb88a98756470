package flow_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/flow"
)

// message waits for the end of the call and then goes on as its data says.
var message = flow.Define(flow.Def[data]{
	Name: "message", Branches: []string{"x"},
	Run: func(ctx context.Context, _ *flow.Session, d data) (flow.Next, error) {
		<-ctx.Done()
		switch d.Does {
		case "fail":
			return flow.Last("x"), context.Cause(ctx)
		case "stop":
			return flow.Take("x"), nil
		}
		return flow.Last("x"), nil
	},
})

// report is an action that may run after the end; into another program it
// would go.
var report = flow.Define(flow.Def[data]{
	Name: "report", AfterEnd: true,
	Run: func(ctx context.Context, _ *flow.Session, d data) (flow.Next, error) {
		select {
		case <-time.After(time.Duration(d.Pause) * time.Millisecond):
		case <-ctx.Done():
			return flow.Next{}, context.Cause(ctx)
		}
		if d.Does == "fail" {
			return flow.Next{}, errors.New("no answer")
		}
		return flow.Become(program(programs["two"]), ""), nil
	},
})

// TestLast is what runs once the caller has gone.
func TestLast(t *testing.T) {
	const begin = "offered\nstarted\n"
	for name, c := range map[string]struct {
		prog, want string
		took       time.Duration
	}{
		"told":           {`{"module":"message","children":{"x":{"module":"report"},"_":{"module":"do"}}}`, begin + "finished →x\nstarted /children/x\nfinished /children/x →.", 5 * ms},
		"by the way":     {`{"module":"message","children":{"_":{"module":"report"}}}`, begin + "finished →_\nstarted /children/_\nfinished /children/_ →.", 5 * ms},
		"failed":         {`{"module":"message","children":{"x":{"module":"report","data":{"does":"fail"}}}}`, begin + "finished →x\nstarted /children/x\nfailed /children/x report.failed\nfinished /children/x →. (no answer)", 5 * ms},
		"too slow":       {`{"module":"message","children":{"x":{"module":"report","data":{"pause":60000}}}}`, begin + "finished →x\nstarted /children/x\nfailed /children/x report.failed\nfinished /children/x →. (context deadline exceeded)", 15 * time.Second},
		"no such action": {`{"module":"message","children":{"x":{"module":"do"}}}`, begin + "finished →.", 0},
		"unknown":        {`{"module":"message","children":{"x":{"module":"fly"}}}`, begin + "finished →.", 0},
		"empty":          {`{"module":"message","children":{"x":{}}}`, begin + "finished →.", 0},
		"nowhere":        {`{"module":"message"}`, begin + "finished →.", 0},
		"skipped":        {`{"module":"message","children":{"x":{"module":"report","data":{"skip_module":true}}}}`, begin + "finished →.", 0},
		"not asked for":  {`{"module":"message","data":{"does":"stop"},"children":{"x":{"module":"report"}}}`, begin + "finished →.", 0},
		"broken":         {`{"module":"message","data":{"does":"fail"},"children":{"x":{"module":"report"}}}`, begin + "finished →.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				p := fake.New(call.Info{ID: "c1"}, j)
				e := flow.NewEngine(flow.Config{Actions: []flow.Action{do, message, report}, Log: j})
				time.AfterFunc(time.Second, p.Drop)
				began := time.Now()
				if err := e.Run(t.Context(), p, flow.Start{Program: program(c.prog)}); err != nil {
					t.Fatal(err)
				}
				if got := j.String(); got != c.want+"\nended NORMAL_CLEARING 480 caller" {
					t.Errorf("got\n%s", got)
				}
				if took := time.Since(began); took != time.Second+c.took {
					t.Error(took)
				}
			})
		})
	}
}

// TestNoLast: a server that stops is no caller who hangs up.
func TestNoLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		p := fake.New(call.Info{ID: "c1"}, j)
		e := flow.NewEngine(flow.Config{Actions: []flow.Action{message, report}, Log: j})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_ = e.Run(ctx, p, flow.Start{Program: program(`{"module":"message","children":{"x":{"module":"report"}}}`)})
		if strings.Contains(j.String(), "/children/x") {
			t.Error(j.String())
		}
	})
}

const ms = time.Millisecond
