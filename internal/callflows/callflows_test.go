package callflows

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

// parsed is a JSON object.
func parsed(t *testing.T, text string) resource.Object {
	t.Helper()
	o, err := resource.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestRefs is what flows mean.
func TestRefs(t *testing.T) {
	for text, want := range map[string]string{
		`{"module":"menu","data":{"id":"m"}}`:                                                            "[{menu m}]",
		`{"module":"play","data":{"id":"p"}}`:                                                            "[{media p}]",
		`{"module":"webhook","data":{"user_id":"u","my_id":"x"}}`:                                        "[{user u} { x}]",
		`{"module":"ring_group","data":{"endpoints":[{"endpoint_type":"device","id":"d"}]}}`:             "[{device d}]",
		`{"module":"tts","data":{"text":"id"},"children":{"_":{"module":"callflow","data":{"id":"c"}}}}`: "[{callflow c}]",
		`{"module":"temporal_route","data":{},"children":{"rule":{"module":"hangup","data":{}},"_":{}}}`: "[{temporal_rule rule}]",
	} {
		if got := fmt.Sprint(flowRefs(parsed(t, text))); got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
}

func TestModules(t *testing.T) {
	program := parsed(t, `{"module":"menu","data":{},"children":{
		"1":{"module":"play","data":{}}, "2":{"module":"menu","data":{}},
		"3":{"module":"tts","data":{"skip_module":true},"children":{"_":{"module":"hangup","data":{}}}}}}`)
	if got := modules(program); !slices.Equal(got, []string{"menu", "play", "hangup"}) {
		t.Error(got)
	}
}

// TestShape is what is no flow at all.
func TestShape(t *testing.T) {
	for text, want := range map[string]string{
		`{"flow":[]}`:                                   "",
		`{"flow":{"module":1}}`:                         "module",
		`{"flow":{"module":"a","data":[]}}`:             "data",
		`{"flow":{"module":"a","children":[]}}`:         "children",
		`{"flow":{"module":"a","children":{"_":true}}}`: "children._",
	} {
		faults := shape(parsed(t, text)["flow"])
		if len(faults) != 1 || faults[0].Dotted() != want || faults[0].Rule != "type" {
			t.Errorf("%s: %v", text, faults)
		}
	}
	if faults := shape(parsed(t, `{"module":"a","data":null,"children":{"_":{}}}`)); len(faults) > 0 {
		t.Error(faults)
	}
}
