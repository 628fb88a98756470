package openapi_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kazooSchemas are the facts of Kazoo's schemas, a schema to a line: its name,
// and after a tab "path:type=default limits" of each key. A path's [] is an
// item, and <re> any key; "!" is required, {a,b} an enum, /re/ a pattern.
//
//go:embed testdata/kazoo-schemas.txt
var kazooSchemas string

// onPurpose is where ours differ from Kazoo's, and why.
var onPurpose = map[string]string{
	"metaflow children.</.+/>":                    "a step holds itself, which is checked step by step",
	"metaflows.callflow flow":                     "only that it is an object: a flow is checked when it runs",
	"call_recordings noextra":                     "ours have more keys than Kazoo's",
	"api_auth api_key":                            "keys may be chosen, of 16 characters at least",
	"phone_numbers create_with_state":             "numbers are in service, or not there",
	"callflows.audio_macro macros":                "Kazoo's default breaks Kazoo's own limit",
	"callflows.branch_variable variable":          "a list of names reaches nested values too",
	"callflows.manual_presence presence_id":       "what the callflow's pattern captured stands in",
	"callflows.pivot voice_url":                   "URLs may be relative in answers; the URL guard says what is none",
	"callflows.record_call action":                "mask and unmask as well",
	"callflows.record_call url":                   "URLs may be relative in answers; the URL guard says what is none",
	"callflows.route_to_cid cid_types":            "none is all, as Kazoo's code has it",
	"callflows.tts engine":                        "ours are other engines",
	"callflows.missed_call_alert recipients[].id": "the id of a user is no address; addresses are held to be some",
	"callflows.notification recipients[].id":      "the id of a user is no address; addresses are held to be some",
}

// TestKazooSchemas holds every schema that is published, and is Kazoo's too,
// to Kazoo's keys, types, defaults and limits.
func TestKazooSchemas(t *testing.T) {
	s := sample(t)
	ours := map[string]map[string]any{}
	for name, raw := range s.Schemas {
		var one map[string]any
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		ours[name] = one
	}
	used := map[string]bool{}
	held := 0
	for line := range strings.Lines(kazooSchemas) {
		head, facts, _ := strings.Cut(strings.TrimSpace(line), "\t")
		name, noextra, _ := strings.Cut(head, " ")
		schema, there := ours[name]
		if !there {
			if strings.Count(name, ".") != 1 || !strings.HasPrefix(name, "callflows.") { // actions come one by one
				t.Errorf("%s is not published", name)
			}
			continue
		}
		held++
		if open := name + " noextra"; noextra != "" && schema["additionalProperties"] != false {
			if used[open] = onPurpose[open] != ""; !used[open] {
				t.Errorf("%s takes keys that it does not know", name)
			}
		}
		for _, fact := range splitFacts(facts) {
			path, differs := holds(schema, fact, ours)
			at := name + " " + path
			_, known := onPurpose[at]
			used[at] = used[at] || known && differs != ""
			if differs != "" && !known {
				t.Errorf("%s: %s (Kazoo: %s)", at, differs, fact)
			}
		}
	}
	for at := range onPurpose {
		if _, there := ours[strings.Fields(at)[0]]; there && !used[at] {
			t.Errorf("%s does not differ any more", at)
		}
	}
	if held < 70 {
		t.Errorf("only %d schemas were held to Kazoo's", held)
	}
}

// splitFacts parts a line at the semicolons.
func splitFacts(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "; ")
}

// fact is "path!:type=default limits".
var fact = regexp.MustCompile(`^((?:<[^>]*>|</.*?/>|[^:!<])+)(!?):(.*)$`)

// holds says where a fact is of, and how a schema differs from it.
func holds(schema map[string]any, text string, all map[string]map[string]any) (path, differs string) {
	m := fact.FindStringSubmatch(text)
	if m == nil {
		return text, "cannot be read"
	}
	path = m[1]
	parent, node, key := schema, schema, ""
	for _, step := range steps(path) {
		parent, key = node, step
		if node = into(node, step); node == nil {
			return path, "is missing"
		}
	}
	if m[2] != "" {
		required, _ := parent["required"].([]any)
		if !slices.Contains(required, any(key)) {
			return path, "is not required"
		}
	}
	return path, differ(node, m[3], all)
}

