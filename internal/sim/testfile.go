package sim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// Test is a call and what must come of it: a file that can be kept with an
// application. docs/testing.md shows it to people.
type Test struct {
	Says  string                     `json:"says,omitempty"`
	Call  TestCall                   `json:"call"`
	Flow  json.RawMessage            `json:"flow,omitempty"`
	Flows map[string]json.RawMessage `json:"callflows,omitempty"` // by id
	Web   map[string]json.RawMessage `json:"web,omitempty"`
	Press []TestStep                 `json:"press,omitempty"`
	Hears []string                   `json:"hears,omitempty"`
	Asks  []string                   `json:"asks,omitempty"`
	Ends  string                     `json:"ends,omitempty"`

	Documents shelf           `json:"documents,omitempty"`
	Account   json.RawMessage `json:"account,omitempty"` // the document of the account

	file   string               // where it was read from
	beside []answering.Callflow // the callflows in the same folder
	fresh  store.Docs           // its documents, for the first call; nil after that
}

// TestCall is who calls whom, when, and where the call goes if it is not to
// a number.
type TestCall struct {
	To     string    `json:"to,omitempty"`
	From   string    `json:"from,omitempty"`
	Name   string    `json:"name,omitempty"`
	At     time.Time `json:"at,omitzero"`
	URL    string    `json:"url,omitempty"`
	Method string    `json:"method,omitempty"`
	Format string    `json:"format,omitempty"`
	Compat string    `json:"compat,omitempty"`
}

// TestStep is a Step in a file.
type TestStep struct {
	After  string `json:"after,omitempty"`
	Wait   string `json:"wait,omitempty"` // "1.5s"
	Keys   string `json:"keys,omitempty"`
	Say    string `json:"say,omitempty"`
	Hangup bool   `json:"hangup,omitempty"`
}

// testPage is an answer that is more than a document.
type testPage struct {
	Status int     `json:"status,omitempty"`
	Type   string  `json:"type,omitempty"`
	Body   *string `json:"body,omitempty"`
	File   string  `json:"file,omitempty"`
	Fails  bool    `json:"fails,omitempty"`
}

// Name is what the test is called: what it says, else its file.
func (t *Test) Name() string {
	if t.Says != "" {
		return t.Says
	}
	return strings.TrimSuffix(filepath.Base(t.file), ".json")
}

// File is where the test was read from.
func (t *Test) File() string { return t.file }

// ReadTest reads a test; name is where its text came from. What is in it that
// no test has is an error.
func ReadTest(name string, text []byte) (*Test, error) {
	t := &Test{file: name}
	if err := strict(text, t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, s := range t.Press {
		if _, err := s.step(); err != nil {
			line, column := event.Position(text, locate(text, []string{"press", strconv.Itoa(i)}))
			return nil, fmt.Errorf("%s: %w", name, &event.ParseError{
				Line: line, Column: column, Message: fmt.Sprintf("press %d: %v", i+1, err),
			})
		}
	}
	return t, t.checkDocuments(name, text)
}

// checkDocuments says where in the test a document is that cannot be kept.
func (t *Test) checkDocuments(name string, text []byte) error {
	l, err := t.documents(context.Background())
	t.fresh = l.Docs
	m, ok := errors.AsType[*misplaced](err)
	if !ok {
		return err
	}
	line, column := event.Position(text, locate(text, m.at))
	return fmt.Errorf("%s: %w", name, &event.ParseError{Line: line, Column: column, Message: m.Error()})
}

// strict reads JSON that has no keys but those that into has.
func strict(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is something behind its end")
		}
	}
	if err == nil {
		return nil
	}
	at := dec.InputOffset()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
	}
	line, column := event.Position(text, int(at))
	return &event.ParseError{
		Line: line, Column: column, Offset: at, Message: strings.TrimPrefix(err.Error(), "json: "),
	}
}

