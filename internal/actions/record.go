package actions

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
	"github.com/pivotvoice/pivot/internal/webhook"
)

const recordDoc = "" +
	"Takes the call first, beeps, and records until the caller is silent, presses a key, hangs up, or " +
	"`max_length` is reached. What was recorded is kept, and sent to `url` if there is one, as " +
	"`<url>/call_recording_<id>.<format>`, tried again until it is taken.\n\n" +
	"The child `recorded` is taken once there is a recording, even if the caller has hung up: a `pivot` there " +
	"still asks its server, whose answer is then not carried out. The next webhook is told `RecordingUrl`, " +
	"`RecordingSid`, `RecordingDuration` (seconds) and, as `Digits`, the key that ended it or `hangup`. If " +
	"there was nothing but silence, nothing is kept and `_` is taken. A recording that could not be made takes " +
	"`error`, else `_`.\n\n" +
	"`status_callback` is told `RecordingStatus`: `in-progress`; `completed` once it is kept and, if it is to " +
	"be sent, was sent; `absent` for silence; and `failed`, with `ErrorText`, to whoever wants `completed`. " +
	"With `transcribe` a recording of 2 to 120 seconds is written down by the recogniser and " +
	"`transcribe_callback` is told `TranscriptionText` and `TranscriptionStatus`."

// record is TwiML's Record (spec/twiml.md sections 1.6, 2.2 and 2.4).
func record(st studio) flow.Action {
	return flow.Define(flow.Def[recordData]{
		Name:    "record",
		Summary: "Records a message, after a beep and up to a silence.",
		Doc:     recordDoc,
		Default: recordData{
			Timeout: 5, FinishOnKey: "1234567890*#", MaxLength: 3600, PlayBeep: true, Trim: true,
			Method: "put", CallbackData: callbackDefault(),
		},
		Branches: []string{"recorded", flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "A message of a minute at most.", Data: `{"max_length": 60}`},
			{Says: "Sent to a web server, which is told when it is there.", Data: `{"url": "https://example.com/in",
				"format": "wav", "status_callback": "https://example.com/status"}`},
			{Says: "A short answer, written down.", Data: `{"max_length": 30, "timeout": 2, "transcribe": true,
				"transcribe_callback": "https://example.com/text"}`},
		},
		Check: recordData.check,
		Run:   func(ctx context.Context, s *flow.Session, d recordData) (flow.Next, error) { return d.run(ctx, s, st) },
	})
}

type recordData struct {
	Timeout     int    `json:"timeout" jsonschema:"minimum=0,maximum=86400" jsonschema_description:"How many seconds of silence end it; 0 is no matter how many."`
	FinishOnKey string `json:"finish_on_key" jsonschema:"pattern=^[0-9*#]*$" jsonschema_description:"The keys that end it; none if empty."`
	MaxLength   int    `json:"max_length" jsonschema:"minimum=1,maximum=86400" jsonschema_description:"How long it may be, in seconds."`
	PlayBeep    bool   `json:"play_beep" jsonschema_description:"Beep first."`
	Trim        bool   `json:"trim" jsonschema_description:"Leave out the silence at both ends."`
	Format      string `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"What file to make of it; MP3 where an encoder is installed, if not given."`
	URL         string `json:"url,omitempty" jsonschema_description:"Where to send it: http or https, or relative to the URL that the program came from."`
	Method      string `json:"method" jsonschema:"enum=put,enum=post" jsonschema_description:"How to send it."`
	CallbackData
	Transcribe         bool   `json:"transcribe,omitempty" jsonschema_description:"Have it written down."`
	TranscribeCallback string `json:"transcribe_callback,omitempty" jsonschema_description:"Who is told the text; status_callback if not given."`
	flow.Skip
}

// CallbackData is who is told how a recording goes.
type CallbackData struct {
	Callback       string   `json:"status_callback,omitempty" jsonschema_description:"Who is told how it goes: http or https, or relative to the URL that the program came from."`
	CallbackMethod string   `json:"status_callback_method" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How they are told."`
	Events         []string `json:"status_callback_events" jsonschema:"uniqueItems=true,enum=in-progress,enum=completed,enum=absent" jsonschema_description:"What they are told of."`
}

func callbackDefault() CallbackData {
	return CallbackData{CallbackMethod: "POST", Events: []string{"completed"}}
}

func (d recordData) check() schema.Faults {
	all := checkURL(d.URL, true, "url")
	all = append(all, checkURL(d.Callback, true, "status_callback")...)
	return append(all, checkURL(d.TranscribeCallback, true, "transcribe_callback")...)
}

// leastSound is how much sound makes a recording: a click is none.
const leastSound = 100 * time.Millisecond

func (d recordData) run(ctx context.Context, s *flow.Session, st studio) (flow.Next, error) {
	if d.PlayBeep {
		if _, err := s.Play(ctx, audio.Beep(), ""); err != nil {
			return flow.Next{}, err
		}
	}
	t, err := st.begin(ctx, s, wish{
		Tape: Tape{Name: "message", Origin: "callflow : record", Format: d.Format, Trim: d.Trim},
		Push: absoluteURL(s, d.URL), Method: d.Method, Source: "RecordVerb",
		Callback: d.Callback, CallbackMethod: d.CallbackMethod, Events: d.Events,
		Transcribe: d.Transcribe, TranscribeTo: d.TranscribeCallback,
	})
	if err != nil {
		return flow.Next{}, err
	}
	defer t.Discard()
	got, err := s.Record(ctx, call.Record{
		Limit: time.Duration(d.MaxLength) * time.Second, Terminators: d.FinishOnKey,
		Silence: time.Duration(d.Timeout) * time.Second,
	}, t.sink())
	if got.Loud < leastSound && got.By != call.ByBroken {
		t.nothing()
		if got.By == call.ByHangup {
			err = nil
		}
		return flow.Next{}, err
	}
	made, kept := t.keep(got.By)
	s.Outcome.Message = s.Outcome.Message || kept == nil
	switch {
	case kept != nil:
		return flow.Next{}, kept
	case got.By == call.ByStopped:
		return flow.Next{}, err
	}
	s.Tell(told(made, got))
	return flow.Last("recorded"), nil
}

// sink is where the sound of a message goes.
func (t *take) sink() audio.Sink {
	if t.text == nil {
		return t.Channel(0)
	}
	to := t.Channel(0)
	t.text.room(to.Rate())
	return along{to, t.text}
}

// told is what the next webhook is told of a message.
func told(made flow.Recording, got call.Recording) map[string]string {
	params := map[string]string{
		"RecordingUrl": made.URL, "RecordingSid": made.ID, "RecordingDuration": seconds(made.Length),
	}
	switch got.By {
	case call.ByKey:
		params["Digits"] = got.Key
	case call.ByHangup:
		params["Digits"] = "hangup"
	}
	return params
}

// absoluteURL is raw as seen from the URL of the running program. What leads
// nowhere stays as it is: using it fails and says why.
func absoluteURL(s *flow.Session, raw string) string {
	if raw == "" {
		return ""
	}
	if full, err := webhook.Resolve(s.Base, raw); err == nil {
		return full
	}
	return raw
}
