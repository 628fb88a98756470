package actions

import (
	"context"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// play is made with how long to wait after it has answered the call.
func play(media Media, afterAnswer time.Duration) flow.Action {
	return flow.Define(flow.Def[playData]{
		Name:    "play",
		Summary: "Plays a recording, a tone or a file from the web.",
		Doc: "Takes the call first unless `answer` is false; then it is heard as early media. Keys pressed meanwhile " +
			"are kept for the next `collect_dtmf`, or the next webhook as `Digits`. A sound that is missing or broken " +
			"is told on the timeline and takes `error`, else `_`.",
		Default:  playDefault(),
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "A recording of the account.", Data: `{"id": "welcome"}`},
			{Says: "Music until the star key.", Data: `{"id": "https://example.com/music.mp3",
				"endless_playback": true, "terminators": ["*"]}`},
			{Says: "A tone, before the call is taken.", Data: `{"id": "tone_stream://%(200,0,440)", "answer": false,
				"loop_count": 2}`},
		},
		Run: func(ctx context.Context, s *flow.Session, d playData) (flow.Next, error) {
			if d.ID == "" {
				s.Add(event.Warned{Code: "play.nothing", Message: "play has no id: there is nothing to play"})
				return flow.Next{}, nil
			}
			if err := d.answer(ctx, s, afterAnswer); err != nil {
				return flow.Next{}, err
			}
			sound, err := d.sound(ctx, s, media)
			if err != nil {
				return flow.Next{}, err
			}
			cut, err := s.Play(ctx, sound, keysOf(d.Terminators))
			if err == nil && cut == "" {
				d.warn(s)
			}
			return flow.Next{}, flow.Fail("media.broken", err)
		},
	})
}

type playData struct {
	ID              string   `json:"id,omitempty" jsonschema_description:"What to play: the id of a media document, a prompt (prompt://…), tone_stream://…, silence_stream://… or an http(s) URL."`
	Answer          *bool    `json:"answer,omitempty" jsonschema_description:"Take the call first; false plays as early media."`
	Terminators     []string `json:"terminators" jsonschema_description:"The keys that end it; none if empty."`
	EndlessPlayback bool     `json:"endless_playback" jsonschema:"default=false" jsonschema_description:"Play it again and again, until a key or the end of the call."`
	LoopCount       int      `json:"loop_count,omitempty" jsonschema:"minimum=1" jsonschema_description:"How often to play it."`
	flow.Skip
}

func playDefault() playData { return playData{Terminators: anyKey()} }

// sound is what is to be heard, as often as it is to be; nil is nothing.
func (d playData) sound(ctx context.Context, s *flow.Session, media Media) (audio.Sound, error) {
	if d.ID == "" {
		return nil, nil //nolint:nilnil // nothing to play is no error in a callflow
	}
	sound, err := media.Sound(ctx, s.Account, d.ID)
	if err != nil {
		return nil, flow.Fail("media.missing", err)
	}
	switch {
	case d.EndlessPlayback:
		return audio.Loop(sound, 0), nil
	case d.LoopCount > 1:
		return audio.Loop(sound, d.LoopCount), nil
	}
	return sound, nil
}

// warn tells that something was played as often as nobody waits for: TwiML's
// loop of 0 is maxRounds here.
func (d playData) warn(s *flow.Session) {
	if d.LoopCount >= maxRounds && !d.EndlessPlayback {
		text := fmt.Sprintf("it was played %d times and is not played again", d.LoopCount)
		s.Add(event.Warned{Code: "play.loop", Message: text})
	}
}

// answer takes the call if it is to be taken.
func (d playData) answer(ctx context.Context, s *flow.Session, wait time.Duration) error {
	if s.Answered() {
		return nil
	}
	if d.Answer != nil && !*d.Answer {
		return earlyMedia(ctx, s)
	}
	if err := s.Answer(ctx); err != nil {
		return flow.Fail("answer.failed", err)
	}
	if wait == 0 {
		return nil
	}
	return pause(ctx, wait)
}
