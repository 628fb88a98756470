package sim

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/voices"
)

// said is how the name of a spoken text begins; a quote ends it.
const said = `say "`

// How long things take that nobody says: reading a text aloud at some 15
// letters a second, and a recording that is not looked at.
const (
	perLetter  = 66 * time.Millisecond
	perText    = 300 * time.Millisecond
	perStandin = 3 * time.Second
)

// voice reads texts to nobody, in about the time that a voice takes.
type voice struct{}

// Say implements actions.Voice.
func (voice) Say(_ context.Context, s audio.Speech) (audio.Sound, []event.Fact, error) {
	text := s.Text
	if s.SSML {
		text = voices.Words(text)
	}
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		text = "…"
	}
	facts := []event.Fact{event.Spoken{Text: text, Provider: "simulator", Voice: s.Voice, Language: s.Language}}
	return audio.Named(audio.Silence(reading(text)), said+text+`"`), facts, nil
}

// reading is about how long it takes to read a text aloud.
func reading(text string) time.Duration {
	return perText + time.Duration(utf8.RuneCountInString(text))*perLetter
}

// promptID is the id of prompt://OWNER/ID/LANGUAGE, "" of anything else.
func promptID(ref string) string {
	rest, ok := strings.CutPrefix(ref, "prompt://")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// sounds are the media of a call. Tones are as long as they are; what is on
// the web is fetched by the library, if there is one, so that one that is
// missing is found out. Everything else is taken for there.
type sounds struct {
	out     *outside
	library actions.Media // nil fetches nothing
}

// Sound implements actions.Media.
func (m sounds) Sound(_ context.Context, account, ref string) (sound audio.Sound, err error) {
	if p, ok := prompts.Index()(promptID(ref)); ok && p.Text != "" {
		return audio.Named(audio.Silence(reading(p.Text)), p.Name()), nil
	}
	made := strings.HasPrefix(ref, "tone_stream://") || strings.HasPrefix(ref, "silence_stream://")
	web := strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://")
	if m.library == nil || !made && !web || isFile(ref) {
		return audio.Named(audio.Silence(perStandin), ref), nil
	}
	m.out.do(func(ctx context.Context) {
		var real audio.Sound
		if real, err = m.library.Sound(ctx, account, ref); err != nil {
			return
		}
		var length time.Duration
		if length, err = measure(ctx, real); err == nil {
			sound = audio.Named(audio.Silence(length), ref)
		}
	})
	return sound, err
}

// longest is the length from which a sound counts as endless.
const longest = time.Hour

// measure listens to a sound as fast as it comes.
func measure(ctx context.Context, s audio.Sound) (time.Duration, error) {
	cur := s.Open(audio.PCMU)
	defer cur.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var length time.Duration
	for length < longest {
		_, err := cur.Next()
		switch {
		case errors.Is(err, io.EOF):
			return length, nil
		case errors.Is(err, audio.ErrNotYet):
			select {
			case <-tick.C:
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		case err != nil:
			return 0, err
		default:
			length += audio.FrameTime
		}
	}
	return -1, nil
}

// tapes keep nothing of what is recorded but its length.
type tapes struct{}

// Create implements actions.Recordings.
func (tapes) Create(_ context.Context, of actions.Tape) (actions.Recording, error) {
	return &tape{of: of}, nil
}

// Upload implements actions.Recordings. Nothing is sent from a simulated call:
// there is no sound.
func (tapes) Upload(_ context.Context, what actions.Upload, tell func(event.Fact)) error {
	tell(event.Warned{
		Code: "recording.simulated", Message: "a real call would now send its recording to " + what.URL,
	})
	return nil
}

// After implements actions.Recordings. Work is done at once: the call has to
// be over when its time is.
func (tapes) After(work func(context.Context)) { work(context.Background()) }

// Keep implements actions.Sounds: there is no sound, but it can be played.
func (tapes) Keep(_ context.Context, _, name string, _ int, _ []int16) (string, error) {
	return "what was recorded as " + strconv.Quote(name), nil
}

const tapeRate = 8000

// tape is a recording of which only the length is known.
type tape struct {
	of      actions.Tape
	samples atomic.Int64 // of the first channel
}

// Channel implements actions.Recording.
func (t *tape) Channel(n int) audio.Sink {
	if n > 0 {
		return &channel{}
	}
	return &channel{&t.samples}
}

// Close implements actions.Recording.
func (t *tape) Close() (actions.Kept, error) {
	n := t.samples.Load()
	return actions.Kept{
		Format: "wav", Length: time.Duration(n) * time.Second / tapeRate, Bytes: 2 * n * int64(max(t.of.Channels, 1)),
		URL: "http://" + realm + "/recordings/" + t.of.ID + ".wav",
	}, nil
}

// Discard implements actions.Recording.
func (*tape) Discard() {}

// channel counts what is recorded.
type channel struct{ samples *atomic.Int64 }

// Rate implements audio.Sink.
func (channel) Rate() int { return tapeRate }

// WriteFrame implements audio.Sink.
func (c channel) WriteFrame(frame []int16) error {
	if c.samples != nil {
		c.samples.Add(int64(len(frame)))
	}
	return nil
}

// speech is what the person said last. It is a recogniser that understands
// every word.
type speech struct {
	mu   sync.Mutex
	text string
}

func (s *speech) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

// Recognise implements actions.Recogniser.
func (s *speech) Recognise(context.Context, audio.Utterance) (audio.Transcript, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return audio.Transcript{Text: s.text, Confidence: 1}, nil
}

// mailbox is mail that is shown, and not sent.
type mailbox struct{ log event.Log }

// Post implements actions.Mailer.
func (m mailbox) Post(_ string, what actions.Mail) {
	m.log.Add(event.Event{At: time.Now(), Call: what.Call, What: event.Warned{
		Code: "mail.simulated", Message: "a real call would now mail " + strings.Join(what.To, ", ") + ": " + what.Subject,
	}})
}

// callbacks are shown, and not made.
type callbacks struct{ log event.Log }

// Post implements actions.Callbacks.
func (c callbacks) Post(_ string, what actions.Callback) {
	c.log.Add(event.Event{At: time.Now(), Call: what.Call, What: event.Warned{
		Code: "callback.simulated", Message: "a real call would now tell " + what.URL + ": " + what.Event,
	}})
}
