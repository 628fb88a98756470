package answering

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// world are documents, and an exchange that hears of their changes.
type world struct {
	*testing.T
	*counting
	*Exchange
}

// counting counts what is read, by type, and can be away.
type counting struct {
	store.Docs

	mu    sync.Mutex
	reads map[string]int
	away  error
}

func (c *counting) count(kind string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads[kind]++
	return c.away
}

func (c *counting) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	if err := c.count(k.Type); err != nil {
		return store.Doc{}, err
	}
	return c.Docs.Get(ctx, k)
}

func (c *counting) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	if err := c.count(q.Type); err != nil {
		return nil, err
	}
	return c.Docs.List(ctx, q)
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := &counting{Docs: store.Memory().Docs, reads: map[string]int{}}
	return world{t, c, New(c)}
}

// save writes a document, and tells the exchange as the API does.
func (w world) save(account, kind, id, text string) {
	w.Helper()
	k := store.Key{Account: account, Type: kind, ID: id}
	old, _ := w.Docs.Get(w.Context(), k)
	d := store.Doc{Key: k, Rev: old.Rev, JSON: json.RawMessage(text), Index: map[string][]string{}}
	o, err := resource.ParseObject(d.JSON)
	if err != nil {
		w.Fatal(err)
	}
	if realm := resource.Text(o, "realm"); realm != "" {
		d.Index["realm"] = []string{realm}
	}
	if _, err := w.Put(w.Context(), d); err != nil {
		w.Fatal(err)
	}
	w.Changed(resource.Change{New: resource.Doc{Account: account, Type: kind, ID: id}})
}

// told is what was decided of a call, in short.
func (w world) told(account, from, to string) string {
	w.Helper()
	start, err := w.Answer(w.Context(), account, call.Info{Request: to, CallerNumber: from})
	if err != nil {
		w.Error(err)
	}
	var all []string
	for _, f := range start.Before {
		switch f := f.(type) {
		case event.Routed:
			all = append(all, "routed "+f.Flow)
		case event.Unrouted:
			all = append(all, "unrouted")
		case event.Declined:
			all = append(all, "declined "+f.Reason+": "+f.Why)
		}
	}
	all = append(all, start.Program.Module+" "+string(start.Program.Data))
	if start.Language != "" {
		all = append(all, start.Language)
	}
	return strings.Join(all, "; ")
}

// TestDecision is every way that a call can be answered, and that each change
// of a document counts at once.
func TestDecision(t *testing.T) {
	w := newWorld(t)
	is := func(from, to, want string) {
		t.Helper()
		if got := w.told("a", from, to); !strings.HasPrefix(got, want) {
			t.Errorf("%s to %s: %s, want %s", from, to, got, want)
		}
	}
	is("1", "100", `unrouted; response {"code":404`)
	w.save("a", documents.CallflowType, "f", `{"name":"F","numbers":["100"],"flow":{"module":"echo","data":{}}}`)
	w.save("a", documents.CallflowType, "p", `{"patterns":["^\\+1555"],"flow":{"module":"tts","data":{}}}`)
	w.save("a", documents.CallflowType, "none", `{"numbers":["101"]}`)
	is("1", "100", "routed F; echo {}")
	is("1", "101", "unrouted; response")
	is("1", "+15550100", `routed ^\+1555; tts {}`)
	w.save("a", documents.NumberType, "+15550100", `{"voice_url":"http://x/","status_callback":"http://s/","voice_fallback_url":"http://f/"}`)
	is("1", "+15550100", `routed http://x/; pivot {"compat":"twilio","fallback_method":"post","fallback_url":"http://f/",`+
		`"method":"post","req_format":"twiml","status_callback":"http://s/","status_callback_event":["completed"],`+
		`"status_callback_method":"post","voice_url":"http://x/"}`)
	w.save("", documents.AccountType, "a", `{"language":"DE-de","preflow":{"always":"first"},"blacklists":["gone","pests"],"pvt_limits":3}`)
	is("1", "100", `routed F; callflow {"id":"first"}; de-de`)
	is("+15550199", "100", `routed F; callflow`)
	w.save("a", documents.Blacklists.Type, "pests", `{"name":"Pests","numbers":{"+15550199":{}}}`)
	is("+15550199", "100", `declined blacklist: blacklist Pests has +15550199; response {"code":603`)
	is("anonymous", "100", `routed F`)
	w.save("a", documents.Blacklists.Type, "pests", `{"name":"Pests","should_block_anonymous":true}`)
	is("+15550199", "100", `routed F`)
	is("Anonymous", "100", `declined blacklist: blacklist Pests: the caller shows no number; response {"code":603`)
	if n, err := w.Limit(t.Context(), "a"); n != 3 || err != nil {
		t.Errorf("%d calls, %v", n, err)
	}
	if n, err := w.Limit(t.Context(), "other"); n != -1 || err != nil {
		t.Errorf("%d calls, %v", n, err)
	}
}

