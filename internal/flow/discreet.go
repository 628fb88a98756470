package flow

import "strings"

// hidden stands for a key on the timeline that is nobody's business.
const hidden = "•"

// Hush keeps the keys that are pressed from now on, and what is collected of
// them, off the timeline until stop: a PIN is typed. How many there are is
// still told. stop(false) says that the secret was not told in full: what was
// typed and not taken is forgotten then, for it would be read by whoever asks
// for keys next.
func (s *Session) Hush() (stop func(whole bool)) {
	s.hush(true)
	return func(whole bool) {
		if !whole {
			s.typed.take()
		}
		s.hush(false)
	}
}

func (s *Session) hush(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hushed = on
}

// discreet is keys as the timeline may have them.
func (s *Session) discreet(keys string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hushed {
		return keys
	}
	return strings.Repeat(hidden, len(keys))
}
