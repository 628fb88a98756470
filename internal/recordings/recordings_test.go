package recordings_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/recordings"
	"github.com/pivotvoice/pivot/internal/store"
)

// encoder copies what it gets and calls it MP3.
type encoder bool

func (e encoder) CanMP3() bool { return bool(e) }

func (encoder) EncodeMP3(_ context.Context, wav io.Reader, out io.Writer) error {
	_, err := io.Copy(out, wav)
	return err
}

// server is a customer's server that answers with each status in turn.
type server struct {
	statuses []int
	got      []int64
	kinds    []string
}

func (s *server) Send(_ context.Context, _, _, kind string, size int64, body io.Reader) (int, error) {
	n, _ := io.Copy(io.Discard, body)
	if n != size {
		return 0, errors.New("size")
	}
	status := s.statuses[len(s.got)]
	s.got, s.kinds = append(s.got, n), append(s.kinds, kind)
	switch {
	case status == 0:
		return 0, errors.New("connection refused")
	case status >= 300:
		return status, errors.New("not taken")
	}
	return status, nil
}

func record(t *testing.T, r *recordings.Recordings, format string) actions.Recording {
	t.Helper()
	rec, err := r.Create(t.Context(), "a", "r1", format)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := rec.WriteFrame(make([]int16, rec.Rate()/50)); err != nil {
			t.Fatal(err)
		}
	}
	length, size, err := rec.Close()
	if err != nil || length != time.Second || size < 16000 {
		t.Errorf("%s, %d bytes, %v", length, size, err)
	}
	return rec
}

func TestFormats(t *testing.T) {
	for _, tc := range []struct {
		can                  bool
		wanted, format, mime string
	}{
		{false, "mp3", "wav", "audio/wav"},
		{false, "", "wav", "audio/wav"},
		{true, "mp3", "mp3", "audio/mpeg"},
		{true, "", "mp3", "audio/mpeg"},
		{true, "wav", "wav", "audio/wav"},
	} {
		s := store.Memory().Blobs
		r := recordings.New(s, nil, encoder(tc.can), slog.New(slog.DiscardHandler))
		if got := record(t, r, tc.wanted).Format(); got != tc.format {
			t.Errorf("%q with an encoder %t is %s", tc.wanted, tc.can, got)
		}
		body, info, err := s.Open(t.Context(), store.Key{Account: "a", Type: recordings.Type, ID: "r1"})
		if err != nil || info.ContentType != tc.mime {
			t.Fatalf("%+v, %v", info, err)
		}
		_ = body.Close()
		r.Close()
	}
}

// TestUpload tries again what may work later, and gives up what was refused.
func TestUpload(t *testing.T) {
	for name, tc := range map[string]struct {
		statuses []int
		tries    int
		last     int
	}{
		"at once":       {[]int{200}, 1, 200},
		"later":         {[]int{0, 503, 201}, 3, 201},
		"refused":       {[]int{403}, 1, 403},
		"never":         {[]int{0, 0, 500, 500}, 4, 500},
		"too many asks": {[]int{429, 200}, 2, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				web := &server{statuses: tc.statuses}
				r := recordings.New(store.Memory().Blobs, web, encoder(false), slog.New(slog.DiscardHandler))
				defer r.Close()
				record(t, r, "wav")
				var told []event.Uploaded
				r.Upload(actions.Upload{Account: "a", ID: "r1", Format: "wav", Method: "PUT", URL: "http://x/r1.wav"},
					func(f event.Fact) { told = append(told, f.(event.Uploaded)) })
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				if len(told) != tc.tries || told[len(told)-1].Status != tc.last || told[len(told)-1].Try != tc.tries {
					t.Errorf("%+v", told)
				}
			})
		})
	}
}

// TestCloseEndsUploads waits for nobody's server.
func TestCloseEndsUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := recordings.New(store.Memory().Blobs, &server{statuses: []int{0, 0}}, encoder(false), slog.New(slog.DiscardHandler))
		record(t, r, "wav")
		r.Upload(actions.Upload{Account: "a", ID: "r1", Method: "PUT", URL: "http://x"}, func(event.Fact) {})
		synctest.Wait()
		r.Close()
	})
}
