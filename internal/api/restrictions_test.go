package api

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
)

func TestTokenRestrictions(t *testing.T) { onEach(t, testTokenRestrictions) }

func testTokenRestrictions(t *testing.T, w *world) {
	t.Helper()
	child, grand, user := w.tenants()
	at := "/v2/accounts/" + child
	if a := w.must(404, "GET "+at+"/token_restrictions", ""); a.data()["cause"] != "token_restrictions" {
		t.Error(a.text)
	}
	for _, bad := range []string{
		`{}`, `{"restrictions":[]}`, `{"restrictions":{"_":{"_":{"_":[{"rules":{"#":["HEAD"]}}]}}}}`,
		`{"restrictions":{"_":{"_":{"_":[{"rules":{"a b":["GET"]}}]}}}}`,
	} {
		w.must(400, "POST "+at+"/token_restrictions", bad)
	}
	body := `{"restrictions":{
		"cb_user_auth":{"admin":{
			"callflows":[{"allowed_accounts":["{AUTH_ACCOUNT_ID}"],"rules":{"/":["GET","PUT"],"*":["GET"]}},
				{"allowed_accounts":["{DESCENDANT_ACCOUNT_ID}"],"rules":{"/":["GET"]}}],
			"devices":[{"rules":{"#":["GET"]}}],
			"accounts":[{"rules":{"*":["GET"]}}]}},
		"_":{"_":{"_":[{"rules":{"#":["_"]}}]}}}}`
	made := w.must(200, "POST "+at+"/token_restrictions", body)
	if got := w.must(200, "GET "+at+"/token_restrictions", ""); asJSON(t, got.env["data"]) != asJSON(t, made.env["data"]) || got.data()["id"] != "token_restrictions" {
		t.Error(got.text)
	}
	key := resource.Text(w.must(200, "GET "+at+"/api_key", "").data(), "api_key")
	master := w.token
	for _, test := range []struct {
		who, what, body string
		code            int
	}{
		{user, "GET " + at + "/callflows", "", 200},
		{user, "PUT " + at + "/callflows", `{"numbers":["1"]}`, 201},
		{user, "GET " + at + "/callflows/x", "", 404},
		{user, "DELETE " + at + "/callflows/x", "", 403},
		{user, "GET /v2/accounts/" + grand + "/callflows", "", 200},
		{user, "PUT /v2/accounts/" + grand + "/callflows", `{"numbers":["1"]}`, 403},
		{user, "GET " + at, "", 200},
		{user, "PATCH " + at, `{"org":"x"}`, 403},
		{user, "GET " + at + "/menus", "", 403},
		{user, "GET " + at + "/users/x/devices", "", 404}, // that of the devices counts
		{user, "DELETE " + at + "/token_restrictions", "", 403},
		{user, "GET /v2/token_auth", "", 403},
		{user, "GET /v2/schemas", "", 200},
		{key, "GET " + at + "/menus", "", 200},
		{key, "PUT " + at + "/menus", `{"name":"m"}`, 201},
		{master, "DELETE " + at + "/menus/x", "", 404},
	} {
		w.token = test.who
		a := w.do(test.what, test.body)
		if a.code != test.code {
			t.Errorf("%s: %d %v", test.what, a.code, a.env["data"])
		}
		if test.code == 403 && a.data()["cause"] != "access denied by token restrictions" {
			t.Errorf("%s: %v", test.what, a.env["data"])
		}
	}
	w.token = master
	w.must(200, "DELETE "+at+"/token_restrictions", "")
	w.must(404, "DELETE "+at+"/token_restrictions", "")
	w.token = user
	w.must(200, "GET "+at+"/menus", "")
}
