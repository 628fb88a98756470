package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/guard"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

// tick is a clock that stands where it is put.
type tick struct{ at time.Time }

func (c *tick) now() time.Time { return c.at }

func clocked(c *Config) *tick {
	k := &tick{at: time.Now()}
	c.Now = k.now
	return k
}

// tenants makes a child with a user, and a grandchild.
func (w *world) tenants() (child, grand, user string) {
	w.Helper()
	child = resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Child"}`).data(), "id")
	grand = resource.Text(w.must(201, "PUT /v2/accounts/"+child, `{"name":"Grand"}`).data(), "id")
	w.must(201, "PUT /v2/accounts/"+child+"/users",
		`{"first_name":"A","last_name":"B","username":"ab","password":"pass","priv_level":"admin"}`)
	return child, grand, w.tokenOf("Child", "ab", "pass", "md5")
}

func (w *world) tokenOf(account, user, password, method string) string {
	w.Helper()
	digest, sha := identity.Digests(user, password)
	if method == "sha" {
		digest = sha
	}
	token := w.token
	w.token = ""
	defer func() { w.token = token }()
	a := w.must(201, "PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"`+account+`","method":"`+method+`"}`)
	return resource.Text(a.env, "auth_token")
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	w.token = ""
	digest, _ := identity.Digests("Admin", "secret")
	realm := w.creds.Realm
	for _, by := range []string{
		`"account_name":"PIVOT"`, `"account_realm":"` + realm + `"`, `"realm":"` + strings.ToUpper(realm) + `"`,
		`"account_realm":"not.there","account_name":"pivot"`,
	} {
		a := w.must(201, "PUT /v2/user_auth", `{"credentials":"`+digest+`",`+by+`}`)
		data := a.data()
		if data["account_id"] != w.creds.AccountID || data["account_name"] != "pivot" || data["is_master_account"] != true ||
			data["owner_id"] == nil || data["language"] != "en-us" {
			t.Errorf("%s: %s", by, a.text)
		}
		parts := strings.Split(resource.Text(a.env, "auth_token"), ".")
		if len(parts) != 3 {
			t.Fatalf("no JWT: %s", a.text)
		}
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		claims, _ := resource.ParseObject(raw)
		if err != nil || claims["account_id"] != w.creds.AccountID || claims["method"] != "cb_user_auth" || claims["owner_id"] != data["owner_id"] {
			t.Errorf("claims %s, %v", raw, err)
		}
	}
	w.token = w.tokenOf("pivot", "admin", "secret", "sha")
	if a := w.must(200, "GET A/callflows", ""); a.env["auth_token"] != w.token || a.env["version"] != "1.2.3" {
		t.Errorf("not echoed: %s", a.text)
	}
	if a := w.must(404, "GET A/callflows/x", ""); a.env["auth_token"] != w.token {
		t.Errorf("not echoed with an error: %s", a.text)
	}
	if a := w.must(200, "GET /v2/token_auth", ""); a.data()["method"] != "cb_user_auth" || a.data()["identity_sig"] != nil {
		t.Error(a.text)
	}
	w.must(200, "GET /v2/user_auth/"+w.token, "")
	w.must(403, "GET /v2/user_auth/other", "")
	w.must(200, "DELETE /v2/token_auth", "")
	token := w.token
	w.token = ""
	for _, what := range []string{"POST /v2/auth/tokeninfo", "GET /v2/auth/tokeninfo?token=" + token} {
		body := ""
		if strings.HasPrefix(what, "POST") {
			body = `{"token":"` + token + `"}`
		}
		if a := w.must(200, what, body); a.data()["account_id"] != w.creds.AccountID {
			t.Error(a.text)
		}
	}
	w.must(401, "GET /v2/auth/tokeninfo?token=x", "")
	w.must(400, "GET /v2/auth/tokeninfo", "")
	for _, bad := range []string{
		`{"credentials":"` + digest + `"}`, `{"account_name":"pivot"}`,
		`{"credentials":"` + digest + `","account_name":"pivot","method":"plain"}`,
	} {
		w.must(400, "PUT /v2/user_auth", bad)
	}
}

func TestWhereTokensAre(t *testing.T) {
	w := newWorld(t)
	token := w.tokenOf("pivot", "admin", "secret", "md5")
	w.token = ""
	md5, sha := identity.Digests("admin", "secret")
	basic := func(s string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(w.creds.AccountID+":"+s))
	}
	for _, test := range []struct{ header, value, query string }{
		{"X-Auth-Token", token, ""},
		{"Authorization", "Bearer " + token, ""},
		{"", "", "?auth_token=" + token},
		{"Authorization", "bearer " + w.creds.APIKey, ""},
		{"Authorization", basic(md5), ""},
		{"Authorization", basic(sha), ""},
		{"Authorization", basic("admin:secret"), ""},
		{"X-Auth-Token", w.creds.APIKey, "?auth_token=wrong"},
	} {
		w.head = http.Header{}
		if test.header != "" {
			w.head.Set(test.header, test.value)
		}
		if a := w.do("GET A/callflows"+test.query, ""); a.code != 200 {
			t.Errorf("%+v: %d %s", test, a.code, a.text)
		}
	}
	w.head = http.Header{}
	w.must(201, "PUT A/callflows", `raw:{"data":{"numbers":["1"]},"auth_token":"`+token+`"}`)
	for _, wrong := range []string{"Basic x", basic("admin:wrong"), "Basic " + base64.StdEncoding.EncodeToString([]byte("nobody:x")), "Digest x"} {
		w.head.Set("Authorization", wrong)
		w.must(401, "GET A/callflows", "")
	}
	w.head = http.Header{"X-Auth-Account-Id": {w.creds.AccountID}}
	w.token = token
	w.must(200, "GET A/callflows", "")
	w.head.Set("X-Auth-Account-ID", strings.Repeat("0", 32))
	w.must(401, "GET A/callflows", "")
}

