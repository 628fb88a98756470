package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// deleteAndGo deletes what is at a path, for a client who goes in the moment
// that the document is deleted; meanwhile is done then, too.
func deleteAndGo(t *testing.T, path func(*world) string, meanwhile func(*world)) *world {
	t.Helper()
	ctx, gone := context.WithCancel(t.Context())
	defer gone()
	var w *world
	w = newWorld(t, func(c *Config) {
		c.Changed = func(ch resource.Change) {
			if ch.New.Deleted {
				meanwhile(w)
				gone()
			}
		}
	})
	req := httptest.NewRequestWithContext(ctx, http.MethodDelete, path(w), http.NoBody)
	req.Header.Set("X-Auth-Token", w.token)
	w.send(req)
	if ctx.Err() == nil {
		t.Fatal("nothing was deleted")
	}
	return w
}

// TestSoundGoesWithItsDocument leaves no sound to the next document of an id.
func TestSoundGoesWithItsDocument(t *testing.T) {
	w := deleteAndGo(t, func(w *world) string {
		w.must(201, "PUT A/media", `{"id":"m","name":"m"}`)
		w.head.Set("Content-Type", "audio/wav")
		w.must(200, "POST A/media/m/raw", "raw:"+string(wavOf(t, 100)))
		w.head.Del("Content-Type")
		return "/v2/accounts/" + w.creds.AccountID + "/media/m?should_soft_delete=false"
	}, func(*world) {})
	blob, _, err := w.store.Blobs.Open(t.Context(), store.Key{Account: w.creds.AccountID, Type: "media", ID: "m"})
	if !errors.Is(err, store.ErrNotFound) {
		_ = blob.Close()
		t.Errorf("a sound is left: %v", err)
	}
}

// TestNothingComesAfterAnAccount removes what was written while an account was
// deleted: nobody could ask for that once more.
func TestNothingComesAfterAnAccount(t *testing.T) {
	late := store.Key{Type: "menu", ID: "late"}
	w := deleteAndGo(t, func(w *world) string {
		late.Account = w.child(w.creds.AccountID, "Gone")
		return "/v2/accounts/" + late.Account
	}, func(w *world) {
		if _, err := w.store.Put(t.Context(), store.Doc{Key: late, JSON: []byte("{}")}); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.store.Get(t.Context(), late); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a document is left: %v", err)
	}
}

// lateDocs is a store that documents come to late.
type lateDocs struct {
	store.Docs
	before func(store.Doc)
}

func (l lateDocs) Put(ctx context.Context, d store.Doc) (store.Doc, error) {
	l.before(d)
	return l.Docs.Put(ctx, d)
}

// TestNothingComesToAnAccountThatIsGone deletes an account while something is
// made in it.
func TestNothingComesToAnAccountThatIsGone(t *testing.T) {
	var w *world
	account := ""
	w = newWorld(t, func(c *Config) {
		c.Docs = lateDocs{c.Docs, func(d store.Doc) {
			if d.Type == "device" {
				w.must(200, "DELETE /v2/accounts/"+account, "")
			}
		}}
	})
	account = w.child(w.creds.AccountID, "Gone")
	w.must(201, "PUT /v2/accounts/"+account+"/devices",
		`{"name":"n","sip":{"username":"ua","realm":"r.example","password":"12345"}}`)
	if left, err := w.store.List(t.Context(), store.Query{Account: account, Type: "device"}); err != nil || len(left) > 0 {
		t.Errorf("%d devices are left (%v)", len(left), err)
	}
}

// TestRosterHasAnEnd holds a roster to what one request may name.
func TestRosterHasAnEnd(t *testing.T) {
	w := newWorld(t)
	w.must(201, "PUT A/queues", `{"id":"q","name":"q"}`)
	list := asJSON(t, make([]string, 1001))
	if a := w.must(400, "POST A/queues/q/roster", `{"data":`+list+`}`); a.fault("data", "maxItems") == "" {
		t.Error(a.text)
	}
}
