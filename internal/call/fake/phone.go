// Package fake is a phone for tests and for the simulator: a call.Leg with a
// person on the far end who hears what is played, speaks and presses keys.
// There is no network; time is what time says, so in a testing/synctest
// bubble a long call takes no time.
package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
)

// Phone is a call.Leg, a call.Ringer, a call.Echoer, a call.Leveler and a
// call.Transferrer. Make one with New.
type Phone struct {
	// Codec is what the phone hears in; PCMU unless changed before use.
	Codec *audio.Codec
	// Fail makes methods fail, by name ("Answer", "Play", "Hangup" …), for
	// tests of what happens then. Set it before use.
	Fail map[string]error
	// Referred is how a transfer goes. Set it before use.
	Referred call.ReferResult

	info    call.Info
	events  event.Log
	ended   chan struct{}
	playing chan struct{} // holds a token while something is played

	mu       sync.Mutex
	log      []string
	answered bool
	cause    call.Cause
	keys     map[chan call.Key]bool
	hearing  []byte // the frame that is being heard
	saying   *utterance
	held     int // taps and subscriptions that are not given back
}

// New is a phone that has just rung us, or, if info says Outbound, has just
// answered. Answered facts go to log; nil is nowhere.
func New(info call.Info, log event.Log) *Phone {
	if log == nil {
		log = event.Discard
	}
	if info.Direction == "" {
		info.Direction = call.Inbound
	}
	return &Phone{
		Codec: audio.PCMU, info: info, events: log, ended: make(chan struct{}), playing: make(chan struct{}, 1),
		keys: map[chan call.Key]bool{}, answered: info.Direction == call.Outbound,
		Referred: call.ReferResult{Status: 202, Notified: 200},
	}
}

// Log is what happened to the phone, one line each: "answer", `hear say "Hi"`,
// "cut short", "hangup NORMAL_CLEARING by us".
func (p *Phone) Log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.log...)
}

// Heard is Log's lines in one, for comparing: "answer|hear …|hangup …".
func (p *Phone) Heard() string { return strings.Join(p.Log(), "|") }

// Held is how many taps and key subscriptions are not given back.
func (p *Phone) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *Phone) note(format string, a ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, fmt.Sprintf(format, a...))
}

// keyTime is how long a key of the person is down.
const keyTime = 100 * time.Millisecond

// Press presses keys, a tenth of a second each; it returns when the last one
// is up again, or the call is over.
func (p *Phone) Press(keys string) {
	for i := range len(keys) {
		select {
		case <-time.After(keyTime):
			p.press(call.Key{Digit: keys[i], Via: call.ViaRTP, Held: keyTime})
		case <-p.ended:
			return
		}
	}
}

// press gives a key to whoever listens, as a leg does: one who does not read
// misses it.
func (p *Phone) press(k call.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ch := range p.keys {
		select {
		case ch <- k:
		default:
		}
	}
}

// utterance is something the person began to say.
type utterance struct {
	sound audio.Sound
	began time.Time
}

// Say makes the person speak s, from now on and once; before it, and when it
// is over, they are silent. Only taps hear it.
func (p *Phone) Say(s audio.Sound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saying = &utterance{s, time.Now()}
}

// Drop hangs up, as the person.
func (p *Phone) Drop() {
	by := call.ByCaller
	if p.info.Direction == call.Outbound {
		by = call.ByCallee
	}
	p.end(call.Cause{Name: "NORMAL_CLEARING", By: by})
}

func (p *Phone) end(why call.Cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		return
	default:
	}
	p.cause = why
	line := "hangup " + why.Name + " by " + why.By
	if !p.answered && why.By == call.ByUs {
		line = fmt.Sprintf("refused %d by %s", why.Code(), why.By)
	}
	if why.Text != "" {
		line += " (" + why.Text + ")"
	}
	p.log = append(p.log, line)
	close(p.ended)
}

// Info implements call.Leg.
func (p *Phone) Info() call.Info { return p.info }

// Answer implements call.Leg.
func (p *Phone) Answer(ctx context.Context) error {
	if err := p.ready(ctx, "Answer"); err != nil {
		return err
	}
	p.mu.Lock()
	first := !p.answered
	p.answered = true
	p.mu.Unlock()
	if first {
		p.note("answer")
		p.events.Add(event.Event{
			At: time.Now(), Call: p.info.ID, What: event.Answered{Codec: p.Codec.Name},
		})
	}
	return nil
}

