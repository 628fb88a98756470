package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/notify"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/recogniser"
	"github.com/pivotvoice/pivot/internal/recordings"
	"github.com/pivotvoice/pivot/internal/temporal"
	"github.com/pivotvoice/pivot/internal/twiml"
	"github.com/pivotvoice/pivot/internal/voices"
)

// observe starts what keeps the calls and what tells web servers of them.
func (a *App) observe() {
	a.keys = identity.SigningKeys(a.store)
	a.calls = observe.NewCalls(observe.Config{Journal: a.store, Logger: a.log, Debug: kazoo.DebugDocs})
	a.queue = callbacks.New(callbacks.Config{
		Docs: a.store, Web: a.web, Keys: a.signingKeys, Log: a.calls, Logger: a.log,
	})
	a.promises = callbacks.NewPromises(a.store, a.queue, a.log)
	a.mail = a.post()
	a.lamps = presence.New(a.store)
	a.events = newRefused(readers{a.calls, callbacks.NewReader(a.queue, a.promises), a.lamps}, a.owner)
}

// post is what mails people, nil if there is no mail server.
func (a *App) post() *notify.Queue {
	s := a.cfg.SMTP
	if s.Host == "" {
		return nil
	}
	return notify.New(notify.Config{
		Docs: a.store, Log: a.calls, Logger: a.log,
		Sender: &notify.SMTP{
			Host: s.Host, Port: s.Port, Security: notify.Security(s.Security), User: s.User, Password: s.Password,
			From: a.cfg.MailFrom,
		},
	})
}

// mailer is a.mail for actions: no interface around nothing.
func (a *App) mailer() actions.Mailer {
	if a.mail == nil {
		return nil
	}
	return a.mail
}

// readers are those of the stream of facts.
type readers []event.Log

// Add is event.Log.
func (all readers) Add(e event.Event) {
	for _, r := range all {
		r.Add(e)
	}
}

// signingKeys are those of an account, none if they cannot be read: a webhook
// without a signature is refused by a server that checks, and heard of.
func (a *App) signingKeys(ctx context.Context, account string) []string {
	keys, err := a.keys(ctx, account)
	if err != nil {
		a.log.Error("signing keys cannot be read", "account_id", account, "error", err)
	}
	return keys
}

// dialects are the languages that web servers are asked in and answer in.
func (a *App) dialects() map[string]actions.Dialect {
	pivot, twilio := twiml.New(twiml.Pivot), twiml.New(twiml.Twilio)
	for _, d := range []*twiml.Dialect{&pivot, &twilio} {
		d.Lenient, d.Callflows = a.cfg.Lenient, kazoo.Dialect{}
	}
	return map[string]actions.Dialect{kazoo.Name: kazoo.Dialect{}, twiml.Name: pivot, string(twiml.Twilio): twilio}
}

// documents are those of the accounts, for the actions that read and change
// them.
func (a *App) documents() documents.Library {
	return documents.Library{Docs: a.store, Changed: a.changed}
}

// sounds has the API keep what callers record as media; actions are there
// before it is.
type sounds struct{ *App }

// Keep implements actions.Sounds.
func (s sounds) Keep(ctx context.Context, account, name string, rate int, samples []int16) (string, error) {
	return s.api.Sounds().Keep(ctx, account, name, rate, samples)
}

// base is the URL that web servers reach the API at.
func (a *App) base() string {
	if a.cfg.PublicURL != "" {
		return strings.TrimSuffix(a.cfg.PublicURL, "/")
	}
	return "http://" + a.HTTP()
}

// program makes the engine and gives its actions what they reach outside with.
func (a *App) program() (err error) {
	v := a.cfg.Voices
	a.speech, err = voices.New(voices.Config{
		Provider: v.Provider, URL: v.URL, Key: v.Key, Model: v.Model, Timeout: v.Timeout,
		CacheDir: a.cache(), CacheBytes: v.CacheBytes, Logger: a.log,
	})
	if err != nil {
		return fmt.Errorf("voices: %w", err)
	}
	r := a.cfg.Recogniser
	ears, err := recogniser.New(recogniser.Config{
		Provider: r.Provider, URL: r.URL, Key: r.Key, Model: r.Model, Timeout: r.Timeout,
	})
	if err != nil {
		return fmt.Errorf("recogniser: %w", err)
	}
	a.library = media.New(media.Config{
		Blobs: a.store.Blobs, Docs: a.store, Fetch: a.web, Files: a.cfg.Media.Files, Speaker: a.speech,
	})
	a.recordings = recordings.New(recordings.Config{
		Blobs: a.store.Blobs, Docs: a.store, Sender: a.web, MP3: a.library, Logger: a.log, Base: a.base(),
		Dir: filepath.Join(a.cfg.Data, "recording"),
		Link: func(ctx context.Context, account, id string) (string, error) {
			return a.api.Sounds().Link(ctx, account, id)
		},
	})
	zone, err := temporal.Zone(a.cfg.Timezone)
	if err != nil {
		return fmt.Errorf("timezone: %w", err)
	}
	a.actions = actions.All(actions.Deps{
		Voice: a.speech, Media: a.library, Flows: a.exchange, Documents: a.documents(), Lists: a.phonebook,
		Recordings: a.recordings, Sounds: sounds{a}, Recogniser: ears,
		Callbacks: a.queue, Web: a.web, Dialects: a.dialects(), Keys: a.signingKeys, Zone: zone,
		Nomorobo: a.cfg.Nomorobo, Mail: a.mailer(), Presence: a.lamps,
	})
	a.engine = flow.NewEngine(flow.Config{Log: a.events, Actions: a.actions, Later: actions.Later()})
	return nil
}
