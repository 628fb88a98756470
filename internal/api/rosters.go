package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// rosterOperations are who answers a queue: the users that name it in their
// queues.
func (s *Server) rosterOperations() []rest.Operation {
	const path = "accounts/{account_id}/queues/{id}/roster"
	ops := []rest.Operation{
		{Method: http.MethodGet, Summary: "List the ids of the users who answer a queue", Do: s.roster},
		{
			Method: http.MethodPost, Summary: "Say which users answer a queue: data is the list of their ids",
			List: true, Example: rest.Example{Data: `[]`}, Do: s.setRoster,
		},
		{Method: http.MethodDelete, Summary: "Have nobody answer a queue", Do: s.setRoster},
	}
	for i := range ops {
		ops[i].Path, ops[i].Group = path, "queues"
	}
	return ops
}

func (s *Server) roster(r *rest.Request) (rest.Reply, error) {
	if _, err := s.in(documents.Queues.Resource, r.Account.ID).Get(r.Context(), r.Var("id")); err != nil {
		return rest.Reply{}, err
	}
	agents, err := s.people.Users(r.Account.ID).FindBy(r.Context(), documents.ByQueue, r.Var("id"))
	ids := make([]any, len(agents))
	for i, u := range agents {
		ids[i] = u.ID
	}
	return rest.Reply{Data: ids}, err
}

// setRoster writes the queue into the users who are named, and out of those
// who are not.
func (s *Server) setRoster(r *rest.Request) (rest.Reply, error) {
	was, err := s.roster(r)
	if err != nil {
		return rest.Reply{}, err
	}
	wanted, err := s.agents(r)
	if err != nil {
		return rest.Reply{}, err
	}
	queue := r.Var("id")
	old, _ := was.Data.([]any)
	for _, id := range old {
		if id := id.(string); !slices.Contains(wanted, id) {
			if err := s.answers(r, id, queue, false); err != nil {
				return rest.Reply{}, err
			}
		}
	}
	for _, id := range wanted {
		if err := s.answers(r, id, queue, true); err != nil {
			return rest.Reply{}, err
		}
	}
	return s.roster(r)
}

// agents are the ids in a request's data, each of a user.
func (s *Server) agents(r *rest.Request) ([]string, error) {
	if r.Method == http.MethodDelete {
		return nil, nil
	}
	list, err := r.Items()
	if err != nil {
		return nil, err
	}
	if len(list) > rest.MaxMany {
		return nil, rest.TooMany("data")
	}
	var faults schema.Faults
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i], _ = v.(string)
		_, err := s.people.Users(r.Account.ID).Get(r.Context(), ids[i])
		if errors.Is(err, store.ErrNotFound) {
			faults = append(faults, schema.Fault{
				Path: []string{strconv.Itoa(i)}, Rule: "not_found", Message: "There is no such user",
				Extra: map[string]any{"value": v},
			})
		} else if err != nil {
			return nil, err
		}
	}
	return ids, faults.Err()
}

// answers has a user answer a queue, or not.
func (s *Server) answers(r *rest.Request, user, queue string, yes bool) error {
	_, err := edit(r, s.people.Users(r.Account.ID), user, func(o resource.Object) {
		queues := slices.DeleteFunc(resource.Strings(o, "queues"), func(q string) bool { return q == queue })
		if yes {
			queues = append(queues, queue)
		}
		o["queues"] = resource.Texts(queues)
	})
	return err
}
