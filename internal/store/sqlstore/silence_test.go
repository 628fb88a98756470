package sqlstore

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
)

// hole is a network before a server, which can lose everything.
type hole struct{ loses atomic.Bool }

// before is the URL of a database behind the hole.
func (h *hole) before(t *testing.T, to string) string {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	server := at.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				_ = c.Close()
				continue
			}
			all.Go(func() { h.pass(s, c); _ = s.Close() })
			all.Go(func() { h.pass(c, s); _ = c.Close() })
		}
	})
	at.Host = l.Addr().String()
	return at.String()
}

func (h *hole) pass(to io.Writer, from io.Reader) {
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if !h.loses.Load() {
			_, _ = to.Write(buf[:n])
		}
	}
}

// TestPostgresSilent is a server that takes questions and does not answer: who
// asks is told so in time, those who come after at once, and all is well when
// it answers again.
func TestPostgresSilent(t *testing.T) {
	h := &hole{}
	s := openAt(t, h.before(t, postgrestest.StartOwn(t).Database(t)))
	if err := putOne(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	key := store.Key{Type: "t", ID: "a"}
	gets(t, s, "a")
	s.docs.dialect.silence = 200 * time.Millisecond
	h.loses.Store(true)
	var askers sync.WaitGroup
	for range 20 {
		askers.Go(func() {
			if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("get: %v", err)
			}
		})
	}
	askers.Wait()
	began := time.Now()
	for range 1000 {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("get: %v", err)
		}
	}
	if took := time.Since(began); took > time.Minute { // each 200 ms would be 200 s
		t.Errorf("a thousand questions took %s", took)
	}
	h.loses.Store(false)
	for until := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		if _, err := s.Get(t.Context(), key); err == nil {
			break
		} else if time.Now().After(until) {
			t.Fatalf("it answers again: %v", err)
		}
	}
}
