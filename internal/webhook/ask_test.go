package webhook

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// open is a client that may ask the tests' servers.
func open(t *testing.T, cfg Config) *Client {
	t.Helper()
	cfg.Guard.AllowLoopback = true
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

// serve is a server with one handler for all paths.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// raw is a server that answers every connection with these bytes and closes.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			_, _ = conn.Read(buf)
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String() + "/"
}

func TestAskGet(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"query": r.URL.RawQuery, "agent": r.UserAgent(), "own": r.Header.Get("X-Own"), "cookie": r.Header.Get("Cookie"),
		})
	})
	c := open(t, Config{UserAgent: "Pivot/test"})
	f, a := c.Ask(t.Context(), Request{
		ID: 7, Method: "get", URL: s.URL + "/voice?tenant=a b&x=é#top", Params: url.Values{"Call-ID": {"1@h"}, "Digits": {"12#"}},
		Header: http.Header{"X-Own": {"1"}, "Cookie": {"id=secret"}},
	})
	want := "tenant=a%20b&x=%C3%A9&Call-ID=1%40h&Digits=12%23"
	if f.Failure != "" || f.Status != 200 || f.ID != 7 || f.Try != 1 || f.Method != "GET" {
		t.Fatalf("%+v", f)
	}
	var got map[string]string
	if err := json.Unmarshal(a.Body, &got); err != nil {
		t.Fatal(err)
	}
	if got["query"] != want || got["agent"] != "Pivot/test" || got["own"] != "1" || got["cookie"] != "id=secret" {
		t.Errorf("the server saw %v", got)
	}
	if f.URL != s.URL+"/voice?"+want+"#top" || f.Final != f.URL {
		t.Errorf("asked %s, final %s", f.URL, f.Final)
	}
	if f.SentHead.Get("Cookie") != masked || f.SentHead.Get("X-Own") != "1" {
		t.Errorf("told %v", f.SentHead)
	}
	if f.Answer != strings.Replace(string(a.Body), "id=secret", masked, 1) || f.Bytes != int64(len(a.Body)) || f.Remote != s.Listener.Addr().String() {
		t.Errorf("told %+v", f)
	}
	if f.Took <= 0 || f.FirstByte <= 0 || f.FirstByte > f.Took || a.ContentType != "application/json" {
		t.Errorf("told %+v", f)
	}
}

