package documents_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
)

// TestNumberList is which entry is found for a number.
func TestNumberList(t *testing.T) {
	l := documents.NewNumberList([]documents.ListEntry{
		{Number: "+1415", Name: "San Francisco"},
		{Number: "14155550100", DisplayName: "Ada", Name: "not me", FirstName: "nor", LastName: "me"},
		{Number: "1415555", Type: "no name"},
		{Prefix: "+49", CIDName: "Germany"},
		{Number: "4930", Prefix: "4940", FirstName: "Two", LastName: "cities"},
		{Pattern: `^33[67]`, Name: "French mobile"},
		{Pattern: `9$`},
		{Regexp: `99$`, Name: "Ends in 99"},
		{Pattern: `(?=x)`, Name: "cannot be read"},
		{Number: "4930", Name: "too late"},
		{},
	})
	for _, c := range []struct{ number, begin, who, named, pattern, namedPattern string }{
		{"+14155550100", "14155550100", "Ada", "Ada", "", ""},
		{"14155550100", "14155550100", "Ada", "Ada", "", ""},
		{"+141555501001", "14155550100", "Ada", "Ada", "", ""},
		{"+14155559999", "1415555", "", "San Francisco", "9$", "99$"},
		{"+1415", "1415", "San Francisco", "San Francisco", "", ""},
		{"+141", "", "", "", "", ""},
		{"+49305", "4930", "Two cities", "Two cities", "", ""},
		{"+49405", "4940", "Two cities", "Two cities", "", ""},
		{"+4989", "49", "Germany", "Germany", "9$", ""},
		{"+33612345678", "", "", "", "^33[67]", "^33[67]"},
		{"", "", "", "", "", ""},
		{"anonymous", "", "", "", "", ""},
		{"+" + strings.Repeat("5", 100_000), "", "", "", "", ""},
	} {
		e, begin, ok := l.Begins(c.number, false)
		named, _, _ := l.Begins(c.number, true)
		_, pattern, matched := l.Matches(c.number, false)
		_, namedPattern, _ := l.Matches(c.number, true)
		if begin != c.begin || ok != (begin != "") || e.Shown() != c.who || named.Shown() != c.named ||
			pattern != c.pattern || matched != (pattern != "") || namedPattern != c.namedPattern {
			t.Errorf("%.20s: %q of %q, %q; %q, %q", c.number, begin, e.Shown(), named.Shown(), pattern, namedPattern)
		}
	}
	if len(l.Broken) != 1 || !strings.HasPrefix(l.Broken[0], "(?=x): ") {
		t.Errorf("broken: %q", l.Broken)
	}
}

// TestEntryPatterns: what cannot be read is not saved, and the fault has its
// place.
func TestEntryPatterns(t *testing.T) {
	c := resource.Collection{Resource: documents.ListEntries.Resource, Docs: store.Memory().Docs, Account: "acme"}
	_, err := c.Create(t.Context(), resource.Object{"list_id": "l", "pattern": "(", "regexp": "(?<=a)b"})
	var faults schema.Faults
	if !errors.As(err, &faults) || len(faults) != 2 || faults[0].Dotted() != "pattern" || faults[1].Dotted() != "regexp" ||
		faults[0].Rule != "wrong_format" {
		t.Errorf("%v", err)
	}
}

// counted is a store that counts how often lists are read from it, and fails
// if it is told to.
type counted struct {
	store.Docs
	reads atomic.Int32
	fail  atomic.Bool
}

func (c *counted) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	c.reads.Add(1)
	if c.fail.Load() {
		return nil, errors.New("the disk is gone")
	}
	return c.Docs.List(ctx, q)
}

// TestPhonebook: lists are read once, and again after each kind of change; a
// failure is not kept.
func TestPhonebook(t *testing.T) {
	docs := &counted{Docs: store.Memory().Docs}
	book := documents.NewPhonebook(docs)
	in := func(r resource.Resource) resource.Collection {
		return resource.Collection{Resource: r, Docs: docs, Account: "acme", Changed: book.Changed}
	}
	ask := func(list string, reads int32, want string) {
		t.Helper()
		before := docs.reads.Load()
		l, err := book.List(t.Context(), "acme", list)
		if err != nil {
			t.Fatal(err)
		}
		e, _, _ := l.Begins("+49305", false)
		got := e.Name
		if l.Missing {
			got = "missing"
		}
		if got != want || docs.reads.Load()-before != reads {
			t.Errorf("%q after %d reads, want %q after %d", got, docs.reads.Load()-before, want, reads)
		}
	}
	ask("l1", 1, "missing")
	ask("l1", 0, "missing")
	if _, err := in(documents.Lists.Resource).CreateAs(t.Context(), "l1", resource.Object{"name": "One"}); err != nil {
		t.Fatal(err)
	}
	ask("l1", 1, "")
	entries := in(documents.ListEntries.Resource)
	e, err := entries.Create(t.Context(), resource.Object{"list_id": "l1", "number": "+49", "name": "Germany"})
	if err != nil {
		t.Fatal(err)
	}
	ask("l1", 1, "Germany")
	ask("l2", 1, "missing")
	if _, err := entries.Patch(t.Context(), e.ID, resource.Object{"list_id": "l2"}, ""); err != nil {
		t.Fatal(err)
	}
	ask("l1", 1, "")
	ask("l2", 1, "Germany")
	if _, err := entries.Patch(t.Context(), e.ID, resource.Object{"name": "Deutschland"}, ""); err != nil {
		t.Fatal(err)
	}
	ask("l2", 1, "Deutschland")
	if l, err := book.List(t.Context(), "other", "l2"); err != nil || !l.Missing {
		t.Errorf("another account: %+v, %v", l, err)
	}
	docs.fail.Store(true)
	if _, err := book.List(t.Context(), "acme", "l3"); err == nil {
		t.Error("a disk that is gone is a list")
	}
	docs.fail.Store(false)
	ask("l3", 1, "missing")
	ask("", 1, "missing")
}

