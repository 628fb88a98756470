package call

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// Collect is a wish for keys (spec/callflow-modules.md section 2.2).
type Collect struct {
	Max         int           // stop at this many keys; 0 is 1,000
	Terminators string        // stop at any of these keys, which are not kept
	First       time.Duration // how long to wait for the first key, once the prompts are over
	Between     time.Duration // and for each one after it
	Prompts     []audio.Sound // played until the first key
	// Prompt is played instead of Prompts where it is not nil: it returns when
	// it is over or its context ends.
	Prompt func(context.Context) error
	// Until ends the collection before its first key when it is closed, the
	// prompts too: somebody speaks. nil never does.
	Until <-chan struct{}
	// Ahead are keys pressed earlier, oldest first. They are used before any
	// new one, and the prompts are not played if there are any. Terminators in
	// front of them are dropped: they were pressed to skip a prompt.
	Ahead string
}

// maxKeys is how many keys are enough where there is no other limit.
const maxKeys = 1000

// How a collection ended.
const (
	ByMaxDigits  = "max_digits"
	ByTerminator = "terminator"
	ByTimeout    = "timeout"
	ByTypeAhead  = "type_ahead" // all of it had been pressed before
	ByOther      = "other"      // Until was closed
)

// Digits is what a collection ended with.
type Digits struct {
	Keys string // without the terminator
	By   string // ByMaxDigits …
	Rest string // what of Ahead was not used
}

// Asker is a leg as Collect needs it.
type Asker interface {
	Player
	Keys() (keys <-chan Key, stop func())
}

// From plays the prompts until a key is pressed, then gathers keys. Reaching
// the limit, a terminator and a timeout are all fine; the error is the
// context's cause, or that of a prompt that would not play.
func (c Collect) From(ctx context.Context, leg Asker) (Digits, error) {
	keys, stop := leg.Keys()
	defer stop()

	got := &Digits{}
	ahead := strings.TrimLeft(c.Ahead, c.Terminators)
	for i := range len(ahead) {
		if c.take(got, ahead[i]) {
			got.By, got.Rest = ByTypeAhead, ahead[i+1:]
			return *got, nil
		}
	}
	// What was typed ahead does not shorten the wait: those keys may be old.
	wait := c.First
	if ahead == "" && (len(c.Prompts) > 0 || c.Prompt != nil) {
		k, err := c.prompt(ctx, leg, keys)
		if err != nil {
			return *got, err
		}
		if k != 0 {
			if c.take(got, k) {
				return *got, nil
			}
			wait = c.Between
		}
	}
	return c.rest(ctx, got, keys, wait)
}

// rest gathers what is not there yet, the next key within wait.
func (c Collect) rest(ctx context.Context, got *Digits, keys <-chan Key, wait time.Duration) (Digits, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		until := c.Until
		if got.Keys != "" {
			until = nil
		}
		select {
		case <-until:
			got.By = ByOther
			return *got, nil
		case k := <-keys:
			if c.take(got, k.Digit) {
				return *got, nil
			}
			timer.Reset(c.Between)
		case <-timer.C:
			got.By = ByTimeout
			return *got, nil
		case <-ctx.Done():
			return *got, context.Cause(ctx)
		}
	}
}

// take adds one key and says whether that was the last.
func (c Collect) take(got *Digits, key byte) bool {
	if strings.IndexByte(c.Terminators, key) >= 0 {
		got.By = ByTerminator
		return true
	}
	got.Keys += string(key)
	if len(got.Keys) == c.Max || len(got.Keys) == maxKeys {
		got.By = ByMaxDigits
		return true
	}
	return false
}

// prompt plays until the prompts are over (0), a key cuts them short, or
// Until does (0).
func (c Collect) prompt(ctx context.Context, p Player, keys <-chan Key) (byte, error) {
	var pressed byte
	cut := false
	play := c.Prompt
	if play == nil {
		play = func(ctx context.Context) error { return playAll(ctx, p, c.Prompts) }
	}
	err := while(ctx, play, func(over <-chan struct{}) {
		select {
		case k := <-keys:
			pressed, cut = k.Digit, true
		case <-c.Until:
			cut = true
		case <-over:
		}
	})
	if cut {
		return pressed, nil // whether ctx is over is seen to next
	}
	return 0, err
}

// errEnough is why a prompt is cut short, as a timeline tells it.
var errEnough = errors.New("it is not needed any more")

// while does something until it is over or until returns, in a goroutine of
// its own, which is told when it is over and waited for.
func while(ctx context.Context, do func(context.Context) error, until func(over <-chan struct{})) error {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	defer func() {
		cancel(nil)
		<-done
	}()
	go func() {
		defer close(done)
		until(ctx.Done())
		cancel(errEnough)
	}()
	return do(ctx)
}

func playAll(ctx context.Context, p Player, sounds []audio.Sound) error {
	for _, s := range sounds {
		if err := p.Play(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
