package sqlstore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
)

// stores are one in each database. PostgreSQL runs beside the test and writes
// to the disk.
func stores() map[string]func(*testing.B) *Store {
	return map[string]func(*testing.B) *Store{
		"sqlite": func(b *testing.B) *Store {
			b.Helper()
			return open(b, b.TempDir())
		},
		"postgres": func(b *testing.B) *Store {
			b.Helper()
			return openAt(b, postgrestest.StartOwn(b, "fsync=on", "shared_buffers=128MB", "autovacuum_naptime=1s").Database(b))
		},
	}
}

func thing(id int, size int) store.Doc {
	return store.Doc{
		Key:   store.Key{Account: "a", Type: "thing", ID: fmt.Sprintf("%032x", id)},
		JSON:  fmt.Appendf(nil, `{"name":"thing %d","more":%q}`, id, strings.Repeat("x", size)),
		Index: map[string][]string{"number": {fmt.Sprint(id)}, "odd": {fmt.Sprint(id % 2)}}, Unique: []string{"number"},
	}
}

func BenchmarkPut(b *testing.B) {
	for name, open := range stores() {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				if _, err := s.Put(b.Context(), thing(i, 1000)); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

func BenchmarkPutTogether(b *testing.B) {
	for name, open := range stores() {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			next := make(chan int)
			go func() {
				for i := range b.N {
					next <- i
				}
				close(next)
			}()
			b.SetParallelism(16)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Put(b.Context(), thing(<-next, 1000)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// many is s with 10,000 documents of 1 kB.
func many(b *testing.B, s *Store) *Store {
	b.Helper()
	next := make(chan int)
	done := make(chan error)
	for range 32 {
		go func() {
			var err error
			for i := range next {
				if _, e := s.Put(b.Context(), thing(i, 1000)); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	for i := range 10_000 {
		next <- i
	}
	close(next)
	for range 32 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkGet(b *testing.B) {
	for name, open := range stores() {
		b.Run(name, func(b *testing.B) {
			s := many(b, open(b))
			for i := 0; b.Loop(); i++ {
				if _, err := s.Get(b.Context(), thing(i%10_000, 0).Key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkListPage(b *testing.B) {
	for name, open := range stores() {
		b.Run(name, func(b *testing.B) {
			s := many(b, open(b))
			for name, q := range map[string]store.Query{
				"middle": {After: thing(5000, 0).ID},
				"where":  {After: thing(5000, 0).ID, Where: map[string]string{"odd": "1"}},
				"one":    {Where: map[string]string{"number": "5000"}},
				"any":    {Where: map[string]string{"number": "5000"}, AnyAccount: true},
			} {
				b.Run(name, func(b *testing.B) {
					q.Account, q.Type, q.Limit = "a", "thing", 50
					for b.Loop() {
						docs, err := s.List(b.Context(), q)
						if err != nil || len(docs) != 50 && len(docs) != 1 {
							b.Fatal(len(docs), err)
						}
					}
				})
			}
		})
	}
}

func BenchmarkAppend100(b *testing.B) {
	for name, open := range stores() {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			lines := make([]store.Entry, 100)
			for b.Loop() {
				for i := range lines {
					lines[i] = store.Entry{Account: "a", Kind: "event", Call: fmt.Sprint("call", i), At: time.Now(), JSON: thing(i, 300).JSON}
				}
				if err := s.Append(b.Context(), lines); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
