package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

const gatherDoc = "" +
	"Takes the call first, plays the `prompts` one after the other without a gap, and listens meanwhile. The " +
	"first key stops them. Whatever comes first decides: once a key was pressed no speech counts, and once " +
	"somebody speaks no key does.\n\n" +
	"Keys: `timeout_ms` is waited after the prompts, and after each key. `finish_on_key` ends it and is not " +
	"kept; alone it is no input. Keys that were pressed earlier are used if there are no prompts, and " +
	"forgotten if there are.\n\n" +
	"Speech needs a recogniser (`recogniser.provider`); without one the timeline says so, and only keys count. " +
	"It is over after a silence of `speech_timeout_ms`, or one that fits the speaker, about a second, if that " +
	"is 0.\n\n" +
	"The child `input` is taken if there was any, and with `send_empty` if there was none; else `_`. The next " +
	"webhook is told `Digits`, or `SpeechResult` and `Confidence` (0 to 1, where the recogniser knows). A " +
	"prompt that cannot be played is left out, with a warning. While somebody speaks `partial_url` is told " +
	"what was understood so far: `UnstableSpeechResult`, `StableSpeechResult`, `Stability` and " +
	"`SequenceNumber`."

// gather is TwiML's Gather (spec/twiml.md sections 1.6, 2.2 and 2.4).
func gather(voice Voice, media Media, ears Recogniser, tell telling) flow.Action {
	g := gatherer{voice, media, ears, tell}
	return flow.Define(flow.Def[gatherData]{
		Name:    "gather",
		Summary: "Asks the caller for keys or for speech.",
		Doc:     gatherDoc,
		Default: gatherData{
			Input: []string{"dtmf"}, Timeout: 5000, FinishOnKey: "#", MaxSpeech: int(call.MaxSpeech / time.Millisecond),
			BargeIn: true, PartialMethod: "POST",
		},
		Branches: []string{"input"},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "One key of a menu.", Data: `{"num_digits": 1, "prompts": [
				{"module": "say", "data": {"text": "For sales press 1, for support press 2."}}]}`},
			{Says: "A number that ends with the star.", Data: `{"finish_on_key": "*", "timeout_ms": 8000}`},
			{Says: "A yes or a no, spoken or as a key.", Data: `{"input": ["dtmf", "speech"], "num_digits": 1,
				"hints": ["yes", "no"], "language": "en-us", "prompts": [
				{"module": "play", "data": {"id": "question"}}, {"module": "sleep", "data": {"duration": 1}}]}`},
		},
		Check: g.check,
		Run:   g.run,
	})
}

type gatherData struct {
	Input         []string `json:"input" jsonschema:"minItems=1,uniqueItems=true,enum=dtmf,enum=speech" jsonschema_description:"What counts: keys, speech, or whichever comes first."`
	Prompts       []prompt `json:"prompts,omitempty" jsonschema_description:"What to play meanwhile: nodes of say, play and sleep."`
	Timeout       int      `json:"timeout_ms" jsonschema:"minimum=1,maximum=86400000" jsonschema_description:"How long to wait for input after the prompts, and after each key, in milliseconds."`
	FinishOnKey   string   `json:"finish_on_key" jsonschema:"pattern=^[0-9*#]?$" jsonschema_description:"The key that ends it and is not kept; none if empty."`
	NumDigits     int      `json:"num_digits,omitempty" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"How many keys are enough; 0 is no matter how many."`
	SpeechTimeout int      `json:"speech_timeout_ms,omitempty" jsonschema:"minimum=0,maximum=60000" jsonschema_description:"The silence that ends speech, in milliseconds; 0 finds out."`
	MaxSpeech     int      `json:"max_speech_ms" jsonschema:"minimum=0,maximum=60000" jsonschema_description:"How long speech may be, in milliseconds; 0 is a minute."`
	Language      string   `json:"language,omitempty" jsonschema_description:"What is spoken; the call's language if not given."`
	Hints         []string `json:"hints,omitempty" jsonschema_description:"Words that are likely to be said."`
	SpeechModel   string   `json:"speech_model,omitempty" jsonschema_description:"A model of the recogniser; the names that TwiML knows mean the configured one."`
	Profanity     bool     `json:"profanity_filter,omitempty" jsonschema_description:"Write swear words (English ones) with stars after their first letter."`
	BargeIn       bool     `json:"barge_in" jsonschema_description:"Speech stops the prompts; if not, nothing that is said before their end is heard."`
	PartialURL    string   `json:"partial_url,omitempty" jsonschema_description:"Who is told what was understood so far: http or https, or relative to the URL that the program came from."`
	PartialMethod string   `json:"partial_method" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How they are told."`
	SendEmpty     bool     `json:"send_empty,omitempty" jsonschema_description:"Take input without any too."`
	flow.Skip
}

