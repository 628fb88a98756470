package api

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
)

// These tests walk over every operation that there is, so that a new one is
// held to the same rules.

var variable = regexp.MustCompile(`\{[a-z_]+\}`)

// pathOf is an operation's path, of an account, with x for what else it names.
func pathOf(op rest.Operation, account string) string {
	path := strings.Replace(op.Path, "{account_id}", account, 1)
	return "/v2/" + variable.ReplaceAllString(path, "x")
}

// hasty is a client that goes away as soon as there is an answer: streams end.
type hasty struct {
	*httptest.ResponseRecorder
	gone context.CancelFunc
}

func (h hasty) WriteHeader(code int) { h.ResponseRecorder.WriteHeader(code); h.gone() }

// statusOf is the answer to an operation for a token.
func (w *world) statusOf(op rest.Operation, account, token string) int {
	ctx, gone := context.WithCancel(w.Context())
	defer gone()
	req := httptest.NewRequestWithContext(ctx, op.Method, pathOf(op, account), strings.NewReader(`{"data":{}}`))
	req.Header.Set("X-Auth-Token", token)
	req.Header.Set("Accept", strings.Join(append([]string{rest.TypeJSON}, op.Produces...), ", "))
	req.RemoteAddr = w.from
	rec := hasty{httptest.NewRecorder(), gone}
	w.ServeHTTP(rec, req)
	return rec.Code
}

// ofTheirOwn is what a user who is no admin may do; all else is refused. One
// word after an operation says what it is about: what is theirs, or a list cut
// down to that.
var ofTheirOwn = map[string]string{
	"GET token_auth": "self", "DELETE token_auth": "self", "GET user_auth/{token}": "one",
	"GET accounts/{account_id}": "self", "GET about": "self",
	"GET users": "list", "GET users/{id}": "one", "POST users/{id}": "one", "PATCH users/{id}": "one",
	"GET users/{user_id}/devices": "one", "GET users/{user_id}/groups": "one", "GET users/{user_id}/vmboxes": "one",
	"GET users/{user_id}/recordings": "one", "GET users/{user_id}/cdrs": "one", "GET users/{user_id}/cdrs/interaction": "one",
	"GET cdrs/interaction": "list", "GET users/{user_id}/hotdesks": "one", "GET users/{user_id}/channels": "one", "GET users/{user_id}/vcard": "one", "GET users/{user_id}/metaflows": "one",
	"POST users/{user_id}/metaflows": "one", "DELETE users/{user_id}/metaflows": "one",
	"GET calls": "list", "GET cdrs": "list", "GET recordings": "list", "GET recordings/{id}": "one",
}

func TestUsersDoTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/users", `{"id":"u1","first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
	token := w.tokenOf("pivot", "ab", "pass", "md5")
	of := maps.Clone(ofTheirOwn)
	for _, e := range empties {
		of["GET "+e.name] = "self"
	}
	for _, r := range w.resources {
		if r.Name == "callflows" || r.Name == "recordings" || !slices.Contains(r.Schema.Fields(), "owner_id") {
			continue
		}
		of["GET "+r.Name] = "list"
		for _, method := range []string{"GET ", "POST ", "PATCH "} {
			of[method+r.Name+"/{id}"] = "one"
		}
	}
	seen := 0
	for _, op := range w.Operations() {
		name := op.Method + " " + strings.TrimPrefix(op.Path, "accounts/{account_id}/")
		kind, theirs := of[name]
		if theirs != (op.Own != nil) {
			t.Errorf("%s: whether it is for users is told twice, and differs", name)
		}
		if op.Who == rest.Anyone {
			continue
		}
		seen++
		may := kind == "list" || kind == "self" // what is called x is nobody's
		if code := w.statusOf(op, w.creds.AccountID, token); (code != http.StatusForbidden) != may {
			t.Errorf("%s by a user: %d", name, code)
		}
	}
	if seen < 50 {
		t.Errorf("only %d operations", seen)
	}
}

