// Package demo shows one call from end to end: it starts a server, an example
// web application and a caller on this machine, tells the call as it happens,
// and checks that everything truly happened.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/examples/menu"
	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/timeline"
)

// Options are what the user chose.
type Options struct {
	Out  io.Writer
	Log  *slog.Logger
	Save string // the WAV file of what the first caller heard; beside lies that of the second
	Stay bool   // keep serving after the call, until ctx ends
}

// number is what the caller dials, digits what it presses.
const (
	number = "1000"
	digits = "1234"
)

// Run shows the call. It returns nil only if all of it happened.
func Run(ctx context.Context, opt Options) error {
	dir, err := os.MkdirTemp("", "pivot-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of ours that nobody needs any more
	web, err := listen(ctx)
	if err != nil {
		return err
	}
	defer web.close()
	cfg, err := settings(ctx, filepath.Join(dir, "data"), opt.Stay)
	if err != nil {
		return err
	}
	a, err := app.Start(ctx, cfg, opt.Log)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.CloseWithin)
		defer cancel()
		a.Close(closing)
	}()
	app.Banner(opt.Out, a)
	if err := a.AddCallflow(ctx, number, "Demo", web.url+"/voice"); err != nil {
		return err
	}
	s := &show{opt: opt, app: a, web: web}
	for _, act := range []func(context.Context) error{s.webCall, s.menuCall} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	s.say("\nWhat the callers heard is in %s and %s.", opt.Save, beside(opt.Save))
	if opt.Stay {
		s.stay(ctx)
	}
	return nil
}

// settings are those of a server on loopback; one that stays takes the usual
// ports where they are free, so that a softphone finds it.
func settings(ctx context.Context, dir string, stay bool) (config.Config, error) {
	cfg, err := config.Defaults()
	cfg.Data = dir
	cfg.HTTP, cfg.SIP = "127.0.0.1:0", []config.Listen{config.Loopback(0)}
	if stay && free(ctx, "127.0.0.1:5060") {
		cfg.SIP = []config.Listen{config.Loopback(5060)}
	}
	if stay && free(ctx, "127.0.0.1:8000") {
		cfg.HTTP = "127.0.0.1:8000"
	}
	return cfg, err
}

// free says whether an address could be bound just now, for UDP and TCP.
func free(ctx context.Context, address string) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return false
	}
	u, err := lc.ListenPacket(ctx, "udp", address)
	if err == nil {
		err = u.Close()
	}
	return errors.Join(err, l.Close()) == nil
}

// website is the example application, served on a port of its own.
type website struct {
	url    string
	server *http.Server
	done   chan struct{}
}

func listen(ctx context.Context) (*website, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the example application: %w", err)
	}
	url := "http://" + l.Addr().String()
	w := &website{url, &http.Server{Handler: menu.Handler(url), ReadHeaderTimeout: 5 * time.Second}, make(chan struct{})}
	go func() {
		defer close(w.done)
		_ = w.server.Serve(l) // ends with close
	}()
	return w, nil
}

func (w *website) close() {
	_ = w.server.Close() // nothing of it is needed any more
	<-w.done
}

// show is one showing.
type show struct {
	opt Options
	app *app.App
	web *website
}

// webCall is a call that a web application answers.
func (s *show) webCall(ctx context.Context) error {
	s.say("\nA web application: the caller dials %s and, once it is asked to, presses %s.\n", number, digits)
	c, err := s.place(ctx, number, digits, s.opt.Save)
	if err != nil {
		return err
	}
	return s.check(append(facts(c), s.kept(ctx, c.result.Info.ID)...))
}

// placed is a call that was made.
type placed struct {
	events []event.Event
	heard  *hearing
	result phone.Result
}

// beside is the WAV file of what the second caller heard: "heard-menu.wav".
func beside(save string) string { return strings.TrimSuffix(save, filepath.Ext(save)) + "-menu.wav" }

// place makes a call and tells it.
func (s *show) place(ctx context.Context, number, keys, save string) (placed, error) {
	watch := s.app.Calls().Follow("", "")
	told := make(chan []event.Event)
	go func() { told <- s.tell(watch.C) }()
	heard, result, err := s.dial(ctx, number, keys, save)
	if err == nil {
		err = s.settled(ctx, result.Info.ID)
	}
	watch.Stop()
	events := <-told
	if err != nil {
		return placed{}, fmt.Errorf("the call failed: %w", err)
	}
	return placed{events, heard, result}, nil
}

// dial is the caller's side of the call.
func (s *show) dial(ctx context.Context, number, keys, save string) (*hearing, phone.Result, error) {
	target := "sip:" + number + "@" + s.app.Address()
	line, err := phone.Open(ctx, target, event.Discard)
	if err != nil {
		return nil, phone.Result{}, err
	}
	defer line.Close()
	tape, err := phone.Record(save)
	if err != nil {
		return nil, phone.Result{}, err
	}
	h := newHearing(tape)
	opt := phone.Options{
		Target: target, Heard: h, Limit: time.Minute,
		Steps: []phone.Step{{Quiet: 1200 * time.Millisecond}, {Keys: keys}},
	}
	opt.Dial.CallerNumber, opt.Dial.CallerName = "200", "Demo caller"
	result, err := phone.Call(ctx, line, opt)
	length, closed := tape.Close()
	h.length = length
	return h, result, errors.Join(err, closed)
}

// settled waits until the call's record is written.
func (s *show) settled(ctx context.Context, call string) error {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if r, ok := s.app.Calls().Record(call); ok && r.EndedT != nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-limited.Done():
			return errors.New("the server's side of the call does not end")
		}
	}
}

// tell prints events as they come and keeps them.
func (s *show) tell(events <-chan event.Event) []event.Event {
	var all []event.Event
	for e := range events {
		all = append(all, e)
		s.say("%s", timeline.Line(all[0].At, e))
	}
	return all
}

// stay serves until ctx ends.
func (s *show) stay(ctx context.Context) {
	to := "sip:" + number + "@" + s.app.Address()
	s.say("\nStill serving. Call %s with any softphone on this machine (no registration, no password),", to)
	s.say("or with: pivot call %s --press \"quiet,%s\" --save heard.wav", to, digits)
	s.say("Ctrl-C ends.")
	<-ctx.Done()
}

func (s *show) say(format string, a ...any) { _, _ = fmt.Fprintf(s.opt.Out, format+"\n", a...) }
