package rtp

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// digits are the keys by their event code, RFC 4733 section 3.2.
const digits = "0123456789*#ABCD"

const (
	eventBytes  = 4
	eventVolume = 10 // dB below 0 dBm0
	eventEnds   = 3  // times an event's end is sent
	// eventLost is how long an event may be silent before its end counts as
	// lost. Senders repeat it every 20 to 50 ms.
	eventLost = 200 * time.Millisecond
	// eventOver is how long after its end a packet may still belong to an
	// event rather than to a new one of a sender that uses a time twice.
	eventOver = time.Second
	// eventFull is the longest duration that fits; longer events go on in
	// segments (RFC 4733 section 2.5.1.3).
	eventFull = 0xffff
)

// The bounds of a key press sent, and the silence after it.
const (
	keyDefault = 100 * time.Millisecond
	keyMin     = 40 * time.Millisecond
	keyMax     = 5 * time.Second
	keyGap     = 60 * time.Millisecond
)

// SendKeys presses keys (0-9 * # A-D; w and W are half a second and a second
// of silence), each for the time given (0 is 100 ms; from 40 ms to 5 s), and
// returns when they are sent: as RFC 4733 events if these were agreed on, else
// as sound. It waits for its turn like Play.
func (s *Stream) SendKeys(ctx context.Context, keys string, each time.Duration) error {
	keys = strings.Map(upper, keys)
	for _, k := range keys {
		if !strings.ContainsRune(digits+"wW", k) {
			return fmt.Errorf("rtp: no such key: %q", k)
		}
	}
	if each == 0 {
		each = keyDefault
	}
	return s.take(ctx, &keying{keys: keys, length: frames(min(max(each, keyMin), keyMax))})
}

func upper(r rune) rune {
	if r >= 'a' && r <= 'd' {
		return r - 'a' + 'A'
	}
	return r
}

func frames(d time.Duration) int { return int((d + audio.FrameTime - 1) / audio.FrameTime) }

// keying is a row of keys on its way out.
type keying struct {
	keys    string
	length  int // frames of each press
	pause   int // frames of silence still due
	at      int // frame of the press that keys begins with
	began   uint32
	payload [eventBytes]byte
	sound   *playing // all of it, where no events were agreed on
}

func (k *keying) next(s *Stream) (frame, error) {
	if k.sound != nil {
		return k.sound.next(s)
	}
	for k.pause == 0 {
		switch {
		case k.keys == "":
			return frame{}, io.EOF
		case k.keys[0] == 'w':
			k.over(frames(time.Second / 2))
		case k.keys[0] == 'W':
			k.over(frames(time.Second))
		case s.params.EventPT < 0:
			return k.sing(s)
		default:
			return k.event(s), nil
		}
	}
	k.pause--
	return frame{}, nil
}

// sing sends what is left as sound.
func (k *keying) sing(s *Stream) (frame, error) {
	snd, err := audio.Keys(k.keys, time.Duration(k.length)*audio.FrameTime, keyGap)
	if err != nil {
		return frame{}, err
	}
	k.at, k.sound = 0, &playing{sound: snd}
	return k.sound.next(s)
}

// over goes on to the next key after a pause.
func (k *keying) over(pause int) {
	k.keys, k.pause, k.at = k.keys[1:], pause, 0
}

// event is the coming packet of a press: the same time stamp and a growing
// duration, and the end three times.
func (k *keying) event(s *Stream) frame {
	if k.at == 0 {
		k.began = s.out.ts
	}
	first := k.at == 0
	k.at++
	end := k.at >= k.length
	f := frame{event: true, ts: k.began, marker: first, payload: k.fill(s, end)}
	if k.at == k.length+eventEnds-1 {
		k.over(frames(keyGap) - eventEnds + 1)
	}
	return f
}

func (k *keying) fill(s *Stream, end bool) []byte {
	ticks := s.params.Codec.FrameTicks() * uint32(min(k.at, k.length))
	code := strings.IndexByte(digits, k.keys[0])
	k.payload[0], k.payload[1] = byte(code), eventVolume
	if end {
		k.payload[1] |= 0x80
	}
	binary.BigEndian.PutUint16(k.payload[2:], uint16(min(ticks, eventFull)))
	return k.payload[:]
}

