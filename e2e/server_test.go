package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/trial"
)

const apiKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// build makes the program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pivot-e2e")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "pivot")
	out, err := exec.Command("go", "build", "-o", bin, "../cmd/pivot").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// stranger is the path of somebody else's program, or the end of the test.
func stranger(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("PIVOT_STRANGERS") == "required" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// server is a running `pivot serve`.
type server struct {
	t       *testing.T
	cmd     *exec.Cmd
	log     *said
	SIP     string // host:port
	HTTP    string // base URL
	host    string
	port    int
	auth    struct{ token, account string }
	done    chan struct{}
	gone    bool // its end was waited for
	streams int  // hostile TCP connections that were made
}

// serve starts the program on ports of its own and stops it with the test.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	return serveIn(t, t.TempDir(), args...)
}

func serveIn(t *testing.T, data string, args ...string) *server {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, log: &said{}, host: "127.0.0.1", port: trial.Ports(t, 1), done: make(chan struct{})}
	web := trial.Ports(t, 1)
	s.SIP, s.HTTP = fmt.Sprintf("127.0.0.1:%d", s.port), fmt.Sprintf("http://127.0.0.1:%d", web)
	s.cmd = exec.Command(bin, append([]string{
		"serve", "--data", data, "--sip", s.SIP, "--http", fmt.Sprintf("127.0.0.1:%d", web),
		"--api-key", apiKey, "--voices-provider", "builtin",
	}, args...)...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go s.read(out, ready)
	t.Cleanup(s.stop)
	select {
	case <-ready:
	case <-s.done:
		t.Fatalf("the server ended at once:\n%s", s.log)
	case <-time.After(time.Minute):
		t.Fatalf("the server is not ready:\n%s", s.log)
	}
	s.login()
	return s
}

// said is what a program has printed so far.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(line + "\n")
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// read keeps what the server prints and tells when it says that it is ready.
func (s *server) read(out io.Reader, ready chan<- bool) {
	defer close(s.done)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		s.log.add(lines.Text())
		if strings.HasPrefix(lines.Text(), "ready") {
			ready <- true
		}
	}
}

