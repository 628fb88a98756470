package webhook

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// TestCookies are those of one call: kept from answer to answer and across
// redirects, beside a customer's own, and unknown to another call.
func TestCookies(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: strings.Trim(r.URL.Path, "/"), Path: "/"})
		if r.URL.Path == "/go" {
			http.Redirect(w, r, "/at", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, r.Header.Get("Cookie"))
	})
	c := open(t, Config{})
	first, second := NewJar(), NewJar()
	for i, x := range []struct {
		jar        http.CookieJar
		path, want string
	}{
		{first, "/a", "own=1"},
		{first, "/go", "own=1; seen=go"}, // at /at
		{first, "/b", "own=1; seen=at"},
		{second, "/b", "own=1"},
		{nil, "/b", "own=1"},
	} {
		_, a := c.Ask(t.Context(), Request{URL: s.URL + x.path, Jar: x.jar, Header: http.Header{"Cookie": {"own=1"}}})
		if string(a.Body) != x.want {
			t.Errorf("%d: the server was sent %q", i, a.Body)
		}
	}
}

// TestFullJar takes no more than it has room for.
func TestFullJar(t *testing.T) {
	j := NewJar()
	u, _ := url.Parse("http://a.test/")
	for i := range 100 {
		j.SetCookies(u, []*http.Cookie{{Name: fmt.Sprint(i), Value: strings.Repeat("x", 4000)}})
	}
	if n := len(j.Cookies(u)); n != 16 {
		t.Errorf("it holds %d", n)
	}
}

// TestDocumentsUsedAgain are those a server says are unchanged.
func TestDocumentsUsedAgain(t *testing.T) {
	asked := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "text/xml")
		switch r.URL.Path {
		case "/etag":
			w.Header().Set("ETag", `"v1"`)
		case "/date":
			w.Header().Set("Last-Modified", "Fri, 20 Nov 2026 12:00:00 GMT")
		case "/no-store":
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Cache-Control", "no-store")
		}
		if r.Header.Get("If-None-Match") == `"v1"` || r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = fmt.Fprintf(w, "<Response>%s</Response>", r.FormValue("CallSid"))
	})
	c := open(t, Config{})
	cache := &Cache{}
	for _, x := range []struct {
		method, path, call string
		again              bool // the second time
	}{
		{"GET", "/etag", "1", true},
		{"GET", "/etag", "2", false}, // see the first loop below: another URL
		{"GET", "/date", "1", true},
		{"GET", "/no-store", "1", false},
		{"GET", "/plain", "1", false},
		{"POST", "/etag", "1", false},
	} {
		for i := range 2 {
			f, a := c.Ask(t.Context(), Request{Method: x.method, URL: s.URL + x.path, Params: url.Values{"CallSid": {x.call}}, Cache: cache})
			want := "<Response>" + x.call + "</Response>"
			cached := i == 1 && (x.again || x.call == "2")
			if string(a.Body) != want || a.ContentType != "text/xml" || f.Failure != "" || f.Cached != cached || f.Answer != want {
				t.Errorf("%v, time %d: %q %s, %+v", x, i+1, a.Body, a.ContentType, f)
			}
		}
	}
	f, _ := c.Ask(t.Context(), Request{URL: s.URL + "/etag", Header: http.Header{"If-None-Match": {`"v1"`}}, Cache: cache})
	if f.Failure != event.FailStatus || f.Status != 304 {
		t.Errorf("a customer's own condition: %+v", f)
	}
	if asked != 13 {
		t.Errorf("asked %d times", asked)
	}
}

// TestCacheIsBounded by documents and their size.
func TestCacheIsBounded(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.URL.Path == "/big" {
			_, _ = w.Write(make([]byte, maxDocument+1))
		}
	})
	c, cache := open(t, Config{}), &Cache{}
	for i := range 2 * maxDocuments {
		c.Ask(t.Context(), Request{URL: fmt.Sprint(s.URL, "/", i), Cache: cache})
	}
	c.Ask(t.Context(), Request{URL: s.URL + "/big", Cache: cache})
	if len(cache.docs) != maxDocuments || !strings.HasSuffix(cache.docs[0].url, "/16") {
		t.Errorf("%d documents, the oldest %s", len(cache.docs), cache.docs[0].url)
	}
}

