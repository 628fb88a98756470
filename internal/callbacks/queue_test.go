package callbacks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// web is web servers that are asked in no time, or as long as their path says.
type web struct {
	mu    sync.Mutex
	began time.Time
	asked []string // "<seconds> <event>", in the order in which it ended
	saw   []webhook.Request
	busy  int // under way at once, at most
	now   int
	// answers are what the next requests to a path get: a status, or 0 for
	// none; the last one stays.
	answers map[string][]int
	header  http.Header
	hang    map[string]time.Duration // by host
}

func newWeb(answers map[string][]int) *web {
	return &web{began: time.Now(), answers: answers, hang: map[string]time.Duration{}}
}

func (w *web) Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	u, _ := url.Parse(r.URL)
	w.mu.Lock()
	at := time.Since(w.began)
	w.now++
	w.busy = max(w.busy, w.now)
	wait := w.hang[u.Host]
	w.mu.Unlock()
	f := event.Fetched{Status: 200, Header: w.header}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		f = event.Fetched{Failure: event.FailCancelled, Err: "given up"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now--
	if f.Failure != "" {
		return f, webhook.Answer{}
	}
	if wait > 0 {
		f = event.Fetched{Failure: event.FailTimeout, Err: "no answer"}
	} else if all := w.answers[u.Path]; len(all) > 0 {
		f.Status = all[0]
		if len(all) > 1 {
			w.answers[u.Path] = all[1:]
		}
		switch {
		case f.Status == 0:
			f.Failure, f.Err = event.FailConnect, "nobody there"
		case f.Status > 299:
			f.Failure, f.Err = event.FailStatus, fmt.Sprint("the server answered ", f.Status)
		}
	}
	w.asked = append(w.asked, fmt.Sprintf("%d %s", int(at.Seconds()), r.Params.Get("E")))
	w.saw = append(w.saw, r)
	return f, webhook.Answer{}
}

// events are what was asked, without the times.
func (w *web) events() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, line := range w.asked {
		_, e, _ := strings.Cut(line, " ")
		out = append(out, e)
	}
	return strings.Join(out, " ")
}

// log keeps tries.
type log struct {
	mu  sync.Mutex
	all []event.CalledBack
}

func (l *log) Add(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e.What.(event.CalledBack))
}

