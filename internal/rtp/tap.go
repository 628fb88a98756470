package rtp

import (
	"log/slog"
	"slices"

	pion "github.com/pion/rtp"

	"github.com/pivotvoice/pivot/internal/audio"
)

// listeners are those who hear a stream's sound. Without any, nothing is
// decoded. It is guarded by the stream.
type listeners struct {
	log    *slog.Logger
	codec  *audio.Codec
	taps   []*tap
	ear    *audio.KeyDetector // nil if not wanted
	buffer *reorder           // of the side heard; nil if nobody listens to it
	spoken audio.Decoder
	// echoed is what went out between two ticks, delayed the last frames
	// spoken, which wait for the frames heard to come out of the buffer.
	echoed    []int16
	delayed   [ahead][]int16
	turn      int
	pcm       [3][]int16 // room for what was heard, was spoken, and the two mixed
	lateSoFar uint64
}

// tap is one listener.
type tap struct {
	side  Side
	sink  audio.Sink
	size  int // samples of its frames
	ratio *audio.Resampler
	fault error   // the rate cannot be served
	rest  []int16 // not enough for a frame yet
}

// Tap copies one side's sound to the sink, at the sink's rate, from now until
// stop; stop returns when the sink is not used any more. A sink that fails is
// dropped. The side heard comes 60 ms late, after a jitter buffer, and of both
// sides the one spoken is held back as long. The sink must not call the stream.
func (s *Stream) Tap(side Side, to audio.Sink) (stop func()) {
	t := &tap{side: side, sink: to, size: to.Rate() / audio.FramesPerSecond}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || t.size <= 0 {
		return func() {}
	}
	t.restart(s.taps.codec)
	s.taps.taps = append(s.taps.taps, t)
	s.taps.settle()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.taps.remove(t)
	}
}

func (l *listeners) remove(t *tap) {
	if i := slices.Index(l.taps, t); i >= 0 {
		l.taps = slices.Delete(l.taps, i, i+1)
		l.settle()
	}
}

// restart begins anew in another codec.
func (l *listeners) restart(c *audio.Codec) {
	l.forget()
	l.codec, l.spoken = c, nil
	if l.ear != nil {
		l.ear = audio.NewKeyDetector(c.SampleRate)
	}
	for _, t := range l.taps {
		t.restart(c)
	}
	l.settle()
}

// inband turns the finding of keys in the sound on or off.
func (l *listeners) inband(on bool) {
	switch {
	case !on:
		l.ear = nil
	case l.ear == nil:
		l.ear = audio.NewKeyDetector(l.codec.SampleRate)
	}
	l.settle()
}

// settle makes what the listeners need, and drops what nobody does.
func (l *listeners) settle() {
	if l.codec == nil {
		return
	}
	heard, spoken := l.ear != nil, false
	for _, t := range l.taps {
		heard = heard || t.side != Spoken
		spoken = spoken || t.side != Heard
	}
	switch {
	case !heard:
		l.forget()
	case l.buffer == nil:
		l.buffer = newReorder(l.codec)
	}
	switch {
	case !spoken:
		l.spoken, l.echoed, l.delayed = nil, nil, [ahead][]int16{}
	case l.spoken == nil:
		l.spoken = l.codec.NewDecoder()
	}
}

func (l *listeners) forget() {
	l.lateSoFar = l.late()
	l.buffer = nil
}

// late counts the packets that came too late to be heard.
func (l *listeners) late() uint64 {
	if l.buffer == nil {
		return l.lateSoFar
	}
	return l.lateSoFar + l.buffer.late
}

// packet takes in a packet of sound.
func (l *listeners) packet(p *pion.Packet, fresh bool) {
	if l.buffer != nil {
		l.buffer.packet(p, fresh)
	}
}

// forwarded takes in a payload that went out between two ticks.
func (l *listeners) forwarded(payload []byte) {
	if l.spoken != nil && len(l.echoed) < l.codec.SampleRate {
		l.echoed = l.spoken.Decode(l.echoed, payload)
	}
}

// hear is called once in every 20 ms with what went out. Listeners get what
// was heard as loud as volume makes it, nil leaving it. It returns the keys
// found in what was heard.
func (l *listeners) hear(f frame, volume *audio.Volume) (keys []Key) {
	if l.buffer == nil && l.spoken == nil {
		return nil
	}
	var heard, spoken []int16
	if l.buffer != nil {
		heard = l.buffer.frame(l.pcm[0][:0])
		l.pcm[0] = heard
		keys = l.listen(heard)
		if volume != nil {
			volume.Samples(heard)
		}
	}
	if l.spoken != nil {
		spoken = l.speak(f)
		l.pcm[1] = spoken
	}
	var mixed []int16
	if heard != nil && spoken != nil {
		mixed = l.mix(heard, spoken)
	}
	for _, t := range slices.Backward(l.taps) {
		if err := t.give([...][]int16{heard, spoken, mixed}[t.side]); err != nil {
			l.log.Warn("rtp: a listener is dropped", "error", err)
			l.remove(t)
		}
	}
	return keys
}

// speak is the sound of a frame that went out.
func (l *listeners) speak(f frame) []int16 {
	n := l.codec.FrameSamples()
	pcm := l.pcm[1][:0]
	if f.payload != nil && !f.event {
		pcm = l.spoken.Decode(pcm, f.payload)
	} else if m := min(n, len(l.echoed)); m > 0 {
		pcm = append(pcm, l.echoed[:m]...)
		l.echoed = slices.Delete(l.echoed, 0, m)
	}
	for len(pcm) < n {
		pcm = append(pcm, 0)
	}
	return pcm[:n]
}

// mix adds what was spoken when the far end said what is heard now.
func (l *listeners) mix(heard, spoken []int16) []int16 {
	then := l.delayed[l.turn]
	out := append(l.pcm[2][:0], heard...)
	for i := range min(len(then), len(out)) {
		out[i] = int16(min(max(int(out[i])+int(then[i]), -1<<15), 1<<15-1))
	}
	l.pcm[2] = out
	l.delayed[l.turn] = append(then[:0], spoken...)
	l.turn = (l.turn + 1) % ahead
	return out
}

// listen finds keys in the sound.
func (l *listeners) listen(heard []int16) (keys []Key) {
	if l.ear == nil {
		return nil
	}
	for _, c := range l.ear.Write(heard) {
		if !c.Down {
			keys = append(keys, Key{Digit: c.Key, Inband: true, Held: c.Held})
		}
	}
	return keys
}

// restart begins anew with sound of codec c.
func (t *tap) restart(c *audio.Codec) {
	t.ratio = nil
	if c == nil || c.SampleRate == t.sink.Rate() {
		return
	}
	t.ratio, t.fault = audio.NewResampler(c.SampleRate, t.sink.Rate())
}

// give hands the sink its frames.
func (t *tap) give(pcm []int16) error {
	switch {
	case t.fault != nil:
		return t.fault
	case t.ratio == nil && len(t.rest) == 0 && len(pcm) == t.size:
		return t.sink.WriteFrame(pcm)
	case t.ratio == nil:
		t.rest = append(t.rest, pcm...)
	default:
		t.rest = t.ratio.Resample(t.rest, pcm)
	}
	for len(t.rest) >= t.size {
		if err := t.sink.WriteFrame(t.rest[:t.size]); err != nil {
			return err
		}
		t.rest = slices.Delete(t.rest, 0, t.size)
	}
	return nil
}
