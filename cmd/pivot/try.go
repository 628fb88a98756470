package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	handset "github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/sim"
)

// try is `pivot try`.
type try struct {
	What     string        `arg:"" help:"What to call: a NUMBER of a running server, the URL of a web application, or a FILE of TwiML or callflow JSON."`
	From     string        `help:"Number to call from." default:"+15550100"`
	To       string        `help:"Number to call, as a URL or file is told it." default:"+15550199"`
	Name     string        `help:"Name to call with."`
	Press    string        `help:"What to press: steps with commas, each keys, \"wait 2s\" or \"quiet\". Keys are pressed when the call waits for them, or at once after a wait. Without it you are asked."`
	Format   string        `help:"How a URL or file is told of the call: kazoo or twiml; kazoo for a URL without --compat." enum:"kazoo,twiml," default:""`
	Compat   string        `help:"Whose TwiML it is: pivot or twilio." enum:"pivot,twilio," default:""`
	Method   string        `help:"How a URL is asked: get or post; get, but post with --compat twilio." enum:"get,post," default:""`
	At       time.Time     `help:"When the call comes, such as 2026-03-01T21:00:00Z; now if empty." format:"2006-01-02T15:04:05Z07:00"`
	Realtime bool          `help:"Take as long as a real call."`
	Limit    time.Duration `help:"Hang up after this time of the call." default:"10m"`
	Key      string        `help:"Key to sign requests with (X-Twilio-Signature), for applications that check it." name:"signing-key"`
	Save     string        `help:"Write what happened as a test for pivot test." type:"path"`
	All      bool          `help:"Show every step, request and answer." short:"a"`
	JSON     bool          `help:"Write the call's events as JSON, one a line." name:"json"`
	API      string        `help:"The server that knows the NUMBER." default:"http://127.0.0.1:8000"`
	APIKey   string        `help:"An API key of that server." env:"PIVOT_API_KEY"`
}

// Run is called by kong.
func (t *try) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	steps, err := pressed(t.Press)
	if err != nil {
		return could(fmt.Errorf("--press: %w", err))
	}
	screen := &sim.Screen{Out: out, All: t.All, JSON: t.JSON}
	c := sim.Call{
		From: t.From, To: t.To, Name: t.Name, At: t.At, Steps: steps, Realtime: t.Realtime, Limit: t.Limit,
		Tell: screen.Tell, Did: screen.Did, Key: t.Key,
	}
	ask := sim.Ask{Method: t.Method, Format: t.Format, Compat: t.Compat}
	file := ""
	switch {
	case strings.HasPrefix(t.What, "http://"), strings.HasPrefix(t.What, "https://"):
		ask.URL = t.What
		c.Program = ask.Program()
	case isFile(t.What):
		closing, err := c.File(t.What, ask)
		if err != nil {
			return could(err)
		}
		defer closing()
		file = t.What
	default:
		if err := t.number(ctx, &c); err != nil {
			return could(err)
		}
	}
	if t.Press == "" {
		prompt := out
		switch {
		case t.Realtime:
			prompt = nil // there is no moment that is the one to type
		case t.JSON:
			prompt = os.Stderr
		}
		keyboard := sim.NewKeyboard(os.Stdin, prompt, pressed)
		c.Ask, screen.Typed = keyboard, keyboard.Terminal()
	}
	result, err := c.Run(ctx)
	if err != nil {
		return could(err)
	}
	if t.Save != "" {
		if err := sim.Save(t.Save, "", c, ask, file, result); err != nil {
			return could(fmt.Errorf("--save: %w", err))
		}
	}
	return t.verdict(result)
}

// number looks a number up in a running server.
func (t *try) number(ctx context.Context, c *sim.Call) error {
	if t.APIKey == "" {
		return fmt.Errorf("%s is no file and no URL; as a number it is looked up in a running server, "+
			"which needs --api-key or PIVOT_API_KEY", t.What)
	}
	return sim.Server{URL: t.API, Key: t.APIKey}.Number(ctx, c, t.What)
}

// verdict is nil if nothing went wrong on the call.
func (t *try) verdict(r sim.Result) error {
	switch {
	case r.Failed() != "":
		return exit{errors.New(r.Failed()), 1}
	case len(r.Undone) > 0:
		return exit{errors.New("the call was over before everything in --press was done"), 1}
	}
	return nil
}

// pressed reads a script as `pivot call` does.
func pressed(script string) ([]sim.Step, error) {
	steps, err := handset.Parse(script)
	if err != nil {
		return nil, err
	}
	var all []sim.Step
	for _, s := range steps {
		all = append(all, sim.Step{Keys: s.Keys, Wait: s.Wait, Quiet: s.Quiet > 0})
	}
	return all, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir() || strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".json")
}
