package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestNumberByURL calls a number that has a TwiML application of its own, and
// one whose callflow wins over its URL.
func TestNumberByURL(t *testing.T) {
	asked := make(chan *http.Request, 10)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked <- r
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<Response><Pause length="1"/><Hangup/></Response>`)
	}))
	defer web.Close()
	a := start(t, func(c *config.Config) { c.SigningKey = "0123456789abcdef" })
	create(t, a, "/phone_numbers/+15550100", `{"voice_url":"`+web.URL+`/voice","status_callback":"`+web.URL+`/status"}`)
	r, err := dial(t, a, "+15550100", phone.Options{})
	if err != nil || r.Cause.By != call.ByCallee {
		t.Fatalf("%+v, %v", r, err)
	}
	first := <-asked
	if first.Method != http.MethodPost || first.URL.Path != "/voice" || first.Form.Get("CallStatus") != "ringing" ||
		first.Form.Get("To") != "+15550100" || first.Header.Get("X-Twilio-Signature") == "" {
		t.Errorf("asked %s %s %v %v", first.Method, first.URL, first.Form, first.Header)
	}
	select {
	case status := <-asked:
		if status.URL.Path != "/status" || status.Form.Get("CallStatus") != "completed" {
			t.Errorf("told %s %v", status.URL, status.Form)
		}
	case <-time.After(10 * time.Second):
		t.Error("the status callback did not come")
	}
	create(t, a, "/callflows", `{"numbers":["+15550100"],"flow":{"module":"response","data":{"code":486}}}`)
	if _, err := dial(t, a, "+15550100", phone.Options{}); err == nil || len(asked) != 0 {
		t.Errorf("the callflow did not win: %v", err)
	}
}

// TestCheckDocument checks documents through the API, at once and side by
// side.
func TestCheckDocument(t *testing.T) {
	a := start(t, nil)
	for body, want := range map[string]string{
		`{"data":{"document":"<Response><Siy>Hi</Siy></Response>","compat":"twilio"}}`: `"suggestion":"Say"`,
		`{"data":{"document":"<Response><Dial>1</Dial></Response>"}}`:                  `not supported`,
		`{"data":{"document":"{\"module\":\"tts\",\"data\":{}}"}}`:                     `"line":1`,
		`{"data":{"document":"<Response><Say>Hi</Say></Response>"}}`:                   `"valid":true`,
	} {
		t.Run(want, func(t *testing.T) {
			if answer := ask(t, a, http.MethodPost, "/pivot/check", body); !strings.Contains(answer, want) {
				t.Errorf("%s does not have %s", answer, want)
			}
		})
	}
}
