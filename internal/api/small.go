package api

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
)

// What web clients ask for when they start: small, and true. What this server
// has none of is an empty list.

// empties are lists of an account of which there is nothing here.
var empties = []struct{ name, summary string }{
	{"apps_store", "List web clients' apps: this server has none"},
	{"service_plans", "List what is billed: nothing is"},
	{"registrations", "List the phones that are registered: this server takes no registrations yet, so there are none"},
	{"connectivity", "List trunks of PBXs: callers are let in by address (setting allow)"},
	{"websockets", "List clients of the websocket: events are streamed by …/events"},
}

func (s *Server) smallOperations() []rest.Operation {
	about := rest.Operation{
		Method: http.MethodGet, Group: "about", Summary: "Read which server this is", Own: rest.EveryUser,
		Do: func(*rest.Request) (rest.Reply, error) {
			return rest.Reply{Data: map[string]any{"product": "Pivot", "version": s.cfg.Version, "node": s.node}}, nil
		},
	}
	ops := []rest.Operation{about, about}
	ops[0].Path, ops[0].Who, ops[1].Path = "about", rest.AnyToken, "accounts/{account_id}/about"
	for _, e := range empties {
		ops = append(ops, rest.Operation{
			Method: http.MethodGet, Path: "accounts/{account_id}/" + e.name, Group: "about", Summary: e.summary,
			Own: rest.EveryUser,
			Do:  rest.EmptyList,
		})
	}
	ops = append(ops, rest.Operation{
		Method: http.MethodGet, Path: "accounts/{account_id}/registrations/count", Group: "about",
		Summary: "Count the phones that are registered: this server takes no registrations yet",
		Do:      func(*rest.Request) (rest.Reply, error) { return rest.Reply{Data: map[string]any{"count": 0}}, nil },
	})
	return ops
}
