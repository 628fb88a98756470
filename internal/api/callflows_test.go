package api

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

func TestCallflowFaults(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/callflows", `{"id":"other","name":"Main","numbers":["2600","2025551234"],"patterns":["^9(.*)$"]}`)
	const in = `{"numbers":["1"],"flow":`
	for body, fault := range map[string]string{
		`{}`:                           "numbers|required|Callflows must be assigned at least one number or pattern",
		`{"numbers":[]}`:               "numbers|required|Callflows must be assigned at least one number or pattern",
		`{"numbers":[],"patterns":[]}`: "numbers|required|Callflows must be assigned at least one number or pattern",
		`{"numbers":"2601"}`:           "numbers|type|Value did not match type: array",
		`{"patterns":{}}`:              "patterns|type|Value did not match type(s): object",
		`{"numbers":[""]}`:             "numbers.0|minLength|String must be at least 1 characters",
		`{"numbers":["1","1"]}`:        "numbers|uniqueItems|List of items is not unique",
		`{"numbers":["5552234567","+15552234567"]}`:                       "numbers|uniqueItems|List of items is not unique",
		`{"patterns":["(?<=x)"]}`:                                         "patterns.0|pattern|Not a regular expression",
		`{"numbers":["2600"]}`:                                            "numbers|unique|Number 2600 exists in callflow other Main",
		`{"numbers":["12025551234"]}`:                                     "numbers|unique|Number +12025551234 exists in callflow other Main",
		`{"patterns":["^9(.*)$"]}`:                                        "patterns|unique|Pattern ^9(.*)$ exists in callflow other Main",
		in + `{}}`:                                                        "flow.module|required|Field is required but missing",
		in + `"x"}`:                                                       "flow|type|Value did not match type(s): object",
		in + `{"module":5}}`:                                              "flow.module|type|Value did not match type(s): string",
		in + `{"module":"nope","data":{}}}`:                               "flow.module|error|unable to find callflow schema for module nope",
		in + `{"module":"hangup","data":[]}}`:                             "flow.data|type|Value did not match type(s): object",
		in + `{"module":"hangup","children":[]}}`:                         "flow.children|type|Value did not match type(s): object",
		in + `{"module":"hangup","children":{"_":1}}}`:                    "flow.children._|type|Value did not match type(s): object",
		in + `{"module":"hangup","children":{"a.b":{"module":"pivot"}}}}`: "flow.children.a%2Eb.data.voice_url|required|Field is required but missing",
		in + `{"module":"voicemail","data":{"id":"12345"}}}`:              "flow.data.id|minLength|String must be at least 32 characters",
		`{"numbers":["1"],"featurecode":{"name":""}}`:                     "featurecode.name|minLength|String must be at least 1 characters",
	} {
		part := strings.Split(fault, "|")
		a := w.must(400, "PUT A/callflows", body)
		if part[0] == "patterns" && part[1] == "type" {
			part[2] = "Value did not match type"
		}
		if got := a.fault(part[0], part[1]); !strings.HasPrefix(got, part[2]) {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	all := w.must(400, "PUT A/callflows", `{"name":7,"patterns":["("],"flow":{"module":"pivot","children":{"_":{"module":"x"}}}}`).data()
	for _, path := range []string{"name", "patterns.0", "flow.data.voice_url", "flow.children._.module"} {
		if all[path] == nil {
			t.Errorf("not all at once: %s is missing in %v", path, all)
		}
	}
	w.must(200, "POST A/callflows/other", `{"numbers":["2600"]}`) // its own number
	w.must(201, "PUT A/callflows", `{"patterns":["^9(.*)$"]}`)    // which is free now
	w.must(400, "PATCH A/callflows/other", `{"numbers":null}`)
}

func TestCallflowIsShown(t *testing.T) { onEach(t, testCallflowIsShown) }

func testCallflowIsShown(t *testing.T, w *world) {
	t.Helper()
	user := resource.Text(w.must(201, "PUT A/users", `{"first_name":"Ada","last_name":"Byron"}`).data(), "id")
	other := resource.Text(w.must(201, "PUT A/callflows", `{"id":"`+strings.Repeat("z", 32)+`","name":"Other","numbers":["200"]}`).data(), "id")
	body := `{"id":"f1","name":"Main","numbers":["2025551234","*97"],"contact_list":{"exclude":true},"owner_id":"` + user + `",
		"flow":{"module":"pivot","x_ui":"kept","data":{"voice_url":"https://a.example/","user_id":"` + user + `","more":1},"children":{
			"_":{"module":"voicemail","data":{"id":"` + other + `"}},"gone":{"module":"hangup","data":{"skip_module":true}},
			"` + other + `":{"module":"hangup","data":{"id":"nobody"}}}}}`
	w.must(201, "PUT A/callflows", body)
	got := w.must(200, "GET A/callflows/f1", "").data()
	want := `{"children":{"_":{"data":{"action":"compose","id":"` + other + `"},"module":"voicemail"},` +
		`"` + other + `":{"data":{"id":"nobody"},"module":"hangup"},"gone":{"data":{"skip_module":true},"module":"hangup"}},` +
		`"data":{"debug":false,"method":"get","more":1,"user_id":"` + user + `","voice_url":"https://a.example/"},"module":"pivot","x_ui":"kept"}`
	if flow := asJSON(t, got["flow"]); !sameJSON(t, flow, want) {
		t.Errorf("flow\n%s, not\n%s", flow, want)
	}
	metadata := `{"` + other + `":{"name":"Other","numbers":["200"],"pvt_type":"callflow"},"` + user + `":{"name":"Ada Byron","pvt_type":"user"}}`
	if m := asJSON(t, got["metadata"]); !sameJSON(t, m, metadata) {
		t.Errorf("metadata %s", m)
	}
	if n := asJSON(t, got["numbers"]); n != `["+12025551234","*97"]` {
		t.Errorf("numbers %s", n)
	}
	row := asJSON(t, w.must(200, "GET A/callflows?filter_owner_id="+user, "").rows())
	if want := `[{"featurecode":false,"flags":[],"id":"f1","modules":["pivot","voicemail","hangup"],"name":"Main",` +
		`"numbers":["+12025551234","*97"],"owner_id":"` + user + `","patterns":[]}]`; row != want {
		t.Errorf("row\n%s, not\n%s", row, want)
	}
	// What was read can be put back, and is what it was but for metadata.
	delete(got, "metadata")
	again := w.must(200, "POST A/callflows/f1", asJSON(t, got)).data()
	delete(again, "metadata")
	if !sameJSON(t, asJSON(t, again), asJSON(t, got)) {
		t.Errorf("posted back\n%s\n%s", asJSON(t, again), asJSON(t, got))
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	x, errX := resource.Parse([]byte(a))
	y, errY := resource.Parse([]byte(b))
	if errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	return resource.Equal(x, y)
}

func TestListsOverHTTP(t *testing.T) { onEach(t, testListsOverHTTP) }

func testListsOverHTTP(t *testing.T, w *world) {
	t.Helper()
	for i := range 7 {
		w.must(201, "PUT A/callflows", fmt.Sprintf(`{"id":"f%d","name":"%c","numbers":["%d"]}`, i, 'a'+i%2, 1000+i))
	}
	first := w.must(200, "GET A/callflows?page_size=3", "")
	if first.ids() != "f6 f5 f4" || asJSON(t, first.env["page_size"]) != "3" || first.env["start_key"] != nil {
		t.Errorf("%s", first.text)
	}
	next := resource.Text(first.env, "next_start_key")
	second := w.must(200, "GET A/callflows?page_size=3&start_key="+next, "")
	if second.ids() != "f3 f2 f1" || second.env["start_key"] != next {
		t.Errorf("%s", second.text)
	}
	last := w.must(200, "GET A/callflows?page_size=3&start_key="+resource.Text(second.env, "next_start_key"), "")
	if last.ids() != "f0" || last.env["next_start_key"] != nil || asJSON(t, last.env["page_size"]) != "1" {
		t.Errorf("%s", last.text)
	}
	all := w.must(200, "GET A/callflows?paginate=false&ascending=true&filter_name=a", "")
	if all.ids() != "f0 f2 f4 f6" || all.env["page_size"] != nil {
		t.Errorf("%s", all.text)
	}
	if a := w.must(200, "GET A/callflows?filter_flow.module=hangup", ""); a.env["revision"] != nil || len(a.rows()) != 0 {
		t.Error(a.text)
	}
	w.head.Set("If-None-Match", all.head.Get("ETag"))
	w.must(304, "GET A/callflows?paginate=false&ascending=true&filter_name=a", "")
}

// TestTwoWriters has two clients change different keys of one document, and
// two want the same number.
func TestTwoWriters(t *testing.T) { onEach(t, testTwoWriters) }

func testTwoWriters(t *testing.T, w *world) {
	t.Helper()
	w.must(201, "PUT A/callflows", `{"id":"f","numbers":["1"]}`)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var codes []int
	for who := range 4 {
		wg.Go(func() {
			a := w.do("PUT A/callflows", `{"numbers":["99"]}`)
			mu.Lock()
			codes = append(codes, a.code)
			mu.Unlock()
			if a := w.do("PATCH A/callflows/f", fmt.Sprintf(`{"k%d":true}`, who)); a.code != 200 {
				t.Errorf("%d %s", a.code, a.text)
			}
		})
	}
	wg.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []int{201, 400, 400, 400}) {
		t.Errorf("four who want one number: %v", codes)
	}
	got := w.must(200, "GET A/callflows/f", "").data()
	for who := range 4 {
		if got[fmt.Sprintf("k%d", who)] != true {
			t.Errorf("lost what %d wrote: %v", who, got)
		}
	}
}

func TestSchemas(t *testing.T) {
	w := newWorld(t)
	w.token = ""
	names := asJSON(t, w.must(200, "GET /v2/schemas", "").rows())
	for _, name := range []string{"accounts", "users", "callflows", "callflows.action", "callflows.pivot", "user_auth", "api_auth"} {
		if !strings.Contains(names, `"`+name+`"`) {
			t.Errorf("%s is not in %s", name, names)
		}
		a := w.must(200, "GET /v2/schemas/"+name, "")
		if a.data()["id"] != name || a.data()["type"] != "object" {
			t.Error(a.text)
		}
	}
	if ref, _ := resource.At(w.must(200, "GET /v2/schemas/callflows", "").data(), "properties.flow"); asJSON(t, ref) != `{"$ref":"callflows.action"}` {
		t.Errorf("flow is %v", ref)
	}
	w.must(404, "GET /v2/schemas/nope", "")
	w.must(404, "PUT /v2/schemas/nope/validation", "{}")
	for _, test := range []struct{ name, body, want string }{
		{"callflows.pivot", `{"voice_url":"http://x"}`, `{"debug":false,"method":"get","voice_url":"http://x"}`},
		{"callflows.action", `{"module":"pivot","data":{"voice_url":"http://x"}}`, `{"data":{"debug":false,"method":"get","voice_url":"http://x"},"module":"pivot"}`},
		{"callflows", `{"numbers":["5552234567"],"flow":{"module":"hangup"}}`, `{"flow":{"data":{},"module":"hangup"},"numbers":["+15552234567"],"patterns":[]}`},
		{"callflows.pivot", `{}`, "voice_url required"},
		{"callflows.action", `{"module":"x"}`, "module error"},
		{"callflows", `{"numbers":["1"],"flow":{"module":"pivot"}}`, "flow.data.voice_url required"},
		{"callflows", `{}`, "numbers required"},
	} {
		what := "PUT /v2/schemas/" + test.name + "/validation"
		if strings.HasPrefix(test.want, "{") {
			if got := asJSON(t, w.must(201, what, test.body).data()); !sameJSON(t, got, test.want) {
				t.Errorf("%s %s: %s", test.name, test.body, got)
			}
			continue
		}
		path, rule, _ := strings.Cut(test.want, " ")
		if a := w.must(400, what, test.body); a.fault(path, rule) == "" {
			t.Errorf("%s %s: %s", test.name, test.body, a.text)
		}
	}
}

// TestRandomDocuments stores documents of random shape and reads them back
// unchanged, and never gets a 500.
func TestRandomDocuments(t *testing.T) { onEach(t, testRandomDocuments) }

func testRandomDocuments(t *testing.T, w *world) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		doc, ok := randomValue(r, 4).(resource.Object)
		if !ok {
			doc = resource.Object{}
		}
		known := r.IntN(2) == 0
		for k := range doc {
			if _, own := slices.BinarySearch([]string{"featurecode", "flags", "flow", "name", "numbers", "patterns"}, k); own && known {
				delete(doc, k)
			}
		}
		if known {
			doc["numbers"] = []any{fmt.Sprint(i)}
		}
		a := w.do("PUT A/callflows", `{"data":`+asJSON(t, doc)+`}`)
		switch {
		case a.code == 400 && !known:
		case a.code == 201:
			back := w.must(200, "GET A/callflows/"+resource.Text(a.data(), "id"), "").data()
			for k, v := range doc {
				if !resource.Equal(back[k], v) && known && !resource.IsPrivate(k) && k != "id" {
					t.Errorf("%s: %s came back as %s", k, asJSON(t, v), asJSON(t, back[k]))
				}
			}
		default:
			t.Fatalf("%s: %d %s", asJSON(t, doc), a.code, a.text)
		}
	}
}

var randomKeys = []string{
	"name", "numbers", "patterns", "flow", "flags", "a", "b.c", "", "pvt_x", "_y", "module", "data", "children", "featurecode", "é", "%2E",
}

func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(8); {
	case depth > 0 && n < 3 || depth == 4:
		o := resource.Object{}
		for range r.IntN(6) {
			o[randomKeys[r.IntN(len(randomKeys))]] = randomValue(r, depth-1)
		}
		return o
	case depth > 0 && n < 4:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, randomValue(r, depth-1))
		}
		return list
	case n < 5:
		v, _ := resource.Parse([]byte(fmt.Sprint(r.Int64())))
		return v
	case n < 6:
		return r.IntN(2) == 0
	default:
		return []string{"", "x", "pivot", "\u0000", "<&>", "💥", "2600", `"`, "a\nb"}[r.IntN(9)]
	}
}
