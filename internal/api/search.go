package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
)

// searches are what each type can be searched by: q, and where the documents
// have it.
var searches = map[string]map[string][]string{
	"account":  {"name": {"name"}, "realm": {"realm"}, "id": {"id"}},
	"callflow": {"name": {"name"}, "number": {"numbers"}, "name_and_number": {"name", "numbers"}},
	"device":   {"name": {"name"}, "username": {"sip.username"}, "mac_address": {"mac_address"}},
	"user":     {"name": {"first_name", "last_name"}, "username": {"username"}, "email": {"email"}},
	"vmbox":    {"name": {"name"}, "number": {"mailbox"}},
}

func (s *Server) searchOperations() []rest.Operation {
	params := append([]rest.Param{
		rest.Text("t", "The type of the documents: callflow, user, device …"),
		rest.Text("q", "What is looked at: name, number, name_and_number …"),
		rest.Text("v", "How that begins, whatever its case."),
	}, rest.ListParams...)
	ops := []rest.Operation{
		{
			Path: "accounts/{account_id}/search", Summary: "Search an account's documents",
			Example: rest.Example{Query: "t=callflow&q=name_and_number&v=26"}, Do: s.search,
		},
		{
			Path: "search", Who: rest.Master, Summary: "Search the accounts",
			Example: rest.Example{Query: "t=account&q=name&v=sam"},
			Do:      s.searchAccounts,
		},
		{
			Path: "accounts/{account_id}/search/multi", Summary: "Search an account's documents in several ways at once",
			Example: rest.Example{Query: "t=callflow&by_name=main&by_number=26"}, Do: s.search,
		},
		{
			Path: "search/multi", Who: rest.Master, Summary: "Search the accounts in several ways at once",
			Example: rest.Example{Query: "t=account&by_name=sam&by_realm=sip&by_id=0"}, Do: s.searchAccounts,
		},
	}
	for i := range ops {
		ops[i].Method, ops[i].Group, ops[i].Params = http.MethodGet, "search", params
		if strings.HasSuffix(ops[i].Path, "/multi") {
			ops[i].Params = []rest.Param{params[0], rest.Text("by_name", "How the name begins; so with by_number, by_realm …")}
		}
	}
	return ops
}

func (s *Server) search(r *rest.Request) (rest.Reply, error) {
	var names []string
	for _, res := range s.resources {
		names = append(names, res.Type)
	}
	slices.Sort(names)
	if t := r.Param("t"); !slices.Contains(names, t) {
		return rest.Reply{}, errChoice("t", t, names)
	}
	return s.searchIn(r, s.in(s.kindOf(r.Param("t")), r.Account.ID))
}

func (s *Server) searchAccounts(r *rest.Request) (rest.Reply, error) {
	if t := r.Param("t"); t != s.people.Accounts().Type {
		return rest.Reply{}, errChoice("t", t, []string{s.people.Accounts().Type})
	}
	return s.searchIn(r, s.people.Accounts())
}

// searchIn is the rows of a collection whose documents have what is searched
// for.
func (s *Server) searchIn(r *rest.Request, c resource.Collection) (rest.Reply, error) {
	if strings.HasSuffix(r.Op.Path, "/multi") {
		return s.searchBy(r, c)
	}
	paths, err := searched(c, "q", r.Param("q"))
	if err != nil {
		return rest.Reply{}, err
	}
	return s.beginning(r, c, paths, "v")
}

// searchBy has a list of rows for each by_… that is asked for.
func (s *Server) searchBy(r *rest.Request, c resource.Collection) (rest.Reply, error) {
	out := resource.Object{}
	for param := range r.Query {
		by, ok := strings.CutPrefix(param, "by_")
		if !ok {
			continue
		}
		paths, err := searched(c, param, by)
		if err != nil {
			return rest.Reply{}, err
		}
		rows, err := s.beginning(r, c, paths, param)
		if err != nil {
			return rest.Reply{}, err
		}
		out[by] = rows.Data
	}
	if len(out) == 0 {
		return rest.Reply{}, schema.Faults{schema.Required("by_name")}
	}
	return rest.Reply{Data: out}, nil
}

// searched is where the documents of a collection have what they can be
// searched by; param is the parameter that says so.
func searched(c resource.Collection, param, by string) ([]string, error) {
	ways, known := searches[c.Type]
	if !known {
		ways = map[string][]string{"name": {"name"}}
	}
	if paths, ok := ways[by]; ok {
		return paths, nil
	}
	return nil, errChoice(param, by, slices.Sorted(maps.Keys(ways)))
}

// beginning is a page of the documents in which anything at these paths begins
// with the value of a parameter.
func (s *Server) beginning(r *rest.Request, c resource.Collection, paths []string, param string) (rest.Reply, error) {
	v := r.Param(param)
	if v == "" {
		return rest.Reply{}, schema.Faults{schema.Required(param)}
	}
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return rest.Reply{}, err
	}
	q.Filter.Add(func(o resource.Object) bool { return begins(o, paths, v) }, paths...)
	return rest.Page(r, c, q)
}

// begins says whether anything at these paths begins with v: as a name, in
// which only letters and digits count, or as a number as calls have it.
func begins(o resource.Object, paths []string, v string) bool {
	plain, number := resource.Alphanumeric(v), route.Normalise(v)
	for _, path := range paths {
		for _, value := range resource.Strings(o, path) {
			if strings.HasPrefix(value, v) || strings.HasPrefix(value, number) && strings.HasPrefix(number, "+") ||
				plain != "" && strings.HasPrefix(resource.Alphanumeric(value), plain) {
				return true
			}
		}
	}
	return false
}

// errChoice is a parameter that is none of what it may be.
func errChoice(name, value string, choices []string) error {
	if value == "" {
		missing := schema.Required(name)
		missing.Extra = map[string]any{"target": choices}
		return schema.Faults{missing}
	}
	return schema.Invalid(name, "enum", "Value not found in enumerated list of values",
		map[string]any{"target": choices, "value": value})
}
