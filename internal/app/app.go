// Package app puts the server together: it opens what is kept, starts what
// listens, gives each part what it needs and ends everything in order.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/callbacks"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/notify"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/presence"
	"github.com/pivotvoice/pivot/internal/recordings"
	"github.com/pivotvoice/pivot/internal/rtp"
	"github.com/pivotvoice/pivot/internal/sip"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
	"github.com/pivotvoice/pivot/internal/voices"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// Version is what the server calls itself.
const Version = "0.1.0"

// App is a running server.
type App struct {
	Credentials identity.Credentials
	Loopback    bool // every listener is on loopback, so webhooks may reach it

	cfg        config.Config
	log        *slog.Logger
	store      *sqlstore.Store
	exchange   *answering.Exchange
	phonebook  *documents.Phonebook
	library    *media.Library
	recordings *recordings.Recordings
	calls      *observe.Calls
	keys       func(ctx context.Context, account string) ([]string, error)
	queue      *callbacks.Queue
	mail       *notify.Queue // nil if there is no mail server
	promises   *callbacks.Promises
	lamps      *presence.Board
	events     *refused // every fact of every call: to calls, and to those who are told of it
	web        *webhook.Client
	speech     *voices.Voices
	media      *rtp.Engine
	engine     *flow.Engine
	api        *api.Server
	numbers    []sample
	actions    []flow.Action
	sip        *sip.Server
	http       *http.Server
	socket     net.Listener
	served     chan struct{} // closed when the API is no longer served
	ready      atomic.Bool
	keeper     *keeper
	lines      lines
}

// Start opens and starts everything. What it started is stopped again if it
// fails; the error names the setting at fault where there is one.
func Start(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log}
	if err := a.start(ctx); err != nil {
		a.release(ctx)
		return nil, err
	}
	a.ready.Store(true)
	return a, nil
}

func (a *App) start(ctx context.Context) (err error) {
	a.Loopback = onLoopback(a.cfg)
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if cut, err := observe.Recover(ctx, a.store); err != nil {
		a.log.Error("calls that were cut off cannot be ended", "error", err)
	} else if cut > 0 {
		a.log.Warn("calls were cut off when the server went away; their records are closed", "calls", cut)
	}
	a.exchange, a.phonebook = answering.New(a.store), documents.NewPhonebook(a.store)
	a.media, err = rtp.NewEngine(rtp.Config{PortMin: a.cfg.RTP.Min, PortMax: a.cfg.RTP.Max, Logger: a.log})
	if err != nil {
		return fmt.Errorf("rtp: %w", err)
	}
	if a.socket, err = (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.HTTP); err != nil {
		return fmt.Errorf("http: %w", err)
	}
	a.web = webhook.New(webhook.Config{
		Guard:     webhook.Guard{AllowLoopback: a.Loopback, Allow: a.cfg.Webhooks.Allow},
		UserAgent: "Pivot/" + Version,
		MaxBytes:  a.cfg.Webhooks.MaxBytes,
	})
	a.observe()
	if err := a.program(); err != nil {
		return err
	}
	if err := a.serveHTTP(ctx); err != nil {
		return err
	}
	a.sip, err = sip.NewServer(sip.Config{
		Listen: listens(a.cfg.SIP), Advertise: a.cfg.Advertise, Media: a.media, Codecs: audio.Codecs,
		Allow: slices.Concat(a.cfg.Allow, thisMachine), OnCall: a.onCall,
		Log: a.events, Logger: a.log, MaxCalls: a.cfg.MaxCalls,
		MediaTimeout: a.cfg.Media.Timeout, Keepalive: a.cfg.Media.Keepalive, UserAgent: "Pivot/" + Version,
		Presence: a.lamps, Subscriptions: sip.Subscriptions{Max: a.cfg.MaxSubscriptions},
	})
	if err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	if err := a.sip.Start(ctx); err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	a.keeper = keep(a.store, a.cfg.Retention, a.log)
	if a.cfg.Voices.Prompts {
		a.library.MakePrompts(a.promptsMade)
	}
	return nil
}

// promptsMade is told once all prompts have been spoken.
func (a *App) promptsMade(made int, err error) {
	if err != nil {
		a.log.Warn("not all prompts could be spoken", "spoken", made, "error", err)
		return
	}
	a.log.Info("all prompts are spoken", "prompts", made)
}

// openStore opens what is kept.
func (a *App) openStore(ctx context.Context) (err error) {
	setting := "data"
	if a.cfg.DB == "" {
		a.store, err = sqlstore.Open(ctx, a.cfg.Data)
	} else {
		setting = "db"
		a.store, err = sqlstore.OpenPostgres(ctx, a.cfg.Data, a.cfg.DB)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", setting, err)
	}
	return nil
}

// serveHTTP makes the first account and serves the API.
func (a *App) serveHTTP(ctx context.Context) (err error) {
	a.api = a.newAPI()
	a.Credentials, err = identity.Bootstrap(ctx, a.store, identity.BootstrapConfig{
		Account: a.cfg.Account, Realm: a.cfg.Realm, Admin: a.cfg.Admin, APIKey: a.cfg.APIKey,
		SigningKey: a.cfg.SigningKey,
	})
	if err != nil {
		return fmt.Errorf("first account: %w", err)
	}
	if err := a.lamps.Load(ctx, a.Credentials.AccountID); err != nil {
		return err
	}
	if err := a.firstFlows(ctx); err != nil {
		return fmt.Errorf("first callflows: %w", err)
	}
	a.http = &http.Server{
		Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	a.served = make(chan struct{})
	go func() {
		defer close(a.served)
		if err := a.http.Serve(a.socket); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the REST API ended", "error", err)
		}
	}()
	return nil
}

// HTTP is the address that the API is served on.
func (a *App) HTTP() string { return a.socket.Addr().String() }

// Drain refuses new calls and waits until the running ones are over or ctx
// ends.
func (a *App) Drain(ctx context.Context) {
	a.ready.Store(false)
	a.sip.Drain()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for a.sip.Live() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close hangs up what still runs, ends every listener and closes what is kept.
func (a *App) Close(ctx context.Context) {
	a.ready.Store(false)
	a.release(ctx)
}

// release gives back what was started, in the opposite order.
func (a *App) release(ctx context.Context) {
	if a.sip != nil {
		if err := a.sip.Close(ctx); err != nil {
			a.log.Error("calls did not end well", "error", err)
		}
	}
	if a.events != nil {
		a.events.Close()
	}
	if a.calls != nil {
		a.calls.Close() // cuts those who watch, so that HTTP can end
	}
	if a.http != nil {
		_ = a.http.Shutdown(ctx)
		_ = a.http.Close()
		<-a.served
	} else if a.socket != nil {
		_ = a.socket.Close()
	}
	if a.keeper != nil {
		a.keeper.Close()
	}
	if a.media != nil {
		a.media.Close()
	}
	if a.recordings != nil {
		a.recordings.Close()
	}
	if a.promises != nil {
		a.promises.Close()
	}
	if a.queue != nil {
		a.queue.Close()
	}
	if a.mail != nil {
		a.mail.Close()
	}
	if a.library != nil {
		a.library.Close()
	}
	if a.speech != nil {
		a.speech.Close()
	}
	if a.web != nil {
		a.web.Close()
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Error("the database did not close well", "error", err)
		}
	}
}

// cache is the folder of speech that was made.
func (a *App) cache() string { return filepath.Join(a.cfg.Data, "speech") }
