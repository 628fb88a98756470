package app

import (
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// learn tells the lamps of a document that was saved or deleted: whose realm
// is whose, and which presence id people call with.
func (a *App) learn(c resource.Change) {
	d, text := c.New, func(path string) string { return resource.Text(c.New.Public, path) }
	if d.Deleted {
		text = nil
	}
	a.lamps.Learn(store.Key{Account: d.Account, Type: d.Type, ID: d.ID}, text)
}
