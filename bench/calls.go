package main

import (
	"context"
	"flag"
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
	"time"
)

// callsBench measures setting up calls with a webhook in each: INVITE to 200,
// INVITE to the first RTP packet, and the end of a key to the next webhook's
// request. The server is a process of its own; its CPU time is counted.
func callsBench(args []string) error {
	f := flag.NewFlagSet("calls", flag.ExitOnError)
	rate := f.Int("rate", 100, "calls a second")
	seconds := f.Int("seconds", 10, "how long calls are made")
	sip := f.String("sip", "127.0.0.1:16060", "SIP address of the server that is started")
	api := f.String("http", "127.0.0.1:16080", "API address of the server that is started")
	if err := f.Parse(args); err != nil {
		return err
	}
	web, err := startWeb()
	if err != nil {
		return err
	}
	defer web.server.Close() //nolint:errcheck // the measurement is over
	server, err := startServer(*sip, *api)
	if err != nil {
		return err
	}
	defer server.stop()
	if err := server.callflow(web.url + "/voice"); err != nil {
		return err
	}
	one := load{sip: *sip, web: web}
	if failed := one.run(20, 10); failed != nil { // warms caches and connections
		return failed
	}
	before := cpu(server.cmd.Process.Pid)
	l := load{sip: *sip, web: web}
	n := *rate * *seconds
	err = l.run(n, *rate)
	used := cpu(server.cmd.Process.Pid) - before
	l.print(n, *rate, used)
	return err
}

// site is the web application: a tone and one key, then goodbye.
type site struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	asked map[string]time.Time // when the second request of a call came, by Call-ID
}

func startWeb() (*site, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{url: "http://" + l.Addr().String(), asked: map[string]time.Time{}}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(l) }() // ends with Close
	return s, nil
}

// ServeHTTP answers the two requests of each call.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/keys" {
		s.mu.Lock()
		s.asked[r.FormValue("Call-ID")] = at
		s.mu.Unlock()
		_, _ = io.WriteString(w, `{"module":"hangup","data":{}}`)
		return
	}
	_, _ = io.WriteString(w, `{"module":"play","data":{"id":"tone_stream://%(300,0,440)"},"children":{"_":`+
		`{"module":"collect_dtmf","data":{"max_digits":1},"children":{"_":`+
		`{"module":"pivot","data":{"voice_url":"`+s.url+`/keys"}}}}}}`)
}

func (s *site) at(call string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.asked[call]
	return t, ok
}

// child is the server under test.
type child struct {
	cmd *exec.Cmd
	api string
	dir string
}

const benchKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// startServer builds and starts the program and waits until it is ready.
func startServer(sip, api string) (*child, error) {
	dir, err := os.MkdirTemp("", "pivot-bench-")
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, "pivot")
	if out, err := exec.Command("go", "build", "-o", bin, "./cmd/pivot").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	c := &child{api: "http://" + api + "/v2", dir: dir}
	c.cmd = exec.Command(bin, "serve", "--data", filepath.Join(dir, "data"), "--sip", sip, "--http", api,
		"--api-key", benchKey)
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		resp, err := http.Get("http://" + api + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return c, nil
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	c.stop()
	return nil, fmt.Errorf("the server is not ready after 10 s")
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait() // its exit is no measurement
	_ = os.RemoveAll(c.dir)
}

// callflow puts a pivot under the number 100.
func (c *child) callflow(url string) error {
	login, err := c.put("/api_auth", `{"data":{"api_key":"`+benchKey+`"}}`, "")
	if err != nil {
		return err
	}
	token, account := between(login, `"auth_token":"`), between(login, `"account_id":"`)
	_, err = c.put("/accounts/"+account+"/callflows",
		`{"data":{"numbers":["bench"],"flow":{"module":"pivot","data":{"voice_url":"`+url+`"}}}}`, token)
	return err
}

func (c *child) put(path, body, token string) (string, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, c.api+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("PUT %s: %s: %s", path, resp.Status, answer)
	}
	return string(answer), err
}

// between is what stands behind mark, up to the next quote.
func between(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	word, _, _ := strings.Cut(rest, `"`)
	return word
}

// quantile is the q-th part of sorted durations.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(float64(len(d))*q))]
}
