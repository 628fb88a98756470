package actions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// numbered are dependencies with users and devices that have numbers.
func numbered() actions.Deps {
	d := deps(nil)
	d.Documents = library(map[string]string{
		"user " + adaID: `{"first_name": "Ada", "last_name": "L", "caller_id": {"internal": {"number": "201"}, "external": {"number": "+12025550100"}}}`,
		"user " + bobID: `{"first_name": "Bob", "last_name": "B", "caller_id": {"external": {"number": "201"}}}`,
		"device d1":     `{"name": "Desk", "caller_id": {"internal": {"number": "201"}}}`,
		"device d2":     `{"name": "Lobby", "caller_id": {"external": {"number": "2025550100"}}}`,
		"device d3":     `{"name": "None"}`,
	})
	return d
}

// TestRouteToCID is who is found for a number, and that nobody is rung.
func TestRouteToCID(t *testing.T) {
	user, bob := "the user Ada L ("+adaID+")", "the user Bob B ("+bobID+")"
	desk, lobby := "the device Desk (d1)", "the device Lobby (d2)"
	for _, c := range []struct {
		number, data string
		want         []string
	}{
		{"201", `{}`, []string{desk, user}},
		{"201", `{"cid_types":[]}`, []string{desk, user, bob}},
		{"201", `{"cid_types":["external"]}`, []string{bob}},
		{"201", `{"cid_types":["internal","external"],"endpoint_types":["user"]}`, []string{user, bob}},
		{"201", `{"endpoint_types":["device"]}`, []string{desk}},
		{"201", `{"endpoint_types":["group"]}`, nil},
		{"2025550100", `{"cid_types":["external"]}`, []string{lobby, user}},
		{"+12025550100", `{"cid_types":["external"]}`, []string{user}},
		{"20", `{"cid_types":[]}`, nil},
		{"", `{"cid_types":[]}`, nil},
	} {
		all, j := caller(t, numbered(), ada, `{"module":"route_to_cid","data":`+c.data+`,"children":`+looks("error", "_")+`}`,
			func(s *flow.Session) { s.Request = c.number })
		child, failure := "_", ""
		if c.want != nil {
			child, failure = "error", "failed endpoints.unregistered\n"
		}
		d := of[event.Decided](j)
		if len(all) != 1 || all[0].at != child || !strings.Contains(told(j), failure) || len(d) != 1 {
			t.Fatalf("%s %s: %+v %+v\n%s", c.number, c.data, all, d, told(j))
		}
		var found []string
		for _, why := range d[0].Why {
			if who, _, ok := strings.Cut(why, " has "); ok && c.want != nil {
				found = append(found, who)
			}
		}
		if !slices.Equal(found, c.want) {
			t.Errorf("%s %s: found %q", c.number, c.data, found)
		}
		if c.want == nil && !strings.HasPrefix(fmt.Sprint(d[0].Why), fmt.Sprintf("[nobody has %q", c.number)) {
			t.Errorf("told %q", d[0].Why)
		}
	}
}

// TestRouteToCIDSick: a store that fails is not taken for nobody.
func TestRouteToCIDSick(t *testing.T) {
	for _, kind := range []string{"user", "device"} {
		d := numbered()
		d.Documents.Docs = sick{d.Documents.Docs, kind, ""}
		all, j := caller(t, d, ada, `{"module":"route_to_cid","children":`+looks("error", "_")+`}`)
		if len(all) != 1 || all[0].at != "error" || !strings.Contains(told(j), "failed endpoints.unreadable") {
			t.Errorf("%+v\n%s", all, told(j))
		}
	}
}
