package presence_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/store"
)

const (
	acme  = "acme"
	other = "other"
)

// world is a board over a store with two accounts.
func world(t *testing.T) (*presence.Board, store.Docs) {
	t.Helper()
	docs := store.Memory().Docs
	for id, realm := range map[string]string{acme: "acme.test", other: "other.test"} {
		raw := json.RawMessage(`{"realm":"` + realm + `"}`)
		if _, err := docs.Put(t.Context(), store.Doc{Key: store.Key{Type: "account", ID: id}, JSON: raw}); err != nil {
			t.Fatal(err)
		}
	}
	return load(t, docs), docs
}

func load(t *testing.T, docs store.Docs) *presence.Board {
	t.Helper()
	b := presence.New(docs)
	if err := b.Load(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	return b
}

func state(t *testing.T, b *presence.Board, account, id string) presence.State {
	t.Helper()
	s, err := b.Get(account, id)
	if err != nil {
		t.Fatal(err)
	}
	return s.State
}

func set(t *testing.T, b *presence.Board, account, id string, to presence.State) {
	t.Helper()
	if _, err := b.Set(t.Context(), account, id, to); err != nil {
		t.Fatal(err)
	}
}

// TestByHand is set, kept, and there after a restart.
func TestByHand(t *testing.T) {
	b, docs := world(t)
	set(t, b, acme, "100", presence.Busy)
	set(t, b, acme, "Lobby@ACME.test", presence.Ringing)
	set(t, b, other, "100", presence.Ringing)
	set(t, b, acme, "101", presence.Busy)
	set(t, b, acme, "101", presence.Idle)
	set(t, b, acme, "102", presence.Idle)
	for name, b := range map[string]*presence.Board{"now": b, "after a restart": load(t, docs)} {
		for _, c := range []struct {
			account, id string
			want        presence.State
		}{
			{acme, "100", presence.Busy},
			{acme, "lobby", presence.Ringing},
			{other, "100", presence.Ringing},
			{acme, "101", presence.Idle},
			{acme, "999", presence.Idle},
		} {
			if got := state(t, b, c.account, c.id); got != c.want {
				t.Errorf("%s: %s of %s is %s, not %s", name, c.id, c.account, got, c.want)
			}
		}
		all := b.List(acme)
		if len(all) != 2 || all[0].ID() != "100@acme.test" || all[1].User != "lobby" || all[0].Manual != presence.Busy || all[0].Since.IsZero() {
			t.Errorf("%s: %+v", name, all)
		}
	}
	left, err := docs.List(t.Context(), store.Query{Type: "manual_presence", AnyAccount: true})
	if err != nil || len(left) != 3 {
		t.Errorf("%d documents are left, %v", len(left), err)
	}
}

// TestNotPossible is what cannot be set, and is not.
func TestNotPossible(t *testing.T) {
	b, _ := world(t)
	for _, c := range []struct {
		account, id string
		state       presence.State
		want        error
	}{
		{"nobody", "100", presence.Busy, presence.ErrUnknown},
		{acme, "", presence.Busy, presence.ErrBad},
		{acme, "@acme.test", presence.Busy, presence.ErrBad},
		{acme, "100@other.test", presence.Busy, presence.ErrBad},
		{acme, "1 0", presence.Busy, presence.ErrBad},
		{acme, "1\x000", presence.Busy, presence.ErrBad},
		{acme, "1\xff", presence.Busy, presence.ErrBad},
		{acme, strings.Repeat("1", 129), presence.Busy, presence.ErrBad},
		{acme, "100", "asleep", presence.ErrBad},
	} {
		if _, err := b.Set(t.Context(), c.account, c.id, c.state); !errors.Is(err, c.want) {
			t.Errorf("%s %q %s: %v", c.account, c.id, c.state, err)
		}
	}
	if all := b.List(acme); len(all) != 0 {
		t.Errorf("set: %+v", all)
	}
	if s, err := presence.Named("asleep"); !errors.Is(err, presence.ErrBad) {
		t.Errorf("%s, %v", s, err)
	}
}

// broken is a store that keeps nothing.
type broken struct{ store.Docs }

func (broken) Put(context.Context, store.Doc) (store.Doc, error) {
	return store.Doc{}, io.ErrShortWrite
}

// TestNotKept changes nothing that the store does not have.
func TestNotKept(t *testing.T) {
	_, docs := world(t)
	b := load(t, broken{docs})
	if _, err := b.Set(t.Context(), acme, "100", presence.Busy); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("%v", err)
	}
	if got := state(t, b, acme, "100"); got != presence.Idle {
		t.Errorf("it is %s", got)
	}
}

