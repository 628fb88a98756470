package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
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

// account is the account of the key.
func (s Server) account(ctx context.Context, web *webhook.Client) (string, error) {
	var in struct {
		Data struct {
			AccountID string `json:"account_id"`
		} `json:"data"`
	}
	body, _ := json.Marshal(map[string]any{"data": map[string]string{"api_key": s.Key}}) // strings
	err := s.ask(ctx, web, http.MethodPut, login, body, &in)
	return in.Data.AccountID, err
}

// Clear deletes all callflows of the account.
func (s Server) Clear(ctx context.Context) error {
	web := s.client()
	defer web.Close()
	account, err := s.account(ctx, web)
	if err != nil {
		return err
	}
	rows, err := s.rows(ctx, web, "accounts/"+url.PathEscape(account)+"/callflows")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.Delete(ctx, account, resource.Text(row, "id")); err != nil {
			return err
		}
	}
	return nil
}

// rows are those of a whole list.
func (s Server) rows(ctx context.Context, web *webhook.Client, path string) ([]resource.Object, error) {
	var list struct {
		Data []resource.Object `json:"data"`
	}
	err := s.ask(ctx, web, http.MethodGet, path+"?paginate=false", nil, &list)
	return list.Data, err
}

// errNotThere is a document that the server does not have.
var errNotThere = errors.New("there is no such thing")

// Number makes c call a number, which is answered as the server would answer
// it now, and has what it comes to read from there.
func (s Server) Number(ctx context.Context, c *Call, number string) (err error) {
	web := s.client()
	defer web.Close()
	if c.Account, err = s.account(ctx, web); err != nil {
		return err
	}
	c.To = number
	c.Documents.Docs = &copying{server: s, account: c.Account, Docs: store.Memory(), seen: map[string]bool{}}
	x := answering.New(c.Documents.Docs)
	c.Flows = x
	return c.answered(ctx, x)
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
func (s Server) Put(ctx context.Context, account string, c answering.Callflow) (id string, err error) {
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
