package actions

import (
	"context"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// maxRounds is how often a text is said at most, to somebody who may not
// listen any more.
const maxRounds = 1000

func say(voice Voice) flow.Action {
	return flow.Define(flow.Def[sayData]{
		Name:    "say",
		Summary: "Speaks a text, or SSML, as often as it should.",
		Doc: "Takes the call first. With `ssml` the text is the inside of an SSML `<speak>` element. A `loop` of 0 says it " +
			"until the call is over, 1000 times at most. Keys pressed meanwhile are kept for the next `gather` or " +
			"`collect_dtmf`, or the next webhook as `Digits`. What cannot be spoken is told on the timeline and takes " +
			"`error`, else `_`. All that `tts` takes can be given here too.",
		Default:  sayDefault(),
		Branches: []string{flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "Greet the caller.", Data: `{"text": "Welcome to Acme."}`},
			{Says: "Twice, to the end, in German.", Data: `{"text": "Bitte warten.", "language": "de-de", "loop": 2,
				"terminators": []}`},
			{Says: "With a pause, in SSML.", Data: `{"text": "Your code is <break time=\"300ms\"/> 4 2.", "ssml": true}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d sayData) (flow.Next, error) {
			return d.run(ctx, s, voice)
		},
	})
}

type sayData struct {
	Text            string   `json:"text" jsonschema:"required,minLength=1,maxLength=4096" jsonschema_description:"What to say."`
	SSML            bool     `json:"ssml,omitempty" jsonschema_description:"The text is SSML: the inside of its <speak> element."`
	Voice           string   `json:"voice" jsonschema_description:"Whose voice: female, male, or a name that the provider knows."`
	Language        string   `json:"language,omitempty" jsonschema_description:"In which language; the call's if not given."`
	Engine          string   `json:"engine,omitempty" jsonschema_description:"Which provider of voices; the configured one if not given."`
	Loop            int      `json:"loop" jsonschema:"minimum=0" jsonschema_description:"How often to say it; 0 is until the call is over."`
	Terminators     []string `json:"terminators" jsonschema_description:"The keys that end it; none if empty."`
	EndlessPlayback bool     `json:"endless_playback,omitempty" jsonschema_description:"The same as a loop of 0."`
	flow.Skip
}

func sayDefault() sayData { return sayData{Voice: "female", Loop: 1, Terminators: anyKey()} }

func (d sayData) run(ctx context.Context, s *flow.Session, voice Voice) (flow.Next, error) {
	sound, err := d.sound(ctx, s, voice)
	if err != nil {
		return flow.Next{}, err
	}
	cut, err := s.Play(ctx, sound, keysOf(d.Terminators))
	if err == nil && cut == "" {
		d.warn(s)
	}
	return flow.Next{}, flow.Fail("media.broken", err)
}

// sound has the text made, as often as it is to be heard.
func (d sayData) sound(ctx context.Context, s *flow.Session, voice Voice) (audio.Sound, error) {
	speech := audio.Speech{Text: d.Text, SSML: d.SSML, Voice: d.Voice, Language: d.Language, Engine: d.Engine}
	sound, err := spoken(ctx, s, voice, speech)
	if err != nil {
		return nil, flow.Fail("say.failed", err)
	}
	return audio.Loop(sound, d.rounds()), nil
}

func (d sayData) rounds() int {
	if d.endless() {
		return maxRounds
	}
	return d.Loop
}

// endless says whether it is to be said more often than anything is.
func (d sayData) endless() bool { return d.EndlessPlayback || d.Loop == 0 || d.Loop > maxRounds }

// warn tells that something was said to its limit.
func (d sayData) warn(s *flow.Session) {
	if d.endless() {
		text := fmt.Sprintf("it was said %d times and is not said again", maxRounds)
		s.Add(event.Warned{Code: "say.loop", Message: text})
	}
}

// spoken has a text made, in the call's language if neither it nor its voice,
// such as female/de-DE, has one.
func spoken(ctx context.Context, s *flow.Session, voice Voice, speech audio.Speech) (audio.Sound, error) {
	if speech.Language == "" && !strings.Contains(speech.Voice, "/") {
		speech.Language = s.Language
	}
	sound, facts, err := voice.Say(ctx, speech)
	for _, f := range facts {
		s.Add(f)
	}
	return sound, err
}