// exit waits until the program has ended and returns its exit code, -1 for
// one that was killed.
func (s *server) exit() int {
	s.t.Helper()
	killed := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	<-s.done
	_ = s.cmd.Wait() // the exit code tells
	if !killed.Stop() {
		s.t.Error("the server did not end")
	}
	s.gone = true
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) stop() {
	if s.gone {
		if s.t.Failed() {
			s.t.Logf("the server said:\n%s", tail(s.log.String(), 20000))
		}
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	killed := time.AfterFunc(40*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer killed.Stop()
	<-s.done
	if err := s.cmd.Wait(); err != nil && !s.t.Failed() && s.cmd.ProcessState.ExitCode() != -1 {
		s.t.Errorf("the server ended with %v", err)
	}
	if s.t.Failed() {
		s.t.Logf("the server said:\n%s", tail(s.log.String(), 20000))
	}
}

// do is one request to the API; out gets the data of the answer.
func (s *server) do(method, path string, data, out any) int {
	s.t.Helper()
	var body io.Reader
	if data != nil {
		b, err := json.Marshal(map[string]any{"data": data})
		if err != nil {
			s.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, s.HTTP+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", s.auth.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var envelope struct {
		Data  json.RawMessage `json:"data"`
		Token string          `json:"auth_token"`
	}
	raw, _ := io.ReadAll(resp.Body)
	if err := json.Unmarshal(raw, &envelope); err != nil {
		s.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
	}
	if envelope.Token != "" {
		s.auth.token = envelope.Token
	}
	if out != nil {
		if err := json.Unmarshal(envelope.Data, out); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
	if resp.StatusCode >= 400 && out == nil {
		s.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	return resp.StatusCode
}

func (s *server) login() {
	s.t.Helper()
	var who struct {
		Account string `json:"account_id"`
	}
	if code := s.do("PUT", "/v2/api_auth", map[string]string{"api_key": apiKey}, &who); code != 201 {
		s.t.Fatalf("api_auth: %d", code)
	}
	s.auth.account = who.Account
}

// callflow puts a callflow under a number.
func (s *server) callflow(number, flow string) {
	s.t.Helper()
	s.do("PUT", "/v2/accounts/"+s.auth.account+"/callflows",
		map[string]any{"numbers": []string{number}, "flow": json.RawMessage(flow)}, nil)
}

// record is what the tests read of a call record.
type record struct {
	CallID string `json:"call_id"`
	Dialed string `json:"dialed_number"`
	Cause  string `json:"hangup_cause"`
	By     string `json:"ended_by"`
	Why    string `json:"why_ended"`
	State  string `json:"state"`
	Steps  int    `json:"steps"`
	Media  *struct {
		Codec     string  `json:"codec"`
		Received  uint64  `json:"packets_received"`
		Lost      uint64  `json:"packets_lost"`
		Skipped   uint64  `json:"frames_skipped"`
		Relatched int     `json:"relatched"`
		Dropped   uint64  `json:"packets_dropped"`
		FirstSent float64 `json:"first_sent_ms"`
	} `json:"media"`
}

// records waits until n call records to number are there and returns them.
func (s *server) records(number string, n int) []record {
	s.t.Helper()
	var mine []record
	trial.Eventually(s.t, func() string {
		var all []record
		s.do("GET", "/v2/accounts/"+s.auth.account+"/cdrs?paginate=false", nil, &all)
		mine = slices.DeleteFunc(slices.Clone(all), func(r record) bool { return r.Dialed != number })
		if len(mine) < n {
			return fmt.Sprintf("%d call records to %s, want %d: %.2000s", len(mine), number, n, fmt.Sprint(all))
		}
		return ""
	})
	return mine
}

// events is a call's timeline as (kind, data).
func (s *server) events(call string) []event {
	s.t.Helper()
	var out []event
	s.do("GET", "/v2/accounts/"+s.auth.account+"/calls/"+escape(call)+"/events?paginate=false", nil, &out)
	return out
}

// live is the calls that run now.
func (s *server) live() []record {
	s.t.Helper()
	var all, live []record
	s.do("GET", "/v2/accounts/"+s.auth.account+"/calls?page_size=50", nil, &all)
	for _, r := range all {
		if r.State != "ended" {
			live = append(live, r)
		}
	}
	return live
}

// running waits for a running call to number and returns its id.
func (s *server) running(number string) (call string) {
	s.t.Helper()
	s.until("a running call to "+number, func() bool {
		for _, r := range s.live() {
			if r.Dialed == number {
				call = r.CallID
			}
		}
		return call != ""
	})
	return call
}

// event waits for the nth event of a kind on a call's timeline.
func (s *server) event(call, kind string, n int) (found event) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s %d of %s", kind, n, call), func() bool {
		seen := 0
		for _, e := range s.events(call) {
			if e.Kind == kind {
				if seen++; seen == n {
					found = e
					return true
				}
			}
		}
		return false
	})
	return found
}

// record waits until a call is over and returns its record.
func (s *server) record(call string) (r record) {
	s.t.Helper()
	s.until("the end of "+call, func() bool {
		s.do("GET", "/v2/accounts/"+s.auth.account+"/calls/"+escape(call), nil, &r)
		return r.State == "ended"
	})
	return r
}

// until waits for something to be so.
func (s *server) until(what string, so func() bool) {
	s.t.Helper()
	trial.Eventually(s.t, func() string {
		if !so() {
			return "no " + what
		}
		return ""
	})
}

// quiet waits until no call runs: what is refused or hung up ends a moment
// after the phone knows it.
func (s *server) quiet() {
	s.t.Helper()
	trial.Eventually(s.t, func() string {
		if left := s.live(); len(left) > 0 {
			return fmt.Sprintf("%d calls are left: %+v", len(left), left)
		}
		return ""
	})
}

type event struct {
	Kind string         `json:"kind"`
	Data map[string]any `json:"data"`
}

func escape(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", "@", "%40").Replace(s)
}

// sipp runs a scenario of testdata against the server: n calls to number at
// rate a second.
func (s *server) sipp(scenario, number string, n, rate int, args ...string) string {
	s.t.Helper()
	bin := stranger(s.t, "sipp")
	all := append([]string{
		s.SIP, "-sf", "testdata/" + scenario + ".xml", "-s", number, "-m", strconv.Itoa(n), "-r", strconv.Itoa(rate),
		"-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", "-timeout", "120s", "-timeout_error",
		"-trace_err", "-error_file", filepath.Join(s.t.TempDir(), "errors.log"),
	}, args...)
	out, err := exec.Command(bin, all...).CombinedOutput()
	if err != nil {
		trace, _ := os.ReadFile(all[len(all)-len(args)-1])
		s.t.Fatalf("sipp %s: %v\n%s\n%.4000s", scenario, err, trace, tail(string(out), 4000))
	}
	return string(out)
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}
