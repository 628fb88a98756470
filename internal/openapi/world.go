package openapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pivotvoice/pivot/internal/api"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// sampleAdmin is who is the admin of the sample account.
const sampleAdmin = "admin:sample"

// The names of what the sample account has.
const (
	liveCall = "sample-call-that-runs"
	pastCall = "sample-call-that-is-over"
)

// fill puts in what no operation of the API makes: calls and a recording.
func (s *Sample) fill(ctx context.Context, kept store.Store, creds api.Credentials) error {
	now := time.Now()
	cdr := now.UTC().Format("200601") + "-" + pastCall
	s.token = creds.APIKey
	s.known = map[string]string{
		"account_id": creds.AccountID, "api_key": creds.APIKey, "realm": creds.Realm, "account_name": creds.Account,
		"username": "admin", "password": "sample",
		"call_id": pastCall, "live_call_id": liveCall, "cdr_id": cdr, "recording_id": "sample-recording",
	}
	s.call(liveCall, creds.AccountID, now)
	s.call(pastCall, creds.AccountID, now.Add(-time.Minute),
		event.Answered{Codec: "PCMU"},
		event.Fetched{ID: 1, Try: 1, Debug: true, Method: "get", URL: "https://example.com/voice", Status: 200, Answer: "{}"},
		event.Ended{Cause: "NORMAL_CLEARING", By: "caller"},
	)
	s.calls.Flush(ctx)
	return s.recording(ctx, kept, creds.AccountID)
}

func (s *Sample) call(id, account string, at time.Time, more ...event.Fact) {
	facts := append([]event.Fact{event.Offered{
		Account: account, Direction: "inbound", From: "+14155550100@carrier.example", To: "2600@pivot.example",
		Request: "2600@pivot.example", CallerName: "Ada", CallerNumber: "+14155550100", Source: "192.0.2.7:5060",
	}}, more...)
	for i, f := range facts {
		s.calls.Add(event.Event{At: at.Add(time.Duration(i) * time.Second), Call: id, What: f})
	}
}

// recording keeps a tenth of a second of silence, and its document.
func (s *Sample) recording(ctx context.Context, kept store.Store, account string) error {
	id := s.known["recording_id"]
	raw, _ := json.Marshal(object{ // of texts and numbers
		"name": "sample", "call_id": pastCall, "content_type": "audio/wav", "media_type": "wav", "duration_ms": 100,
	})
	if _, err := kept.Put(ctx, store.Doc{
		Key: store.Key{Account: account, Type: "call_recording", ID: id}, JSON: raw,
	}); err != nil {
		return err
	}
	return silence(ctx, kept.Blobs, store.Key{Account: account, Type: "recording", ID: id})
}

// silence keeps a tenth of a second of it.
func silence(ctx context.Context, blobs store.Blobs, k store.Key) error {
	out, err := blobs.Create(ctx, k, "audio/wav")
	if err != nil {
		return err
	}
	defer out.Abort()
	wav, err := audio.NewWAVWriter(out, 8000, 1)
	if err != nil {
		return err
	}
	if err := wav.Write(make([]int16, 800)); err != nil {
		return err
	}
	if err := wav.Close(); err != nil {
		return err
	}
	return out.Commit()
}
