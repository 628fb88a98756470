package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// forEver is a callflow that only the caller, or the server's end, ends.
const forEver = `{"module":"echo","data":{}}`

// dial is a call that has been answered.
func (s *server) dial(l *phone.Line, number string) call.Leg {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	leg, err := l.Dial(ctx, "sip:"+number+"@"+s.SIP, call.DialOptions{CallerNumber: "100"})
	if err != nil {
		s.t.Fatalf("call to %s: %v", number, err)
	}
	return leg
}

// signal tells the program something.
func (s *server) signal(what os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(what); err != nil {
		s.t.Fatal(err)
	}
}

// status is that of a GET that needs no login; 0 if nobody answers.
func (s *server) status(path string) int {
	resp, err := http.Get(s.HTTP + path)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// write puts callflows until it no longer can, and returns the names of those
// that were acknowledged. acked is told each.
func (s *server) write(prefix string, acked chan<- string) (names []string) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s-%d", prefix, i)
		body := fmt.Sprintf(`{"data":{"name":"%s","numbers":["%s%d"],"flow":{"module":"noop","data":{}}}}`, name, prefix, i)
		req, err := http.NewRequest("PUT", s.HTTP+"/v2/accounts/"+s.auth.account+"/callflows", strings.NewReader(body))
		if err != nil {
			return names
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Auth-Token", s.auth.token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return names
		}
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusCreated {
			names = append(names, name)
			acked <- name
		}
	}
}

// TestKill kills the program without warning while it has calls and takes
// writes, and starts it again on the same folder, several times over.
func TestKill(t *testing.T) {
	data := t.TempDir()
	var want []string
	for round := range 3 {
		s := serveIn(t, data)
		s.checkKept(want, round)
		if round == 0 {
			s.callflow("230", forEver)
			s.callflow("231", beep)
		}
		l := s.line()
		if _, heard := s.phone(l, "231", map[string]float64{"beep": 440}); !slices.Equal(heard, []string{"beep"}) {
			t.Errorf("round %d: heard %q", round, heard)
		}
		s.records("231", round+1)
		for range 3 {
			s.dial(l, "230")
		}
		acked := make(chan string, 10_000)
		var writers sync.WaitGroup
		names := make([][]string, 3)
		for i := range names {
			writers.Go(func() { names[i] = s.write(fmt.Sprintf("7%d%d", round, i), acked) })
		}
		for range 30 {
			<-acked
		}
		s.signal(syscall.SIGKILL)
		writers.Wait()
		if code := s.exit(); code != -1 {
			t.Errorf("exit code %d of a killed program", code)
		}
		want = append(want, slices.Concat(names...)...)
	}
	s := serveIn(t, data)
	s.checkKept(want, 3)
	t.Logf("%d acknowledged documents were there after 3 kills", len(want))
}

// checkKept looks for callflows by name, and for as many records of calls.
func (s *server) checkKept(want []string, records int) {
	s.t.Helper()
	var all []struct {
		Name string `json:"name"`
	}
	s.do("GET", "/v2/accounts/"+s.auth.account+"/callflows?paginate=false", nil, &all)
	have := map[string]bool{}
	for _, c := range all {
		have[c.Name] = true
	}
	for _, name := range want {
		if !have[name] {
			s.t.Errorf("callflow %s was acknowledged and is lost", name)
		}
	}
	if got := s.records("231", records); len(got) != records {
		s.t.Errorf("%d call records to 231, want %d", len(got), records)
	}
	if left := s.live(); len(left) != 0 { // they were ended before the server was ready
		s.t.Errorf("calls run right after the start: %+v", left)
	}
}

