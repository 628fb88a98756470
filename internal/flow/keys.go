package flow

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// maxAhead bounds the keys that are kept for later.
const maxAhead = 256

// typeAhead gets every key of a call: whoever asks for keys has them, the rest
// is kept for whoever collects next.
type typeAhead struct {
	mu    sync.Mutex
	kept  []byte
	sent  int           // how many of kept the last webhook carried
	taker chan call.Key // who gets the keys now; nil keeps them
	cut   func(byte)    // told of every key that is kept
}

// press takes one key. It reports whether there was room for it.
func (t *typeAhead) press(k call.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taker != nil {
		select {
		case t.taker <- k:
			return true
		default:
			return false
		}
	}
	if t.cut != nil {
		t.cut(k.Digit)
	}
	return t.keep(k.Digit)
}

func (t *typeAhead) keep(k byte) bool {
	if len(t.kept) == maxAhead {
		return false
	}
	t.kept = append(t.kept, k)
	return true
}

// listen gives the keys from now on to the channel it returns, until stop;
// what was not read by then is kept after all, or thrown away.
func (t *typeAhead) listen(keep bool) (<-chan call.Key, func()) {
	ch := make(chan call.Key, maxAhead)
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.taker
	t.taker = ch
	return ch, sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.taker = before
		for keep {
			select {
			case k := <-ch:
				t.keep(k.Digit)
			default:
				return
			}
		}
	})
}

// take returns what is kept, which is kept no more.
func (t *typeAhead) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := string(t.kept)
	t.kept, t.sent = nil, 0
	return was
}

// unread puts keys back in front of what is kept.
func (t *typeAhead) unread(keys string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := append([]byte(keys), t.kept...)
	t.kept, t.sent = all[:min(len(all), maxAhead)], 0
}

func (t *typeAhead) peek() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// report is what is kept, to be carried by a webhook, or nothing; drop forgets
// that much.
func (t *typeAhead) report(carry bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = 0
	if carry {
		t.sent = len(t.kept)
	}
	return string(t.kept[:t.sent])
}

func (t *typeAhead) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept, t.sent = t.kept[t.sent:], 0
}

// cutError is why a sound was cut short by a key.
type cutError struct{ key byte }

func (*cutError) Error() string { return "flow: cut short by a key" }

// during does something that one of the keys in terminators ends, and returns
// that key.
func (t *typeAhead) during(ctx context.Context, terminators string, do func(context.Context) error) (string, error) {
	if terminators == "" {
		return "", do(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.watch(func(k byte) {
		if strings.IndexByte(terminators, k) >= 0 {
			cancel(&cutError{k})
		}
	})
	defer t.watch(nil)
	err := do(ctx)
	if by, ok := errors.AsType[*cutError](err); ok {
		return string(by.key), nil
	}
	return "", err
}

func (t *typeAhead) watch(cut func(byte)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut = cut
}

// listen puts every key of the leg on the timeline and passes it on, until
// the returned function is called. That waits for its goroutine.
func (s *Session) listen() (stop func()) {
	keys, unsubscribe := s.Leg.Keys()
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case k := <-keys:
				s.pressed(k)
			case <-quit:
				s.drain(keys)
				return
			}
		}
	}()
	return func() {
		unsubscribe()
		close(quit)
		<-done
	}
}

// drain takes the keys that were pressed just before the end.
func (s *Session) drain(keys <-chan call.Key) {
	for {
		select {
		case k := <-keys:
			s.pressed(k)
		default:
			return
		}
	}
}

func (s *Session) pressed(k call.Key) {
	s.Add(event.Pressed{Key: s.discreet(string(k.Digit)), Via: k.Via, Held: event.Millis(k.Held)})
	if !s.typed.press(k) {
		s.Add(event.Warned{Code: "keys.full", Message: "a key was dropped: too many were pressed and nothing asked for them"})
	}
}
