package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/notify"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
)

// office is a mail server: what it says to each try, then nil.
type office struct {
	says []error
	hang time.Duration

	mu   sync.Mutex
	sent []string // "second to subject"
	ids  []string
	now  int
	busy int // the most at one time
	from time.Time
}

func (o *office) Send(ctx context.Context, l notify.Letter) error {
	o.mu.Lock()
	if o.from.IsZero() {
		o.from = time.Now()
	}
	o.sent = append(o.sent, fmt.Sprintf("%d %s %s", int(time.Since(o.from).Seconds()), l.To, l.Subject))
	o.ids = append(o.ids, l.ID)
	o.now++
	o.busy = max(o.busy, o.now)
	var err error
	if len(o.says) > 0 {
		err, o.says = o.says[0], o.says[1:]
	}
	o.mu.Unlock()
	defer func() { o.mu.Lock(); o.now--; o.mu.Unlock() }()
	if o.hang > 0 {
		select {
		case <-time.After(o.hang):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// log keeps what was told.
type log struct {
	mu  sync.Mutex
	all []event.Event
}

func (l *log) Add(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

func (l *log) told() (all []event.Notified) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		all = append(all, e.What.(event.Notified))
	}
	return all
}

func open(docs store.Docs, s notify.Sender, l event.Log) *notify.Queue {
	return notify.New(notify.Config{Docs: docs, Sender: s, Log: l, Logger: slog.New(slog.DiscardHandler)})
}

func mail(subject string, to ...string) actions.Mail {
	return actions.Mail{Call: "c1", To: to, Subject: subject, Text: "Hello.", Says: "missed_call"}
}

// left is how many letters are kept.
func left(t *testing.T, docs store.Docs) int {
	t.Helper()
	all, err := docs.List(context.WithoutCancel(t.Context()), store.Query{Type: notify.Type, AnyAccount: true})
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestSent: each address has a letter of its own, and each is told of.
func TestSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, o, l := store.Memory(), &office{}, &log{}
		q := open(docs, o, l)
		defer q.Close()
		q.Post("acc", mail("first", "a@x.test", "b@x.test"))
		q.Mail(t.Context(), "acc", "c@x.test", "second", "Text")
		synctest.Wait()
		slices.Sort(o.sent)
		if want := []string{"0 a@x.test first", "0 b@x.test first", "0 c@x.test second"}; !slices.Equal(o.sent, want) {
			t.Errorf("sent %q", o.sent)
		}
		if slices.Sort(o.ids); len(slices.Compact(o.ids)) != 3 {
			t.Errorf("ids %q", o.ids)
		}
		told := l.told() // the one that no call is about is not told
		if len(told) != 2 || l.all[0].Call != "c1" || told[0].Says != "missed_call" || told[0].Try != 1 ||
			told[0].Err != "" || told[0].Account != "acc" || !strings.HasSuffix(told[0].To, "@x.test") {
			t.Errorf("told %+v", l.all)
		}
		if n := left(t, docs); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// TestTriedAgain waits longer and longer for a server that is away, and sends
// the same letter.
func TestTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := &notify.AwayError{Err: errors.New("dial mail.internal:587: refused")}
		docs, l := store.Memory(), &log{}
		o := &office{says: []error{away, errors.New("421 busy"), away}}
		q := open(docs, o, l)
		defer q.Close()
		q.Post("acc", mail("x", "a@x.test"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := left(t, docs); n != 1 {
			t.Errorf("%d are kept meanwhile", n)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		told := l.told()
		if len(o.sent) != 4 || len(told) != 4 {
			t.Fatalf("sent %q", o.sent)
		}
		for i, f := range told {
			if f.Try != i+1 || f.Over || (f.Err == "") != (i == 3) || strings.Contains(f.Err, "internal") {
				t.Errorf("told %+v", f)
			}
		}
		if o.ids[0] != o.ids[3] {
			t.Errorf("ids %q", o.ids)
		}
		if n := left(t, docs); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// TestGivenUp at once by a server that says no, and after a day by one that is
// away.
func TestGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		least, most int
	}{
		"refused": {&notify.RefusedError{Err: errors.New("550 no such user")}, 1, 1},
		"away":    {&notify.AwayError{Err: errors.New("nobody")}, 20, 60},
	} {
		synctest.Test(t, func(t *testing.T) {
			docs, l := store.Memory(), &log{}
			q := open(docs, &office{says: slices.Repeat([]error{c.err}, 1000)}, l)
			defer q.Close()
			q.Post("acc", mail("x", "a@x.test"))
			time.Sleep(30 * time.Hour)
			synctest.Wait()
			told := l.told()
			if n := len(told); n < c.least || n > c.most || !told[n-1].Over || n > 1 && told[n-2].Over {
				t.Errorf("%s: %d tries, %+v", name, n, told[n-1])
			}
			if n := left(t, docs); n != 0 {
				t.Errorf("%s: %d are kept", name, n)
			}
		})
	}
}

// TestBounds: so many at one time, so many in line, and no address that is
// none.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, l := &office{hang: 10 * time.Second}, &log{}
		q := open(store.Memory(), o, l)
		defer q.Close()
		q.Post("acc", mail("x", "a@x.test\r\nRCPT TO:<b@x.test>"))
		if told := l.told(); len(told) != 1 || !told[0].Over || !strings.Contains(told[0].Err, "no address") {
			t.Errorf("told %+v", told)
		}
		for range 10_010 {
			q.Post("acc", mail("x", "a@x.test"))
		}
		if told := l.told(); len(told) != 11 || !told[10].Over || told[10].Err != "too many mails wait already" {
			t.Errorf("told %d", len(told))
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if o.busy != 4 || len(o.sent) != 16 {
			t.Errorf("%d at one time, %d begun", o.busy, len(o.sent))
		}
	})
}

// TestRestart goes on with what was not sent: also with what was under way,
// and what was posted as the queue was closed.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs, o := store.Memory(), &office{hang: time.Hour, says: []error{}}
		q := open(docs, o, nil)
		for i := range 6 {
			q.Post("acc", mail(fmt.Sprint(i), "a@x.test"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		q.Close()
		if n := left(t, docs); n != 6 {
			t.Fatalf("%d are kept", n)
		}
		l, second := &log{}, &office{}
		q = open(docs, second, l)
		defer q.Close()
		q.Post("acc", mail("6", "a@x.test"))
		synctest.Wait()
		slices.Sort(second.sent)
		if want := "0 a@x.test 0|0 a@x.test 1|0 a@x.test 2|0 a@x.test 3|0 a@x.test 4|0 a@x.test 5|0 a@x.test 6"; strings.Join(second.sent, "|") != want {
			t.Errorf("sent %q", second.sent)
		}
		if n := left(t, docs); n != 0 || len(l.told()) != 7 {
			t.Errorf("%d are kept, told %+v", n, l.told())
		}
	})
}

// TestTooLate is told, not lost in silence.
func TestTooLate(t *testing.T) {
	l := &log{}
	q := open(store.Memory(), &office{}, l)
	q.Close()
	q.Post("acc", mail("x", "a@x.test"))
	if told := l.told(); len(told) != 1 || told[0].Err != "the server is being stopped" || !told[0].Over {
		t.Errorf("told %+v", told)
	}
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

// TestKilled opens what a process that was killed left in a file.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	first, err := sqlstore.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	docs := putting{first, make(chan string, 10)}
	killed := open(docs, &office{hang: time.Hour}, nil)
	defer killed.Close()
	killed.Post("acc", mail("one", "a@x.test"))
	<-docs.put
	if err := first.Close(); err != nil { // from here on nothing that the old process does is seen
		t.Fatal(err)
	}
	second, err := sqlstore.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	sent := make(chan notify.Letter, 1)
	q := open(second, sendFunc(func(l notify.Letter) error { sent <- l; return nil }), nil)
	defer q.Close()
	if l := <-sent; l.Subject != "one" || l.To != "a@x.test" || l.Text != "Hello." || l.Written.IsZero() {
		t.Errorf("sent %+v", l)
	}
}

type sendFunc func(notify.Letter) error

func (f sendFunc) Send(_ context.Context, l notify.Letter) error { return f(l) }

// broken is a store that keeps nothing and, at first, reads nothing.
type broken struct {
	store.Docs
	mu    sync.Mutex
	lists int
}

func (*broken) Put(context.Context, store.Doc) (store.Doc, error) {
	return store.Doc{}, errors.New("the disk is full")
}

func (b *broken) Get(context.Context, store.Key) (store.Doc, error) {
	return store.Doc{}, errors.New("the disk is gone")
}

func (b *broken) List(context.Context, store.Query) ([]store.Doc, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lists++; b.lists < 3 {
		return nil, errors.New("the disk is gone")
	}
	return nil, nil
}

// TestBrokenStore still sends what it cannot keep.
func TestBrokenStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{says: []error{errors.New("421 busy")}}
		b := &broken{}
		q := open(b, o, nil)
		defer q.Close()
		q.Post("acc", mail("x", "a@x.test"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(o.sent) != 2 || b.lists != 3 {
			t.Errorf("sent %q, read %d times", o.sent, b.lists)
		}
	})
}
