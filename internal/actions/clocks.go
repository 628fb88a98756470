package actions

import (
	"context"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/temporal"
)

// clocks knows by whose clocks a call goes.
type clocks struct {
	accounts Accounts
	there    *time.Location // of the server; nil is UTC
}

// zone is the time zone called name or, where that is "" or "inherit", the
// account's or the server's, and who said so.
func (c clocks) zone(ctx context.Context, s *flow.Session, name string) (zone *time.Location, whose string) {
	if name != "" && name != "inherit" {
		if zone := zoneCalled(s, name, "this action's"); zone != nil {
			return zone, "as the callflow says"
		}
	}
	doc, err := account(ctx, s, c.accounts)
	if err != nil && ctx.Err() == nil {
		s.Add(event.Warned{Code: "timezone.unknown", Message: "the account's time zone cannot be read: " + err.Error()})
	}
	if name := resource.Text(doc, "timezone"); name != "" {
		if zone := zoneCalled(s, name, "the account's"); zone != nil {
			return zone, "the account's time zone"
		}
	}
	if c.there == nil {
		return time.UTC, "as the account has none"
	}
	return c.there, "the server's time zone"
}

// zoneCalled is the time zone of that name; nil, which is told, where there is
// none.
func zoneCalled(s *flow.Session, name, whose string) *time.Location {
	zone, err := temporal.Zone(name)
	if err != nil {
		s.Add(event.Warned{Code: "timezone.unknown", Message: fmt.Sprintf("%s time zone %q is not known", whose, name)})
		return nil
	}
	return zone
}
