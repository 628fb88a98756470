package flow

import "time"

// Recording is a recording of a call, as web servers are told of it.
type Recording struct {
	ID     string
	URL    string // where it was sent, "" if it stays with us
	Length time.Duration
}

// lastRecording is the key of the last Recording in a session's values.
type lastRecording struct{}

// SetRecording makes r the call's last recording. Whatever makes a recording
// calls it, so that the following webhooks tell of it.
func (s *Session) SetRecording(r Recording) { s.SetValue(lastRecording{}, r) }

// Recording is the call's last recording, and whether there is one.
func (s *Session) Recording() (Recording, bool) {
	r, ok := s.Value(lastRecording{}).(Recording)
	return r, ok
}
