package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

// second is a moment of the tests.
func second(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0) }

func entry(account, kind, call string, n int) store.Entry {
	return store.Entry{Account: account, Kind: kind, Call: call, At: second(n), JSON: fmt.Append(nil, n)}
}

func add(t *testing.T, s store.Store, entries ...store.Entry) []store.Entry {
	t.Helper()
	if err := s.Append(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

func reads(t *testing.T, s store.Store, w store.Window, want string) {
	t.Helper()
	lines, err := s.Read(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range lines {
		got = append(got, string(e.JSON))
	}
	if g := strings.Join(got, " "); g != want {
		t.Errorf("%+v reads %q, want %q", w, g, want)
	}
}

func appendAll(t *testing.T, s store.Store) {
	ctx := t.Context()
	wants(t, "append of nothing", s.Append(ctx, nil), nil)
	first := add(t, s, entry("a", "event", "c", 1), entry("a", "cdr", "c", 2))
	again := add(t, s, entry("a", "event", "c", 0)) // earlier, but told later
	if first[0].Seq <= 0 || first[1].Seq <= first[0].Seq || again[0].Seq <= first[1].Seq {
		t.Errorf("numbered %d %d %d", first[0].Seq, first[1].Seq, again[0].Seq)
	}
	for _, bad := range []store.Entry{
		{Kind: "event", JSON: []byte("{")},
		{JSON: []byte("{}")},
		{Kind: "event", Call: "\xff", JSON: []byte("{}")},
		{Kind: "event", JSON: []byte("\"\xff\"")},
	} {
		wants(t, "append of "+string(bad.JSON), s.Append(ctx, []store.Entry{entry("a", "event", "c", 9), bad}), store.ErrBad)
	}
	reads(t, s, store.Window{Account: "a", Ascending: true}, "1 2 0")
	lines, err := s.Read(ctx, store.Window{Account: "a", Kind: "cdr"})
	if err != nil || len(lines) != 1 {
		t.Fatalf("%+v, %v", lines, err)
	}
	want := entry("a", "cdr", "c", 2)
	got := lines[0]
	if got.Account != want.Account || got.Kind != want.Kind || got.Call != want.Call || !got.At.Equal(want.At) ||
		got.At.Location() != time.UTC || got.Seq != first[1].Seq || string(got.JSON) != "2" {
		t.Errorf("%+v", got)
	}
}

func windows(t *testing.T, s store.Store) {
	add(
		t, s, entry("a", "event", "c", 1), entry("b", "event", "c", 2), entry("a", "cdr", "c", 3),
		entry("a", "event", "d", 4), entry("", "event", "e", 5), entry("a", "event", "c", 6),
	)
	for want, w := range map[string]store.Window{
		"6 4 3 1":     {Account: "a"},
		"5":           {},
		"6 5 4 3 2 1": {AnyAccount: true},
		"6 5 4 2 1":   {AnyAccount: true, Kind: "event"},
		"6 4 1":       {Account: "a", Kind: "event"},
		"1 6":         {Account: "a", Kind: "event", Call: "c", Ascending: true},
		"6 2 1":       {AnyAccount: true, Kind: "event", Call: "c"},
		"6 3 2 1":     {AnyAccount: true, Call: "c"},
		"6 3 1":       {Account: "a", Call: "c"},
		"4 3":         {Account: "a", From: second(3), To: second(5)},
		"6 4":         {Account: "a", From: second(4)},
		"3 1":         {Account: "a", To: second(3)},
		"1 2 3":       {AnyAccount: true, To: second(3), Ascending: true},
		"3":           {Account: "a", Kind: "cdr", Call: "c", From: second(3), To: second(3)},
		"":            {Account: "a", From: second(7)},
	} {
		reads(t, s, w, want)
	}
}

func pages(t *testing.T, s store.Store) {
	const n = 47
	var all []store.Entry
	var up, down []string
	for i := range n {
		all = append(all, entry("a", "event", "c", i))
		up, down = append(up, fmt.Sprint(i)), append(down, fmt.Sprint(n-1-i))
	}
	add(t, s, all...)
	for i := range all {
		if all[i].Seq != all[0].Seq+int64(i) {
			t.Errorf("line %d of a group from %d is number %d", i, all[0].Seq, all[i].Seq)
		}
	}
	for _, ascending := range []bool{true, false} {
		w := store.Window{Account: "a", Kind: "event", Ascending: ascending, Limit: 10}
		var got []string
		for {
			lines, err := s.Read(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) == 0 {
				break
			}
			for _, e := range lines {
				got = append(got, string(e.JSON))
			}
			w.After = lines[len(lines)-1].Seq
		}
		want := down
		if ascending {
			want = up
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages are %v, want %v", got, want)
		}
	}
}

func trim(t *testing.T, s store.Store) {
	last := add(t, s, entry("a", "event", "c", 1), entry("b", "event", "c", 2), entry("a", "cdr", "c", 1), entry("a", "event", "c", 3))
	n, err := s.Trim(t.Context(), "event", second(3))
	if err != nil || n != 2 {
		t.Errorf("trimmed %d, %v", n, err)
	}
	reads(t, s, store.Window{AnyAccount: true, Ascending: true}, "1 3")
	if n, err := s.Trim(t.Context(), "", second(9)); err != nil || n != 2 {
		t.Errorf("trimmed %d, %v", n, err)
	}
	reads(t, s, store.Window{AnyAccount: true}, "")
	if again := add(t, s, entry("a", "event", "c", 9)); again[0].Seq <= last[3].Seq {
		t.Errorf("the number %d was given again", again[0].Seq)
	}
}

// manyAppend is groups that are told at once: each stays together.
func manyAppend(t *testing.T, s store.Store) {
	for _, err := range together(10, func(i int) error {
		for range 5 {
			group := []store.Entry{entry("a", "event", "c", i), entry("a", "event", "c", i), entry("a", "event", "c", i)}
			if err := s.Append(t.Context(), group); err != nil {
				return err
			}
			if group[2].Seq != group[0].Seq+2 {
				return fmt.Errorf("a group is numbered %d to %d", group[0].Seq, group[2].Seq)
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	lines, err := s.Read(t.Context(), store.Window{Account: "a", Ascending: true})
	if err != nil || len(lines) != 150 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i := 1; i < len(lines); i++ {
		if lines[i].Seq <= lines[i-1].Seq {
			t.Errorf("line %d is number %d", i, lines[i].Seq)
		}
	}
}