// steps are the keys of a path; "[]" and "<>" are steps of their own.
func steps(path string) []string {
	var out []string
	for path != "" {
		switch {
		case strings.HasPrefix(path, "</"):
			end := strings.Index(path, "/>") + 2
			out, path = append(out, path[:end]), path[end:]
		case strings.HasPrefix(path, "<"):
			end := strings.Index(path, ">") + 1
			out, path = append(out, "<>"), path[end:]
		case strings.HasPrefix(path, "[]"):
			out, path = append(out, "[]"), path[2:]
		case strings.HasPrefix(path, "."):
			path = path[1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			out, path = append(out, path[:end]), path[end:]
		}
	}
	return out
}

// into is the schema of a step below another.
func into(node map[string]any, step string) map[string]any {
	get := func(key string) map[string]any { m, _ := node[key].(map[string]any); return m }
	var next map[string]any
	switch {
	case step == "[]":
		next = get("items")
	case step == "<>":
		next = get("additionalProperties")
	case strings.HasPrefix(step, "</"):
		for _, v := range get("patternProperties") {
			next, _ = v.(map[string]any)
		}
	default:
		next, _ = get("properties")[step].(map[string]any)
	}
	return next
}

var (
	kinds = map[string]string{
		"str": "string", "int": "integer", "bool": "boolean", "num": "number", "obj": "object", "arr": "array",
	}
	kindOf = regexp.MustCompile(`^(str|int|bool|num|obj|arr)`)
	oneOf  = regexp.MustCompile(`(?:oneOf|anyOf)\[((?:[^\[\]]|\[[^\]]*\])*)\]`)
	ofItem = regexp.MustCompile(` of (str|int|obj|\?)(?:\((.*)\))?$`)
	bounds = regexp.MustCompile(`(len|items|)(>=|<=)(-?[0-9.]+)`)
	enums  = regexp.MustCompile(`\{([^{}]+)\}`)
)

// differ says how a schema differs from the rest of a fact.
func differ(node map[string]any, rest string, all map[string]map[string]any) string {
	rest = strings.TrimSpace(strings.ReplaceAll(rest, "★", ""))
	if name, ok := strings.CutPrefix(rest, "→"); ok {
		other, there := all[name]
		if ref := node["$ref"]; !there || ref == name || reflect.DeepEqual(bare(node), bare(other)) {
			return ""
		}
		return "is not as " + name
	}
	if m := ofItem.FindStringSubmatch(rest); m != nil {
		items, _ := node["items"].(map[string]any)
		if m[1] != "?" && items["type"] != kinds[m[1]] {
			return fmt.Sprintf("has items of %v", items["type"])
		}
		if d := limits(items, m[2]); d != "" {
			return "items: " + d
		}
		rest = strings.TrimSuffix(rest, m[0])
	}
	if m := oneOf.FindStringSubmatch(rest); m != nil {
		rest = strings.Replace(rest, m[0], "", 1)
		if d := formsDiffer(node, m[1]); d != "" {
			return d
		}
	} else if m := kindOf.FindString(rest); m != "" {
		if node["type"] != kinds[m] {
			return fmt.Sprintf("is of type %v", node["type"])
		}
		rest = rest[len(m):]
	}
	rest, d := defaults(node, rest)
	if d != "" {
		return d
	}
	return limits(node, rest)
}

// formsDiffer compares what a value may be one of.
func formsDiffer(node map[string]any, want string) string {
	forms, _ := node["oneOf"].([]any)
	more, _ := node["anyOf"].([]any)
	for w := range strings.SplitSeq(want, "/") {
		kind := kindOf.FindString(w)
		if kind == "" {
			continue // another schema
		}
		i := slices.IndexFunc(append(forms, more...), func(f any) bool {
			form, _ := f.(map[string]any)
			return form["type"] == kinds[kind]
		})
		if i < 0 {
			return "cannot be of type " + kind
		}
		form, _ := append(forms, more...)[i].(map[string]any)
		if d := limits(form, w[len(kind):]); d != "" {
			return kind + ": " + d
		}
	}
	return ""
}

// defaults compares the default that a fact begins with, and is the rest.
func defaults(node map[string]any, rest string) (left, differs string) {
	text, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return rest, ""
	}
	if after, all := strings.CutPrefix(text, "[all 12 DTMF]"); all {
		keys, _ := node["default"].([]any)
		if len(keys) != 12 {
			return "", fmt.Sprintf("has the default %v", keys)
		}
		return after, ""
	}
	d := json.NewDecoder(strings.NewReader(text))
	var want any
	if err := d.Decode(&want); err != nil {
		return "", "has a default that cannot be read: " + text
	}
	if !reflect.DeepEqual(node["default"], want) {
		return "", fmt.Sprintf("has the default %v", node["default"])
	}
	return text[d.InputOffset():], ""
}