func (s TestStep) step() (Step, error) {
	out := Step{After: s.After, Keys: s.Keys, Say: s.Say, Hangup: s.Hangup}
	if s.Wait != "" {
		var err error
		if out.Wait, err = time.ParseDuration(s.Wait); err != nil || out.Wait <= 0 {
			return out, fmt.Errorf("%q is not a time such as 1.5s", s.Wait)
		}
	}
	if i := strings.IndexFunc(s.Keys, func(r rune) bool { return !strings.ContainsRune(keypad, r) }); i >= 0 {
		return out, fmt.Errorf("%q has a key that no phone has: 0-9 * # A-D", s.Keys)
	}
	if s.Keys == "" && s.Say == "" && !s.Hangup && s.Wait == "" {
		return out, errors.New("it does nothing: keys, say, hangup or wait")
	}
	return out, nil
}

const keypad = "0123456789*#ABCDabcd"

// call is the test as a call, with the pages that its requests get.
func (t *Test) call(ctx context.Context) (Call, *Pages, error) {
	c := Call{From: t.Call.From, To: t.Call.To, Name: t.Call.Name, At: t.Call.At, Limit: longestTest}
	all := map[string][]Page{}
	docs := t.fresh
	if t.fresh = nil; docs == nil {
		l, err := t.documents(ctx)
		if err != nil {
			return c, nil, err
		}
		docs = l.Docs
	}
	if t.Documents != nil || t.Account != nil {
		c.Documents.Docs = docs
	}
	if err := t.program(ctx, &c, docs, all); err != nil {
		return c, nil, err
	}
	var err error
	for _, key := range sortedKeys(t.Web) {
		pages, err := t.pages(t.Web[key])
		if err != nil {
			return c, nil, fmt.Errorf("web %q: %w", key, err)
		}
		all[key] = pages
	}
	pages, err := NewPages(all)
	if err != nil {
		return c, nil, fmt.Errorf("web: %w", err)
	}
	c.Web, c.Files = pages, pages
	for _, s := range t.Press {
		step, _ := s.step() // was looked at when it was read
		c.Steps = append(c.Steps, step)
	}
	return c, pages, nil
}

// longestTest is when the caller of a test hangs up in any case.
const longestTest = time.Hour

// program finds what the call runs: a URL to ask, a document, or what answers
// the number among the callflows beside the test.
func (t *Test) program(ctx context.Context, c *Call, docs store.Docs, all map[string][]Page) error {
	ask := Ask{URL: t.Call.URL, Method: t.Call.Method, Format: t.Call.Format, Compat: t.Call.Compat}
	numbers, err := t.flows(ctx, c, docs)
	if err != nil {
		return err
	}
	if t.Flow == nil && t.Call.URL == "" {
		if numbers == nil {
			return errors.New("it says neither flow nor url, and there are no callflows beside it")
		}
		return c.answered(ctx, numbers)
	}
	if settings, err := (documents.Library{Docs: docs}).Account(ctx, Account); err == nil {
		c.Language = answering.Language(settings)
	}
	if t.Call.URL != "" {
		c.Program = ask.Program()
		if t.Flow != nil {
			return errors.New("it has both a flow and a url to begin with")
		}
		return nil
	}
	page, name, err := t.document(t.Flow)
	switch {
	case err != nil:
		return fmt.Errorf("flow: %w", err)
	case page.Type == typeJSON:
		doc, err := readCallflow(page.Body)
		if err != nil {
			return fmt.Errorf("flow: %w", err)
		}
		c.Program = doc.Flow
		return nil
	}
	if ask.Format == "" {
		ask.Format = "twiml"
	}
	ask.URL = fileURL(name)
	all[ask.URL] = []Page{page}
	c.Program = ask.Program()
	return nil
}

// flows puts the test's own callflows among its documents, and those beside the
// test unless its own have numbers. It returns the exchange that has them, nil
// if none has a number.
func (t *Test) flows(ctx context.Context, c *Call, docs store.Docs) (*answering.Exchange, error) {
	var all []answering.Callflow
	numbered := false
	for _, id := range sortedKeys(t.Flows) {
		one, err := readCallflow(t.Flows[id])
		if err != nil {
			return nil, fmt.Errorf("callflows %q: %w", id, err)
		}
		one.ID = id
		numbered = numbered || len(one.Numbers)+len(one.Patterns) > 0
		all = append(all, one)
	}
	if !numbered && t.beside != nil {
		all, numbered = append(slices.Clone(t.beside), all...), true
	}
	for i, one := range all {
		id := cmp.Or(one.ID, fmt.Sprintf("callflow-%04d", i+1))
		text, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		k := store.Key{Account: Account, Type: documents.CallflowType, ID: id}
		old, _ := docs.Get(ctx, k) // the own one stands in the place of one beside
		if _, err := docs.Put(ctx, store.Doc{Key: k, Rev: old.Rev, JSON: text}); err != nil {
			return nil, err
		}
	}
	x := answering.New(docs)
	if c.Flows = x; !numbered {
		return nil, nil //nolint:nilnil // most tests call no number
	}
	return x, nil
}

