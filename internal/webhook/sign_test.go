package webhook

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestSign is the seven vectors of spec/twiml.md section 2.3, which the
// official library made.
func TestSign(t *testing.T) {
	const json = `{"CallSid":"CA1","Digits":"9"}`
	for _, x := range []struct {
		name, url, want string
		form            url.Values
	}{
		{"POST", "https://example.com/myapp.php?foo=1&bar=2", "vNe7KK2kJwCsxc9K3OLkkKB3qqI=", url.Values{
			"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"},
			"From": {"+12349013030"}, "To": {"+18005551212"},
		}},
		{"GET", "https://pbx.test/ivr?CallSid=CA00000000000000000000000000000001&Digits=42", "huyceDt165+jnI6o+H07UR6i3iA=", nil},
		{"order", "https://pbx.test/cb", "m0irbr8KT05j+p0Dgyy5M74auSY=", url.Values{"b": {"2"}, "A": {"1"}, "a": {"3"}, "B": {"4"}}},
		{"UTF-8, empty", "https://pbx.test/cb", "j0yaI0LcTd03GOzSWqngL9CSHaQ=", url.Values{"SpeechResult": {"héllo & bye"}, "CallerName": {""}}},
		{"repeated", "https://pbx.test/cb", "fOM+bLvxS7gfDTDg2so5xZWDUU4=", url.Values{
			"StatusCallbackEvent": {"ringing", "answered", "ringing"}, "CallSid": {"CA1"},
		}},
		{"JSON", HashBody("https://pbx.test/json", []byte(json)), "J3tcXq8VIcz56gQxv3GXNm+s1/s=", nil},
		{"WebSocket", "wss://media.pbx.test/audio", "9+7jFNr+WgLfaPwLqa5AlZ5/SLA=", nil},
	} {
		if got := Sign("12345", x.url, x.form); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestHashBody(t *testing.T) {
	const hash = "bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for in, want := range map[string]string{
		"http://a/":                "http://a/?" + hash,
		"http://a/?":               "http://a/?" + hash,
		"http://a/?x=1":            "http://a/?x=1&" + hash,
		"http://a/?x=1&#rc":        "http://a/?x=1&" + hash + "#rc",
		"http://a/?bodySHA256=0&y": "http://a/?y&" + hash,
	} {
		if got := HashBody(in, nil); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

// TestSigned holds the signature to what a server sees of the request, on
// every hop.
func TestSigned(t *testing.T) {
	seen := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen++
		body, _ := io.ReadAll(r.Body)
		var form url.Values
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			form, _ = url.ParseQuery(string(body))
		} else if len(body) > 0 && !strings.Contains(r.URL.RawQuery, bodyHash) {
			t.Errorf("%s has no hash of its body", r.URL)
		}
		// What a server puts together of the request.
		if got, want := r.Header.Get(SignatureHeader), Sign("new", "http://"+r.Host+r.RequestURI, form); got != want {
			t.Errorf("%s %s: signed %q, want %q", r.Method, r.RequestURI, got, want)
		}
		if n := len(r.Header.Values(SignatureHeader)); n != 1 {
			t.Errorf("%d signatures", n)
		}
		switch r.URL.Path {
		case "/302":
			http.Redirect(w, r, "/after", http.StatusFound)
		case "/307":
			http.Redirect(w, r, "/after", http.StatusTemporaryRedirect)
		}
	})
	c := open(t, Config{})
	for _, path := range []string{"", "/", "/a b?q=it's ü+x&e=%2f#top", "/302", "/307"} {
		for _, r := range []Request{
			{Method: "GET", Params: url.Values{"From": {"+49 'x'"}, "Ü": {""}}},
			{Method: "POST", Params: url.Values{"From": {"+49 'x'"}, "Ü": {""}}},
			{Method: "POST", Body: []byte(`{"a":1}`), ContentType: "application/json"},
		} {
			r.URL = strings.Replace(s.URL, "//", "//user:pass@", 1) + path
			r.SigningKeys = []string{"new", "old"}
			if f, _ := c.Ask(t.Context(), r); f.Failure != "" {
				t.Errorf("%s: %s", path, f.Err)
			}
		}
	}
	if seen != 21 {
		t.Errorf("the server saw %d requests", seen)
	}
}
