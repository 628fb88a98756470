package rtp

import "github.com/pivotvoice/pivot/internal/audio"

// levels are how loud a stream is, either way. An echo goes through both; what
// is heard else is linear by then.
type levels struct{ out, in loudness }

// loudness is how loud one way is; see audio.LevelDB.
type loudness struct {
	level  int
	volume *audio.Volume // nil where the level is 0, or no codec is known
}

// SetLevel makes a side louder or softer from now on, by a level of
// audio.LevelMute to audio.LevelMax: what goes out to the far end, or what is
// heard of it by taps and sent back by Echo. Keys are found and sent as ever.
func (s *Stream) SetLevel(side Side, level int) {
	level = min(max(level, audio.LevelMute), audio.LevelMax)
	s.mu.Lock()
	defer s.mu.Unlock()
	if side != Heard {
		s.levels.out.set(level, s.params.Codec)
	}
	if side != Spoken {
		s.levels.in.set(level, s.params.Codec)
	}
}

// restart begins anew in a codec.
func (l *levels) restart(c *audio.Codec) {
	l.out.restart(c)
	l.in.restart(c)
}

// set changes the level; nil is no codec yet.
func (l *loudness) set(level int, c *audio.Codec) {
	if level != l.level {
		l.level = level
		l.restart(c)
	}
}

func (l *loudness) restart(c *audio.Codec) {
	l.volume = nil
	if c != nil && l.level != 0 {
		l.volume = audio.NewVolume(c, l.level)
	}
}

// payload is a payload as loud as it is to be.
func (l *loudness) payload(p []byte) []byte {
	if l.volume != nil {
		return l.volume.Payload(p)
	}
	return p
}
