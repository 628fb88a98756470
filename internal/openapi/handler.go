package openapi

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// described is what there is to serve.
type described struct {
	document, style []byte
	site            site
}

// describeWithin is how long the sample server may take for all examples.
const describeWithin = time.Minute

// Handler serves /openapi.json and what is below /docs. Both are made when
// they are first asked for, by way of describe; if that fails, again when they
// are asked for the next time.
func Handler(describe func(context.Context) (Description, error)) http.Handler {
	h := &handler{describe: describe, turn: make(chan struct{}, 1)}
	return http.HandlerFunc(h.serve)
}

type handler struct {
	describe func(context.Context) (Description, error)
	turn     chan struct{} // who has put something in is at work on made
	made     atomic.Pointer[described]
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	all, err := h.get(r.Context())
	if err != nil {
		http.Error(w, "the reference could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	all.serve(w, r)
}

// get is what there is to serve. One request makes it; the others wait for
// that one as long as their clients do.
func (h *handler) get(ctx context.Context) (*described, error) {
	if all := h.made.Load(); all != nil {
		return all, nil
	}
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if all := h.made.Load(); all != nil {
		return all, nil
	}
	// All who wait want it, whether or not this one still does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), describeWithin)
	defer cancel()
	all, err := prepare(ctx, h.describe)
	if err != nil {
		return nil, err
	}
	h.made.Store(&all)
	return &all, nil
}

func prepare(ctx context.Context, describe func(context.Context) (Description, error)) (all described, err error) {
	d, err := describe(ctx)
	if err == nil {
		err = ctx.Err() // examples that had no time are none
	}
	if err != nil {
		return all, err
	}
	if all.document, err = d.Document(); err != nil {
		return all, err
	}
	if all.style, err = files.ReadFile("pages/style.css"); err != nil {
		return all, err
	}
	all.site, err = d.site()
	return all, err
}

func (d *described) serve(w http.ResponseWriter, r *http.Request) {
	page := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
	kind, body := "text/html; charset=utf-8", d.site.pages[page]
	switch r.URL.Path {
	case "/docs/search":
		var err error
		if body, err = d.site.search(r.URL.Query().Get("q")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	case "/openapi.json":
		kind, body = jsonType, d.document
		w.Header().Set("Access-Control-Allow-Origin", "*") // tools in browsers read it
	case "/docs/style.css":
		kind, body = "text/css; charset=utf-8", d.style
	}
	if body == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'")
	_, _ = w.Write(body)
}
