package flow

import "strings"

// hidden stands for a key on the timeline that is nobody's business.
const hidden = "•"

// Hush keeps the keys that are pressed from now on, and what is collected of
// them, off the timeline until stop: a PIN is typed. How many there are is
// still told.
func (s *Session) Hush() (stop func()) {
	s.hush(1)
	return func() { s.hush(-1) }
}

func (s *Session) hush(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hushed += by
}

// discreet is keys as the timeline may have them.
func (s *Session) discreet(keys string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hushed == 0 {
		return keys
	}
	return strings.Repeat(hidden, len(keys))
}
