package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

// These tests make documents of the schemas: what fits comes back as it was
// sent, with the defaults; what was broken in one place is refused there.

// maker makes random documents.
type maker struct{ *rand.Rand }

// samples are texts that fit the patterns of our schemas, and keys that do.
var samples = map[string]string{
	`^[0-9]+$`: "57", `^([+@.\w_-]+)$`: "a.b-c", `^[.\w-]+$`: "sip.x.example", `^[.\w_-]+$`: "sip.y.example",
	`^https?://`: "https://app.example/x", `.+`: "k", `^[a-zA-Z0-9]{32}$`: "0123456789abcdef0123456789abcdef",
	`^[A-Za-z0-9_]+$`: "k_1", `^[a-zA-Z0-9_\-]+$`: "X-One",
}

func (m maker) maybe() bool { return m.IntN(2) == 0 }

// value is one that fits a schema.
func (m maker) value(s resource.Object) any {
	forms, _ := s["oneOf"].([]any)
	if anyOf, ok := s["anyOf"].([]any); ok {
		forms = anyOf[:1] // the objects of these are all alike
	}
	if len(forms) > 0 {
		form, _ := forms[m.IntN(len(forms))].(resource.Object)
		return m.value(form)
	}
	if enum, ok := s["enum"].([]any); ok {
		return enum[m.IntN(len(enum))]
	}
	switch s["type"] {
	case "object":
		return m.object(s)
	case "array":
		return m.array(s)
	case "string":
		return m.text(s)
	case "integer", "number":
		low, high := number(s, "minimum", -5), number(s, "maximum", 1<<20)
		return json.Number(strconv.Itoa(low + m.IntN(max(high-low, 0)+1)))
	case "boolean":
		return m.maybe()
	default:
		return []any{"anything", json.Number("1.50"), resource.Object{"a": []any{}}, true}[m.IntN(4)]
	}
}

func number(s resource.Object, key string, without int) int {
	n, ok := s[key].(json.Number)
	if !ok {
		return without
	}
	f, _ := n.Float64()
	return int(min(f, 1<<40))
}

func (m maker) text(s resource.Object) string {
	switch s["format"] {
	case "email":
		return "ada" + strconv.Itoa(m.IntN(1000)) + "@mail.example"
	case "uri":
		return "https://app.example/" + strconv.Itoa(m.IntN(1000))
	}
	if p, ok := s["pattern"].(string); ok {
		return samples[p]
	}
	low, high := number(s, "minLength", 1), number(s, "maxLength", 40)
	letters := []rune("abcxyz019 äß€😀-_/<&\"")
	out := make([]rune, low+m.IntN(min(high, low+40)-low+1))
	for i := range out {
		out[i] = letters[m.IntN(len(letters))]
	}
	return string(out)
}

func (m maker) array(s resource.Object) []any {
	items, _ := s["items"].(resource.Object)
	out := []any{}
	for range number(s, "minItems", 0) + m.IntN(3) {
		v := m.value(items)
		if s["uniqueItems"] != true || !slices.ContainsFunc(out, func(o any) bool { return resource.Equal(o, v) }) {
			out = append(out, v)
		}
	}
	return out
}

func (m maker) object(s resource.Object) resource.Object {
	out := resource.Object{}
	required, _ := s["required"].([]any)
	properties, _ := s["properties"].(resource.Object)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if m.maybe() || slices.Contains(required, any(key)) {
			inner, _ := properties[key].(resource.Object)
			out[key] = m.value(inner)
		}
	}
	if patterns, ok := s["patternProperties"].(resource.Object); ok && m.maybe() {
		for p, inner := range patterns {
			out[samples[p]] = m.value(inner.(resource.Object))
		}
	}
	if more, ok := s["additionalProperties"].(resource.Object); ok && m.maybe() {
		out["key of its own"] = m.value(more)
	}
	if len(properties) == 0 && s["additionalProperties"] == nil && s["patternProperties"] == nil && m.maybe() {
		out["free"] = json.Number("1")
	}
	return out
}

