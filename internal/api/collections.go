package api

import "github.com/pivotvoice/pivot/internal/resource"

// Callflows is an account's callflows, held to everything the API holds them
// to, for those who are in the same process.
func (s *Server) Callflows(account string) resource.Collection { return s.in(s.callflowsDef, account) }