// TestBoundByHand holds an account to so many states.
func TestBoundByHand(t *testing.T) {
	b, _ := world(t)
	for i := range 10_000 {
		set(t, b, acme, fmt.Sprint(i), presence.Busy)
	}
	if _, err := b.Set(t.Context(), acme, "more", presence.Busy); !errors.Is(err, presence.ErrFull) {
		t.Errorf("%v", err)
	}
	set(t, b, acme, "7", presence.Ringing) // one that is there
	set(t, b, other, "7", presence.Busy)
	set(t, b, acme, "8", presence.Idle)
	set(t, b, acme, "more", presence.Busy)
}

// call is the facts of a call.
type call struct {
	b    *presence.Board
	id   string
	from string
	to   string
}

func (c call) add(what event.Fact) { c.b.Add(event.Event{At: time.Now(), Call: c.id, What: what}) }

func (c call) offered() {
	c.add(event.Offered{Account: acme, Direction: "inbound", From: c.from, To: c.to, Request: c.to})
}

func (c call) answered() { c.add(event.Answered{}) }
func (c call) ended()    { c.add(event.Ended{}) }

// TestCalls lights and puts out lamps as calls come and go.
func TestCalls(t *testing.T) {
	b, _ := world(t)
	is := func(id string, want presence.State, direction string, calls int) {
		t.Helper()
		if s, err := b.Get(acme, id); err != nil || s.State != want || s.Direction != direction || s.Calls != calls {
			t.Errorf("%s is %+v, %v", id, s, err)
		}
	}
	one := call{b, "one", "200@acme.test", "100@acme.test"}
	two := call{b, "two", "201@10.0.0.1", "100@10.0.0.1"}
	one.offered()
	is("100", presence.Ringing, "recipient", 1)
	is("200", presence.Ringing, "initiator", 1)
	one.answered()
	one.answered()
	is("100", presence.Busy, "recipient", 1)
	is("200", presence.Busy, "initiator", 1)
	two.offered()
	is("100", presence.Busy, "recipient", 2)
	is("201", presence.Ringing, "initiator", 1)
	one.ended()
	one.ended()
	is("100", presence.Ringing, "recipient", 1)
	is("200", presence.Idle, "", 0)
	two.ended()
	is("100", presence.Idle, "", 0)
	two.answered()
	if all := b.List(acme); len(all) != 0 {
		t.Errorf("left: %+v", all)
	}
}

// TestWhoseCall is which ends of a call are the account's.
func TestWhoseCall(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"200@acme.test", "100@acme.test", "100 200"},
		{"200@ACME.test", "100@198.51.100.1", "100 200"},
		{"200@198.51.100.1", "100@198.51.100.1", "100 200"},
		{"200@carrier.test", "100@acme.test", "100"}, // the carrier's 200 is another
		{"100@acme.test", "100@acme.test", "100"},
		{"anonymous@anonymous.invalid", "100@acme.test", "100"},
		{"@acme.test", "100@acme.test", "100"},
		{"200@acme.test", "@acme.test", "200"},
		{"200", "100", "100 200"},
	} {
		b, _ := world(t)
		call{b, "x", c.from, c.to}.offered()
		var got []string
		for _, s := range b.List(acme) {
			got = append(got, s.User)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s calls %s: %v, not %s", c.from, c.to, got, c.want)
		}
	}
	b, _ := world(t)
	call{b, "x", "100@acme.test", "100@acme.test"}.add(event.Offered{
		Account: acme, Direction: "outbound", From: "200@acme.test", Request: "100@acme.test",
	})
	if all := b.List(acme); len(all) != 1 || all[0].User != "100" || all[0].Direction != "recipient" {
		t.Errorf("a call of ours: %+v", all)
	}
}

// TestSharedID is two legs with one Call-ID: the last to end counts.
func TestSharedID(t *testing.T) {
	b, _ := world(t)
	c := call{b, "x", "200@acme.test", "100@acme.test"}
	c.offered()
	c.offered()
	c.ended()
	if got := state(t, b, acme, "100"); got != presence.Ringing {
		t.Errorf("it is %s", got)
	}
	c.ended()
	if got := state(t, b, acme, "100"); got != presence.Idle {
		t.Errorf("it is %s", got)
	}
}

