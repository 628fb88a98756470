package actions

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// listening is an ear on a call; nil is none.
type listening struct {
	*call.Ear
	leg  call.Tapper
	stop func() // nil until it listens
}

// listen makes an ear, and begins to listen unless the prompts are to be
// heard to their end first.
func listen(s *flow.Session, d gatherData) *listening {
	l := &listening{Ear: call.NewEar(ms(d.SpeechTimeout), ms(d.MaxSpeech)), leg: s.Leg}
	if d.BargeIn || len(d.Prompts) == 0 {
		l.open()
	}
	return l
}

// open begins to listen.
func (l *listening) open() {
	if l != nil && l.stop == nil {
		l.stop = l.leg.Tap(call.Heard, l.Ear)
	}
}

func (l *listening) close() {
	if l != nil && l.stop != nil {
		l.stop()
	}
}

// began is closed when somebody speaks.
func (l *listening) began() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.Began()
}

// speech hears somebody out who has begun to speak, and has it understood.
func (g gatherer) speech(ctx context.Context, s *flow.Session, d gatherData, ear *call.Ear) (flow.Next, error) {
	if err := g.hearOut(ctx, s, d, ear); err != nil {
		return flow.Next{}, err
	}
	got, err := understand(ctx, g.ears, d.utterance(s, ear), false, s.Add)
	switch {
	case ctx.Err() != nil:
		return flow.Next{}, context.Cause(ctx)
	case err != nil:
		s.Add(event.Failed{Code: "gather.recogniser", Message: "what was said could not be understood: " + err.Error()})
		return d.nothing(s), nil //nolint:nilerr // it is told, and taken for nothing said
	case got.Text == "":
		return d.nothing(s), nil
	}
	told := map[string]string{"SpeechResult": d.decent(got.Text)}
	if c := confidence(got.Confidence); c != "" {
		told["Confidence"] = c
	}
	s.Tell(told)
	return flow.Take("input"), nil
}

func (d gatherData) utterance(s *flow.Session, ear *call.Ear) audio.Utterance {
	u := audio.Utterance{
		PCM: ear.Said(), Rate: call.EarRate, Language: d.Language, Hints: d.Hints, Model: d.SpeechModel,
	}
	if u.Language == "" {
		u.Language = s.Language
	}
	return u
}

// decent is text with its swear words masked, if that is wanted.
func (d gatherData) decent(text string) string {
	if d.Profanity {
		return mask(text)
	}
	return text
}

// Partial results: how much is said before each.
const partialEvery = 1500 * time.Millisecond

// errHeard is why a partial result is not waited for any more.
var errHeard = errors.New("the caller has said it all")

// hearOut waits until somebody has said what they want to say, and tells what
// they said so far to whoever wants to know.
func (g gatherer) hearOut(ctx context.Context, s *flow.Session, d gatherData, ear *call.Ear) error {
	// The ear knows when it was long enough; this is for a leg without sound.
	limit := time.NewTimer(call.MaxSpeech + time.Second)
	defer limit.Stop()
	to := called(s, g.tell, d.PartialURL, d.PartialMethod)
	var tick <-chan time.Time
	if to.url != "" {
		t := time.NewTicker(partialEvery)
		defer t.Stop()
		tick = t.C
	}
	p := partials{to: to}
	for {
		select {
		case <-ear.Over():
			return nil
		case <-limit.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick:
			p.next(ctx, g.ears, d, d.utterance(s, ear), ear.Over(), s.Add)
		}
	}
}

// partials are the results so far of one utterance.
type partials struct {
	to     caller
	number int
	last   []string // the words of the one before
}

// next has what was said so far understood and told, unless the rest is said
// meanwhile. What does not work is left to the end.
func (p *partials) next(
	ctx context.Context, ears Recogniser, d gatherData, u audio.Utterance, over <-chan struct{}, tell func(event.Fact),
) {
	ctx, cancel := call.During(ctx, over, errHeard)
	defer cancel()
	got, err := understand(ctx, ears, u, true, tell)
	if err != nil || got.Text == "" {
		return
	}
	words := strings.Fields(d.decent(got.Text))
	same := common(p.last, words)
	p.last = slices.Clone(words)
	p.to.post("partial speech", map[string]string{
		"CallStatus":           "in-progress",
		"SequenceNumber":       strconv.Itoa(p.number),
		"StableSpeechResult":   strings.Join(words[:same], " "),
		"UnstableSpeechResult": strings.Join(words[same:], " "),
		"Stability":            strconv.FormatFloat(float64(same)/float64(len(words)), 'f', 2, 64),
	})
	p.number++
}

// common is how many words two results begin with alike.
func common(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && strings.EqualFold(a[n], b[n]) {
		n++
	}
	return n
}
