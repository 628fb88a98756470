package sqlstore

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
	"github.com/pivotvoice/pivot/internal/trial"
)

// TestPostgresSilent is a server that takes questions and does not answer: who
// asks is told so in time, those who come after at once, and all is well when
// it answers again.
func TestPostgresSilent(t *testing.T) {
	server := postgrestest.StartOwn(t)
	s := openAt(t, server.Database(t))
	if err := putOne(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	key := store.Key{Type: "t", ID: "a"}
	gets(t, s, "a")
	s.docs.dialect.silence = 200 * time.Millisecond
	server.Hang(t)
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
	var waited time.Duration
	for range 10 { // long after it was found out: nobody waits for the server again
		<-time.After(150 * time.Millisecond)
		began := time.Now()
		if _, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("get: %v", err)
		}
		waited += time.Since(began)
	}
	if waited > time.Second { // all of them would be 2 s
		t.Errorf("ten questions took %s", waited)
	}
	server.Resume()
	again(t, func() error { _, err := s.Get(t.Context(), key); return err })
}

// TestPostgresHung is a server that hangs while documents and entries are
// written: who writes is told so in time, who writes later at once, and when
// it goes on all that was acknowledged is there.
func TestPostgresHung(t *testing.T) {
	server := postgrestest.StartOwn(t)
	s := openAt(t, server.Database(t))
	line := func() []store.Entry { return []store.Entry{{Kind: "k", JSON: []byte("1")}} }
	if err := errors.Join(putOne(t.Context(), s, "before"), s.Append(t.Context(), line())); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*database{s.docs, s.journal} {
		d.writer.dialect.silence = 200 * time.Millisecond
	}
	server.Hang(t)
	began := time.Now()
	var writers sync.WaitGroup
	for i := range 300 {
		writers.Go(func() {
			if err := putOne(t.Context(), s, "hung"+strconv.Itoa(i)); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("put: %v", err)
			}
		})
	}
	writers.Wait()
	for range 100 { // one after the other: most of them must be told without a try
		if err := s.Append(t.Context(), line()); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("append: %v", err)
		}
	}
	if took := time.Since(began); took > postgresDialect.patience {
		t.Errorf("it took %s to be told", took)
	}
	server.Resume()
	again(t, func() error { return putOne(t.Context(), s, "after") })
	again(t, func() error { return s.Append(t.Context(), line()) })
	gets(t, s, "before", "after")
}

// again is that the database can be used after a while.
func again(t *testing.T, use func() error) {
	t.Helper()
	trial.Eventually(t, func() string {
		switch err := use(); {
		case errors.Is(err, store.ErrUnavailable):
			return err.Error()
		case err != nil:
			t.Error(err)
		}
		return ""
	})
}
