package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// What accounts can be found by besides their realm and name.
const (
	indexName   = "alphanum_name"
	indexAPIKey = "api_key_hash"
	indexTree   = "tree"       // every account above
	indexParent = "parent"     // the one right above
	indexMaster = "superduper" // "true" of the one above all
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
		Find: findAccount, Refers: accountRefs, Before: prepareAccount, Show: showAccount, Removing: removingAccount,
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
	above := tree(d)
	index := map[string][]string{
		indexName: {resource.Alphanumeric(resource.Text(d.Public, "name"))}, indexTree: above,
		indexAPIKey: {keyHash(resource.Text(d.Private, "pvt_api_key"))},
	}
	if len(above) > 0 {
		index[indexParent] = above[len(above)-1:]
	}
	if isMaster(d) {
		index[indexMaster] = []string{"true"}
	}
	return index
}

// pvtTree is the private key of the ids of the accounts above one.
const pvtTree = "pvt_tree"

// tree is the ids of the accounts above one, the topmost first.
func tree(d resource.Doc) []string { return resource.Strings(d.Private, pvtTree) }

func isMaster(d resource.Doc) bool { return d.Private["pvt_superduper_admin"] == true }

type parentKey struct{}

// below is ctx in which accounts are made below another.
func below(ctx context.Context, parent resource.Doc) context.Context {
	return context.WithValue(ctx, parentKey{}, append(tree(parent), parent.ID))
}

func prepareAccount(ctx context.Context, d *resource.Draft) error {
	if d.Old == nil {
		above, _ := ctx.Value(parentKey{}).([]string)
		if len(d.ID) != 32 {
			return errInvalid("id", "pattern", "The id of an account has 32 characters", map[string]any{"value": d.ID})
		}
		d.Private[pvtTree] = texts(above)
		if ctx.Value(masterKey{}) == true {
			d.Private["pvt_superduper_admin"] = true
		}
		d.Private["pvt_api_key"], d.Private["pvt_signature_secret"] = randomHex(32), randomHex(32)
		d.Private[signingKeys] = []any{newSigningKey()}
	}
	switch realm, ok := d.Doc["realm"].(string); {
	case ok:
		d.Doc["realm"] = lower(realm)
	case d.Doc["realm"] != nil: // the schema says what is wrong
	case d.Old != nil:
		d.Doc["realm"] = d.Old.Public["realm"]
	default:
		// Kazoo has three bytes, by which two of some thousand accounts meet.
		d.Doc["realm"] = randomHex(8) + ".sip.pivot.local"
	}
	if by, _ := resource.ActorOf(ctx); d.Old != nil && by.Account == d.ID {
		d.Doc["enabled"] = enabled(*d.Old) // nobody locks out, or lets in, itself
	}
	return nil
}

func showAccount(ctx context.Context, docs store.Docs, d resource.Doc, out resource.Object) error {
	out["superduper_admin"], out["created"] = isMaster(d), gregorian.Seconds(d.Created)
	out["wnm_allow_additions"], out["is_reseller"] = isMaster(d), isReseller(d)
	out["billing_mode"] = "limits_only"
	reseller, err := resellerOf(ctx, resource.Collection{Resource: resource.Resource{Type: d.Type}, Docs: docs}, d)
	out["reseller_id"] = reseller
	return err
}

func removingAccount(ctx context.Context, docs store.Docs, d resource.Doc) error {
	if isMaster(d) {
		return errMethod()
	}
	under, err := docs.List(ctx, store.Query{Type: d.Type, Where: map[string]string{indexTree: d.ID}, Limit: 1})
	if err == nil && len(under) > 0 {
		return says(http.StatusInternalServerError, "account_has_descendants", "account has descendants")
	}
	return err
}

// randomHex is a random number of n bytes in hex.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, says its documentation
	return hex.EncodeToString(b)
}

func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (s *Server) accountOperations() []Operation {
	const one = "accounts/{account_id}"
	body := s.accountsDef.Schema
	ops := []Operation{
		{
			Method: http.MethodPut, Path: "accounts", Summary: "Create an account below one's own", Body: body, Who: AnyToken,
			Example: Example{Data: `{"name": "Acme", "realm": "acme.example.com", "timezone": "Europe/Berlin"}`},
			Do:      func(r *Request) (Reply, error) { return s.createAccount(r, r.Auth.Account) },
		},
		{
			Method: http.MethodPut, Path: one, Summary: "Create an account below another", Body: body,
			Example: Example{Data: `{"name": "Acme's shop"}`, Vars: map[string]string{"account_id": "{child_account_id}"}},
			Do:      func(r *Request) (Reply, error) { return s.createAccount(r, *r.Account) },
		},
		{
			Method: http.MethodGet, Path: one, Summary: "Read an account", Do: s.getAccount, Own: everyUser,
			Params: []Param{
				{"include_api_key", "true to have its API key in the answer.", Truth},
				{"include_signing_key", "true to have its signing keys in the answer.", Truth},
			},
		},
		{
			Method: http.MethodPost, Path: one, Summary: "Replace an account's settings", Body: body, Do: s.replaceAccount,
			Example: Example{Data: `{"name": "{account_name}", "realm": "{realm}", "timezone": "Europe/Berlin"}`},
		},
		{
			Method: http.MethodPatch, Path: one, Summary: "Change some of an account's settings", Do: s.patchAccount,
			Example: Example{Data: `{"timezone": "America/New_York"}`},
		},
		{
			Method: http.MethodDelete, Path: one, Summary: "Delete an account", Do: s.deleteAccount,
			Example: Example{Vars: map[string]string{"account_id": "{spare_account_id}"}},
		},
		{Method: http.MethodGet, Path: one + "/api_key", Summary: "Read an account's API key", Do: s.getAPIKey},
		{
			Method: http.MethodPut, Path: one + "/api_key", Summary: "Make a new API key; the old one and its tokens end",
			Do: s.putAPIKey,
		},
		{
			Method: http.MethodGet, Path: one + "/children", Summary: "List the accounts right below", Params: listParams,
			Produces: []string{csvType}, Do: s.listChildren,
		},
		{
			Method: http.MethodGet, Path: one + "/descendants", Summary: "List all accounts below", Params: listParams,
			Produces: []string{csvType}, Do: s.listDescendants,
		},
		{
			Method: http.MethodGet, Path: one + "/siblings", Summary: "List the accounts beside", Params: listParams,
			Produces: []string{csvType}, Do: s.listSiblings,
		},
		{Method: http.MethodGet, Path: one + "/parents", Summary: "List the accounts above", Do: s.listParents},
		{Method: http.MethodGet, Path: one + "/tree", Summary: "List the accounts above", Do: s.listParents},
	}
	for i := range ops {
		ops[i].Group = "accounts"
	}
	return ops
}

