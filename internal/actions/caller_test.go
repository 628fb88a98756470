package actions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
)

// seen is what the action look saw: what a webhook is told of the caller, and
// the variables, those that are exported with a !.
type seen struct {
	at      string // its data
	caller  string // Name <number>
	channel string
}

// caller takes a call by somebody through a program, in which look may be
// used, and returns what it saw and the facts.
func caller(t *testing.T, d actions.Deps, by flow.Party, prog string, before ...func(*flow.Session)) (all []seen, j *journal) {
	t.Helper()
	look := flow.Define(flow.Def[map[string]any]{Name: "look", Run: func(_ context.Context, s *flow.Session, d map[string]any) (flow.Next, error) {
		told := kazoo.Dialect{}.Form(s)
		one := seen{caller: told.Get("Caller-ID-Name") + " <" + told.Get("Caller-ID-Number") + ">"}
		one.at, _ = d["at"].(string)
		for _, name := range slices.Sorted(maps.Keys(s.Channel)) {
			mark := ""
			if s.Exported[name] {
				mark = "!"
			}
			one.channel += name + mark + "=" + s.Channel[name] + " "
		}
		one.channel = strings.TrimSpace(one.channel)
		all = append(all, one)
		return flow.Next{}, nil
	}})
	setup := flow.Define(flow.Def[none]{Name: "setup", Run: func(_ context.Context, s *flow.Session, _ none) (flow.Next, error) {
		for _, do := range before {
			do(s)
		}
		return flow.Next{}, nil
	}})
	synctest.Test(t, func(t *testing.T) {
		j = &journal{}
		p := fake.New(call.Info{
			ID: "c1", Direction: call.Inbound, From: by.Number, CallerName: by.Name, CallerNumber: by.Number, To: "100", Request: "100",
		}, j)
		e := flow.NewEngine(flow.Config{Actions: append(actions.All(d), look, setup), Log: j})
		full, faults := e.Check(program(`{"module":"setup","children":{"_":` + prog + `}}`))
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
		if err := e.Run(t.Context(), p, flow.Start{Account: "acme", Program: full}); err != nil {
			t.Fatal(err)
		}
	})
	return all, j
}

// none is the data of an action that takes none.
type none struct{}

