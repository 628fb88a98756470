package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/callflows"
	"github.com/pivotvoice/pivot/internal/resource"
)

// use is a document that means another.
type use struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// uses are the documents of an account that mean one of it. One saved at the
// same moment may be missed, as if it had been saved later: a document may
// mean what is not there.
func (s *Server) uses(ctx context.Context, account resource.Doc, kind, id string) ([]use, error) {
	var out []use
	for _, res := range s.resources {
		found, err := s.in(res, account.ID).Referring(ctx, kind, id)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if d.Type != kind || d.ID != id { // not itself
				out = append(out, use{Type: d.Type, ID: d.ID, Name: callflows.NameOf(d.Type, d.Public)})
			}
		}
	}
	if slices.Contains(s.people.Accounts().Refers(account), resource.Ref{Type: kind, ID: id}) {
		out = append(out, use{Type: account.Type, ID: account.ID, Name: resource.Text(account.Public, "name")})
	}
	return out, nil
}

// errInUse refuses to delete what others mean.
func errInUse(by []use) *rest.Error {
	return &rest.Error{Status: http.StatusConflict, Message: "in_use", Data: map[string]any{
		"message": "it is in use; delete with force=true to leave those who use it without it", "used_by": by,
	}}
}

// unused refuses a request to delete what others mean, unless force is given,
// and says who they are.
func (s *Server) unused(r *rest.Request, d resource.Doc) ([]use, error) {
	if r.Account == nil {
		return nil, nil
	}
	by, err := s.uses(r.Context(), *r.Account, d.Type, d.ID)
	if err == nil && len(by) > 0 && !r.Stale(d.Revision) /* which is said first */ && r.Param("force") != "true" {
		err = errInUse(by)
	}
	return by, err
}

// dangling adds who is left without what was deleted.
func dangling(reply rest.Reply, by []use) rest.Reply {
	if o, ok := reply.Data.(resource.Object); ok && len(by) > 0 {
		o["_read_only"] = resource.Object{"deleted": true, "dangling": by}
	}
	return reply
}

// remove deletes a document, unless others mean it.
func (s *Server) remove(r *rest.Request, c resource.Collection, id string) (rest.Reply, error) {
	d, err := c.Get(r.Context(), id)
	if err != nil {
		return rest.Reply{}, err
	}
	return s.removeDoc(r, c, d, r.Hard())
}

// removeDoc deletes a document that was read, and what lies beside it.
func (s *Server) removeDoc(r *rest.Request, c resource.Collection, d resource.Doc, hard bool) (rest.Reply, error) {
	by, err := s.unused(r, d)
	if err != nil {
		return rest.Reply{}, err
	}
	d, err = c.Delete(r.Context(), d.ID, r.IfMatch(), hard)
	if err == nil {
		// Not even where the client has gone: the next of that id would have it.
		err = s.dropBlob(context.WithoutCancel(r.Context()), c, d.ID)
	}
	reply, err := rest.Shown(r, c, d, err)
	return dangling(reply, by), err
}