func (s *Server) createAccount(r *Request, parent resource.Doc) (Reply, error) {
	s.family.Lock()
	defer s.family.Unlock()
	now, err := s.accounts().Get(r.Context(), parent.ID)
	if err != nil {
		return Reply{}, missing(err, parent.ID)
	}
	d, err := s.accounts().Create(below(r.Context(), now), r.Data())
	reply, err := s.shown(r, s.accounts(), d, err)
	reply.Location = "/v2/accounts/" + d.ID
	return reply, err
}

func (s *Server) getAccount(r *Request) (Reply, error) {
	reply, err := s.shown(r, s.accounts(), *r.Account, nil)
	data, ok := reply.Data.(resource.Object)
	if !ok || !r.Auth.Admin() {
		return reply, err
	}
	if r.Param("include_api_key") == "true" {
		data["api_key"] = resource.Text(r.Account.Private, "pvt_api_key")
	}
	if r.Param("include_signing_key") == "true" {
		maps.Copy(data, showSigningKeys(*r.Account))
	}
	return reply, err
}

func (s *Server) replaceAccount(r *Request) (Reply, error) {
	d, err := s.accounts().Replace(r.Context(), r.Account.ID, r.Data(), r.ifMatch())
	return s.shown(r, s.accounts(), d, err)
}

func (s *Server) patchAccount(r *Request) (Reply, error) {
	d, err := s.accounts().Patch(r.Context(), r.Account.ID, r.Data(), r.ifMatch())
	return s.shown(r, s.accounts(), d, err)
}

func (s *Server) getAPIKey(r *Request) (Reply, error) {
	return Reply{Data: map[string]any{"api_key": resource.Text(r.Account.Private, "pvt_api_key")}}, nil
}

func (s *Server) putAPIKey(r *Request) (Reply, error) {
	d, err := s.setAPIKey(r.Context(), r.Account.ID, randomHex(32))
	if err != nil {
		return Reply{}, err
	}
	return Reply{Data: map[string]any{"api_key": resource.Text(d.Private, "pvt_api_key")}}, nil
}

// listAccounts is a page of accounts, with more columns.
func (s *Server) listAccounts(r *Request, index, id string, more ...resource.Column) (Reply, error) {
	q, err := resource.ParseQuery(r.query, r.Param)
	if err != nil {
		return Reply{}, err
	}
	q.Where = map[string]string{index: id}
	c := s.accounts()
	c.Columns = append(slices.Clip(c.Columns), more...)
	return s.page(r, c, q)
}

func (s *Server) listChildren(r *Request) (Reply, error) {
	reply, err := s.listAccounts(r, indexParent, r.Account.ID)
	if err != nil {
		return reply, err
	}
	rows, _ := reply.Data.([]any)
	for _, row := range rows {
		o, _ := row.(resource.Object)
		under, err := s.accounts().FindBy(r.Context(), indexTree, resource.Text(o, "id"))
		if err != nil {
			return reply, err
		}
		o["descendants_count"] = len(under)
	}
	return reply, nil
}

func (s *Server) listDescendants(r *Request) (Reply, error) {
	return s.listAccounts(r, indexTree, r.Account.ID, resource.Column{
		Name: "tree", Value: func(d resource.Doc) any { return tree(d) },
	})
}

func (s *Server) listSiblings(r *Request) (Reply, error) {
	above := tree(*r.Account)
	if len(above) == 0 {
		return s.listAccounts(r, indexMaster, "true")
	}
	parent, err := s.accounts().Get(r.Context(), above[len(above)-1])
	if err != nil {
		return Reply{}, err
	}
	if !r.Auth.reaches(&parent) {
		return Reply{}, errForbidden()
	}
	return s.listAccounts(r, indexParent, parent.ID)
}

// listParents shows the accounts above, but not those above the token's own.
func (s *Server) listParents(r *Request) (Reply, error) {
	rows := []any{}
	for _, id := range tree(*r.Account) {
		d, err := s.accounts().Get(r.Context(), id)
		if err != nil {
			return Reply{}, err
		}
		if r.Auth.reaches(&d) {
			rows = append(rows, resource.Object{"id": d.ID, "name": d.Public["name"]})
		}
	}
	return Reply{Data: rows, List: &ListInfo{Size: len(rows)}}, nil
}
