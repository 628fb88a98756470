package sip

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/rtp"
)

var (
	_ call.Leg         = (*leg)(nil)
	_ call.Ringer      = (*leg)(nil)
	_ call.Echoer      = (*leg)(nil)
	_ call.Leveler     = (*leg)(nil)
	_ call.Transferrer = (*leg)(nil)
)

// errNoEarlyMedia is sound to a caller who cannot get any before the answer.
var errNoEarlyMedia = errors.New("sip: the caller made no offer, so it hears nothing before the answer")

// leg is one call. It puts a dialog, a stream and a key hub together; what it
// does with them is in uas.go and uac.go (how it begins), modify.go (what
// changes later), refer.go (transfers) and end.go.
type leg struct {
	srv    *Server
	thread *thread
	tag    string // our own
	ours   bool   // we called
	info   call.Info
	keys   keyHub
	media  *media // nil only if none could be opened; then the leg is never seen

	ready  chan struct{} // closed once it is answered and its sound agreed on
	ended  chan struct{} // closed when it is over; cause holds then
	cause  call.Cause
	cancel context.CancelCauseFunc // of the context that OnCall has

	// What follows belongs to the thread.
	phase   phase
	dialog  *dialog
	uas     *uas
	uac     *uac
	unacked *unacked // a 2xx of ours without its ACK
	reoffer *reoffer // an offer of ours without its answer
	session session
	dead    *time.Timer // watches for silence
	held    *event.Held // what was last told of hold
	given   bool        // the application has it: it tells its beginning and end
	allows  string      // the far end's Allow

	referral *referral // our last REFER, nil if there was none
}

func (s *Server) newLeg(t *thread, info call.Info, ours bool) *leg {
	return &leg{
		srv: s, thread: t, tag: newTag(), ours: ours, info: info,
		ready: make(chan struct{}), ended: make(chan struct{}), cancel: func(error) {},
	}
}

func (l *leg) Info() call.Info        { return l.info }
func (l *leg) Ended() <-chan struct{} { return l.ended }

// Cause is why the leg ended, the zero Cause before.
func (l *leg) Cause() call.Cause {
	select {
	case <-l.ended:
		return l.cause
	default:
		return call.Cause{}
	}
}

// Answer takes the call. With an offer in the INVITE it returns as soon as the
// 200 has left; without one there is no sound before the ACK, which it awaits.
func (l *leg) Answer(ctx context.Context) error {
	var err error
	l.thread.do(func() { err = l.answer() })
	if err != nil {
		return err
	}
	return l.await(ctx, l.ready)
}

// await waits for ch, the end of the leg or of ctx.
func (l *leg) await(ctx context.Context, ch <-chan struct{}) error {
	select {
	case <-ch:
		return nil
	default:
	}
	select {
	case <-ch:
		return nil
	case <-l.ended:
		return call.ErrHungup
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *leg) Hangup(_ context.Context, why call.Cause) error {
	l.thread.do(func() { l.hangup(why) })
	return nil
}

// Ring sends 180. It does nothing once the call is answered or over.
func (l *leg) Ring(context.Context) error {
	l.thread.do(func() { l.ring(180, false) })
	return nil
}

// Progress sends 183 with early media.
func (l *leg) Progress(ctx context.Context) error { return l.progress(ctx) }

// Play sends sound; before the answer it asks for early media first.
func (l *leg) Play(ctx context.Context, s audio.Sound) error {
	if err := l.audible(ctx); err != nil {
		return err
	}
	return l.heard(ctx, l.media.stream.Play(ctx, s))
}

// Echo lets the far end hear itself.
func (l *leg) Echo(ctx context.Context) error {
	if err := l.audible(ctx); err != nil {
		return err
	}
	return l.heard(ctx, l.media.stream.Echo(ctx))
}

// audible makes sure that the far end can hear us.
func (l *leg) audible(ctx context.Context) error {
	select {
	case <-l.ready:
		return nil
	default:
	}
	return l.progress(ctx)
}

// heard tells the end of the leg from other ends of a sound.
func (l *leg) heard(ctx context.Context, err error) error {
	if errors.Is(err, rtp.ErrClosed) {
		select {
		case <-l.ended:
			return call.ErrHungup
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
	}
	return err
}

func (l *leg) Keys() (<-chan call.Key, func()) { return l.keys.listen() }

func (l *leg) SendKeys(ctx context.Context, keys string, each time.Duration) error {
	if err := l.audible(ctx); err != nil {
		return err
	}
	return l.heard(ctx, l.media.stream.SendKeys(ctx, keys, each))
}

func (l *leg) Tap(side call.Side, to audio.Sink) func() { return l.media.stream.Tap(sideOf(side), to) }

// SetLevel makes one side, or both, louder or softer.
func (l *leg) SetLevel(side call.Side, level int) { l.media.stream.SetLevel(sideOf(side), level) }

// sideOf is a side as the media engine knows it.
func sideOf(side call.Side) rtp.Side {
	switch side {
	case call.Heard:
		return rtp.Heard
	case call.Spoken:
		return rtp.Spoken
	default:
		return rtp.Both
	}
}

// add puts a fact on the call's timeline.
func (l *leg) add(what event.Fact) { l.srv.journal.add(l.info.ID, what) }

func (l *leg) out(h hop) outlet { return outlet{hop: h, journal: l.srv.journal, call: l.info.ID} }

// move takes an input and returns what has to be done about it.
func (l *leg) move(in input) (a act) {
	l.phase, a = next(l.phase, in, l.ours)
	return a
}

// openMedia gives the leg its stream.
func (l *leg) openMedia(h hop, codecs []*audio.Codec) error {
	m, err := openMedia(l.srv.cfg.Media, l.srv.home(h), l.srv.shown(h), codecs)
	if err != nil {
		return fmt.Errorf("sip: %w", err)
	}
	m.stream.OnKey(l.keys.heard)
	l.media = m
	return nil
}

// setUp is what both kinds of leg do once they are answered and agreed.
func (l *leg) setUp() {
	l.add(event.Answered{
		Codec: l.media.agreed.Codec.Name, Local: l.media.local.Addr.String(), Remote: l.media.agreed.Remote.String(),
	})
	l.media.stream.KeepAlive(l.srv.cfg.Keepalive)
	close(l.ready)
	l.watchSilence()
}

// remember takes from a message of the far end what later requests need.
func (l *leg) remember(m sip.Message) {
	if v := values(m, "Allow"); len(v) > 0 {
		l.allows = join(v)
	}
}
