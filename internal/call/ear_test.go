package call_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
)

// line is somebody on a telephone line, frame by frame.
type line struct {
	ear   *call.Ear
	noise float64 // its level, the mean of magnitudes
	at    time.Duration
	began time.Duration // when the ear found speech, -1 if not yet
	over  time.Duration
}

func listen(pause, limit time.Duration, noise float64) *line {
	return &line{ear: call.NewEar(pause, limit), noise: noise, began: -1, over: -1}
}

// makes is sound of a level for a while.
func (l *line) makes(level float64, d time.Duration) {
	const frame = 20 * time.Millisecond
	r := rand.New(rand.NewPCG(1, uint64(l.at)))
	for range d / frame {
		pcm := make([]int16, l.ear.Rate()/50)
		for i := range pcm {
			v := l.noise * 2 * (2*r.Float64() - 1)
			v += level * math.Pi / 2 * math.Sin(2*math.Pi*300*float64(i)/float64(l.ear.Rate()))
			pcm[i] = int16(v)
		}
		_ = l.ear.WriteFrame(pcm) // never fails
		l.at += frame
		l.look()
	}
}

func (l *line) look() {
	select {
	case <-l.ear.Began():
		if l.began < 0 {
			l.began = l.at
		}
	default:
	}
	select {
	case <-l.ear.Over():
		if l.over < 0 {
			l.over = l.at
		}
	default:
	}
}

const ms = time.Millisecond

// TestEar is when speech begins and is over.
func TestEar(t *testing.T) {
	for name, c := range map[string]struct {
		pause, limit time.Duration
		noise        float64
		says         func(*line)
		began, over  time.Duration // -1 is never
	}{
		"nobody":        {says: func(l *line) { l.makes(0, 10*time.Second) }, began: -1, over: -1},
		"noise":         {noise: 60, says: func(l *line) { l.makes(0, 10*time.Second) }, began: -1, over: -1},
		"rising noise":  {says: func(l *line) { l.noise = 150; l.makes(0, 20*time.Second) }, began: -1, over: -1},
		"a word":        {says: func(l *line) { l.makes(0, 1000*ms); l.makes(2000, 400*ms); l.makes(0, 3*time.Second) }, began: 1160 * ms, over: 2400 * ms},
		"a word, noisy": {noise: 120, says: func(l *line) { l.makes(0, 2000*ms); l.makes(1500, 400*ms); l.makes(0, 3*time.Second) }, began: 2160 * ms, over: 3400 * ms},
		"a key":         {says: func(l *line) { l.makes(3000, 100*ms); l.makes(0, 3*time.Second) }, began: -1, over: -1},
		"at once":       {says: func(l *line) { l.makes(2000, 400*ms); l.makes(0, 3*time.Second) }, began: 160 * ms, over: 1400 * ms},
		"own pause":     {pause: 2500 * ms, says: func(l *line) { l.makes(2000, 400*ms); l.makes(0, 3*time.Second) }, began: 160 * ms, over: 2900 * ms},
		"a slow talker": {says: func(l *line) {
			l.makes(2000, 400*ms)
			l.makes(0, 900*ms)
			l.makes(2000, 400*ms)
			l.makes(0, 3*time.Second)
		}, began: 160 * ms, over: 3060 * ms},
		"a click in the pause": {says: func(l *line) {
			l.makes(2000, 400*ms)
			l.makes(0, 600*ms)
			l.makes(4000, 20*ms)
			l.makes(0, 3*time.Second)
		}, began: 160 * ms, over: 1400 * ms},
		"too long": {limit: 3 * time.Second, says: func(l *line) { l.makes(2000, 10*time.Second) }, began: 160 * ms, over: 3000 * ms},
		"for ever": {says: func(l *line) {
			for range 100 {
				l.makes(2000, 500*ms)
				l.makes(0, 300*ms)
			}
		}, began: 160 * ms, over: 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(c.pause, c.limit, c.noise)
			c.says(l)
			if near(l.began, c.began) && near(l.over, c.over) {
				return
			}
			t.Errorf("began %v and was over %v, want %v and %v", l.began, l.over, c.began, c.over)
		})
	}
}

func near(got, want time.Duration) bool { return got-want <= 60*ms && want-got <= 60*ms }

// TestEarKeeps what was said, from a little before it, and not the rest.
func TestEarKeeps(t *testing.T) {
	l := listen(0, 0, 0)
	l.makes(0, 5*time.Second)
	if said := l.ear.Said(); said != nil {
		t.Errorf("%d samples of nothing", len(said))
	}
	l.makes(2000, 600*ms)
	l.makes(0, 5*time.Second)
	said := time.Duration(len(l.ear.Said())) * time.Second / call.EarRate
	if want := 340*ms + 600*ms + 1000*ms; !near(said, want) {
		t.Errorf("%v was kept, want %v", said, want)
	}
}
