package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/pivotvoice/pivot/examples/menu"
	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/openapi"
	"github.com/pivotvoice/pivot/internal/resource"
)

// examples is where the example application is served while everything is on
// loopback.
const examples = "/examples"

// newAPI makes the REST API over what was opened.
func (a *App) newAPI() *api.Server {
	host, err := os.Hostname()
	if err != nil {
		host = "pivot"
	}
	cfg := api.Config{
		Docs: a.store, Journal: a.store, Checker: a.engine, Actions: a.actions, Interrupter: a.engine,
		Calls: a.calls, Logger: a.log, Version: Version, Node: host,
		Blobs: a.store.Blobs, Documents: newChecker(), URLs: a.web, MP3: a.library,
		Speaker: a.speech, Fetch: a.web, Decode: a.library.Decode,
		Changed: a.changed, Rate: a.cfg.APIRate, UIOrigins: a.cfg.UIOrigins,
		Presence: a.lamps,
	}
	if a.mail != nil {
		cfg.Mailer = a.mail
	}
	return api.New(cfg)
}

// changed is told of every document that was saved or deleted.
func (a *App) changed(c resource.Change) {
	a.exchange.Changed(c)
	a.learn(c)
	a.phonebook.Changed(c)
}

// handler is everything that is served over HTTP.
func (a *App) handler() http.Handler {
	mux := http.NewServeMux()
	a.health(mux)
	if a.Loopback {
		mux.Handle(examples+"/", http.StripPrefix(examples, menu.Handler(a.examples())))
	}
	reference := openapi.Handler(a.describe)
	for _, path := range []string{"/openapi.json", "/docs", "/docs/"} {
		mux.Handle(path, reference)
	}
	mux.Handle("/", a.api)
	// The API comes before the mux, which would clean its paths: a Call-ID may
	// have "//" or ".." in it.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/") {
			a.api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// describe is the API and the actions of this server, with examples that a
// sample server in memory has done.
func (a *App) describe(ctx context.Context) (openapi.Description, error) {
	s, err := openapi.NewSample(ctx, openapi.SampleConfig{
		Checker: a.engine, Actions: a.actions, Documents: newChecker(), URLs: a.web, MP3: a.library, Version: Version,
		URL: a.base(),
	})
	if err != nil {
		return openapi.Description{}, err
	}
	defer s.Close()
	return s.Describe(ctx)
}

func (a *App) examples() string { return "http://" + a.HTTP() + examples }

// Calls is what is known of the calls.
func (a *App) Calls() *observe.Calls { return a.calls }

// sample is a number that the server has from its first start.
type sample struct{ number, says string }

// firstFlows gives a new first account numbers to try. The menu needs the
// example application, which is there while everything is on loopback.
func (a *App) firstFlows(ctx context.Context) error {
	echo := sample{"100", "echo"}
	spoken := sample{"101", "a spoken menu, from the example application in this server"}
	a.numbers = []sample{echo}
	if a.Loopback {
		a.numbers = append(a.numbers, spoken)
	}
	if !a.Credentials.New {
		return a.knownSamples(ctx)
	}
	flows := map[string]resource.Object{echo.number: {
		"name": "Echo", "numbers": []any{echo.number}, "flow": node("tts",
			resource.Object{"text": "You hear what you say."}, node("echo", resource.Object{}, nil)),
	}}
	if a.Loopback {
		flows[spoken.number] = pivotFlow("Menu", spoken.number, a.examples()+"/menu")
	}
	for number, data := range flows {
		if _, err := a.api.Callflows(a.Credentials.AccountID).Create(ctx, data); err != nil {
			return fmt.Errorf("%s: %w", number, err)
		}
	}
	return nil
}

// knownSamples leaves only those samples that are still callflows.
func (a *App) knownSamples(ctx context.Context) error {
	var there []sample
	for _, s := range a.numbers {
		r, _, err := a.exchange.Find(ctx, a.Credentials.AccountID, s.number)
		if err != nil {
			return err
		}
		if r.Found && !r.NoMatch {
			there = append(there, s)
		}
	}
	a.numbers = there
	return nil
}

// AddCallflow puts a callflow under a number of the first account whose one
// node asks url, with debug documents.
func (a *App) AddCallflow(ctx context.Context, number, name, url string) error {
	_, err := a.api.Callflows(a.Credentials.AccountID).Create(ctx, pivotFlow(name, number, url))
	return err
}

func pivotFlow(name, number, url string) resource.Object {
	goodbye := node("hangup", resource.Object{}, nil)
	sorry := node("tts", resource.Object{"text": "Sorry, the application does not answer."}, goodbye)
	return resource.Object{
		"name": name, "numbers": []any{number},
		"flow": node("pivot", resource.Object{"voice_url": url, "method": "post", "debug": true}, sorry),
	}
}

// node is a step of a callflow document.
func node(module string, data, next resource.Object) resource.Object {
	n := resource.Object{"module": module, "data": data, "children": resource.Object{}}
	if next != nil {
		n["children"] = resource.Object{flow.Else: next}
	}
	return n
}
