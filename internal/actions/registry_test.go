package actions_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
)

// TestRegistry holds every action to what the docs need of it.
func TestRegistry(t *testing.T) {
	names := map[string]bool{}
	for _, a := range actions.All(deps(nil)) {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			if names[name] {
				t.Errorf("%s is there twice", name)
			}
			names[name] = true
		}
		if a.Summary == "" || a.Doc == "" || len(a.Examples) == 0 {
			t.Errorf("%s has no summary, doc or example", a.Name)
		}
		var s struct {
			Properties map[string]struct{ Description string }
		}
		if err := json.Unmarshal(a.Schema.JSON(), &s); err != nil {
			t.Fatal(err)
		}
		for name, p := range s.Properties {
			if p.Description == "" {
				t.Errorf("%s: %s has no description", a.Name, name)
			}
		}
		if _, ok := s.Properties["skip_module"]; !ok {
			t.Errorf("%s: data does not have flow.Skip in it", a.Name)
		}
	}
	for name := range strings.FieldsSeq("answer hangup response play tts say collect_dtmf send_dtmf sleep callflow " +
		"set set_variable set_variables kvs_set webhook nomorobo function fax_detect notification missed_call_alert language noop record_caller flush_dtmf echo gather record record_call refer leave " +
		"menu branch_bnumber disa dynamic_cid privacy directory temporal_route branch_variable check_cid cidlistmatch " +
		"lookupcidname set_cid prepend_cid route_to_cid set_alert_info after_bridge") {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestSilent holds actions that are declared silent to it: they play nothing,
// and no time goes by.
func TestSilent(t *testing.T) {
	for _, a := range mine() {
		if !a.Silent {
			continue
		}
		for _, x := range a.Examples {
			_, j := take(t, nil, fmt.Sprintf(`{"module":%q,"data":%s}`, a.Name, x.Data), hurry(time.Minute))
			for _, f := range j.facts() {
				switch f := f.(type) {
				case event.Playing:
					if a.Name != "callflow" && a.Name != "function" { // what they lead to is heard
						t.Errorf("%s %s plays %s", a.Name, x.Data, f.Sound)
					}
				case event.Finished:
					if f.Module == a.Name && f.Took != 0 {
						t.Errorf("%s %s took %v", a.Name, x.Data, f.Took)
					}
				}
			}
		}
	}
}
