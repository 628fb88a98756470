package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	handset "github.com/pivotvoice/pivot/internal/phone"
)

// phone is `pivot call`.
type phone struct {
	Target string        `arg:"" help:"SIP address: sip:NUMBER@HOST[:PORT][;transport=tcp]."`
	Press  string        `help:"What to press: steps with commas, each keys, \"wait 2s\", or \"quiet 1s\" (until nothing was heard for so long)."`
	Play   string        `help:"WAV or MP3 file to say; keys wait until it is over." type:"existingfile"`
	Save   string        `help:"WAV file for what is heard." type:"path"`
	From   string        `help:"Number to call from." default:"pivot-phone"`
	Name   string        `help:"Name to call with."`
	Codec  string        `help:"Codec to offer alone: PCMU, PCMA or G722."`
	Limit  time.Duration `help:"Hang up so long after the answer; what is not answered is given up after a minute." default:"10m"`
}

// Run is called by kong.
func (p *phone) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	opt, err := p.options()
	if err != nil {
		return err
	}
	if p.Play != "" {
		clip, err := handset.File(p.Play)
		if err != nil {
			return fmt.Errorf("--play: %w", err)
		}
		defer clip.Close()
		opt.Play = clip
	}
	var heard *handset.Tape
	if p.Save != "" {
		if heard, err = handset.Record(p.Save); err != nil {
			return fmt.Errorf("--save: %w", err)
		}
		opt.Heard = heard
	}
	line, err := handset.Open(ctx, p.Target, event.Discard)
	if err != nil {
		return err
	}
	defer line.Close()
	result, err := handset.Call(ctx, line, opt)
	if heard != nil {
		err = errors.Join(err, p.saved(heard))
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "ended by %s: %s, %.1f s after the answer\n",
		result.Cause.By, result.Cause.Name, result.Length.Seconds())
	if !result.Done {
		return fmt.Errorf("the call was over before everything in --press was done")
	}
	return nil
}

// options reads the command line.
func (p *phone) options() (handset.Options, error) {
	steps, err := handset.Parse(p.Press)
	if err != nil {
		return handset.Options{}, fmt.Errorf("--press: %w", err)
	}
	opt := handset.Options{Target: p.Target, Steps: steps, Limit: p.Limit, Tell: tell}
	opt.Dial = call.DialOptions{CallerNumber: p.From, CallerName: p.Name, Timeout: time.Minute}
	if p.Codec != "" {
		c := audio.CodecByName(p.Codec)
		if c == nil {
			return opt, fmt.Errorf("--codec: there is no codec %q here: PCMU, PCMA, G722", p.Codec)
		}
		opt.Dial.Codecs = []*audio.Codec{c}
	}
	return opt, nil
}

func (p *phone) saved(heard *handset.Tape) error {
	length, err := heard.Close()
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	tell("%.1f s of what was heard is in %s", length.Seconds(), p.Save)
	return nil
}

func tell(format string, a ...any) { _, _ = fmt.Fprintf(out, format+"\n", a...) }
