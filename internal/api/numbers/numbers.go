package numbers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// PhoneNumber is what a number's document says of how its calls are answered
// where no callflow has the number: a web server is asked as Twilio would.
type PhoneNumber struct {
	VoiceURL       string             `json:"voice_url,omitempty" jsonschema:"minLength=1,maxLength=2048" jsonschema_description:"What to ask when the number is called, if no callflow has it: TwiML as Twilio's numbers do."`
	VoiceMethod    string             `json:"voice_method,omitempty" jsonschema:"enum=get,enum=post" jsonschema_description:"How to ask; post if it is not given."`
	FallbackURL    string             `json:"voice_fallback_url,omitempty" jsonschema:"minLength=1,maxLength=2048" jsonschema_description:"What to ask if voice_url fails."`
	FallbackMethod string             `json:"voice_fallback_method,omitempty" jsonschema:"enum=get,enum=post" jsonschema_description:"How to ask it; post if it is not given."`
	StatusCallback string             `json:"status_callback,omitempty" jsonschema:"minLength=1,maxLength=2048" jsonschema_description:"What to tell of the call's states."`
	StatusMethod   string             `json:"status_callback_method,omitempty" jsonschema:"enum=get,enum=post" jsonschema_description:"How to tell it; post if it is not given."`
	StatusEvents   []string           `json:"status_callback_event,omitempty" jsonschema:"uniqueItems=true,enum=initiated,enum=ringing,enum=answered,enum=completed" jsonschema_description:"Which states; completed if it is not given."`
	Carrier        string             `json:"carrier_name,omitempty" jsonschema:"minLength=1,maxLength=30" jsonschema_description:"Who it is bought from, for people."`
	CNAM           *documents.CNAM    `json:"cnam,omitempty" jsonschema_description:"The name that goes with it."`
	E911           *documents.E911    `json:"e911,omitempty" jsonschema_description:"Where emergency services find it; kept, and told to nobody."`
	Porting        *documents.Porting `json:"porting,omitempty" jsonschema_description:"What its former carrier needs; kept, and told to nobody."`
	CreateState    string             `json:"create_with_state,omitempty" jsonschema:"enum=in_service" jsonschema_description:"The state it begins in."`
}

const (
	numberType = documents.NumberType
	claimType  = documents.NumberClaimType
	inService  = "in_service"
	// claimHolds is how long a claim counts whose number is not there: its
	// request may still be under way.
	claimHolds = 5 * time.Minute
)

// dialable are the numbers that a document can be of: public ones in E.164,
// and what a phone can dial.
var dialable = regexp.MustCompile(`^(\+[0-9]{3,15}|[0-9*#]{1,20})$`)

// public says whether a number is the same in every account.
func public(number string) bool { return strings.HasPrefix(number, "+") }

// numbersResource declares phone numbers. A document's id is the number.
func numbersResource(urls documents.URLChecker) resource.Resource {
	return resource.Define(resource.Def[PhoneNumber]{
		Name: "phone_numbers", Type: numberType, Summary: "Phone numbers: what belongs to whom, and how it is answered.",
		Example: `{"voice_url":"https://app.example/voice","voice_method":"post"}`,
		ReadOnly: []string{
			"state", "used_by", "features", "features_available", "features_allowed", "features_denied", "assigned_to",
			"created", "updated",
		},
		Before: prepareNumber,
		Check: func(ctx context.Context, d *resource.Draft, n PhoneNumber) error {
			if err := n.faults(urls).Err(); err != nil {
				return err
			}
			return unanswered(ctx, d, n)
		},
		Show: func(ctx context.Context, docs store.Docs, d resource.Doc, out resource.Object) error {
			used, err := callflowOf(ctx, docs, d.Account, d.ID)
			showNumber(d, used != nil, out)
			created, modified := gregorian.Seconds(d.Created), gregorian.Seconds(d.Modified)
			out["_read_only"] = resource.Object{
				"created": created, "modified": modified, "is_deleted": d.Deleted, "state": inService,
				"features": resource.Object{"available": []any{}, "settings": resource.Object{}},
			}
			return err
		},
	})
}

