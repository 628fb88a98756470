package kazoo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// during runs do as the only step of a call.
func during(t *testing.T, need flow.Need, do func(*flow.Session)) {
	t.Helper()
	ran := false
	e := flow.NewEngine(flow.Config{Actions: []flow.Action{flow.Define(flow.Def[struct{}]{
		Name: "test", Needs: need,
		Run: func(_ context.Context, s *flow.Session, _ struct{}) (flow.Next, error) {
			ran = true
			do(s)
			return flow.Over, nil
		},
	})}})
	leg := fake.New(call.Info{
		ID: "1@host", Direction: call.Inbound, From: "1000", FromRealm: "from.test", To: "+15550100", ToRealm: "to.test",
		Request: "100", RequestRealm: "pivot.test", CallerName: "Ann & Bob", CallerNumber: "+15550199",
		Headers: map[string]string{"X-Tenant": "7"},
	}, nil)
	if err := e.Run(t.Context(), leg, flow.Start{Account: "acc", Program: &flow.Node{Module: "test"}}); err != nil || !ran {
		t.Fatalf("ran %v: %v", ran, err)
	}
}

func TestForm(t *testing.T) {
	during(t, flow.Anything, func(s *flow.Session) {
		got := Dialect{}.Form(s).Encode()
		want := "Account-ID=acc&Api-Version=4.x&Call-ID=1%40host&Call-Status=ringing&Caller-ID-Name=Ann+%26+Bob" +
			"&Caller-ID-Number=%2B15550199&Custom-SIP-Headers%5BX-Tenant%5D=7&Direction=inbound&From=1000" +
			"&From-Realm=from.test&Language=en-us&Request=100&Request-Realm=pivot.test&To=%2B15550100&To-Realm=to.test"
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	during(t, flow.Answer, func(s *flow.Session) {
		s.Vars["plan"] = "gold"
		s.Channel["Owner-ID"] = "u1"
		s.SetRecording(flow.Recording{ID: "r1", URL: "http://a.test/r1.mp3", Length: 2600 * time.Millisecond})
		got := Dialect{}.Form(s)
		for name, want := range map[string]string{
			"Call-Status": "in-progress", "Custom-Application-Vars[plan]": "gold", "User-ID": "u1", "Custom-Channel-Vars[Owner-ID]": "u1",
			"Recording-ID": "r1", "Recording-Url": "http://a.test/r1.mp3", "Recording-Duration": "3",
		} {
			if got.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, got.Get(name), want)
			}
		}
	})
}

func TestDigits(t *testing.T) {
	for _, x := range []struct {
		collected map[string]string
		form      string // of the parameters that begin with Digits
		json      string
	}{
		{nil, "map[]", "null"},
		{map[string]string{"default": "12#"}, "map[Digits:12#]", `"12#"`},
		{map[string]string{"pin": "34"}, "map[Digits[pin]:34]", `{"pin":"34"}`},
		{map[string]string{"default": "1", "pin": "34"}, "map[Digits[default]:1 Digits[pin]:34]", `{"default":"1","pin":"34"}`},
	} {
		during(t, flow.Anything, func(s *flow.Session) {
			for k, v := range x.collected {
				s.SetCollection(k, v)
			}
			got := map[string]string{}
			for k, v := range (Dialect{}).Form(s) {
				if strings.HasPrefix(k, "Digits") {
					got[k] = v[0]
				}
			}
			if fmt.Sprint(got) != x.form {
				t.Errorf("form %v, want %s", got, x.form)
			}
			b, err := Dialect{}.JSON(s)
			var all map[string]json.RawMessage
			if err != nil || json.Unmarshal(b, &all) != nil {
				t.Fatalf("%s %v", b, err)
			}
			if d := string(all["Digits"]); d != x.json && (d != "" || x.json != "null") {
				t.Errorf("JSON %s, want %s", d, x.json)
			}
			if string(all["Custom-SIP-Headers"]) != `{"X-Tenant":"7"}` || string(all["Custom-Application-Vars"]) != "{}" {
				t.Errorf("JSON %s", b)
			}
		})
	}
}

