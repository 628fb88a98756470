// Package simsip takes the calls of flow tests over real SIP and RTP, on this
// machine: it starts a server, calls it with a phone, and serves the tests'
// pages to it.
package simsip

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/answering"
	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/phone"
	"github.com/pivotvoice/pivot/internal/sim"
)

// Exchange is a server and a phone. Make one with Open.
type Exchange struct {
	app    *app.App
	line   *phone.Line
	server sim.Server
	dir    string
}

// Open starts a server with a folder of its own, and a phone beside it, both
// on loopback.
func Open(ctx context.Context) (*Exchange, error) {
	dir, err := os.MkdirTemp("", "pivot-test-")
	if err != nil {
		return nil, err
	}
	x := &Exchange{dir: dir}
	if err := x.start(ctx); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

func (x *Exchange) start(ctx context.Context) error {
	cfg, err := config.Defaults()
	if err != nil {
		return err
	}
	cfg.Data, cfg.HTTP, cfg.SIP = x.dir, "127.0.0.1:0", []config.Listen{config.Loopback(0)}
	cfg.Voices.Provider = "builtin"
	if x.app, err = app.Start(ctx, cfg, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	x.server = sim.Server{URL: "http://" + x.app.HTTP(), Key: x.app.Credentials.APIKey}
	if err := x.server.Clear(ctx); err != nil {
		return err // a new server has numbers to try, which tests want for themselves
	}
	x.line, err = phone.Open(ctx, "sip:test@"+x.app.Address(), event.Discard)
	return err
}

// Server is the server's REST API.
func (x *Exchange) Server() sim.Server { return x.server }

// Close ends both and forgets everything.
func (x *Exchange) Close() {
	if x.line != nil {
		x.line.Close()
	}
	if x.app != nil {
		ctx, cancel := context.WithTimeout(context.Background(), app.CloseWithin)
		defer cancel()
		x.app.Close(ctx)
	}
	_ = os.RemoveAll(x.dir) // a folder of ours that nobody needs any more
}

// Take is a sim.Taker: the server answers c.To with the flow, and asks a web
// server on this machine that has the pages.
func (x *Exchange) Take(ctx context.Context, c sim.Call, pages *sim.Pages) (r sim.Result, err error) {
	if c.Documents.Docs != nil {
		return r, errors.New("a test with documents of its own cannot be taken over SIP: run it without --sip")
	}
	site, err := open(ctx, pages)
	if err != nil {
		return r, err
	}
	defer site.close()
	if c.To == "" {
		c.To = "test"
	}
	moved, err := site.move(c.Program)
	if err != nil {
		return r, err
	}
	account := x.app.Credentials.AccountID
	var id string
	if len(c.Before) == 0 || c.Program.Module != "response" { // else nothing is to answer
		id, err = x.server.Put(ctx, account, answering.Callflow{Name: "test", Numbers: []string{c.To}, Flow: moved})
		if err != nil {
			return r, err
		}
		defer func() {
			err = errors.Join(err, x.server.Delete(context.WithoutCancel(ctx), account, id))
		}()
	}
	w := &watch{exchange: x}
	defer w.stop()
	return c.Over(ctx, w)
}

// move is program with its URLs on the site.
func (s *site) move(program *flow.Node) (*flow.Node, error) {
	text, err := json.Marshal(program)
	if err != nil {
		return nil, err
	}
	var moved flow.Node
	err = json.Unmarshal(s.here(text), &moved)
	return &moved, err
}

// watch is the line of one call, and reads what the server tells of it.
type watch struct {
	exchange *Exchange
	follower *observe.Follower
	work     sync.WaitGroup
}

// ringTime is how long a call may ring.
const ringTime = time.Minute

// Dial implements sim.Line.
func (w *watch) Dial(ctx context.Context, c sim.Call, log event.Log) (call.Leg, error) {
	x := w.exchange
	id := rand.Text() + "@pivot-test"
	w.follower = x.app.Calls().Follow("", id)
	w.work.Go(func() {
		for e := range w.follower.C {
			log.Add(e)
		}
	})
	from := c.From
	if from == "" {
		from = "test"
	}
	leg, err := x.line.Dial(ctx, "sip:"+c.To+"@"+x.app.Address(), call.DialOptions{
		CallID: id, CallerName: c.Name, CallerNumber: from, Timeout: ringTime,
	})
	if refused, ok := errors.AsType[*call.RefusedError](err); ok {
		return over{cause: refused.Cause}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", c.To, err)
	}
	return leg, nil
}

// stop ends the reading.
func (w *watch) stop() {
	if w.follower != nil {
		w.follower.Stop()
	}
	w.work.Wait()
}

// over is the leg of a call that was refused.
type over struct {
	call.Leg

	cause call.Cause
}

// Ended implements call.Leg.
func (over) Ended() <-chan struct{} {
	ended := make(chan struct{})
	close(ended)
	return ended
}

// Cause implements call.Leg.
func (o over) Cause() call.Cause { return o.cause }

// Hangup implements call.Leg.
func (over) Hangup(context.Context, call.Cause) error { return nil }
