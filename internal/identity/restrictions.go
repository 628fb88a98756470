package identity

import (
	"cmp"
	"context"
	"encoding/json"
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

// anything stands for any method, level, endpoint, account or verb.
const anything = "_"

// restriction is what may be done in some accounts.
type restriction struct {
	Accounts []string `json:"allowed_accounts,omitempty" jsonschema:"uniqueItems=true" jsonschema_description:"Ids, {AUTH_ACCOUNT_ID}, {DESCENDANT_ACCOUNT_ID} or _; none is _."`
	// Rules are verbs by the path below the endpoint.
	Rules map[string][]string `json:"rules,omitempty" jsonschema:"keys=^[\\w/#*]+$" jsonschema_description:"What may be done, by the path below the endpoint: / is the endpoint itself, * one part, # any number of parts. The most exact one counts. Verbs are GET, PUT, POST, PATCH, DELETE or _."`
}

// Restrictions are by method, level and endpoint.
type Restrictions struct {
	All map[string]map[string]map[string][]restriction `json:"restrictions" jsonschema:"required,keys=^\\w+$" jsonschema_description:"By the method that a token was come by (cb_user_auth, cb_api_auth …), the priv_level, and the endpoint (users, callflows …); _ is any other."`
}

// ruleVerbs are the verbs of rules.
var ruleVerbs = []string{
	"GET", "PUT", "POST", "PATCH", "DELETE", anything,
}

// Faults are rules with verbs that there are not.
func (in Restrictions) Faults() (faults schema.Faults) {
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

// either is what o has for a name, or for any other.
func either(o resource.Object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	return o[anything]
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
			return !own && slices.Contains(Tree(*account), id.Account.ID)
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

// RestrictionsOf are those of an account's tokens, by method, level and
// endpoint; nil where there are none.
func RestrictionsOf(account resource.Doc) resource.Object {
	kept, _ := account.Private[pvtRestrictions].(resource.Object)
	return kept
}

// Restrict restricts what an account's tokens can be used for.
func (d *Directory) Restrict(ctx context.Context, account string, to Restrictions) (resource.Doc, error) {
	raw, err := json.Marshal(to)
	if err != nil {
		return resource.Doc{}, err
	}
	doc, err := resource.ParseObject(raw)
	if err != nil {
		return resource.Doc{}, err
	}
	return d.Accounts().Update(ctx, account, func(draft *resource.Draft) {
		draft.Private[pvtRestrictions] = doc["restrictions"]
	})
}

// Unrestrict lets an account's tokens be used for everything.
func (d *Directory) Unrestrict(ctx context.Context, account string) (resource.Doc, error) {
	return d.Accounts().Update(ctx, account, func(draft *resource.Draft) { delete(draft.Private, pvtRestrictions) })
}

// Restricted says whether the restrictions of the token's account refuse a
// verb: account is the one it is used in, nil for none, and args are the parts
// of the path below the endpoint.
func (id *Identity) Restricted(account *resource.Doc, endpoint string, args []string, verb string) bool {
	kept, ok := id.Account.Private[pvtRestrictions].(resource.Object)
	if !ok || id.Master() {
		return false
	}
	level := "admin"
	if id.User != nil {
		level = resource.Text(id.User.Public, "priv_level")
	}
	levels, _ := either(kept, id.Method).(resource.Object)
	endpoints, _ := either(levels, level).(resource.Object)
	list, _ := either(endpoints, endpoint).([]any)
	for _, each := range list {
		o, _ := each.(resource.Object)
		if id.allowed(resource.Strings(o, "allowed_accounts"), account) {
			rules, _ := o["rules"].(resource.Object)
			return !allows(rules, args, verb)
		}
	}
	return true
}
