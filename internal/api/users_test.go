package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

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
	} else if m, s := digests("zoe", "hunter22"); strings.Contains(string(raw.JSON), m) || strings.Contains(string(raw.JSON), s) {
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
}

func TestBootstrap(t *testing.T) {
	docs, ctx := store.Memory().Docs, t.Context()
	first, err := Bootstrap(ctx, docs, BootstrapConfig{})
	if err != nil || !first.New || first.User != "admin" || len(first.Password) != 16 || len(first.APIKey) != 64 ||
		!strings.HasSuffix(first.Realm, ".sip.pivot.local") || first.Account != "main" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := Bootstrap(ctx, docs, BootstrapConfig{})
	if err != nil || second.New || second.Password != "" || second.AccountID != first.AccountID || second.APIKey != first.APIKey || second.User != "admin" {
		t.Fatalf("%+v, %v", second, err)
	}
	cfg := BootstrapConfig{Account: "Acme", Realm: "acme.example", Admin: "Root:pw:with:colons", APIKey: "0123456789abcdef"}
	third, err := Bootstrap(ctx, docs, cfg)
	if err != nil || third.Account != "Acme" || third.Realm != "acme.example" || third.User != "root" || third.Password != "" ||
		third.APIKey != cfg.APIKey || third.AccountID != first.AccountID {
		t.Fatalf("%+v, %v", third, err)
	}
	d := newDirectory(docs, nil, fullEffort())
	digest, _ := digests("root", "pw:with:colons")
	master, _ := d.accounts().Get(ctx, third.AccountID)
	root, err := d.byDigest(ctx, []resource.Doc{master}, digest)
	if err != nil || !root.Admin() || !root.Master() {
		t.Fatalf("%+v, %v", root, err)
	}
	if again, err := Bootstrap(ctx, docs, BootstrapConfig{Admin: cfg.Admin}); err != nil || again.Account != "Acme" {
		t.Fatalf("what is not configured did not stay: %+v, %v", again, err)
	}
	if same, err := d.users(third.AccountID).Get(ctx, root.User.ID); err != nil || same.Revision != root.User.Revision {
		t.Errorf("a start that changes nothing changed %+v, %v", same, err)
	}
	cfg.Admin = "root:new password"
	if _, err := Bootstrap(ctx, docs, cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := d.byDigest(ctx, []resource.Doc{master}, digest); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old password: %v", err)
	}
	for _, bad := range []BootstrapConfig{{Admin: "x"}, {Admin: ":x"}, {Admin: "a b:x"}, {APIKey: "short"}, {APIKey: "0123456789.abcdef"}} {
		if _, err := Bootstrap(ctx, docs, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
