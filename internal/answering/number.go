package answering

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/twiml"
)

// ownURL is a number with a web server of its own.
type ownURL struct {
	URL            string   `json:"voice_url"`
	Method         string   `json:"voice_method"`
	FallbackURL    string   `json:"voice_fallback_url"`
	FallbackMethod string   `json:"voice_fallback_method"`
	StatusURL      string   `json:"status_callback"`
	StatusMethod   string   `json:"status_callback_method"`
	StatusEvents   []string `json:"status_callback_event"`
}

// number is store.ErrNotFound where an account has no such number, or one
// without a web server.
func (x *Exchange) number(ctx context.Context, account, number string) (n ownURL, err error) {
	k := store.Key{Account: account, Type: documents.NumberType, ID: route.Normalise(number)}
	d, err := get(ctx, x.docs, k)
	if err != nil {
		return n, err
	}
	if err = json.Unmarshal(d.JSON, &n); err == nil && n.URL == "" {
		err = store.ErrNotFound
	}
	return n, err
}

// start asks the web server as Twilio would.
func (n ownURL) start(account, number string) flow.Start {
	data := map[string]any{
		"voice_url": n.URL, "method": cmp.Or(n.Method, "post"), "req_format": twiml.Name, "compat": string(twiml.Twilio),
	}
	if n.FallbackURL != "" {
		data["fallback_url"], data["fallback_method"] = n.FallbackURL, cmp.Or(n.FallbackMethod, "post")
	}
	if n.StatusURL != "" {
		data["status_callback"], data["status_callback_method"] = n.StatusURL, cmp.Or(n.StatusMethod, "post")
		data["status_callback_event"] = []string{"completed"}
		if len(n.StatusEvents) > 0 {
			data["status_callback_event"] = n.StatusEvents
		}
	}
	raw, _ := json.Marshal(data) // strings can always be written
	return flow.Start{
		Account: account, Program: &flow.Node{Module: "pivot", Data: raw},
		Before: []event.Fact{event.Routed{
			Flow: n.URL, Number: number, Why: []string{"number " + number + " has a voice_url of its own"},
		}},
	}
}