// TestUsersChange is what of their own a user who is no admin can change.
func TestUsersChange(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/users", `{"id":"u1","first_name":"A","last_name":"B","username":"ab","password":"pass"}`)
	w.must(201, "PUT A/users", `{"id":"u2","first_name":"C","last_name":"D"}`)
	w.must(201, "PUT A/users", `{"id":"boss","first_name":"E","last_name":"F","priv_level":"admin"}`)
	child := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Child"}`).data(), "id")
	w.record("mine", rest.TypeWAV, wavOf(t, 100))
	w.record("other", rest.TypeWAV, wavOf(t, 100))
	for id, owner := range map[string]string{"mine": "u1", "other": "u2"} {
		if _, err := w.in(w.sounds.Recordings(), w.creds.AccountID).Patch(t.Context(), id, resource.Object{"owner_id": owner}, ""); err != nil {
			t.Fatal(err)
		}
	}
	w.token = w.tokenOf("pivot", "ab", "pass", "md5")
	for _, test := range []struct {
		what, body string
		code       int
	}{
		{"PATCH A/users/u1", `{"email":"x@y.example","call_forward":{"enabled":true,"number":"7"}}`, 200},
		{"POST A/users/u1", `{"first_name":"A","last_name":"Z","username":"ab"}`, 200},
		{"POST A/users/u1", `{"first_name":"A","last_name":"Z","username":"ab","priv_level":"user"}`, 200},
		{"POST A/users/u1", `{"first_name":"A","last_name":"Z","username":"ab","priv_level":"admin"}`, 403},
		{"PATCH A/users/u1", `{"priv_level":"admin"}`, 403},
		{"PATCH A/users/u1", `{"priv_level":null}`, 403},
		{"PATCH A/users/u1", `{"call_restriction":{"international":{"action":"inherit"}}}`, 403},
		{"PATCH A/users/u2", `{"email":"x@y.example"}`, 403},
		{"PATCH A/users/boss", `{"password":"x","username":"boss"}`, 403},
		{"GET A/users/u2", "", 403},
		{"GET A/users/none", "", 403},
		{"DELETE A/users/u1", "", 403},
		{"PUT A/users", `{"first_name":"X","last_name":"Y"}`, 403},
		{"PUT A/callflows", `{"numbers":["1"]}`, 403},
		{"PUT /v2/accounts", `{"name":"Mine"}`, 403},
		{"GET /v2/accounts/" + child, "", 403},
		{"GET A/api_key", "", 403},
		{"GET A/recordings/mine", "", 200},
		{"GET A/recordings/mine.wav", "", 200},
		{"GET A/recordings/other", "", 403},
		{"GET A/recordings/other.wav", "", 403},
		{"PATCH A/users/u1", `{"password":"fresh"}`, 200},
	} {
		if a := w.do(test.what, test.body); a.code != test.code {
			t.Errorf("%s %s: %d %.300s", test.what, test.body, a.code, a.env["data"])
		}
	}
	w.token = w.tokenOf("pivot", "ab", "fresh", "md5")
	if ids := w.must(200, "GET A/users?filter_id=u2", "").ids() + w.must(200, "GET A/users", "").ids(); ids != "u1" {
		t.Errorf("users that a user sees: %s", ids)
	}
	if ids := w.must(200, "GET A/recordings", "").ids(); ids != "mine" {
		t.Errorf("recordings that a user sees: %s", ids)
	}
	if a := w.must(200, "GET /v2/accounts/"+w.creds.AccountID+"?include_api_key=true&include_signing_key=true", ""); a.data()["api_key"] != nil || a.data()["signing_key"] != nil {
		t.Error("a user sees keys")
	}
}

// TestTree asks for every operation of an account with the tokens of those
// above, beside and below it.
func TestTree(t *testing.T) {
	w := newWorld(t)
	id := func(a answer) string { return resource.Text(a.data(), "id") }
	parent := id(w.must(201, "PUT /v2/accounts", `{"name":"Parent"}`))
	beside := id(w.must(201, "PUT /v2/accounts/"+parent, `{"name":"Beside"}`))
	key := func(account string) string {
		return resource.Text(w.must(200, "GET /v2/accounts/"+account+"/api_key", "").data(), "api_key")
	}
	above, aside := key(parent), key(beside)
	// What only the first account may do.
	masters := map[string]bool{
		"PUT accounts/{account_id}/phone_numbers/{number}": true, "PUT accounts/{account_id}/users/{id}/user_auth": true,
		"PUT accounts/{account_id}/reseller": true, "DELETE accounts/{account_id}/reseller": true,
	}
	seen := 0
	for _, op := range w.Operations() {
		if op.Who > rest.Linked {
			continue
		}
		seen++
		own := id(w.must(201, "PUT /v2/accounts/"+parent, `{"name":"Own `+op.Method+op.Path+`"}`))
		below := id(w.must(201, "PUT /v2/accounts/"+own, `{"name":"Below `+op.Method+op.Path+`"}`))
		lower := key(below)
		name := op.Method + " " + op.Path
		for who, token := range map[string]string{"beside": aside, "below": lower} {
			if code := w.statusOf(op, own, token); code != http.StatusForbidden {
				t.Errorf("%s by who is %s: %d", name, who, code)
			}
		}
		if code := w.statusOf(op, own, above); (code == http.StatusForbidden || code == http.StatusUnauthorized) &&
			!masters[name] && op.Who != rest.Master {
			t.Errorf("%s by who is above: %d", name, code)
		}
	}
	if seen < 50 {
		t.Errorf("only %d operations", seen)
	}
}
