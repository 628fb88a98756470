package phone

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
)

// Key presses: how long each, and the pause after it.
const (
	keyLength = 100 * time.Millisecond
	keyGap    = 80 * time.Millisecond
)

// Options are what the person wants.
type Options struct {
	Target string // a SIP URI
	Dial   call.DialOptions
	Steps  []Step
	Play   audio.Sound   // said once the call is answered, keys wait for its end; nil is nothing
	Heard  audio.Sink    // gets what is heard; nil is nobody
	Limit  time.Duration // from the answer on; 0 is none
	// Tell is told what happens, as it does; nil is nobody.
	Tell func(format string, a ...any)
}

// Result is how the call went.
type Result struct {
	Info     call.Info
	Cause    call.Cause
	Keys     string        // pressed by the other side
	Answered time.Duration // from dialling to the answer
	Length   time.Duration // from the answer to the end
	Done     bool          // the script was carried out to its end
}

// Call makes a call and is done when it is over: hung up by the other side,
// or by us when ctx ends or the limit is reached. A refusal is a
// *call.RefusedError.
func Call(ctx context.Context, sw call.Switch, opt Options) (Result, error) {
	if opt.Tell == nil {
		opt.Tell = func(string, ...any) {}
	}
	began := time.Now()
	opt.Dial.OnRing = func(code int) { opt.Tell("ringing (%d)", code) }
	leg, err := sw.Dial(ctx, opt.Target, opt.Dial)
	if err != nil {
		return Result{}, err
	}
	answered := time.Now()
	opt.Tell("answered after %d ms", answered.Sub(began).Milliseconds())
	p := &person{opt: opt, leg: leg, ear: newEar(opt.Heard)}
	stop := leg.Tap(call.Heard, p.ear)
	err = p.talk(ctx)
	stop()
	r := Result{
		Info: leg.Info(), Cause: leg.Cause(), Keys: p.heardKeys(), Done: p.done,
		Answered: answered.Sub(began), Length: time.Since(answered),
	}
	return r, err
}

// person is one call while it lasts.
type person struct {
	opt  Options
	leg  call.Leg
	ear  *ear
	done bool

	mu   sync.Mutex
	keys []byte
}

func (p *person) heardKeys() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.keys)
}

// talk carries out the script, then listens until the call is over.
func (p *person) talk(ctx context.Context) error {
	limit := ctx
	if p.opt.Limit > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, p.opt.Limit)
		defer cancel()
	}
	live, cancel := call.Context(limit, p.leg)
	var hands sync.WaitGroup
	hands.Go(func() { p.listen(live) })
	if p.opt.Play != nil {
		hands.Go(func() { _ = p.leg.Play(live, p.opt.Play) }) // cut by the end of the call
	}
	err := p.act(live)
	if err == nil {
		p.done = true
		<-live.Done()
		err = context.Cause(live)
	}
	bye, end := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer end()
	_ = p.leg.Hangup(bye, call.Normal)
	cancel()
	hands.Wait()
	if errors.Is(err, call.ErrHungup) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil // the ordinary ends of a call
	}
	return err
}

// listen keeps the keys that the other side presses.
func (p *person) listen(ctx context.Context) {
	keys, stop := p.leg.Keys()
	defer stop()
	for {
		select {
		case k := <-keys:
			p.heardKey(k)
			continue
		case <-ctx.Done():
		}
		select { // what was pressed right before the end counts, too
		case k := <-keys:
			p.heardKey(k)
		default:
			return
		}
	}
}

func (p *person) heardKey(k call.Key) {
	p.opt.Tell("heard key %c", k.Digit)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, k.Digit)
}

func (p *person) act(ctx context.Context) error {
	for _, s := range p.opt.Steps {
		var err error
		switch {
		case s.Keys != "":
			err = p.press(ctx, s.Keys)
		case s.Quiet > 0:
			err = p.ear.quiet(ctx, s.Quiet)
		default:
			err = wait(ctx, s.Wait)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *person) press(ctx context.Context, keys string) error {
	for _, k := range keys {
		p.opt.Tell("pressing %c", k)
		if err := p.leg.SendKeys(ctx, string(k), keyLength); err != nil {
			return err
		}
		if err := wait(ctx, keyGap); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
