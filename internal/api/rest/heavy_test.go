package rest

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/store"
)

// served is a server of operations without accounts.
func served(ops ...Operation) *Server {
	return New(Config{People: identity.New(identity.Config{Docs: store.Memory().Docs})}, ops)
}

// TestHeavy has more large bodies than may be worked on at one time: one that
// is too many waits for its turn, and is told to come again where none comes.
func TestHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{heavy: make(chan struct{}, heavyAtOnce)}
		var all []*Request
		for range heavyAtOnce {
			r := &Request{by: s, ctx: t.Context()}
			if err := r.takeTurn(heavyFrom); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		small, late := &Request{by: s, ctx: t.Context()}, &Request{by: s, ctx: t.Context()}
		if err := small.takeTurn(heavyFrom - 1); err != nil {
			t.Errorf("a small one has to wait: %v", err)
		}
		began := time.Now()
		if err := late.takeTurn(heavyFrom); err == nil || !strings.Contains(err.Error(), "503") || time.Since(began) != heavyWait {
			t.Errorf("one too many: %v after %v", err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { all[0].endTurn() })
		if err := late.takeTurn(heavyFrom); err != nil {
			t.Errorf("no turn comes: %v", err)
		}
		for _, r := range append(all[1:], small, late) {
			r.endTurn()
		}
		if len(s.heavy) != 0 {
			t.Errorf("%d turns are left behind", len(s.heavy))
		}
	})
}

// TestHeavyBody sends a large body through: its turn is over with it.
func TestHeavyBody(t *testing.T) {
	took := 0
	s := served(Operation{Method: "POST", Path: "x", Who: Anyone, Do: func(r *Request) (Reply, error) {
		took++
		return Reply{}, map[bool]error{true: Says(400, "bad", "bad")}[r.Data()["bad"] == true]
	}})
	for _, bad := range []string{"false", "true"} {
		body := `{"data":{"bad":` + bad + `,"note":"` + strings.Repeat("x", heavyFrom) + `"}}`
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/v2/x", strings.NewReader(body)))
	}
	if took != 2 {
		t.Errorf("%d requests were served", took)
	}
	if len(s.heavy) != 0 {
		t.Errorf("%d turns are left behind", len(s.heavy))
	}
}

// until is a reader with nothing in it, that does something when it is read.
type until func()

func (u until) Read([]byte) (int, error) { u(); return 0, io.EOF }

// TestHeavyParts sends a multipart body whose first part is large: no turn is
// taken while the rest still comes, which strangers could take long for.
func TestHeavyParts(t *testing.T) {
	do := func(r *Request) (Reply, error) {
		if r.File {
			if _, err := r.Upload(MaxBody); err != nil {
				return Reply{}, err
			}
		}
		return Reply{Data: len(r.by.heavy)}, nil
	}
	s := served(
		Operation{Method: "POST", Path: "x", Who: Anyone, Do: do},
		Operation{Method: "POST", Path: "file", Who: Anyone, Consumes: []string{"multipart/form-data"}, Do: do},
	)
	large := `{"data":{"note":"` + strings.Repeat("x", heavyFrom) + `"}}`
	for path, rest := range map[string]string{"/v2/x": formPart + "7", "/v2/file": filePart + "sound"} {
		first, end, _ := strings.Cut(asMultipart(jsonPart+large, rest), "--b--")
		first, last := first[:len(first)-5], first[len(first)-5:]+"--b--"+end
		asked := false
		check := until(func() {
			asked = true
			if len(s.heavy) > 0 {
				t.Errorf("%s: a body that still comes has taken a turn", path)
			}
		})
		req := httptest.NewRequest("POST", path, io.MultiReader(strings.NewReader(first), check, strings.NewReader(last)))
		req.Header.Set("Content-Type", multi)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"data":1`) || !asked || len(s.heavy) != 0 {
			t.Errorf("%s: %d %.200s, %d turns are left behind", path, rec.Code, rec.Body, len(s.heavy))
		}
	}
}
