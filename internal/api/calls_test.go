package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// add puts facts on the timeline of a call.
func (w *world) add(call string, facts ...event.Fact) {
	for _, f := range facts {
		w.calls.Add(event.Event{At: time.Now(), Call: call, What: f})
	}
}

func (w *world) offered(from string) event.Offered {
	return event.Offered{Account: w.creds.AccountID, Direction: "inbound", From: from + "@a", To: "2600@b", Request: "2600@b"}
}

var ended = event.Ended{Cause: "NORMAL_CLEARING", By: "caller"}

// past writes a call that is over, at a time, to the journal.
func (w *world) past(call, from string, at time.Time) {
	w.Helper()
	doc := fmt.Sprintf(`{"id":%q,"call_id":%q,"from":%q,"state":"ended","call_direction":"inbound","billing_seconds":5}`,
		at.UTC().Format("200601")+"-"+call, call, from)
	w.entry(observe.KindCDR, call, doc, at)
}

func (w *world) entry(kind, call, doc string, at time.Time) {
	w.Helper()
	err := w.store.Append(w.Context(), []store.Entry{{
		Account: w.creds.AccountID, Kind: kind, Call: call, At: at, JSON: json.RawMessage(doc),
	}})
	if err != nil {
		w.Fatal(err)
	}
}

func (a answer) calls(key string) string {
	var ids []string
	for _, r := range a.rows() {
		o, _ := r.(resource.Object)
		ids = append(ids, resource.Text(o, key))
	}
	return strings.Join(ids, " ")
}

func TestCallsList(t *testing.T) { onEach(t, testCallsList) }

