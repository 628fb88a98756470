package calls

import (
	"net/http"
	"strings"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/cdr"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/resource"
)

// channelOperations are live calls with the keys of Kazoo's channels.
func (h *Handler) channelOperations() []rest.Operation {
	const all, one = "accounts/{account_id}/channels", "accounts/{account_id}/channels/{call_id}"
	live := rest.Example{Vars: map[string]string{"call_id": "{live_call_id}"}}
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: all, Do: h.listChannels,
			Summary: "List running calls, with the keys of Kazoo's channels",
		},
		{
			Method: http.MethodGet, Path: one, Summary: "Read a running call, with the keys of Kazoo's channels",
			Do: h.getChannel, Example: live,
		},
	}
	if h.cfg.Interrupter != nil {
		act := live
		act.Data = `{"action": "hangup"}`
		ops = append(ops, rest.Operation{
			Method: http.MethodPost, Path: one, Summary: "Hang up a running call", Do: h.actOnCall, Example: act,
			Params: []rest.Param{rest.Text("action", "hangup; Kazoo's other actions need a second party, and are not built.")},
		})
	}
	for i := range ops {
		ops[i].Group = "calls"
	}
	return ops
}

func (h *Handler) listChannels(r *rest.Request) (rest.Reply, error) {
	rows := []any{}
	for _, c := range h.cfg.Calls.Live(r.Account.ID) {
		rows = append(rows, h.channel(c))
	}
	return rest.Reply{Data: rows, List: &rest.ListInfo{Size: len(rows)}}, nil
}

func (h *Handler) getChannel(r *rest.Request) (rest.Reply, error) {
	for _, c := range h.cfg.Calls.Live(r.Account.ID) {
		if c.CallID == r.Var("call_id") {
			return rest.Reply{Data: h.channel(c)}, nil
		}
	}
	return rest.Reply{}, rest.BadIdentifier(r.Var("call_id"))
}

// channel is a call as Kazoo shows one.
func (h *Handler) channel(c cdr.Record) resource.Object {
	return resource.Object{
		"uuid": c.CallID, "answered": c.AnsweredT != nil, "direction": c.Direction, "destination": c.Dialed,
		"timestamp": gregorian.Seconds(c.Began), "elapsed_s": int(h.cfg.Now().Sub(c.Began).Seconds()),
		"presence_id": c.From, "username": strings.SplitN(c.From, "@", 2)[0], "is_onhold": false,
	}
}
