package rtp

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// stall is how long a sound may have nothing to give.
const stall = 10 * time.Second

// A sound that is being made when it is to be heard first is asked for its
// first frame this often, and so many times, before that is left to the clock.
const (
	eager      = time.Millisecond
	eagerTries = 200
)

// passOver is how many frames of a sound are passed over in one tick, when it
// goes on in another codec.
const passOver = 1000

const headerBytes = 12

// sender is the state of the outgoing side.
type sender struct {
	to      address
	seq     uint16
	ts      uint32 // of the next frame
	marker  bool   // the next packet comes after silence
	filling bool   // between sounds, silence is sent
	silence []byte
	turns   []*turn
	packet  []byte // room for one
	failed  bool   // sending failed, and it was said
	keep    int    // frames after which silence is sent if nothing was; 0 is never
	idle    int    // frames since anything was sent

	sent, octets, skipped uint64
	first                 time.Time
}

// turn is one thing to be sent. The first in line has the word.
type turn struct {
	source source
	done   chan error // gets one value, of who takes it out of the line
}

// source yields what goes out. It is used under the stream's lock.
type source interface {
	// next is the coming 20 ms; io.EOF is the end.
	next(s *Stream) (frame, error)
	// end gives back what the source holds. early says that it was
	// interrupted.
	end(s *Stream, early bool)
}

// frame is what goes out in 20 ms. Without a payload nothing does.
type frame struct {
	payload []byte
	quiet   bool // do not fill the gap with silence
	event   bool // an RFC 4733 event: payload type, time and marker are its own
	ts      uint32
	marker  bool
}

// Play sends snd and returns when it is over (nil), when ctx ends (its
// cause), when the sound breaks (its error) or has nothing to give for ten
// seconds (ErrStalled), or when the stream is closed (ErrClosed). The first
// frame leaves at once. A second Play waits for its turn. While the direction
// does not allow sending, the sound goes on unheard.
func (s *Stream) Play(ctx context.Context, snd audio.Sound) error {
	return s.take(ctx, &playing{sound: snd})
}

// take waits for a turn and until it is over.
func (s *Stream) take(ctx context.Context, src source) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t := &turn{source: src, done: make(chan error, 1)}
	if err := s.enqueue(t); err != nil {
		return err
	}
	retry := time.NewTicker(eager)
	defer retry.Stop()
	for tries := 0; ; tries++ {
		if tries == eagerTries || s.begin(t) {
			retry.Stop()
		}
		select {
		case err := <-t.done:
			return err
		case <-ctx.Done():
			if s.withdraw(t) {
				return context.Cause(ctx)
			}
			return <-t.done
		case <-retry.C:
		}
	}
}

// enqueue puts t in line.
func (s *Stream) enqueue(t *turn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case !s.ready:
		return ErrNotConfigured
	}
	s.out.turns = append(s.out.turns, t)
	return nil
}

// begin has the first frame of t leave now, if t has the word and nothing goes
// out yet, and moves the stream to a slot that fits the next one. It is false
// if the sound is not ready: it is worth trying again, sooner than at the next
// tick.
func (s *Stream) begin(t *turn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.out.turns) == 0 || s.out.turns[0] != t || !s.out.marker || s.mute() {
		return true // it is the clock's
	}
	f := s.frame()
	if f.payload == nil {
		return f.quiet || len(s.out.turns) == 0 || s.out.turns[0] != t
	}
	s.emit(f)
	s.next = s.clock.place(s, time.Now().Add(audio.FrameTime))
	return true
}

// withdraw takes t out of the line; false if its turn is over already.
func (s *Stream) withdraw(t *turn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.out.turns, t)
	if i < 0 {
		return false
	}
	s.out.turns = slices.Delete(s.out.turns, i, i+1)
	t.source.end(s, true)
	return true
}

// clear ends all turns with why, because nothing is sent any more.
func (o *sender) clear(why error) {
	for _, t := range o.turns {
		t.source.end(nil, true)
		t.done <- why
	}
	o.turns = nil
}

// send sends one frame, or nothing if there is none; the time of the stream
// goes on in any case.
func (s *Stream) send() { s.emit(s.frame()) }

func (s *Stream) emit(f frame) {
	if f.payload == nil && s.out.keep > 0 {
		f.payload = s.out.kept(f.quiet)
	}
	if !s.mute() && f.payload != nil {
		if !f.event {
			f.payload = s.levels.out.payload(f.payload)
		}
		s.transmit(f)
	} else {
		f.payload = nil
		s.out.marker = s.out.marker || !f.quiet
	}
	s.keys = append(s.keys, s.taps.hear(f, s.levels.in.volume)...)
	s.out.ts += s.params.Codec.FrameTicks()
}

// KeepAlive has a frame of silence sent whenever nothing was sent for so long,
// so that who watches the packets does not take the call for dead (RFC 6263
// names ways; this one is understood by all). 0 is never, audio.FrameTime
// leaves no gap. While the direction does not allow sending, nothing is sent.
func (s *Stream) KeepAlive(every time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.keep, s.out.idle = frames(every), 0
}

// kept is silence if it is time for some, else nothing. It is asked once in
// each frame in which there is nothing to send. What is echoed goes out between
// the frames, later and earlier: silence is not to come into its midst.
func (o *sender) kept(echoing bool) []byte {
	wait := o.keep
	if echoing {
		wait = max(wait, leap+1)
	}
	if o.idle++; o.idle < wait {
		return nil
	}
	return o.silence
}

// mute says that nothing may be sent: on hold, or with nobody to send to.
func (s *Stream) mute() bool { return !s.params.Send || s.out.to.Addr().IsUnspecified() }

