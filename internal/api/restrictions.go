package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// An account may say what its tokens can be used for, by the way they were
// come by, the priv_level of their user, and the endpoint
// (spec/crossbar-api.md section 2.3). Where it says anything, what it does not
// speak of is refused. Tokens of the first account are not restricted.

// pvtRestrictions is the private key of an account that they are kept under,
// so that they are at hand with every token.
const pvtRestrictions = "pvt_token_restrictions"

// restrictionsID is the id of the document that clients see.
const restrictionsID = "token_restrictions"

// anything stands for any method, level, endpoint, account or verb.
const anything = "_"

// restriction is what may be done in some accounts.
type restriction struct {
	Accounts []string `json:"allowed_accounts,omitempty" jsonschema:"uniqueItems=true" jsonschema_description:"Ids, {AUTH_ACCOUNT_ID}, {DESCENDANT_ACCOUNT_ID} or _; none is _."`
	// Rules are verbs by the path below the endpoint.
	Rules map[string][]string `json:"rules,omitempty" jsonschema:"keys=^[\\w/#*]+$" jsonschema_description:"What may be done, by the path below the endpoint: / is the endpoint itself, * one part, # any number of parts. The most exact one counts. Verbs are GET, PUT, POST, PATCH, DELETE or _."`
}

// restrictions are by method, level and endpoint.
type restrictions struct {
	All map[string]map[string]map[string][]restriction `json:"restrictions" jsonschema:"required,keys=^\\w+$" jsonschema_description:"By the method that a token was come by (cb_user_auth, cb_api_auth …), the priv_level, and the endpoint (users, callflows …); _ is any other."`
}

