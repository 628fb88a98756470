package actions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

const robo = "https://api.nomorobo.com/v1/check"

// children are nodes under names, each of which sets a variable to its name.
func children(names string) string {
	var all []string
	for name := range strings.FieldsSeq(names) {
		all = append(all, fmt.Sprintf(`%q:{"module":"set","data":{"took":%q}}`, name, name))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// took is the child of children that ran, "" if none did.
func took(j *journal) string {
	for _, s := range of[event.Set](j) {
		if s.Name == "took" {
			return s.Value
		}
	}
	return ""
}

func TestNomorobo(t *testing.T) {
	for _, c := range []struct {
		answer, children, want string
		fails                  bool
	}{
		{`{"score":0}`, "0 3 6 10", "0", false},
		{`{"score":0.29}`, "0 3 6 10", "0", false},
		{`{"score":0.3}`, "0 3 6 10", "3", false},
		{`{"score":0.59}`, "0 3 6 10", "3", false},
		{`{"score":0.7}`, "0 3 7 10", "7", false},
		{`{"score":0.99}`, "0 3 6 10", "6", false},
		{`{"score":1,"more":[]}`, "0 3 6 10", "10", false},
		{`{"score":0.2}`, "_ 3 6", "_", false},
		{`{"score":0.2}`, "3 6", "", false},
		{`{"score":1}`, "", "", false},
		{`{"score":0.5}`, "_ 5 x", "5", false},
		{`{"score":-0.1}`, "_ 0", "_", true},
		{`{"score":1.1}`, "0 9", "0", true},
		{`{"score":"high"}`, "_ 0", "_", true},
		{`{"score":null}`, "_ 0", "_", true},
		{`{}`, "_ 0", "_", true},
		{`[1]`, "0 1", "0", true},
		{`{"score":0.5`, "1", "", true},
		{`<html>`, "_ 0", "_", true},
		{event.FailDNS, "_ 0", "_", true},
		{event.FailStatus, "0 5", "0", true},
		{event.FailSize, "error _ 0", "error", true},
		{event.FailConnect, "", "", true},
		{"hang", "_ 5", "_", true},
	} {
		d := deps(nil)
		d.Web = &site{answers: map[string]string{robo: c.answer}}
		_, j := with(t, d, fmt.Sprintf(`{"module":"nomorobo","data":{"username":"me"},"children":%s}`, children(c.children)))
		if got := took(j); got != c.want {
			t.Errorf("%s with %s: took %q, want %q", c.answer, c.children, got, c.want)
		}
		failed := of[event.Failed](j)
		if c.fails != (len(failed) == 1) || c.fails && failed[0].Code != "nomorobo.no_score" {
			t.Errorf("%s: failed %+v", c.answer, failed)
		}
		limit := time.Duration(0)
		if c.answer == "hang" {
			limit = 3 * time.Second
		}
		if long := end(j).At.Sub(j.events[0].At); long != limit {
			t.Errorf("%s: took %v", c.answer, long)
		}
	}
}

// TestNomoroboAsks is what the service is asked, and that no password is told.
func TestNomoroboAsks(t *testing.T) {
	d := deps(nil)
	web := &site{}
	d.Web, d.Nomorobo = web, "https://spam.example.com/check?key=me"
	_, j := with(t, d, `{"module":"nomorobo","data":{"username":"me","password":"hush:@/"},"children":{"2":{"module":"answer"}}}`)
	r := web.requests()[0]
	if r.URL != "https://me:hush%3A%40%2F@spam.example.com/check?key=me" || r.Params.Encode() != "From=&To=" {
		t.Errorf("asked %+v", r)
	}
	if f := of[event.Fetched](j); len(f) != 1 || f[0].ID != 1 || !strings.HasPrefix(f[0].URL, "https://xxxxx@spam.example.com/check?") {
		t.Errorf("told %+v", f)
	}
	if len(of[event.Answered](j)) != 1 {
		t.Errorf("%+v", j.facts())
	}
	for _, s := range of[event.Started](j) {
		if strings.Contains(string(s.Data), "hush") {
			t.Errorf("the password is told: %s", s.Data)
		}
	}
	if strings.Contains(fmt.Sprintf("%+v", j.facts()), "hush") {
		t.Error("the password is told")
	}
	if got := faultsOf(t, "nomorobo", `{"password":""}`); !strings.Contains(got, "username required") || !strings.Contains(got, "password minLength") {
		t.Error(got)
	}
}

// TestNomoroboAsksForTheCaller: what a callflow shows to others is nobody's
// number.
func TestNomoroboAsksForTheCaller(t *testing.T) {
	d := deps(nil)
	web := &site{}
	d.Web = web
	with(t, d, `{"module":"dynamic_cid","data":{"action":"static","caller_id":{"number":"+14155550100"}},"children":{"_":
		{"module":"prepend_cid","data":{"caller_id_number_prefix":"9"},"children":{"_":{"module":"nomorobo","data":{"username":"me"}}}}}}`)
	if from := web.requests()[0].Params.Get("From"); from != "+14155550100" {
		t.Error(from)
	}
}

// TestNomoroboHungUp ends with the call.
func TestNomoroboHungUp(t *testing.T) {
	d := deps(nil)
	d.Web = &site{answers: map[string]string{robo: "hang"}}
	_, j := with(t, d, `{"module":"nomorobo","data":{"username":"me"},"children":{"_":{"module":"answer"}}}`, hurry(time.Second))
	if long := end(j).At.Sub(j.events[0].At); long != time.Second || end(j).What.(event.Ended).By != call.ByCaller {
		t.Errorf("ended after %v", long)
	}
}
