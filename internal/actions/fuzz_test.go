package actions_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// FuzzProgram is what a web server may answer: whatever it is, the call ends
// as a call, nothing panics, and what Check let pass it lets pass again.
func FuzzProgram(f *testing.F) {
	for _, a := range mine() {
		for _, x := range a.Examples {
			f.Add([]byte(`{"module":"` + a.Name + `","data":` + x.Data + `,"children":{"_":{"module":"sleep"}}}`))
		}
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		var n flow.Node
		if json.Unmarshal(program, &n) != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil)), Log: j, Steps: 50})
			full, faults := e.Check(&n)
			if len(faults) == 0 {
				if _, again := e.Check(full); len(again) > 0 {
					t.Errorf("not good twice: %v", again)
				}
			}
			p := fake.New(call.Info{ID: "c1"}, j)
			late := time.AfterFunc(time.Minute, p.Drop)
			defer late.Stop()
			if err := e.Run(t.Context(), p, flow.Start{Program: &n}); err != nil {
				t.Error(err)
			}
			for _, failed := range of[event.Failed](j) {
				if failed.Code == "panic" {
					t.Error(failed.Message)
				}
			}
			if len(of[event.Ended](j)) != 1 || p.Held() != 0 {
				t.Error("it did not end as it should")
			}
		})
	})
}
