package actions

import (
	"context"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

func recordCaller(st studio) flow.Action {
	return flow.Define(flow.Def[recordCallerData]{
		Name:    "record_caller",
		Summary: "Records what the caller says, as a message.",
		Doc: "Takes the call first and records until any key, the time limit or the end of the call. The recording is " +
			"kept, and sent to `url` if there is one, as `<url>/call_recording_<id>.<format>`, without keeping the call " +
			"waiting. Where no MP3 encoder is installed it is WAV. A recording that could not be made takes `error`, " +
			"else `_`. See `record` for more wishes.",
		Default:  recordCallerData{Method: "put", TimeLimit: 3600},
		Branches: []string{flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "A message of a minute at most.", Data: `{"time_limit": 60}`},
			{Says: "Sent to a web server as WAV.", Data: `{"format": "wav", "url": "https://example.com/messages",
				"time_limit": 30}`},
		},
		Check: func(d recordCallerData) schema.Faults { return checkURL(d.URL, false, "url") },
		Run: func(ctx context.Context, s *flow.Session, d recordCallerData) (flow.Next, error) {
			return flow.Next{}, d.record(ctx, s, st)
		},
	})
}

type recordCallerData struct {
	URL       string `json:"url,omitempty" jsonschema:"format=uri" jsonschema_description:"Where to send it: http or https."`
	Method    string `json:"method" jsonschema:"enum=put,enum=post" jsonschema_description:"How to send it."`
	Format    string `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"What file to make of it; MP3 where an encoder is installed, if not given."`
	TimeLimit int    `json:"time_limit" jsonschema:"minimum=5,maximum=10800" jsonschema_description:"How long it may be, in seconds."`
	flow.Skip
}

// record makes the recording. One that the end of the call cut short is kept
// like any other.
func (d recordCallerData) record(ctx context.Context, s *flow.Session, st studio) error {
	t, err := st.begin(ctx, s, wish{
		Tape: Tape{Name: "message", Origin: "callflow : record_caller", Format: d.Format}, Push: d.URL, Method: d.Method,
	})
	if err != nil {
		return err
	}
	defer t.Discard()
	got, err := s.Record(ctx, call.Record{
		Limit: time.Duration(d.TimeLimit) * time.Second, Terminators: strings.Join(anyKey(), ""),
	}, t.Channel(0))
	_, kept := t.keep(got.By)
	s.Outcome.Message = s.Outcome.Message || kept == nil
	if kept != nil && (err == nil || got.By == call.ByBroken) {
		return kept
	}
	return err
}
