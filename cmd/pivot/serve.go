package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/config"
)

// serve runs the server until it is told to end.
type serve struct {
	config.Config
}

// errAtOnce is the end by a second signal.
var errAtOnce = errors.New("ended at once; calls were cut off")

// Run is called by kong.
func (s *serve) Run(ctx context.Context) error {
	log, err := logger(os.Stderr, s.Log)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	a, err := app.Start(ctx, s.Config, log)
	if err != nil {
		return err
	}
	app.Banner(out, a)
	<-signals
	_, _ = fmt.Fprintf(out, "draining: no new calls; running ones have %s. A second signal ends at once.\n", s.Drain)
	return end(ctx, a, s.Config, signals)
}

// end drains the server and closes it, unless another signal comes first.
func end(ctx context.Context, a *app.App, cfg config.Config, again <-chan os.Signal) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		limited, cancel := context.WithTimeout(ctx, cfg.Drain)
		a.Drain(limited)
		cancel()
		closing, cancel := context.WithTimeout(ctx, app.CloseWithin)
		defer cancel()
		a.Close(closing)
	}()
	select {
	case <-done:
		return nil
	case <-again:
		return errAtOnce
	}
}
