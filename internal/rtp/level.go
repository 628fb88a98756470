package rtp

import "github.com/pivotvoice/pivot/internal/audio"

// levels are how loud a stream is, either way; see audio.LevelDB.
type levels struct {
	spoken, heard int
	// What changes payloads, nil where the level is 0. An echo goes through
	// both; what is heard else is linear by then.
	out, in *audio.Volume
}

// SetLevel makes a side louder or softer from now on, by a level of
// audio.LevelMute to audio.LevelMax: what goes out to the far end, or what is
// heard of it by taps and sent back by Echo. Keys are found and sent as ever.
func (s *Stream) SetLevel(side Side, level int) {
	level = min(max(level, audio.LevelMute), audio.LevelMax)
	s.mu.Lock()
	defer s.mu.Unlock()
	if side != Heard {
		s.levels.spoken = level
	}
	if side != Spoken {
		s.levels.heard = level
	}
	s.levels.restart(s.params.Codec)
	s.taps.volume = s.levels.in
}

// restart begins anew in a codec; nil is none yet.
func (l *levels) restart(c *audio.Codec) {
	l.out, l.in = nil, nil
	if c == nil {
		return
	}
	if l.spoken != 0 {
		l.out = audio.NewVolume(c, l.spoken)
	}
	if l.heard != 0 {
		l.in = audio.NewVolume(c, l.heard)
	}
}

// echoed is what goes back of a payload that came.
func (l *levels) echoed(payload []byte) []byte {
	if l.in != nil {
		payload = l.in.Payload(payload)
	}
	return l.sent(payload)
}

// sent is what goes out of a payload that is to.
func (l *levels) sent(payload []byte) []byte {
	if l.out != nil {
		payload = l.out.Payload(payload)
	}
	return payload
}
