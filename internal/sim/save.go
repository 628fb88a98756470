package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// Save writes what happened on a call as a test. ask says how it began if a
// web server was asked first, and document is the file that was run; both may
// be empty, and the test then has the flow itself in it.
func Save(name, says string, c Call, ask Ask, document string, r Result) error {
	t := Test{Says: says, Call: TestCall{
		To: c.To, From: c.From, Name: c.Name, At: came(c, r.Events),
		Method: ask.Method, Format: ask.Format, Compat: ask.Compat,
	}}
	switch {
	case document != "":
		path, err := relative(name, document)
		if err != nil {
			return err
		}
		t.Flow, _ = json.Marshal(path) // a string
	case ask.URL != "":
		t.Call.URL = ask.URL
	default:
		t.Flow = programOf(c.Program)
	}
	var err error
	used := needsOf(c, r.Events)
	t.Flows, t.Documents, t.Account = used.flows, used.docs, used.account()
	if t.Web, err = webOf(r.Events, document); err != nil {
		return err
	}
	for _, d := range r.Done {
		t.Press = append(t.Press, d.kept()...)
	}
	for _, heard := range r.Heard {
		t.Hears = append(t.Hears, strings.Join(strings.Fields(heard), " "))
	}
	for _, e := range r.Events {
		if w, ok := e.What.(event.Fetched); ok {
			t.Asks = append(t.Asks, requestOf(w).kept())
		}
	}
	t.Ends = endings(r)[0]
	text, err := pretty(t)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644) //nolint:gosec // a test is there to be shared
}

// visited are the callflows that callflow nodes led to.
func visited(c Call, events []event.Event) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	if c.Flows == nil {
		return all
	}
	for _, e := range events {
		w, ok := e.What.(event.Started)
		if !ok || w.Module != "callflow" {
			continue
		}
		var d struct{ ID string }
		// What cannot be read led nowhere.
		_ = json.Unmarshal(w.Data, &d)
		if n, _, err := c.Flows.Callflow(context.Background(), c.owner(), d.ID); err == nil {
			all[d.ID] = programOf(n)
		}
	}
	return all
}

// pretty is JSON for people: TwiML in it keeps its angle brackets.
func pretty(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// relative is document as the test called name finds it.
func relative(name, document string) (string, error) {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return "", err
	}
	full, err := filepath.Abs(document)
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(dir, full)
	return filepath.ToSlash(path), err
}

// kept is what was done as a test does it again, once what was heard before it
// is heard as often as it was. When it was done counts only if it cut something
// short, or was told so.
func (d Done) kept() []TestStep {
	s := TestStep{After: d.Heard, Keys: d.Keys, Say: d.Say, Hangup: d.Hangup}
	if d.Cuts || d.Wait > 0 || d.Hangup && d.Since > 0 {
		s.Wait = max(d.Since, time.Millisecond).Round(time.Millisecond).String()
	}
	heard := TestStep{After: d.Heard, Wait: time.Millisecond.String()}
	return append(slices.Repeat([]TestStep{heard}, d.Again), s)
}

// came is when a call came, if what it came to goes by the clock: a test of it
// would be another one tomorrow. It is zero otherwise.
func came(c Call, events []event.Event) time.Time {
	if !c.At.IsZero() || len(events) == 0 {
		return c.At
	}
	for _, e := range events {
		if w, ok := e.What.(event.Started); ok && slices.Contains([]string{"temporal_route", "audio_macro"}, w.Module) {
			return events[0].At.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}

// kept is a request as a test expects it again: with what the caller did.
func (r request) kept() string {
	words := []string{r.method, r.path}
	for _, name := range []string{"Digits", "SpeechResult"} {
		if value := r.params.Get(name); value != "" {
			words = append(words, name+"="+url.QueryEscape(value))
		}
	}
	return strings.Join(words, " ")
}

// webOf is the pages that were fetched. The document itself is a file.
func webOf(events []event.Event, document string) (map[string]json.RawMessage, error) {
	web := map[string]json.RawMessage{}
	lists := map[string][]json.RawMessage{}
	var keys []string
	for _, e := range events {
		w, ok := e.What.(event.Fetched)
		if !ok || document != "" && w.ID == 1 {
			continue
		}
		u, err := url.Parse(w.URL)
		if err != nil {
			continue // a URL that cannot be read was never asked
		}
		page, err := pageOf(w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.URL, err)
		}
		key := w.Method + " " + file(u)
		if lists[key] == nil {
			keys = append(keys, key)
		}
		lists[key] = append(lists[key], page)
	}
	for _, key := range keys {
		list := lists[key]
		web[key] = list[0]
		if !alike(list) {
			web[key], _ = json.Marshal(list) // of JSON
		}
	}
	return web, nil
}

func alike(list []json.RawMessage) bool {
	for _, one := range list[1:] {
		if !bytes.Equal(one, list[0]) {
			return false
		}
	}
	return true
}

// pageOf is an answer as a test has it: the document alone if there is
// nothing to say of it.
func pageOf(w event.Fetched) (json.RawMessage, error) {
	kind := w.Header.Get("Content-Type")
	plain, _, _ := strings.Cut(kind, ";")
	body := strings.TrimSpace(w.Answer)
	switch {
	case w.Status == 0:
		return json.RawMessage(`{"fails": true}`), nil
	case w.Bytes > int64(len(w.Answer)):
		return nil, fmt.Errorf("its answer of %d bytes is too long to be kept in a test", w.Bytes)
	case okay(w.Status) == 0 && plain == typeJSON && strings.HasPrefix(body, "{") && json.Valid([]byte(body)):
		var node wrapped
		if json.Unmarshal([]byte(body), &node) == nil && node.Module != nil {
			return json.RawMessage(body), nil
		}
	case okay(w.Status) == 0 && plain == typeXML && strings.HasPrefix(body, "<"):
		return marshal(w.Answer)
	}
	return marshal(testPage{Status: okay(w.Status), Type: kind, Body: &w.Answer})
}

// marshal is JSON that leaves < and > as they are.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
