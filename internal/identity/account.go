package identity

import (
	"context"
	"errors"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// What accounts can be found by besides their realm and name.
const (
	ByName    = "alphanum_name"
	byKeyHash = "api_key_hash"
	ByTree    = "tree"       // every account above
	ByParent  = "parent"     // the one right above
	ByMaster  = "superduper" // "true" of the one above all
)

func accountsResource() resource.Resource {
	return resource.Define(resource.Def[documents.Account]{
		Name: "accounts", Type: "account", Summary: "Accounts: who owns callflows, users and calls.",
		Default: documents.Account{Enabled: true},
		Example: `{"name":"Acme","realm":"sip.acme.example","timezone":"Europe/Berlin"}`,
		List:    resource.Fields("name", "realm", "flags"),
		Unique: []resource.Unique{
			inUse("realm", "Account realm already in use"), inUse("name", "Account name already in use"),
		},
		Find: findAccount, Refers: accountRefs, Before: prepareAccount, Show: showAccount, Removing: Removable,
		ReadOnly: []string{
			"wnm_allow_additions", "superduper_admin", "created", "reseller_id", "is_reseller", "billing_mode",
			"notification_preference", "trial_time_left", "api_key", "signing_key", "second_signing_key",
		},
	})
}

// accountRefs are the documents that an account means.
func accountRefs(d resource.Doc) []resource.Ref {
	refs := []resource.Ref{
		{Type: "media", ID: resource.Text(d.Public, "music_on_hold.media_id")},
		{Type: "callflow", ID: resource.Text(d.Public, "preflow.always")},
	}
	for _, id := range resource.Strings(d.Public, "blacklists") {
		refs = append(refs, resource.Ref{Type: "blacklist", ID: id})
	}
	return refs
}

// inUse is a unique field and what is said when it is not.
func inUse(path, message string) resource.Unique {
	return resource.Unique{Path: path, Fault: func(value string, _ resource.Doc) schema.Fault {
		return schema.Fault{
			Path: strings.Split(path, "."), Rule: "unique", Message: message, Extra: map[string]any{"cause": value},
		}
	}}
}

func findAccount(d resource.Doc) map[string][]string {
	above := Tree(d)
	index := map[string][]string{
		ByName: {resource.Alphanumeric(resource.Text(d.Public, "name"))}, ByTree: above,
		byKeyHash: {keyHash(resource.Text(d.Private, "pvt_api_key"))},
	}
	if len(above) > 0 {
		index[ByParent] = above[len(above)-1:]
	}
	if isMaster(d) {
		index[ByMaster] = []string{"true"}
	}
	return index
}

// pvtTree is the private key of the ids of the accounts above one.
const pvtTree = "pvt_tree"

// Tree is the ids of the accounts above one, the topmost first.
func Tree(d resource.Doc) []string { return resource.Strings(d.Private, pvtTree) }

// isMaster says whether an account is the one above all others.
func isMaster(d resource.Doc) bool { return d.Private["pvt_superduper_admin"] == true }

type parentKey struct{}

// Below is ctx in which accounts are made below another.
func Below(ctx context.Context, parent resource.Doc) context.Context {
	return context.WithValue(ctx, parentKey{}, append(Tree(parent), parent.ID))
}

func prepareAccount(ctx context.Context, d *resource.Draft) error {
	if d.Old == nil {
		above, _ := ctx.Value(parentKey{}).([]string)
		if len(d.ID) != 32 {
			return schema.Invalid("id", "pattern", "The id of an account has 32 characters", map[string]any{"value": d.ID})
		}
		d.Private[pvtTree] = resource.Texts(above)
		if ctx.Value(masterKey{}) == true {
			d.Private["pvt_superduper_admin"] = true
		}
		d.Private["pvt_api_key"], d.Private["pvt_signature_secret"] = randomHex(32), randomHex(32)
		d.Private[signingKeys] = []any{newSigningKey()}
	}
	switch realm, ok := d.Doc["realm"].(string); {
	case ok:
		d.Doc["realm"] = resource.Lower(realm)
	case d.Doc["realm"] != nil: // the schema says what is wrong
	case d.Old != nil:
		d.Doc["realm"] = d.Old.Public["realm"]
	default:
		// Kazoo has three bytes, by which two of some thousand accounts meet.
		d.Doc["realm"] = randomHex(8) + ".sip.pivot.local"
	}
	if by, _ := resource.ActorOf(ctx); d.Old != nil && by.Account == d.ID {
		d.Doc["enabled"] = Enabled(*d.Old) // nobody locks out, or lets in, itself
	}
	return nil
}

func showAccount(ctx context.Context, docs store.Docs, d resource.Doc, out resource.Object) error {
	out["superduper_admin"], out["created"] = isMaster(d), gregorian.Seconds(d.Created)
	out["wnm_allow_additions"], out["is_reseller"] = isMaster(d), IsReseller(d)
	out["billing_mode"] = "limits_only"
	reseller, err := resellerOf(ctx, resource.Collection{Resource: resource.Resource{Type: d.Type}, Docs: docs}, d)
	out["reseller_id"] = reseller
	return err
}

// What is wrong with deleting some accounts.
var (
	ErrMaster = errors.New("identity: the first account cannot be deleted")
	ErrAbove  = errors.New("identity: the account has others below it")
)

// Removable says whether an account may be deleted: ErrMaster, ErrAbove or nil.
func Removable(ctx context.Context, docs store.Docs, d resource.Doc) error {
	if isMaster(d) {
		return ErrMaster
	}
	under, err := docs.List(ctx, store.Query{Type: d.Type, Where: map[string]string{ByTree: d.ID}, Limit: 1})
	if err == nil && len(under) > 0 {
		return ErrAbove
	}
	return err
}

// Sign binds text to an account: what is signed holds until its API key changes.
func Sign(account resource.Doc, text string) string {
	return seal(resource.Text(account.Private, "pvt_signature_secret"), text)
}
