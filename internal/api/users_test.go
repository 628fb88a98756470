package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

func TestUsers(t *testing.T) { onEach(t, testUsers) }

func testUsers(t *testing.T, w *world) {
	t.Helper()
	w.must(201, "PUT A/users", `{"id":"u1","first_name":"Zoe","last_name":"Abel","username":"ZOE","password":"hunter22"}`)
	for body, fault := range map[string]string{
		`{"first_name":"A","last_name":"B","username":"zoe","password":"x"}`: "username unique",
		`{"first_name":"A","last_name":"B","username":"new"}`:                "password required",
		`{"first_name":"A","last_name":"B","username":"a b","password":"x"}`: "username pattern",
		`{"first_name":"A","last_name":"B","priv_level":"god"}`:              "priv_level enum",
		`{"last_name":"B","hotdesk":{"pin":"1"}}`:                            "hotdesk.pin minLength",
		`{"first_name":"A","last_name":"B","email":"not an address at all"}`: "email wrong_format",
	} {
		path, rule, _ := strings.Cut(fault, " ")
		if a := w.must(400, "PUT A/users", body); a.fault(path, rule) == "" {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	got := w.must(200, "GET A/users/u1", "")
	if got.data()["username"] != "zoe" || strings.Contains(got.text, "hunter22") || strings.Contains(got.text, "password\"") {
		t.Error(got.text)
	}
	if raw, err := w.store.Get(t.Context(), store.Key{Account: w.creds.AccountID, Type: "user", ID: "u1"}); err != nil ||
		strings.Contains(string(raw.JSON), "hunter22") {
		t.Errorf("%s %v", raw.JSON, err)
	} else if m, s := identity.Digests("zoe", "hunter22"); strings.Contains(string(raw.JSON), m) || strings.Contains(string(raw.JSON), s) {
		t.Error("what is as good as a password is stored")
	}
	w.must(400, "PATCH A/users/u1", `{"username":"zoe2"}`)
	w.must(200, "PATCH A/users/u1", `{"username":"zoe2","password":"p"}`)
	w.tokenOf("pivot", "zoe2", "p", "md5")
	made := w.must(201, "PUT A/users", `{"first_name":"A","last_name":"Z","password":"x"}`)
	if !strings.HasPrefix(resource.Text(made.data(), "username"), "user_") {
		t.Error(made.text)
	}
	var names []string
	for _, row := range w.must(200, "GET A/users?ascending=true", "").rows() {
		names = append(names, resource.Text(row.(resource.Object), "last_name"))
	}
	if want := []string{"Abel", "Admin", "Z"}; !slices.Equal(names, want) {
		t.Errorf("%v, not %v", names, want)
	}
	for keys, want := range map[string]int{"end_key=admin": 2, "start_key=b": 2, "start_key=b&end_key=ac": 1} {
		if got := w.must(200, "GET A/users?"+keys, "").rows(); len(got) != want {
			t.Errorf("%s: %v", keys, got)
		}
	}
}