// TestPhonebookTogether: those who ask at the same time wait for one read.
func TestPhonebookTogether(t *testing.T) {
	docs := &counted{Docs: store.Memory().Docs}
	book := documents.NewPhonebook(docs)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := book.List(t.Context(), "acme", "l"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := docs.reads.Load(); n != 1 {
		t.Errorf("read %d times", n)
	}
}

// slow is a store whose lists come when they are let.
type slow struct {
	store.Docs
	reads atomic.Int32
	let   chan struct{}
}

func (s *slow) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	s.reads.Add(1)
	select {
	case <-s.let:
		return s.Docs.List(ctx, q)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestPhonebookGivesUp: nobody waits longer than they want to, neither who
// reads a list nor who waits for another's reading; who still wants it gets it.
func TestPhonebookGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &slow{Docs: store.Memory().Docs, let: make(chan struct{})}
		book := documents.NewPhonebook(docs)
		ask := func(within time.Duration) <-chan error {
			out := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), within)
				defer cancel()
				_, err := book.List(ctx, "acme", "l")
				out <- err
			}()
			synctest.Wait()
			return out
		}
		reads, waits, stays := ask(2*time.Second), ask(time.Second), ask(time.Minute)
		begin := time.Now()
		for i, gone := range []<-chan error{waits, reads} {
			if err := <-gone; !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Duration(i+1)*time.Second {
				t.Errorf("%d gave up after %s: %v", i, time.Since(begin), err)
			}
		}
		synctest.Wait()
		close(docs.let)
		if err := <-stays; err != nil || docs.reads.Load() != 2 {
			t.Errorf("who stayed: %v after %d reads", err, docs.reads.Load())
		}
	})
}

// big is a list of n entries of a kind.
func big(n int, kind string) (all []documents.ListEntry) {
	for i := range n {
		number := fmt.Sprintf("+1415%07d", i)
		switch kind {
		case "numbers":
			all = append(all, documents.ListEntry{Number: number})
		case "prefixes":
			all = append(all, documents.ListEntry{Prefix: number[:9] + fmt.Sprint(i)})
		default:
			all = append(all, documents.ListEntry{Pattern: "^" + number[1:] + "[0-9]*$"})
		}
	}
	return all
}

// BenchmarkNumberList asks a list of 10,000 entries about a number that is
// last, and about one that is not in it.
func BenchmarkNumberList(b *testing.B) {
	for _, kind := range []string{"numbers", "prefixes", "patterns"} {
		l := documents.NewNumberList(big(10_000, kind))
		for name, number := range map[string]string{"last": "+14150009999", "none": "+493012345678"} {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, _, ok := l.Begins(number, false); !ok {
						l.Matches(number, false)
					}
				}
			})
		}
	}
}

// BenchmarkPhonebookRead reads a list of 10,000 entries from a database: what
// the first call after a change waits for.
func BenchmarkPhonebookRead(b *testing.B) {
	for _, kind := range []string{"numbers", "patterns"} {
		b.Run(kind, func(b *testing.B) {
			docs, err := sqlstore.Open(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = docs.Close() }()
			for i, e := range big(10_000, kind) {
				doc := store.Doc{
					Key:   store.Key{Account: "acme", Type: "list_entry", ID: fmt.Sprintf("e%06d", i)},
					JSON:  fmt.Appendf(nil, `{"list_id":"l","number":%q,"pattern":%q,"displayname":"A customer"}`, e.Number, e.Pattern),
					Index: map[string][]string{documents.ByList: {"l"}},
				}
				if _, err := docs.Put(b.Context(), doc); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if l, err := documents.NewPhonebook(docs).List(b.Context(), "acme", "l"); err != nil || l.Missing {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestListsAreBounded: the patterns of a list take no more than so much memory
// and time; what is left out is told.
func TestListsAreBounded(t *testing.T) {
	var all []documents.ListEntry
	for i := range 2 * documents.MaxSteps / 9000 {
		all = append(all, documents.ListEntry{Pattern: fmt.Sprintf("^%d%s$", i, strings.Repeat("x{900}", 9))})
	}
	l := documents.NewNumberList(append(all, documents.ListEntry{Pattern: "^9"}))
	if _, _, ok := l.Matches("9", false); ok || len(l.Broken) == 0 || len(strings.Join(l.Broken, "")) > 2000 {
		t.Errorf("%d patterns: %v, %.300q", len(all), ok, l.Broken)
	}
	l = documents.NewNumberList([]documents.ListEntry{{Pattern: "9+"}})
	if _, _, ok := l.Matches(strings.Repeat("9", 257), false); ok {
		t.Error("a long number is matched")
	}
}
