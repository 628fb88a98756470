package openapi

import (
	"context"
	"crypto/md5" //nolint:gosec // what clients of Kazoo send
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/store"
)

// sampleName is the name of the sample's account and the password of its
// users, sampleAdmin who is the account's admin.
const (
	sampleName  = "sample"
	sampleAdmin = "admin:" + sampleName
)

// The names of what the sample account has.
const (
	liveCall = "sample-call-that-runs"
	pastCall = "sample-call-that-is-over"
)

// fill puts in what no operation of the API makes: calls and a recording.
func (s *Sample) fill(ctx context.Context, kept store.Store, creds identity.Credentials) error {
	now := time.Now()
	cdr := now.UTC().Format("200601") + "-" + pastCall
	s.token = creds.APIKey
	s.known = map[string]string{
		"account_id": creds.AccountID, "api_key": creds.APIKey, "realm": creds.Realm, "account_name": creds.Account,
		"username": "admin", "password": sampleName,
		"call_id": pastCall, "live_call_id": liveCall, "cdr_id": cdr, "recording_id": "sample-recording",
	}
	if err := s.login(ctx); err != nil {
		return err
	}
	s.call(liveCall, creds.AccountID, now)
	s.call(pastCall, creds.AccountID, now.Add(-time.Minute),
		event.Answered{Codec: "PCMU"},
		event.Fetched{ID: 1, Try: 1, Debug: true, Method: "get", URL: "https://example.com/voice", Status: 200, Answer: "{}"},
		event.Media{
			Codec: "PCMU", Sent: 50, Received: 50, Jitter: event.Millis(300 * time.Microsecond), Remote: "192.0.2.7:20000",
		},
		event.Ended{Cause: "NORMAL_CLEARING", By: "caller"},
	)
	s.calls.Flush(ctx)
	s.made["accounts/{account_id}/recordings"] = s.known["recording_id"]
	return s.sounds(ctx, kept, creds.AccountID)
}

// login gives the sample a token and an account below its own.
func (s *Sample) login(ctx context.Context) error {
	sum := md5.Sum([]byte(sampleAdmin)) //nolint:gosec // what clients of Kazoo send
	s.known["credentials"] = hex.EncodeToString(sum[:])
	login := s.try(ctx, rest.Operation{Method: http.MethodPut, Path: "user_auth", Who: rest.Anyone, Example: rest.Example{
		Data: `{"credentials": "{credentials}", "account_name": "{account_name}"}`,
	}})
	var got struct {
		Token string              `json:"auth_token"`
		Data  struct{ ID string } `json:"data"`
	}
	if err := json.Unmarshal(login.JSON, &got); err != nil {
		return err
	}
	s.known["token"] = got.Token
	for _, name := range []string{"child", "spare"} {
		made := s.try(ctx, rest.Operation{Method: http.MethodPut, Path: "accounts", Example: rest.Example{
			Data: `{"name": "` + name + `"}`,
		}})
		if err := json.Unmarshal(made.JSON, &got); err != nil {
			return err
		}
		s.known[name+"_account_id"] = got.Data.ID
	}
	for _, account := range []string{"{account_id}", "{child_account_id}"} {
		path := "accounts/" + s.replace(account, nil) + "/users"
		s.try(ctx, rest.Operation{Method: http.MethodPut, Path: path, Example: rest.Example{
			Data: `{"id": "grace", "first_name": "Grace", "last_name": "Hopper", "username": "grace",
				"password": "sample", "email": "grace@example.com"}`,
		}})
	}
	return nil
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

// sounds keeps a tenth of a second of silence as a recording and as a file.
func (s *Sample) sounds(ctx context.Context, kept store.Store, account string) error {
	id := s.known["recording_id"]
	raw, _ := json.Marshal(object{ // of texts and numbers
		"name": sampleName, "call_id": pastCall, "content_type": "audio/wav", "media_type": "wav", "duration_ms": 100,
	})
	if _, err := kept.Put(ctx, store.Doc{
		Key: store.Key{Account: account, Type: "call_recording", ID: id}, JSON: raw,
	}); err != nil {
		return err
	}
	k := store.Key{Account: account, Type: "recording", ID: id}
	if err := silence(ctx, kept.Blobs, k); err != nil {
		return err
	}
	file, _, err := kept.Blobs.Open(ctx, k)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	wav, err := io.ReadAll(file)
	s.known["wav"] = string(wav)
	return err
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
