// Command pivot is a programmable voice server, a small phone to call it
// with, and a demonstration of both.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/config"
)

// commands are what the program can do.
type commands struct {
	Config  kong.ConfigFlag  `help:"YAML file of settings; keys are the flags' names." env:"PIVOT_CONFIG"`
	Version kong.VersionFlag `help:"Print the version and end."`

	Serve serve `cmd:"" default:"withargs" help:"Run the server."`
	Demo  demo  `cmd:"" help:"Start a server, an example web application and a caller, and show one call."`
	Call  phone `cmd:"" help:"Call a SIP address: press keys, play a file, keep what is heard."`
	Try   try   `cmd:"" help:"Take a call as text, without a phone: of a number, a web application or a document."`
	Check check `cmd:"" help:"Find everything wrong with TwiML and callflow documents."`
	Test  tests `cmd:"" help:"Run calls that are kept as tests, in no time."`
}

func main() {
	var c commands
	k := kong.Parse(&c, settings()...)
	k.BindTo(context.Background(), (*context.Context)(nil))
	k.FatalIfErrorf(k.Run())
}

// settings are how the command line is read.
func settings() []kong.Option {
	return []kong.Option{
		kong.Name("pivot"),
		kong.Description("A programmable voice server: calls by SIP, decisions by your web server."),
		kong.Vars{"version": "pivot " + app.Version},
		kong.DefaultEnvars("PIVOT"),
		kong.Configuration(config.ReadFile),
		kong.UsageOnError(),
	}
}

// logger writes to w as the settings say.
func logger(w io.Writer, cfg config.Log) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, fmt.Errorf("log-level: %w", err)
	}
	opt := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	}
	return slog.New(slog.NewTextHandler(w, opt)), nil
}

// out is where commands write for people.
var out io.Writer = os.Stdout
