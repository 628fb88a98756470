package storetest

import (
	"fmt"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// purge is an account that goes, between others that stay.
func purge(t *testing.T, s store.Store) {
	const many = 1100 // more than goes at once
	accounts := []string{"", "a", "aa", "b"}
	for _, account := range accounts {
		d := only("1", "100")
		d.Account = account
		d = put(t, s, d)
		d.Index, d.Unique = only("1", "100").Index, only("1", "100").Unique
		put(t, s, d)
		gone := doc("gone", "{}")
		gone.Account = account
		put(t, s, gone)
		wants(t, "delete", s.Delete(t.Context(), gone.Key, 1, false), nil)
		commit(t, create(t, s, store.Key{Account: account, Type: "recording", ID: "1"}, "", "sound"))
		add(t, s, entry(account, "event", "c", 1), entry(account, "cdr", "c", 1))
	}
	for _, err := range together(many, func(i int) error {
		_, err := s.Put(t.Context(), doc(fmt.Sprint("more", i), "{}", "f=x"))
		return err
	}) {
		wants(t, "put", err, nil)
	}
	wants(t, "purge of no account", s.PurgeAccount(t.Context(), ""), store.ErrBad)
	wants(t, "purge of what cannot be", s.PurgeAccount(t.Context(), "a\x00"), store.ErrBad)
	wants(t, "purge of an empty one", s.PurgeAccount(t.Context(), "c"), nil)
	for range 2 {
		wants(t, "purge", s.PurgeAccount(t.Context(), "a"), nil)
	}
	for _, account := range accounts {
		stays := account != "a"
		kept(t, s, account, stays)
		if !stays { // its ids and values are free
			put(t, s, only("2", "100"))
			put(t, s, doc("gone", "{}"))
		}
	}
}

// kept is that what an account had is there, or that nothing is.
func kept(t *testing.T, s store.Store, account string, stays bool) {
	t.Helper()
	k := store.Key{Account: account, Type: "thing", ID: "1"}
	for what, err := range map[string]error{
		"get":     func() error { _, err := s.Get(t.Context(), k); return err }(),
		"history": func() error { _, err := s.History(t.Context(), k, 0); return err }(),
		"of one that is deleted": func() error {
			_, err := s.History(t.Context(), store.Key{Account: account, Type: "thing", ID: "gone"}, 0)
			return err
		}(),
		"blob": func() error {
			_, _, err := blob(t, s, store.Key{Account: account, Type: "recording", ID: "1"})
			return err
		}(),
	} {
		var want error
		if !stays {
			want = store.ErrNotFound
		}
		wants(t, fmt.Sprintf("%s of %q", what, account), err, want)
	}
	list, lines := "", ""
	if stays {
		list, lines = "1", "1 1"
	}
	lists(t, s, store.Query{Account: account, Type: "thing"}, list)
	lists(t, s, store.Query{Account: account, Type: "thing", Where: map[string]string{"number": "100"}}, list)
	reads(t, s, store.Window{Account: account}, lines)
}
