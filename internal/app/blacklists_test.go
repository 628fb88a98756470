package app_test

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestBlacklists has calls declined by the blacklists that an account has in
// force, and by no others.
func TestBlacklists(t *testing.T) {
	a := start(t, nil)
	create(t, a, "/callflows", `{"numbers":["2000"],"flow":{"module":"response","data":{"code":486}}}`)
	create(t, a, "/blacklists", `{"id":"pests","name":"Pests","numbers":{"4155550199":{}}}`)
	create(t, a, "/blacklists", `{"id":"shy","name":"Shy","should_block_anonymous":true}`)
	create(t, a, "/blacklists", `{"id":"idle","name":"Idle","numbers":{"+14155550100":{}},"should_block_anonymous":true}`)
	for _, c := range []struct {
		lists, from string
		code        string
	}{
		{`[]`, "+14155550199", "486"},
		{`["pests"]`, "+14155550199", "603"},
		{`["pests"]`, "4155550199", "603"},
		{`["pests"]`, "+14155550100", "486"},
		{`["pests"]`, "anonymous", "486"},
		{`["gone","pests","shy"]`, "Anonymous", "603"},
		{`["gone","pests","shy"]`, "", "603"},
		{`["gone","pests","shy"]`, "+14155550199", "603"},
		{`["shy"]`, "+14155550199", "486"},
	} {
		ask(t, a, "PATCH", "", `{"data":{"blacklists":`+c.lists+`}}`)
		_, err := dial(t, a, "2000", phone.Options{Dial: call.DialOptions{CallerNumber: c.from}})
		if err == nil || !strings.Contains(err.Error(), c.code) {
			t.Errorf("%s, from %q: %v, want %s", c.lists, c.from, err, c.code)
		}
	}
	for _, why := range []string{"blacklist Pests has +14155550199", "blacklist Shy: the caller shows no number"} {
		says(t, a, "/cdrs", "We declined the call: "+why+".")
	}
}
