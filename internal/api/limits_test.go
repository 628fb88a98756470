package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/api/rest"
)

func TestJSONP(t *testing.T) {
	w := newWorld(t)
	a := w.must(200, "GET A/menus?jsonp=app.done", "")
	if a.head.Get("Content-Type") != "application/javascript" || !strings.HasPrefix(a.text, "app.done({") || !strings.HasSuffix(a.text, "});") {
		t.Errorf("%v %s", a.head, a.text)
	}
	if a := w.must(404, "GET A/menus/x?jsonp=$f", ""); !strings.HasPrefix(a.text, "$f({") {
		t.Error(a.text)
	}
	for _, bad := range []string{"alert(1)//", "a b", "1a", "a..b", "a[0]", "<script>", strings.Repeat("a", 100)} {
		a := w.must(400, "PUT A/menus?jsonp="+url.QueryEscape(bad), `{"name":"x"}`)
		if a.fault("jsonp", "pattern") == "" || a.head.Get("Content-Type") != rest.TypeJSON {
			t.Errorf("%q: %v %s", bad, a.head, a.text)
		}
	}
	if a := w.must(200, "GET A/menus", ""); len(a.rows()) != 0 {
		t.Error("something was made")
	}
}

func TestLongURL(t *testing.T) {
	w := newWorld(t)
	w.must(200, "GET A/menus?filter_name="+strings.Repeat("x", rest.MaxURL/2), "")
	for _, what := range []string{"GET A/menus?filter_name=" + strings.Repeat("x", rest.MaxURL), "GET A/" + strings.Repeat("x", rest.MaxURL)} {
		if a := w.must(414, what, ""); a.env["message"] != "uri_too_long" {
			t.Error(a.text)
		}
	}
}

// TestSlowBody is a client that sends the beginning of a request and no more.
func TestSlowBody(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Patience = 50 * time.Millisecond })
	web := httptest.NewServer(w)
	defer web.Close()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprint(c, "PUT /v2/user_auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if _, err := in.ReadByte(); resp.StatusCode != 400 || err == nil {
		t.Errorf("%d, and the connection goes on", resp.StatusCode)
	}
}

// hostile are things that nobody has in mind who writes a server.
var hostile = []string{
	"%00", "%ff%fe", "%2e%2e", "..", "%2F", "a%2Fb", "%F0%9F%92%A9", "'", `%22`, "%0d%0aX:1", "9223372036854775808", "-1", "1e999",
	"null", "true", "[]", "{}", "%5B%22a%22%5D", strings.Repeat("x", 600), "202611-x", "_design", "*", "+1", "%252e", "x.wav",
}

var hostileQueries = []string{
	"page_size=99999999999999999999", "page_size=-1", "page_size=x", "start_key=%ff", "start_key=AAAA", "start_key=g2gCbQ", "end_key=%00",
	"filter_=x", "filter_a.b..c=%00", "filter_not_name=%ff", "filter_name=[", "filter_name=%5B1e999%5D", "has_key=", "key_missing=%ff",
	"created_from=99999999999999999999", "created_from=-1", "created_to=1e9", "created_from=9223372036854775807", "created_to=9223372036854775807",
	"modified_from=x", "paginate=maybe", "ascending=%00", "accept=%00", "accept=a/b/c", "jsonp=%0a", "verb=TRACE", "verb=%00", "token=%00",
	"auth_token=..", "format=%00", "action=%ff", "inline=%00", "filename=%00", "authorization=Basic+%ff",
	"page_size=1&page_size=2", ";", "%", "%zz=1", "a=%zz", "filter_id=" + strings.Repeat("%5B", 1000),
}

var hostileBodies = []string{
	"", "{", "\xff", `{"data":null}`, `{"data":[]}`, `{"data":[{}]}`, `{"data":{"a":1e999}}`, `{"data":{"name":"\u0000"}}`,
	`{"data":{"name":"\ud800"}}`, `{"data":{"name":{},"numbers":{},"flow":[],"flow":7}}`, `{"data":{"id":"../x"}}`, `{"data":{"id":7}}`,
	`{"data":{"numbers":["` + strings.Repeat("9", 300) + `"],"flow":{"module":"hangup"}}}`,
	`{"data":{"name":9223372036854775808,"enabled":-0,"timeout":1e400}}`,
	`{"data":` + strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900) + `}`,
	`{"data":{"` + strings.Repeat("k.", 5000) + `":1}}`, `{"data":{"":1,".":2,"pvt_x":3,"_rev":"9-x","_attachments":{}}}`,
	`{"data":{"flow":{"module":"\u0000","data":null,"children":{"":{}}}}}`, "\x00", "<xml/>", `[1]`, `"data"`, "data=%00", "=&=&&",
}

// TestHostile sends each of them to every operation: none may be more than
// refused.
func TestHostile(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Rate = 1e9 })
	w.token = w.tokenOf("pivot", "admin", "secret", "md5")
	for i, op := range w.Operations() {
		for j, h := range hostile {
			path := strings.Replace(op.Path, "{account_id}", w.creds.AccountID, 1)
			w.attack(op.Method, "/v2/"+variable.ReplaceAllLiteralString(path, h), hostileBodies[(i+j)%len(hostileBodies)])
		}
		for j, q := range hostileQueries {
			w.attack(op.Method, pathOf(op, w.creds.AccountID)+"?"+q, hostileBodies[(i+j)%len(hostileBodies)])
		}
	}
	w.must(200, "GET A/menus", "") // all of this was done by somebody who may
}

// attack sends a request that no client would, and looks at the answer.
func (w *world) attack(method, target, body string) {
	w.Helper()
	u, err := url.Parse(target)
	if err != nil { // net/http would not take it either
		return
	}
	ctx, gone := context.WithCancel(w.Context())
	defer gone()
	rec := hasty{httptest.NewRecorder(), gone}
	req := httptest.NewRequestWithContext(ctx, method, "/", strings.NewReader(body))
	req.URL, req.RemoteAddr = u, w.from
	req.Header.Set("X-Auth-Token", w.token)
	w.ServeHTTP(rec, req)
	if rec.Code >= 500 && rec.Code != http.StatusNotImplemented && rec.Code != http.StatusServiceUnavailable || !utf8.Valid(rec.Body.Bytes()) {
		w.Errorf("%s %.200s %.60q: %d %.300s", method, target, body, rec.Code, rec.Body)
	}
}

// FuzzRequest sends whatever it comes up with to some operation.
func FuzzRequest(f *testing.F) {
	for i, h := range hostile {
		f.Add(i, h, hostileQueries[i%len(hostileQueries)], hostileBodies[i%len(hostileBodies)])
	}
	var w *world
	f.Fuzz(func(t *testing.T, which int, segment, query, body string) {
		if w == nil || w.Server.Server == nil {
			w = newWorld(t, func(c *Config) { c.Rate = 1e9 })
			w.token = w.tokenOf("pivot", "admin", "secret", "md5")
		}
		w.T = t
		ops := w.Operations()
		op := ops[(which%len(ops)+len(ops))%len(ops)]
		path := strings.Replace(op.Path, "{account_id}", w.creds.AccountID, 1)
		w.attack(op.Method, "/v2/"+variable.ReplaceAllLiteralString(path, url.PathEscape(segment))+"?"+query, body)
	})
}