// TestDrain lets a running call go on while new ones are refused.
func TestDrain(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data)
	s.callflow("230", forEver)
	l := s.line()
	leg := s.dial(l, "230")
	s.signal(syscall.SIGTERM)
	s.until("draining", func() bool { return s.status("/readyz") == http.StatusServiceUnavailable })
	if got := s.status("/healthz"); got != http.StatusOK {
		t.Errorf("healthz is %d while draining", got)
	}
	_, err := l.Dial(t.Context(), "sip:230@"+s.SIP, call.DialOptions{CallerNumber: "100"})
	var refused *call.RefusedError
	if !errors.As(err, &refused) || refused.Code != 503 {
		t.Errorf("a new call while draining: %v, want 503", err)
	}
	select {
	case <-leg.Ended():
		t.Errorf("the running call was ended: %+v", leg.Cause())
	default:
	}
	s.until("one running call", func() bool { return len(s.live()) == 1 }) // the refused one ends a moment after its 503
	if err := leg.Hangup(t.Context(), call.Normal); err != nil {
		t.Error(err)
	}
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Error("the server complained")
	}
	s = serveIn(t, data)
	if r := s.record(leg.Info().ID); r.Cause != "NORMAL_CLEARING" || r.By != "caller" {
		t.Errorf("record %+v", r)
	}
}

// TestDrainLimit hangs up properly what runs for too long.
func TestDrainLimit(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data, "--drain", "300ms")
	s.callflow("230", forEver)
	leg := s.dial(s.line(), "230")
	s.signal(syscall.SIGTERM)
	select {
	case <-leg.Ended():
	case <-time.After(time.Minute):
		t.Fatal("the call goes on")
	}
	if by := leg.Cause().By; by != call.ByCallee {
		t.Errorf("the phone was told %+v", leg.Cause())
	}
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s = serveIn(t, data)
	if r := s.record(leg.Info().ID); r.By != "us" || r.Why == "" {
		t.Errorf("record %+v", r)
	}
}

// TestSecondSignal ends the program at once.
func TestSecondSignal(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data, "--drain", "10m")
	s.callflow("230", forEver)
	s.dial(s.line(), "230")
	s.signal(syscall.SIGTERM)
	s.until("draining", func() bool { return s.status("/readyz") == http.StatusServiceUnavailable })
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code <= 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(s.log.String(), "ended at once") {
		t.Error("the program does not say that calls were cut off")
	}
	serveIn(t, data)
}

