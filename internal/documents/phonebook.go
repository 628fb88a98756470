package documents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/store"
)

// Phonebook answers what lists say of numbers. A list is read once, and again
// after a change that Changed was told of. It is safe for use by many
// goroutines.
type Phonebook struct {
	docs store.Docs

	mu    sync.Mutex
	lists map[store.Key]*page
	size  int // entries in lists
}

// page is a list that is read once for all who wait for it.
type page struct {
	turn chan struct{} // who has put something in is at work on the rest
	done bool
	list *NumberList
	err  error
	size int // counted in Phonebook.size
}

// Limits of a phonebook: how many entries, and steps of their patterns, it
// keeps before it starts afresh, and how long a list may take to read.
const (
	maxKept    = 1 << 20
	bytesEach  = 200 // of a document that count as an entry more
	readWithin = 15 * time.Second
)

// Limits of a list: the steps of all of its patterns (some 100 bytes each) and
// the length of a number that they are tried on. Those beyond are left out.
const (
	MaxSteps  = maxKept / 4
	maxNumber = 256 // bytes
)

// NewPhonebook is the phonebook of the lists in docs.
func NewPhonebook(docs store.Docs) *Phonebook {
	return &Phonebook{docs: docs, lists: map[store.Key]*page{}}
}

// Changed is told of every change of a document.
func (p *Phonebook) Changed(c resource.Change) {
	switch c.New.Type {
	case Lists.Type:
		p.forget(c.New.Account, c.New.ID)
	case ListEntries.Type:
		p.forget(c.New.Account, resource.Text(c.New.Public, ByList))
		if c.Old != nil {
			p.forget(c.New.Account, resource.Text(c.Old.Public, ByList))
		}
	}
}

func (p *Phonebook) forget(account, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := store.Key{Account: account, Type: Lists.Type, ID: id}
	if one := p.lists[key]; one != nil {
		p.size -= one.size
		delete(p.lists, key)
	}
}

// List is a list of an account, ready to be asked. One that is not there is
// empty, and Missing. It waits no longer than ctx lets it, also for others who
// read the same list.
func (p *Phonebook) List(ctx context.Context, account, id string) (*NumberList, error) {
	key := store.Key{Account: account, Type: Lists.Type, ID: id}
	p.mu.Lock()
	one := p.lists[key]
	if one == nil {
		one = &page{turn: make(chan struct{}, 1)}
		p.lists[key] = one
	}
	p.mu.Unlock()
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if one.done {
		return one.list, one.err
	}
	within, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	list, err := p.read(within, key)
	if err != nil && ctx.Err() != nil {
		return nil, err // the next who waits reads it
	}
	one.list, one.err, one.done = list, err, true
	p.keep(key, one)
	return list, err
}

// keep counts a page that was read, or drops one that could not be.
func (p *Phonebook) keep(key store.Key, one *page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.lists[key] != one: // it changed meanwhile
		return
	case one.err != nil:
		delete(p.lists, key)
		return
	}
	one.size = one.list.size + 1 // an empty list takes room too
	if p.size+one.size > maxKept {
		p.lists, p.size = map[store.Key]*page{key: one}, 0
	}
	p.size += one.size
}

func (p *Phonebook) read(ctx context.Context, key store.Key) (*NumberList, error) {
	var entries []ListEntry
	found, size := 0, 0
	err := store.Each(ctx, p.docs, store.Query{
		Account: key.Account, Type: ListEntries.Type, Where: map[string]string{ByList: key.ID}, Ascending: true,
	}, func(d store.Doc) (bool, error) {
		var e ListEntry
		if json.Unmarshal(d.JSON, &e) == nil { // the API lets no other in
			entries = append(entries, e)
		}
		found++
		size += len(d.JSON)
		return size <= resource.MaxBytes, nil
	})
	if err != nil {
		return nil, fmt.Errorf("documents: list %s: %w", key.ID, err)
	}
	list := NewNumberList(entries)
	list.size += size / bytesEach
	if size > resource.MaxBytes {
		list.Broken = append(list.Broken, "what is beyond "+strconv.Itoa(resource.MaxBytes)+" bytes of the list's entries")
	}
	if found == 0 {
		_, err := p.docs.Get(ctx, key)
		if list.Missing = errors.Is(err, store.ErrNotFound) || key.Check() != nil; err != nil && !list.Missing {
			return nil, fmt.Errorf("documents: list %s: %w", key.ID, err)
		}
	}
	return list, nil
}

