package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// week are rules for a call on Saturday, 1 January 2000: when such a bubble's
// time begins.
func week() map[string]string {
	return map[string]string{
		"temporal_rule always":     `{"name": "Always", "cycle": "daily"}`,
		"temporal_rule monday":     `{"name": "Mondays", "cycle": "weekly", "wdays": ["monday"]}`,
		"temporal_rule saturday":   `{"name": "Saturdays", "cycle": "weekly", "wdays": ["saturday"]}`,
		"temporal_rule morning":    `{"name": "Mornings", "cycle": "daily", "time_window_start": 21600, "time_window_stop": 43200}`,
		"temporal_rule night":      `{"name": "Friday nights", "cycle": "weekly", "wdays": ["friday"], "time_window_start": 79200, "time_window_stop": 21600}`,
		"temporal_rule on":         `{"name": "On", "cycle": "date", "enabled": true}`,
		"temporal_rule off":        `{"name": "Off", "cycle": "daily", "enabled": false}`,
		"temporal_rule later":      `{"name": "Later", "cycle": "daily", "start_date": 63200000000}`,
		"temporal_rule past":       `{"name": "Past", "cycle": "daily", "end_date": 63113817600}`,
		"temporal_rule lasts":      `{"name": "Lasts", "cycle": "daily", "end_date": 0}`,
		"temporal_rule_set both":   `{"name": "Both", "temporal_rules": ["monday", "saturday"]}`,
		"temporal_rule_set broken": `{"name": "Broken", "temporal_rules": ["nowhere", "odd", "saturday"]}`,
		"temporal_rule_set none":   `{"name": "None", "temporal_rules": ["monday"]}`,
	}
}