// Limits of what recognisers are told (spec/twiml.md section 2.2, Gather).
const (
	maxHints = 500
	maxHint  = 100 // characters
)

// gatherer is what a gather reaches outside with.
type gatherer struct {
	voice Voice
	media Media
	ears  Recogniser
	tell  telling
}

func (g gatherer) check(d gatherData) schema.Faults {
	all := checkURL(d.PartialURL, true, "partial_url")
	if len(d.Hints) > maxHints {
		all = append(all, schema.Fault{
			Path: []string{"hints"}, Rule: "error", Message: fmt.Sprintf("there must not be more than %d hints", maxHints),
		})
	}
	for i, h := range d.Hints {
		if len([]rune(h)) > maxHint {
			all = append(all, schema.Fault{
				Path: []string{"hints", fmt.Sprint(i)}, Rule: "maxLength",
				Message: fmt.Sprintf("String must not be more than %d characters", maxHint),
				Extra:   map[string]any{"target": maxHint},
			})
		}
	}
	return append(all, checkPrompts(d.Prompts)...)
}

func (d gatherData) wants(kind string) bool { return slices.Contains(d.Input, kind) }

// hearing says whether speech counts, and tells why not where it should.
func (g gatherer) hearing(s *flow.Session, d gatherData) bool {
	if !d.wants("speech") {
		return false
	}
	if g.ears != nil {
		return true
	}
	const code = "gather.no_recogniser"
	if d.wants("dtmf") {
		s.Add(event.Warned{Code: code, Message: "only keys count: " + errNoRecogniser.Error()})
	} else {
		s.Add(event.Failed{Code: code, Message: "nothing can be understood: " + errNoRecogniser.Error()})
	}
	return false
}

func (g gatherer) run(ctx context.Context, s *flow.Session, d gatherData) (flow.Next, error) {
	p := g.prompter(ctx, s, d.Prompts)
	defer p.close()
	var l *listening
	if g.hearing(s, d) {
		l = listen(s, d)
	}
	defer l.close()
	w := flow.Gather{Fresh: len(d.Prompts) > 0, Deaf: !d.wants("dtmf")}
	w.Max, w.Terminators, w.Until = d.NumDigits, d.FinishOnKey, l.began()
	w.First, w.Between = ms(d.Timeout), ms(d.Timeout)
	if w.Deaf && l == nil {
		w.First = 0 // there is nothing to wait for
	}
	if w.Fresh {
		w.Prompt = func(ctx context.Context) error {
			_, err := p.play(ctx)
			if err == nil {
				l.open()
			}
			return err
		}
	}
	got, err := s.Gather(ctx, w)
	p.close() // or a prompt might be made while somebody speaks
	switch {
	case err != nil:
		return flow.Next{}, err
	case got.By == call.ByOther:
		return g.speech(ctx, s, d, l.Ear)
	case got.Keys != "":
		s.Tell(map[string]string{"Digits": got.Keys})
		return flow.Take("input"), nil
	}
	return d.nothing(s), nil
}

// nothing is the way on without any input.
func (d gatherData) nothing(s *flow.Session) flow.Next {
	if !d.SendEmpty {
		return flow.Next{}
	}
	if d.wants("dtmf") {
		s.Tell(map[string]string{"Digits": ""})
	} else {
		s.Tell(map[string]string{"SpeechResult": "", "Confidence": ""})
	}
	return flow.Take("input")
}
