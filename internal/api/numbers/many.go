package numbers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Why some of what Kazoo does with numbers is not done.
const (
	noCarrier = "No carrier that sells numbers is connected to this server"
	noReserve = "A number is in service on this server, or not there: none is reserved"
)

// moreNumberOperations are what is done with several numbers, and asked of
// them.
func (h *Handler) moreNumberOperations() []rest.Operation {
	const (
		all  = "accounts/{account_id}/phone_numbers"
		one  = all + "/{number}"
		many = all + "/collection"
	)
	op := func(method, path, summary string, do func(*rest.Request) (rest.Reply, error)) rest.Operation {
		return rest.Operation{Method: method, Path: path, Summary: summary, Do: do}
	}
	ops := []rest.Operation{
		op(http.MethodPut, many, "Add several phone numbers", h.eachNumber),
		op(http.MethodPost, many, "Replace what is said of several phone numbers", h.eachNumber),
		op(http.MethodPatch, many, "Change what is said of several phone numbers", h.eachNumber),
		op(http.MethodDelete, many, "Give several phone numbers back", h.eachNumber),
		op(http.MethodPut, many+"/activate", "Have several phone numbers in service", h.eachNumber),
		op(http.MethodPost, all+"/check", "Say whether phone numbers can be bought: none can", h.checkNumbers),
	}
	for i := range ops {
		ops[i].Example = rest.Example{Data: `{"numbers": ["2001", "2002"]}`}
	}
	named := []rest.Operation{
		op(http.MethodPut, one+"/activate", "Have a phone number in service", h.activateNumber),
		op(http.MethodGet, all+"/classifiers/{number}", "Say of which class a phone number is", classify),
	}
	for i, number := range []string{"2003", "+12025550100"} {
		named[i].Example.Vars = map[string]string{"number": number}
	}
	named[0].Example.Data = "{}"
	unbuilt := func(method, path, summary, why string) rest.Operation {
		return rest.Operation{Method: method, Path: path, Summary: summary, Unbuilt: why, Do: refuse}
	}
	ops = slices.Concat(ops, named, []rest.Operation{
		op(http.MethodGet, one+"/identify", "Say whose a phone number is", h.identifyNumber),
		op(http.MethodPost, all+"/fix", "List phone numbers: nothing about them needs putting right", h.listNumbers),
		op(http.MethodGet, all+"/carriers_info", "Say which carriers sell numbers: none does", carriersInfo),
		op(http.MethodGet, all+"/classifiers", "List the classes of phone numbers", listClasses),
		unbuilt(http.MethodPut, one+"/reserve", "Reserve a phone number", noReserve),
		unbuilt(http.MethodPut, one+"/port", "Bring a phone number from another carrier", noCarrier),
		unbuilt(http.MethodGet, all+"/prefix", "List the prefixes of a town", noCarrier),
		unbuilt(http.MethodPost, all+"/locality", "Say where phone numbers are", noCarrier),
	})
	for _, op := range namelessNumberOperations() {
		op.Method, op.Who = http.MethodGet, rest.AnyToken
		ops = append(ops, op)
	}
	for i := range ops {
		ops[i].Group = "phone_numbers"
	}
	return ops
}

// namelessNumberOperations are what is asked of numbers without an account.
func namelessNumberOperations() []rest.Operation {
	return []rest.Operation{
		{Path: "phone_numbers/classifiers", Summary: "List the classes of phone numbers", Do: listClasses},
		{
			Path: "phone_numbers/classifiers/{number}", Summary: "Say of which class a phone number is", Do: classify,
			Example: rest.Example{Vars: map[string]string{"number": "+12025550100"}},
		},
		{
			Path: "phone_numbers", Summary: "List the numbers that carriers sell: none",
			Params: []rest.Param{rest.Text("prefix", "How they begin.")},
			Do:     func(*rest.Request) (rest.Reply, error) { return rest.Reply{Data: []any{}}, nil },
		},
	}
}

// refuse is an operation that is not built.
func refuse(r *rest.Request) (rest.Reply, error) { return rest.Reply{}, rest.Unbuilt(r.Op.Unbuilt) }

func carriersInfo(*rest.Request) (rest.Reply, error) {
	return rest.Reply{Data: resource.Object{
		"maximal_prefix_length": 0, "usable_carriers": []any{}, "usable_creation_states": []any{inService},
	}}, nil
}

func listClasses(*rest.Request) (rest.Reply, error) {
	rows := resource.Object{}
	for _, c := range route.Classes() {
		rows[c.Name] = classRow(c)
	}
	return rest.Reply{Data: rows}, nil
}

func classRow(c route.Class) resource.Object {
	row := resource.Object{"regex": c.Regex, "friendly_name": c.Friendly, "pretty_print": c.Pretty}
	if c.Emergency {
		row["emergency"] = true
	}
	return row
}

