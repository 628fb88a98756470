package recordings_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/media"
	"github.com/pivotvoice/pivot/internal/recordings"
	"github.com/pivotvoice/pivot/internal/store"
)

// encoder copies what it gets and calls it MP3.
type encoder struct {
	cannot bool
	fail   error         // at once
	hang   chan struct{} // until it is closed or the recording is given up
	read   chan int      // told of the bytes that were read, if it is not nil
}

func (e encoder) CanMP3() bool { return !e.cannot }

func (e encoder) EncodeMP3(ctx context.Context, wav io.Reader, out io.Writer) error {
	if e.hang != nil {
		select {
		case <-e.hang:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if e.fail != nil {
		return e.fail
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := wav.Read(buf)
		if e.read != nil && n > 0 {
			e.read <- n
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// place is recordings over memory, in a folder that must be empty at the end.
func place(t *testing.T, s store.Store, e recordings.Encoder, web recordings.Sender) *recordings.Recordings {
	t.Helper()
	dir := t.TempDir()
	r := recordings.New(recordings.Config{
		Blobs: s.Blobs, Docs: s.Docs, Sender: web, MP3: e, Dir: dir, Base: "https://pivot.test/",
	})
	t.Cleanup(func() {
		r.Close()
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
	})
	return r
}

func of(format string, channels int, trim bool) actions.Tape {
	return actions.Tape{
		Account: "a", ID: "202611-1", Format: format, Channels: channels, Trim: trim, Name: "message",
		Origin: "callflow : record", URL: "https://u:secret@web.test/in", Began: time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC),
		Call: call.Info{
			ID: "c1", Direction: call.Inbound, From: "200", FromRealm: "acme.test", To: "100", ToRealm: "acme.test",
			Request: "100", RequestRealm: "acme.test", CallerName: "Ann", CallerNumber: "+15550200",
		},
	}
}

func begin(t *testing.T, r *recordings.Recordings, tape actions.Tape) actions.Recording {
	t.Helper()
	rec, err := r.Create(t.Context(), tape)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// put writes sound of a level to a channel.
func put(t *testing.T, to audio.Sink, level int16, d time.Duration) {
	t.Helper()
	frame := make([]int16, to.Rate()/50)
	for i := range frame {
		frame[i] = level
	}
	for range d / (20 * time.Millisecond) {
		if err := to.WriteFrame(frame); err != nil {
			t.Fatal(err)
		}
	}
}

func kept(t *testing.T, rec actions.Recording) actions.Kept {
	t.Helper()
	k, err := rec.Close()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := rec.Close(); err != nil || again != k {
		t.Errorf("closed again: %+v, %v", again, err)
	}
	rec.Discard()
	if err := rec.Channel(0).WriteFrame(make([]int16, 160)); err == nil {
		t.Error("it takes more")
	}
	return k
}

// sound is what is kept, as samples of all channels in turn.
func sound(t *testing.T, s store.Store, id string) (pcm []int16, channels int, mime string) {
	t.Helper()
	body, info, err := s.Blobs.Open(t.Context(), store.Key{Account: "a", Type: recordings.Type, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	b, err := io.ReadAll(body)
	if err != nil || len(b) < 44 || int64(len(b)) != info.Size {
		t.Fatal(len(b), err)
	}
	for i := 44; i < len(b); i += 2 {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(b[i:])))
	}
	return pcm, int(binary.LittleEndian.Uint16(b[22:])), info.ContentType
}

// TestFormats is which file is made, and that one is.
func TestFormats(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		enc                  encoder
		wanted, format, mime string
	}{
		{"cannot", encoder{cannot: true}, "mp3", "wav", "audio/wav"},
		{"cannot, either", encoder{cannot: true}, "", "wav", "audio/wav"},
		{"can", encoder{}, "mp3", "mp3", "audio/mpeg"},
		{"best", encoder{}, "", "mp3", "audio/mpeg"},
		{"plain", encoder{}, "wav", "wav", "audio/wav"},
		{"broken", encoder{fail: errors.New("no such codec")}, "mp3", "wav", "audio/wav"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := store.Memory()
			rec := begin(t, place(t, s, tc.enc, nil), of(tc.wanted, 1, false))
			put(t, rec.Channel(0), 1000, time.Second)
			k := kept(t, rec)
			if k.Format != tc.format || k.Length != time.Second || k.Bytes != 16044 ||
				k.URL != "https://pivot.test/v2/accounts/a/recordings/202611-1" {
				t.Errorf("%+v", k)
			}
			pcm, channels, mime := sound(t, s, "202611-1")
			if mime != tc.mime || channels != 1 || len(pcm) != 8000 || pcm[0] != 1000 || pcm[7999] != 1000 {
				t.Errorf("%s, %d channels, %d samples", mime, channels, len(pcm))
			}
		})
	}
}

// TestHung is an encoder that does not come to an end: the recording is kept
// as WAV, and nothing of it is lost.
func TestHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.Memory()
		rec := begin(t, place(t, s, encoder{hang: make(chan struct{})}, nil), of("mp3", 1, false))
		for range 60 {
			put(t, rec.Channel(0), 1000, time.Second)
			synctest.Wait()
		}
		if k := kept(t, rec); k.Format != "wav" || k.Length != time.Minute {
			t.Errorf("%+v", k)
		}
	})
}

