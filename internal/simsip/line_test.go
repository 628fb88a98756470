package simsip_test

import (
	"encoding/json"
	"net/http"
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
	menu := made(t, server, account, "menus", `{"name":"Door","hunt_deny":"^302$"}`)
	made(t, server, account, "directories", `{"name":"Staff"}`)
	made(t, server, account, "users", `{"first_name":"Ada","last_name":"Lovelace"}`)
	made(t, server, account, "lists", `{"name":"Known"}`)
	door := sim.Callflow{Numbers: []string{"500"}, Flow: program(t, `{"module":"menu","data":{"id":"`+menu+`"}}`)}
	if _, err := server.Put(t.Context(), account, door); err != nil {
		t.Fatal(err)
	}
	c := sim.Call{From: "100", Steps: []sim.Step{{Keys: "302"}, {After: "not a valid choice", Keys: "301"}}}
	if err := server.Number(t.Context(), &c, "500"); err != nil {
		t.Fatal(err)
	}
	r, err := c.Run(t.Context())
	if err != nil || !strings.HasSuffix(strings.Join(r.Heard, "|"), "|Inner.") || r.Failed() != "" {
		t.Errorf("a menu: heard %q, %s, %v", r.Heard, r.Failed(), err)
	}
	file := filepath.Join(t.TempDir(), "door.json")
	if err := sim.Save(file, "door", c, sim.Ask{}, "", r); err != nil {
		t.Fatal(err)
	}
	all, err := sim.Load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	if o := all[0].Run(t.Context(), sim.Instant); !o.Passed() {
		text, _ := os.ReadFile(file)
		t.Errorf("the saved call: %q, %v\n%s", o.Problems, o.Err, text)
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

// made is the id of a document that the server has made.
func made(t *testing.T, s sim.Server, account, kind, data string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, s.URL+"/v2/accounts/"+account+"/"+kind, strings.NewReader(`{"data":`+data+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", s.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct{ Data struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status, err)
	}
	return answer.Data.ID
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
