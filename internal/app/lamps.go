package app

import (
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/resource"
)

// learn tells the lamps of a document that was saved or deleted: whose realm
// is whose, and which presence id people call with.
func (a *App) learn(c resource.Change) {
	d, is := c.New, func(path string) string { return resource.Text(c.New.Public, path) }
	switch {
	case d.Type == accountType && d.Deleted:
		a.lamps.Forget(d.ID)
	case d.Type == accountType:
		a.lamps.SetRealm(d.ID, is("realm"))
	case d.Type == deviceType && d.Deleted:
		a.lamps.SetDevice(d.Account, d.ID, presence.Device{})
	case d.Type == deviceType:
		a.lamps.SetDevice(d.Account, d.ID, presence.Device{
			Username: is("sip.username"), PresenceID: is("presence_id"), OwnerID: is("owner_id"),
		})
	case d.Type == userType && d.Deleted:
		a.lamps.SetUser(d.Account, d.ID, "")
	case d.Type == userType:
		a.lamps.SetUser(d.Account, d.ID, is("presence_id"))
	}
}