// settle makes of a document that fits its schema one that fits all else, too.
func settle(res resource.Resource, doc resource.Object) {
	set := func(path string, v any) {
		keys := strings.Split(path, ".")
		at := doc
		for _, k := range keys[:len(keys)-1] {
			if at, _ = at[k].(resource.Object); at == nil {
				return
			}
		}
		if last := keys[len(keys)-1]; at[last] != nil {
			at[last] = v
		}
	}
	for _, key := range res.ReadOnly {
		delete(doc, key)
	}
	step := resource.Object{"5": resource.Object{"module": "hangup", "data": resource.Object{}}}
	for _, at := range []string{"metaflows", "metaflow"} {
		set(at+".numbers", step)
		set(at+".patterns", step)
	}
	set("patterns", []any{"^5"})
	switch res.Name {
	case "callflows":
		set("numbers", []any{"2600", "*97"})
		if doc["numbers"] == nil {
			doc["patterns"] = []any{"^5"}
		}
	case "blacklists":
		set("numbers", resource.Object{"*5": resource.Object{}})
	case "functions":
		doc["url"] = "https://app.example/f"
	case "devices":
		set("sip.method", "password")
	case "users":
		if doc["username"] != nil {
			doc["password"] = "secret12"
		}
	case "media":
		doc["media_source"] = "upload"
		delete(doc, "tts")
		delete(doc, "prompt_id")
	}
}