func testCallsList(t *testing.T, w *world) {
	t.Helper()
	now := time.Now()
	for i, name := range []string{"p1", "p2", "p3", "p4"} {
		w.past(name, "alice", now.Add(time.Duration(i-10)*time.Minute))
	}
	w.entry(observe.KindCDR, "old", `{"call_id":"old"}`, now.AddDate(0, 0, -40))
	w.add("l1", w.offered("bob"))
	w.add("l2", w.offered("carol"), event.Answered{})
	for query, want := range map[string]string{
		"":                                "l2 l1 p4 p3 p2 p1",
		"?ascending=true":                 "p1 p2 p3 p4 l1 l2",
		"?filter_state=in-progress":       "l2",
		"?filter_from=alice&page_size=2":  "p4 p3",
		"?filter_not_from=alice":          "l2 l1",
		"?paginate=false":                 "l2 l1 p4 p3 p2 p1",
		"?filter_billing_seconds=5":       "p4 p3 p2 p1",
		"?created_from=0&created_to=9999": "", // running calls are held to it, too
	} {
		if got := w.must(200, "GET A/calls"+query, "").calls("call_id"); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	for _, size := range []int{1, 3, 5} {
		got, key := "", ""
		for range 10 {
			a := w.must(200, fmt.Sprintf("GET A/calls?page_size=%d&start_key=%s", size, key), "")
			got += a.calls("call_id") + " "
			if key = resource.Text(a.env, "next_start_key"); key == "" {
				break
			}
		}
		if got != "l2 l1 p4 p3 p2 p1 " {
			t.Errorf("in pages of %d: %s", size, got)
		}
	}
	w.must(400, "GET A/calls?start_key=nonsense", "")
	for _, list := range []string{"calls", "cdrs"} {
		if a := w.must(400, "GET A/"+list+"?end_key=x", ""); a.fault("end_key", "invalid") == "" {
			t.Error(a.text)
		}
	}
}

func TestCall(t *testing.T) { onEach(t, testCall) }

func testCall(t *testing.T, w *world) {
	t.Helper()
	const id = "a%2Fb%40host" // a/b@host
	w.add("a/b@host", w.offered("bob"), event.Answered{Codec: "PCMU"}, event.Started{Module: "pivot"})
	if a := w.must(200, "GET A/calls/"+id, ""); a.data()["state"] != "in-progress" || a.data()["step"] != "pivot" {
		t.Error(a.text)
	}
	events := w.must(200, "GET A/calls/"+id+"/events", "")
	if got := events.calls("kind"); got != "offered answered started" || events.env["page_size"] != nil {
		t.Error(events.text)
	}
	for _, path := range []string{"?format=text", "?accept=text", "?accept=text/plain"} {
		a := w.must(200, "GET A/calls/"+id+"/events"+path, "")
		if !strings.HasPrefix(a.head.Get("Content-Type"), "text/plain") || strings.Count(a.text, "\n") < 3 {
			t.Errorf("%v %s", a.head, a.text)
		}
	}
	child := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Child"}`).data(), "id")
	for _, what := range []string{"GET B/calls/" + id, "GET B/calls/" + id + "/events", "DELETE B/calls/" + id} {
		w.must(404, strings.Replace(what, "B/", "/v2/accounts/"+child+"/", 1), "")
	}
	w.must(404, "GET A/calls/nope", "")
	w.must(400, "POST A/calls/"+id, `{"action":"dance"}`)
	w.must(200, "POST A/calls/"+id, `{"action":"hangup"}`)
	w.must(200, "DELETE A/calls/"+id, "")
	if len(w.ended) != 2 || w.ended[0] != "a/b@host" {
		t.Errorf("hung up %v", w.ended)
	}
	w.add("a/b@host", ended)
	w.must(404, "DELETE A/calls/"+id, "")
	if a := w.must(200, "GET A/calls/"+id, ""); a.data()["hangup_cause"] != "NORMAL_CLEARING" {
		t.Error(a.text)
	}
	quiet := newWorld(t, func(c *Config) { c.Interrupter = nil })
	quiet.must(405, "DELETE A/calls/x", "")
}

func TestCDRs(t *testing.T) { onEach(t, testCDRs) }

func testCDRs(t *testing.T, w *world) {
	t.Helper()
	now := time.Now()
	w.past("c1", "=cmd", now.Add(-2*time.Hour))
	w.past("c2", "bob", now.Add(-time.Hour))
	w.past("c3", "bob", now.AddDate(0, 0, -60))
	if got := w.must(200, "GET A/cdrs", "").calls("call_id"); got != "c2 c1" {
		t.Error(got)
	}
	from := gregorian.Seconds(now.AddDate(0, 0, -61))
	if got := w.must(200, fmt.Sprintf("GET A/cdrs?created_from=%d", from), "").calls("call_id"); got != "c3" {
		t.Error(got)
	}
	id := now.Add(-time.Hour).UTC().Format("200601") + "-c2"
	for _, name := range []string{id, "c2"} {
		if a := w.must(200, "GET A/cdrs/"+name, ""); a.data()["id"] != id {
			t.Error(a.text)
		}
	}
	if got := w.must(200, "GET A/cdrs/interaction", "").calls("call_id"); got != "c2 c1" {
		t.Errorf("interactions are %s", got)
	}
	if got := w.must(200, "GET A/cdrs/legs/c1", "").calls("call_id"); got != "c1" {
		t.Errorf("legs are %s", got)
	}
	w.must(404, "GET A/cdrs/legs/nope", "")
	w.must(404, "GET A/cdrs/199901-c2", "")
	w.must(404, "GET A/cdrs/nope", "")
	csv := w.must(200, "GET A/cdrs?accept=csv&filter_call_id=c1", "").text
	if want := "billing_seconds,call_direction,call_id,from,id,state\n5,inbound,c1,'=cmd,"; !strings.HasPrefix(csv, want) {
		t.Error(csv)
	}
	for _, bad := range []string{"created_from=-5", "created_to=x", "created_from=63999999999&created_to=63000000000"} {
		if a := w.must(400, "GET A/cdrs?"+bad, ""); !strings.Contains(a.text, "date_range") {
			t.Error(a.text)
		}
	}
}

func TestDebug(t *testing.T) { onEach(t, testDebug) }

func testDebug(t *testing.T, w *world) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	at := func(n int) time.Time { return now.Add(time.Duration(n-100) * time.Second) }
	w.entry("pivot_debug", "c1", `{"call_id":"c1","iteration":1,"uri":"http://a/1","method":"get","req_headers":{},"req_body":""}`, at(1))
	w.entry("pivot_debug", "c1", `{"call_id":"c1","iteration":1,"resp_status_code":"200","resp_headers":{},"resp_body":"x"}`, at(2))
	w.entry("pivot_debug", "c2", `{"call_id":"c2","iteration":1,"uri":"http://a/2","method":"get","req_headers":{},"req_body":""}`, at(3))
	w.entry("pivot_debug", "c1", `{"call_id":"c1","iteration":2,"uri":"http://a/3","method":"post","req_headers":{},"req_body":""}`, at(4))
	w.entry("pivot_debug", "c1", `{"call_id":"c1","iteration":2,"json_errors":{"message":"bad"},"resp_body":"{"}`, at(5))
	list := w.must(200, "GET A/pivot/debug", "")
	if list.calls("call_id") != "c2 c1" {
		t.Fatal(list.text)
	}
	month := at(1).Format("200601")
	want := fmt.Sprintf(`{"call_id":"c1","created":%d,"debug_id":"%s-c1","has_json_errors":true,"has_schema_errors":false,`+
		`"iteration":1,"node":"%s","status_code":"200","uri":"http://a/1"}`, gregorian.Seconds(at(1)), month, w.node)
	if got := asJSON(t, list.rows()[1]); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if second, _ := list.rows()[0].(resource.Object); second["status_code"] != nil || second["uri"] != "http://a/2" {
		t.Errorf("%v", second)
	}
	if got := w.must(200, "GET A/pivot/debug?ascending=true", "").calls("call_id"); got != "c1 c2" {
		t.Error(got)
	}
	page := w.must(200, "GET A/pivot/debug?page_size=1", "")
	next := w.must(200, "GET A/pivot/debug?page_size=1&start_key="+resource.Text(page.env, "next_start_key"), "")
	if page.calls("call_id")+next.calls("call_id") != "c2c1" || next.env["next_start_key"] != nil {
		t.Errorf("%s %s", page.text, next.text)
	}
	call := w.must(200, "GET A/pivot/debug/c1", "")
	if first, _ := call.rows()[0].(resource.Object); len(call.rows()) != 4 || first["json_errors"] == nil || first["debug_id"] != month+"-c1" || first["created"] == nil {
		t.Error(call.text)
	}
	byMonth := w.must(200, "GET A/pivot/debug/"+month+"-c1", "")
	if first, _ := byMonth.rows()[0].(resource.Object); len(byMonth.rows()) != 4 || first["uri"] != "http://a/1" {
		t.Error(byMonth.text)
	}
	if a := w.must(200, "GET A/pivot/debug/unknown", ""); len(a.rows()) != 0 {
		t.Error(a.text)
	}
	w.must(404, "GET A/pivot/other", "")
	w.must(405, "PUT A/pivot/debug", "")
}

