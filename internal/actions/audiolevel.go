package actions

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

var audioLevel = flow.Define(flow.Def[levelData]{
	Name:    "audio_level",
	Silent:  true,
	Summary: "Makes what the caller hears, or says, louder, softer or silent.",
	Doc: "It holds for the rest of the call, until it is set again or stopped. `write` is what the caller hears of us; " +
		"`read` is what we hear of the caller: recordings, speech that is to be understood, and `echo`. Each level above 0 " +
		"is 3 dB louder (what is too loud then is clipped), each below it 6 dB softer, and -4 is silence. Keys are heard " +
		"as ever. A leg that cannot do it takes `error`, else `_`.",
	Default:  levelData{Action: "start", Mode: "write"},
	Branches: []string{flow.Error},
	Examples: []flow.Example{
		{Says: "Softer announcements.", Data: `{"action": "start", "mode": "write", "level": -1}`},
		{Says: "Do not record what the caller says now.", Data: `{"action": "start", "mode": "read", "level": -4}`},
		{Says: "As it was.", Data: `{"action": "stop", "mode": "read"}`},
	},
	Run: func(_ context.Context, s *flow.Session, d levelData) (flow.Next, error) {
		leg, ok := s.Leg.(call.Leveler)
		if !ok {
			return flow.Next{}, flow.Fail("audio_level.unsupported", errors.New("this kind of call has no level to change"))
		}
		level := d.Level
		if d.Action == "stop" {
			level = 0
		}
		side := call.Spoken
		if d.Mode == "read" {
			side = call.Heard
		}
		leg.SetLevel(side, level)
		s.Add(event.Set{Name: "audio_level." + d.Mode, Value: levelText(level)})
		return flow.Next{}, nil
	},
})

type levelData struct {
	Action string `json:"action" jsonschema:"enum=start,enum=stop" jsonschema_description:"start sets the level, stop makes it 0 again."`
	Mode   string `json:"mode" jsonschema:"enum=read,enum=write" jsonschema_description:"What the caller hears (write), or what is heard of the caller (read)."`
	Level  int    `json:"level" jsonschema:"minimum=-4,maximum=4,default=0" jsonschema_description:"-4 is silence, 0 is as it is, 4 is loudest."`
	flow.Skip
}

// levelText is a level with what it means.
func levelText(level int) string {
	if db := audio.LevelDB(level); !math.IsInf(db, -1) {
		return fmt.Sprintf("%d (%+.0f dB)", level, db)
	}
	return fmt.Sprintf("%d (silence)", level)
}