// document is a document in the test or the file it names, and its name.
func (t *Test) document(raw json.RawMessage) (Page, string, error) {
	if page, ok := inline(raw); ok {
		return page, "flow.xml", nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return Page{}, "", err
	}
	body, err := ReadFile(t.path(name))
	return Page{Type: typeOf(name, body), Body: body}, filepath.Base(name), err
}

// path is where a file is that the test names.
func (t *Test) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(t.file), filepath.FromSlash(name))
}

// pages are one answer or several.
func (t *Test) pages(raw json.RawMessage) ([]Page, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	pages := make([]Page, len(list))
	for i, one := range list {
		var err error
		if pages[i], err = t.page(one); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// page is an answer: a document, the file of one, or an object that says more
// of it. An object with a module is a document.
func (t *Test) page(raw json.RawMessage) (Page, error) {
	var w wrapped
	if json.Unmarshal(raw, &w) != nil || w.Module != nil {
		page, _, err := t.document(raw)
		return page, err
	}
	var p testPage
	if err := strict(raw, &p); err != nil {
		return Page{}, err
	}
	page := Page{Status: p.Status, Type: p.Type, Fails: p.Fails}
	switch {
	case p.File != "":
		body, err := ReadFile(t.path(p.File))
		if err != nil {
			return Page{}, err
		}
		page.Body = body
	case p.Body != nil:
		page.Body = []byte(*p.Body)
	}
	if page.Type == "" && page.Body != nil {
		page.Type = typeOf(p.File, page.Body)
	}
	if page.Status != 0 && (page.Status < 200 || page.Status > 599) {
		return Page{}, fmt.Errorf("%d is no status of an answer", page.Status)
	}
	return page, nil
}

// Load reads the tests in files and folders, in the order of their names. A
// folder's other JSON files are its callflows, for tests that call a number;
// what is neither is left alone.
func Load(paths []string) ([]*Test, error) {
	var all []*Test
	var faults []error
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		tests := []string{p}
		if info.IsDir() {
			if tests, err = jsonFiles(p); err != nil {
				return nil, err
			}
		}
		for _, name := range tests {
			t, err := load(name, info.IsDir())
			if err != nil {
				faults = append(faults, err)
			} else if t != nil {
				all = append(all, t)
			}
		}
	}
	return all, errors.Join(faults...)
}

func jsonFiles(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.EqualFold(filepath.Ext(p), ".json") {
			names = append(names, p)
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// load reads one test. Found in a folder, a file that has no "call" is none.
func load(name string, found bool) (*Test, error) {
	text, err := ReadFile(name)
	if err != nil {
		return nil, err
	}
	if found && !isTest(text) {
		return nil, nil //nolint:nilnil // some other file is neither a test nor a fault
	}
	t, err := ReadTest(name, text)
	if err != nil {
		return nil, err
	}
	t.beside, err = beside(filepath.Dir(name))
	return t, err
}

// isTest says whether a text is JSON with a "call".
func isTest(text []byte) bool {
	var keys struct {
		Call json.RawMessage `json:"call"`
	}
	return json.Unmarshal(text, &keys) == nil && keys.Call != nil
}

// beside are the callflows in a folder that have numbers; nil if there are none.
func beside(dir string) (flows []answering.Callflow, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := readCallflow(text)
		if err == nil && len(c.Numbers)+len(c.Patterns) > 0 {
			flows = append(flows, c)
		}
	}
	return flows, nil
}

// programOf is a node as a test keeps it.
func programOf(n *flow.Node) json.RawMessage {
	text, _ := json.Marshal(n) // was read from JSON
	return text
}

// okay is the status that need not be said.
func okay(status int) int {
	if status == http.StatusOK {
		return 0
	}
	return status
}
