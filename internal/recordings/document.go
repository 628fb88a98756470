package recordings

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/gregorian"
	"github.com/pivotvoice/pivot/internal/store"
)

// document is spec/crossbar-api.md appendix A, call_recordings.
type document struct {
	CallID       string            `json:"call_id"`
	CallerName   string            `json:"caller_id_name,omitempty"`
	CallerNumber string            `json:"caller_id_number,omitempty"`
	CalleeNumber string            `json:"callee_id_number,omitempty"`
	CDR          string            `json:"cdr_id"`
	ContentType  string            `json:"content_type"`
	Variables    map[string]string `json:"custom_channel_vars"`
	Description  string            `json:"description,omitempty"`
	Direction    string            `json:"direction"`
	Duration     int64             `json:"duration"`    // s
	DurationMS   int64             `json:"duration_ms"` // ms
	From         string            `json:"from"`
	MediaSource  string            `json:"media_source"`
	MediaType    string            `json:"media_type"`
	Name         string            `json:"name"`
	Origin       string            `json:"origin,omitempty"`
	Request      string            `json:"request"`
	SourceType   string            `json:"source_type"`
	Start        int64             `json:"start"` // Gregorian seconds
	To           string            `json:"to"`
	URL          string            `json:"url,omitempty"`
}

// document writes the recording's document. Without one nobody would find the
// sound, so it goes if that fails.
func (c *recording) document(ctx context.Context) error {
	raw, err := json.Marshal(c.describe())
	if err == nil {
		_, err = c.r.cfg.Docs.Put(ctx, store.Doc{
			Key:  store.Key{Account: c.of.Account, Type: DocType, ID: c.of.ID},
			JSON: raw, Index: map[string][]string{"call_id": {c.of.Call.ID}},
		})
	}
	if err != nil {
		return errors.Join(err, c.r.cfg.Blobs.Delete(ctx, key(c.of.Account, c.of.ID)))
	}
	return nil
}

func (c *recording) describe() document {
	i, began := c.of.Call, c.of.Began
	rang := i.Began
	if rang.IsZero() {
		rang = began
	}
	file := "call_recording_" + c.of.ID + "." + c.kept.Format
	return document{
		CallID: i.ID, CallerName: i.CallerName, CallerNumber: i.CallerNumber, CalleeNumber: i.Request,
		CDR:         rang.UTC().Format("200601") + "-" + i.ID,
		ContentType: mime(c.kept.Format), Variables: map[string]string{},
		Description: "recording " + file, Direction: string(i.Direction),
		Duration: int64(c.kept.Length.Round(time.Second).Seconds()), DurationMS: c.kept.Length.Milliseconds(),
		From: call.Address(i.From, i.FromRealm), To: call.Address(i.To, i.ToRealm),
		Request:     call.Address(i.Request, i.RequestRealm),
		MediaSource: "recording", MediaType: c.kept.Format, Name: c.of.Name, Origin: c.of.Origin,
		SourceType: "call_recording", Start: gregorian.Seconds(began), URL: shown(c.of.URL),
	}
}

// shown is a URL without its password.
func shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Redacted()
}
