package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store/postgrestest"
)

// storm is writers that create, change and delete callflows over HTTP, and
// know what was acknowledged.
type storm struct {
	t       *testing.T
	server  *server
	writers [6]writer
	acked   atomic.Int64
}

// writer has all the documents that it ever had; a few are in work.
type writer struct{ docs []*document }

// document is a callflow as its writer knows it. Its version is in its name,
// its number and its flow; 0 is none.
type document struct {
	writer, n int
	is        int // acknowledged
	or        int // what it may be instead, of a change that nobody acknowledged
	gone      bool
}

// lastVersion is how often a document is changed before it is deleted.
const lastVersion = 4

func (d *document) id() string          { return fmt.Sprintf("storm-%d-%d", d.writer, d.n) }
func (d *document) name(v int) string   { return fmt.Sprintf("%s version %d", d.id(), v) }
func (d *document) number(v int) string { return fmt.Sprintf("+1555%d%05d%d", d.writer, d.n, v) }
func (d *document) text(v int) string   { return strings.Repeat(d.name(v)+". ", 40) }
func (d *document) path() string        { return "/callflows/" + d.id() }

// body is the document in one of its versions.
func (d *document) body(v int) string {
	raw, _ := json.Marshal(map[string]any{"data": map[string]any{
		"id": d.id(), "name": d.name(v), "numbers": []string{d.number(v)},
		"flow": map[string]any{"module": "tts", "data": map[string]any{"text": d.text(v)}},
	}})
	return string(raw)
}

// send is one request; the status is 0 if there was no answer.
func (s *storm) send(method, path, body string) (int, json.RawMessage) {
	req, err := http.NewRequest(method, s.server.HTTP+"/v2/accounts/"+s.server.auth.account+path, strings.NewReader(body))
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", apiKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	if err != nil || json.Unmarshal(raw, &answer) != nil {
		return 0, nil
	}
	return resp.StatusCode, answer.Data
}

// next makes the next change to a document and says whether it was
// acknowledged.
func (s *storm) next(d *document) bool {
	method, path, body, then := http.MethodPatch, d.path(), d.body(d.is+1), d.is+1
	switch d.is {
	case 0:
		method, path = http.MethodPut, "/callflows"
	case lastVersion:
		method, body, then = http.MethodDelete, "", 0
	}
	d.or = then
	status, answer := s.send(method, path, body)
	switch {
	case status/100 == 2:
		d.gone = d.is == lastVersion
		d.is = then
		s.acked.Add(1)
		return true
	case status != 0 && status/100 != 5:
		s.t.Errorf("%s %s: %d %s", method, d.id(), status, answer)
	}
	return false
}

// blow lets the writers write until ctx ends or, if the server is killed, it
// no longer answers.
func (s *storm) blow(ctx context.Context) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range s.writers {
		w := &s.writers[i]
		wg.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				d := w.turn(i, turn)
				if s.next(d) {
					continue
				}
				// It may have been done or not: who wants to know asks.
				for {
					status, _ := s.send(http.MethodGet, d.path(), "")
					if status == http.StatusOK || status == http.StatusNotFound {
						s.settle(d)
						break
					}
					select {
					case <-ctx.Done():
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			}
		})
	}
	return &wg
}

// inWork is how many documents a writer changes by turns.
const inWork = 5

// turn is the document whose turn it is, or a new one when all were deleted.
func (w *writer) turn(number, turn int) *document {
	if len(w.docs) >= inWork {
		last := w.docs[len(w.docs)-inWork:]
		for i := range last {
			if d := last[(i+turn)%inWork]; !d.gone {
				return d
			}
		}
	}
	w.docs = append(w.docs, &document{writer: number, n: len(w.docs)})
	return w.docs[len(w.docs)-1]
}

// settle holds a document to what was acknowledged: it is all in the version
// that was, or in the one that was under way, and is found by no other.
func (s *storm) settle(d *document) {
	is := s.version(d)
	if is != d.is && is != d.or {
		s.t.Errorf("%s is version %d, acknowledged was %d, under way %d", d.id(), is, d.is, d.or)
	}
	d.gone = d.gone || is == 0 && d.is > 0
	d.is, d.or = is, is
	for v := 1; v <= lastVersion; v++ {
		status, rows := s.send(http.MethodGet, "/callflows?filter_name="+url.QueryEscape(d.name(v)), "")
		if found := strings.Count(string(rows), `"id"`); status != http.StatusOK || found == 1 != (v == is) || found > 1 {
			s.t.Errorf("version %d of %s is found as %s (%d), and it is version %d", v, d.id(), rows, status, is)
		}
	}
}

