package actions

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Recordings keeps what is recorded.
type Recordings interface {
	// Create begins a recording. format is "mp3", "wav", or "" for the best
	// there is; the recording says what it really is.
	Create(ctx context.Context, account, id, format string) (Recording, error)
	// Upload sends a recording that was kept to a customer's web server, in
	// the background, with as many tries as it takes; tell gets each of them
	// as an event.Uploaded, even after the call.
	Upload(what Upload, tell func(event.Fact))
}

// Recording is sound on its way to be kept.
type Recording interface {
	audio.Sink
	// Format is what it really is: "mp3" or "wav".
	Format() string
	// Close keeps what was recorded, and returns its length and its size in
	// bytes. If it fails nothing is kept.
	Close() (length time.Duration, bytes int64, err error)
}

// Upload is a recording and where to send it.
type Upload struct {
	Account, ID string
	Format      string // "mp3", "wav"
	Method, URL string // PUT or POST, and where the file itself goes
}

func recordCaller(to Recordings) flow.Action {
	return flow.Define(flow.Def[recordData]{
		Name:    "record_caller",
		Summary: "Records what the caller says, as a message.",
		Doc: "Takes the call first and records until any key, the time limit or the end of the call. The recording is " +
			"kept, and sent to `url` if there is one, as `<url>/call_recording_<id>.<format>`, without keeping the call " +
			"waiting. Where no MP3 encoder is installed it is WAV. A recording that could not be made takes `error`, " +
			"else `_`.",
		Default:  recordData{Method: "put", TimeLimit: 3600},
		Branches: []string{flow.Error},
		Needs:    flow.Answer,
		Examples: []flow.Example{
			{Says: "A message of a minute at most.", Data: `{"time_limit": 60}`},
			{Says: "Sent to a web server as WAV.", Data: `{"format": "wav", "url": "https://example.com/messages",
				"time_limit": 30}`},
		},
		Check: func(d recordData) schema.Faults { return d.check() },
		Run: func(ctx context.Context, s *flow.Session, d recordData) (flow.Next, error) {
			return flow.Next{}, d.record(ctx, s, to)
		},
	})
}

type recordData struct {
	URL       string `json:"url,omitempty" jsonschema:"format=uri" jsonschema_description:"Where to send it: http or https."`
	Method    string `json:"method" jsonschema:"enum=put,enum=post" jsonschema_description:"How to send it."`
	Format    string `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"What file to make of it; MP3 where an encoder is installed, if not given."`
	TimeLimit int    `json:"time_limit" jsonschema:"minimum=5,maximum=10800" jsonschema_description:"How long it may be, in seconds."`
	flow.Skip
}

func (d recordData) check() schema.Faults {
	if d.URL == "" {
		return nil
	}
	u, err := url.Parse(d.URL)
	if err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	return schema.Faults{{
		Path: []string{"url"}, Rule: "error", Message: "invalid client URL", Extra: map[string]any{"value": d.URL},
	}}
}

// record makes the recording. One that the end of the call cut short is kept
// like any other.
func (d recordData) record(ctx context.Context, s *flow.Session, to Recordings) error {
	id := newID()
	// The recording outlives the step: that the caller hangs up is its end,
	// not its failure.
	rec, err := to.Create(context.WithoutCancel(ctx), s.Account, id, d.Format)
	if err != nil {
		return flow.Fail("recording.failed", err)
	}
	if d.Format != "" && d.Format != rec.Format() {
		s.Add(event.Warned{
			Code:    "recording.format",
			Message: "no " + d.Format + " encoder is installed: the recording is " + rec.Format(),
		})
	}
	got, err := s.Record(ctx, call.Record{
		Limit: time.Duration(d.TimeLimit) * time.Second, Terminators: strings.Join(anyKey(), ""),
	}, rec)
	length, size, kept := rec.Close()
	f := event.Recorded{ID: id, Format: rec.Format(), Length: event.Millis(length), Bytes: size, By: got.By}
	if kept != nil {
		f.Err = kept.Error()
		s.Add(f)
		if err == nil {
			err = kept
		}
		return flow.Fail("recording.failed", err)
	}
	s.Add(f)
	d.keep(s, to, flow.Recording{ID: id, Length: length}, rec.Format())
	return err
}

// keep remembers the recording for the next webhook and sends it.
func (d recordData) keep(s *flow.Session, to Recordings, r flow.Recording, format string) {
	if d.URL != "" {
		r.URL = fileURL(d.URL, r.ID, format)
		to.Upload(Upload{
			Account: s.Account, ID: r.ID, Format: format, Method: strings.ToUpper(d.Method), URL: r.URL,
		}, s.Later())
	}
	s.SetRecording(r)
}

// fileURL is where a recording goes below the URL that was given
// (spec/twiml.md section 1.6).
func fileURL(base, id, format string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.JoinPath("call_recording_" + id + "." + format).String()
}

// newID is 32 random hexadecimal digits, as Kazoo's ids are.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