// TestReach is who may go where: 403 for what is above or beside.
func TestReach(t *testing.T) {
	w := newWorld(t)
	child, grand, user := w.tenants()
	other := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Other"}`).data(), "id")
	grandKey := resource.Text(w.must(200, "GET /v2/accounts/"+grand+"/api_key", "").data(), "api_key")
	if len(grandKey) != 64 {
		t.Errorf("an API key of %d characters", len(grandKey))
	}
	tokens := map[string]string{"master": w.token, "child": user, "grand": grandKey, "nobody": ""}
	for _, test := range []struct {
		who, what string
		code      int
	}{
		{"master", "GET /v2/accounts/" + child, 200},
		{"master", "GET /v2/accounts/" + grand + "/callflows", 200},
		{"child", "GET /v2/accounts/" + child, 200},
		{"child", "GET /v2/accounts/" + grand, 200},
		{"child", "GET /v2/accounts/" + other, 403},
		{"child", "GET A/callflows", 403},
		{"child", "DELETE /v2/accounts/" + child, 403},
		{"child", "GET /v2/account/callflows", 200},
		{"grand", "GET /v2/accounts/" + child, 403},
		{"grand", "GET /v2/accounts/" + grand, 200},
		{"nobody", "GET /v2/accounts/" + grand, 401},
		{"nobody", "GET /v2/account", 401},
		{"nobody", "GET /v2/schemas", 200},
		{"child", "GET /v2/token_auth", 200},
		{"nobody", "GET /v2/token_auth", 401},
	} {
		w.token = tokens[test.who]
		if a := w.do(test.what, ""); a.code != test.code {
			t.Errorf("%s: %s: %d %s", test.who, test.what, a.code, a.text)
		}
	}
}

func TestAccounts(t *testing.T) { onEach(t, testAccounts) }