// listen opens a stream and reads it, line by line.
type listener struct {
	*testing.T
	resp *http.Response
	in   *bufio.Scanner
}

func (w *world) listen(srv *httptest.Server, path, lastID string) *listener {
	w.Helper()
	path = strings.Replace(path, "A/", "/v2/accounts/"+w.creds.AccountID+"/", 1)
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("X-Auth-Token", w.token)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = resp.Body.Close() })
	return &listener{T: w.T, resp: resp, in: bufio.NewScanner(resp.Body)}
}

// next is the id and kind of the next event; "" at the end.
func (l *listener) next() string {
	l.Helper()
	id, kind := "", ""
	for l.in.Scan() {
		line := l.in.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			id = line[4:] + " "
		case strings.HasPrefix(line, "event: "):
			kind = line[7:]
		case line == "" && kind != "":
			return id + kind
		}
	}
	return ""
}

func (l *listener) expect(all ...string) {
	l.Helper()
	for _, want := range all {
		if got := l.next(); got != want {
			l.Fatalf("%q, not %q", got, want)
		}
	}
}

func TestStream(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(w.Server)
	defer srv.Close()
	w.add("c1", w.offered("bob"), event.Answered{})
	l := w.listen(srv, "A/calls/c1/events", "")
	if l.resp.StatusCode != 200 || l.resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(l.resp)
	}
	l.expect("1 offered", "2 answered")
	w.add("c2", w.offered("carol"))
	w.add("c1", event.Started{Module: "pivot"}, event.Pressed{Key: "1"})
	l.expect("3 started", "4 pressed")
	again := w.listen(srv, "A/calls/c1/events", "3")
	again.expect("4 pressed")
	w.add("c1", ended)
	l.expect("5 ended", "end", "")
	again.expect("5 ended", "end", "")
	w.listen(srv, "A/calls/c1/events", "2").expect("3 started", "4 pressed", "5 ended", "end", "")
	if done := w.listen(srv, "A/calls/c1/events", "5"); done.resp.StatusCode != 204 {
		t.Errorf("back for a call that is over: %d", done.resp.StatusCode)
	}
	if none := w.listen(srv, "A/calls/nope/events", ""); none.resp.StatusCode != 404 {
		t.Errorf("of no call: %d", none.resp.StatusCode)
	}
}

func TestAccountStream(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(w.Server)
	defer srv.Close()
	w.add("c0", w.offered("bob"))
	l := w.listen(srv, "A/events", "")
	l.expect("calls")
	w.calls.Add(event.Event{At: time.Now(), Call: "x", What: event.Offered{Account: "another"}})
	w.add("c0", ended)
	w.add("c1", w.offered("carol"))
	l.expect("ended", "offered")
	w.calls.Close() // as at the end of the server
	l.expect("")
	w.must(406, "GET A/events", "")
}

// TestStreamEnds with the token it was opened by.
func TestStreamEnds(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	w.token = w.tokenOf("pivot", "admin", "secret", "md5")
	srv := httptest.NewServer(w.Server)
	defer srv.Close()
	clock.at = clock.at.Add(identity.TokenLife).Truncate(time.Second).Add(-time.Millisecond) // a millisecond is left
	l := w.listen(srv, "A/events", "")
	l.expect("calls", "")
}

// TestSlowClient is cut; the call goes on.
func TestSlowClient(t *testing.T) {
	w := newWorld(t)
	w.add("c1", w.offered("bob"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, "GET", "/v2/accounts/"+w.creds.AccountID+"/calls/c1/events", nil)
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("X-Auth-Token", w.token)
	stuck := &stuckWriter{ResponseRecorder: httptest.NewRecorder(), after: 1, reached: make(chan struct{}), free: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.ServeHTTP(stuck, req)
	}()
	<-stuck.reached
	for range 5000 {
		w.add("c1", event.Pressed{Key: "1"})
	}
	close(stuck.free)
	<-done
}

// stuckWriter takes some flushes and then waits.
type stuckWriter struct {
	*httptest.ResponseRecorder
	after         int
	reached, free chan struct{}
}

func (s *stuckWriter) Flush() {
	if s.after--; s.after == 0 {
		close(s.reached)
		<-s.free
	}
}
