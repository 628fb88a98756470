package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

var setVariable = flow.Define(flow.Def[variableData]{
	Name:     "set_variable",
	Silent:   true,
	Summary:  "Sets a variable that the system itself knows.",
	Doc:      "For variables of your own use `set_variables`.",
	Default:  variableData{Channel: "a"},
	Examples: []flow.Example{{Says: "An urgent call.", Data: `{"variable": "call_priority", "value": "10"}`}},
	Run: func(_ context.Context, s *flow.Session, d variableData) (flow.Next, error) {
		name := map[string]string{"call_priority": "Call-Priority", "group_id": "Group-ID"}[d.Variable]
		s.Channel[name] = d.Value
		if d.Channel == "both" {
			s.Exported[name] = true
		}
		s.Add(event.Set{Name: name, Value: d.Value})
		return flow.Next{}, nil
	},
})

type variableData struct {
	Variable string `json:"variable" jsonschema:"required,enum=call_priority,enum=group_id" jsonschema_description:"Which variable."`
	Value    string `json:"value" jsonschema_description:"Its value."`
	Channel  string `json:"channel" jsonschema:"enum=a,enum=both" jsonschema_description:"Of this call (a), or also of those it dials (both)."`
	flow.Skip
}

var setVariables = flow.Define(flow.Def[variablesData]{
	Name:    "set_variables",
	Silent:  true,
	Summary: "Sets variables of your own.",
	Doc: "They are sent with every webhook from here on. Numbers and booleans become their text, null deletes a " +
		"variable, and lists and objects become JSON.",
	Examples: []flow.Example{
		{Says: "Who is calling.", Data: `{"custom_application_vars": {"customer": "4711", "vip": true}}`},
	},
	Run: func(_ context.Context, s *flow.Session, d variablesData) (flow.Next, error) {
		if err := (variables{s.Vars, "the call's variables"}).take(s, d.Vars); err != nil {
			return flow.Next{}, err
		}
		for name := range d.Vars {
			if _, there := s.Vars[name]; !there {
				delete(s.Exported, name)
			} else if d.Export {
				s.Exported[name] = true
			}
		}
		return flow.Next{}, nil
	},
})

type variablesData struct {
	Vars   map[string]json.RawMessage `json:"custom_application_vars" jsonschema:"required,default={}" jsonschema_description:"The variables and their values."`
	Export bool                       `json:"export,omitempty" jsonschema_description:"Also for the calls that this one dials."`
	flow.Skip
}

// maxVars bounds the variables of a call, names and values, in bytes.
const maxVars = 64 << 10

// size is what variables come to with more of them, at most.
func size(all map[string]string, more map[string]json.RawMessage) (n int) {
	for name, value := range all {
		n += len(name) + len(value)
	}
	for name, value := range more {
		n += len(name) + len(value)
	}
	return n
}

// full is why variables were not set.
func full(what string) error {
	return flow.Fail("variables.full", fmt.Errorf("%s would be more than %d bytes", what, maxVars))
}

// text is a JSON value as a variable's text.
func text(value json.RawMessage) (s string, isNull bool) {
	if json.Unmarshal(value, &s) == nil && !bytes.Equal(value, []byte("null")) {
		return s, false
	}
	if bytes.Equal(value, []byte("null")) {
		return "", true
	}
	var out bytes.Buffer
	if json.Compact(&out, value) != nil {
		return string(value), false
	}
	return out.String(), false
}
