package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

func branchVariable(docs documents.Library) flow.Action {
	return flow.Define(flow.Def[variableBranchData]{
		Name:    "branch_variable",
		Silent:  true,
		Summary: "Branches by the value of a variable.",
		Doc: "Takes the child that is named like the value, else `_`. `scope` says where the variable is: in the call's " +
			"channel variables and, where there is none of that name, in those of your own that `set_variables`, `set` or " +
			"`kvs_set` set (`custom_channel_vars`); in the document of the account; in that of the device which the call is " +
			"made by; in that of the first user who took that over, else of its owner (`user`); or in these three together " +
			"(`merged`), where the user's value comes before the device's and that before the account's (`call_waiting` of " +
			"the device comes first, so does `caller_id` where the account says `prefer_device_caller_id`, `do_not_disturb` " +
			"is any of them), and then in the variables. Until phones can register no call is made by a device: `device` " +
			"takes `_`, `user` knows only a user that `check_cid` gave, and `merged` the variables and that user.\n\n" +
			"Names are compared in lower case, with `_` for `-`. A list is a way into objects: `[\"caller_id\", \"internal\", " +
			"\"number\"]`. Numbers, true and false are compared as text. Objects and lists have no child.",
		Default:  variableBranchData{Scope: scopeChannel},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "By the priority that set_variable gave.", Data: `{"variable": "call_priority"}`},
			{Says: "By the account's language.", Data: `{"variable": "language", "scope": "account"}`},
			{
				Says: "By the number that a user shows.",
				Data: `{"variable": ["caller_id", "internal", "number"], "scope": "user"}`,
			},
		},
		Check: variableBranchData.check,
		Run: func(ctx context.Context, s *flow.Session, d variableBranchData) (flow.Next, error) {
			v, err := scopes{docs, s}.find(ctx, d.Scope, d.path())
			if err != nil {
				return flow.Next{}, flow.Fail("variable.unreadable", err)
			}
			return d.branch(s, v), nil
		},
	})
}

// The scopes of variables.
const (
	scopeAccount = "account"
	scopeChannel = "custom_channel_vars"
	scopeDevice  = "device"
	scopeMerged  = "merged"
	scopeUser    = "user"
)

type variableBranchData struct {
	Variable any    `json:"variable" jsonschema:"required,default=,oneof_type=string;array" jsonschema_description:"The variable's name, or the way to it: a list of names."`
	Scope    string `json:"scope" jsonschema:"enum=account,enum=custom_channel_vars,enum=device,enum=merged,enum=user" jsonschema_description:"Where it is looked for."`
	flow.Skip
}

func (d variableBranchData) check() schema.Faults {
	list, _ := d.Variable.([]any)
	for i, part := range list {
		if _, ok := part.(string); !ok {
			return schema.Faults{{
				Path: []string{"variable", fmt.Sprint(i)}, Rule: "type", Message: "Value did not match type(s): string",
				Extra: map[string]any{"target": "string", "value": part},
			}}
		}
	}
	return nil
}

// path is the way to the variable, normalised.
func (d variableBranchData) path() (path []string) {
	switch v := d.Variable.(type) {
	case string:
		path = []string{normal(v)}
	case []any:
		for _, part := range v {
			text, _ := part.(string) // check lets no other in
			path = append(path, normal(text))
		}
	}
	return path
}

