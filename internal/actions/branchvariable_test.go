package actions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

const (
	adaID = "2b1f0e9d8c7b6a594837261504f3e2d1"
	bobID = "3c2b1f0e9d8c7b6a594837261504f3e2"
)

// endpoints are dependencies with an account, two users and two devices.
func endpoints(t *testing.T) actions.Deps {
	t.Helper()
	d := deps(nil)
	for key, text := range map[store.Key]string{
		{Type: "account", ID: "acme"}: `{"name": "Acme", "language": "de-de", "Plan-Name": "gold", "timezone": "UTC",
			"call_waiting": {"enabled": false}, "do_not_disturb": {"enabled": false}, "pvt_api_key": "hidden",
			"caller_id": {"internal": {"name": "Acme", "number": "100"}, "external": {"number": "+1"}}}`,
		{Account: "acme", Type: "user", ID: adaID}: `{"first_name": "Ada", "last_name": "L", "language": "",
			"caller_id": {"internal": {"number": "201"}}, "call_waiting": {"enabled": true}, "do_not_disturb": {"enabled": false}}`,
		{Account: "acme", Type: "user", ID: bobID}: `{"first_name": "Bob", "last_name": "B", "vip": true, "level": 3}`,
		{Account: "acme", Type: "device", ID: "d1"}: `{"name": "Desk", "owner_id": "` + adaID + `", "language": "fr-fr",
			"caller_id": {"internal": {"number": "301"}, "emergency": {"number": "911"}},
			"call_waiting": {"enabled": false}, "do_not_disturb": {"enabled": true}, "sip": {"password": "s3cr3t"}}`,
		{Account: "acme", Type: "device", ID: "d2"}: `{"name": "Lobby", "owner_id": "` + adaID + `",
			"hotdesk": {"users": {"` + bobID + `": {}}}}`,
	} {
		if _, err := d.Documents.Docs.Put(t.Context(), store.Doc{Key: key, JSON: json.RawMessage(text)}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// by makes a call one by a device, with some variables.
func by(kind, id string) func(*flow.Session) {
	return func(s *flow.Session) {
		s.Channel["Call-Priority"], s.Channel["Odd-One"] = "10", ""
		maps.Copy(s.Vars, map[string]string{"Customer-Level": "7", "call_priority": "mine", "crm": `{"Card": {"n": 5, "list": [1]}}`})
		if kind != "" {
			s.Channel[flow.AuthorizingType], s.Channel[flow.AuthorizingID] = kind, id
		}
	}
}

// TestBranchVariable is the child that each scope's values take.
func TestBranchVariable(t *testing.T) {
	device, hotdesk, user, nobody := by("device", "d1"), by("mobile", "d2"), by("user", bobID), by("", "")
	for _, c := range []struct {
		who   func(*flow.Session)
		scope string
		name  string // JSON
		want  string // the child; _ for none
	}{
		{nobody, "", `"call_priority"`, "10"},
		{nobody, "", `"Call-Priority"`, "10"},
		{nobody, "custom_channel_vars", `["CALL-priority"]`, "10"},
		{nobody, "", `"customer_level"`, "7"},
		{nobody, "", `["crm","card","n"]`, "5"},
		{nobody, "", `["crm","card","list"]`, "_"},
		{nobody, "", `["crm","card"]`, "_"},
		{nobody, "", `["customer_level","x"]`, "_"},
		{nobody, "", `"odd_one"`, "_"},
		{nobody, "", `"nothing"`, "_"},
		{nobody, "", `""`, "_"},
		{nobody, "", `[]`, "_"},
		{nobody, "account", `"plan_name"`, "gold"},
		{nobody, "account", `["caller_id","internal","number"]`, "100"},
		{nobody, "account", `["number","internal","caller_id"]`, "_"}, // Kazoo's way
		{nobody, "account", `"caller_id"`, "_"},
		{nobody, "account", `["call_waiting","enabled"]`, "false"},
		{nobody, "account", `"pvt_api_key"`, "_"},
		{nobody, "account", `"call_priority"`, "_"},
		{nobody, "device", `"name"`, "_"},
		{nobody, "user", `"first_name"`, "_"},
		{nobody, "merged", `"language"`, "_"},
		{nobody, "merged", `"call_priority"`, "10"},
		{device, "device", `"name"`, "Desk"},
		{device, "device", `["caller_id","internal","number"]`, "301"},
		{device, "user", `"first_name"`, "Ada"},
		{device, "user", `"name"`, "_"},
		{device, "merged", `"name"`, "Ada L"},
		{device, "merged", `["caller_id","internal","number"]`, "201"},
		{device, "merged", `["caller_id","internal","name"]`, "Acme"},
		{device, "merged", `["caller_id","emergency","number"]`, "911"},
		{device, "merged", `["call_waiting","enabled"]`, "false"},
		{device, "merged", `["do_not_disturb","enabled"]`, "true"},
		{device, "merged", `"language"`, "fr-fr"}, // an empty value is none
		{device, "merged", `"timezone"`, "UTC"},
		{device, "merged", `"call_priority"`, "10"},
		{hotdesk, "user", `"vip"`, "true"},
		{hotdesk, "user", `"level"`, "3"},
		{user, "user", `"first_name"`, "Bob"},
		{user, "device", `"name"`, "_"},
		{by("device", "gone"), "device", `"name"`, "_"},
		{by("device", "gone"), "user", `"name"`, "_"},
		{by("account", "acme"), "device", `"name"`, "_"},
	} {
		data := fmt.Sprintf(`{"variable":%s}`, c.name)
		if c.scope != "" {
			data = fmt.Sprintf(`{"variable":%s,"scope":%q}`, c.name, c.scope)
		}
		children := looks("10", "7", "5", "gold", "100", "false", "true", "Desk", "301", "Ada", "Ada L", "201", "Acme", "911",
			"fr-fr", "UTC", "3", "Bob", "hidden", "de-de", "mine", "_")
		all, j := caller(t, endpoints(t), ada, `{"module":"branch_variable","data":`+data+`,"children":`+children+`}`, c.who)
		if len(all) != 1 || all[0].at != c.want || len(of[event.Failed](j)) != 0 || len(of[event.Decided](j)) != 1 {
			t.Errorf("%s: %+v, want %s\n%+v", data, all, c.want, of[event.Decided](j))
		}
	}
}

// TestBranchVariableOwner: a user that check_cid gave a call is its user.
func TestBranchVariableOwner(t *testing.T) {
	all, _ := caller(t, endpoints(t), ada, `{"module":"check_cid","data":{"user_id":"`+bobID+`","caller_id":{"external":{"name":"Bob","number":"2"}}},
		"children":{"match":{"module":"branch_variable","data":{"variable":"first_name","scope":"user"},"children":`+looks("Bob", "Ada", "_")+`}}}`, by("device", "d1"))
	if len(all) != 1 || all[0].at != "Bob" {
		t.Errorf("%+v", all)
	}
}

// TestBranchVariablePrefersDevice is an account that wants it so.
func TestBranchVariablePrefersDevice(t *testing.T) {
	d := endpoints(t)
	key := store.Key{Type: "account", ID: "acme"}
	doc, err := d.Documents.Docs.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	doc.JSON = json.RawMessage(`{"prefer_device_caller_id": true}`)
	if _, err := d.Documents.Docs.Put(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	all, _ := caller(t, d, ada, `{"module":"branch_variable","data":{"scope":"merged","variable":["caller_id","internal","number"]},"children":`+
		looks("201", "301")+`}`, by("device", "d1"))
	if len(all) != 1 || all[0].at != "301" {
		t.Errorf("%+v", all)
	}
}

// TestBranchVariableTold: what is secret by its name is not on the timeline,
// and a value that has no child is.
func TestBranchVariableTold(t *testing.T) {
	for data, want := range map[string]string{
		`{"scope":"device","variable":["sip","password"]}`: `[in device: {"password":"xxxxx"} there is no child of that name]`,
		`{"scope":"account","variable":"plan-name"}`:       `[in account: {"plan_name":"gold"} there is no child of that name]`,
		`{"scope":"account","variable":"nothing"}`:         `["nothing" has no value in account]`,
	} {
		_, j := caller(t, endpoints(t), ada, `{"module":"branch_variable","data":`+data+`}`, by("device", "d1"))
		if d := of[event.Decided](j); len(d) != 1 || fmt.Sprint(d[0].Why) != want || d[0].Branch != "" {
			t.Errorf("%s: %v", data, d)
		}
	}
}

// TestBranchVariableSick: a store that fails is told, and not taken for one
// that has no value.
func TestBranchVariableSick(t *testing.T) {
	for _, kind := range []string{"account", "device", "user"} {
		d := endpoints(t)
		d.Documents.Docs = sick{d.Documents.Docs, kind, ""}
		all, j := caller(t, d, ada, `{"module":"branch_variable","data":{"scope":"merged","variable":"name"},"children":`+looks("error", "_")+`}`, by("device", "d1"))
		if len(all) != 1 || all[0].at != "error" || !slices.Contains(strings.Split(told(j), "\n"), "failed variable.unreadable") {
			t.Errorf("%s: %+v\n%s", kind, all, told(j))
		}
	}
}

// TestBranchVariableRefused is data that no call is to meet.
func TestBranchVariableRefused(t *testing.T) {
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for data, want := range map[string]string{
		`{"variable":5}`:                        "data.variable: Value did not match type(s): string, array",
		`{"variable":["a",{"b":1}]}`:            "data.variable.1: Value did not match type(s): string",
		`{"variable":"a","scope":"everywhere"}`: "data.scope: Value not found in enumerated list of values",
	} {
		if _, faults := e.Check(program(`{"module":"branch_variable","data":` + data + `}`)); len(faults) != 1 || !strings.HasPrefix(faults.Error(), want) {
			t.Errorf("%s: %v", data, faults)
		}
	}
}
