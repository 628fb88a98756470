package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

func TestGet(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/go":
			http.Redirect(w, r, "/sound", http.StatusFound)
		case r.Header.Get("If-None-Match") == "1":
			w.WriteHeader(http.StatusNotModified)
		default:
			_, _ = fmt.Fprintf(w, "%s %s", r.Header.Get("Accept-Encoding"), strings.Repeat("x", 3000))
		}
	})
	c := open(t, Config{MaxBytes: 10})
	resp, err := c.Get(t.Context(), s.URL+"/go", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || string(b) != "identity "+strings.Repeat("x", 3000) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	resp, err = c.Get(t.Context(), s.URL, http.Header{"If-None-Match": {"1"}})
	if err != nil || resp.StatusCode != http.StatusNotModified {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
}

func TestGetFails(t *testing.T) {
	c := open(t, Config{})
	c.head = 100 * time.Millisecond
	for url, want := range map[string]string{
		hang(t): event.FailTimeout, dead(t): event.FailConnect, loop(t): event.FailRedirects,
		"http://10.0.0.1/": event.FailGuard, "x": event.FailGuard, "http://a b/": event.FailGuard,
	} {
		resp, err := c.Get(t.Context(), url, nil)
		if err == nil {
			_ = resp.Body.Close()
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

// TestGetSlowly reads for longer than the head may take.
func TestGetSlowly(t *testing.T) {
	waited := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-waited
		_, _ = io.WriteString(w, "late")
	})
	c := open(t, Config{})
	c.head = 50 * time.Millisecond
	resp, err := c.Get(t.Context(), s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(2*c.head, func() { close(waited) })
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "late" {
		t.Errorf("%q %v", b, err)
	}
	_ = resp.Body.Close()
}

func TestSend(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		got := fmt.Sprintf("%s %s %s %s %s %d", r.Method, r.Header.Get("Content-Type"), b, user, password, r.ContentLength)
		if got != "PUT audio/wav sound u p 5" && got != "POST audio/mpeg sound   -1" {
			t.Errorf("the server saw %s", got)
		}
		w.WriteHeader(http.StatusCreated)
	})
	c := open(t, Config{})
	status, err := c.Send(t.Context(), "put", strings.Replace(s.URL, "//", "//u:p@", 1), "audio/wav", 5, strings.NewReader("sound"))
	if status != http.StatusCreated || err != nil {
		t.Errorf("%d %v", status, err)
	}
	status, err = c.Send(t.Context(), "POST", s.URL, "audio/mpeg", -1, strings.NewReader("sound"))
	if status != http.StatusCreated || err != nil {
		t.Errorf("%d %v", status, err)
	}
	for url, want := range map[string]string{
		answer(t, 500, ""): event.FailStatus, loop(t): event.FailStatus, dead(t): event.FailConnect,
		"http://10.0.0.1/": event.FailGuard, "http://a b/": event.FailGuard,
	} {
		_, err := c.Send(t.Context(), "PUT", url, "audio/wav", 5, strings.NewReader("sound"))
		var e *Error
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for _, x := range []struct{ base, ref, want string }{ // spec/twiml.md section 1.5, the column RFC 3986
		{"http://pbx.test/ivr/start.php", "next.php", "http://pbx.test/ivr/next.php"},
		{"http://pbx.test/ivr/start.php", "/next.php", "http://pbx.test/next.php"},
		{"http://pbx.test/ivr/start", "next", "http://pbx.test/ivr/next"},
		{"http://pbx.test/a/b/c/f.php", "../../x", "http://pbx.test/a/x"},
		{"http://pbx.test", "next", "http://pbx.test/next"},
		{"http://pbx.test/start?tenant=7", "?step=2", "http://pbx.test/start?step=2"},
		{"http://pbx.test/start.php", "//other.test/x", "http://other.test/x"},
		{"", "http://other.test/x", "http://other.test/x"},
		{"", "next", ""},
		{"http://pbx.test/", "http://a b/", ""},
		{"http://a b/", "x", ""},
	} {
		got, err := Resolve(x.base, x.ref)
		if got != x.want || (err != nil) != (x.want == "") {
			t.Errorf("%s from %s: %s, %v", x.ref, x.base, got, err)
		}
	}
}
