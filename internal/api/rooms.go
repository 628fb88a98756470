package api

import (
	"net/http"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
)

// Why what goes on in mailboxes and conferences cannot be changed.
const (
	noMessages   = "Callers cannot leave messages on this server yet"
	noConference = "Calls cannot be in conferences on this server yet"
)

// roomOperations are what goes on in mailboxes and conferences: nothing, since
// calls cannot get there yet, which is told in the right form.
func (s *Server) roomOperations() []rest.Operation {
	const (
		boxes      = "accounts/{account_id}/vmboxes"
		box        = boxes + "/{id}/messages"
		conference = "accounts/{account_id}/conferences/{id}"
	)
	mailboxes, conferences := documents.Mailboxes.Resource, documents.Conferences.Resource
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: boxes + "/messages",
			Summary: "List the messages of all mailboxes: none, as none can be left yet",
			Do:      rest.EmptyList,
		},
		{
			Method: http.MethodGet, Path: box, Summary: "List the messages of a mailbox: none, as none can be left yet",
			Do: s.nothingIn(mailboxes),
		},
		{
			Method: http.MethodPut, Path: box, Summary: "Leave a message", Unbuilt: noMessages, Do: s.unbuiltIn(mailboxes),
		},
		{
			Method: http.MethodPost, Path: box, Summary: "Move or copy messages", Unbuilt: noMessages,
			Do: s.unbuiltIn(mailboxes),
		},
		{
			Method: http.MethodDelete, Path: box, Summary: "Delete messages", Unbuilt: noMessages, Do: s.unbuiltIn(mailboxes),
		},
		{
			Method: http.MethodPut, Path: conference, Summary: "Lock, unlock, play to, dial into or record a conference",
			Unbuilt: noConference, Do: s.unbuiltIn(conferences),
		},
		{
			Method: http.MethodGet, Path: conference + "/participants",
			Summary: "List who is in a conference: nobody, as nobody can be yet", Do: s.nothingIn(conferences),
		},
		{
			Method: http.MethodPut, Path: conference + "/participants", Unbuilt: noConference,
			Summary: "Mute, deafen or remove everybody in a conference", Do: s.unbuiltIn(conferences),
		},
	}
	for i := range ops {
		ops[i].Group = mailboxes.Name
		if i >= 5 {
			ops[i].Group = conferences.Name
		}
	}
	return ops
}

// nothingIn answers with an empty list of what is in a document.
func (s *Server) nothingIn(res resource.Resource) func(*rest.Request) (rest.Reply, error) {
	return func(r *rest.Request) (rest.Reply, error) {
		_, err := s.in(res, r.Account.ID).Get(r.Context(), r.Var("id"))
		return rest.Reply{Data: []any{}, List: &rest.ListInfo{}}, err
	}
}

// unbuiltIn refuses to do something with a document.
func (s *Server) unbuiltIn(res resource.Resource) func(*rest.Request) (rest.Reply, error) {
	return func(r *rest.Request) (rest.Reply, error) {
		if _, err := s.in(res, r.Account.ID).Get(r.Context(), r.Var("id")); err != nil {
			return rest.Reply{}, err
		}
		return rest.Reply{}, rest.Unbuilt(r.Op.Unbuilt)
	}
}