func (l *log) tries() []event.CalledBack {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func open(docs store.Docs, w callbacks.Asker, l event.Log) *callbacks.Queue {
	return callbacks.New(callbacks.Config{
		Docs: docs, Web: w, Log: l, Logger: slog.New(slog.DiscardHandler),
		Keys: func(_ context.Context, account string) []string { return []string{"key of " + account} },
	})
}

func callback(call, to, what string) actions.Callback {
	return actions.Callback{Call: call, URL: to, Method: "POST", Event: what, Params: url.Values{"E": {what}}}
}

// left is how many callbacks are kept.
func left(t *testing.T, docs store.Docs) int {
	t.Helper()
	all, err := docs.List(context.WithoutCancel(t.Context()), store.Query{Type: callbacks.Type, AnyAccount: true})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, w, l := store.Memory(), newWeb(nil), &log{}
		q := open(docs, w, l)
		defer q.Close()
		for i := range 50 {
			q.Post("acc", callback("c1", "http://a.test/cb", fmt.Sprint(i)))
		}
		synctest.Wait()
		for i, line := range w.asked {
			if line != fmt.Sprint("0 ", i) {
				t.Fatalf("asked %q", w.asked)
			}
		}
		r := w.saw[0]
		if len(w.asked) != 50 || r.Method != "POST" || r.Timeout != 15*time.Second || r.Connect != 5*time.Second ||
			!r.Any2xx || len(r.SigningKeys) != 1 || r.SigningKeys[0] != "key of acc" || r.Token == "" || r.Token == w.saw[1].Token ||
			r.ContentType != "application/x-www-form-urlencoded; charset=utf-8" {
			t.Errorf("%d asked, first %+v", len(w.asked), r)
		}
		if got := l.tries(); len(got) != 50 || got[0] != (event.CalledBack{URL: "http://a.test/cb", Event: "0", Status: 200, Try: 1, Account: "acc"}) {
			t.Errorf("told %+v", got)
		}
		if n := left(t, docs); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// TestTriedAgain waits twice as long each time, in order, with the same token,
// until the server takes it.
func TestTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, l := store.Memory(), &log{}
		w := newWeb(map[string][]int{"/cb": {0, 503, 429, 408, 500, 200}})
		q := open(docs, w, l)
		defer q.Close()
		q.Post("acc", callback("c1", "http://me:secret@a.test/cb", "first"))
		q.Post("acc", callback("c1", "http://me:secret@a.test/cb", "second"))
		time.Sleep(2 * time.Second / 5)
		synctest.Wait()
		if n := left(t, docs); n != 2 {
			t.Errorf("%d are kept meanwhile", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.events(); got != "first first first first first first second" {
			t.Errorf("asked %q", got)
		}
		for _, r := range w.saw[:6] {
			if r.Token != w.saw[0].Token {
				t.Errorf("tokens %s and %s", r.Token, w.saw[0].Token)
			}
		}
		for i, f := range l.tries() {
			if want := i%6 + 1; f.Try != want || (f.Err == "") != (i >= 5) || f.Over || f.URL != "http://xxxxx@a.test/cb" {
				t.Errorf("told %+v", f)
			}
		}
		if n := left(t, docs); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// TestGivenUp at once by a server that says no, and after a day by one that
// says nothing; the next one is told of then.
func TestGivenUp(t *testing.T) {
	for answer, most := range map[int]int{404: 1, 400: 1, 301: 1, 0: 60, 500: 60} {
		synctest.Test(t, func(t *testing.T) {
			docs, l := store.Memory(), &log{}
			w := newWeb(map[string][]int{"/cb": {answer}})
			q := open(docs, w, l)
			defer q.Close()
			q.Post("acc", callback("c1", "http://a.test/cb", "first"))
			time.Sleep(30 * time.Hour)
			q.Post("acc", callback("c1", "http://a.test/ok", "second"))
			synctest.Wait()
			got := l.tries()
			n := len(got) - 1
			if n > most || most > 1 && n < 25 {
				t.Errorf("%d: %d tries", answer, n)
			}
			if last := got[n-1]; !last.Over || last.Err == "" || got[n].Err != "" {
				t.Errorf("%d: told %+v", answer, got[n-1:])
			}
			if n := left(t, docs); n != 0 {
				t.Errorf("%d: %d are kept", answer, n)
			}
		})
	}
}

// TestRetryAfter is a server that says when it will have time.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(map[string][]int{"/cb": {503, 200}})
		w.header = http.Header{"Retry-After": {"600"}}
		q := open(store.Memory(), w, nil)
		defer q.Close()
		q.Post("acc", callback("c1", "http://a.test/cb", "x"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if !slices.Equal(w.asked, []string{"0 x", "600 x"}) {
			t.Errorf("asked %q", w.asked)
		}
	})
}

// TestDeadServer keeps others, and another server of the same call, from
// nothing, and is not hammered.
func TestDeadServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, w := store.Memory(), newWeb(nil)
		for i := range 20 {
			w.hang[fmt.Sprintf("dead%d.test", i)] = 15 * time.Second
		}
		q := open(docs, w, nil)
		for call := range 500 {
			q.Post("acc", callback(fmt.Sprint(call), fmt.Sprintf("http://dead%d.test/", call%20), "dead"))
		}
		synctest.Wait()
		time.Sleep(30 * time.Second) // each is known to be dead
		for call := range 500 {
			q.Post("acc", callback(fmt.Sprint(call), "http://live.test/", "live"))
		}
		synctest.Wait()
		w.mu.Lock()
		alive := 0
		for _, line := range w.asked {
			if line == "30 live" {
				alive++
			}
		}
		if alive != 500 || w.busy > 256 {
			t.Errorf("%d of 500 were told at once, %d requests at one time", alive, w.busy)
		}
		w.mu.Unlock()
		q.Close()
		if n := left(t, docs); n != 500 {
			t.Errorf("%d of the dead are kept", n)
		}
	})
}

// TestAfterRestart is a process that ended while callbacks waited: those that
// were being made too.
func TestAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, w := store.Memory(), newWeb(map[string][]int{"/cb": {0}})
		w.hang["slow.test"] = 10 * time.Second
		q := open(docs, w, nil)
		for i := range 3 {
			q.Post("acc", callback("c1", "http://a.test/cb", fmt.Sprint("a", i)))
			q.Post("acc2", callback("c2", "http://slow.test/cb", fmt.Sprint("s", i)))
		}
		synctest.Wait()
		q.Close()
		q.Post("acc", callback("c1", "http://a.test/cb", "too late"))
		if n := left(t, docs); n != 6 {
			t.Fatalf("%d are kept", n)
		}
		l, second := &log{}, newWeb(nil)
		q = open(docs, second, l)
		defer q.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		got := strings.Fields(second.events())
		for _, of := range []string{"a", "s"} {
			var mine []string
			for _, e := range got {
				if strings.HasPrefix(e, of) {
					mine = append(mine, e)
				}
			}
			if want := []string{of + "0", of + "1", of + "2"}; !slices.Equal(mine, want) {
				t.Errorf("told %q", got)
			}
		}
		for _, f := range l.tries() {
			if want := map[string]int{"a0": 2}[f.Event]; f.Try != max(want, 1) {
				t.Errorf("told %+v", f)
			}
		}
		if n := left(t, docs); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// putting tells of each document that was written.