// end lets go of a key that is still down: the far end must not hear it held
// for ever.
func (k *keying) end(s *Stream, early bool) {
	if k.sound != nil {
		k.sound.end(s, early)
	}
	if s == nil || !early || k.at == 0 || k.pause > 0 || s.params.EventPT < 0 || s.mute() {
		return
	}
	k.length = k.at
	f := frame{event: true, ts: k.began, payload: k.fill(s, true)}
	for range eventEnds {
		s.transmit(f)
	}
}

// press is one key press heard, as its packets tell.
type press struct {
	ts       uint32 // its time, which tells it from others
	code     byte
	duration uint16 // RTP ticks so far
	base     uint32 // ticks of its earlier segments
	seq      uint16 // of its newest packet
	heard    time.Time
	told     bool
	ended    bool // its end was seen, and not only missed
}

// eventReader finds key presses in RFC 4733 packets: each once, whatever was
// lost, doubled or overtaken on the way.
type eventReader struct {
	presses [4]press // newest first
	n       int
	clock   int // Hz
}

// packet takes in one packet's payload.
func (r *eventReader) packet(seq uint16, ts uint32, payload []byte, now time.Time, tell func(Key)) {
	if len(payload) < eventBytes || int(payload[0]) >= len(digits) {
		return
	}
	code, end, duration := payload[0], payload[1]&0x80 != 0, binary.BigEndian.Uint16(payload[2:])
	p := r.find(seq, ts, code, end, duration, now)
	if p == nil {
		for i := range r.n { // a new key: those before are up
			r.tell(&r.presses[i], tell)
		}
		copy(r.presses[1:], r.presses[:])
		r.n = min(r.n+1, len(r.presses))
		r.presses[0] = press{ts: ts, code: code, seq: seq}
		p = &r.presses[0]
	}
	if int16(seq-p.seq) >= 0 {
		p.seq, p.heard = seq, now
	}
	p.duration = max(p.duration, duration)
	if end {
		p.ended = true
		r.tell(p, tell)
	}
}

// find is the press a packet belongs to, nil if it begins another.
func (r *eventReader) find(seq uint16, ts uint32, code byte, end bool, duration uint16, now time.Time) *press {
	for i := range r.n {
		p := &r.presses[i]
		if p.ts == ts && p.code == code && !again(p, seq, end, duration, now) {
			return p
		}
	}
	if r.n == 0 {
		return nil
	}
	p := &r.presses[0]
	if p.told && p.ended || p.code != code {
		return nil
	}
	switch {
	case ts == p.ts+eventFull && p.duration >= eventFull-uint16(r.clock/10): // the next segment
		p.ts, p.base, p.duration = ts, p.base+eventFull, 0
		return p
	case ts-p.ts <= uint32(r.clock/10) && duration > p.duration && int16(seq-p.seq) > 0:
		// Some gateways let the time go on within an event; it is one as long
		// as its duration grows.
		p.ts = ts
		return p
	}
	return nil
}

// again says that a packet with the time of a press already told begins a new
// one all the same: some phones do not change the time from key to key.
func again(p *press, seq uint16, end bool, duration uint16, now time.Time) bool {
	if !p.told || int16(seq-p.seq) <= 0 {
		return false
	}
	if !p.ended && duration > p.duration {
		return false // it goes on: sender or network were held up
	}
	return now.Sub(p.heard) > eventOver || !end && duration < p.duration
}

// pending says that a key is down.
func (r *eventReader) pending() bool { return r.n > 0 && !r.presses[0].told }

// tick tells presses whose end has been lost.
func (r *eventReader) tick(now time.Time, tell func(Key)) {
	for i := range r.n {
		if p := &r.presses[i]; !p.told && now.Sub(p.heard) >= eventLost {
			r.tell(p, tell)
		}
	}
}

func (r *eventReader) tell(p *press, tell func(Key)) {
	if p.told {
		return
	}
	p.told = true
	held := time.Duration(p.base+uint32(p.duration)) * time.Second / time.Duration(max(r.clock, 1))
	tell(Key{Digit: digits[p.code], Held: held})
}
