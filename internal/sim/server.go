package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
	"github.com/pivotvoice/pivot/internal/twiml"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Server is a running server, asked through its REST API.
type Server struct {
	URL string // "http://127.0.0.1:8000"
	Key string // an API key
}

// maxList is how large the list of a server's callflows may be.
const maxList = 64 << 20

// login is where a key is made a token, and an account found.
const login = "api_auth"

// everywhere is all addresses: whoever runs the simulator may ask what their
// machine may ask.
func everywhere() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
}

// Directory reads the callflows of the key's account, and returns that
// account's id.
func (s Server) Directory(ctx context.Context) (d *Directory, account string, err error) {
	web := s.client()
	defer web.Close()
	var in struct {
		Data struct {
			AccountID string `json:"account_id"`
		} `json:"data"`
		Token string `json:"auth_token"`
	}
	body, _ := json.Marshal(map[string]any{"data": map[string]string{"api_key": s.Key}}) // strings
	if err := s.ask(ctx, web, http.MethodPut, login, body, &in); err != nil {
		return nil, "", err
	}
	account = in.Data.AccountID
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	path := "accounts/" + url.PathEscape(account) + "/callflows"
	if err := s.ask(ctx, web, http.MethodGet, path+"?paginate=false", nil, &list); err != nil {
		return nil, "", err
	}
	var flows []Callflow
	for _, one := range list.Data {
		var doc struct {
			Data Callflow `json:"data"`
		}
		if err := s.ask(ctx, web, http.MethodGet, path+"/"+url.PathEscape(one.ID), nil, &doc); err != nil {
			return nil, "", err
		}
		doc.Data.ID = one.ID
		flows = append(flows, doc.Data)
	}
	return NewDirectory(flows), account, nil
}

// Clear deletes all callflows of the account.
func (s Server) Clear(ctx context.Context) error {
	d, account, err := s.Directory(ctx)
	if err != nil {
		return err
	}
	for id := range d.flows {
		if err := s.Delete(ctx, account, id); err != nil {
			return err
		}
	}
	return nil
}

// errNotThere is a document that the server does not have.
var errNotThere = errors.New("there is no such thing")

// Number makes c call a number, which is answered as the server would answer
// it: by the callflow that has it, else by the URL that the number itself has,
// else by a callflow with a pattern for it.
func (s Server) Number(ctx context.Context, c *Call, number string) error {
	flows, account, err := s.Directory(ctx)
	if err != nil {
		return err
	}
	c.Account = account
	if c.Documents, err = s.documents(ctx, account); err != nil {
		return err
	}
	c.Number(flows, number)
	_, r := flows.Match(number)
	if slices.ContainsFunc(r.Flow.Numbers, func(n string) bool { return route.Normalise(n) == r.Number }) {
		return nil
	}
	web := s.client()
	defer web.Close()
	var doc struct {
		Data phoneNumber `json:"data"`
	}
	path := "accounts/" + url.PathEscape(account) + "/phone_numbers/" + url.PathEscape(route.Normalise(number))
	err = s.ask(ctx, web, http.MethodGet, path, nil, &doc)
	if errors.Is(err, errNotThere) || err == nil && doc.Data.URL == "" {
		return nil
	}
	if err != nil {
		return err
	}
	c.Program, c.Captured = doc.Data.program(), nil
	c.Before = []event.Fact{event.Routed{
		Flow: doc.Data.URL, Number: number, Why: []string{"number " + number + " has a voice_url of its own"},
	}}
	return nil
}

// phoneNumber is a number with a web server of its own.
type phoneNumber struct {
	URL            string   `json:"voice_url"`
	Method         string   `json:"voice_method"`
	FallbackURL    string   `json:"voice_fallback_url"`
	FallbackMethod string   `json:"voice_fallback_method"`
	StatusURL      string   `json:"status_callback"`
	StatusMethod   string   `json:"status_callback_method"`
	StatusEvents   []string `json:"status_callback_event"`
}

// program asks it as Twilio would.
func (n phoneNumber) program() *flow.Node {
	data := map[string]any{
		"voice_url": n.URL, "method": cmp.Or(n.Method, "post"), "req_format": twiml.Name, "compat": twiml.Twilio,
	}
	if n.FallbackURL != "" {
		data["fallback_url"], data["fallback_method"] = n.FallbackURL, cmp.Or(n.FallbackMethod, "post")
	}
	if n.StatusURL != "" {
		data["status_callback"], data["status_callback_method"] = n.StatusURL, cmp.Or(n.StatusMethod, "post")
		if len(n.StatusEvents) > 0 {
			data["status_callback_event"] = n.StatusEvents
		}
	}
	raw, _ := json.Marshal(data) // strings can always be written
	return &flow.Node{Module: "pivot", Data: raw}
}

// ask asks the API one thing and reads the answer into into.
func (s Server) ask(ctx context.Context, web *webhook.Client, method, path string, body []byte, into any) error {
	base := strings.TrimSuffix(s.URL, "/")
	got, answer := web.Ask(ctx, webhook.Request{
		Method: method, URL: base + "/v2/" + path, Body: body, ContentType: typeJSON, Timeout: 30 * time.Second,
		Header: http.Header{"X-Auth-Token": {s.Key}, "Accept": {typeJSON}},
	})
	switch {
	case got.Status == http.StatusUnauthorized, got.Status/100 == 4 && path == login:
		return fmt.Errorf("the server at %s does not take this API key (--api-key, PIVOT_API_KEY)", base)
	case got.Status == http.StatusNotFound:
		return fmt.Errorf("%s: %w: %s", base, errNotThere, path)
	case got.Failure == event.FailConnect:
		return fmt.Errorf("no server answers at %s (%s): a number is looked up in a running one; "+
			"a URL or a file needs none", base, got.Err)
	case got.Failure != "" && got.Status/100 != 2:
		return fmt.Errorf("%s: %s: %.500s", base, got.Err, answer.Body)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return errors.Join(fmt.Errorf("%s does not answer like a Pivot server", base), err)
	}
	return nil
}

// Put makes a callflow of the account and returns its id. A number that
// another callflow has is an error.
func (s Server) Put(ctx context.Context, account string, c Callflow) (id string, err error) {
	web := s.client()
	defer web.Close()
	body, err := json.Marshal(map[string]any{"data": c})
	if err != nil {
		return "", err
	}
	var made struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	err = s.ask(ctx, web, http.MethodPut, "accounts/"+url.PathEscape(account)+"/callflows", body, &made)
	return made.Data.ID, err
}

// Delete forgets a callflow of the account.
func (s Server) Delete(ctx context.Context, account, id string) error {
	web := s.client()
	defer web.Close()
	path := "accounts/" + url.PathEscape(account) + "/callflows/" + url.PathEscape(id)
	return s.ask(ctx, web, http.MethodDelete, path, []byte{}, &struct{}{})
}

func (s Server) client() *webhook.Client {
	return webhook.New(webhook.Config{
		Guard: webhook.Guard{AllowLoopback: true, Allow: everywhere()}, UserAgent: "Pivot", MaxBytes: maxList,
	})
}