// looks are children that look, by their names.
func looks(names ...string) string {
	var all []string
	for _, n := range names {
		all = append(all, fmt.Sprintf(`%q:{"module":"look","data":{"at":%q}}`, n, n))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// chain is steps one after the other, and a look after each of them.
func chain(steps ...string) string {
	prog := `{"module":"noop"}`
	for i, step := range slices.Backward(steps) {
		prog = strings.TrimSuffix(step, "}") + fmt.Sprintf(`,"children":{"_":{"module":"look","data":{"at":"%d"},"children":{"_":%s}}}}`, i, prog)
	}
	return prog
}

var ada = flow.Party{Name: "Ada", Number: "+14155550100"}

// TestShownCaller is whom webhooks and later legs are told of after each step,
// and that it is on the timeline.
func TestShownCaller(t *testing.T) {
	all, j := caller(t, deps(nil), ada, chain(
		`{"module":"set_cid","data":{"caller_id_name":"Acme","caller_id_number":"100"}}`,
		`{"module":"set_cid","data":{"caller_id_number":"101"}}`,
		`{"module":"prepend_cid","data":{"caller_id_name_prefix":"VIP ","caller_id_number_prefix":"9"}}`,
		`{"module":"set_cid","data":{}}`,
		`{"module":"prepend_cid","data":{"caller_id_name_prefix":"Sales "}}`,
		`{"module":"prepend_cid","data":{"apply_to":"original","caller_id_name_prefix":"Help "}}`,
		`{"module":"prepend_cid","data":{"action":"reset","caller_id_name_prefix":"not me"}}`,
	))
	var got []string
	for _, s := range all {
		got = append(got, s.caller)
	}
	want := []string{
		"Acme <100>", "Ada <101>", "VIP Ada <101>", "VIP Ada <9+14155550100>", "Sales VIP Ada <9+14155550100>",
		"Help Ada <+14155550100>", "Ada <+14155550100>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if text := told(j); !strings.Contains(text, "set Caller-ID-Name=Acme\nset Caller-ID-Number=100\nset Caller-ID-Name=Ada\n") {
		t.Error(text)
	}
}

// TestLaterLegs are the channel variables that the legs will have that this
// call dials.
func TestLaterLegs(t *testing.T) {
	for _, c := range []struct{ step, channel, told string }{
		{`{"module":"set_alert_info","data":{"alert_info":"<http://a.test/b.wav>"}}`, "Alert-Info!=<http://a.test/b.wav>", "set Alert-Info=<http://a.test/b.wav>"},
		{`{"module":"after_bridge","data":{"action":"park","data":true}}`, "Park-After-Pickup!=true", "set Park-After-Pickup=true"},
		{`{"module":"after_bridge","data":{"action":"park","data":"false"}}`, "Park-After-Pickup!=false", "set Park-After-Pickup=false"},
		{`{"module":"after_bridge","data":{"action":"hangup","data":false}}`, "Hangup-After-Pickup!=false", "set Hangup-After-Pickup=false"},
		{`{"module":"after_bridge","data":{"action":"transfer","data":"200"}}`, "Transfer-After-Pickup!=200", "set Transfer-After-Pickup=200"},
		{`{"module":"after_bridge","data":{"action":"transfer","data":true}}`, "", "warned after_bridge.nothing"},
		{`{"module":"after_bridge","data":{"action":"transfer","data":""}}`, "", "warned after_bridge.nothing"},
		{`{"module":"after_bridge","data":{"action":"hangup","data":"200"}}`, "", "warned after_bridge.nothing"},
		{`{"module":"after_bridge","data":{"action":"park"}}`, "", "warned after_bridge.nothing"},
		{`{"module":"after_bridge","data":{}}`, "", "warned after_bridge.nothing"},
	} {
		all, j := caller(t, deps(nil), ada, chain(c.step))
		if len(all) != 1 || all[0].channel != c.channel || !strings.Contains(told(j), c.told) {
			t.Errorf("%s: %+v\n%s", c.step, all, told(j))
		}
	}
}

// TestCheckCID is the child that a caller's number takes, and who the caller
// is by then.
func TestCheckCID(t *testing.T) {
	const boss = `,"caller_id":{"external":{"name":"Boss","number":"1"}},"user_id":"u1"`
	for name, c := range map[string]struct {
		data     string
		children []string
		by       string
		want     seen
	}{
		"all":                    {`{}`, []string{"match", "nomatch", "_"}, "+14155550100", seen{at: "match"}},
		"all, nobody":            {`{}`, []string{"match", "nomatch", "_"}, "", seen{at: "match"}},
		"match":                  {`{"regex":"^\\+1415"}`, []string{"match", "nomatch", "_"}, "+14155550100", seen{at: "match"}},
		"anywhere":               {`{"regex":"555"}`, []string{"match", "nomatch", "_"}, "+14155550100", seen{at: "match"}},
		"match, no child":        {`{"regex":"^\\+1415"}`, []string{"nomatch", "_"}, "+14155550100", seen{at: "_"}},
		"nomatch":                {`{"regex":"^\\+1415"}`, []string{"match", "nomatch", "_"}, "+4930", seen{at: "nomatch"}},
		"nomatch, no child":      {`{"regex":"^\\+1415"}`, []string{"match", "_"}, "+4930", seen{at: "_"}},
		"absolute":               {`{"use_absolute_mode":true}`, []string{"match", "+4930", "_"}, "+4930", seen{at: "+4930"}},
		"absolute, no child":     {`{"use_absolute_mode":true}`, []string{"match", "_"}, "+4930", seen{at: "_"}},
		"absolute, nomatch":      {`{"use_absolute_mode":true,"regex":"^x"}`, []string{"+4930", "nomatch", "_"}, "+4930", seen{at: "nomatch"}},
		"becomes":                {`{"regex":"4930"` + boss + `}`, []string{"match", "_"}, "+4930", seen{"match", "Boss <1>", "Owner-ID=u1"}},
		"becomes, then _":        {`{"regex":"4930"` + boss + `}`, []string{"_"}, "+4930", seen{"_", "Boss <1>", "Owner-ID=u1"}},
		"becomes, absolute":      {`{"use_absolute_mode":true` + boss + `}`, []string{"+4930", "1", "_"}, "+4930", seen{"+4930", "Boss <1>", "Owner-ID=u1"}},
		"does not become":        {`{"regex":"415"` + boss + `}`, []string{"nomatch", "_"}, "+4930", seen{at: "nomatch"}},
		"becomes without a user": {`{"caller_id":{"external":{"name":"Boss","number":"1"}}}`, []string{"match"}, "+4930", seen{at: "match"}},
		"user without a name":    {`{"caller_id":{"external":{"number":"1"}},"user_id":"u1"}`, []string{"match"}, "+4930", seen{at: "match"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, j := caller(t, deps(nil), flow.Party{Name: "Joe", Number: c.by}, `{"module":"check_cid","data":`+c.data+`,"children":`+looks(c.children...)+`}`)
			if c.want.caller == "" {
				c.want.caller = "Joe <" + c.by + ">"
			}
			if len(all) != 1 || all[0] != c.want {
				t.Errorf("%+v, want %+v", all, c.want)
			}
			if d := of[event.Decided](j); len(d) != 1 || !strings.Contains(fmt.Sprint(d[0].Why), "matched by") {
				t.Errorf("decided %+v", d)
			}
		})
	}
}

// TestCheckCIDEmptyChild: match is only attempted, so that {}, which stored
// callflows may have, is not a way to go, as it is elsewhere.
func TestCheckCIDEmptyChild(t *testing.T) {
	p := fake.New(call.Info{ID: "c1"}, nil)
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	prog := program(`{"module":"check_cid","children":{"match":{},"_":{"module":"answer"}}}`)
	if err := e.Run(t.Context(), p, flow.Start{Program: prog}); err != nil || !strings.HasPrefix(p.Heard(), "answer|") {
		t.Errorf("%s, %v", p.Heard(), err)
	}
}

// TestCheckCIDKnown: the number is the caller's own, whatever is shown instead.
func TestCheckCIDKnown(t *testing.T) {
	all, _ := caller(t, deps(nil), ada, `{"module":"prepend_cid","data":{"caller_id_number_prefix":"9"},"children":{"_":{"module":"set_cid","data":{"caller_id_number":"5"},
		"children":{"_":{"module":"check_cid","data":{"regex":"^\\+1415"},"children":`+looks("match", "nomatch")+`}}}}}`)
	if len(all) != 1 || all[0].at != "match" {
		t.Errorf("%+v", all)
	}
}

// TestRegexRefused: an expression that cannot be read is a fault with its
// place, before any call, and at the latest in one.
func TestRegexRefused(t *testing.T) {
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for _, re := range []string{`(`, `(?=1)1`, `(.)\\1`} {
		prog := `{"module":"noop","children":{"_":{"module":"check_cid","data":{"regex":"` + re + `"}}}}`
		_, faults := e.Check(program(prog))
		if len(faults) != 1 || !strings.HasPrefix(faults.Error(), "children._.data.regex: Field is not in the correct format: ") || faults[0].Rule != "wrong_format" {
			t.Errorf("%s: %v", re, faults)
		}
	}
}

// TestKazoosKeys: each key that Kazoo publishes for these actions is there,
// with its type, default and values (spec/crossbar-api.md, appendix B).
func TestKazoosKeys(t *testing.T) {
	want := map[string]string{
		"after_bridge": `action:string{park,transfer,hangup} data:boolean|string`,
		"branch_variable": `scope:string="custom_channel_vars"{account,custom_channel_vars,device,merged,user} ` +
			`variable!:string|array=""`,
		"check_cid":      `caller_id:object regex:string=".*" use_absolute_mode:boolean=false user_id:string`,
		"cidlistmatch":   `id:string`,
		"lookupcidname":  `lists!:array=[]`,
		"prepend_cid":    `action:string="prepend"{reset,prepend} apply_to:string="current"{original,current} caller_id_name_prefix:string="" caller_id_number_prefix:string=""`,
		"route_to_cid":   `can_call_self:boolean can_text_self:boolean cid_types:array=["internal"] delay:integer=0 endpoint_types:array=[] static_invite:string suppress_clid:boolean timeout:integer=0`,
		"set_alert_info": `alert_info!:string`,
		"set_cid":        `caller_id_name:string="" caller_id_number:string=""`,
		"temporal_route": `action:string{menu,enable,disable,reset} interdigit_timeout:integer rule_set:string rules:array=[] timezone:string`,
	}
	for _, a := range actions.All(deps(nil)) {
		if w, ok := want[a.Name]; ok {
			if got := schemaLine(t, a); got != w {
				t.Errorf("%s has\n%s, want\n%s", a.Name, got, w)
			}
			delete(want, a.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// schemaLine is an action's schema in one line.
func schemaLine(t *testing.T, a flow.Action) string {
	t.Helper()
	type property struct {
		Type    string
		OneOf   []struct{ Type string } `json:"oneOf"`
		Default json.RawMessage
		Enum    []string
	}
	var s struct {
		Properties map[string]property
		Required   []string
	}
	if err := json.Unmarshal(a.Schema.JSON(), &s); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		if name == "skip_module" {
			continue
		}
		line := name
		if slices.Contains(s.Required, name) {
			line += "!"
		}
		for i, one := range p.OneOf {
			p.Type += strings.Repeat("|", min(i, 1)) + one.Type
		}
		line += ":" + p.Type
		if len(p.Default) > 0 {
			line += "=" + string(p.Default)
		}
		if len(p.Enum) > 0 {
			line += "{" + strings.Join(p.Enum, ",") + "}"
		}
		all = append(all, line)
	}
	return strings.Join(all, " ")
}