// limits compares enums, lengths and the like.
func limits(node map[string]any, rest string) string {
	for _, m := range bounds.FindAllStringSubmatch(rest, -1) {
		key := map[string]string{
			"len>=": "minLength", "len<=": "maxLength", "items>=": "minItems", "items<=": "maxItems",
			">=": "minimum", "<=": "maximum",
		}[m[1]+m[2]]
		want, _ := strconv.ParseFloat(m[3], 64)
		got, _ := node[key].(float64)
		if got != want {
			return fmt.Sprintf("%s is %v", key, node[key])
		}
	}
	rest = bounds.ReplaceAllString(rest, "")
	if m := enums.FindStringSubmatch(rest); m != nil && !strings.HasPrefix(strings.TrimSpace(rest), "/") {
		if d := enumDiffers(node, m[1]); d != "" {
			return d
		}
		rest = strings.Replace(rest, m[0], "", 1)
	}
	if i, j := strings.Index(rest, "/"), strings.LastIndex(rest, "/"); i >= 0 && j > i {
		if want := rest[i+1 : j]; node["pattern"] != want {
			return fmt.Sprintf("has the pattern %v", node["pattern"])
		}
		rest = rest[:i] + rest[j+1:]
	}
	if strings.Contains(rest, "unique") && node["uniqueItems"] != true {
		return "takes items twice"
	}
	if strings.Contains(rest, "noextra") && node["additionalProperties"] != false {
		return "takes keys that it does not know"
	}
	if _, format, ok := strings.Cut(rest, "fmt:"); ok && node["format"] != strings.Trim(strings.Fields(format)[0], ")") {
		return fmt.Sprintf("has the format %v", node["format"])
	}
	return ""
}

// enumDiffers compares an enum, of which a long one tells only the beginning.
func enumDiffers(node map[string]any, want string) string {
	list, _ := node["enum"].([]any)
	if items, ok := node["items"].(map[string]any); ok && list == nil {
		list, _ = items["enum"].([]any)
	}
	got := map[string]bool{}
	for _, v := range list {
		got[fmt.Sprint(v)] = true
	}
	want, more, _ := strings.Cut(want, "… ")
	words := strings.Split(strings.TrimSuffix(want, ","), ",")
	for _, w := range words {
		if !got[w] {
			return fmt.Sprintf("does not take %s: %v", w, slices.Sorted(maps.Keys(got)))
		}
	}
	n := len(words)
	if more != "" {
		n, _ = strconv.Atoi(strings.Fields(more)[0])
	}
	if len(got) != n {
		return fmt.Sprintf("takes %d words, not %d: %v", len(got), n, slices.Sorted(maps.Keys(got)))
	}
	return ""
}

// bare is a schema without what may differ where it is used.
func bare(v any) any {
	switch w := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range w {
			if k != "description" && k != "default" && k != "$schema" && k != "id" || k == "default" && inner == nil {
				out[k] = bare(inner)
			}
		}
		if p, ok := w["properties"].(map[string]any); ok { // its keys are no keywords
			named := map[string]any{}
			for k, inner := range p {
				named[k] = bare(inner)
			}
			out["properties"] = named
		}
		return out
	case []any:
		out := make([]any, len(w))
		for i := range w {
			out[i] = bare(w[i])
		}
		return out
	default:
		return v
	}
}
