package actions

import (
	"context"
	"strconv"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// Recogniser turns speech into text.
type Recogniser interface {
	// Recognise returns the words of what was said. It may take seconds; it
	// sees to it that it does not take for ever.
	Recognise(ctx context.Context, u audio.Utterance) (audio.Transcript, error)
}

// understand has an utterance recognised and tells of it.
func understand(
	ctx context.Context, ears Recogniser, u audio.Utterance, partial bool, tell func(event.Fact),
) (audio.Transcript, error) {
	began := time.Now()
	got, err := ears.Recognise(ctx, u)
	if partial && ctx.Err() != nil {
		return got, context.Cause(ctx) // more was said meanwhile: nothing to tell of
	}
	f := event.Understood{
		Text: got.Text, Confidence: got.Confidence, Language: u.Language, Partial: partial,
		Length: event.Millis(u.Length()), Took: event.Millis(time.Since(began)),
	}
	if err != nil {
		f.Err = err.Error()
	}
	tell(f)
	return got, err
}

// confidence is how web servers are told it, "" if it is not known.
func confidence(c float64) string {
	if c <= 0 {
		return ""
	}
	return strconv.FormatFloat(min(c, 1), 'f', 2, 64)
}

// The lengths that a recording to be transcribed may have (spec/twiml.md
// section 2.2, Record).
const (
	leastText = 2 * time.Second
	mostText  = 2 * time.Minute
)

// transcriber listens along to a recording and writes down what was said.
type transcriber struct {
	ears     Recogniser
	to       caller
	language string

	// What was said: the media path writes it, and nobody reads it before it
	// is done.
	rate int
	pcm  []int16
}

// room is for as much as is written down.
func (t *transcriber) room(rate int) {
	t.rate, t.pcm = rate, make([]int16, 0, int((mostText+time.Second).Seconds())*rate)
}

// newTranscriber is nil where nothing can write, which is warned of.
func newTranscriber(s *flow.Session, st studio, w wish) *transcriber {
	to, method := w.TranscribeTo, "POST"
	if to == "" {
		to, method = w.Callback, w.CallbackMethod
	}
	if st.ears == nil {
		s.Add(event.Warned{Code: "record.no_recogniser", Message: "not transcribed: " + errNoRecogniser.Error()})
	}
	return &transcriber{ears: st.ears, to: called(s, st.tell, to, method), language: s.Language}
}

// along is a sink that gives its sound to another and to the transcriber.
type along struct {
	audio.Sink
	t *transcriber
}

// WriteFrame implements audio.Sink.
func (a along) WriteFrame(frame []int16) error {
	if len(a.t.pcm)+len(frame) <= cap(a.t.pcm) { // more is not written down anyway
		a.t.pcm = append(a.t.pcm, frame...)
	}
	return a.Sink.WriteFrame(frame)
}

// write has the text made and posts it, or that there is none.
func (t *transcriber) write(ctx context.Context, r flow.Recording, tell func(event.Fact)) {
	params := map[string]string{
		"TranscriptionSid": newID(), "TranscriptionStatus": "failed", "TranscriptionText": "",
		"RecordingSid": r.ID, "RecordingUrl": r.URL,
	}
	u := audio.Utterance{PCM: t.pcm, Rate: t.rate, Language: t.language}
	switch {
	case t.ears == nil:
		params["ErrorText"] = errNoRecogniser.Error()
	case r.Length < leastText || r.Length > mostText:
		params["ErrorText"] = "only recordings of 2 to 120 seconds are transcribed"
		tell(event.Warned{Code: "record.transcribe", Message: params["ErrorText"]})
	default:
		got, err := understand(ctx, t.ears, u, false, tell)
		if err != nil {
			params["ErrorText"] = err.Error()
			break
		}
		params["TranscriptionStatus"], params["TranscriptionText"] = "completed", got.Text
	}
	t.to.post("transcription "+params["TranscriptionStatus"], params)
}
