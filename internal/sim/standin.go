package sim

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
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
		text = untagged(text)
	}
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		text = "…"
	}
	length := perText + time.Duration(utf8.RuneCountInString(text))*perLetter
	facts := []event.Fact{event.Spoken{Text: text, Provider: "simulator", Voice: s.Voice, Language: s.Language}}
	return audio.Named(audio.Silence(length), said+text+`"`), facts, nil
}

// untagged is SSML without its tags, and with its entities as they are read.
func untagged(ssml string) string {
	var b strings.Builder
	for ssml != "" {
		text, rest, found := strings.Cut(ssml, "<")
		b.WriteString(text)
		if !found {
			break
		}
		b.WriteByte(' ')
		_, ssml, _ = strings.Cut(rest, ">")
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&").Replace(b.String())
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
func (tapes) Create(context.Context, string, string, string) (actions.Recording, error) {
	return &tape{}, nil
}

// Upload implements actions.Recordings. Nothing is sent from a simulated call:
// there is no sound.
func (tapes) Upload(what actions.Upload, tell func(event.Fact)) {
	tell(event.Warned{
		Code:    "recording.simulated",
		Message: "a real call would send its recording to " + what.URL + " now",
	})
}

const tapeRate = 8000

type tape struct{ samples atomic.Int64 }

func (*tape) Rate() int      { return tapeRate }
func (*tape) Format() string { return "wav" }

// WriteFrame implements audio.Sink.
func (t *tape) WriteFrame(frame []int16) error {
	t.samples.Add(int64(len(frame)))
	return nil
}

// Close implements actions.Recording.
func (t *tape) Close() (time.Duration, int64, error) {
	n := t.samples.Load()
	return time.Duration(n) * time.Second / tapeRate, 2 * n, nil
}
