package api

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
)

// carrierOperations are the carriers of the whole server, and several at once.
func (s *Server) carrierOperations() []rest.Operation {
	res := documents.Carriers.Resource
	global := shelf{
		Resource: res, path: res.Name, who: rest.Master,
		in: func(*rest.Request) (resource.Collection, error) { return s.in(res, ""), nil },
	}
	ops := s.crud(global)
	for _, sh := range []shelf{global, s.ofAccount(res)} {
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			summary := "Create several resources: data is a list of them"
			if method == http.MethodPost {
				summary = "Replace several resources: data is a list of them, each with its id"
			}
			ops = append(ops, rest.Operation{
				Method: method, Path: sh.path + "/collection", Group: res.Name, Who: sh.who, Summary: summary,
				List: true, Example: rest.Example{Data: "[]"}, Do: sh.does(s.saveAll),
			})
		}
	}
	return ops
}

// saveAll saves the documents in a request's list, and answers with them in
// their order; one that is refused has the error in its place.
func (s *Server) saveAll(r *rest.Request, c resource.Collection) (rest.Reply, error) {
	list, err := r.Items()
	if err != nil {
		return rest.Reply{}, err
	}
	if len(list) > rest.MaxMany {
		return rest.Reply{}, rest.TooMany("data")
	}
	rows := make([]any, len(list))
	for i, v := range list {
		data, _ := v.(resource.Object)
		d, err := s.saveOne(r, c, data)
		if err != nil {
			e := r.Explain(err)
			rows[i] = resource.Object{"error": e.Status, "message": e.Message, "data": e.Data}
			continue
		}
		rows[i] = d.Show()
	}
	return rest.Reply{Data: rows}, nil
}

// saveOne creates a document of a list, or replaces the one that it names.
func (*Server) saveOne(r *rest.Request, c resource.Collection, data resource.Object) (resource.Doc, error) {
	if r.Method == http.MethodPost {
		id := resource.Text(data, "id")
		d, err := c.Replace(r.Context(), id, data, "")
		return d, rest.Missing(err, id)
	}
	if err := r.OwnWord(data); err != nil {
		return resource.Doc{}, err
	}
	return c.Create(r.Context(), data)
}
