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

	"github.com/pivotvoice/pivot/internal/event"
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
	web := webhook.New(webhook.Config{
		Guard: webhook.Guard{AllowLoopback: true, Allow: everywhere()}, UserAgent: "Pivot", MaxBytes: maxList,
	})
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
	case got.Failure == event.FailConnect:
		return fmt.Errorf("no server answers at %s (%s): a number is looked up in a running one; "+
			"a URL or a file needs none", base, got.Err)
	case got.Failure != "" && got.Status/100 != 2:
		return fmt.Errorf("%s: %s", base, got.Err)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return errors.Join(fmt.Errorf("%s does not answer like a Pivot server", base), err)
	}
	return nil
}
