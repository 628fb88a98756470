package actions_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// sent is what the web server that a program asks at its end is told, of the
// parameters whose names begin so.
func sent(t *testing.T, begin, prog string, does ...person) (map[string]string, *journal) {
	t.Helper()
	d := deps(nil)
	web := &site{}
	d.Web = web
	ask := `{"module":"pivot","data":{"voice_url":"http://a.test/"}}`
	_, j := with(t, d, strings.ReplaceAll(prog, "ASK", ask), does...)
	got := map[string]string{}
	for _, r := range web.requests() {
		for name, values := range r.Params {
			if key, ok := strings.CutPrefix(name, begin); ok {
				got[strings.Trim(key, "[]")] = values[0]
			}
		}
	}
	return got, j
}

func TestSet(t *testing.T) {
	got, j := sent(t, "Custom-Application-Vars", `{"module":"set","data":{"language":"es","level":3,"skip_module":false,"skills":["a", "b"],"old":"x"},
		"children":{"_":{"module":"set","data":{"old":null,"on":true},"children":{"_":ASK}}}}`)
	if want := map[string]string{"language": "es", "level": "3", "skills": `["a","b"]`, "on": "true"}; !maps.Equal(got, want) {
		t.Errorf("sent %v", got)
	}
	if n := len(of[event.Set](j)); n != 6 {
		t.Errorf("told %+v", of[event.Set](j))
	}
	big := strings.Repeat("x", 40_000)
	got, j = sent(t, "Custom-Application-Vars", `{"module":"set","data":{"a":"`+big+`"},"children":{"_":{"module":"set","data":{"b":"`+big+`"},"children":{"_":ASK}}}}`)
	if failed := of[event.Failed](j); len(got) != 1 || len(failed) != 1 || failed[0].Code != "variables.full" {
		t.Errorf("%d sent, %+v", len(got), failed)
	}
}

// TestKVS is what kvs_set keeps, what it refers to, and what is sent of it.
func TestKVS(t *testing.T) {
	got, _ := sent(t, "Custom-KVS", `{"module":"collect_dtmf","data":{"max_digits":2,"collection_name":"pin"},"children":{"_":
		{"module":"collect_dtmf","data":{"max_digits":1},"children":{"_":
		{"module":"kvs_set","data":{"plain":"x","n":1,"gone":"soon","pin":"$_digits[pin]","key":"$_digits","none":"$_digits[other]"},"children":{"_":
		{"module":"kvs_set","data":{"gone":null,"copy":"$plain","typed":{"type":"string","value":"$n"},"other":{"a":"$n"},"unknown":"$who","list":["$n"]},
		"children":{"_":ASK}}}}}}}}`, presses(time.Second, "123"))
	want := map[string]string{
		"plain": "x", "n": "1", "pin": "12", "key": "3", "none": "", "copy": "x", "typed": `{"type":"string","value":"1"}`,
		"other": `{"a":"$n"}`, "unknown": "", "list": `["$n"]`,
	}
	if !maps.Equal(got, want) {
		t.Errorf("sent %v", got)
	}
	if got := faultsOf(t, "kvs_set", `{"kvs_mode":"json"}`); !strings.HasPrefix(got, "kvs_mode error: kvs_mode is not supported") {
		t.Error(got)
	}
}

// TestSetBranches: what set and kvs_set keep is there to branch by.
func TestSetBranches(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{`{"module":"set","data":{"Agent-Language":"es"}}`, "agent_language", "es"},
		{`{"module":"kvs_set","data":{"campaign":"fall"}}`, "campaign", "fall"},
		{`{"module":"kvs_set","data":{"other":"fall"}}`, "campaign", "_"},
	} {
		_, j := take(t, nil, strings.TrimSuffix(c.first, "}")+`,"children":{"_":{"module":"branch_variable","data":{"variable":"`+c.second+
			`"},"children":`+children("es fall _")+`}}}`)
		if got := took(j); got != c.want {
			t.Errorf("%s: took %q", c.first, got)
		}
	}
}
