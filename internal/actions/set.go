package actions

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// anyData is data with keys of the callflow's own.
type anyData struct {
	Values map[string]json.RawMessage `json:"-"`
	flow.Skip
}

// UnmarshalJSON takes every key but the one that all actions have.
func (d *anyData) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &d.Values); err != nil {
		return err
	}
	delete(d.Values, "skip_module")
	return nil
}

// set is Kazoo's set (spec section 6): what the call needs of the agent who
// takes it.
var set = flow.Define(flow.Def[anyData]{
	Name:    "set",
	Silent:  true,
	Summary: "Sets what the call asks of an agent.",
	Doc: "Every key of the data becomes a variable of the call, as with `set_variables`: it is sent with every webhook " +
		"from here on, among `Custom-Application-Vars`. Numbers and booleans become their text, null deletes a " +
		"variable, and lists and objects become JSON.",
	Examples: []flow.Example{
		{Says: "An agent who speaks Spanish and knows billing.", Data: `{"language": "es", "skills": ["billing"]}`},
	},
	Run: func(_ context.Context, s *flow.Session, d anyData) (flow.Next, error) {
		return flow.Next{}, variables{s.Vars, "the call's variables"}.take(s, d.Values)
	},
})

// kvsSet is kvs_set of those Kazoo systems that have it.
var kvsSet = flow.Define(flow.Def[anyData]{
	Name:    "kvs_set",
	Silent:  true,
	Summary: "Keeps values under keys, for webhooks and for later.",
	Doc: "Every key of the data is kept in the call's own store of keys and values, which is sent with every webhook " +
		"from here on as `Custom-KVS[key]`. `$_digits` is what was collected, `$_digits[name]` what was collected " +
		"under that name, and `$key` what is kept under another key; so is the `value` of an object that has only " +
		"`type` and `value`. Numbers and booleans become their text, null deletes a key, and lists and objects become JSON.",
	Examples: []flow.Example{
		{Says: "Where the caller comes from.", Data: `{"campaign": "spring", "priority": 3}`},
		{Says: "What the caller has typed.", Data: `{"customer": "$_digits[customer]"}`},
	},
	Check: func(d anyData) schema.Faults {
		if mode, ok := d.Values["kvs_mode"]; ok {
			return schema.Faults{{
				Path: []string{"kvs_mode"}, Rule: "error", Message: "kvs_mode is not supported: values are sent as Custom-KVS",
				Extra: map[string]any{"value": string(mode)},
			}}
		}
		return nil
	},
	Run: func(_ context.Context, s *flow.Session, d anyData) (flow.Next, error) {
		out := make(map[string]json.RawMessage, len(d.Values))
		for key, value := range d.Values {
			out[key] = meant(s, value)
		}
		return flow.Next{}, variables{s.KVS, "the call's keys and values"}.take(s, out)
	},
})

// meant is a value of kvs_set with what it refers to.
func meant(s *flow.Session, value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) == nil {
		if found, ok := referred(s, text); ok {
			value, _ = json.Marshal(found) // a string can always be written
		}
		return value
	}
	var typed map[string]json.RawMessage
	if json.Unmarshal(value, &typed) != nil || len(typed) != 2 || typed["type"] == nil || typed["value"] == nil {
		return value
	}
	typed["value"] = meant(s, typed["value"])
	value, _ = json.Marshal(typed) // it was read from JSON
	return value
}

// referred is what $_digits, $_digits[name] and $key stand for, and whether
// text is one of them.
func referred(s *flow.Session, text string) (string, bool) {
	key, ok := strings.CutPrefix(text, "$")
	if !ok {
		return "", false
	}
	if key == "_digits" {
		return s.Collection(flow.Default), true
	}
	if name, ok := strings.CutPrefix(key, "_digits["); ok && strings.HasSuffix(name, "]") {
		return s.Collection(strings.TrimSuffix(name, "]")), true
	}
	return s.KVS[key], true
}

// variables are names and values of a call.
type variables struct {
	all  map[string]string
	what string // they are, for people
}

// take gives some of them new values, null deleting one, or leaves them all
// as they are if they would become too many.
func (v variables) take(s *flow.Session, values map[string]json.RawMessage) error {
	if size(v.all, values) > maxVars {
		return full(v.what)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, isNull := text(values[name])
		if isNull {
			delete(v.all, name)
		} else {
			v.all[name] = value
		}
		s.Add(event.Set{Name: name, Value: value})
	}
	return nil
}