// TestRetries are as many as the policy or the URL's fragment says, after the
// failures that it names, with the same token.
func TestRetries(t *testing.T) {
	tokens := map[string]int{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tokens[r.Header.Get(TokenHeader)]++
		switch r.URL.Path {
		case "/500":
			w.WriteHeader(500)
		case "/404":
			w.WriteHeader(404)
		case "/second":
			if tokens[r.Header.Get(TokenHeader)] == 1 {
				w.WriteHeader(502)
			}
		case "/broken":
			w.Header().Set("Content-Length", "10")
		}
		if r.URL.Fragment != "" || strings.Contains(r.RequestURI, "#") {
			t.Errorf("asked %s", r.RequestURI)
		}
	})
	refused := dead(t)
	c := open(t, Config{})
	for i, x := range []struct {
		url   string
		retry Retry
		tries int
		fails string
	}{
		{s.URL + "/500", Retry{}, 1, event.FailStatus},
		{s.URL + "/500", Retry{Times: 2}, 1, event.FailStatus},
		{s.URL + "/500", Retry{Times: 2, On: []string{On5xx}}, 3, event.FailStatus},
		{s.URL + "/500#rc=5&rp=all", Retry{}, 6, event.FailStatus},
		{s.URL + "/500#rp=5xx", Retry{}, 2, event.FailStatus},
		{s.URL + "/500#rc=0&rp=5xx", Retry{Times: 3}, 1, event.FailStatus},
		{s.URL + "/500#rc=3&rp=4xx,ct", Retry{}, 1, event.FailStatus},
		{s.URL + "/404#rc=1&rp=4xx", Retry{}, 2, event.FailStatus},
		{s.URL + "/second#rc=3&rp=5xx,rt", Retry{}, 2, ""},
		{s.URL + "/broken#rc=1&rp=rt", Retry{}, 2, event.FailProtocol},
		{refused, Retry{Times: 1}, 2, event.FailConnect},
		{refused + "#rc=2", Retry{}, 3, event.FailConnect},
		{refused + "#rc=2&rp=rt", Retry{}, 1, event.FailConnect},
	} {
		token := fmt.Sprint("t", i)
		f, _ := c.Ask(t.Context(), Request{URL: x.url, Retry: x.retry, Token: token})
		if f.Try != x.tries || f.Failure != x.fails || len(f.Notes) != x.tries-1 {
			t.Errorf("%s %v: try %d, %q, %q", x.url, x.retry, f.Try, f.Failure, f.Notes)
		}
		if strings.HasPrefix(x.url, s.URL) && tokens[token] != x.tries {
			t.Errorf("%s: the token was seen %d times", x.url, tokens[token])
		}
	}
}

func TestOverride(t *testing.T) {
	base := Request{Timeout: 5 * time.Second, Connect: 3 * time.Second}
	for _, x := range []struct {
		fragment string
		want     Request
		notes    []string
	}{
		{"", base, nil},
		{"#top", base, nil},
		{"#ct=100&rt=15000&tt=10000&rc=5&rp=4xx,all", Request{
			Connect: 100 * time.Millisecond, Read: 15 * time.Second, Timeout: 10 * time.Second,
			Retry: Retry{5, []string{On4xx, OnAll}},
		}, nil},
		{"#r%70=5xx%2Cct", Request{Timeout: base.Timeout, Connect: base.Connect, Retry: Retry{1, []string{On5xx, OnConnect}}}, nil},
		{"#ct=99&rt=x&tt=15001&rc=6&rp=ct,2xx&e=ie1&", base, []string{
			`"ct=99" in the URL's fragment is passed over: it must be 100 to 10000 milliseconds`,
			`"rt=x" in the URL's fragment is passed over: it must be 100 to 15000 milliseconds`,
			`"tt=15001" in the URL's fragment is passed over: it must be 100 to 15000 milliseconds`,
			`"rc=6" in the URL's fragment is passed over: it must be 0 to 5`,
			`"rp=ct,2xx" in the URL's fragment is passed over: "2xx" is none of ct, rt, 4xx, 5xx and all`,
			`"e=ie1" in the URL's fragment is passed over: it is none of ct, rt, tt, rc and rp`,
		}},
	} {
		r := base
		r.URL = "http://a.test/" + x.fragment
		got, notes := r.override()
		got.URL = ""
		if x.notes != nil {
			x.want.Retry = got.Retry // none was understood: one try by the policy's being there
		}
		if fmt.Sprint(got) != fmt.Sprint(x.want) || !slices.Equal(notes, x.notes) {
			t.Errorf("%s: %+v, %q", x.fragment, got, notes)
		}
	}
}

