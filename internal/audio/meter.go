package audio

import (
	"sync"
	"sync/atomic"
	"time"
)

// SilenceThreshold is the level of Kazoo's recordings below which there is
// silence: the mean distance of 16-bit samples from zero
// (spec/callflow-modules.md section 2.3).
const SilenceThreshold = 200

// SilenceMeter is a Sink that tells how long it has been silent. A frame is
// silent when the mean distance of its 16-bit samples from zero is below the
// threshold. Its other methods may be called from any goroutine.
type SilenceMeter struct {
	rate      int
	threshold int
	limit     time.Duration
	silent    atomic.Int64 // samples in a row
	level     atomic.Int64 // of the last frame
	heard     atomic.Bool
	over      chan struct{}
	once      sync.Once
}

// NewSilenceMeter is a meter for sound at rate Hz that is over once there was
// silence for limit, at a stretch; a limit of 0 is never.
func NewSilenceMeter(rate, threshold int, limit time.Duration) *SilenceMeter {
	return &SilenceMeter{rate: rate, threshold: threshold, limit: limit, over: make(chan struct{})}
}

// Rate implements Sink.
func (m *SilenceMeter) Rate() int { return m.rate }

// WriteFrame implements Sink.
func (m *SilenceMeter) WriteFrame(frame []int16) error {
	sum := 0
	for _, s := range frame {
		sum += max(int(s), -int(s))
	}
	level := sum / max(1, len(frame))
	m.level.Store(int64(level))
	if level >= m.threshold {
		m.heard.Store(true)
		m.silent.Store(0)
		return nil
	}
	m.silent.Add(int64(len(frame)))
	if m.limit > 0 && m.Silent() >= m.limit {
		m.once.Do(func() { close(m.over) })
	}
	return nil
}

// Silent is how long it has been silent, 0 while there is sound.
func (m *SilenceMeter) Silent() time.Duration {
	return time.Duration(m.silent.Load()) * time.Second / time.Duration(m.rate)
}

// Level is the level of the last frame, 0 to 32768.
func (m *SilenceMeter) Level() int { return int(m.level.Load()) }

// Heard says whether there was any sound yet.
func (m *SilenceMeter) Heard() bool { return m.heard.Load() }

// Over is closed when silence has reached the limit.
func (m *SilenceMeter) Over() <-chan struct{} { return m.over }