// fine finds nothing wrong.
func fine(n *flow.Node) (*flow.Node, schema.Faults) { return n, nil }

func TestDecode(t *testing.T) {
	const node = `{"module":"tts","data":{"text":"Hi","n":1e2},"children":{"_":{"module":"hangup","data":{},"children":{}}},"id":5}`
	want := &flow.Node{
		Module: "tts", Data: json.RawMessage(`{"text":"Hi","n":1e2}`),
		Children: map[string]*flow.Node{"_": {Module: "hangup", Data: json.RawMessage(`{}`), Children: map[string]*flow.Node{}}},
	}
	for _, kind := range []string{"application/json", "Application/JSON ; charset=utf-8", "text/html", "text/plain; charset=utf-8", "application/vnd.x+json"} {
		for _, body := range []string{node, " \n" + node + "\n", "\xef\xbb\xbf" + node} {
			got, err := Dialect{}.Decode(kind, []byte(body), fine)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v", kind, got, err)
			}
		}
	}
	for _, body := range []string{"", " \r\n\t", "\xef\xbb\xbf"} {
		if got, err := (Dialect{}).Decode("", []byte(body), fine); got != nil || err != nil {
			t.Errorf("%q: %v, %v", body, got, err)
		}
	}
}

func TestDecodeContentType(t *testing.T) {
	for _, x := range []struct{ kind, body, says string }{
		{"", `{"module":"tts"}`, "no Content-Type, which means TwiML: TwiML is not read here"},
		{"text/xml; charset=utf-8", `<Response/>`, "is text/xml: TwiML is not read here"},
		{"application/xml", `{}`, "is application/xml"},
		{"text/html", "<!DOCTYPE html>\n<html>", `begins like XML or HTML ("<!DOCTYPE html>")`},
		{"text/plain", "Hello", `begins "Hello": it must be callflow JSON`},
		{"audio/wav", "RIFF\xff\x00", "is audio/wav"},
	} {
		_, err := Dialect{}.Decode(x.kind, []byte(x.body), fine)
		var e *webhook.Error
		if !errors.As(err, &e) || e.Kind != event.FailContentType || !strings.Contains(e.Error(), x.says) {
			t.Errorf("%s: %v", x.kind, err)
		}
	}
}