// showNumber adds what Kazoo's clients look for in a number.
func showNumber(d resource.Doc, callflow bool, out resource.Object) {
	out["state"], out["assigned_to"], out["features"] = inService, d.Account, []any{}
	out["created"], out["updated"] = gregorian.Seconds(d.Created), gregorian.Seconds(d.Modified)
	switch {
	case callflow:
		out["used_by"] = "callflow"
	case resource.Text(d.Public, "voice_url") != "":
		out["used_by"] = "pivot"
	}
}

// prepareNumber takes GET for get, and an empty URL for none, as Twilio's
// clients write them. The state is kept so that lists can be filtered by it.
func prepareNumber(_ context.Context, d *resource.Draft) error {
	d.Doc["state"] = inService
	for _, key := range []string{"voice_method", "voice_fallback_method", "status_callback_method"} {
		if m, ok := d.Doc[key].(string); ok {
			d.Doc[key] = strings.ToLower(m)
		}
	}
	for _, key := range []string{"voice_url", "voice_fallback_url", "status_callback"} {
		if d.Doc[key] == "" {
			delete(d.Doc, key)
		}
	}
	return nil
}

// faults is what a schema cannot say.
func (n PhoneNumber) faults(urls documents.URLChecker) schema.Faults {
	var all schema.Faults
	for _, u := range []struct{ key, value string }{
		{"voice_url", n.VoiceURL}, {"voice_fallback_url", n.FallbackURL}, {"status_callback", n.StatusCallback},
	} {
		if u.value == "" {
			continue
		}
		if err := urls(u.value); err != nil {
			all = append(all, schema.BadURL(u.value, err, u.key))
		}
		if n.VoiceURL == "" {
			all = append(all, schema.Fault{
				Path: []string{u.key}, Rule: "dependencies", Message: u.key + " needs a voice_url",
				Extra: map[string]any{"target": "voice_url", "code": 21405},
			})
		}
	}
	return all
}

// unanswered refuses a new voice_url for a number that a callflow answers: it
// would never be asked.
func unanswered(ctx context.Context, d *resource.Draft, n PhoneNumber) error {
	if n.VoiceURL == "" || d.Old != nil && resource.Text(d.Old.Public, "voice_url") == n.VoiceURL {
		return nil
	}
	flow, err := callflowOf(ctx, d.Docs, d.Account, d.ID)
	if err != nil || flow == nil {
		return err
	}
	other, err := resource.ParseObject(flow.JSON)
	if err != nil {
		return err
	}
	return schema.Faults{{
		Path: []string{"voice_url"}, Rule: "unique", Extra: map[string]any{"cause": d.ID},
		Message: strings.TrimSpace("Number " + d.ID + " exists in callflow " + flow.ID + " " + resource.Text(other, "name")),
	}}
}

