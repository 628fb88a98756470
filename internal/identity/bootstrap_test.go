package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

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
	d := New(Config{Docs: docs})
	digest, _ := Digests("root", "pw:with:colons")
	master, _ := d.Accounts().Get(ctx, third.AccountID)
	root, err := d.ByDigest(ctx, []resource.Doc{master}, digest)
	if err != nil || !root.Admin() || !root.Master() {
		t.Fatalf("%+v, %v", root, err)
	}
	if again, err := Bootstrap(ctx, docs, BootstrapConfig{Admin: cfg.Admin}); err != nil || again.Account != "Acme" {
		t.Fatalf("what is not configured did not stay: %+v, %v", again, err)
	}
	if same, err := d.Users(third.AccountID).Get(ctx, root.User.ID); err != nil || same.Revision != root.User.Revision {
		t.Errorf("a start that changes nothing changed %+v, %v", same, err)
	}
	cfg.Admin = "root:new password"
	if _, err := Bootstrap(ctx, docs, cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ByDigest(ctx, []resource.Doc{master}, digest); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old password: %v", err)
	}
	for _, bad := range []BootstrapConfig{{Admin: "x"}, {Admin: ":x"}, {Admin: "a b:x"}, {APIKey: "short"}, {APIKey: "0123456789.abcdef"}} {
		if _, err := Bootstrap(ctx, docs, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
