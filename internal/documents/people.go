package documents

import (
	"context"
	"encoding/json"

	"github.com/pivotvoice/pivot/internal/store"
)

// Listed is a user as a directory offers them.
type Listed struct {
	FirstName, LastName string
	Name                string // the id of media: the name as the user says it; "" is none
	Callflow            string // the id of what answers for the user
}

// People are the users who are in a directory, by ascending id. They are read
// without their defaults, of which there are none here: there may be thousands,
// and a caller waits.
func (l Library) People(ctx context.Context, account, directory string) ([]Listed, error) {
	out := []Listed{}
	err := store.Each(ctx, l.Docs, store.Query{
		Account: account, Type: Users.Type, Ascending: true, Where: map[string]string{ByDirectory: directory},
	}, func(d store.Doc) (bool, error) {
		var u struct {
			FirstName   string            `json:"first_name"`
			LastName    string            `json:"last_name"`
			Directories map[string]string `json:"directories"`
			Name        struct {
				MediaID string `json:"media_id"`
			} `json:"pronounced_name"`
		}
		if json.Unmarshal(d.JSON, &u) != nil {
			return true, nil //nolint:nilerr // the API lets no such user in
		}
		out = append(out, Listed{u.FirstName, u.LastName, u.Name.MediaID, u.Directories[directory]})
		return true, nil
	})
	return out, err
}