type putting struct {
	store.Docs
	put chan string
}

func (p putting) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	d, err := p.Docs.Put(ctx, d)
	p.put <- d.ID
	return d, err
}

// TestKilled opens what a process that was killed left in a file: what was
// posted and never delivered is delivered, signed, over HTTP.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	first, err := sqlstore.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	dead := askFunc(func(ctx context.Context, _ webhook.Request) (event.Fetched, webhook.Answer) {
		<-ctx.Done()
		return event.Fetched{Failure: event.FailCancelled}, webhook.Answer{}
	})
	done := make(chan url.Values, 10)
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		if want := webhook.Sign("key of acc", "http://"+r.Host+r.RequestURI, form); r.Header.Get(webhook.SignatureHeader) != want {
			t.Errorf("signed %q, want %q", r.Header.Get(webhook.SignatureHeader), want)
		}
		if r.Header.Get(webhook.TokenHeader) == "" {
			t.Error("no token")
		}
		done <- form
	}))
	defer site.Close()
	docs := putting{first, make(chan string, 10)}
	killed := open(docs, dead, nil)
	defer killed.Close()
	killed.Post("acc", callback("c1", site.URL+"/cb?x=1", "one"))
	killed.Post("acc", callback("c1", site.URL+"/cb?x=1", "two"))
	<-docs.put
	<-docs.put
	// From here on nothing that the old process does is seen.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second, err := sqlstore.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	client := webhook.New(webhook.Config{Guard: webhook.Guard{AllowLoopback: true}})
	defer client.Close()
	told := &waiter{got: make(chan event.CalledBack, 10)}
	q := open(second, client, told)
	defer q.Close()
	for _, want := range []string{"one", "two"} {
		if form := <-done; form.Get("E") != want {
			t.Errorf("told %v, want %s", form, want)
		}
		if f := <-told.got; f.Status != 200 || f.Event != want {
			t.Errorf("told %+v", f)
		}
	}
}

type askFunc func(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer)

func (f askFunc) Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	return f(ctx, r)
}

type waiter struct{ got chan event.CalledBack }

func (w *waiter) Add(e event.Event) { w.got <- e.What.(event.CalledBack) }

// broken is a store that keeps nothing and, at first, reads nothing.
type broken struct {
	store.Docs
	mu    sync.Mutex
	lists int
}

func (*broken) Put(context.Context, store.Doc) (store.Doc, error) {
	return store.Doc{}, fmt.Errorf("the disk is full")
}

func (b *broken) Get(context.Context, store.Key) (store.Doc, error) {
	return store.Doc{}, errors.New("the disk is gone")
}

func (b *broken) List(context.Context, store.Query) ([]store.Doc, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lists++; b.lists < 3 {
		return nil, fmt.Errorf("the disk is gone")
	}
	return nil, nil
}

// TestBrokenStore still tells what it cannot keep.
func TestBrokenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWeb(map[string][]int{"/cb": {500, 200}})
		q := open(&broken{}, w, nil)
		defer q.Close()
		q.Post("acc", callback("c1", "http://a.test/cb", "x"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := w.events(); got != "x x" {
			t.Errorf("asked %q", got)
		}
	})
}

// tee gives events to several logs.
type tee []event.Log

func (t tee) Add(e event.Event) {
	for _, l := range t {
		l.Add(e)
	}
}

// TestReaderInItsOwnStream is wired as in a server: the reader that posts sees
// the queue's own facts too, also of what cannot be posted.
func TestReaderInItsOwnStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, told := newWeb(nil), &log{}
		logs := tee{told}
		q := open(store.Memory(), w, &logs)
		r := callbacks.NewReader(q, nil)
		logs = append(logs, r)
		call := func(id string) {
			for _, f := range []event.Fact{inbound, all, event.Answered{}, event.Ended{Cause: "NORMAL_CLEARING"}} {
				r.Add(event.Event{At: time.Now(), Call: id, What: f})
			}
		}
		call("c1")
		synctest.Wait()
		q.Close()
		call("c2")
		if got := told.tries(); len(got) != 8 || got[3].Err != "" || got[4].Err == "" || len(w.saw) != 4 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestBadURL is given up at once, and said.
func TestBadURL(t *testing.T) {
	client := webhook.New(webhook.Config{})
	defer client.Close()
	told := &waiter{got: make(chan event.CalledBack, 10)}
	q := open(store.Memory(), client, told)
	defer q.Close()
	for _, bad := range []string{"http://10.0.0.1/", "://", "/relative", "ftp://a.test/"} {
		q.Post("acc", callback("c1", bad, "x"))
		if f := <-told.got; f.Err == "" || !f.Over || f.Try != 1 {
			t.Errorf("%s: %+v", bad, f)
		}
	}
}
