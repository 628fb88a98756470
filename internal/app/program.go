package app

import (
	"fmt"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/recordings"
	"github.com/pivotvoice/pivot/internal/voices"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// observe starts what keeps the calls.
func (a *App) observe() {
	a.calls = observe.NewCalls(observe.Config{Journal: a.store, Logger: a.log, Debug: kazoo.DebugDocs})
}

// program makes the engine and gives its actions what they reach outside with.
func (a *App) program() (err error) {
	a.web = webhook.New(webhook.Config{
		Guard:     webhook.Guard{AllowLoopback: a.Loopback, Allow: a.cfg.Webhooks.Allow},
		UserAgent: "Pivot/" + Version,
		MaxBytes:  a.cfg.Webhooks.MaxBytes,
	})
	v := a.cfg.Voices
	a.speech, err = voices.New(voices.Config{
		Provider: v.Provider, URL: v.URL, Key: v.Key, Model: v.Model, Timeout: v.Timeout,
		CacheDir: a.cache(), CacheBytes: v.CacheBytes, Logger: a.log,
	})
	if err != nil {
		return fmt.Errorf("voices: %w", err)
	}
	a.library = media.New(media.Config{Blobs: a.store.Blobs, Fetch: a.web, Files: a.cfg.Media.Files})
	a.recordings = recordings.New(a.store.Blobs, a.web, a.library, a.log)
	a.actions = actions.All(actions.Deps{
		Voice: a.speech, Media: a.library, Flows: a.flows, Recordings: a.recordings,
		Web: a.web, Dialects: map[string]actions.Dialect{kazoo.Name: kazoo.Dialect{}},
	})
	a.engine = flow.NewEngine(flow.Config{Log: a.calls, Actions: a.actions})
	return nil
}