// TestDecline has an answer for each reason.
func TestDecline(t *testing.T) {
	for reason, code := range map[string]string{
		event.DeclinedBlacklist: `"code":603`, event.DeclinedLimit: `"code":486`, event.DeclinedUnavailable: `"code":503`,
	} {
		s := Decline("a", "100", reason, "why")
		if !Declined(s) || !strings.Contains(string(s.Program.Data), code) {
			t.Errorf("%s: %s", reason, s.Program.Data)
		}
	}
}

// TestOwner is whose call it is: by its number, else by its realm.
func TestOwner(t *testing.T) {
	w := newWorld(t)
	w.save("", documents.AccountType, "a", `{"realm":"a.example"}`)
	w.save("", documents.NumberClaimType, "+15550100", `{"account":"b"}`)
	for _, tt := range [][3]string{
		{"+15550100", "a.example", "b"},
		{"5550100", "a.example", "a"},
		{"100", "A.Example", "a"},
		{"100", "b.example", ""},
		{"+15550101", "b.example", ""},
		{"\x00", "a.example", "a"},
	} {
		got, err := w.Owner(t.Context(), call.Info{Request: tt[0], RequestRealm: tt[1]})
		if got != tt[2] || err != nil {
			t.Errorf("%q at %s is %q's, %v", tt[0], tt[1], got, err)
		}
	}
	w.away = store.ErrUnavailable
	for number, want := range map[string]string{"+15550100": "b", "200": ""} {
		got, err := w.Owner(t.Context(), call.Info{Request: number, RequestRealm: "a.example"})
		if got != want || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("while the store is away %s is %q's, %v", number, got, err)
		}
	}
}

// TestReadOnce: what an account says of its calls is read for the first of them
// and answers the others, also while the store is away.
func TestReadOnce(t *testing.T) {
	w := newWorld(t)
	w.save("", documents.AccountType, "a", `{"blacklists":["pests"]}`)
	w.save("a", documents.Blacklists.Type, "pests", `{"numbers":{"+15550199":{}}}`)
	w.save("a", documents.CallflowType, "f", `{"numbers":["100"],"flow":{"module":"echo","data":{}}}`)
	for i := range 10 {
		if i == 9 {
			w.away = store.ErrUnavailable
		}
		if got := w.told("a", "1", "100"); !strings.HasPrefix(got, "routed") {
			t.Error(got)
		}
		if _, err := w.Limit(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
	for _, kind := range []string{documents.AccountType, documents.Blacklists.Type, documents.CallflowType} {
		if n := w.reads[kind]; n != 1 {
			t.Errorf("%s was read %d times", kind, n)
		}
	}
	start, err := w.Answer(t.Context(), "b", call.Info{Request: "100"})
	if !errors.Is(err, store.ErrUnavailable) || !Declined(start) {
		t.Errorf("%+v, %v", start, err)
	}
	w.away = nil
	if got := w.told("b", "1", "100"); !strings.HasPrefix(got, "unrouted") {
		t.Error(got) // what could not be read is not kept
	}
}

// TestBounded: accounts that are gone are forgotten, and of the others those
// that were not called for the longest time, once all take too much.
func TestBounded(t *testing.T) {
	w := newWorld(t)
	w.most = 10 * 5000
	for i := range 100 {
		account := fmt.Sprint(i)
		w.save(account, documents.CallflowType, "f", `{"numbers":["100"],"flow":{"module":"echo","data":{"x":"`+strings.Repeat("x", 4000)+`"}}}`)
		if got := w.told(account, "1", "100"); !strings.HasPrefix(got, "routed") {
			t.Error(got)
		}
		w.told("0", "1", "100") // is called all the time
		if n := len(w.accounts); n > 11 {
			t.Fatalf("%d accounts are kept", n)
		}
	}
	if n := w.reads[documents.CallflowType]; n != 100 {
		t.Errorf("%d were read", n)
	}
	for id := range w.accounts {
		w.Changed(resource.Change{New: resource.Doc{Type: documents.AccountType, ID: id, Deleted: true}})
	}
	if len(w.accounts) != 0 || w.bytes != 0 {
		t.Errorf("%d accounts are left, %d bytes", len(w.accounts), w.bytes)
	}
}

// TestStale: what was read before a change and arrives after it is not kept.
func TestStale(t *testing.T) {
	w := newWorld(t)
	w.save("", documents.AccountType, "a", `{"language":"de"}`)
	slow := &slowGet{Docs: w.counting, in: make(chan struct{}), out: make(chan struct{})}
	w.docs = slow
	read := make(chan string)
	go func() { r, _ := w.rulesOf(t.Context(), "a"); read <- r.language }()
	<-slow.in
	w.save("", documents.AccountType, "a", `{"language":"fr"}`)
	close(slow.out)
	if got := <-read; got != "de" {
		t.Error(got)
	}
	w.docs = w.counting
	if r, err := w.rulesOf(t.Context(), "a"); r.language != "fr" || err != nil {
		t.Errorf("%q, %v", r.language, err)
	}
}

// slowGet has read a document when it is told to go on.
type slowGet struct {
	store.Docs

	in, out chan struct{}
}

func (s *slowGet) Get(ctx context.Context, k store.Key) (store.Doc, error) {
	d, err := s.Docs.Get(ctx, k)
	s.in <- struct{}{}
	<-s.out
	return d, err
}