// ready is why a method can not do anything: it is made to fail, the call is
// over, or ctx is.
func (p *Phone) ready(ctx context.Context, method string) error {
	if err := p.Fail[method]; err != nil {
		return err
	}
	select {
	case <-p.ended:
		return call.ErrHungup
	default:
		return context.Cause(ctx)
	}
}

// Hangup implements call.Leg.
func (p *Phone) Hangup(_ context.Context, why call.Cause) error {
	if err := p.Fail["Hangup"]; err != nil {
		return err
	}
	p.end(why)
	return nil
}

// Ended implements call.Leg.
func (p *Phone) Ended() <-chan struct{} { return p.ended }

// Cause implements call.Leg.
func (p *Phone) Cause() call.Cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}

// Ring implements call.Ringer.
func (p *Phone) Ring(ctx context.Context) error { return p.provisional(ctx, "Ring", "ring", 180) }

// Progress implements call.Ringer.
func (p *Phone) Progress(ctx context.Context) error {
	return p.provisional(ctx, "Progress", "progress", 183)
}

func (p *Phone) provisional(ctx context.Context, method, line string, code int) error {
	if err := p.ready(ctx, method); err != nil {
		return err
	}
	p.note("%s", line)
	p.events.Add(event.Event{At: time.Now(), Call: p.info.ID, What: event.Ringing{Code: code}})
	return nil
}

// Echo implements call.Echoer.
func (p *Phone) Echo(ctx context.Context) error {
	if err := p.ready(ctx, "Echo"); err != nil {
		return err
	}
	p.note("echo")
	return p.wait(ctx, nil)
}

// wait returns when the call or ctx is over (why), or when tick comes (nil).
func (p *Phone) wait(ctx context.Context, tick <-chan time.Time) error {
	select {
	case <-tick:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.ended:
		return call.ErrHungup
	}
}

// Play implements call.Player. It takes as long as the sound does.
func (p *Phone) Play(ctx context.Context, s audio.Sound) error {
	select {
	case p.playing <- struct{}{}:
		defer func() { <-p.playing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.ended:
		return call.ErrHungup
	}
	if err := p.ready(ctx, "Play"); err != nil {
		return err
	}
	p.note("hear %s", s)
	cur := s.Open(p.Codec)
	defer cur.Close()
	defer p.hear(nil)
	tick := time.NewTicker(audio.FrameTime)
	defer tick.Stop()
	for {
		frame, err := cur.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, audio.ErrNotYet):
			frame = nil
		case err != nil:
			return err
		}
		p.hear(frame)
		if err := p.wait(ctx, tick.C); err != nil {
			p.note("cut short")
			return err
		}
	}
}

func (p *Phone) hear(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hearing = append(p.hearing[:0], frame...)
}

// Keys implements call.Keypad.
func (p *Phone) Keys() (<-chan call.Key, func()) {
	ch := make(chan call.Key, 64)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[ch] = true
	p.held++
	return ch, sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.keys, ch)
		p.held--
	})
}

// SendKeys implements call.Keypad.
func (p *Phone) SendKeys(ctx context.Context, keys string, each time.Duration) error {
	if err := p.ready(ctx, "SendKeys"); err != nil {
		return err
	}
	p.note("keys %s", keys)
	for _, k := range keys {
		took := each
		switch k {
		case 'w':
			took = 500 * time.Millisecond
		case 'W':
			took = time.Second
		}
		if err := p.wait(ctx, time.After(took)); err != nil {
			return err
		}
	}
	return nil
}

// SetLevel implements call.Leveler. It is noted, and changes nothing.
func (p *Phone) SetLevel(side call.Side, level int) { p.note("%s at level %d", side, level) }

// Refer implements call.Transferrer.
func (p *Phone) Refer(ctx context.Context, target string, headers map[string]string) (call.ReferResult, error) {
	if err := p.ready(ctx, "Refer"); err != nil {
		return call.ReferResult{}, err
	}
	line := []string{"refer to", target}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		line = append(line, name+":", headers[name])
	}
	p.note("%s", strings.Join(line, " "))
	return p.Referred, nil
}

var (
	_ call.Leg         = (*Phone)(nil)
	_ call.Ringer      = (*Phone)(nil)
	_ call.Echoer      = (*Phone)(nil)
	_ call.Leveler     = (*Phone)(nil)
	_ call.Transferrer = (*Phone)(nil)
)
