package actions

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// studio is what recordings are made with.
type studio struct {
	to   Recordings
	tell telling
	ears Recogniser
}

// wish is a recording as an action wants it, besides its sound.
type wish struct {
	Tape
	Push, Method string // where to send it, and by PUT or POST

	Callback, CallbackMethod string
	Events                   []string // that Callback wants
	Source, Track            string   // as Callback is told

	Transcribe   bool
	TranscribeTo string // Callback if empty
}

// take is a recording that is being made, and who wants to hear of it.
type take struct {
	studio
	wish
	Recording

	s      *flow.Session
	status caller
	text   *transcriber // nil if nobody wants the text
}

// begin starts a recording and says so.
func (st studio) begin(ctx context.Context, s *flow.Session, w wish) (*take, error) {
	w.Account, w.ID, w.Call, w.Began = s.Account, recordingID(time.Now()), s.Leg.Info(), time.Now()
	w.Channels = max(w.Channels, 1)
	w.URL = w.Push
	t := &take{studio: st, wish: w, s: s, status: called(s, st.tell, w.Callback, w.CallbackMethod)}
	var err error
	// The recording outlives the step: that the caller hangs up is its end,
	// not its failure.
	if t.Recording, err = st.to.Create(context.WithoutCancel(ctx), w.Tape); err != nil {
		t.report("failed", map[string]string{"ErrorText": err.Error()})
		return nil, flow.Fail("recording.failed", err)
	}
	if w.Transcribe {
		t.text = newTranscriber(s, st, w)
	}
	t.report("in-progress", nil)
	return t, nil
}

// report posts a status that is wanted. Who wants to hear that a recording is
// complete wants to hear that it never will be.
func (t *take) report(status string, params map[string]string) {
	wanted := t.Events
	if wanted == nil {
		wanted = []string{"completed"}
	}
	as := status
	if status == "failed" {
		as = "completed"
	}
	if !slices.Contains(wanted, as) {
		return
	}
	all := map[string]string{
		"RecordingSid": t.ID, "RecordingStatus": status, "RecordingSource": t.Source,
		"RecordingChannels":  strconv.Itoa(t.Channels),
		"RecordingStartTime": t.Began.UTC().Format(time.RFC1123Z),
	}
	if t.Track != "" {
		all["RecordingTrack"] = t.Track
	}
	maps.Copy(all, params)
	t.status.post("recording "+status, all)
}

// nothing throws the recording away: there is only silence on it.
func (t *take) nothing() {
	t.Discard()
	t.s.Add(event.Warned{Code: "recording.silent", Message: "nothing but silence was recorded: it is not kept"})
	t.report("absent", map[string]string{"RecordingDuration": "0"})
}

// keep ends the recording, tells the call of it, and has it sent, told and
// written down as was wished. by is how it ended.
func (t *take) keep(by string) (flow.Recording, error) {
	kept, err := t.Close()
	format := cmp.Or(kept.Format, t.Format)
	f := event.Recorded{ID: t.ID, Format: format, Length: event.Millis(kept.Length), Bytes: kept.Bytes, By: by}
	if err != nil {
		f.Err = err.Error()
		t.s.Add(f)
		t.report("failed", map[string]string{"ErrorText": f.Err})
		return flow.Recording{}, flow.Fail("recording.failed", err)
	}
	if t.Format != "" && t.Format != format {
		t.s.Add(event.Warned{
			Code: "recording.format", Message: "the recording is " + format + ": it could not be made " + t.Format,
		})
	}
	t.s.Add(f)
	r := flow.Recording{ID: t.ID, URL: kept.URL, Length: kept.Length}
	if t.Push != "" {
		r.URL = fileURL(t.Push, t.ID, format)
	}
	t.s.SetRecording(r)
	t.later(r, kept)
	return r, nil
}

// later does what need not keep the call waiting.
func (t *take) later(r flow.Recording, kept Kept) {
	if t.Push == "" && t.text == nil {
		t.complete(r, nil, kept)
		return
	}
	tell := t.s.Later()
	t.to.After(func(ctx context.Context) {
		var err error
		if t.Push != "" {
			err = t.to.Upload(ctx, Upload{
				Account: t.Account, ID: t.ID, Format: kept.Format,
				Method: strings.ToUpper(cmp.Or(t.Method, "put")), URL: r.URL,
			}, tell)
		}
		t.complete(r, err, kept)
		if t.text != nil {
			t.text.write(ctx, r, tell)
		}
	})
}

// complete reports the end. A recording that could not be sent is still here.
func (t *take) complete(r flow.Recording, sent error, kept Kept) {
	params := map[string]string{"RecordingUrl": r.URL, "RecordingDuration": seconds(r.Length)}
	if sent == nil {
		t.report("completed", params)
		return
	}
	params["ErrorText"] = sent.Error()
	params["RecordingUrl"] = kept.URL
	t.report("failed", params)
}

// seconds is a length as web servers are told it.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second).Seconds())) }

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

// recordingID is the id of a recording made in at's month, as Kazoo's are
// (spec/crossbar-api.md section 5).
func recordingID(at time.Time) string { return at.UTC().Format("200601") + "-" + newID() }

var errNoRecogniser = errors.New("no recogniser is configured (recogniser.provider)")