// NumberList is the entries of a list, ready to be asked about numbers. It
// never changes.
type NumberList struct {
	Missing bool     // there is no such list
	Broken  []string // patterns that cannot be read, and why; the first few

	size     int                   // entries, and steps of patterns
	steps    int                   // of patterns
	begins   map[string]*ListEntry // by how numbers begin
	named    map[string]*ListEntry // those of them that have a name
	longest  int                   // of the keys of begins
	patterns []numberPattern
}

type numberPattern struct {
	re    *regexp.Regexp
	entry *ListEntry
}

// maxBroken is how many patterns that cannot be read are told.
const maxBroken = 5

// NewNumberList makes a list of entries. Of several for the same number the
// first counts.
func NewNumberList(entries []ListEntry) *NumberList {
	l := &NumberList{size: len(entries), begins: map[string]*ListEntry{}, named: map[string]*ListEntry{}}
	for i := range entries {
		e := &entries[i]
		for _, begin := range []string{plain(e.Number), plain(e.Prefix)} {
			if begin == "" {
				continue
			}
			l.longest = max(l.longest, len(begin))
			if l.begins[begin] == nil {
				l.begins[begin] = e
			}
			if l.named[begin] == nil && e.Shown() != "" {
				l.named[begin] = e
			}
		}
		l.pattern(e, e.Pattern)
		l.pattern(e, e.Regexp)
	}
	return l
}

func (l *NumberList) pattern(e *ListEntry, text string) {
	if text == "" {
		return
	}
	var re *regexp.Regexp
	err, steps := errTooMuch, 0
	if l.steps < MaxSteps {
		re, steps, err = schema.CompileRegexp(text)
	}
	l.steps += steps
	l.size += steps
	if err == nil {
		l.patterns = append(l.patterns, numberPattern{re, e})
	} else if len(l.Broken) < maxBroken {
		l.Broken = append(l.Broken, fmt.Sprintf("%.64s: %s", text, err))
	}
}

var errTooMuch = fmt.Errorf("all patterns of the list are of more than %d steps", MaxSteps)

// plain is a number without its +: as lists are asked.
func plain(number string) string { return strings.TrimPrefix(number, "+") }

// Shown is the name to show for a number: displayname, else name, else
// cid_name, else the first and the last name.
func (e ListEntry) Shown() string {
	return cmp.Or(e.DisplayName, e.Name, e.CIDName, strings.TrimSpace(e.FirstName+" "+e.LastName))
}

// Begins is the entry whose number or prefix is the longest with which number
// begins, and that number or prefix. With a name is to find only entries that
// have one to show.
func (l *NumberList) Begins(number string, withName bool) (e ListEntry, begin string, ok bool) {
	in := l.begins
	if withName {
		in = l.named
	}
	number = plain(number)
	for n := min(len(number), l.longest); n > 0; n-- {
		if found := in[number[:n]]; found != nil {
			return *found, number[:n], true
		}
	}
	return ListEntry{}, "", false
}

// Matches is the first entry with a pattern that matches number, without its
// +, and that pattern.
func (l *NumberList) Matches(number string, withName bool) (e ListEntry, pattern string, ok bool) {
	if number = plain(number); len(number) > maxNumber {
		return ListEntry{}, "", false
	}
	for _, p := range l.patterns {
		if (!withName || p.entry.Shown() != "") && p.re.MatchString(number) {
			return *p.entry, p.re.String(), true
		}
	}
	return ListEntry{}, "", false
}