// within says where what was sent is not in what came back.
func within(sent, got any, at string) string {
	switch s := sent.(type) {
	case resource.Object:
		g, ok := got.(resource.Object)
		if !ok {
			return at
		}
		for key, v := range s {
			if lost := within(v, g[key], at+"."+key); lost != "" {
				return lost
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(s) {
			return at
		}
		for i, v := range s {
			if lost := within(v, g[i], at+"."+strconv.Itoa(i)); lost != "" {
				return lost
			}
		}
		return ""
	default:
		if !resource.Equal(sent, got) {
			return at
		}
		return ""
	}
}

// computed are keys of answers that nobody sent and that are no defaults.
var computed = []string{"id", "metadata", "_read_only", "users", "username", "state", "media_type", "hash"}

// rounds is how many documents are made of each schema.
const rounds = 10

// TestDocumentsOfSchemas is every resource with documents made of its schema.
func TestDocumentsOfSchemas(t *testing.T) {
	for _, res := range newWorld(t).resources {
		if res.Fixed {
			continue
		}
		t.Run(res.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s, err := resource.ParseObject(res.Schema.JSON())
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(rounds) {
				m := maker{rand.New(rand.NewPCG(seed, 4))}
				doc := m.object(s)
				settle(res, doc)
				doc["x_own"] = resource.Object{"kept": []any{json.Number("1.50"), nil}}
				w.roundTrip(res, s, doc, seed)
				delete(doc, "x_own")
				w.broken(res, s, m, doc, seed)
			}
		})
	}
}

// roundTrip saves a good document, reads it, and saves what it read.
func (w *world) roundTrip(res resource.Resource, s, doc resource.Object, seed uint64) {
	w.Helper()
	sent := asJSON(w.T, doc)
	delete(doc, "password") // is never returned
	made := w.do("PUT A/"+res.Name, sent)
	if made.code != 201 {
		w.Fatalf("seed %d: %d %s\n%s", seed, made.code, made.text, sent)
	}
	one := "A/" + res.Name + "/" + resource.Text(made.data(), "id")
	got := w.must(200, "GET "+one, "").data()
	if lost := within(doc, got, ""); lost != "" {
		w.Errorf("seed %d: %s is not as it was sent:\n%s\n%s", seed, lost, sent, asJSON(w.T, got))
	}
	properties, _ := s["properties"].(resource.Object)
	for key := range got {
		p, _ := properties[key].(resource.Object)
		_, granted := p["default"]
		if _, asked := doc[key]; !asked && !granted && !slices.Contains(computed, key) {
			w.Errorf("seed %d: nobody sent %s, and it is no default: %v", seed, key, got[key])
		}
	}
	again := w.do("POST "+one, asJSON(w.T, got))
	if again.code != 200 || !resource.Equal(again.data(), got) {
		w.Errorf("seed %d: what came back, sent again, is answered with %d %s, not\n%s", seed, again.code, again.text, asJSON(w.T, got))
	}
	w.must(200, "DELETE "+one, "")
}

// change is a document broken in one place.
type change struct {
	path []string
	rule string
	doc  any
}

// broken breaks a good document in several places, one at a time.
func (w *world) broken(res resource.Resource, s resource.Object, m maker, doc resource.Object, seed uint64) {
	w.Helper()
	var all []change
	breaks(s, doc, nil, func(path []string, rule string, put func(any) any) {
		all = append(all, change{slices.Clone(path), rule, put(doc)})
	})
	m.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, c := range all[:min(len(all), 25)] {
		text := asJSON(w.T, c.doc)
		a := w.do("PUT A/"+res.Name, text)
		keys := make([]string, len(c.path))
		for i, k := range c.path {
			keys[i] = strings.ReplaceAll(k, ".", "%2E")
		}
		at := strings.Join(keys, ".")
		if _, told := a.data()[at]; a.code != 400 || !told {
			w.Errorf("seed %d: %s breaks %s: %d %.500s\n%s", seed, at, c.rule, a.code, a.text, text)
		}
	}
}

// breaks tells of the ways to break a value; put makes the whole document
// with another value in its place.
func breaks(s resource.Object, v any, path []string, tell func(path []string, rule string, put func(any) any)) {
	with := func(rule string, bad any) {
		tell(path, rule, func(doc any) any { return replaced(doc, path, bad) })
	}
	if s == nil {
		return
	}
	if len(path) > 0 {
		if bad, ok := otherType(s); ok {
			with("type", bad)
		}
	}
	if s["enum"] != nil {
		with("enum", map[bool]any{true: "no such word", false: json.Number("-77")}[s["type"] == "string"])
	}
	switch value := v.(type) {
	case resource.Object:
		breaksObject(s, value, path, tell)
	case []any:
		items, _ := s["items"].(resource.Object)
		for i := range value {
			breaks(items, value[i], append(path, strconv.Itoa(i)), tell)
		}
		if s["uniqueItems"] == true && len(value) > 0 {
			with("uniqueItems", append(slices.Clone(value), value[0]))
		}
		if n := number(s, "minItems", 0); n > 0 {
			with("minItems", []any{})
		}
	case string:
		if n := number(s, "maxLength", 0); n > 0 {
			with("maxLength", strings.Repeat("7", n+1))
		}
		if n := number(s, "minLength", 0); n > 1 {
			with("minLength", "7")
		}
		if s["pattern"] != nil && s["pattern"] != ".+" || s["format"] != nil {
			with("pattern", "~ no ~")
		}
	case json.Number:
		if s["maximum"] != nil {
			with("maximum", json.Number(strconv.Itoa(number(s, "maximum", 0)+1)))
		}
		if s["minimum"] != nil {
			with("minimum", json.Number(strconv.Itoa(number(s, "minimum", 0)-1)))
		}
	}
}

func breaksObject(
	s, value resource.Object, path []string, tell func(path []string, rule string, put func(any) any),
) {
	properties, _ := s["properties"].(resource.Object)
	patterns, _ := s["patternProperties"].(resource.Object)
	for _, key := range slices.Sorted(maps.Keys(value)) {
		inner, _ := properties[key].(resource.Object)
		for _, p := range patterns {
			if inner == nil {
				inner, _ = p.(resource.Object)
			}
		}
		breaks(inner, value[key], append(slices.Clone(path), key), tell)
	}
	required, _ := s["required"].([]any)
	for _, key := range required {
		inner, _ := properties[key.(string)].(resource.Object)
		if _, granted := inner["default"]; granted {
			continue
		}
		at := append(slices.Clone(path), key.(string))
		tell(at, "required", func(doc any) any { return replaced(doc, at, nil) })
	}
	if s["additionalProperties"] == false {
		at := append(slices.Clone(path), "! x")
		tell(at, "additionalProperties", func(doc any) any { return replaced(doc, at, "x") })
	}
}

// otherType is a value of a type that a schema does not take.
func otherType(s resource.Object) (any, bool) {
	var types []any
	if t, ok := s["type"]; ok {
		types = append(types, t)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		forms, _ := s[key].([]any)
		for _, f := range forms {
			types = append(types, f.(resource.Object)["type"])
		}
	}
	if len(types) == 0 || slices.Contains(types, nil) {
		return nil, false
	}
	for kind, v := range map[string]any{"object": resource.Object{"a": true}, "array": []any{true}} {
		if !slices.Contains(types, any(kind)) {
			return v, true
		}
	}
	return json.Number("7"), !slices.Contains(types, any("integer"))
}

// replaced is doc with another value at a path.
func replaced(doc any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	out := resource.Clone(doc)
	at := out
	for i, key := range path {
		last := i == len(path)-1
		switch o := at.(type) {
		case resource.Object:
			if last && v == nil {
				delete(o, key)
			} else if last {
				o[key] = v
			}
			at = o[key]
		case []any:
			n, _ := strconv.Atoi(key)
			if last {
				o[n] = v
			}
			at = o[n]
		default:
			panic(fmt.Sprintf("no %v in %v", path, doc))
		}
	}
	return out
}
