package call

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// Record is a wish to record (spec/callflow-modules.md section 2.3).
type Record struct {
	Side        Side          // "" is Heard
	Limit       time.Duration // stop after this much; 0 is no limit
	Terminators string        // stop at any of these keys
	// Silence stops the recording once it has been quiet for this long; 0
	// never does. Quiet is a mean level at or below Threshold; 0 is 200 of
	// 32767, Kazoo's.
	Silence   time.Duration
	Threshold int
}

// How a recording ended.
const (
	ByKey       = "key"
	ByTimeLimit = "time_limit"
	BySilence   = "silence"
	ByHangup    = "hangup"
	ByStopped   = "stopped" // the flow was taken elsewhere
	ByBroken    = "broken"  // it could not be written
)

// Recording is how a recording went.
type Recording struct {
	By     string        // ByKey …
	Key    string        // the key that ended it
	Length time.Duration // of the sound that was written
	Loud   time.Duration // how much of it was not quiet
}

// Recorder is a leg as Record needs it.
type Recorder interface {
	Tapper
	Ended() <-chan struct{}
	Keys() (keys <-chan Key, stop func())
}

// From copies the leg's sound into to until one of the limits is met. What
// was recorded until then stands whatever the error: the context's cause, or
// that of a sink that could not be written to.
func (r Record) From(ctx context.Context, leg Recorder, to audio.Sink) (Recording, error) {
	keys, stop := leg.Keys()
	defer stop()
	side := r.Side
	if side == "" {
		side = Heard
	}
	m := &meter{to: to, threshold: r.Threshold, quiet: r.Silence, full: r.Limit, over: make(chan struct{})}
	if m.threshold == 0 {
		m.threshold = 200
	}
	untap := leg.Tap(side, m)
	by, key, err := r.wait(ctx, leg, keys, m)
	untap()
	return m.result(by, key, err)
}

// wait returns why the recording is over, "" if the meter knows.
func (r Record) wait(ctx context.Context, leg Recorder, keys <-chan Key, m *meter) (by, key string, err error) {
	var limit <-chan time.Time
	if r.Limit > 0 {
		// The meter stops at the sample; this is for a leg that sends no sound.
		t := time.NewTimer(r.Limit)
		defer t.Stop()
		limit = t.C
	}
	for {
		select {
		case k := <-keys:
			if strings.IndexByte(r.Terminators, k.Digit) >= 0 {
				return ByKey, string(k.Digit), nil
			}
		case <-limit:
			return ByTimeLimit, "", nil
		case <-m.over:
			return "", "", nil
		case <-ctx.Done():
			return gone(leg), "", context.Cause(ctx)
		}
	}
}

// gone tells a leg that is over from one that was taken away.
func gone(leg Recorder) string {
	select {
	case <-leg.Ended():
		return ByHangup
	default:
		return ByStopped
	}
}

// meter passes frames on until there were enough, or too many quiet ones.
type meter struct {
	to          audio.Sink
	threshold   int
	quiet, full time.Duration

	mu     sync.Mutex
	length time.Duration
	silent time.Duration
	loud   time.Duration
	by     string
	err    error
	over   chan struct{} // closed once by is set
}

func (m *meter) Rate() int { return m.to.Rate() }

func (m *meter) WriteFrame(frame []int16) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by != "" {
		return m.err
	}
	if err := m.to.WriteFrame(frame); err != nil {
		m.end(ByBroken, err)
		return err
	}
	took := time.Duration(len(frame)) * time.Second / time.Duration(m.to.Rate())
	m.length += took
	if Level(frame) > m.threshold {
		m.silent = 0
		m.loud += took
	} else {
		m.silent += took
	}
	switch {
	case m.full > 0 && m.length >= m.full:
		m.end(ByTimeLimit, nil)
	case m.quiet > 0 && m.silent >= m.quiet:
		m.end(BySilence, nil)
	}
	return nil
}

func (m *meter) end(by string, err error) {
	m.by, m.err = by, err
	close(m.over)
}

func (m *meter) result(by, key string, err error) (Recording, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if by == "" {
		by, err = m.by, m.err
	}
	return Recording{By: by, Key: key, Length: m.length, Loud: m.loud}, err
}

// Level is the mean of a frame's magnitudes.
func Level(frame []int16) int {
	if len(frame) == 0 {
		return 0
	}
	sum := 0
	for _, v := range frame {
		sum += max(int(v), -int(v))
	}
	return sum / len(frame)
}
