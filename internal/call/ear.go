package call

import (
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// EarRate is the rate at which an Ear listens, in Hz: that of recognisers.
const EarRate = 16000

// MaxSpeech is the longest that anybody is listened to at a stretch
// (spec/twiml.md section 2.4, Gather).
const MaxSpeech = time.Minute

// The times by which an Ear tells speech from other sounds.
const (
	onset  = 160 * time.Millisecond // sound of this length is speech; a key is shorter
	before = 500 * time.Millisecond // kept of what came before it was known
	back   = 60 * time.Millisecond  // sound of this length ends a pause
)

// The pauses that end speech where none is given: the first, and the longest
// that it may become for somebody who pauses a lot.
const (
	usualPause = time.Second
	mostPause  = 2 * time.Second
)

// Ear is an audio.Sink that hears somebody out: it finds the first word and
// the pause after the last, whatever the noise of the line, and keeps what was
// said between. Its methods may be called from any goroutine.
type Ear struct {
	pause time.Duration
	max   time.Duration

	mu      sync.Mutex
	pcm     []int16
	noise   int           // the level of the line when nobody speaks
	sound   time.Duration // before speech: how sure it is that it is some
	loud    time.Duration // at a stretch
	silent  time.Duration // at a stretch, but for clicks
	longest time.Duration // pause within the speech
	spoken  time.Duration // since the first word
	speaks  bool
	done    bool
	began   chan struct{}
	over    chan struct{}
}

// NewEar returns an Ear that takes a silence of pause as the end of speech, or
// finds out by itself how long the pauses are if it is 0, and that hears no
// more than limit, or MaxSpeech if that is 0 or less.
func NewEar(pause, limit time.Duration) *Ear {
	if limit <= 0 || limit > MaxSpeech {
		limit = MaxSpeech
	}
	return &Ear{
		pause: pause, max: limit, noise: leastNoise,
		began: make(chan struct{}), over: make(chan struct{}),
	}
}

// Rate implements audio.Sink.
func (*Ear) Rate() int { return EarRate }

// Began is closed when somebody speaks.
func (e *Ear) Began() <-chan struct{} { return e.began }

// Over is closed when they have said it.
func (e *Ear) Over() <-chan struct{} { return e.over }

// Said is what was said so far, at EarRate, with a little of what was heard
// before; nothing if nobody spoke.
func (e *Ear) Said() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.speaks {
		return nil
	}
	return append([]int16(nil), e.pcm...)
}

// WriteFrame implements audio.Sink.
func (e *Ear) WriteFrame(frame []int16) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return nil
	}
	e.pcm = append(e.pcm, frame...)
	took := time.Duration(len(frame)) * time.Second / EarRate
	loud := e.hear(Level(frame))
	if !e.speaks {
		e.wait(took, loud)
		return nil
	}
	e.follow(took, loud)
	return nil
}

// The levels of a line: the least noise that is reckoned with, so that speech
// is three times as loud, and the most.
const (
	leastNoise = 70
	mostNoise  = 500
)

// hear says whether a frame of that level is loud, and learns the noise: at
// once when it becomes less, slowly when it becomes more.
func (e *Ear) hear(level int) bool {
	limit := 3 * min(max(e.noise, leastNoise), mostNoise)
	if e.speaks {
		limit = limit * 2 / 3 // the ends of words are soft
	}
	loud := level > limit
	slow := 32
	switch {
	case level < e.noise:
		slow = 4
	case loud:
		slow = 1024
	}
	// Rounded away from zero, or small steps would never be made.
	if step := level - e.noise; step > 0 {
		e.noise += (step + slow - 1) / slow
	} else {
		e.noise += (step - slow + 1) / slow
	}
	return loud
}

// wait takes a frame that comes before speech.
func (e *Ear) wait(took time.Duration, loud bool) {
	if loud {
		e.sound += took
	} else {
		e.sound = max(0, e.sound-took)
	}
	if keep := samples(before); len(e.pcm) > keep {
		e.pcm = append(e.pcm[:0], e.pcm[len(e.pcm)-keep:]...)
	}
	if e.sound >= onset {
		e.speaks, e.spoken = true, e.sound
		close(e.began)
	}
}

// follow takes a frame of speech, or of the pauses in it.
func (e *Ear) follow(took time.Duration, loud bool) {
	e.spoken += took
	if loud {
		e.loud += took
	} else {
		e.loud = 0
	}
	switch {
	case e.loud >= back:
		e.longest = max(e.longest, e.silent)
		e.silent = 0
	case !loud || e.silent > 0:
		e.silent += took
	}
	if e.silent >= e.patience() || e.spoken >= e.max {
		e.done = true
		close(e.over)
	}
}

// patience is how long a pause may be.
func (e *Ear) patience() time.Duration {
	if e.pause > 0 {
		return e.pause
	}
	return min(max(usualPause, e.longest*3/2), mostPause)
}

// samples is how many samples at EarRate last that long.
func samples(d time.Duration) int { return int(d * EarRate / time.Second) }

var _ audio.Sink = (*Ear)(nil)
