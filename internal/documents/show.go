package documents

import (
	"context"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// showDirectory adds who is in a directory: the users that name it.
func showDirectory(ctx context.Context, docs store.Docs, d resource.Doc, out resource.Object) error {
	c := resource.Collection{Resource: Users.Resource, Docs: docs, Account: d.Account}
	members, err := c.FindBy(ctx, ByDirectory, d.ID)
	if err != nil {
		return err
	}
	rows := make([]any, len(members))
	for i, u := range members {
		flows, _ := u.Public["directories"].(resource.Object)
		rows[i] = resource.Object{"user_id": u.ID, "callflow_id": flows[d.ID]}
	}
	out["users"] = rows
	return nil
}

// showConference adds who is in a conference.
func showConference(_ context.Context, _ store.Docs, _ resource.Doc, out resource.Object) error {
	now := idle()
	now["participants"] = []any{}
	out["_read_only"] = now
	return nil
}
