package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/pivotvoice/pivot/internal/config"
	showing "github.com/pivotvoice/pivot/internal/demo"
)

// demo is `pivot demo`.
type demo struct {
	Stay bool   `help:"Keep serving after the call, so that a softphone can call too."`
	Save string `help:"WAV file for what the caller heard; one in the system's temporary folder if empty." type:"path"`
}

// Run is called by kong.
func (d *demo) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log, err := logger(os.Stderr, config.Log{Level: "warn"})
	if err != nil {
		return err
	}
	save := d.Save
	if save == "" {
		save = filepath.Join(os.TempDir(), "pivot-demo-heard.wav")
	}
	return showing.Run(ctx, showing.Options{Out: out, Log: log, Save: save, Stay: d.Stay})
}
