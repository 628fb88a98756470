package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/store/postgrestest"
	"github.com/pivotvoice/pivot/internal/trial"
)

// TestSamples calls the numbers that a new server has.
func TestSamples(t *testing.T) {
	a := start(t, nil)
	var banner bytes.Buffer
	app.Banner(&banner, a)
	for _, want := range []string{"api ", "sip:100@" + a.Address(), "sip:101@" + a.Address(), a.Credentials.APIKey, "webhooks may reach this machine", "\nready\n"} {
		if !strings.Contains(banner.String(), want) {
			t.Errorf("the banner does not have %q:\n%s", want, banner.String())
		}
	}
	for _, number := range []string{"100", "101"} {
		r, err := dial(t, a, number, phone.Options{Limit: time.Second})
		if err != nil || r.Cause.By != call.ByUs {
			t.Errorf("%s: %+v, %v", number, r, err)
		}
	}
	var refused *call.RefusedError
	if _, err := dial(t, a, "999", phone.Options{}); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("a number that is not there: %v", err)
	}
}

// TestDrain refuses the new and waits for the old.
func TestDrain(t *testing.T) {
	a := start(t, nil)
	if status(t, a, "/healthz") != 200 || status(t, a, "/readyz") != 200 {
		t.Error("not well")
	}
	answered, over := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := dial(t, a, "100", phone.Options{
			Dial: call.DialOptions{CallID: "running"}, Limit: time.Minute,
			Tell: func(f string, _ ...any) {
				if strings.HasPrefix(f, "answered") {
					close(answered)
				}
			},
		})
		over <- err
	}()
	<-answered
	drained := make(chan struct{})
	go func() { a.Drain(context.Background()); close(drained) }()
	trial.Eventually(t, func() string {
		select {
		case <-drained:
			t.Error("drained with a call running")
		default:
		}
		if status(t, a, "/readyz") != http.StatusServiceUnavailable {
			return "ready for calls"
		}
		return ""
	})
	var refused *call.RefusedError
	if _, err := dial(t, a, "100", phone.Options{}); !errors.As(err, &refused) || refused.Code != 503 {
		t.Errorf("a new call: %v", err)
	}
	ask(t, a, http.MethodDelete, "/calls/running", "")
	if err := <-over; err != nil {
		t.Errorf("the running call: %v", err)
	}
	<-drained
}

// TestRefusedSettings names the setting that cannot be.
func TestRefusedSettings(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	cfg, err := config.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data, cfg.HTTP, cfg.SIP = t.TempDir(), taken.Addr().String(), []config.Listen{config.Loopback(0)}
	if _, err := app.Start(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "http: ") {
		t.Errorf("a taken address: %v", err)
	}
	// What had been started is gone: the folder can be used again.
	cfg.HTTP = "127.0.0.1:0"
	a, err := app.Start(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.Background())
	if _, err := app.Start(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "data: ") {
		t.Errorf("a folder in use: %v", err)
	}
}