// normal is a name as it is compared.
func normal(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// branch is the way for a value.
func (d variableBranchData) branch(s *flow.Session, v any) flow.Next {
	name := strings.Join(d.path(), ".")
	value, ok := scalar(v)
	if !ok {
		decided(s, "", fmt.Sprintf("%q has no value in %s", name, d.Scope))
		return flow.Next{}
	}
	shown, _ := json.Marshal(map[string]string{d.path()[len(d.path())-1]: value}) // strings can always be written
	why := fmt.Sprintf("in %s: %s", d.Scope, event.Mask(shown))
	if !slices.Contains(s.Branches(), value) {
		decided(s, "", why, "there is no child of that name")
		return flow.Next{}
	}
	decided(s, value, why)
	return flow.Take(value)
}

// scalar is a value as text; lists, objects and nothing are none.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

// scopes finds what a call and its account know.
type scopes struct {
	docs documents.Library
	s    *flow.Session
}

// find is the value at path in a scope, nil if there is none.
func (v scopes) find(ctx context.Context, scope string, path []string) (any, error) {
	if len(path) == 0 {
		return nil, nil
	}
	if scope == scopeChannel {
		return v.own(path), nil
	}
	account, err := account(ctx, v.s, v.docs)
	if err != nil || scope == scopeAccount {
		return valueAt(account, path), err
	}
	device, user, err := v.endpoint(ctx)
	switch {
	case err != nil:
		return nil, err
	case scope == scopeDevice:
		return valueAt(device, path), nil
	case scope == scopeUser:
		return valueAt(user, path), nil
	case device != nil || user != nil:
		if found := merged(account, device, user, path); found != nil {
			return found, nil
		}
	}
	return v.own(path), nil
}

// own is a variable of the call: Kazoo's own before those of the account, and
// these before what kvs_set keeps.
func (v scopes) own(path []string) any {
	for _, all := range []map[string]string{v.s.Channel, v.s.Vars, v.s.KVS} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			switch {
			case normal(name) != path[0]:
			case len(path) == 1:
				return all[name]
			default: // set_variables keeps objects as JSON
				if o, err := resource.ParseObject([]byte(all[name])); err == nil {
					return valueAt(o, path[1:])
				}
			}
		}
	}
	return nil
}

// endpoint is the device that the call is made by, and the user whose call it
// is; nil where there is none.
func (v scopes) endpoint(ctx context.Context) (device, user resource.Object, err error) {
	kind, id := v.s.Authorizing()
	owner := v.s.Owner()
	switch kind {
	case "device", "mobile":
		if device, err = v.document(ctx, documents.Devices.Type, id); err != nil {
			return nil, nil, err
		}
		if owner == "" {
			owner = ownerOf(device)
		}
	case "user":
		if owner == "" {
			owner = id
		}
	}
	if owner == "" {
		return device, nil, nil
	}
	user, err = v.document(ctx, documents.Users.Type, owner)
	return device, user, err
}

// ownerOf is the user whose device it is: who took it over, by id the first,
// before whom it belongs to (section 5.1).
func ownerOf(device resource.Object) string {
	hotdesk, _ := device["hotdesk"].(resource.Object)
	users, _ := hotdesk["users"].(resource.Object)
	for _, id := range slices.Sorted(maps.Keys(users)) {
		return id
	}
	return resource.Text(device, "owner_id")
}

// document is what is public of one of the account; nil where there is none.
func (v scopes) document(ctx context.Context, kind, id string) (resource.Object, error) {
	o, err := v.docs.Public(ctx, v.s.Account, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return o, err
}

// valueAt is the value at path in an object, nil if there is none.
func valueAt(o resource.Object, path []string) any {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if normal(name) != path[0] {
			continue
		}
		if len(path) == 1 {
			return o[name]
		}
		inner, _ := o[name].(resource.Object)
		return valueAt(inner, path[1:])
	}
	return nil
}

// merged is the value at path of an endpoint (section 5.1): of the documents
// that it is made of, the first that says something.
func merged(account, device, user resource.Object, path []string) any {
	order := []resource.Object{user, device, account}
	switch path[0] {
	case "call_waiting":
		order = []resource.Object{device, user, account}
	case "caller_id":
		if account["prefer_device_caller_id"] == true || len(path) > 1 && path[1] == "emergency" {
			order = []resource.Object{device, user, account}
		}
	case "name":
		if name := strings.TrimSpace(resource.Text(user, "first_name") + " " + resource.Text(user, "last_name")); name != "" {
			return name
		}
	case "do_not_disturb":
		for _, o := range order {
			if found := valueAt(o, path); found == true {
				return true
			}
		}
	}
	for _, o := range order {
		if found := valueAt(o, path); found != nil && found != "" {
			return found
		}
	}
	return nil
}
