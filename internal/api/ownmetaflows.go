package api

import (
	"errors"
	"maps"
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// metaflowOperations read and change the metaflows that lie in another
// document, under the key metaflows.
func (s *Server) metaflowOperations() []rest.Operation {
	var ops []rest.Operation
	for _, owner := range []struct {
		path, whose string
		own         func(*rest.Request) (bool, error)
		in          func(*rest.Request) (c resource.Collection, id string)
	}{
		{"", "an account", nil, func(r *rest.Request) (resource.Collection, string) {
			return s.people.Accounts(), r.Account.ID
		}},
		{"users/{user_id}/", "a user", themselves, func(r *rest.Request) (resource.Collection, string) {
			return s.people.Users(r.Account.ID), r.Var("user_id")
		}},
		{"devices/{id}/", "a device", nil, func(r *rest.Request) (resource.Collection, string) {
			return s.in(s.kindOf("device"), r.Account.ID), r.Var("id")
		}},
	} {
		path := "accounts/{account_id}/" + owner.path + "metaflows"
		ops = append(ops,
			rest.Operation{
				Method: http.MethodGet, Path: path, Summary: "Read the metaflows of " + owner.whose, Own: owner.own,
				Returns: documents.MetaflowsSchema,
				Do: func(r *rest.Request) (rest.Reply, error) {
					c, id := owner.in(r)
					d, err := c.Get(r.Context(), id)
					return metaflowsReply(d), rest.Missing(err, id)
				},
			},
			rest.Operation{
				Method: http.MethodPost, Path: path, Summary: "Replace the metaflows of " + owner.whose,
				Body: documents.MetaflowsSchema, Returns: documents.MetaflowsSchema, Own: owner.own,
				Example: rest.Example{Data: metaflowsExample},
				Do: func(r *rest.Request) (rest.Reply, error) {
					c, id := owner.in(r)
					return s.setMetaflows(r, c, id)
				},
			},
			rest.Operation{
				Method: http.MethodDelete, Path: path, Summary: "Delete the metaflows of " + owner.whose, Own: owner.own,
				Do: func(r *rest.Request) (rest.Reply, error) {
					c, id := owner.in(r)
					d, err := edit(r, c, id, func(o resource.Object) { delete(o, "metaflows") })
					return metaflowsReply(d), rest.Missing(err, id)
				},
			},
		)
	}
	for i := range ops {
		ops[i].Group = "metaflows"
	}
	return ops
}

const metaflowsExample = `{"binding_digit": "*", "numbers": {"2": {"module": "hold", "data": {"unhold_key": "1"}}}}`

func metaflowsReply(d resource.Doc) rest.Reply {
	flows, _ := d.Public["metaflows"].(resource.Object)
	if flows == nil {
		flows = resource.Object{}
	}
	return rest.Reply{Data: flows, Revision: d.Revision}
}

func (s *Server) setMetaflows(r *rest.Request, c resource.Collection, id string) (rest.Reply, error) {
	flows, faults := documents.ReadMetaflows(r.Data(), s.cfg.askable)
	if err := faults.Err(); err != nil {
		return rest.Reply{}, err
	}
	d, err := edit(r, c, id, func(o resource.Object) { o["metaflows"] = flows })
	return metaflowsReply(d), rest.Missing(err, id)
}

// edit changes a part of a document, whoever else changes the rest of it.
func edit(r *rest.Request, c resource.Collection, id string, change func(resource.Object)) (resource.Doc, error) {
	d, err := c.Change(r.Context(), id, r.IfMatch(), func(old resource.Doc) resource.Object {
		next := maps.Clone(old.Public)
		change(next)
		return next
	})
	return d, inPart(err)
}

// inPart takes "metaflows" from the paths of faults: the client knows only the
// part.
func inPart(err error) error {
	var faults schema.Faults
	if !errors.As(err, &faults) {
		return err
	}
	for i, f := range faults {
		if len(f.Path) > 1 && f.Path[0] == "metaflows" {
			faults[i].Path = f.Path[1:]
		}
	}
	return faults
}
