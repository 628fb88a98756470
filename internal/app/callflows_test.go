package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// shownRequest is one of the requests that a page shows.
var shownRequest = regexp.MustCompile("(?s)```http\n(PUT|PATCH) (/\\S*)\n(.*?)```")

// TestCallflowsPage sends what docs/callflows.md shows to a server and calls
// the numbers that it makes: what rules, lists and variables decide, and that
// a code which was called changes where the next call goes.
func TestCallflowsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/callflows.md")
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, nil)
	all := shownRequest.FindAllStringSubmatch(string(page), -1)
	if len(all) < 15 {
		t.Fatalf("the page has %d requests", len(all))
	}
	for _, r := range all {
		ask(t, a, r[1], strings.TrimSuffix(r[2], "/"), r[3])
	}
	for i, c := range []struct {
		number, from, keys string
		told               string // of the call, as its timeline has it
	}{
		{"*611", "+1", "", `changed "Office hours" enabled is true`},
		{"2000", "+1", "", "decided office-hours"},
		{"*613", "+1", "2", `changed "Christmas" enabled is false, changed "Thanksgiving" enabled is false`},
		{"2001", "+1", "", "decided office-hours"},
		{"*610", "+1", "", `changed "Office hours" enabled is false`},
		{"2000", "+1", "", "decided "},
		{"2001", "+1", "", "decided "},
		{"*613", "+1", "1", `changed "Christmas" enabled is true, changed "Thanksgiving" enabled is true`},
		{"2001", "+1", "", "decided holidays"},
		{"*612", "+1", "", `changed "Office hours" enabled is not set`},
		{"2002", "+14155550100", "", `decided match, set Caller-ID-Name=VIP Somebody`},
		{"2002", "+15105551234", "", `decided match, set Caller-ID-Name=VIP Somebody`},
		{"2002", "+442071234567", "", `decided match, set Caller-ID-Name=VIP Somebody`},
		{"2002", "+442071", "", `decided nomatch`},
		{"2003", "+14155550100", "", `decided , set Caller-ID-Name=Ada Lovelace`},
		{"2003", "+15105551234", "", `decided , set Caller-ID-Name=Oakland office`},
		{"2003", "+1", "", `decided `},
		{"2004", "+14155550100", "", `decided +14155550100`},
		{"2005", "+1", "", `set customer={"plan":"gold"}, decided gold`},
	} {
		if got := callAndRead(t, a, fmt.Sprintf("page-%d", i), c.number, c.from, c.keys); got != c.told {
			t.Errorf("%s from %s: %s, want %s", c.number, c.from, got, c.told)
		}
	}
	if rule := get(t, a, "/temporal_rules/office-hours"); strings.Contains(rule, "enabled") {
		t.Errorf("the rule is not as it was: %s", rule)
	}
}

// callAndRead calls a number, hangs up once it was answered unless it is a
// code, and returns what the call's timeline says of decisions and changes.
func callAndRead(t *testing.T, a *app.App, id, number, from, keys string) string {
	t.Helper()
	opt := phone.Options{Dial: call.DialOptions{CallID: id, CallerName: "Somebody", CallerNumber: from}}
	if !strings.HasPrefix(number, "*") {
		opt.Limit = 100 * time.Millisecond
	}
	if keys != "" {
		opt.Steps = []phone.Step{{Keys: keys}}
	}
	if _, err := dial(t, a, number, opt); err != nil {
		t.Fatalf("%s: %v", number, err)
	}
	var got string
	trial.Eventually(t, func() string {
		told, over := timelineOf(t, a, id)
		if got = told; over {
			return ""
		}
		return number + ": the call does not end"
	})
	return got
}

// timelineOf is what a call's timeline says, and whether it is over.
func timelineOf(t *testing.T, a *app.App, id string) (string, bool) {
	t.Helper()
	var answer struct{ Data []event.Event }
	if err := json.Unmarshal([]byte(get(t, a, "/calls/"+id+"/events?paginate=false")), &answer); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(answer.Data, func(x, y event.Event) int { return x.At.Compare(y.At) })
	var told []string
	over := false
	for _, e := range answer.Data {
		switch f := e.What.(type) {
		case event.Decided:
			told = append(told, "decided "+f.Branch)
		case event.Changed:
			told = append(told, fmt.Sprintf("changed %q %s", f.Name, f.What))
		case event.Set:
			told = append(told, "set "+f.Name+"="+f.Value)
		case event.Warned:
			told = append(told, "warned "+f.Code)
		case event.Failed:
			told = append(told, "failed "+f.Code)
		case event.Ended:
			over = true
		}
	}
	return strings.Join(told, ", "), over
}
