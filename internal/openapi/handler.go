package openapi

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// described is what there is to serve.
type described struct {
	document, style []byte
	pages           map[string][]byte
}

// describeWithin is how long the sample server may take for all examples.
const describeWithin = time.Minute

// Handler serves /openapi.json and what is below /docs. Both are made when
// they are first asked for, by way of describe; if that fails, again when they
// are asked for the next time.
func Handler(describe func(context.Context) (Description, error)) http.Handler {
	var mu sync.Mutex
	var made *described
	make1 := func() (described, error) {
		mu.Lock() // the others wait for the first
		defer mu.Unlock()
		if made != nil {
			return *made, nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), describeWithin)
		defer cancel()
		all, err := prepare(ctx, describe)
		if err == nil {
			made = &all
		}
		return all, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		all, err := make1()
		if err != nil {
			http.Error(w, "the reference could not be made: "+err.Error(), http.StatusInternalServerError)
			return
		}
		all.serve(w, r)
	})
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
	all.pages, err = d.pages()
	return all, err
}

func (d described) serve(w http.ResponseWriter, r *http.Request) {
	kind, body := "text/html; charset=utf-8", d.pages[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/docs"), "/")]
	switch r.URL.Path {
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
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'")
	_, _ = w.Write(body)
}
