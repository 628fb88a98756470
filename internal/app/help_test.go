package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/trial"
)

// start is a server on loopback ports of its own.
func start(tb testing.TB, change func(*config.Config)) *app.App {
	tb.Helper()
	cfg, err := config.Defaults()
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Data, cfg.HTTP, cfg.SIP = tb.TempDir(), "127.0.0.1:0", []config.Listen{config.Loopback(0)}
	cfg.Voices.Provider = "builtin"
	if change != nil {
		change(&cfg)
	}
	a, err := app.Start(tb.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { a.Close(context.Background()) })
	return a
}

// dial calls a number and returns how it went.
func dial(t *testing.T, a *app.App, number string, opt phone.Options) (phone.Result, error) {
	t.Helper()
	return callOn(t.Context(), t, a, number, opt)
}

func callOn(ctx context.Context, t *testing.T, a *app.App, number string, opt phone.Options) (phone.Result, error) {
	t.Helper()
	opt.Target = "sip:" + number + "@" + a.Address()
	line, err := phone.Open(t.Context(), opt.Target, event.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	return phone.Call(ctx, line, opt)
}

// pressing is a node that presses keys, and stays.
func pressing(keys string) string {
	return `{"module":"send_dtmf","data":{"digits":"` + keys + `"},"children":{"_":{"module":"wait_for_hangup","data":{}}}}`
}

// hearsKeys calls a number that leads to pressing, and hangs up once so many keys
// were heard, or two minutes later.
func hearsKeys(t *testing.T, a *app.App, number, keys string, opt phone.Options) phone.Result {
	t.Helper()
	ctx, hangUp := context.WithTimeout(t.Context(), 2*time.Minute)
	defer hangUp()
	n := 0
	opt.Tell = func(format string, _ ...any) {
		if strings.HasPrefix(format, "heard key") {
			if n++; n == len(keys) {
				hangUp()
			}
		}
	}
	r, err := callOn(ctx, t, a, number, opt)
	if err != nil || r.Keys != keys {
		t.Errorf("%s: heard keys %q, not %q: %+v, %v", number, r.Keys, keys, r, err)
	}
	return r
}

// status is that of a GET that needs no login.
func status(t *testing.T, a *app.App, path string) int {
	t.Helper()
	resp, err := http.Get("http://" + a.HTTP() + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// request sends a request to the API, below the first account, and returns the
// answer. Any goroutine may.
func request(a *app.App, method, path, body string) (status int, answer string, err error) {
	req, err := http.NewRequest(method, "http://"+a.HTTP()+"/v2/accounts/"+a.Credentials.AccountID+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Auth-Token", a.Credentials.APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, string(raw), err
}

// ask is a request that must go well, and its answer. Any goroutine may.
func ask(tb testing.TB, a *app.App, method, path, body string) string {
	tb.Helper()
	status, answer, err := request(a, method, path, body)
	if err != nil || status/100 != 2 {
		tb.Errorf("%s %s: %d, %v: %.500s", method, path, status, err, answer)
	}
	return answer
}

func get(t *testing.T, a *app.App, path string) string {
	t.Helper()
	return ask(t, a, http.MethodGet, path, "")
}

// create makes a document of the first account and returns its id.
func create(t *testing.T, a *app.App, path, data string) string {
	t.Helper()
	answer := ask(t, a, http.MethodPut, path, `{"data":`+data+`}`)
	var made struct{ Data struct{ ID string } }
	if err := json.Unmarshal([]byte(answer), &made); err != nil {
		t.Fatalf("PUT %s: %v", path, err)
	}
	return made.Data.ID
}

// says waits until the answer to a GET has all the words.
func says(t *testing.T, a *app.App, path string, words ...string) {
	t.Helper()
	trial.Eventually(t, func() string {
		got := get(t, a, path)
		for _, w := range words {
			if !strings.Contains(got, w) {
				return path + " does not say " + w + ":\n" + got
			}
		}
		return ""
	})
}

// told waits until a call's timeline says something.
func told(t *testing.T, a *app.App, id, words string) {
	t.Helper()
	says(t, a, "/calls/"+id+"/events?format=text", words)
}