func classify(r *rest.Request) (rest.Reply, error) {
	c := route.Classify(r.Var("number"))
	row := classRow(c)
	row["name"], row["number"] = c.Name, route.Normalise(r.Var("number"))
	return rest.Reply{Data: row}, nil
}

// identifyNumber says whose a number of the account in the path is.
func (h *Handler) identifyNumber(r *rest.Request) (rest.Reply, error) {
	d, err := h.numbers(r.Account.ID).Get(r.Context(), route.Normalise(r.Var("number")))
	return rest.Reply{Data: resource.Object{"account_id": r.Account.ID, "number": d.ID}}, err
}

// activateNumber answers with a number that is in service.
func (h *Handler) activateNumber(r *rest.Request) (rest.Reply, error) {
	d, err := h.activated(r, r.Var("number"), r.Data())
	return rest.Shown(r, h.numbers(r.Account.ID), d, err)
}

// activated adds a number that is not there; one that is there is in service.
func (h *Handler) activated(r *rest.Request, number string, data resource.Object) (resource.Doc, error) {
	d, err := h.numbers(r.Account.ID).Get(r.Context(), route.Normalise(number))
	if errors.Is(err, store.ErrNotFound) {
		return h.addNumber(r, number, data)
	}
	return d, err
}

// numbersIn are the numbers that a request's data names, each once.
func numbersIn(r *rest.Request) ([]string, error) {
	list, isList := r.Data()["numbers"].([]any)
	if one, ok := r.Data()["numbers"].(string); ok {
		list, isList = []any{one}, true
	}
	switch {
	case r.Data()["numbers"] == nil, isList && len(list) == 0:
		return nil, schema.Faults{schema.Required("numbers")}
	case !isList:
		return nil, schema.Faults{schema.NotOf(r.Data()["numbers"], "array")}.Under("numbers")
	case len(list) > rest.MaxMany:
		return nil, rest.TooMany("numbers")
	}
	var faults schema.Faults
	var numbers []string
	seen := map[string]bool{}
	for i, v := range list {
		n, ok := v.(string)
		if !ok {
			faults = append(faults, schema.Faults{schema.NotOf(v, "string")}.Under("numbers", strconv.Itoa(i))...)
		} else if normal := route.Normalise(n); !seen[normal] {
			seen[normal] = true
			numbers = append(numbers, n)
		}
	}
	return numbers, faults.Err()
}

// eachNumber does to each number in data what an operation of one number does.
// The answer says of each how it went, under success or error.
func (h *Handler) eachNumber(r *rest.Request) (rest.Reply, error) {
	numbers, err := numbersIn(r)
	if err != nil {
		return rest.Reply{}, err
	}
	data := resource.Object{}
	for k, v := range r.Data() {
		if k != "numbers" {
			data[k] = v
		}
	}
	good, bad := resource.Object{}, resource.Object{}
	c := h.numbers(r.Account.ID)
	for _, n := range numbers {
		d, err := h.oneOfMany(r, c, route.Normalise(n), data)
		if err == nil {
			good[d.ID], err = c.Show(r.Context(), d)
		}
		if err != nil {
			e := r.Explain(rest.Missing(err, n))
			bad[n] = resource.Object{"code": e.Status, "error": e.Message, "data": e.Data}
		}
	}
	out := resource.Object{"success": good}
	if len(bad) > 0 {
		out["error"] = bad
	}
	return rest.Reply{Data: out}, nil
}

func (h *Handler) oneOfMany(
	r *rest.Request, c resource.Collection, number string, data resource.Object,
) (resource.Doc, error) {
	switch {
	case r.Method == http.MethodPost:
		return c.Replace(r.Context(), number, data, "")
	case r.Method == http.MethodPatch:
		return c.Patch(r.Context(), number, data, "")
	case r.Method == http.MethodDelete:
		return h.dropNumber(r, number)
	case strings.HasSuffix(r.Op.Path, "/activate"):
		return h.activated(r, number, data)
	default:
		return h.addNumber(r, number, data)
	}
}

// checkNumbers says of each number whether it can be had.
func (h *Handler) checkNumbers(r *rest.Request) (rest.Reply, error) {
	numbers, err := numbersIn(r)
	if err != nil {
		return rest.Reply{}, err
	}
	out := resource.Object{}
	for _, n := range numbers {
		n = route.Normalise(n)
		_, err := h.numbers(r.Account.ID).Get(r.Context(), n)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return rest.Reply{}, err
		}
		out[n] = resource.Object{"status": map[bool]string{true: inService, false: "unavailable"}[err == nil]}
	}
	return rest.Reply{Data: out}, nil
}
