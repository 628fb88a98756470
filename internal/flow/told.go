package flow

import "maps"

// Tell keeps parameters for the next webhook: what a step found, under the
// names that TwiML applications know (Digits, SpeechResult, RecordingUrl …).
// They are forgotten once a request carried them, so that no later step's
// request says what an earlier step found.
func (s *Session) Tell(params map[string]string) {
	if s.told == nil {
		s.told = map[string]string{}
	}
	maps.Copy(s.told, params)
}

// Told is a copy of what the next webhook is to be told; Sent forgets it.
func (s *Session) Told() map[string]string { return maps.Clone(s.told) }
