package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
)

// databases are servers with each of them. PostgreSQL runs beside the server,
// writes to the disk, and looks at its tables as often as in a minute's time.
func databases() map[string]func(*testing.B) *app.App {
	return map[string]func(*testing.B) *app.App{
		"sqlite": func(b *testing.B) *app.App {
			b.Helper()
			return start(b, nil)
		},
		"postgres": func(b *testing.B) *app.App {
			b.Helper()
			url := postgrestest.StartOwn(b, "fsync=on", "shared_buffers=128MB", "autovacuum_naptime=1s").Database(b)
			return start(b, func(c *config.Config) { c.DB = url })
		},
	}
}

// timed is a request that must go well, and how long it took.
func timed(tb testing.TB, a *app.App, method, path, body string) time.Duration {
	tb.Helper()
	began := time.Now()
	ask(tb, a, method, path, body)
	return time.Since(began)
}

// callflow is a document of a kilobyte.
func callflow(n int) string {
	const node = `{"module":"tts","data":{"text":"Welcome to the line of those who wait. This is sentence %d of this menu."},"children":{"_":%s}}`
	flow := `{"module":"hangup","data":{},"children":{}}`
	for i := range 6 {
		flow = fmt.Sprintf(node, i, flow)
	}
	return fmt.Sprintf(`{"data":{"name":"flow %d","numbers":["+1555%07d"],"flow":%s}}`, n, n, flow)
}

// fill makes so many callflows, many at once.
func fill(b *testing.B, a *app.App, n int) {
	b.Helper()
	next := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := range next {
				ask(b, a, http.MethodPut, "/callflows", callflow(i))
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// report says how long the requests took that each of b's rounds made.
func report(b *testing.B, do func(i int) time.Duration) {
	b.Helper()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		took = append(took, do(i))
	}
	slices.Sort(took)
	for name, at := range map[string]int{"median-ms": len(took) / 2, "p99-ms": len(took) * 99 / 100} {
		b.ReportMetric(float64(took[at].Microseconds())/1000, name)
	}
}

// BenchmarkCreate creates one callflow after another.
func BenchmarkCreate(b *testing.B) {
	for name, open := range databases() {
		b.Run(name, func(b *testing.B) {
			a := open(b)
			report(b, func(i int) time.Duration { return timed(b, a, http.MethodPut, "/callflows", callflow(i)) })
		})
	}
}

// BenchmarkAmong10000 asks for callflows where there are 10,000.
func BenchmarkAmong10000(b *testing.B) {
	for name, open := range databases() {
		b.Run(name, func(b *testing.B) {
			a := open(b)
			fill(b, a, 10_000)
			for name, path := range map[string]string{
				"first page": "/callflows", "page of 1000": "/callflows?page_size=1000",
				"by name": "/callflows?filter_name=flow%205000", "by what has no index": "/callflows?filter_flow.module=menu",
			} {
				b.Run(name, func(b *testing.B) {
					report(b, func(int) time.Duration { return timed(b, a, http.MethodGet, path, "") })
				})
			}
		})
	}
}

// BenchmarkFsync is what the disk of the folder for temporary files takes to
// have a page: no write that is kept is faster.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "x"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	report(b, func(int) time.Duration {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	})
}
