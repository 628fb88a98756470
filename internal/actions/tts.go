package actions

import (
	"context"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/flow"
)

func tts(voice Voice) flow.Action {
	return flow.Define(flow.Def[ttsData]{
		Name:    "tts",
		Summary: "Speaks a text.",
		Doc: "Takes the call first. Keys pressed meanwhile are kept for the next `collect_dtmf`, or the next webhook as " +
			"`Digits`. A text that cannot be spoken is told on the timeline and takes `error`, else `_`. `say` can do more.",
		Default:  ttsData{Voice: "female", Terminators: anyKey()},
		Branches: []string{flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "Greet the caller.", Data: `{"text": "Welcome to Acme."}`},
			{Says: "In another language, to the end.", Data: `{"text": "Guten Tag.", "language": "de-de", "terminators": []}`},
			{Says: "Again and again, until the star key.", Data: `{"text": "Please wait.", "voice": "male/en-GB",
				"engine": "flite", "endless_playback": true, "terminators": ["*"]}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d ttsData) (flow.Next, error) {
			sound, err := spoken(ctx, s, voice, audio.Speech{
				Text: d.Text, Voice: d.Voice, Language: d.Language, Engine: string(d.Engine),
			})
			if err != nil {
				return flow.Next{}, flow.Fail("tts.failed", err)
			}
			if d.EndlessPlayback {
				sound = audio.Loop(sound, 0)
			}
			_, err = s.Play(ctx, sound, keysOf(d.Terminators))
			return flow.Next{}, flow.Fail("media.broken", err)
		},
	})
}

// engine is a provider of voices by its name.
type engine string

// Enum are the names there are.
func (engine) Enum() []string { return audio.Engines() }

type ttsData struct {
	Text            string   `json:"text" jsonschema:"required,minLength=1,maxLength=1000" jsonschema_description:"What to say."`
	Voice           string   `json:"voice" jsonschema_description:"Whose voice: female, male, one of Kazoo's such as female/de-DE, or a name that the provider knows."`
	Language        string   `json:"language,omitempty" jsonschema_description:"In which language; the call's if not given."`
	Engine          engine   `json:"engine,omitempty" jsonschema_description:"Which provider of voices; the configured one if not given, or if it is not here. flite is a program on this machine, google, ispeech and voicefabric are the configured service."`
	Terminators     []string `json:"terminators" jsonschema_description:"The keys that end it; none if empty."`
	EndlessPlayback bool     `json:"endless_playback,omitempty" jsonschema_description:"Say it again and again, until a key or the end of the call."`
	flow.Skip
}