func TestDecodeSyntax(t *testing.T) {
	for _, x := range []struct {
		name, body, says string
		line, column     int
		before, after    string
	}{
		{"comma", "{\n  \"module\": \"tts\",\n}", "looking for beginning of object key", 3, 1, "{\n  \"module\": \"tts\",\n", "}"},
		{"letter", "{\"ä\": tru}", "invalid character '}' in literal true", 1, 10, "", "}"},
		{"end", `{"module": "tts"`, "the JSON ends too early", 1, 17, `{"module": "tts"`, ""},
		{"trailing", "{}\n{}", "there must be one object and nothing behind it", 2, 1, "{}\n", "{}"},
		{"word", "oops", "looking for beginning of value", 1, 1, "", "oops"},
		{"twice", `{"data": {"a": 1, "a": 2}}`, `the key "a" is there twice`, 1, 19, `{"data": {"a": 1, `, `"a": 2}}`},
		{"twice below", `{"a": {"b": [{"a": 1}]}, "a": 2}`, `the key "a" is there twice`, 1, 26, "", `"a": 2}`},
		{"deep", strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "more than 1000 levels deep", 1, 1001, "", ""},
		{"far too deep", strings.Repeat("[", 20_000), "levels deep", 1, 10001, "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := Dialect{}.Decode("application/json", []byte(x.body), fine)
			var p *event.ParseError
			if !errors.As(err, &p) {
				t.Fatal(err)
			}
			if !strings.Contains(p.Message, x.says) || p.Line != x.line || p.Column != x.column {
				t.Errorf("%+v", p)
			}
			if x.before != "" && p.Before != x.before || x.after != "" && p.After != x.after {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestDecodeFaults(t *testing.T) {
	picky := func(n *flow.Node) (*flow.Node, schema.Faults) {
		return n, schema.Faults{{Path: []string{"data", "text"}, Rule: "required", Message: "Field is required but missing"}}
	}
	for _, x := range []struct {
		body  string
		check func(*flow.Node) (*flow.Node, schema.Faults)
		want  string
	}{
		{`{"module":"tts"}`, picky, "data.text: Field is required but missing"},
		{
			`{"module":5,"data":[],"children":{"_":{"module":null,"children":{"1":[{"module":"x"}],"2":null}}}}`, fine,
			"module: Value did not match type(s): string; data: Value did not match type(s): object; " +
				"children._.module: Value did not match type(s): string; children._.children.1: Value did not match type(s): object; " +
				"children._.children.2: Value did not match type(s): object",
		},
		{`[{"module":"tts"}]`, fine, "The answer must be one callflow node"},
		{`"tts"`, fine, "The answer must be a callflow node"},
		{`null`, fine, "The answer must be a callflow node"},
		{`{"name":"main","flow":{"module":"tts"}}`, fine, `answer with what is under its "flow" alone`},
	} {
		_, err := Dialect{}.Decode("application/json", []byte(x.body), x.check)
		var f schema.Faults
		if !errors.As(err, &f) || !strings.Contains(f.Error(), x.want) {
			t.Errorf("%s: %v", x.body, err)
		}
	}
}

func TestDebugDocs(t *testing.T) {
	f := event.Fetched{
		ID: 2, Method: "GET", URL: "http://a.test/?Call-ID=1", Status: 200, Answer: "{",
		SentHead: http.Header{"User-Agent": {"Pivot"}}, Header: http.Header{"Server": {"Apache/2 (Ubuntu)"}},
		Faults: []event.Fault{{Path: "data.text", Rule: "required", Message: "Field is required but missing"}},
		Parse:  &event.ParseError{Before: "{", After: "", Message: "the JSON ends too early"},
	}
	got, err := json.Marshal(DebugDocs("1@h", f))
	want := `[{"call_id":"1@h","iteration":2,"method":"get","req_body":"","req_headers":{"user-agent":"pivot"},"uri":"http://a.test/?Call-ID=1"},` +
		`{"call_id":"1@h","iteration":2,"resp_body":"{","resp_headers":{"server":"apache/2 (ubuntu)"},"resp_status_code":"200"},` +
		`{"call_id":"1@h","iteration":2,"resp_body":"{","schema_errors":[[400,"Field is required but missing",{"data.text":{"required":{"message":"Field is required but missing"}}}]]},` +
		`{"call_id":"1@h","iteration":2,"json_errors":{"after":"","before":"{","message":"the JSON ends too early"},"resp_body":"{"}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := DebugDocs("1@h", event.Fetched{ID: 1, Failure: event.FailDNS}); len(got) != 1 {
		t.Errorf("a request that was not answered has %d documents", len(got))
	}
}

// FuzzDecode holds to: no panic, no program together with an error, and a
// program that was read reads the same when it is written.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"module":"tts","data":{"text":"Hi"},"children":{"_":{"module":"hangup"}}}`,
		`[{"module":"tts"}]`, `{"module":5}`, `{"a":1,"a":2}`, `{}{}`, `{"children":{"":{}}}`, "\xef\xbb\xbf{}", `{"data":{"n":1e999}}`,
		`{"module":"\ud800","children":{"_":null}}`, "<Response/>", `{"children":{"_":[{},[1]]}}`, `{"modu` + "\xff" + `le":1}`,
	} {
		f.Add("application/json", []byte(s))
		f.Add("text/html", []byte(s))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		got, err := Dialect{}.Decode(kind, body, fine)
		if err != nil || got == nil {
			if got != nil && err != nil {
				t.Fatalf("both %+v and %v", got, err)
			}
			return
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := Dialect{}.Decode("application/json", again, fine)
		if got.Empty() && got.Children == nil && err != nil {
			return // {"module":""} and no more
		}
		if err != nil {
			t.Fatalf("%s was read as %s, and that: %v", body, again, err)
		}
		if b, _ := json.Marshal(twice); string(b) != string(again) {
			t.Fatalf("%s became %s", again, b)
		}
	})
}