func testAccounts(t *testing.T, w *world) {
	t.Helper()
	child, grand, user := w.tenants()
	rows := func(what string) string { w.Helper(); return asJSON(t, w.must(200, what, "").rows()) }
	get := w.must(200, "GET /v2/accounts/"+child, "").data()
	realm := resource.Text(get, "realm")
	if get["superduper_admin"] != false || get["reseller_id"] != w.creds.AccountID || get["enabled"] != true || realm == "" || get["api_key"] != nil {
		t.Errorf("%v", get)
	}
	if key := resource.Text(w.must(200, "GET /v2/accounts/"+child+"?include_api_key=true", "").data(), "api_key"); len(key) != 64 {
		t.Errorf("key %q", key)
	}
	want := `[{"descendants_count":1,"id":"` + child + `","name":"Child","realm":"` + realm + `"}]`
	if got := rows("GET A/children"); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got := rows("GET A/descendants?ascending=true&filter_name=Grand"); !strings.Contains(got, `"tree":["`+w.creds.AccountID+`","`+child+`"]`) {
		t.Error(got)
	}
	if got := w.must(200, "GET A/descendants", "").rows(); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if got := rows("GET /v2/accounts/" + grand + "/parents"); got != `[{"id":"`+w.creds.AccountID+`","name":"pivot"},{"id":"`+child+`","name":"Child"}]` {
		t.Error(got)
	}
	if got := rows("GET /v2/accounts/" + child + "/siblings"); !strings.Contains(got, child) {
		t.Error(got)
	}
	back := asJSON(t, get) // what was read can be posted
	if got := asJSON(t, w.must(200, "POST /v2/accounts/"+child, back).data()); got != back {
		t.Errorf("%s became %s", back, got)
	}
	for body, fault := range map[string]string{
		`{"name":"Child"}`: "name unique", `{"name":"X","realm":"` + strings.ToUpper(realm) + `"}`: "realm unique", `{}`: "name required",
	} {
		path, rule, _ := strings.Cut(fault, " ")
		if a := w.must(400, "PUT /v2/accounts", body); a.fault(path, rule) == "" {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	w.must(500, "DELETE /v2/accounts/"+child, "")
	master := w.token
	w.token = user
	if a := w.must(200, "PATCH /v2/accounts/"+child, `{"enabled":false,"org":"Me"}`); a.data()["enabled"] != true || a.data()["org"] != "Me" {
		t.Errorf("itself: %s", a.text)
	}
	if got := rows("GET /v2/accounts/" + grand + "/tree"); strings.Contains(got, w.creds.AccountID) {
		t.Errorf("a child sees above itself: %s", got)
	}
	w.must(403, "GET /v2/accounts/"+child+"/siblings", "")
	w.token = master
	w.must(200, "PATCH /v2/accounts/"+child, `{"enabled":false}`)
	w.token = user
	w.must(401, "GET /v2/accounts/"+child, "")
	w.token = ""
	digest, _ := identity.Digests("ab", "pass")
	if a := w.must(423, "PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"Child"}`); a.data()["account"] == nil {
		t.Error(a.text)
	}
	w.token = master
	w.must(200, "DELETE /v2/accounts/"+grand, "")
	w.must(404, "GET /v2/accounts/"+grand+"/callflows", "")
	w.must(200, "DELETE /v2/accounts/"+child, "")
}

func TestTokensEnd(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	child, _, user := w.tenants()
	master := w.token
	users := "/v2/accounts/" + child + "/users/"
	id := resource.Text(w.must(200, "GET /v2/accounts/"+child+"/users", "").rows()[0].(resource.Object), "id")
	works := func(token string, code int) {
		t.Helper()
		w.token = token
		w.must(code, "GET /v2/accounts/"+child, "")
		w.token = master
	}
	works(user, 200)
	w.must(200, "PATCH "+users+id, `{"email":"a@b.example"}`)
	works(user, 200)
	w.must(200, "PATCH "+users+id, `{"password":"other"}`)
	works(user, 401)
	user = w.tokenOf("Child", "ab", "other", "md5")
	works(user, 200)
	w.must(200, "PATCH "+users+id, `{"enabled":false}`)
	works(user, 401)
	w.must(200, "PATCH "+users+id, `{"enabled":true}`)
	works(user, 200)
	clock.at = clock.at.Add(identity.TokenLife + time.Second)
	w.token = user
	if a := w.must(401, "GET A/callflows", ""); a.env["message"] != "invalid credentials" || asJSON(t, a.env["data"]) != "{}" {
		t.Error(a.text)
	}
	w.token = master
	w.must(200, "DELETE "+users+id, "")

	key := resource.Text(w.must(200, "GET /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	token := resource.Text(w.must(201, "PUT /v2/api_auth", `{"api_key":"`+key+`"}`).env, "auth_token")
	works(token, 200)
	fresh := resource.Text(w.must(201, "PUT /v2/accounts/"+child+"/api_key", "").data(), "api_key")
	works(token, 401)
	works(key, 401)
	works(fresh, 200)
}

// TestBruteForce locks a source out for longer and longer, and nobody else.
func TestBruteForce(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	master := w.token
	try := func(password string) answer {
		w.token = ""
		digest, _ := identity.Digests("admin", password)
		return w.do("PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"pivot"}`)
	}
	for range guard.FreeErrors + 1 {
		if a := try("wrong"); a.code != 401 {
			t.Fatalf("%d %s", a.code, a.text)
		}
	}
	for _, wait := range []int{1, 2, 4, 8} {
		a := try("secret") // the right one does not help while the wait lasts
		if a.code != 429 || a.env["message"] != "too_many_requests" || a.head.Get("Retry-After") != fmt.Sprint(wait) {
			t.Fatalf("%d %v %s", a.code, a.head, a.text)
		}
		w.from = "192.0.2.9:1"
		if a := try("secret"); a.code != 201 {
			t.Errorf("from elsewhere: %d", a.code)
		}
		w.from = "192.0.2.1:1"
		w.token = master
		w.must(200, "GET A/callflows", "") // who is known is let in
		clock.at = clock.at.Add(time.Duration(wait) * time.Second)
		if a := try("wrong"); a.code != 401 {
			t.Fatalf("%d %s", a.code, a.text)
		}
	}
	clock.at = clock.at.Add(time.Hour)
	if a := try("secret"); a.code != 201 {
		t.Errorf("after all: %d", a.code)
	}
}

func TestBuckets(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	master := w.token
	w.token = ""
	for i := range 100 {
		a := w.must(401, "GET A/callflows", "")
		if got := asJSON(t, a.env["tokens"]); i == 0 && got != `{"consumed":1,"remaining":99}` {
			t.Error(got)
		}
	}
	w.must(429, "GET A/callflows", "")
	w.must(401, "GET /v2/token_auth", "") // another bucket
	w.token = master
	w.must(200, "GET A/callflows", "")
	w.token = ""
	clock.at = clock.at.Add(time.Second)
	for range 10 {
		w.must(401, "GET A/callflows", "")
	}
	w.must(429, "GET A/callflows", "")
}