// opening are dependencies with the rules of week, one that no rule can be
// read from, and an account with a time zone of its own, unless that is "".
func opening(t *testing.T, zone string) actions.Deps {
	t.Helper()
	d := deps(nil)
	d.Documents = library(week())
	put := func(account, kind, id, text string) {
		doc := store.Doc{Key: store.Key{Account: account, Type: kind, ID: id}, JSON: json.RawMessage(text)}
		if _, err := d.Documents.Docs.Put(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	put("acme", "temporal_rule", "odd", `{"name": "Odd", "cycle": "hourly"}`)
	if zone != "" {
		put("", "account", "acme", `{"name": "Acme", "timezone": "`+zone+`"}`)
	}
	return d
}

// hear is a child that plays its name.
func hear(names ...string) string {
	var all []string
	for _, n := range names {
		all = append(all, fmt.Sprintf(`%q:{"module":"play","data":{"id":%q}}`, n, "at "+n))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// arrived is the child of hear that ran.
func arrived(heard string) string {
	_, rest, ok := strings.Cut(heard, "hear acme at ")
	if !ok {
		return ""
	}
	child, _, _ := strings.Cut(rest, "|")
	return child
}

// TestTemporalRoute is which child a call takes on Saturday at midnight, UTC.
func TestTemporalRoute(t *testing.T) {
	for name, c := range map[string]struct {
		data     string
		children []string
		zone     string // of the account
		want     string
		told     string // on the timeline, some of it
	}{
		"first that holds":  {`{"rules":["monday","saturday","always"]}`, []string{"always", "saturday"}, "", "saturday", `"Mondays" is for Monday; it is Saturday 2000-01-01`},
		"none":              {`{"rules":["monday"]}`, []string{"monday", "_"}, "", "_", "no rule holds"},
		"no child of it":    {`{"rules":["saturday"]}`, []string{"_"}, "", "_", `"Saturdays" holds: Saturday 2000-01-01 00:00:00`},
		"children":          {`{}`, []string{"monday", "saturday", "_"}, "", "saturday", ""},
		"rules go first":    {`{"rules":["saturday"]}`, []string{"always", "saturday"}, "", "saturday", ""},
		"children, then":    {`{"rule_set":"both"}`, []string{"always", "rule_set"}, "", "always", ""},
		"rule_set":          {`{"rules":["monday"],"rule_set":"both"}`, []string{"monday", "rule_set", "_"}, "", "rule_set", ""},
		"rule_set, nothing": {`{"rule_set":"none"}`, []string{"rule_set", "_"}, "", "_", ""},
		"rule_set, a rule":  {`{"rule_set":"saturday"}`, []string{"rule_set", "_"}, "", "_", "warned rule.missing"},
		"a set in rules":    {`{"rules":["monday","both"]}`, []string{"both", "saturday", "_"}, "", "both", ""},
		"a set as a child":  {`{}`, []string{"both", "_"}, "", "both", ""},
		"forced":            {`{"rules":["monday","on","saturday"]}`, []string{"on", "saturday"}, "", "on", `"On" is switched on`},
		"forced, in order":  {`{"rules":["saturday","on"]}`, []string{"on", "saturday"}, "", "saturday", ""},
		"switched off":      {`{"rules":["off","saturday"]}`, []string{"off", "saturday"}, "", "saturday", `"Off" is switched off`},
		"past":              {`{"rules":["past"]}`, []string{"past", "_"}, "", "_", `"Past" ended on`},
		"lasts":             {`{"rules":["lasts"]}`, []string{"lasts", "_"}, "", "lasts", `"Lasts" holds`},
		"later":             {`{"rules":["later"]}`, []string{"later", "_"}, "", "_", `"Later" begins on`},
		"missing":           {`{"rules":["nowhere","saturday"]}`, []string{"nowhere", "saturday", "_"}, "", "saturday", "warned rule.missing"},
		"invalid":           {`{"rules":["odd","saturday"]}`, []string{"odd", "saturday", "_"}, "", "saturday", "warned rule.invalid"},
		"broken set":        {`{"rules":["broken"]}`, []string{"broken", "_"}, "", "broken", "warned rule.missing\nwarned rule.invalid"},
		"no id at all":      {`{"rules":["",  "/../"]}`, []string{"_"}, "", "_", "warned rule.missing"},
		"error is no rule":  {`{"rules":["monday"]}`, []string{"error", "_"}, "", "_", ""},
		"nothing":           {`{}`, []string{"_"}, "", "_", "no rule holds"},
		"last night":        {`{"rules":["night"]}`, []string{"night", "_"}, "", "night", `"Friday nights" holds since Friday 1999-12-31: it goes on until 06:00:00`},
		"account's zone":    {`{"rules":["saturday"]}`, []string{"saturday", "_"}, "America/New_York", "_", "it is Friday 1999-12-31 19:00:00 by America/New_York (the account's time zone)"},
		"inherit":           {`{"rules":["saturday"],"timezone":"inherit"}`, []string{"saturday", "_"}, "America/New_York", "_", ""},
		"own zone":          {`{"rules":["morning"],"timezone":"Pacific/Auckland"}`, []string{"morning", "_"}, "America/New_York", "_", "it is Saturday 2000-01-01 13:00:00 by Pacific/Auckland (as the callflow says)"},
		"own zone, in time": {`{"rules":["morning"],"timezone":"Asia/Tokyo"}`, []string{"morning", "_"}, "", "morning", ""},
		"unknown zone":      {`{"rules":["saturday"],"timezone":"Mars/Olympus"}`, []string{"saturday", "_"}, "America/New_York", "_", "warned timezone.unknown"},
		"unknown account's": {`{"rules":["saturday"]}`, []string{"saturday", "_"}, "Mars/Olympus", "saturday", "warned timezone.unknown\nby UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			prog := fmt.Sprintf(`{"module":"temporal_route","data":%s,"children":%s}`, c.data, hear(c.children...))
			heard, j := with(t, opening(t, c.zone), prog)
			if got := arrived(heard); got != c.want {
				t.Errorf("went to %q, want %q", got, c.want)
			}
			all := told(j)
			for _, d := range of[event.Decided](j) {
				all += "decided " + d.Branch + ": " + strings.Join(d.Why, "\n")
			}
			for want := range strings.SplitSeq(c.told, "\n") {
				if !strings.Contains(all, want) {
					t.Errorf("not told: %s in\n%s", want, all)
				}
			}
			if len(of[event.Decided](j)) != 1 || len(of[event.Failed](j)) != 0 {
				t.Errorf("not one decision and no failure:\n%s", all)
			}
			if strings.Contains(all, "warned") != strings.Contains(c.told, "warned") {
				t.Errorf("warned of:\n%s", all)
			}
		})
	}
}

// TestServersZone: an account without a time zone has the server's.
func TestServersZone(t *testing.T) {
	d := opening(t, "")
	var err error
	if d.Zone, err = time.LoadLocation("America/New_York"); err != nil {
		t.Fatal(err)
	}
	heard, _ := with(t, d, `{"module":"temporal_route","data":{"rules":["saturday"]},"children":`+hear("saturday", "_")+`}`)
	if arrived(heard) != "_" {
		t.Error(heard)
	}
}

// TestTemporalTime: the same call takes another way once its time has come.
func TestTemporalTime(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		6*time.Hour - time.Second: "_", 6 * time.Hour: "morning", 12*time.Hour + 900*time.Millisecond: "morning", 12*time.Hour + time.Second: "_",
	} {
		prog := fmt.Sprintf(`{"module":"sleep","data":{"duration":%d,"unit":"ms"},"children":{"_":{"module":"temporal_route","children":%s}}}`,
			wait.Milliseconds(), hear("morning", "_"))
		if heard, _ := with(t, opening(t, ""), prog); arrived(heard) != want {
			t.Errorf("after %v: %s, want %s", wait, heard, want)
		}
	}
}

// enabled is what a rule's document says.
func enabled(t *testing.T, d actions.Deps, id string) string {
	t.Helper()
	r, err := documents.TemporalRules.Get(t.Context(), d.Documents, "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	if r.Enabled == nil {
		return "not set"
	}
	return fmt.Sprint(*r.Enabled)
}

// TestTemporalSwitch is what actions do to rules, what is heard and told.
func TestTemporalSwitch(t *testing.T) {
	const prompt = "hear acme prompt://acme/temporal-"
	for name, c := range map[string]struct {
		data    string
		heard   string
		enabled string // of monday, saturday and off
		told    string
		does    []person
	}{
		"enable":  {`{"action":"enable","rules":["monday"]}`, "progress|" + prompt + "marked_enabled/en-us", "true not set false", "changed monday", nil},
		"disable": {`{"action":"disable","rules":["monday","saturday"]}`, "progress|" + prompt + "marked_disabled/en-us", "false false false", "changed monday\nchanged saturday", nil},
		"reset":   {`{"action":"reset","rules":["off"]}`, "progress|" + prompt + "marker_reset/en-us", "not set not set not set", "changed off", nil},
		"a set":   {`{"action":"enable","rules":["both","monday"]}`, "progress|" + prompt + "marked_enabled/en-us", "true true false", "changed monday\nchanged saturday", nil},
		"rule_set does not count": {
			`{"action":"enable","rule_set":"both","rules":["off"]}`, "progress|" + prompt + "marked_enabled/en-us", "not set not set true", "changed off", nil,
		},
		"some missing": {`{"action":"enable","rules":["nowhere","monday"]}`, "progress|" + prompt + "marked_enabled/en-us", "true not set false", "warned rule.missing\nchanged monday", nil},
		"all missing":  {`{"action":"enable","rules":["nowhere"]}`, "answer|hear acme at error", "not set not set false", "failed rule.missing", nil},
		"no rules":     {`{"action":"enable"}`, "answer|hear acme at error", "not set not set false", "failed rule.missing", nil},
		"menu, 2": {
			`{"action":"menu","rules":["monday"]}`, "answer|" + prompt + "menu/en-us|cut short|" + prompt + "marked_disabled/en-us", "false not set false", "changed monday",
			[]person{presses(500*time.Millisecond, "2")},
		},
		"menu, late": {
			`{"action":"menu","rules":["monday"]}`, "answer|" + prompt + "menu/en-us|" + prompt + "marked_enabled/en-us", "true not set false", "",
			[]person{presses(5800*time.Millisecond, "1")},
		},
		"menu, wrong and right": {
			`{"action":"menu","rules":["off"]}`, "answer|" + prompt + "menu/en-us|cut short|" + prompt + "menu/en-us|cut short|" + prompt + "marker_reset/en-us", "not set not set not set", "changed off",
			[]person{presses(500*time.Millisecond, "9"), presses(700*time.Millisecond, "3")},
		},
		"menu, silence": {
			`{"action":"menu","rules":["monday"]}`, "answer|" + prompt + "menu/en-us|" + prompt + "menu/en-us|" + prompt + "menu/en-us", "not set not set false", "warned menu.no_choice",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := opening(t, "")
			prog := `{"module":"temporal_route","data":` + c.data + `,"children":` + hear("error", "_") + `}`
			heard, j := with(t, d, prog, c.does...)
			want := c.heard
			if !strings.Contains(want, "at error") {
				if strings.HasPrefix(want, "progress") {
					want += "|answer"
				}
				want += "|hear acme at _"
			}
			if want += "|hangup NORMAL_CLEARING by us"; heard != want {
				t.Errorf("heard\n%s, want\n%s", heard, want)
			}
			if got := strings.Join([]string{enabled(t, d, "monday"), enabled(t, d, "saturday"), enabled(t, d, "off")}, " "); got != c.enabled {
				t.Errorf("enabled: %s, want %s", got, c.enabled)
			}
			all := told(j)
			for _, f := range of[event.Changed](j) {
				if strings.Contains(all, "changed "+f.ID) {
					t.Errorf("%s was switched twice", f.ID)
				}
				all += "changed " + f.ID + "\n"
			}
			for want := range strings.SplitSeq(c.told, "\n") {
				if !strings.Contains(all, want) {
					t.Errorf("not told: %s in\n%s", want, all)
				}
			}
		})
	}
}

// TestSwitchIsSeen: a call that comes after another one has switched a rule
// takes another way, and the change is told to those who keep what they read.
func TestSwitchIsSeen(t *testing.T) {
	d := opening(t, "")
	changed := ""
	d.Documents.Changed = func(c resource.Change) { changed += c.New.ID + " " }
	heard, _ := with(t, d, `{"module":"temporal_route","children":`+hear("saturday", "_")+`}`)
	first := arrived(heard)
	with(t, d, `{"module":"temporal_route","data":{"action":"disable","rules":["saturday"]}}`)
	heard, _ = with(t, d, `{"module":"temporal_route","children":`+hear("saturday", "_")+`}`)
	if first != "saturday" || arrived(heard) != "_" {
		t.Errorf("%s, then %s", first, arrived(heard))
	}
	if changed != "saturday " {
		t.Errorf("told of changes of %q", changed)
	}
}

// TestSwitchHungUp: who hangs up while the prompt is heard has switched all the
// same, and the call is over at once.
func TestSwitchHungUp(t *testing.T) {
	d := opening(t, "")
	heard, _ := with(t, d, `{"module":"temporal_route","data":{"action":"disable","rules":["saturday"]},"children":`+hear("_")+`}`, hurry(300*time.Millisecond))
	if enabled(t, d, "saturday") != "false" || arrived(heard) != "" {
		t.Error(heard)
	}
}

// leaving is a store during whose every write somebody does something.
type leaving struct {
	store.Docs
	meanwhile func()
}

func (l leaving) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	l.meanwhile()
	if err := ctx.Err(); err != nil {
		return store.Doc{}, err
	}
	return l.Docs.Put(ctx, d)
}

