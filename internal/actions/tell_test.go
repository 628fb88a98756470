package actions_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
)

// faultsOf are what is wrong with the data of an action, in one line.
func faultsOf(t *testing.T, action, data string) string {
	t.Helper()
	for _, a := range actions.All(deps(nil)) {
		if a.Name != action {
			continue
		}
		_, faults := a.Check(json.RawMessage(data))
		var all []string
		for _, f := range faults {
			all = append(all, f.Dotted()+" "+f.Rule+": "+f.Message)
		}
		return strings.Join(all, "; ")
	}
	t.Fatalf("there is no %s", action)
	return ""
}

func TestWebhookCheck(t *testing.T) {
	for data, want := range map[string]string{
		`{}`: "",
		`{"uri":"http://a.test/x","http_verb":"get","retries":0,"custom_data":{"a":[1]}}`: "",
		`{"uri":"next"}`:                             "",
		`{"uri":"http://10.0.0.1/"}`:                 "uri error: invalid client URL",
		`{"uri":"http://a.test/","http_verb":"put"}`: "http_verb enum: Value not found in enumerated list of values",
		`{"retries":-1}`:                             "retries minimum: Value must be at least 0",
		`{"retries":"many"}`:                         "retries type: Value did not match type(s): integer",
		`{"custom_data":"x"}`:                        "custom_data type: Value did not match type(s): object",
	} {
		if got := faultsOf(t, "webhook", data); got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
}

// TestWebhook is what a web server is told, and that nobody waits for it.
func TestWebhook(t *testing.T) {
	p := &post{}
	d := deps(nil)
	d.Callbacks = p
	_, j := with(t, d, `{"module":"set_variables","data":{"custom_application_vars":{"customer":"4711","vip":true}},"children":{"_":
		{"module":"kvs_set","data":{"hidden":"1"},"children":{"_":
		{"module":"webhook","data":{"uri":"https://a.test/in","http_verb":"get","retries":"7","custom_data":
			{"step":"menu","n":1.50,"off":null,"who":{"team":["a",{"b":true}]},"from":"me","custom_application_vars":{"only":"this"}}},
		"children":{"_":{"module":"webhook","data":{"uri":"https://a.test/in"},
		"children":{"_":{"module":"webhook","data":{}}}}}}}}}}`)
	if len(p.all) != 2 {
		t.Fatalf("posted %+v", p.all)
	}
	began := j.events[0].At
	for _, e := range j.events {
		if !e.At.Equal(began) {
			t.Fatalf("%+v was %v late", e, e.At.Sub(began))
		}
	}
	first, second := p.all[0], p.all[1]
	if first.Call != "c1" || first.Event != "webhook" || first.Method != "GET" || first.URL != "https://a.test/in" ||
		*first.Again != (actions.Again{Times: 7, Every: 2 * time.Second}) {
		t.Errorf("posted %+v", first)
	}
	if second.Method != "POST" || *second.Again != (actions.Again{Times: 2, Every: 2 * time.Second}) {
		t.Errorf("posted %+v", second)
	}
	plain := url.Values{
		"account_id": {"acme"}, "call_id": {"c1"}, "call_direction": {"inbound"}, "language": {"en-us"},
		"from": {"200"}, "from_user": {"200"}, "to": {"100"}, "to_user": {"100"},
		"custom_application_vars[customer]": {"4711"}, "custom_application_vars[vip]": {"true"},
		"timestamp": {"63113904000"}, // the year 2000, when a bubble's time begins
	}
	if !maps.EqualFunc(second.Params, plain, slices.Equal) {
		t.Errorf("told %v", second.Params)
	}
	maps.DeleteFunc(plain, func(name string, _ []string) bool { return strings.HasPrefix(name, "custom_application_vars[") })
	maps.Copy(plain, url.Values{
		"step": {"menu"}, "n": {"1.50"}, "who[team][0]": {"a"}, "who[team][1][b]": {"true"}, "from": {"me"},
		"custom_application_vars[only]": {"this"},
	})
	if !maps.EqualFunc(first.Params, plain, slices.Equal) {
		t.Errorf("told %v", first.Params)
	}
	if w := of[event.Warned](j); len(w) != 1 || w[0].Code != "webhook.nobody" {
		t.Errorf("warned %+v", w)
	}
}

// TestWebhookDeep is data that is nested without sense: what is told stays
// short.
func TestWebhookDeep(t *testing.T) {
	p := &post{}
	d := deps(nil)
	d.Callbacks = p
	with(t, d, `{"module":"webhook","data":{"uri":"http://a.test/","custom_data":{"x":`+strings.Repeat("[", 100)+"1"+strings.Repeat("]", 100)+`}}}`)
	want := strings.Repeat("[", 80) + "1" + strings.Repeat("]", 80)
	if got := p.all[0].Params.Get("x" + strings.Repeat("[0]", 20)); got != want {
		t.Errorf("told %v", p.all[0].Params)
	}
}

// TestWebhookNowhere is a URL that leads nowhere, and a server that tells
// nobody: the call goes on.
func TestWebhookNowhere(t *testing.T) {
	d := deps(nil)
	_, j := with(t, d, `{"module":"webhook","data":{"uri":"relative"},"children":{"_":{"module":"answer"}}}`)
	if w := of[event.Warned](j); len(w) != 1 || w[0].Code != "callback.url" || len(of[event.Answered](j)) != 1 {
		t.Errorf("%+v", j.facts())
	}
	d.Callbacks = nil
	_, j = with(t, d, `{"module":"webhook","data":{"uri":"http://a.test/"},"children":{"_":{"module":"answer"}}}`)
	if w := of[event.Warned](j); len(w) != 1 || w[0].Code != "callback.none" || len(of[event.Answered](j)) != 1 {
		t.Errorf("%+v", j.facts())
	}
}