// TestEncodedMeanwhile: the encoder has the sound long before the end.
func TestEncodedMeanwhile(t *testing.T) {
	s := store.Memory()
	e := encoder{read: make(chan int, 1000)}
	rec := begin(t, place(t, s, e, nil), of("mp3", 1, false))
	put(t, rec.Channel(0), 1000, 3*time.Second)
	for n := 0; n < 2*16000; {
		n += <-e.read
	}
	kept(t, rec)
}

// TestStereo: each side on its own channel, as long as the longer one.
func TestStereo(t *testing.T) {
	s := store.Memory()
	rec := begin(t, place(t, s, nil, nil), of("", 2, false))
	for range 10 {
		put(t, rec.Channel(0), 1000, 100*time.Millisecond)
		put(t, rec.Channel(1), -2000, 100*time.Millisecond)
	}
	put(t, rec.Channel(1), -2000, 5*time.Second)
	if k := kept(t, rec); k.Length != 6*time.Second {
		t.Errorf("%+v", k)
	}
	pcm, channels, _ := sound(t, s, "202611-1")
	if channels != 2 || len(pcm) != 2*48000 {
		t.Fatalf("%d channels, %d samples", channels, len(pcm))
	}
	for i := 0; i < len(pcm); i += 2 {
		left := int16(1000)
		if i >= 16000 {
			left = 0
		}
		if pcm[i] != left || pcm[i+1] != -2000 {
			t.Fatalf("at %d: %d and %d", i/2, pcm[i], pcm[i+1])
		}
	}
}

// TestTrim is what is left of sound with silence around it.
func TestTrim(t *testing.T) {
	type part struct {
		level int16
		d     time.Duration
	}
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		parts []part
		want  time.Duration
	}{
		"both ends":  {[]part{{0, 5000 * ms}, {1000, 1000 * ms}, {0, 5000 * ms}}, 1400 * ms},
		"neither":    {[]part{{1000, 1000 * ms}}, 1000 * ms},
		"a little":   {[]part{{0, 100 * ms}, {1000, 1000 * ms}, {0, 100 * ms}}, 1200 * ms},
		"a pause":    {[]part{{1000, 1000 * ms}, {50, 3000 * ms}, {1000, 1000 * ms}, {50, 9000 * ms}}, 5200 * ms},
		"a long one": {[]part{{1000, 1000 * ms}, {50, 60000 * ms}, {1000, 1000 * ms}, {50, 60000 * ms}}, 62200 * ms},
		"nothing":    {[]part{{50, 10000 * ms}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, channels := range []int{1, 2} {
					s := store.Memory()
					rec := begin(t, place(t, s, nil, nil), of("wav", channels, true))
					for _, p := range c.parts {
						for left := p.d; left > 0; left -= 100 * ms {
							put(t, rec.Channel(0), p.level, 100*ms)
							if channels == 2 {
								put(t, rec.Channel(1), 0, 100*ms)
							}
							synctest.Wait()
						}
					}
					if k := kept(t, rec); k.Length != c.want {
						t.Errorf("%d channels: %v, want %v", channels, k.Length, c.want)
					}
				}
			})
		})
	}
}

// TestDocument is what is known of a recording, under its id and its call's.
func TestDocument(t *testing.T) {
	s := store.Memory()
	rec := begin(t, place(t, s, nil, nil), of("", 1, false))
	put(t, rec.Channel(0), 1000, 1600*time.Millisecond)
	kept(t, rec)
	docs, err := s.List(t.Context(), store.Query{
		Account: "a", Type: recordings.DocType, Where: map[string]string{"call_id": "c1"},
	})
	if err != nil || len(docs) != 1 || docs[0].ID != "202611-1" {
		t.Fatalf("%+v, %v", docs, err)
	}
	var got map[string]any
	if err := json.Unmarshal(docs[0].JSON, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"call_id": "c1", "caller_id_name": "Ann", "caller_id_number": "+15550200", "cdr_id": "202611-c1",
		"content_type": "audio/wav", "media_type": "wav", "direction": "inbound", "duration": 2.0, "duration_ms": 1600.0,
		"from": "200@acme.test", "to": "100@acme.test", "request": "100@acme.test", "name": "message",
		"origin": "callflow : record", "start": 0, "url": "https://u:xxxxx@web.test/in",
	} {
		if key == "start" {
			want = float64(time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC).Unix() + 62167219200)
		}
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
}

