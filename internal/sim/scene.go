package sim

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/voices"
)

// scene is a call as the person on the phone knows it: it reads the call's
// facts and remembers what is heard and what runs.
type scene struct {
	tell    func(event.Event) // gets every event as it comes; nil is nobody
	changed chan struct{}     // has a token after something happened

	mu      sync.Mutex
	events  []event.Event
	playing string   // the sound that is heard now
	sounds  bool     // something is heard
	steps   []string // the modules that run, the innermost last
	asking  bool     // a web server is being asked
	over    bool
	module  string   // that ran last
	heard   []string // what was heard to its end, or cut short
	heardAt time.Time
	texts   []string // that were spoken
}

func newScene(tell func(event.Event)) *scene {
	return &scene{tell: tell, changed: make(chan struct{}, 1)}
}

// Add implements event.Log.
func (s *scene) Add(e event.Event) {
	s.mu.Lock()
	s.read(e.What, e.At)
	s.events = append(s.events, e)
	if s.tell != nil {
		s.tell(e) // within the lock, to keep the order
	}
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *scene) read(f event.Fact, at time.Time) {
	switch w := f.(type) {
	case event.Spoken:
		s.texts = append(s.texts, words(said+strings.Join(strings.Fields(w.Text), " ")+`"`))
	case event.Playing:
		s.playing, s.sounds = w.Sound, true
	case event.Played:
		s.sounds = false
		if !silence(w.Sound) {
			s.heard = append(s.heard, s.whole(words(w.Sound)))
			s.heardAt = at
		}
	case event.Started:
		s.steps = append(s.steps, w.Module)
		s.module = w.Module
	case event.Finished:
		s.steps = s.steps[:max(0, len(s.steps)-1)]
	case event.Fetching:
		s.asking = true
	case event.Fetched:
		s.asking = false
	case event.Ended:
		s.over = true
	}
}

// listens says whether the call waits for the person: nothing is heard, or
// something that has no end, and the running step is not one that lets time
// pass. It is only true of a call that has settled.
func (s *scene) listens() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.steps); n == 0 || s.steps[n-1] == "sleep" || s.asking || s.over {
		return false
	}
	return !s.sounds || endless(s.playing)
}

// silent says whether nothing is heard.
func (s *scene) silent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.sounds && !s.asking
}

// heardSince finds text in what was heard from the i-th sound on, and returns
// the number of sounds up to it; 0 is that it was not heard. What is heard
// without end counts as soon as it begins.
func (s *scene) heardSince(i int, text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.heard
	if s.sounds && endless(s.playing) {
		all = append(slices.Clip(all), s.whole(words(s.playing)))
	}
	for ; i < len(all); i++ {
		if matches(all[i], text) {
			return i + 1
		}
	}
	return 0
}

// times is how often text was heard from the i-th sound on, before the n-th.
func (s *scene) times(i, n int, text string) (times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, heard := range s.heard[i:n] {
		if matches(heard, text) {
			times++
		}
	}
	return times
}

func (s *scene) all() []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// last is what was heard last, of how many sounds, and until when, and
// whether something with an end is being heard.
func (s *scene) last() (words string, n int, at time.Time, cuts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n = len(s.heard); n > 0 {
		words = s.heard[n-1]
	}
	return words, n, s.heardAt, s.sounds && !endless(s.playing)
}

// whole is what was said, where the name of its sound is cut short.
func (s *scene) whole(words string) string {
	start, cut := strings.CutSuffix(words, "…")
	if !cut {
		return words
	}
	for _, text := range s.texts {
		if strings.HasPrefix(text, start) {
			return text
		}
	}
	return words
}

// count is how much has happened.
func (s *scene) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// many is how often a sound is heard that counts as endless: TwiML's loop="0"
// is a thousand times.
const many = 100

// endless knows a sound that is repeated until something ends it.
func endless(sound string) bool {
	if strings.HasSuffix(sound, ", repeated") || sound == "silence" {
		return true
	}
	rest, ok := strings.CutSuffix(sound, " times")
	n, err := strconv.Atoi(rest[strings.LastIndexByte(rest, ' ')+1:])
	return ok && err == nil && n >= many
}

// silence knows a pause between sounds.
func silence(sound string) bool { return strings.HasPrefix(sound, "silence") }

// words is what a sound says: the text of speech, else the name of the sound.
func words(sound string) string {
	if text, ok := strings.CutPrefix(sound, said); ok {
		if end := strings.LastIndexByte(text, '"'); end >= 0 {
			text = text[:end]
			if strings.Contains(text, "<") {
				text = voices.Words(text)
			}
			return text
		}
	}
	return sound
}

// matches says whether want is in what was heard; case and white space do not
// count.
func matches(heard, want string) bool {
	plain := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return strings.Contains(plain(heard), plain(want))
}
