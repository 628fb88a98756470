package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pivotvoice/pivot/internal/sim"
	"github.com/pivotvoice/pivot/internal/simsip"
)

// tests is `pivot test`.
type tests struct {
	Paths   []string `arg:"" name:"path" help:"Tests, and folders of tests and callflows."`
	JUnit   string   `help:"Write the outcome to this file as JUnit XML." name:"junit" type:"path"`
	JSON    bool     `help:"Write the outcome as JSON." name:"json"`
	SIP     bool     `help:"Take the calls over real SIP and RTP on this machine, in real time." name:"sip"`
	Verbose bool     `help:"Show the calls of tests that passed, too." short:"v"`
}

// Run is called by kong.
func (t *tests) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	all, err := sim.Load(t.Paths)
	if err != nil {
		return could(err)
	}
	if len(all) == 0 {
		return could(errors.New(`there are no tests: files with a "call"`))
	}
	show := out
	if t.JSON {
		show = io.Discard
	}
	take := sim.Instant
	if t.SIP {
		exchange, err := simsip.Open(ctx)
		if err != nil {
			return could(err)
		}
		defer exchange.Close()
		take = exchange.Take
	}
	outcomes := sim.RunAll(ctx, all, take, func(o sim.Outcome) { o.Summary(show, t.Verbose) })
	if t.JSON {
		err = sim.OutcomesJSON(out, outcomes)
	}
	if t.JUnit != "" {
		err = errors.Join(err, junit(t.JUnit, outcomes))
	}
	if err != nil {
		return could(err)
	}
	failed := 0
	for _, o := range outcomes {
		if !o.Passed() {
			failed++
		}
	}
	if failed > 0 {
		return exit{fmt.Errorf("%d of %s failed", failed, many(len(outcomes), "test")), 1}
	}
	_, _ = fmt.Fprintf(show, "%s passed\n", many(len(outcomes), "test"))
	return nil
}

// many is a number of things.
func many(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func junit(name string, outcomes []sim.Outcome) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return sim.JUnit(f, outcomes)
}
