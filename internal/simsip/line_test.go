package simsip_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/sim"
	"github.com/pivotvoice/pivot/internal/simsip"
)

// TestSIP takes calls of the simulator's own cases over real SIP: what was
// heard in no time is heard on the wire.
func TestSIP(t *testing.T) {
	x, err := simsip.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, name := range []string{"barge", "refused", "fails"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("../sim/testdata/try", name+".txt")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, _, _ := strings.Cut(string(text), "-----\n")
			test, err := sim.ReadTest(file, []byte(source))
			if err != nil {
				t.Fatal(err)
			}
			if o := test.Run(t.Context(), x.Take); !o.Passed() {
				var b strings.Builder
				o.Summary(&b, true)
				t.Error(b.String())
			}
		})
	}
}

// TestNumber looks a number up in a running server and calls it in no time.
func TestNumber(t *testing.T) {
	x, err := simsip.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	server := x.Server()
	_, account, err := server.Directory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inner := sim.Callflow{Name: "Inner", Numbers: []string{"301"}, Flow: program(t, `{"module":"tts","data":{"text":"Inner."}}`)}
	id, err := server.Put(t.Context(), account, inner)
	if err != nil {
		t.Fatal(err)
	}
	outer := sim.Callflow{Patterns: []string{`^30[2-9]$`}, Flow: program(t, `{"module":"callflow","data":{"id":"`+id+`"}}`)}
	if _, err := server.Put(t.Context(), account, outer); err != nil {
		t.Fatal(err)
	}
	for number, heard := range map[string]string{"301": "Inner.", "305": "Inner.", "400": ""} {
		c := sim.Call{From: "100"}
		if err := server.Number(t.Context(), &c, number); err != nil {
			t.Fatal(err)
		}
		r, err := c.Run(t.Context())
		if err != nil || strings.Join(r.Heard, "|") != heard {
			t.Errorf("%s: heard %q, %v", number, r.Heard, err)
		}
	}
	server.Key = strings.Repeat("0", 64)
	if _, _, err := server.Directory(t.Context()); err == nil || !strings.Contains(err.Error(), "API key") {
		t.Errorf("a wrong key: %v", err)
	}
	server.URL = "http://127.0.0.1:1"
	if _, _, err := server.Directory(t.Context()); err == nil || !strings.Contains(err.Error(), "no server answers") {
		t.Errorf("no server: %v", err)
	}
}

func program(t *testing.T, text string) *flow.Node {
	t.Helper()
	var n flow.Node
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

// TestDocumentsRefused: the server of a test over SIP has documents of its own.
func TestDocumentsRefused(t *testing.T) {
	test, err := sim.ReadTest("x.json", []byte(`{"call": {}, "flow": {"module": "menu"}, "documents": {"menus": {"m": {"name": "M"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if o := test.Run(t.Context(), (&simsip.Exchange{}).Take); o.Err == nil || !strings.Contains(o.Err.Error(), "without --sip") {
		t.Error(o.Err)
	}
}
