package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// brief is beep in a tenth of a second.
const brief = `{"module":"play","data":{"id":"tone_stream://%(100,0,440)"},"children":{"_":{"module":"hangup","data":{}}}}`

// TestSoak makes 10,000 calls, a tenth of them with a webhook, and looks at
// what is left of them: no file descriptor, no thread, no goroutine, and of
// memory only what is kept of each call for some minutes after its end, for
// late messages and uploads.
func TestSoak(t *testing.T) {
	stranger(t, "sipp")
	if testing.Short() {
		t.Skip("10,000 calls with -short")
	}
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no /proc to look at a process with")
	}
	few := soak(t, 200)
	many := soak(t, 10_000)
	t.Logf("after 200 calls: %v; after 10,000: %v", few, many)
	if grown := many.heapMB - few.heapMB; grown > 160 {
		t.Errorf("%d MB are kept of 10,000 calls: more than 16 KB of each", grown)
	}
	for place, n := range many.goroutines {
		if before := few.goroutines[place]; n > before+4 { // some of net/http come and go
			t.Errorf("%d goroutines created by %s, %d before", n, place, before)
		}
	}
}

// footprint is what a server holds.
type footprint struct {
	files      []string // what each file descriptor leads to, but for the database
	database   int      // file descriptors of the database, which opens as many as are of use at once
	threads    int
	residentKB int
	heapMB     int // live after the last garbage collection
	goroutines map[string]int
}

func (f footprint) String() string {
	n := 0
	for _, k := range f.goroutines {
		n += k
	}
	return fmt.Sprintf("%d files, %d of the database, %d threads, %d goroutines, %d MB live of %d MB resident",
		len(f.files), f.database, f.threads, n, f.heapMB, f.residentKB/1024)
}

// soak is what a server holds once n calls to it are over. It compares what
// can be seen from outside with the time before them.
func soak(t *testing.T, n int) footprint {
	t.Helper()
	if _, err := build(); err != nil { // the compiler must not see what follows
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "gctrace=1")
	var asked atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(brief))
	}))
	defer web.Close()
	s := serve(t)
	s.callflow("210", brief)
	s.callflow("211", `{"module":"pivot","data":{"voice_url":"`+web.URL+`"}}`)
	s.sipp("call", "210", 50, 50) // what is made once is made
	s.sipp("call", "211", 50, 50)
	before := s.footprint()
	var both sync.WaitGroup
	both.Go(func() { s.sipp("call", "210", n*9/10, 225, "-l", "500") })
	both.Go(func() { s.sipp("call", "211", n/10, 25, "-l", "500") })
	both.Wait()
	if got := asked.Load(); got != int64(50+n/10) {
		t.Errorf("the web server was asked %d times", got)
	}
	s.quiet()
	web.Close()
	http.DefaultClient.CloseIdleConnections()
	var after footprint
	until := time.Now().Add(time.Minute)
	for after = s.footprint(); len(after.files) > len(before.files); after = s.footprint() {
		if time.Now().After(until) {
			t.Errorf("%d file descriptors more than before: %q, before %q",
				len(after.files)-len(before.files), after.files, before.files)
			break
		}
		<-time.After(100 * time.Millisecond)
	}
	if after.database > 60 {
		t.Errorf("%d file descriptors of the database", after.database)
	}
	if after.threads > before.threads+8 { // as many as Go found useful under load
		t.Errorf("%d threads, %d before", after.threads, before.threads)
	}
	if grown := after.residentKB - before.residentKB; grown > 100<<10+n*10 {
		t.Errorf("%d KB more memory after %d calls", grown, n)
	}
	after.goroutines, after.heapMB = s.dump()
	return after
}

// footprint is what can be seen of a process from outside.
func (s *server) footprint() footprint {
	s.t.Helper()
	root := fmt.Sprintf("/proc/%d", s.cmd.Process.Pid)
	files, err := os.ReadDir(root + "/fd")
	if err != nil {
		s.t.Fatal(err)
	}
	status, err := os.ReadFile(root + "/status")
	if err != nil {
		s.t.Fatal(err)
	}
	var f footprint
	for _, file := range files {
		to, err := os.Readlink(filepath.Join(root, "fd", file.Name()))
		if err != nil {
			continue // closed since
		}
		if strings.Contains(filepath.Base(to), ".db") {
			f.database++
			continue
		}
		f.files = append(f.files, to)
	}
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		switch words[0] {
		case "VmRSS:":
			f.residentKB, err = strconv.Atoi(words[1])
		case "Threads:":
			f.threads, err = strconv.Atoi(words[1])
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return f
}

var (
	createdBy = regexp.MustCompile(`(?m)^created by (.+?)(?: in goroutine \d+)?$`)
	collected = regexp.MustCompile(`(?m)^gc \d+ .* \d+->\d+->(\d+) MB`)
)

// dump ends the server by SIGQUIT, at which it shows its goroutines; they are
// counted by who created them. The live heap is that after the last garbage
// collection, which GODEBUG=gctrace=1 tells.
func (s *server) dump() (goroutines map[string]int, heapMB int) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		s.t.Fatal(err)
	}
	s.exit()
	goroutines = map[string]int{}
	for _, m := range createdBy.FindAllStringSubmatch(s.log.String(), -1) {
		goroutines[m[1]]++
	}
	if len(goroutines) == 0 {
		s.t.Fatalf("no goroutines shown:\n%s", s.log)
	}
	if all := collected.FindAllStringSubmatch(s.log.String(), -1); len(all) > 0 {
		heapMB, _ = strconv.Atoi(all[len(all)-1][1])
	}
	return goroutines, heapMB
}