// TestOddPaths leaves the paths of the API as they are.
func TestOddPaths(t *testing.T) {
	a := start(t, nil)
	for _, path := range []string{"/calls/a%2F%2Fb%2F..%2Fc/events", "/calls/..%2F..", "/calls//events"} {
		req, err := http.NewRequest(http.MethodGet, "http://"+a.HTTP()+"/v2/accounts/"+a.Credentials.AccountID+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", a.Credentials.APIKey)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// TestLargeHeaders sends more of them than anybody needs.
func TestLargeHeaders(t *testing.T) {
	a := start(t, nil)
	req, err := http.NewRequest(http.MethodGet, "http://"+a.HTTP()+"/v2/schemas", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Large", strings.Repeat("x", 100_000))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Error(resp.Status)
	}
}

// busy puts a callflow under 300 that answers 486.
func busy(t *testing.T, a *app.App) {
	t.Helper()
	create(t, a, "/callflows", `{"numbers":["300"],"flow":{"module":"response","data":{"code":486,"message":"Busy"}}}`)
}

// refuses is that a call to 300 is refused so.
func refuses(t *testing.T, a *app.App, code int) {
	t.Helper()
	var refused *call.RefusedError
	if _, err := dial(t, a, "300", phone.Options{}); !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("a call, want %d: %v", code, err)
	}
}

// TestWriteIsSeen changes a callflow between two calls.
func TestWriteIsSeen(t *testing.T) {
	a := start(t, nil)
	refuses(t, a, 404)
	busy(t, a)
	refuses(t, a, 486)
}

// TestPostgres is the life of a server that keeps its documents in PostgreSQL.
func TestPostgres(t *testing.T) {
	server := postgrestest.StartOwn(t)
	url, dir := server.Database(t), t.TempDir()
	with := func(c *config.Config) { c.Data, c.DB = dir, url }
	a := start(t, with)
	refuses(t, a, 404)
	busy(t, a)
	refuses(t, a, 486)
	first := a.Credentials
	var banner bytes.Buffer
	app.Banner(&banner, a)
	if !strings.Contains(banner.String(), "PostgreSQL") || strings.Contains(banner.String(), postgrestest.Password) {
		t.Error(banner.String())
	}
	a.Close(context.Background())
	a = start(t, with)
	if a.Credentials.New || a.Credentials.AccountID != first.AccountID {
		t.Errorf("after a restart: %+v", a.Credentials)
	}
	refuses(t, a, 486)
	if _, err := os.Stat(filepath.Join(dir, "pivot.db")); err == nil {
		t.Error("there is a SQLite file")
	}
	server.Kill() // what was read before is still known; the journal waits
	refuses(t, a, 486)
	server.Run()
	refuses(t, a, 486)
	trial.Eventually(t, func() string {
		_, answer, err := request(a, http.MethodGet, "/cdrs?filter_hangup_cause=USER_BUSY", "")
		if n := strings.Count(answer, `"USER_BUSY"`); n < 3 {
			return fmt.Sprintf("%d records of 3, %v: %s", n, err, answer)
		}
		return ""
	})
	cfg := config.Config{Data: t.TempDir(), DB: url + "x"}
	if _, err := app.Start(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "db: ") ||
		strings.Contains(err.Error(), postgrestest.Password) {
		t.Errorf("no such database: %v", err)
	}
}

// TestWildcard calls from this machine to a server on all addresses, as its
// banner says one can.
func TestWildcard(t *testing.T) {
	a := start(t, func(c *config.Config) {
		c.SIP = []config.Listen{{UDP: true, TCP: true, Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), 0)}}
	})
	if a.Loopback {
		t.Error("it takes itself for a server that only this machine reaches")
	}
	if r, err := dial(t, a, "100", phone.Options{Limit: time.Second}); err != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRefusedIsKept finds the record of a call that was refused before any
// callflow had it.
func TestRefusedIsKept(t *testing.T) {
	a := start(t, nil)
	a.Drain(t.Context())
	var refused *call.RefusedError
	if _, err := dial(t, a, "100", phone.Options{}); !errors.As(err, &refused) || refused.Code != 503 {
		t.Fatalf("not refused: %v", err)
	}
	if live := a.Calls().Live(""); len(live) > 0 {
		t.Errorf("it is shown as running: %+v", live)
	}
	says(t, a, "/cdrs", `"hangup_code":"sip:503"`, `"dialed_number":"100"`)
}

// TestHangUpByRequest ends a call through the API, and reads that in its
// record.
func TestHangUpByRequest(t *testing.T) {
	a := start(t, nil)
	_, err := dial(t, a, "100", phone.Options{
		Dial: call.DialOptions{CallID: "one"}, Limit: time.Minute,
		Tell: func(f string, _ ...any) {
			if strings.HasPrefix(f, "answered") {
				ask(t, a, http.MethodDelete, "/calls/one", "")
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	says(t, a, "/cdrs", "We ended the call: hung up through the API.")
}
