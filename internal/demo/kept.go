package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// kept asks the REST API, as a user would, what is kept of the call.
func (s *show) kept(ctx context.Context, call string) []fact {
	account := "/accounts/" + s.app.Credentials.AccountID
	var record struct {
		Why string `json:"why_ended"`
	}
	var events, debug []struct{}
	errs := []error{
		s.ask(ctx, account+"/calls/"+url.PathEscape(call), &record),
		s.ask(ctx, account+"/calls/"+url.PathEscape(call)+"/events", &events),
		s.ask(ctx, account+"/pivot/debug/"+url.PathEscape(call), &debug),
	}
	said := func(err error, format string, a ...any) fact {
		if err != nil {
			return fact{err.Error(), false}
		}
		return fact{fmt.Sprintf(format, a...), true}
	}
	all := []fact{
		said(errs[0], "the call's record says: %s", record.Why),
		said(errs[1], "its timeline of %d events can be read", len(events)),
		said(errs[2], "%d debug documents show what was asked and answered", len(debug)),
	}
	all[0].true = all[0].true && record.Why != ""
	all[1].true = all[1].true && len(events) > 0
	all[2].true = all[2].true && len(debug) >= 2 // the first request and its answer
	return all
}

// ask is one question to the API; out gets the data of its answer.
func (s *show) ask(ctx context.Context, path string, out any) error {
	return s.request(ctx, http.MethodGet, path, nil, out)
}

// refused is an answer of the API that is an error.
type refused struct {
	status int
	says   string
}

func (r *refused) Error() string { return r.says }

// request is one request to the API, with data if that is not nil.
func (s *show) request(ctx context.Context, method, path string, data, out any) error {
	var sent io.Reader
	if data != nil {
		raw, err := json.Marshal(map[string]any{"data": data})
		if err != nil {
			return err
		}
		sent = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.app.HTTP()+"/v2"+path, sent)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", s.app.Credentials.APIKey)
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return &refused{resp.StatusCode, fmt.Sprintf("%s %s: %s: %s", method, path, resp.Status, body)}
	}
	return json.Unmarshal(body, &struct{ Data any }{out})
}