// TestSilence is a server that takes the question, or begins to answer, and
// says no more.
func TestSilence(t *testing.T) {
	c := open(t, Config{})
	for name, target := range map[string]string{"hangs": hang(t), "drips": drip(t)} {
		f, _ := c.Ask(t.Context(), Request{URL: target + "#rt=100&rc=1&rp=rt", Timeout: time.Minute})
		if f.Failure != event.FailTimeout || !strings.Contains(f.Err, "no byte of the answer within 100ms") || f.Try != 2 {
			t.Errorf("%s: try %d, %q: %s", name, f.Try, f.Failure, f.Err)
		}
	}
}

// TestBase is where an answer's relative URLs start: without what the call
// was told by.
func TestBase(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slash" {
			http.Redirect(w, r, "/slash/?"+r.URL.RawQuery, http.StatusMovedPermanently)
		}
		_, _ = io.WriteString(w, r.URL.RawQuery)
	})
	c := open(t, Config{})
	for _, x := range []struct{ method, url, base, saw string }{
		{"GET", "/v?Digits=9&t=1&Digits=8", "/v?Digits=9&t=1&Digits=8", "t=1&Digits=7"},
		{"POST", "/v?Digits=9", "/v?Digits=9", "Digits=9"},
		{"GET", "/slash?t=1", "/slash/?t=1&Digits=7", "t=1&Digits=7"},
		{"GET", "", "/", "Digits=7"},
	} {
		_, a := c.Ask(t.Context(), Request{Method: x.method, URL: s.URL + x.url, Params: url.Values{"Digits": {"7"}}})
		if a.URL != s.URL+x.base || string(a.Body) != x.saw {
			t.Errorf("%s %s: base %s, the server saw %s", x.method, x.url, a.URL, a.Body)
		}
	}
}

func TestAny2xx(t *testing.T) {
	c := open(t, Config{})
	for _, any2xx := range []bool{false, true} {
		f, _ := c.Ask(t.Context(), Request{URL: answer(t, 204, ""), Any2xx: any2xx})
		if (f.Failure == "") != any2xx {
			t.Errorf("%v: %q", any2xx, f.Failure)
		}
	}
}

func TestFormType(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Content-Type")) })
	_, a := open(t, Config{}).Ask(t.Context(), Request{Method: "POST", URL: s.URL, ContentType: "application/x-www-form-urlencoded; charset=utf-8"})
	if string(a.Body) != "application/x-www-form-urlencoded; charset=utf-8" {
		t.Errorf("%s", a.Body)
	}
}

// FuzzOverride reads any fragment within its limits.
func FuzzOverride(f *testing.F) {
	for _, s := range []string{"", "top", "ct=1&rt=2", "rp=all&rc=5", "%", "a=%zz&tt=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, fragment string) {
		r, _ := Request{URL: "http://a.test/#" + fragment}.override()
		if r.Connect > 10*time.Second || r.Read > 15*time.Second || r.Timeout > 15*time.Second || r.Retry.Times > 5 {
			t.Errorf("%+v", r)
		}
	})
}

// FuzzWithParams has every name of the call's once, whatever the query was.
func FuzzWithParams(f *testing.F) {
	for _, s := range []string{"", "Digits=1", "&&a", "%44igits=2&x", "=&Digits", "a;Digits=1", "%zz&+=Digits"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got := withParams(query, url.Values{"Digits": {"7"}, "From": {""}})
		values, _ := url.ParseQuery(got)
		if !slices.Equal(values["Digits"], []string{"7"}) || len(values["From"]) != 1 {
			t.Errorf("%q became %q", query, got)
		}
	})
}
