package storetest

import (
	"errors"
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

// purgeMeanwhile purges an account that others write to: they succeed, and what
// is left of theirs is in nobody's way.
func purgeMeanwhile(t *testing.T, s store.Store) {
	const ids = 4
	for _, err := range together(200, func(i int) error {
		d := doc(fmt.Sprint(i%ids), "{}", fmt.Sprint("f=", i%ids))
		d.Account, d.Unique = "busy", []string{"f"}
		switch k := (store.Key{Account: d.Account, Type: "recording", ID: d.ID}); i % 3 {
		case 0:
			return s.PurgeAccount(t.Context(), d.Account)
		case 1:
			w, err := s.Blobs.Create(t.Context(), k, "")
			if err != nil {
				return err
			}
			if err := w.Commit(); err != nil {
				return err
			}
			if err := s.Blobs.Delete(t.Context(), k); !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return nil
		}
		if _, err := s.Put(t.Context(), d); !errors.Is(err, store.ErrConflict) {
			return err
		}
		return nil
	}) {
		wants(t, "done while an account is purged", err, nil)
	}
	wants(t, "purge", s.PurgeAccount(t.Context(), "busy"), nil)
	kept(t, s, "busy", false)
}