// TestDiscard leaves nothing, whatever the encoder does.
func TestDiscard(t *testing.T) {
	for name, e := range map[string]encoder{"reads": {}, "hangs": {}, "cannot": {cannot: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := store.Memory()
				if name == "hangs" {
					e.hang = make(chan struct{})
				}
				rec := begin(t, place(t, s, e, nil), of("", 1, false))
				put(t, rec.Channel(0), 1000, 3*time.Second)
				synctest.Wait()
				rec.Discard()
				rec.Discard()
				if _, err := rec.Close(); err == nil {
					t.Error("it was kept after all")
				}
				if _, _, err := s.Blobs.Open(t.Context(), store.Key{Account: "a", Type: recordings.Type, ID: "202611-1"}); !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			})
		})
	}
}

// TestSweep: what a crash has left goes, and nothing else.
func TestSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	recordings.New(recordings.Config{Dir: dir}).Close()
	for _, name := range []string{"pivot-recording-1.wav", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	recordings.New(recordings.Config{Dir: dir}).Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Error(left, err)
	}
}

// noDocs is a store of documents that takes none.
type noDocs struct{ store.Docs }

func (noDocs) Put(context.Context, store.Doc) (store.Doc, error) {
	return store.Doc{}, errors.New("disk full")
}

// TestNoDocument: a sound that nobody could find is not kept.
func TestNoDocument(t *testing.T) {
	s := store.Memory()
	r := recordings.New(recordings.Config{Blobs: s.Blobs, Docs: noDocs{}, Dir: t.TempDir()})
	defer r.Close()
	rec := begin(t, r, of("", 1, false))
	put(t, rec.Channel(0), 1000, time.Second)
	if _, err := rec.Close(); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Error(err)
	}
	if _, _, err := s.Blobs.Open(t.Context(), store.Key{Account: "a", Type: recordings.Type, ID: "202611-1"}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// TestReal makes a real MP3 with the program that does that, in mono and
// stereo.
func TestReal(t *testing.T) {
	s := store.Memory()
	lame := media.New(media.Config{Blobs: s.Blobs})
	defer lame.Close()
	if !lame.CanMP3() {
		t.Skip("no lame here")
	}
	for _, channels := range []int{1, 2} {
		s = store.Memory()
		rec := begin(t, place(t, s, lame, nil), of("mp3", channels, false))
		for range 30 {
			put(t, rec.Channel(0), 1000, 100*time.Millisecond)
			if channels == 2 {
				put(t, rec.Channel(1), 0, 100*time.Millisecond)
			}
		}
		if k := kept(t, rec); k.Format != "mp3" || k.Length != 3*time.Second {
			t.Errorf("%+v", k)
		}
		body, _, err := s.Blobs.Open(t.Context(), store.Key{Account: "a", Type: recordings.Type, ID: "202611-1"})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(body)
		_ = body.Close()
		back, format, err := audio.Decode(bytes.NewReader(b))
		if err != nil || format != "mp3" {
			t.Fatal(format, err)
		}
		n, buf := 0, make([]int16, 1600)
		for err == nil {
			var m int
			m, err = back.ReadSamples(buf)
			n += m
		}
		if got := time.Duration(n) * time.Second / time.Duration(back.Rate()); got < 2900*time.Millisecond || got > 3300*time.Millisecond {
			t.Errorf("%v of sound", got)
		}
	}
}

// server is a customer's server that answers with each status in turn.
type server struct {
	statuses []int
	got      []int64
}

func (s *server) Send(_ context.Context, _, _, _ string, size int64, body io.Reader) (int, error) {
	n, _ := io.Copy(io.Discard, body)
	if n != size {
		return 0, errors.New("size")
	}
	status := s.statuses[len(s.got)]
	s.got = append(s.got, n)
	switch {
	case status == 0:
		return 0, errors.New("connection refused")
	case status >= 300:
		return status, errors.New("not taken")
	}
	return status, nil
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
		"never":         {[]int{0, 0, 500, 500, 502}, 5, 502},
		"too many asks": {[]int{429, 200}, 2, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := store.Memory()
				r := place(t, s, nil, &server{statuses: tc.statuses})
				rec := begin(t, r, of("wav", 1, false))
				put(t, rec.Channel(0), 1000, time.Second)
				kept(t, rec)
				var told []event.Uploaded
				err := r.Upload(t.Context(), actions.Upload{Account: "a", ID: "202611-1", Format: "wav", Method: "PUT", URL: "http://x/r1.wav"},
					func(f event.Fact) { told = append(told, f.(event.Uploaded)) })
				if (err == nil) != (tc.last < 300) {
					t.Error(err)
				}
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
		s := store.Memory()
		r := place(t, s, nil, &server{statuses: []int{0, 0}})
		rec := begin(t, r, of("wav", 1, false))
		put(t, rec.Channel(0), 1000, time.Second)
		kept(t, rec)
		var err error
		r.After(func(ctx context.Context) {
			err = r.Upload(ctx, actions.Upload{Account: "a", ID: "202611-1", Method: "PUT", URL: "http://x"}, func(event.Fact) {})
		})
		synctest.Wait()
		r.Close()
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