// version is that of a document that is all of one version.
func (s *storm) version(d *document) int {
	status, raw := s.send(http.MethodGet, d.path(), "")
	if status == http.StatusNotFound {
		return 0
	}
	var got struct {
		Name    string
		Numbers []string
		Flow    struct{ Data struct{ Text string } }
	}
	if err := json.Unmarshal(raw, &got); err != nil || status != http.StatusOK {
		s.t.Errorf("%s: %d %s", d.id(), status, raw)
		return -1
	}
	for v := 1; v <= lastVersion; v++ {
		if got.Name == d.name(v) && len(got.Numbers) == 1 && got.Numbers[0] == d.number(v) && got.Flow.Data.Text == d.text(v) {
			return v
		}
	}
	s.t.Errorf("%s is half something: %s", d.id(), raw)
	return -1
}

// check settles every document there ever was, and that numbers are free or
// taken as they must be.
func (s *storm) check() {
	s.t.Helper()
	var wg sync.WaitGroup
	for i := range s.writers {
		wg.Go(func() {
			for _, d := range s.writers[i].docs {
				s.settle(d)
			}
		})
	}
	wg.Wait()
	for i := range s.writers {
		for _, d := range s.writers[i].docs[max(0, len(s.writers[i].docs)-6):] {
			s.number(d)
		}
	}
}

// number tries to take the numbers of a document for another one.
func (s *storm) number(d *document) {
	for v := 1; v <= lastVersion; v++ {
		thief := fmt.Sprintf(`{"data":{"numbers":[%q],"flow":{"module":"hangup","data":{}}}}`, d.number(v))
		status, answer := s.send(http.MethodPut, "/callflows", thief)
		want := http.StatusCreated
		if v == d.is {
			want = http.StatusBadRequest
		}
		if status != want {
			s.t.Errorf("the number of version %d of %s, which is %d: %d %s", v, d.id(), d.is, status, answer)
		}
		var made struct{ ID string }
		if status == http.StatusCreated && json.Unmarshal(answer, &made) == nil {
			s.send(http.MethodDelete, "/callflows/"+made.ID, "")
		}
	}
}

// some waits for so many more acknowledged writes, and a random moment.
func (s *storm) some(writes int64) {
	s.t.Helper()
	limit := time.After(5 * time.Minute)
	for until := s.acked.Load() + writes; s.acked.Load() < until; {
		select {
		case <-limit:
			s.t.Fatalf("%d writes", s.acked.Load())
		case <-time.After(time.Millisecond):
		}
	}
	<-time.After(rand.N(300 * time.Millisecond))
}

// kill kills the server in the midst of the storm, and starts it again.
func (s *storm) kill(data string, args ...string) {
	s.t.Helper()
	ctx, calm := context.WithCancel(s.t.Context())
	blowing := s.blow(ctx)
	s.some(100)
	s.server.signal(syscall.SIGKILL)
	s.server.exit()
	calm()
	blowing.Wait()
	s.server = serveIn(s.t, data, args...)
	s.check()
}

// TestStorm kills the server in the midst of writes, several times over.
func TestStorm(t *testing.T) {
	data := t.TempDir()
	s := &storm{t: t, server: serveIn(t, data)}
	for range 5 {
		s.kill(data)
	}
	t.Logf("%d writes were acknowledged", s.acked.Load())
}

// TestStormPostgres kills the server, and PostgreSQL under it, which the
// server survives.
func TestStormPostgres(t *testing.T) {
	postgres := postgrestest.StartOwn(t, "fsync=on")
	t.Setenv("PIVOT_DB", postgres.Database(t))
	data := t.TempDir()
	s := &storm{t: t, server: serveIn(t, data)}
	for range 3 {
		s.kill(data)
		ctx, calm := context.WithCancel(t.Context())
		blowing := s.blow(ctx)
		s.some(100)
		postgres.Kill()
		postgres.Run()
		s.some(100)
		calm()
		blowing.Wait()
		s.check()
	}
	if strings.Contains(s.server.log.String(), postgrestest.Password) {
		t.Error("the log shows the password")
	}
	t.Logf("%d writes were acknowledged", s.acked.Load())
}
