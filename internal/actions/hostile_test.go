package actions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// hostile are values that somebody may put anywhere.
var hostile = []string{
	`0`, `1`, `-1`, `2147483648`, `9223372036854775807`, `-9223372036854775808`, `1e308`, `99999999999999999999`, `0.5`,
	`""`, `" "`, `"0"`, `"-1"`, `"\u0000"`, `"𝔘🙂\u202e\ufffd"`, `"` + strings.Repeat("9", 5000) + `"`, `"(((("`, `"%s%n$(x)../../"`, `"_"`,
	`true`, `false`, `null`, `[]`, `{}`, `[null]`, `[[]]`, `{"":""}`, `["",1,null,{}]`, `[` + strings.Repeat(`"1",`, 3000) + `"1"]`,
}

// TestHostileData: whatever data says, it is refused by its path, or the call
// comes to its end as calls do.
func TestHostileData(t *testing.T) {
	for _, a := range mine() {
		t.Run(a.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				here := open(deps(nil))
				e := flow.NewEngine(flow.Config{Actions: here.all})
				for data := range worse(t, a, a.Examples[0].Data) {
					here.endure(t, e, a.Name, data)
				}
			})
		})
	}
}

// worse is data with each of its keys, and each that it may have, as something
// hostile, one at a time.
func worse(t *testing.T, a flow.Action, example string) func(yield func(string) bool) {
	t.Helper()
	var base map[string]any
	if err := json.Unmarshal([]byte(example), &base); err != nil {
		t.Fatal(err)
	}
	keys := slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Schema.Fields(), slices.Collect(maps.Keys(base))))))
	return func(yield func(string) bool) {
		for _, key := range keys {
			for _, value := range hostile {
				data := maps.Clone(base)
				data[key] = json.RawMessage(value)
				raw, err := json.Marshal(data)
				if err != nil {
					t.Fatal(err)
				}
				if !yield(string(raw)) {
					return
				}
			}
		}
	}
}

// endure makes a call of it, if it is let through.
func (x exchange) endure(t *testing.T, e *flow.Engine, module, data string) {
	t.Helper()
	prog := fmt.Sprintf(`{"module":%q,"data":%s,"children":{"_":{"module":"noop"}}}`, module, data)
	if _, faults := e.Check(program(prog)); len(faults) > 0 {
		for _, f := range faults {
			if len(f.Path) == 0 || f.Path[0] != "data" || f.Message == "" {
				t.Errorf("%s %.200s: %+v", module, data, f)
			}
		}
		return
	}
	_, j := x.dial(t, 0, prog, does(3*time.Second, "1", time.Second, "23#"), hurry(2*time.Minute))
	if n := len(j.facts()); n > 300 {
		t.Errorf("%s %.200s: %d facts", module, data, n)
	}
	for _, f := range of[event.Failed](j) {
		if f.Code == "panic" || utf8.RuneCountInString(f.Message) > 1000 {
			t.Errorf("%s %.200s: %s %.300s", module, data, f.Code, f.Message)
		}
	}
	for _, f := range of[event.Warned](j) {
		if utf8.RuneCountInString(f.Message) > 1000 {
			t.Errorf("%s %.200s: %s %.300s", module, data, f.Code, f.Message)
		}
	}
	if len(of[event.Ended](j)) != 1 {
		t.Errorf("%s %.200s: it did not end once", module, data)
	}
}