func TestAskPost(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), b)
	})
	c := open(t, Config{})
	for _, x := range []struct {
		name string
		r    Request
		want string
	}{
		{"form", Request{Params: url.Values{"A": {"b c"}}}, "POST q=1 application/x-www-form-urlencoded A=b+c"},
		{"no parameters", Request{}, "POST q=1 application/x-www-form-urlencoded "},
		{"json", Request{Body: []byte(`{"a":1}`), ContentType: "application/json"}, `POST q=1 application/json {"a":1}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.r.Method, x.r.URL = "POST", s.URL+"?q=1"
			f, a := c.Ask(t.Context(), x.r)
			if string(a.Body) != x.want || f.Failure != "" {
				t.Errorf("the server saw %q, want %q; %+v", a.Body, x.want, f)
			}
		})
	}
}

// TestFailures is each way in which an exchange can fail.
func TestFailures(t *testing.T) {
	plain := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	dead := dead(t)
	for _, x := range []struct {
		name, url, want, says string
	}{
		{"no such host", "http://nobody.invalid/", event.FailDNS, `no address for "nobody.invalid"`},
		{"nobody there", dead, event.FailConnect, "connection refused"},
		{"not TLS", strings.Replace(plain, "http:", "https:", 1), event.FailTLS, "no secure connection"},
		{"unknown authority", tlsServer(t).URL, event.FailTLS, "certificate"},
		{"silent", hang(t), event.FailTimeout, "while waiting for the answer"},
		{"drips", drip(t), event.FailTimeout, "while reading the answer"},
		{"endless 100s", drip1xx(t), event.FailTimeout, "no answer within"},
		{"private", "http://10.1.2.3/", event.FailGuard, "10.1.2.3 is refused: private address"},
		{"scheme", "ftp://a.test/", event.FailGuard, "only http and https"},
		{"no host", "http:///x", event.FailGuard, "no host"},
		{"no URL", "http://a b/", event.FailGuard, "invalid character"},
		{"loop", loop(t), event.FailRedirects, "more than 3 redirects"},
		{"500", answer(t, 500, "oops"), event.FailStatus, "500 Internal Server Error"},
		{"204", answer(t, 204, ""), event.FailStatus, "204 No Content"},
		{"302 to nowhere", answer(t, 302, ""), event.FailStatus, "302 Found"},
		{"999", raw(t, "HTTP/1.1 999 Whatever\r\n\r\n"), event.FailStatus, "answered 999"},
		{"101", raw(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), event.FailStatus, "101"},
		{"huge", answer(t, 200, strings.Repeat("x", 5000)), event.FailSize, "longer than 1000 bytes"},
		{"huge, unannounced", raw(t, "HTTP/1.0 200 OK\r\n\r\n"+strings.Repeat("x", 5000)), event.FailSize, "longer than 1000"},
		{"bomb", bomb(t), event.FailSize, "longer than 1000 bytes"},
		{"headers", raw(t, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 70000)+"\r\n\r\n"), event.FailSize, "headers"},
		{"not gzip", raw(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nabcdefghijabcdefghij"), event.FailProtocol, "not gzip"},
		{"brotli", raw(t, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), event.FailContentType, `packed as "br"`},
		{"too short", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), event.FailProtocol, "broke off after 3 bytes"},
		{"chunks", raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), event.FailProtocol, "broke off"},
		{"two lengths", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), event.FailProtocol, "no proper HTTP"},
		{"not HTTP", raw(t, "220 smtp.example ESMTP\r\n"), event.FailProtocol, "no proper HTTP answer"},
		{"nothing", raw(t, ""), event.FailProtocol, "no proper HTTP answer"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := open(t, Config{MaxBytes: 1000})
			limit := time.Minute
			if x.want == event.FailTimeout {
				limit = time.Second // enough to be asked, and for the bytes that come
			}
			f, _ := c.Ask(t.Context(), Request{URL: x.url, Timeout: limit, MaxRedirects: 3})
			if f.Failure != x.want || !strings.Contains(f.Err, x.says) {
				t.Errorf("failed as %q: %s", f.Failure, f.Err)
			}
			if f.Took <= 0 || f.URL == "" {
				t.Errorf("told %+v", f)
			}
		})
	}
}

func TestHungUp(t *testing.T) {
	gone := errors.New("hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel(gone)
		<-r.Context().Done()
	})
	f, _ := open(t, Config{}).Ask(ctx, Request{URL: s.URL})
	if f.Failure != event.FailCancelled || !strings.Contains(f.Err, "hung up") {
		t.Errorf("%q: %s", f.Failure, f.Err)
	}
}

func TestRedirects(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if to, ok := strings.CutPrefix(r.URL.Path, "/go/"); ok {
			w.Header().Set("Location", "/at?x=1")
			var code int
			_, _ = fmt.Sscan(to, &code)
			w.WriteHeader(code)
			return
		}
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s|%s|%s", r.Method, r.URL, b, r.Header.Get("Content-Type"), r.Header.Get("X-Own"))
	})
	c := open(t, Config{})
	for code, want := range map[int]string{
		301: "GET /at?x=1 ||1", 302: "GET /at?x=1 ||1", 303: "GET /at?x=1 ||1",
		307: "POST /at?x=1 A=b|application/x-www-form-urlencoded|1", 308: "POST /at?x=1 A=b|application/x-www-form-urlencoded|1",
	} {
		f, a := c.Ask(t.Context(), Request{
			Method: "POST", URL: fmt.Sprintf("%s/go/%d#f", s.URL, code), Params: url.Values{"A": {"b"}},
			Header: http.Header{"X-Own": {"1"}},
		})
		final := s.URL + "/at?x=1#f"
		if string(a.Body) != want || f.Final != final || a.URL != final || !slices.Equal(f.Hops, []string{fmt.Sprintf("%d %s", code, final)}) {
			t.Errorf("%d: %q, %+v", code, a.Body, f)
		}
	}
}

// TestRedirectKeepsSecrets leads from one host to another, which must not see
// what was meant for the first.
func TestRedirectKeepsSecrets(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%q %q", r.Header.Get("Authorization"), r.Header.Get("X-Own"))
	})
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "pass" {
			t.Errorf("the first saw %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, "http://localhost:"+port+"/", http.StatusFound)
	})
	f, a := open(t, Config{}).Ask(t.Context(), Request{
		URL: strings.Replace(first.URL, "//", "//user:pass@", 1), Header: http.Header{"X-Own": {"1"}},
	})
	if string(a.Body) != `"" ""` {
		t.Errorf("the other saw %s; %s %s", a.Body, f.Failure, f.Err)
	}
	if all, _ := json.Marshal(f); strings.Contains(string(all), "pass") || strings.Contains(string(all), "dXNlcjpwYXNz") {
		t.Errorf("the fact has the password: %s", all)
	}
}

func TestGuardedRedirect(t *testing.T) {
	for to, says := range map[string]string{
		"http://169.254.169.254/latest/meta-data/": "cloud metadata address",
		"http://[fd00:ec2::254]/":                  "cloud metadata address",
		"file:///etc/passwd":                       "only http and https",
		"//192.168.0.1/":                           "private address",
		"http://[::ffff:10.0.0.1]/":                "private address",
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		f, _ := open(t, Config{}).Ask(t.Context(), Request{URL: s.URL})
		if f.Failure != event.FailGuard || !strings.Contains(f.Err, says) || len(f.Hops) != 1 {
			t.Errorf("%s: %q %s %v", to, f.Failure, f.Err, f.Hops)
		}
	}
}

func TestReuse(t *testing.T) {
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "hello")
			_ = z.Close()
			return
		}
		if r.URL.Path == "/500" {
			w.WriteHeader(500)
		}
		_, _ = io.WriteString(w, "hello")
	}))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := open(t, Config{})
	for i, path := range []string{"/", "/gzip", "/500", "/"} {
		f, a := c.Ask(t.Context(), Request{Method: "POST", URL: s.URL + path})
		if string(a.Body) != "hello" || f.Reused != (i > 0) {
			t.Errorf("%s: %q, reused %v, %s", path, a.Body, f.Reused, f.Err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestClosedUnderneath is a server that closes a connection just as it is
// used again: the question is sent once more.
func TestClosedUnderneath(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 2 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
			return
		}
		_, _ = io.WriteString(w, "hello")
	})
	c := open(t, Config{})
	for try := 1; try <= 2; try++ {
		f, a := c.Ask(t.Context(), Request{Method: "POST", URL: s.URL, Params: url.Values{"A": {"b"}}})
		if string(a.Body) != "hello" || f.Try != try {
			t.Errorf("try %d, want %d: %q %s", f.Try, try, a.Body, f.Err)
		}
	}
}

func TestTLSAndHTTP2(t *testing.T) {
	s := tlsServer(t)
	pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	f, a := open(t, Config{RootCAs: pool}).Ask(t.Context(), Request{Method: "POST", URL: s.URL, Params: url.Values{"A": {"b"}}})
	if string(a.Body) != "HTTP/2.0" || f.TLS <= 0 {
		t.Errorf("%q %+v", a.Body, f)
	}
}

// TestLongAnswer keeps little in the fact and all beside it.
func TestLongAnswer(t *testing.T) {
	long := strings.Repeat("ä", 50_000)
	f, a := open(t, Config{}).Ask(t.Context(), Request{URL: answer(t, 200, long)})
	if string(a.Body) != long || f.Bytes != 100_000 || f.Answer != long[:maxShown] {
		t.Errorf("%d bytes, %d shown", len(a.Body), len(f.Answer))
	}
}

func TestCheckHeader(t *testing.T) {
	for name, good := range map[string]bool{
		"X-Own": true, "authorization": true, "x y": false, "": false, "Host": false, "content-length": false,
		"Transfer-Encoding": false, "X:": false, "Ä": false,
	} {
		if err := CheckHeader(name, "v"); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
	if CheckHeader("X-Own", "a\r\nb") == nil {
		t.Error("a line break passed")
	}
}

// BenchmarkAsk is a whole exchange over loopback, the server's part too.
func BenchmarkAsk(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"module":"hangup"}`)
	}))
	defer s.Close()
	c := New(Config{Guard: Guard{AllowLoopback: true}})
	defer c.Close()
	r := Request{Method: "POST", URL: s.URL + "/voice", Params: url.Values{"Call-ID": {"1@h"}, "Digits": {"1234"}}}
	b.ReportAllocs()
	for b.Loop() {
		if f, _ := c.Ask(b.Context(), r); f.Failure != "" {
			b.Fatal(f.Err)
		}
	}
}
