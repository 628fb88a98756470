package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

type media struct {
	Greeting string `json:"greeting,omitempty" jsonschema:"minLength=3"`
	Exit     bool   `json:"exit" jsonschema:"default=true"`
}

type rule struct {
	_    struct{} `jsonschema:"noextra"`
	Name string   `json:"name" jsonschema:"required,minLength=1,maxLength=4"`
	Day  int      `json:"day,omitempty" jsonschema:"minimum=1,maximum=31,default=7"`
}

type base struct {
	Skip bool `json:"skip_module,omitempty"`
}

// menu has something of everything.
type menu struct {
	base
	Text    string            `json:"text" jsonschema:"required,maxLength=10" jsonschema_description:"What is said, <b> & all."`
	Timeout int               `json:"timeout" jsonschema:"minimum=1,maximum=600"`
	Rate    float64           `json:"rate,omitempty" jsonschema:"minimum=0.5"`
	Method  string            `json:"method" jsonschema:"enum=get,enum=post"`
	Keys    []string          `json:"keys,omitempty" jsonschema:"minItems=1,maxItems=3,uniqueItems=true,enum=1,enum=2,enum=#"`
	Days    []int             `json:"days,omitempty" jsonschema:"default=1,default=2"`
	Number  string            `json:"number,omitempty" jsonschema:"pattern=^[0-9]{1\\,3}$"`
	Debug   bool              `json:"debug" jsonschema:"default=false"`
	Media   media             `json:"media"`
	Other   *media            `json:"other,omitempty"`
	Rules   []rule            `json:"rules,omitempty"`
	Heads   map[string]string `json:"heads,omitempty" jsonschema:"keys=^x-,default={}"`
	Vars    map[string]int    `json:"vars,omitempty"`
	Either  any               `json:"either,omitempty" jsonschema:"oneof_type=boolean;string"`
	Free    json.RawMessage   `json:"free,omitempty"`
	URL     string            `json:"url,omitempty" jsonschema:"format=uri"`
	Small   uint8             `json:"small,omitempty"`
	hidden  string
}

var menus = Of(menu{Timeout: 5, Method: "get", hidden: "x"})

