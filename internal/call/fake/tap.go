package fake

import (
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
)

// Tap implements call.Tapper: every 20 ms the sink gets what the person says,
// what is played to them, or both. The goroutine that does this ends with
// stop, which waits for it; the end of the call ends it too.
func (p *Phone) Tap(side call.Side, to audio.Sink) func() {
	p.mu.Lock()
	p.held++
	p.mu.Unlock()
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.feed(side, to, quit)
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
		p.mu.Lock()
		defer p.mu.Unlock()
		p.held--
	})
}

func (p *Phone) feed(side call.Side, to audio.Sink, quit <-chan struct{}) {
	tick := time.NewTicker(audio.FrameTime)
	defer tick.Stop()
	l := &listener{phone: p, side: side, decode: p.Codec.NewDecoder()}
	defer l.close()
	frame := make([]int16, to.Rate()/audio.FramesPerSecond)
	for {
		select {
		case <-tick.C:
		case <-quit:
			return
		case <-p.ended:
			return
		}
		stretch(frame, l.frame())
		if err := to.WriteFrame(frame); err != nil {
			return
		}
	}
}

// listener hears one side for one tap.
type listener struct {
	phone  *Phone
	side   call.Side
	decode audio.Decoder
	to     *utterance // what it listens to
	cur    audio.Cursor
	at     int // frames of it so far
}

func (l *listener) close() {
	if l.cur != nil {
		l.cur.Close()
	}
}

// frame is the next 20 ms, at the codec's rate; none is silence.
func (l *listener) frame() []int16 {
	l.phone.mu.Lock()
	saying, played := l.phone.saying, append([]byte(nil), l.phone.hearing...)
	l.phone.mu.Unlock()
	var heard, spoken []int16
	if l.side != call.Spoken {
		heard = l.person(saying)
	}
	if l.side != call.Heard && len(played) > 0 {
		spoken = l.decode.Decode(nil, played)
	}
	if len(spoken) < len(heard) {
		heard, spoken = spoken, heard
	}
	for i, v := range heard {
		spoken[i] = int16(max(-32768, min(32767, int(spoken[i])+int(v))))
	}
	return spoken
}

// person is the frame of what the person says now; what they said before the
// tap, or while the sound was still made, is passed over.
func (l *listener) person(saying *utterance) []int16 {
	if saying != l.to {
		l.close()
		l.to, l.cur, l.at = saying, saying.sound.Open(l.phone.Codec), 0
	}
	if l.cur == nil {
		return nil
	}
	for now := max(1, int(time.Since(saying.began)/audio.FrameTime)); ; {
		payload, err := l.cur.Next()
		if err != nil {
			return nil
		}
		if l.at++; l.at >= now {
			return l.decode.Decode(nil, payload)
		}
	}
}

// stretch fills to with from, repeating samples where the rates differ. It is
// good enough for a level, not for ears.
func stretch(to, from []int16) {
	clear(to)
	if len(from) == 0 {
		return
	}
	for i := range to {
		to[i] = from[i*len(from)/len(to)]
	}
}
