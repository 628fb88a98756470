package api

import (
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

func (s *Server) webhookOperations() []rest.Operation {
	const all = "accounts/{account_id}/webhooks"
	res := documents.Webhooks.Resource
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: "webhooks", Who: rest.Anyone, Summary: "List what webhooks can hear of",
			Do: func(*rest.Request) (rest.Reply, error) { return rest.Reply{Data: hookRows()}, nil },
		},
		{
			Method: http.MethodGet, Path: "webhooks/samples", Who: rest.Anyone,
			Summary: "List samples of what webhooks are told: none, as they are not told anything yet",
			Do:      func(*rest.Request) (rest.Reply, error) { return rest.Reply{Data: []any{}}, nil },
		},
		{
			Method: http.MethodPatch, Path: all, Summary: "Enable all webhooks that were disabled, with re-enable",
			Params: []rest.Param{rest.Truth("re-enable", "true.")}, Example: rest.Example{Data: `{"re-enable": true}`},
			Do: s.enableHooks,
		},
		{
			Method: http.MethodPatch, Path: "accounts/{account_id}/descendants/webhooks", Do: s.enableHooks,
			Summary: "Enable all webhooks that were disabled, of the accounts below too, with re-enable",
			Params:  []rest.Param{rest.Truth("re-enable", "true.")}, Example: rest.Example{Data: `{"re-enable": true}`},
		},
		{
			Method: http.MethodGet, Path: all + "/attempts",
			Summary: "List the attempts to tell webhooks something: none, as they are not told anything yet",
			Do:      rest.EmptyList,
		},
		{
			Method: http.MethodGet, Path: all + "/{id}/attempts", Do: s.nothingIn(res),
			Summary: "List the attempts to tell a webhook something: none, as it is not told anything yet",
		},
	}
	for i := range ops {
		ops[i].Group = res.Name
	}
	return ops
}

// hookRows are the kinds of webhooks as clients choose from them.
func hookRows() []any {
	var rows []any
	for _, h := range documents.Hooks() {
		row := resource.Object{"id": h.ID, "name": h.Name, "description": h.Description}
		modifiers := resource.Object{}
		for key, values := range map[string][]string{"type": h.Types, "action": h.Actions} {
			if values != nil {
				modifiers[key] = resource.Object{"type": "array", "items": values}
			}
		}
		if len(modifiers) > 0 {
			row["modifiers"] = modifiers
		}
		rows = append(rows, row)
	}
	return rows
}

// enableHooks enables the webhooks of an account that are not, with
// descendants in the path those of the accounts below it too, and answers with
// them.
func (s *Server) enableHooks(r *rest.Request) (rest.Reply, error) {
	if r.Param("re-enable") != "true" {
		return rest.Reply{}, schema.Faults{schema.Required("re-enable")}
	}
	accounts := []string{r.Account.ID}
	if strings.HasSuffix(r.Op.Path, "/descendants/webhooks") {
		below, err := s.people.Accounts().FindBy(r.Context(), identity.ByTree, r.Account.ID)
		if err != nil {
			return rest.Reply{}, err
		}
		for _, d := range below {
			accounts = append(accounts, d.ID)
		}
	}
	rows := []any{}
	for _, id := range accounts {
		on, err := s.enableHooksOf(r, id)
		if err != nil {
			return rest.Reply{}, err
		}
		rows = append(rows, on...)
	}
	return rest.Reply{Data: rows}, nil
}

func (s *Server) enableHooksOf(r *rest.Request, account string) ([]any, error) {
	c := s.in(s.kindOf("webhook"), account)
	off, err := c.Where(r.Context(), map[string]string{"enabled": "false"})
	rows := make([]any, len(off))
	for i, d := range off {
		var on resource.Doc
		if on, err = c.Patch(r.Context(), d.ID, resource.Object{"enabled": true, "disable_reason": nil}, ""); err != nil {
			return nil, err
		}
		rows[i] = c.Row(on)
	}
	return rows, err
}