func (s *Server) restrictionOperations() []Operation {
	const path = "accounts/{account_id}/token_restrictions"
	body := schema.Of(restrictions{})
	return []Operation{
		{
			Method: http.MethodPost, Path: path, Group: "accounts", Do: s.postRestrictions, Body: body,
			Summary: "Restrict what the account's tokens can be used for",
			Example: Example{
				Data: `{"restrictions": {"cb_user_auth": {"_": {"callflows": [{"rules": {"#": ["GET"]}}]}}}}`,
				Vars: map[string]string{"account_id": "{child_account_id}"},
			},
		},
		{
			Method: http.MethodGet, Path: path, Group: "accounts", Do: s.getRestrictions,
			Summary: "Read how the account's tokens are restricted",
			Example: Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
		{
			Method: http.MethodDelete, Path: path, Group: "accounts", Do: s.deleteRestrictions,
			Summary: "Let the account's tokens be used for everything",
			Example: Example{Vars: map[string]string{"account_id": "{child_account_id}"}},
		},
	}
}

func showRestrictions(d resource.Doc) (Reply, error) {
	kept, ok := d.Private[pvtRestrictions].(resource.Object)
	if !ok {
		return Reply{}, errBadIdentifier(restrictionsID)
	}
	return Reply{Data: resource.Object{"id": restrictionsID, "restrictions": kept}, Revision: d.Revision}, nil
}

func (s *Server) getRestrictions(r *Request) (Reply, error) { return showRestrictions(*r.Account) }

func (s *Server) postRestrictions(r *Request) (Reply, error) {
	var in restrictions
	if err := bodyOf(r, &in); err != nil {
		return Reply{}, err
	}
	if err := badVerbs(in).Err(); err != nil {
		return Reply{}, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return Reply{}, err
	}
	doc, err := resource.ParseObject(raw)
	if err != nil {
		return Reply{}, err
	}
	d, err := s.accounts().Update(r.Context(), r.Account.ID, func(draft *resource.Draft) {
		draft.Private[pvtRestrictions] = doc["restrictions"]
	})
	if err != nil {
		return Reply{}, err
	}
	return showRestrictions(d)
}

func (s *Server) deleteRestrictions(r *Request) (Reply, error) {
	was, err := showRestrictions(*r.Account)
	if err != nil {
		return Reply{}, err
	}
	_, err = s.accounts().Update(r.Context(), r.Account.ID, func(draft *resource.Draft) {
		delete(draft.Private, pvtRestrictions)
	})
	return was, err
}

// ruleVerbs are the verbs of rules.
var ruleVerbs = []string{
	http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete, anything,
}

// badVerbs are rules with verbs that there are not.
func badVerbs(in restrictions) (faults schema.Faults) {
	for method, levels := range in.All {
		for level, endpoints := range levels {
			for endpoint, list := range endpoints {
				for _, each := range list {
					faults = append(faults, each.badVerbs("restrictions", method, level, endpoint, "rules")...)
				}
			}
		}
	}
	return faults
}

func (r restriction) badVerbs(at ...string) (faults schema.Faults) {
	for rule, given := range r.Rules {
		i := slices.IndexFunc(given, func(v string) bool { return !slices.Contains(ruleVerbs, v) })
		if i < 0 {
			continue
		}
		faults = append(faults, schema.Fault{
			Path: append(slices.Clip(at), rule), Rule: "enum", Message: "Value not found in enumerated list of values",
			Extra: map[string]any{"target": ruleVerbs, "value": given[i]},
		})
	}
	return faults
}

// restricted says whether the restrictions of the token's account refuse a
// request.
func (s *Server) restricted(r *Request) bool {
	kept, ok := r.Auth.Account.Private[pvtRestrictions].(resource.Object)
	if !ok || r.Auth.Master() {
		return false
	}
	level := "admin"
	if r.Auth.User != nil {
		level = resource.Text(r.Auth.User.Public, "priv_level")
	}
	endpoint, args := s.endpoint(r.op, r.path)
	levels, _ := either(kept, r.Auth.Method).(resource.Object)
	endpoints, _ := either(levels, level).(resource.Object)
	list, _ := either(endpoints, endpoint).([]any)
	for _, each := range list {
		o, _ := each.(resource.Object)
		if r.Auth.allowed(resource.Strings(o, "allowed_accounts"), r.Account) {
			rules, _ := o["rules"].(resource.Object)
			return !allows(rules, args, r.method)
		}
	}
	return true
}

// either is what o has for a name, or for any other.
func either(o resource.Object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	return o[anything]
}

// endpoint is the last part of a path that is an endpoint of accounts, or else
// its first part, and what comes after it.
func (s *Server) endpoint(op *Operation, path []string) (name string, args []string) {
	parts, of := strings.Split(op.Path, "/"), s.root.fixed["accounts"].any.fixed
	at := 0
	for i, part := range parts {
		if of[part] != nil && i > 1 {
			at = i
		}
	}
	return parts[at], path[at+1:]
}

// allowed says whether a list of accounts has that of a request; none is the
// token's own.
func (id *Identity) allowed(accounts []string, account *resource.Doc) bool {
	if account == nil {
		account = &id.Account
	}
	own := account.ID == id.Account.ID
	return len(accounts) == 0 || slices.ContainsFunc(accounts, func(a string) bool {
		switch a {
		case anything, account.ID:
			return true
		case "{AUTH_ACCOUNT_ID}":
			return own
		case "{DESCENDANT_ACCOUNT_ID}":
			return !own && slices.Contains(tree(*account), id.Account.ID)
		default:
			return false
		}
	})
}

// allows says whether the most exact of the rules that fit has a verb.
func allows(rules resource.Object, args []string, verb string) bool {
	best, found := "", false
	for rule := range rules {
		if fits(parts(rule), args) && (!found || moreExact(rule, best) > 0) {
			best, found = rule, true
		}
	}
	verbs := resource.Strings(resource.Object{"is": rules[best]}, "is")
	return found && (slices.Contains(verbs, verb) || slices.Contains(verbs, anything))
}

// parts are those of a rule between its slashes; "/" has none.
func parts(rule string) []string {
	return slices.DeleteFunc(strings.Split(rule, "/"), func(p string) bool { return p == "" })
}

// moreExact compares rules: one with more words that stand for themselves is
// more exact, then one with fewer #.
func moreExact(a, b string) int {
	count := func(rule string) (words, deep int) {
		for _, p := range parts(rule) {
			switch p {
			case "#":
				deep++
			case "*":
			default:
				words++
			}
		}
		return words, -deep
	}
	aw, ad := count(a)
	bw, bd := count(b)
	return cmp.Or(cmp.Compare(aw, bw), cmp.Compare(ad, bd), strings.Compare(a, b))
}

// fits says whether parts of a path are those of a rule.
func fits(rule, args []string) bool {
	switch {
	case len(rule) == 0:
		return len(args) == 0
	case rule[0] == "#":
		return fits(rule[1:], args) || len(args) > 0 && fits(rule, args[1:])
	default:
		return len(args) > 0 && (rule[0] == "*" || rule[0] == args[0]) && fits(rule[1:], args[1:])
	}
}
