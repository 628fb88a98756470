// Package schema reads a JSON schema off a Go struct and holds data to it.
// Actions and API resources both use it, so that validation, published
// schemas, docs and OpenAPI come from one declaration. The rules and messages
// are Kazoo's (spec/crossbar-api.md section 1.6).
package schema

import (
	"maps"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
)

// Fault is one thing wrong in a document: where, which rule, and what it says.
//
//nolint:errname // the API's word for it
type Fault struct {
	Path    []string       // keys and 0-based indexes from the root
	Rule    string         // "required", "type", "minLength" …: the rule key of the API
	Message string         // for people
	Extra   map[string]any // what goes beside the message: value, target, cause …
}

func (f Fault) Error() string { return f.Dotted() + ": " + f.Message }

// Dotted is the path as the API shows it: "flow.data.voice_url", with a
// literal "." inside a key as "%2E".
func (f Fault) Dotted() string {
	parts := make([]string, len(f.Path))
	for i, p := range f.Path {
		parts[i] = strings.ReplaceAll(p, ".", "%2E")
	}
	return strings.Join(parts, ".")
}

// Faults is everything wrong with a document. It is an error when it is not
// empty; return it through Err.
//
//nolint:errname // the API's word for it
type Faults []Fault

func (f Faults) Error() string {
	all := make([]string, len(f))
	for i := range f {
		all[i] = f[i].Error()
	}
	return strings.Join(all, "; ")
}

// Err is f as an error, nil if there is none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Under is the same faults, of a document that lies at path in a larger one.
func (f Faults) Under(path ...string) Faults {
	out := make(Faults, len(f))
	for i := range f {
		out[i] = f[i]
		out[i].Path = append(append([]string(nil), path...), f[i].Path...)
	}
	return out
}

// And is f, and of more what f does not say already: that at one path the same
// rule is broken.
func (f Faults) And(more Faults) Faults {
	out := slices.Clone(f)
	for _, m := range more {
		if !slices.ContainsFunc(f, func(o Fault) bool { return o.Rule == m.Rule && slices.Equal(o.Path, m.Path) }) {
			out = append(out, m)
		}
	}
	return out
}

// Facts is the faults as a timeline shows them.
func (f Faults) Facts() []event.Fault {
	out := make([]event.Fault, len(f))
	for i := range f {
		out[i] = event.Fault{Path: f[i].Dotted(), Rule: f[i].Rule, Message: f[i].Message}
		out[i].Line, _ = f[i].Extra["line"].(int)
		out[i].Column, _ = f[i].Extra["column"].(int)
	}
	return out
}

// API is the faults as an answer of the REST API shows them:
//
//	{"flow.data.voice_url": {"minLength": {"message": "…", "target": 1, "value": ""}}}
//
// What has no path is about the whole document, and is under "json".
func (f Faults) API() map[string]map[string]map[string]any {
	out := map[string]map[string]map[string]any{}
	for i := range f {
		at := f[i].Dotted()
		if at == "" {
			at = "json"
		}
		if out[at] == nil {
			out[at] = map[string]map[string]any{}
		}
		rule := map[string]any{"message": f[i].Message}
		maps.Copy(rule, f[i].Extra)
		out[at][f[i].Rule] = rule
	}
	return out
}
