package actions

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// badServers are servers that nobody should have to wait for.
var badServers = map[string]http.HandlerFunc{
	"slow": func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
	},
	"drips": func(w http.ResponseWriter, r *http.Request) {
		for range 2000 {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	},
	"huge": func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte(`[`), 1<<20)
		for range 64 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	},
	"deep":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte(`[`), 4000)) },
	"reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"cut": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"score":`))
	},
	"round":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	"fails":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	"binary": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x00\xff\xfe{")) },
	"empty":  func(http.ResponseWriter, *http.Request) {},
}

// TestBadServers: whatever a web server does, the caller goes on soon, and the
// timeline says why.
func TestBadServers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or it is not noticed that somebody goes
		badServers[strings.TrimPrefix(r.URL.Path, "/")](w, r)
	}))
	t.Cleanup(server.Close)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	web := client(t)
	urls := map[string]string{"dead": dead.URL}
	for name := range badServers {
		urls[name] = server.URL + "/" + name
	}
	t.Run("all", func(t *testing.T) {
		for name, url := range urls {
			for _, module := range []string{"nomorobo", "function"} {
				t.Run(module+" "+name, func(t *testing.T) {
					t.Parallel()
					docs := documents.Library{Docs: store.Memory()}
					c := resource.Collection{Resource: documents.Functions.Resource, Docs: docs.Docs, Account: "acc"}
					if _, err := c.CreateAs(t.Context(), "f", resource.Object{"name": "f", "url": url}); err != nil {
						t.Fatal(err)
					}
					goesOn(t, []flow.Action{
						nomorobo(web, url), answer, function(pivoter{web: web, dialects: map[string]Dialect{"kazoo": kazoo.Dialect{}}}, docs),
					}, module)
				})
			}
		}
	})
}

// goesOn holds a step that fails to it: it is soon over, and the next one runs.
func goesOn(t *testing.T, all []flow.Action, module string) {
	t.Helper()
	log, began := &timeline{}, time.Now()
	leg := fake.New(call.Info{ID: "1@host", From: "1000"}, log)
	e := flow.NewEngine(flow.Config{Log: log, Actions: all})
	data := map[string]string{"nomorobo": `{"username":"u"}`, "function": `{"id":"f"}`}[module]
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	program := &flow.Node{Module: module, Data: []byte(data), Children: map[string]*flow.Node{flow.Else: {Module: "answer"}}}
	if err := e.Run(ctx, leg, flow.Start{Account: "acc", Program: program}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	failed := of[event.Failed](log)
	if len(failed) != 1 || !strings.HasPrefix(failed[0].Code, module+".") || len(failed[0].Message) > 2000 {
		t.Errorf("failed %+v", failed)
	}
	if ran := strings.Fields(log.modules()); !slices.Equal(ran, []string{module, "answer"}) {
		t.Errorf("ran %v", ran)
	}
}