// callflowOf is the callflow that has a number, nil if there is none.
func callflowOf(ctx context.Context, docs store.Docs, account, number string) (*store.Doc, error) {
	found, err := docs.List(ctx, store.Query{
		Account: account, Type: documents.CallflowType, Where: map[string]string{"numbers": number}, Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (h *Handler) numbers(account string) resource.Collection { return h.cfg.In(h.res, account) }

func (h *Handler) numberOperations() []rest.Operation {
	const all = "accounts/{account_id}/phone_numbers"
	const one = all + "/{number}"
	body := h.res.Schema
	ops := []rest.Operation{
		{
			Method: http.MethodGet, Path: all, Do: h.listNumbers, Params: rest.ListParams,
			Summary: "List phone numbers: data.numbers has an object for each, under the number",
		},
		{Method: http.MethodGet, Path: one, Summary: "Read a phone number", Do: h.getNumber},
		{
			Method: http.MethodPut, Path: one, Summary: "Add a phone number to the account; public ones by the first account",
			Body: body, Do: h.putNumber,
			Example: rest.Example{
				Data: `{"voice_url": "https://example.com/voice"}`, Vars: map[string]string{"number": "+14155550123"},
			},
		},
		{
			Method: http.MethodPost, Path: one, Summary: "Replace what is said of a phone number", Body: body,
			Do: h.changeNumber, Example: rest.Example{Data: `{"voice_url": "https://example.com/other"}`},
		},
		{
			Method: http.MethodPatch, Path: one, Summary: "Change parts of what is said of a phone number", Body: body,
			Do: h.changeNumber, Example: rest.Example{Data: `{"voice_method": "get"}`},
		},
		{Method: http.MethodDelete, Path: one, Summary: "Give a phone number back", Do: h.deleteNumber},
	}
	for i := range ops {
		if ops[i].Group = "phone_numbers"; ops[i].Path == one {
			ops[i].Returns = body
		}
	}
	return append(ops, h.moreNumberOperations()...)
}

// listNumbers lists an account's numbers. With a prefix it is those that
// carriers sell: none.
func (h *Handler) listNumbers(r *rest.Request) (rest.Reply, error) {
	if r.Param("prefix") != "" {
		return rest.Reply{Data: []any{}}, nil
	}
	q, err := resource.ParseQuery(r.Query, r.Param)
	if err != nil {
		return rest.Reply{}, err
	}
	page, err := h.numbers(r.Account.ID).List(r.Context(), q)
	if err != nil {
		return rest.Reply{}, err
	}
	flows, err := h.cfg.Callflows(r.Account.ID).Where(r.Context(), nil)
	if err != nil {
		return rest.Reply{}, err
	}
	answered := map[string]bool{}
	for _, f := range flows {
		for _, n := range resource.Strings(f.Public, "numbers") {
			answered[n] = true
		}
	}
	rows := resource.Object{}
	for _, d := range page.Docs {
		row := resource.Object{}
		showNumber(d, answered[d.ID], row)
		rows[d.ID] = row
	}
	reply := rest.Listed(nil, q, page.Next)
	reply.Data = resource.Object{"numbers": rows, "cascade_quantity": 0}
	if reply.List.Size >= 0 {
		reply.List.Size = len(rows)
	}
	return reply, nil
}

func (h *Handler) getNumber(r *rest.Request) (rest.Reply, error) {
	c := h.numbers(r.Account.ID)
	d, err := c.Get(r.Context(), route.Normalise(r.Var("number")))
	return rest.Shown(r, c, d, err)
}

func (h *Handler) changeNumber(r *rest.Request) (rest.Reply, error) {
	c := h.numbers(r.Account.ID)
	change := c.Replace
	if r.Method == http.MethodPatch {
		change = c.Patch
	}
	d, err := change(r.Context(), route.Normalise(r.Var("number")), r.Data(), r.IfMatch())
	return rest.Shown(r, c, d, err)
}

func errNumberExists(number string) *rest.Error {
	return &rest.Error{Status: http.StatusConflict, Message: "number_exists", Data: map[string]any{
		"code": http.StatusConflict, "error": "number_exists", "cause": number,
		"message": "number " + number + " already exists",
	}}
}

func (h *Handler) putNumber(r *rest.Request) (rest.Reply, error) {
	c := h.numbers(r.Account.ID)
	d, err := h.addNumber(r, r.Var("number"), r.Data())
	r.SetVar("number", d.ID)
	reply, err := rest.Shown(r, c, d, err)
	reply.Location = r.Place()
	return reply, err
}

// addNumber makes a number an account's.
func (h *Handler) addNumber(r *rest.Request, number string, data resource.Object) (resource.Doc, error) {
	ctx, number := r.Context(), route.Normalise(number)
	if !dialable.MatchString(number) {
		return resource.Doc{}, schema.Invalid("id", "pattern", "Failed to match pattern '"+dialable.String()+"'",
			map[string]any{"target": dialable.String(), "value": number})
	}
	if public(number) {
		// Or else any account could take any number first.
		if !r.Auth.Master() {
			return resource.Doc{}, rest.Forbidden()
		}
		if err := h.claim(ctx, r.Account.ID, number); err != nil {
			return resource.Doc{}, err
		}
	}
	d, err := h.numbers(r.Account.ID).CreateAs(ctx, number, data)
	if errors.Is(err, store.ErrConflict) {
		return resource.Doc{}, errNumberExists(number)
	}
	if err != nil {
		return resource.Doc{}, errors.Join(err, h.disclaim(ctx, r.Account.ID, number))
	}
	return d, nil
}

// deleteNumber gives a number back.
func (h *Handler) deleteNumber(r *rest.Request) (rest.Reply, error) {
	d, err := h.dropNumber(r, route.Normalise(r.Var("number")))
	return rest.Shown(r, h.numbers(r.Account.ID), d, err)
}

// dropNumber leaves nothing of a number behind, so that it can be somebody
// else's.
func (h *Handler) dropNumber(r *rest.Request, number string) (resource.Doc, error) {
	d, err := h.numbers(r.Account.ID).Delete(r.Context(), number, r.IfMatch(), true)
	if err != nil {
		return resource.Doc{}, err
	}
	return d, h.disclaim(r.Context(), r.Account.ID, number)
}

// claim makes a public number an account's: one that another account has is
// a *rest.Error. What was claimed and never came to be is free again after a
// while.
func (h *Handler) claim(ctx context.Context, account, number string) error {
	raw, err := json.Marshal(documents.NumberClaim{Account: account})
	if err != nil {
		return err
	}
	next := store.Doc{Key: store.Key{Type: claimType, ID: number}, JSON: raw}
	_, err = h.cfg.Docs.Put(ctx, next)
	if !errors.Is(err, store.ErrConflict) {
		return err
	}
	old, err := h.cfg.Docs.Get(ctx, next.Key)
	if err != nil {
		return err
	}
	var by documents.NumberClaim
	if err := json.Unmarshal(old.JSON, &by); err != nil {
		return err
	}
	held, err := h.holds(ctx, by.Account, number)
	switch {
	case err != nil:
		return err
	case held, by.Account != account && h.cfg.Now().Sub(old.Modified) < claimHolds:
		return errNumberExists(number)
	}
	next.Rev = old.Rev
	_, err = h.cfg.Docs.Put(ctx, next)
	return err
}

// Unclaimed refuses a callflow with public numbers that are another account's
// (spec/crossbar-api.md section 3): calls of them never come to it.
func Unclaimed(ctx context.Context, d *resource.Draft) error {
	var foreign []string
	for _, n := range resource.Strings(d.Doc, "numbers") {
		owner, err := holder(ctx, d.Docs, n)
		if err != nil {
			return err
		}
		if owner != "" && owner != d.Account {
			foreign = append(foreign, n)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return rest.Says(http.StatusForbidden, "forbidden", "unauthorized to use "+strings.Join(foreign, ", "))
}

// holder is the account that has a public number, "" if none has.
func holder(ctx context.Context, docs store.Docs, number string) (string, error) {
	if !public(number) || !dialable.MatchString(number) {
		return "", nil
	}
	d, err := docs.Get(ctx, store.Key{Type: claimType, ID: number})
	var by documents.NumberClaim
	if err == nil {
		err = json.Unmarshal(d.JSON, &by)
	}
	if err == nil { // what was claimed need not have come to be
		_, err = docs.Get(ctx, store.Key{Account: by.Account, Type: numberType, ID: number})
	}
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return by.Account, err
}

// holds says whether a number is really an account's.
func (h *Handler) holds(ctx context.Context, account, number string) (bool, error) {
	for _, k := range []store.Key{
		{Type: documents.AccountType, ID: account}, {Account: account, Type: numberType, ID: number},
	} {
		if _, err := h.cfg.Docs.Get(ctx, k); errors.Is(err, store.ErrNotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// disclaim gives a number back that the account does not have any more.
func (h *Handler) disclaim(ctx context.Context, account, number string) error {
	if !public(number) {
		return nil
	}
	if held, err := h.holds(ctx, account, number); held || err != nil {
		return err
	}
	k := store.Key{Type: claimType, ID: number}
	d, err := h.cfg.Docs.Get(ctx, k)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	var by documents.NumberClaim
	if err == nil {
		err = json.Unmarshal(d.JSON, &by)
	}
	if err == nil && by.Account == account {
		err = h.cfg.Docs.Delete(ctx, k, d.Rev, true)
	}
	if store.Gone(err) {
		return nil
	}
	return err
}