func TestPublished(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(menus.JSON(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["$schema"] != draft || doc["type"] != "object" || doc["additionalProperties"] != nil || doc["$id"] != nil {
		t.Errorf("root: %v", doc)
	}
	want := strings.Fields("skip_module text timeout rate method keys days number debug media other rules heads vars either free url small")
	if got := menus.Fields(); !slices.Equal(got, want) {
		t.Errorf("fields %v", got)
	}
	props := doc["properties"].(map[string]any)
	for name, want := range map[string]string{
		"text":    `{"description":"What is said, <b> & all.","maxLength":10,"type":"string"}`,
		"timeout": `{"default":5,"maximum":600,"minimum":1,"type":"integer"}`,
		"rate":    `{"minimum":0.5,"type":"number"}`,
		"method":  `{"default":"get","enum":["get","post"],"type":"string"}`,
		"keys":    `{"items":{"enum":["1","2","#"],"type":"string"},"maxItems":3,"minItems":1,"type":"array","uniqueItems":true}`,
		"days":    `{"default":[1,2],"items":{"type":"integer"},"type":"array"}`,
		"number":  `{"pattern":"^[0-9]{1,3}$","type":"string"}`,
		"debug":   `{"default":false,"type":"boolean"}`,
		"media":   `{"default":{},"properties":{"exit":{"default":true,"type":"boolean"},"greeting":{"minLength":3,"type":"string"}},"type":"object"}`,
		"rules":   `{"items":{"additionalProperties":false,"properties":{"day":{"default":7,"maximum":31,"minimum":1,"type":"integer"},"name":{"maxLength":4,"minLength":1,"type":"string"}},"required":["name"],"type":"object"},"type":"array"}`,
		"heads":   `{"additionalProperties":false,"default":{},"patternProperties":{"^x-":{"type":"string"}},"type":"object"}`,
		"vars":    `{"additionalProperties":{"type":"integer"},"type":"object"}`,
		"either":  `{"oneOf":[{"type":"boolean"},{"type":"string"}]}`,
		"free":    `{}`,
		"small":   `{"maximum":255,"minimum":0,"type":"integer"}`,
	} {
		if got, _ := encode(props[name]); string(got) != want {
			t.Errorf("%s is\n%s, want\n%s", name, got, want)
		}
	}
}

const filled = `"days":[1,2],"debug":false,"heads":{},"media":{"exit":true},"method":"get",`

func TestGranted(t *testing.T) {
	for in, want := range map[string]string{
		`{"text":"a"}`:            `{` + filled + `"text":"a","timeout":5}`,
		`{"text":"a","other":{}}`: `{` + filled + `"other":{"exit":true},"text":"a","timeout":5}`,
		`{"text":"a","timeout":null,"rate":null,"x":null}`: `{` + filled + `"text":"a","timeout":5,"x":null}`,
		`{"text":"a","timeout":"+07"}`:                     `{` + filled + `"text":"a","timeout":7}`,
		`{"text":"a","timeout":"7.0","rate":"1.5"}`:        `{` + filled + `"rate":1.5,"text":"a","timeout":7}`,
		`{"text":"a","timeout":7.0,"vars":{"n":1e2}}`:      `{` + filled + `"text":"a","timeout":7,"vars":{"n":100}}`,
		`{"text":"a","debug":"true","skip_module":"false"}`: `{` + strings.Replace(filled, `"debug":false`, `"debug":true`, 1) +
			`"skip_module":false,"text":"a","timeout":5}`,
		`{"text":"a","rules":[{"name":"n"},{"name":"m","day":"3"}]}`: `{` + filled + `"rules":[{"day":7,"name":"n"},{"day":3,"name":"m"}],"text":"a","timeout":5}`,
		`{"text":"a","free":null,"either":"true","days":["4"]}`: `{"days":[4],"debug":false,"either":"true","free":null,` +
			`"heads":{},"media":{"exit":true},"method":"get","text":"a","timeout":5}`,
		`{"text":"a","more":{"b":[1e2,"<"]}}`: `{` + filled + `"more":{"b":[1e2,"<"]},"text":"a","timeout":5}`,
		`{"text":"b","text":"a"}`:             `{` + filled + `"text":"a","timeout":5}`,
		"{\"text\":\"\xff\"}":                 `{` + filled + `"text":"` + "\ufffd" + `","timeout":5}`,
		`{"text":"ääääääääää"}`:               `{` + filled + `"text":"ääääääääää","timeout":5}`,
	} {
		got, faults := menus.Check(json.RawMessage(in))
		if len(faults) > 0 || string(got) != want {
			t.Errorf("%s became\n%s, want\n%s (%v)", in, got, want, faults)
		}
		again, faults := menus.Check(got)
		if len(faults) > 0 || &again[0] != &got[0] {
			t.Errorf("%s was changed again: %s (%v)", got, again, faults)
		}
	}
}

func TestFaults(t *testing.T) {
	for in, want := range map[string]string{
		``:                                    `{"text":{"required":{"message":"Field is required but missing","value":{` + filled + `"timeout":5}}}}`,
		`null`:                                `{"text":{"required":{"message":"Field is required but missing","value":{` + filled + `"timeout":5}}}}`,
		`[]`:                                  `{"json":{"type":{"message":"Value did not match type(s): object","target":"object","value":[]}}}`,
		`{"text":"a"`:                         `{"json":{"invalid":{"message":"invalid JSON: it ends too early, around 11","target":"body"}}}`,
		`{"text":}`:                           `{"json":{"invalid":{"message":"invalid JSON: invalid character '}' looking for beginning of value around 9","target":"body"}}}`,
		`{"text":"a"} 5`:                      `{"json":{"invalid":{"message":"invalid JSON: something follows the value at offset 14","target":"body"}}}`,
		`{"text":NaN}`:                        `{"json":{"invalid":{"message":"invalid JSON: invalid character 'N' looking for beginning of value around 9","target":"body"}}}`,
		`{"text":"aaaaaaaaaaa"}`:              `{"text":{"maxLength":{"cause":"aaaaaaaaaaa","message":"String must not be more than 10 characters","target":10,"value":"aaaaaaaaaaa"}}}`,
		`{"text":"a","timeout":0}`:            `{"timeout":{"minimum":{"message":"Value must be at least 1","target":1,"value":0}}}`,
		`{"text":"a","timeout":"601"}`:        `{"timeout":{"maximum":{"message":"Value must be at most 600","target":600,"value":601}}}`,
		`{"text":"a","timeout":1.5}`:          `{"timeout":{"type":{"message":"Value did not match type(s): integer","target":"integer","value":1.5}}}`,
		`{"text":"a","rate":0.25}`:            `{"rate":{"minimum":{"message":"Value must be at least 0.5","target":0.5,"value":0.25}}}`,
		`{"text":"a","small":256}`:            `{"small":{"maximum":{"message":"Value must be at most 255","target":255,"value":256}}}`,
		`{"text":"a","days":[1e30]}`:          `{"days.0":{"maximum":{"message":"Value must be at most 9223372036854775807","target":9223372036854775807,"value":1000000000000000000000000000000}}}`,
		`{"text":"a","free":[1e999]}`:         `{"free.0":{"type":{"message":"Value did not match type(s): number","target":"number","value":null}}}`,
		`{"text":"a","method":"put"}`:         `{"method":{"enum":{"message":"Value not found in enumerated list of values","target":["get","post"],"value":"put"}}}`,
		`{"text":"a","keys":[]}`:              `{"keys":{"minItems":{"message":"The list must have at least 1 items","target":1,"value":[]}}}`,
		`{"text":"a","keys":["1","1"]}`:       `{"keys":{"uniqueItems":{"message":"List of items is not unique","value":["1","1"]}}}`,
		`{"text":"a","keys":["1",null]}`:      `{"keys.1":{"type":{"message":"Value did not match type(s): string","target":"string","value":null}}}`,
		`{"text":"a","number":"1234"}`:        `{"number":{"pattern":{"message":"Failed to match pattern '^[0-9]{1,3}$'","target":"^[0-9]{1,3}$","value":"1234"}}}`,
		`{"text":"a","media":{"greeting":1}}`: `{"media.greeting":{"type":{"message":"Value did not match type(s): string","target":"string","value":1}}}`,
		`{"text":"a","rules":[{"name":"n","x.y":1}]}`: `{"rules.0.x%2Ey":{"additionalProperties":{"message":"Strict checking of data is enabled; ` +
			`only include schema-defined properties","value":1}}}`,
		`{"text":"a","heads":{"y":"z"}}`: `{"heads.y":{"additionalProperties":{"message":"Strict checking of data is enabled; ` +
			`only include schema-defined properties","value":"z"}}}`,
		`{"text":"a","either":5}`:        `{"either":{"type":{"message":"Value did not match type(s): boolean, string","target":"boolean, string","value":5}}}`,
		`{"text":"a","url":"::"}`:        `{"url":{"wrong_format":{"format":"uri","message":"Field is not in the correct format","value":"::"}}}`,
		`{"text":"a","debug":"perhaps"}`: `{"debug":{"type":{"message":"Value did not match type(s): boolean","target":"boolean","value":"perhaps"}}}`,
	} {
		_, faults := menus.Check(json.RawMessage(in))
		got, err := encode(faults.API())
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is wrong in\n%s, want\n%s", in, got, want)
		}
	}
}

// TestFaultsInOrder is all that is wrong at once, indexes in their order.
func TestFaultsInOrder(t *testing.T) {
	items := strings.Repeat(`{"name":""},`, 11) + `{"day":"x","b":1,"a":2}`
	_, faults := menus.Check(json.RawMessage(`{"timeout":"x","rules":[` + items + `],"method":4}`))
	want := "method type, rules.0.name minLength, rules.1.name minLength, rules.2.name minLength, rules.3.name minLength, " +
		"rules.4.name minLength, rules.5.name minLength, rules.6.name minLength, rules.7.name minLength, rules.8.name minLength, " +
		"rules.9.name minLength, rules.10.name minLength, rules.11.a additionalProperties, rules.11.b additionalProperties, " +
		"rules.11.day type, rules.11.name required, text required, timeout type"
	for range 20 {
		var got []string
		for _, f := range faults {
			got = append(got, f.Dotted()+" "+f.Rule)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Fatalf("got  %s\nwant %s", s, want)
		}
	}
}

// TestTooMuch is documents made to be slow.
func TestTooMuch(t *testing.T) {
	deep := `{"text":"a","free":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`
	wide := `{"text":"a","free":[` + strings.Repeat("1,", maxValues+1) + `1]}`
	long := `{"text":"a","free":` + strings.Repeat("9", 1000) + `}`
	for in, want := range map[string]string{deep: "nested deeper", wide: "more than 100000", long: "type(s): number"} {
		_, faults := menus.Check(json.RawMessage(in))
		if len(faults) != 1 || !strings.Contains(faults.Error(), want) {
			t.Errorf("%.40s…: %.100v, want %s", in, faults, want)
		}
	}
	_, faults := menus.Check(json.RawMessage(`{"text":"` + strings.Repeat("x", 1<<20) + `"}`))
	if len(faults) != 1 || faults[0].Extra["value"] != nil {
		t.Errorf("a long value was sent back")
	}
}

// TestDefaultsAreCopied is a document that is changed after it was checked.
func TestDefaultsAreCopied(t *testing.T) {
	s := Of(struct {
		A any `json:"a" jsonschema:"default={\"b\":[1]}"`
	}{})
	for range 2 {
		var doc any = map[string]any{}
		fill(s.check, doc)
		a := doc.(map[string]any)["a"].(map[string]any)
		if got, _ := encode(a); string(got) != `{"b":[1]}` {
			t.Errorf("the default became %s", got)
		}
		a["b"].([]any)[0], a["c"] = 2, 3
	}
}

// TestDecode is keys that only encoding/json would take for a property.
func TestDecode(t *testing.T) {
	full, faults := menus.Check(json.RawMessage(`{"text":"a","TEXT":"much too long for it","rules":[{"name":"x"}],"other":{"Exit":5}}`))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var got menu
	if err := menus.Decode(full, &got); err != nil {
		t.Fatal(err)
	}
	want := menu{
		Text: "a", Timeout: 5, Method: "get", Days: []int{1, 2}, Media: media{Exit: true},
		Other: &media{Exit: true}, Rules: []rule{{Name: "x", Day: 7}}, Heads: map[string]string{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if err := menus.Decode(json.RawMessage(`{`), &got); err == nil {
		t.Error("read what is not JSON")
	}
}

func TestEmbed(t *testing.T) {
	doc, err := Of(struct {
		Name string `json:"name"`
		Flow struct {
			Node json.RawMessage `json:"node" jsonschema:"required" jsonschema_description:"The node."`
		} `json:"flow"`
	}{}).Embed("flow.node", Of(rule{}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(doc.Fields(), []string{"name", "flow"}) || !bytes.Contains(doc.JSON(), []byte("The node.")) {
		t.Errorf("%v of %s", doc.Fields(), doc.JSON())
	}
	_, faults := doc.Check(json.RawMessage(`{"flow":{"node":{"day":0,"x":1}}}`))
	got := slices.Sorted(maps.Keys(faults.API()))
	if !slices.Equal(got, []string{"flow.node.day", "flow.node.name", "flow.node.x"}) {
		t.Errorf("faults at %v", got)
	}
	for _, path := range []string{"", "flow.other", "name.x"} {
		if _, err := doc.Embed(path, menus); err == nil {
			t.Errorf("embedded in %q", path)
		}
	}
}

type loop struct {
	Next *loop `json:"next"`
}

// TestBroken is declarations that are refused at start.
func TestBroken(t *testing.T) {
	for name, v := range map[string]any{
		"nil": nil, "loop": loop{}, "chan": struct{ C chan int }{},
		"tag": struct {
			A int `json:"a" jsonschema:"min=1"`
		}{},
		"other type's tag": struct {
			A int `json:"a" jsonschema:"minLength=1"`
		}{},
		"default": struct {
			A int `json:"a" jsonschema:"default=x"`
		}{},
		"default of items": struct {
			A []int `json:"a" jsonschema:"default=x"`
		}{},
		"default out of range": struct {
			A int `json:"a" jsonschema:"minimum=3,default=2"`
		}{},
		"pattern": struct {
			A string `json:"a" jsonschema:"pattern=("`
		}{},
		"object": struct {
			A map[string]int `json:"a" jsonschema:"default={"`
		}{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken", name)
				}
			}()
			Of(v)
		}()
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		`{"text":"a","timeout":"5","rules":[{"name":"x"}],"free":{"a":{"b":[1e9,null]}}}`,
		`{"text":"\ud800","text":"b","heads":{"x-a":"b"},"either":true}`, `[[[`, `{"text":1e999}`, `"\`, `{"a":-}`, `{"rate":"1e5"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, faults := menus.Check(raw)
		if len(faults) > 0 {
			_, again := menus.Check(raw)
			if fmt.Sprint(faults) != fmt.Sprint(again) {
				t.Fatalf("%q: %v, then %v", raw, faults, again)
			}
			if _, err := encode(faults.API()); err != nil {
				t.Fatal(err)
			}
			return
		}
		if !utf8.Valid(got) {
			t.Fatalf("%q became %q", raw, got)
		}
		again, faults := menus.Check(got)
		if len(faults) > 0 || !bytes.Equal(got, again) {
			t.Fatalf("%q became %s, then %s: %v", raw, got, again, faults)
		}
		var m menu
		if err := menus.Decode(got, &m); err != nil {
			t.Fatalf("%s can not be read: %v", got, err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	s := Of(struct {
		ID       string `json:"id"`
		Text     string `json:"text" jsonschema:"required,minLength=1,maxLength=1000"`
		Timeout  int    `json:"timeout" jsonschema:"minimum=1"`
		Language string `json:"language"`
	}{Timeout: 5, Language: "en-us"})
	for name, in := range map[string]string{
		"whole":    `{"id":"1","text":"Hello there","timeout":7,"language":"en-gb"}`,
		"defaults": `{"id":"1","text":"Hello there"}`,
		"coerced":  `{"id":"1","text":"Hello there","timeout":"7","language":"en-gb"}`,
		"faulty":   `{"id":"1","text":5,"timeout":0,"language":"en-gb"}`,
	} {
		b.Run(name, func(b *testing.B) {
			raw := json.RawMessage(in)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Check(raw)
			}
		})
	}
}

// colour is one of a list that is too long for a tag.
type colour string

func (colour) Enum() []string { return []string{"red", "green"} }

func TestEnumOfAType(t *testing.T) {
	s := Of(struct {
		Colour colour `json:"colour"`
	}{"red"})
	if got := string(s.JSON()); !strings.Contains(got, `"enum":["red","green"]`) || !strings.Contains(got, `"default":"red"`) {
		t.Error(got)
	}
	if _, faults := s.Check([]byte(`{"colour":"blue"}`)); len(faults) != 1 || faults[0].Rule != "enum" {
		t.Error(faults)
	}
}

// TestPick: a schema of some properties is one by itself.
func TestPick(t *testing.T) {
	s := Of(struct {
		A int    `json:"a" jsonschema:"required,minimum=1"`
		B string `json:"b" jsonschema:"required"`
		C string `json:"c" jsonschema:"default=x"`
	}{})
	p := s.Pick("c", "a")
	if got := strings.Join(p.Fields(), " "); got != "c a" {
		t.Error(got)
	}
	for data, want := range map[string]string{`{"a":1}`: `{"a":1,"c":"x"}`, `{}`: "a: Field is required but missing", `{"a":0}`: "a: Value must be at least 1"} {
		full, faults := p.Check([]byte(data))
		if got := string(full); faults.Error() != want && (len(faults) > 0 || got != want) {
			t.Errorf("%s: %s %v", data, got, faults)
		}
	}
	if _, faults := s.Check([]byte(`{"a":1}`)); len(faults) != 1 {
		t.Error("s has changed", faults)
	}
}