// TestBusiest shows the most of what is set by hand and what calls do.
func TestBusiest(t *testing.T) {
	b, _ := world(t)
	c := call{b, "x", "200@acme.test", "100@acme.test"}
	set(t, b, acme, "100", presence.Ringing)
	c.offered()
	c.answered()
	if got := state(t, b, acme, "100"); got != presence.Busy {
		t.Errorf("it is %s", got)
	}
	set(t, b, acme, "100", presence.Idle) // does not put out what a call lights
	if got := state(t, b, acme, "100"); got != presence.Busy {
		t.Errorf("it is %s", got)
	}
	set(t, b, acme, "100", presence.Busy)
	c.ended()
	if got := state(t, b, acme, "100"); got != presence.Busy {
		t.Errorf("it is %s", got)
	}
}

// TestWatch tells of changes, and of nothing else.
func TestWatch(t *testing.T) {
	b, _ := world(t)
	told := 0
	w, err := b.Watch("100", "ACME.test", func() { told++ })
	if err != nil || w.Account() != acme {
		t.Fatalf("%v", err)
	}
	at, err := b.Watch("100", "127.0.0.1", func() {}) // an address is the first account
	if err != nil || at.Account() != acme {
		t.Fatalf("%v", err)
	}
	for _, c := range []struct {
		do   func()
		told int
	}{
		{func() { set(t, b, acme, "100", presence.Busy) }, 1},
		{func() { set(t, b, acme, "100", presence.Busy) }, 1},
		{func() { set(t, b, other, "100", presence.Idle) }, 1},
		{func() { set(t, b, acme, "101", presence.Busy) }, 1},
		{func() { call{b, "x", "200@acme.test", "100@acme.test"}.offered() }, 1}, // it is busy all the same
		{func() { set(t, b, acme, "100", presence.Idle) }, 2},
		{func() { call{b, "x", "", ""}.ended() }, 3},
		{func() { learn(b, "", "account", acme, "realm", "acme.test") }, 3},
		{func() { learn(b, "", "account", acme, "realm", "acme.example") }, 4},
	} {
		if c.do(); told != c.told {
			t.Errorf("told %d times, not %d", told, c.told)
		}
	}
	if !w.Status().Gone || !at.Status().Gone {
		t.Error("it is not gone")
	}
	w.Stop()
	w.Stop()
	for _, c := range []struct{ user, realm string }{
		{"100", "acme.test"}, {"100", "nobody.test"}, {"", "acme.example"}, {"a@b", "acme.example"}, {"100@acme.example", "acme.example"},
	} {
		if _, err := b.Watch(c.user, c.realm, func() {}); err == nil {
			t.Errorf("%+v can be watched", c)
		}
	}
	w, err = b.Watch("100", "acme.example", func() { told++ })
	if err != nil {
		t.Fatal(err)
	}
	call{b, "y", "", "100@acme.example"}.offered()
	b.Learn(store.Key{Type: "account", ID: acme}, nil)
	if told != 6 || !w.Status().Gone {
		t.Errorf("told %d times", told)
	}
	call{b, "y", "", ""}.answered()
	call{b, "y", "", ""}.ended()
	if all := b.List(acme); len(all) != 0 {
		t.Errorf("left: %+v", all)
	}
	if _, err := b.Get(acme, "100"); !errors.Is(err, presence.ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// TestAllAtOnce is calls, hands and watchers together, for the race detector.
func TestAllAtOnce(t *testing.T) {
	b, _ := world(t)
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			c := call{b, fmt.Sprint("call", i), "200@acme.test", "100@acme.test"}
			for range 100 {
				w, err := b.Watch("100", "acme.test", func() {})
				if err != nil {
					t.Error(err)
					return
				}
				c.offered()
				c.answered()
				_ = w.Status()
				b.List(acme)
				c.ended()
				w.Stop()
			}
		})
	}
	work.Go(func() {
		for range 50 {
			set(t, b, acme, "100", presence.Busy)
			set(t, b, acme, "100", presence.Idle)
		}
	})
	work.Wait()
	if all := b.List(acme); len(all) != 0 {
		t.Errorf("left: %+v", all)
	}
}