// skip leaves out one frame's time. What plays waits.
func (s *Stream) skip() {
	s.keys = append(s.keys, s.taps.hear(frame{}, s.levels.in.volume)...)
	s.out.marker = true
	s.out.skipped++
	s.out.ts += s.params.Codec.FrameTicks()
}

// frame is the coming 20 ms of whoever has the word, or else silence.
func (s *Stream) frame() frame {
	for len(s.out.turns) > 0 {
		t := s.out.turns[0]
		f, err := t.source.next(s)
		if err == nil {
			s.out.filling = s.out.filling || f.payload != nil
			return s.filled(f)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		s.out.turns = slices.Delete(s.out.turns, 0, 1)
		t.source.end(s, false)
		t.done <- err
	}
	return s.filled(frame{})
}

// filled puts silence where nothing is, if that was agreed on.
func (s *Stream) filled(f frame) frame {
	if f.payload == nil && !f.quiet && s.out.filling && !s.params.NoFill {
		f.payload = s.out.silence
	}
	return f
}

// transmit sends one packet. A packet that cannot be sent is lost, like one
// lost on the way.
func (s *Stream) transmit(f frame) {
	h := pion.Header{
		Version: 2, SSRC: s.ssrc, SequenceNumber: s.out.seq,
		Marker: s.out.marker, PayloadType: s.params.PayloadType, Timestamp: s.out.ts,
	}
	if f.event {
		h.Marker, h.PayloadType, h.Timestamp = f.marker, uint8(s.params.EventPT), f.ts
	}
	s.write(h, f.payload)
	s.out.marker = false
}

func (s *Stream) write(h pion.Header, payload []byte) {
	o := &s.out
	if cap(o.packet) < headerBytes+len(payload) {
		o.packet = make([]byte, headerBytes+len(payload))
	}
	p := o.packet[:headerBytes+len(payload)]
	if _, err := h.MarshalTo(p); err != nil {
		return
	}
	copy(p[headerBytes:], payload)
	o.seq++
	o.idle = 0
	if err := s.media.send(p, o.to); err != nil {
		if !o.failed {
			o.failed = true
			s.engine.log.Warn("rtp: cannot send", "to", o.to.AddrPort, "error", err)
		}
		return
	}
	if o.sent == 0 {
		o.first = time.Now()
	}
	o.sent++
	o.octets += uint64(len(payload))
}

// playing is a sound on its way out.
type playing struct {
	sound  audio.Sound
	codec  *audio.Codec
	cursor audio.Cursor
	played int       // frames
	behind int       // frames to pass over after a change of codec
	wanted time.Time // since when nothing came; zero if something did
}

func (p *playing) next(s *Stream) (frame, error) {
	if p.codec != s.params.Codec {
		p.end(s, false)
		p.codec = s.params.Codec
		p.cursor = p.sound.Open(p.codec)
		p.behind = p.played
	}
	for {
		payload, err := p.cursor.Next()
		switch {
		case errors.Is(err, audio.ErrNotYet):
			return frame{}, p.lack(time.Now())
		case err != nil:
			return frame{}, err
		}
		p.wanted = time.Time{}
		if p.behind == 0 {
			p.played++
			return frame{payload: payload}, nil
		}
		if p.behind--; p.behind%passOver == 0 {
			return frame{}, nil
		}
	}
}

// lack says how long is too long for nothing to come.
func (p *playing) lack(now time.Time) error {
	if p.wanted.IsZero() {
		p.wanted = now
	}
	if now.Sub(p.wanted) > stall {
		return ErrStalled
	}
	return nil
}

func (p *playing) end(*Stream, bool) {
	if p.cursor != nil {
		p.cursor.Close()
		p.cursor = nil
	}
}

// Echo sends back what is heard until ctx ends, and returns its cause. It
// waits for its turn like Play.
func (s *Stream) Echo(ctx context.Context) error { return s.take(ctx, &echoing{}) }

// echoing forwards packets as they come, in their own time.
type echoing struct {
	began  bool
	seq    uint16 // of the next packet, if nobody else sends one
	offset uint32 // from their timestamps to ours
	last   uint32 // our timestamp sent last
}

// leap is how far, in frames, timestamps may jump before they start anew.
const leap = 25

func (e *echoing) next(*Stream) (frame, error) { return frame{quiet: true}, nil }

func (e *echoing) end(s *Stream, _ bool) {
	if s == nil || !e.began {
		return
	}
	if next := e.last + s.params.Codec.FrameTicks(); int32(next-s.out.ts) > 0 {
		s.out.ts = next
	}
	s.out.filling = true
}

// forward sends one packet heard back to where it came from.
func (e *echoing) forward(s *Stream, p *pion.Packet) {
	if s.mute() {
		return
	}
	ticks := int32(s.params.Codec.FrameTicks())
	alone := e.began && e.seq == s.out.seq
	if d := int32(p.Timestamp + e.offset - s.out.ts); !alone || d > leap*ticks || d < -leap*ticks {
		e.offset = s.out.ts - p.Timestamp
		e.began = true
	}
	e.last = p.Timestamp + e.offset
	payload := s.levels.out.payload(s.levels.in.payload(p.Payload))
	s.write(pion.Header{
		Version: 2, SSRC: s.ssrc, SequenceNumber: s.out.seq, Marker: p.Marker || s.out.marker,
		PayloadType: s.params.PayloadType, Timestamp: e.last,
	}, payload)
	e.seq = s.out.seq
	s.out.marker = false
	s.taps.forwarded(payload)
}
