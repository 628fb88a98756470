package identity

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

func TestRules(t *testing.T) {
	for _, test := range []struct {
		rules, args, verb string
		want              bool
	}{
		{`{"/":["GET"]}`, "", "GET", true},
		{`{"/":["GET"]}`, "", "PUT", false},
		{`{"/":["_"]}`, "", "PUT", true},
		{`{"/":["GET"]}`, "a", "GET", false},
		{`{"*":["GET"]}`, "a", "GET", true},
		{`{"*":["GET"]}`, "", "GET", false},
		{`{"*":["GET"]}`, "a/b", "GET", false},
		{`{"#":["GET"]}`, "", "GET", true},
		{`{"#":["GET"]}`, "a/b/c", "GET", true},
		{`{"*/raw":["POST"],"#":["GET"]}`, "a/raw", "POST", true},
		{`{"*/raw":["POST"],"#":["GET"]}`, "a/raw", "GET", false}, // the more exact one counts
		{`{"#/raw":["POST"]}`, "a/b/raw", "POST", true},
		{`{"a":["GET"],"*":["PUT"]}`, "a", "PUT", false},
		{`{}`, "a", "GET", false},
	} {
		rules, err := resource.ParseObject([]byte(test.rules))
		if err != nil {
			t.Fatal(err)
		}
		if got := allows(rules, parts(test.args), test.verb); got != test.want {
			t.Errorf("%s of %q by %s: %v", test.verb, test.args, test.rules, got)
		}
	}
}