// run runs the program to its end.
func run(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// TestRefusedToStart gives the program what it cannot work with; it says what.
func TestRefusedToStart(t *testing.T) {
	data := t.TempDir()
	s := serveIn(t, data)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	file := filepath.Join(t.TempDir(), "pivot.yaml")
	if err := os.WriteFile(file, []byte("htpp: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := []string{"--http", "127.0.0.1:0", "--sip", "127.0.0.1:0"}
	for _, tc := range []struct {
		name string
		args []string
		says []string
	}{
		{"folder in use", append(slices.Clone(free), "--data", data), []string{"data", data, "use"}},
		{"folder that cannot be", append(slices.Clone(free), "--data", file), []string{"data", file}},
		{"http in use", []string{"--sip", "127.0.0.1:0", "--data", t.TempDir(), "--http", busy.Addr().String()}, []string{"http", "in use"}},
		{"sip in use", []string{"--http", "127.0.0.1:0", "--data", t.TempDir(), "--sip", s.SIP}, []string{"sip", s.SIP, "in use"}},
		{"no such setting", []string{"--htpp", "x"}, []string{"htpp"}},
		{"no such key", []string{"--config", file}, []string{"htpp", "did you mean http"}},
		{"wrong range", []string{"--rtp", "9-5"}, []string{"rtp"}},
		{"wrong number", []string{"--max-calls", "many"}, []string{"max-calls", "many"}},
		{"wrong choice", []string{"--log-level", "loud"}, []string{"log-level", "loud"}},
		{"wrong network", []string{"--allow", "10.0.0.0"}, []string{"allow", "10.0.0.0"}},
		{"wrong http", append(slices.Clone(free), "--data", t.TempDir(), "--http", "nowhere"), []string{"http", "nowhere"}},
		{"no such file", []string{"--config", filepath.Join(t.TempDir(), "none.yaml")}, []string{"none.yaml"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out := run(t, append([]string{"serve"}, tc.args...)...)
			if code <= 0 {
				t.Errorf("exit code %d", code)
			}
			for _, text := range tc.says {
				if !strings.Contains(out, text) {
					t.Errorf("%q is not said:\n%s", text, tail(out, 600))
				}
			}
			if strings.Contains(out, "goroutine ") {
				t.Errorf("a panic:\n%s", out)
			}
		})
	}
	t.Setenv("PIVOT_RTP", "x")
	if code, out := run(t, "serve"); code <= 0 || !strings.Contains(out, "rtp") {
		t.Errorf("PIVOT_RTP=x: exit code %d: %s", code, tail(out, 600))
	}
}

// TestFullDisk has no room left on the disk while calls go on.
func TestFullDisk(t *testing.T) {
	data := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("no small disk can be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() { // after the server's own
		if out, err := exec.Command("umount", data).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	s := serveIn(t, data)
	s.callflow("231", beep)
	s.callflow("232", `{"module":"record_caller","data":{"format":"wav","time_limit":5},"children":{"_":`+saved+`}}`)
	s.callflow("233", `{"module":"tts","data":{"text":"There is no room."},"children":{"_":`+saved+`}}`)
	filler := filepath.Join(data, "filler")
	fill(t, filler)
	l := s.line()
	for range 5 {
		if _, heard := s.phone(l, "231", map[string]float64{"beep": 440}); !slices.Equal(heard, []string{"beep"}) {
			t.Errorf("heard %q", heard)
		}
	}
	for _, number := range []string{"232", "233"} {
		if _, heard := s.phone(l, number, map[string]float64{"saved": 660}); !slices.Contains(heard, "saved") {
			t.Errorf("%s: heard %q", number, heard)
		}
	}
	var answer json.RawMessage
	if code := s.do("PUT", "/v2/accounts/"+s.auth.account+"/callflows",
		map[string]any{"numbers": []string{"239"}, "flow": map[string]any{"module": "noop", "description": strings.Repeat("x", 200_000)}},
		&answer); code < 500 {
		t.Errorf("a document was acknowledged on a full disk: %d %s", code, answer)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.records("231", 5) {
		if r.Cause != "NORMAL_CLEARING" {
			t.Errorf("record %+v", r)
		}
	}
	s.records("232", 1)
	s.records("233", 1)
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, text := range []string{"journal cannot be written", "journal is written again"} {
		if !strings.Contains(s.log.String(), text) {
			t.Errorf("the log does not say %q", text)
		}
	}
}

// fill leaves no room on a disk.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1 << 20, 4096, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
	_ = f.Close()
}

// TestNoRoom has more calls than may be, or than there are ports for: the
// first go on, the next is refused with 503, and once one is over there is
// room again.
func TestNoRoom(t *testing.T) {
	rtp := trial.Ports(t, 4)
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"max-calls", []string{"--max-calls", "2"}},
		{"rtp", []string{"--rtp", fmt.Sprintf("%d-%d", rtp, rtp+3)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := serve(t, tc.args...)
			s.callflow("230", forEver)
			l := s.line()
			first, second := s.dial(l, "230"), s.dial(l, "230")
			_, err := l.Dial(t.Context(), "sip:230@"+s.SIP, call.DialOptions{CallerNumber: "100"})
			var refused *call.RefusedError
			if !errors.As(err, &refused) || refused.Code != 503 {
				t.Errorf("one call too many: %v, want 503", err)
			}
			// The one that was refused is over a moment after it was told so.
			s.until("two calls to run", func() bool { return len(s.live()) == 2 })
			if err := first.Hangup(t.Context(), call.Normal); err != nil {
				t.Error(err)
			}
			s.record(first.Info().ID)
			third := s.dial(l, "230")
			for _, leg := range []call.Leg{second, third} {
				if err := leg.Hangup(t.Context(), call.Normal); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
