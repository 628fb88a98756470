package simsip_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/event"
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
	account := accountOf(t, server)
	inner := answering.Callflow{Name: "Inner", Numbers: []string{"301"}, Flow: program(t, `{"module":"tts","data":{"text":"Inner."}}`)}
	id, err := server.Put(t.Context(), account, inner)
	if err != nil {
		t.Fatal(err)
	}
	outer := answering.Callflow{Patterns: []string{`^30[2-9]$`}, Flow: program(t, `{"module":"callflow","data":{"id":"`+id+`"}}`)}
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
	door := answering.Callflow{Numbers: []string{"500"}, Flow: program(t, `{"module":"menu","data":{"id":"`+menu+`"}}`)}
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
	if err := server.Number(t.Context(), &c, "301"); err == nil || !strings.Contains(err.Error(), "API key") {
		t.Errorf("a wrong key: %v", err)
	}
	server.URL = "http://127.0.0.1:1"
	if err := server.Number(t.Context(), &c, "301"); err == nil || !strings.Contains(err.Error(), "no server answers") {
		t.Errorf("no server: %v", err)
	}
}

// accountOf is the account of a server's key.
func accountOf(t *testing.T, server sim.Server) string {
	t.Helper()
	var c sim.Call
	if err := server.Number(t.Context(), &c, "0"); err != nil {
		t.Fatal(err)
	}
	return c.Account
}

// TestNumberAsTheServer looks numbers up in a server whose account has a
// blacklist, a language and a callflow before all others, and calls them there,
// too: the call is answered as the server answers it.
func TestNumberAsTheServer(t *testing.T) {
	x, err := simsip.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	server := x.Server()
	account := accountOf(t, server)
	flow := func(c answering.Callflow, text string) string {
		t.Helper()
		c.Flow = program(t, text)
		id, err := server.Put(t.Context(), account, c)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := flow(answering.Callflow{Numbers: []string{"1999"}}, `{"module":"tts","data":{"text":"First."}}`)
	flow(answering.Callflow{Numbers: []string{"2000"}}, `{"module":"tts","data":{"text":"Second."},"children":{"_":{
		"module":"branch_variable","data":{"variable":"call.language"}}}}`)
	for i := range 30 {
		flow(answering.Callflow{Numbers: []string{fmt.Sprint(3000 + i)}}, `{"module":"hangup"}`)
		made(t, server, account, "menus", fmt.Sprintf(`{"name":"M%d"}`, i))
	}
	made(t, server, account, "blacklists", `{"id":"pests","name":"Pests","numbers":{"+14155550199":{}}}`)
	send(t, server, http.MethodPatch, account, "", `{"blacklists":["pests"],"language":"DE-de","preflow":{"always":"`+first+`"}}`)

	var asked atomic.Int64
	behind, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); proxy.ServeHTTP(w, r) }))
	defer front.Close()
	counted := sim.Server{URL: front.URL, Key: server.Key}
	for _, tt := range []struct {
		from, to, kind string
		code           int
	}{
		{"+14155550100", "2000", "routed", 0},
		{"+14155550199", "2000", "declined", 603},
		{"+14155550100", "4000", "unrouted", 404},
	} {
		asked.Store(0)
		c := sim.Call{From: tt.from}
		if err := counted.Number(t.Context(), &c, tt.to); err != nil {
			t.Fatal(err)
		}
		r, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		real := sim.Call{From: tt.from, To: tt.to}
		there, err := real.Over(t.Context(), x.Line())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := shown(r), shown(there); got != want || !strings.HasPrefix(got, tt.kind) || r.Ended.SIP != tt.code {
			t.Errorf("%s from %s:\n%s in the simulator (%d),\n%s at the server", tt.to, tt.from, got, r.Ended.SIP, want)
		}
		if n := asked.Load(); n > 7 { // its login, account, blacklist, callflows, number; and two callflows that it runs
			t.Errorf("%s from %s: %d requests", tt.to, tt.from, n)
		}
		if c.Language != "de-de" && tt.code != 603 {
			t.Errorf("the language is %q", c.Language)
		}
	}
}

// shown is what of a call must not depend on who takes it.
func shown(r sim.Result) string {
	var all []string
	for _, e := range r.Events {
		switch e.What.(type) {
		case event.Routed, event.Unrouted, event.Declined, event.Started, event.Decided:
			text, _ := json.Marshal(e.What) // is kept as JSON, too
			all = append(all, e.What.Kind()+" "+string(text))
		}
	}
	return strings.Join(all, "\n")
}

// send sends a request about an account, which is fulfilled, and returns the id
// of its document.
func send(t *testing.T, s sim.Server, method, account, path, data string) string {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+"/v2/accounts/"+account+path, strings.NewReader(`{"data":`+data+`}`))
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
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s, %v", method, path, resp.Status, err)
	}
	return answer.Data.ID
}

// made is the id of a document that the server has made.
func made(t *testing.T, s sim.Server, account, kind, data string) string {
	t.Helper()
	return send(t, s, http.MethodPut, account, "/"+kind, data)
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