// TestDocuments are XML whatever stands in them, and say what they should.
func TestDocuments(t *testing.T) {
	entity := `sip:"<&>'@acme.test`
	for _, c := range []struct {
		status  presence.Status
		dialog  string // what must stand in each
		basic   string
		without string
	}{
		{presence.Status{User: "100", State: presence.Idle}, `<dialog id="100"><state>terminated</state>`, "<basic>open</basic>", "on-the-phone"},
		{
			presence.Status{User: "100", State: presence.Ringing, Direction: "recipient"},
			`<dialog id="100" direction="recipient"><state>early</state>`, "<basic>open</basic></status></tuple><note>Ringing</note>", "on-the-phone",
		},
		{presence.Status{User: "100", State: presence.Busy, Direction: "initiator"}, "<state>confirmed</state>", "<on-the-phone>", "open"},
		{presence.Status{User: "<\x01&\xff", State: presence.Busy}, "<state>confirmed</state>", "<basic>closed</basic>", "open"},
	} {
		info, err1 := presence.DialogInfo(entity, 7, c.status)
		pidf, err2 := presence.PIDF(entity, c.status)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(info), c.dialog) || !strings.Contains(string(info), `version="7" state="full"`) {
			t.Errorf("%s", info)
		}
		if !strings.Contains(string(pidf), c.basic) || strings.Contains(string(pidf), c.without) {
			t.Errorf("%s", pidf)
		}
		for space, b := range map[string][]byte{"urn:ietf:params:xml:ns:dialog-info": info, "urn:ietf:params:xml:ns:pidf": pidf} {
			var x struct {
				XMLName xml.Name
				Entity  string `xml:"entity,attr"`
			}
			if err := xml.Unmarshal(b, &x); err != nil || x.XMLName.Space != space || x.Entity != entity {
				t.Errorf("%v, %+v in %s", err, x, b)
			}
		}
	}
}

// TestCallers lights the lamp of the owner of the phone that calls, else that
// of the phone, else of the name it calls with; and so after a restart.
func TestCallers(t *testing.T) {
	b, docs := world(t)
	put := func(kind, id, doc string) {
		t.Helper()
		if _, err := docs.Put(t.Context(), store.Doc{Key: store.Key{Account: acme, Type: kind, ID: id}, JSON: json.RawMessage(doc)}); err != nil {
			t.Fatal(err)
		}
	}
	lights := func(b *presence.Board, from, want string) {
		t.Helper()
		c := call{b, "x", from + "@acme.test", "100@acme.test"}
		c.offered()
		if all := b.List(acme); len(all) != 2 || all[0].User != "100" || all[1].User != want || all[1].Direction != "initiator" {
			t.Errorf("%s calls: %+v", from, all)
		}
		c.ended()
	}
	put("user", "ada", `{"presence_id":"1001"}`)
	put("user", "bob", `{}`)
	put("device", "d1", `{"sip":{"username":"User_A"},"presence_id":"2001","owner_id":"ada"}`)
	put("device", "d2", `{"sip":{"username":"user_b"},"presence_id":"2002@ACME.test","owner_id":"bob"}`)
	put("device", "d3", `{"sip":{"username":"user_c"},"owner_id":"nobody"}`)
	put("device", "d4", `{"sip":{"username":"user_d"},"presence_id":"2004@elsewhere.test"}`)
	learn(b, acme, "user", "ada", "presence_id", "1001")
	learn(b, acme, "device", "d1", "sip.username", "User_A", "presence_id", "2001", "owner_id", "ada")
	learn(b, acme, "device", "d2", "sip.username", "user_b", "presence_id", "2002@ACME.test", "owner_id", "bob")
	learn(b, acme, "device", "d3", "sip.username", "user_c", "owner_id", "nobody")
	learn(b, acme, "device", "d4", "sip.username", "user_d", "presence_id", "2004@elsewhere.test")
	for _, b := range []*presence.Board{b, load(t, docs)} {
		lights(b, "user_a", "1001")
		lights(b, "USER_B", "2002")
		lights(b, "user_c", "user_c")
		lights(b, "user_d", "user_d")
		lights(b, "stranger", "stranger")
	}
	learn(b, acme, "user", "ada")
	lights(b, "user_a", "2001")
	learn(b, acme, "device", "d1", "sip.username", "user_z", "presence_id", "2001")
	lights(b, "user_a", "user_a")
	lights(b, "user_z", "2001")
	b.Learn(store.Key{Account: acme, Type: "device", ID: "d1"}, nil)
	lights(b, "user_z", "user_z")
}

// learn tells of a document with some texts: paths and what is there.
func learn(b *presence.Board, account, kind, id string, texts ...string) {
	b.Learn(store.Key{Account: account, Type: kind, ID: id}, func(path string) string {
		if i := slices.Index(texts, path); i >= 0 {
			return texts[i+1]
		}
		return ""
	})
}
