package api

import (
	"github.com/pivotvoice/pivot/internal/api/sounds"
	"github.com/pivotvoice/pivot/internal/resource"
)

// in are the documents of a resource that an account has.
func (s *Server) in(r resource.Resource, account string) resource.Collection {
	return resource.Collection{
		Resource: r, Docs: s.cfg.Docs, Account: account, Locks: s.locks, Changed: s.cfg.Changed,
	}
}

// Callflows is an account's callflows, held to everything the API holds them
// to, for those who are in the same process.
func (s *Server) Callflows(account string) resource.Collection { return s.in(s.callflowsDef, account) }

// Sounds are the media and recordings, for those who are in the same process.
func (s *Server) Sounds() *sounds.Sounds { return s.sounds }