// TestSwitchGone: who hangs up while rules are switched has switched them all.
func TestSwitchGone(t *testing.T) {
	d := opening(t, "")
	leave := make(chan func(), 1)
	d.Documents.Docs = leaving{d.Documents.Docs, func() {
		select {
		case do := <-leave:
			do()
		default:
		}
		time.Sleep(time.Second)
	}}
	with(t, d, `{"module":"temporal_route","data":{"action":"disable","rules":["both"]}}`, func(p *fake.Phone) { leave <- p.Drop })
	if enabled(t, d, "monday") != "false" || enabled(t, d, "saturday") != "false" {
		t.Error(enabled(t, d, "monday"), enabled(t, d, "saturday"))
	}
}

// sick is a store that cannot read or write documents of a type.
type sick struct {
	store.Docs
	read, write string
}

var errSick = errors.New("the disk is gone")

func (s sick) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	if k.Type == s.read {
		return store.Doc{}, errSick
	}
	return s.Docs.Get(ctx, k)
}

func (s sick) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	if q.Type == s.read {
		return nil, errSick
	}
	return s.Docs.List(ctx, q)
}

func (s sick) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	if d.Type == s.write {
		return store.Doc{}, errSick
	}
	return s.Docs.Put(ctx, d)
}

// TestTemporalSick: a store that fails is not taken for rules that do not hold.
func TestTemporalSick(t *testing.T) {
	for _, c := range []struct{ data, read, write, child, told string }{
		{`{"rules":["saturday"]}`, "temporal_rule", "", "error", "failed rule.unread"},
		{`{"rules":["both"]}`, "temporal_rule_set", "", "error", "failed rule.unread"},
		{`{"rules":["saturday"]}`, "account", "", "saturday", "warned timezone.unknown"},
		{`{"rules":["saturday"],"action":"enable"}`, "", "temporal_rule", "error", "failed rule.unwritten"},
	} {
		d := opening(t, "")
		d.Documents.Docs = sick{d.Documents.Docs, c.read, c.write}
		heard, j := with(t, d, `{"module":"temporal_route","data":`+c.data+`,"children":`+hear("error", "saturday", "_")+`}`)
		if arrived(heard) != c.child || !slices.Contains(strings.Split(told(j), "\n"), c.told) {
			t.Errorf("%+v: %s\n%s", c, heard, told(j))
		}
	}
}
