package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
)

// declined answers callers whom the account does not want.
var declined = &flow.Node{Module: "response", Data: json.RawMessage(`{"code":603,"message":"Decline"}`)}

// unwanted says why an account does not want a call, "" if it does: a
// blacklist that is in force, which is one in the account's "blacklists", has
// the caller's number, or wants no calls without a number.
func (a *App) unwanted(ctx context.Context, account string, settings resource.Object, info call.Info) string {
	number := route.Normalise(info.CallerNumber)
	for _, id := range resource.Strings(settings, "blacklists") {
		list, err := a.documents().Public(ctx, account, documents.Blacklists.Type, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			a.log.Error("a blacklist cannot be read", "account_id", account, "blacklist", id, "error", err)
			continue
		}
		if anonymous(number) {
			if list["should_block_anonymous"] == true {
				return "blacklist " + resource.Text(list, "name") + ": the caller shows no number"
			}
			continue
		}
		numbers, _ := list["numbers"].(resource.Object)
		if _, there := numbers[number]; there {
			return "blacklist " + resource.Text(list, "name") + " has " + number
		}
	}
	return ""
}

// anonymous says whether a caller's number is none (RFC 3323 section 4.1.1.3).
func anonymous(number string) bool { return number == "" || strings.EqualFold(number, "anonymous") }
