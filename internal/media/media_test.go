package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/store"
)

// wav is a WAV file of n samples at 8 kHz, each of that value.
func wav(n int, value int16) []byte {
	le := binary.LittleEndian
	b := append([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"), "\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	b = le.AppendUint32(b, uint32(2*n))
	for range n {
		b = le.AppendUint16(b, uint16(value))
	}
	return b
}

// play hears a sound as PCMU to its end and returns the frames and the value
// that a sample of the first has.
func play(t *testing.T, s audio.Sound) (frames int, value int16, err error) {
	t.Helper()
	cur := s.Open(audio.PCMU)
	defer cur.Close()
	for {
		frame, err := cur.Next()
		switch {
		case err == nil:
			if frames == 0 {
				value = audio.PCMU.NewDecoder().Decode(nil, frame[80:81])[0]
			}
			frames++
		case errors.Is(err, audio.ErrNotYet):
			runtime.Gosched()
		default:
			return frames, value, err
		}
	}
}

// plays fails the test unless s is that many frames of that value, nearly.
func plays(t *testing.T, s audio.Sound, frames int, value int16) {
	t.Helper()
	n, v, err := play(t, s)
	if d := int(v) - int(value); n != frames || d > 300 || d < -300 || !errors.Is(err, io.EOF) {
		t.Errorf("%v is %d frames of %d, %v; want %d of %d", s, n, v, err, frames, value)
	}
}

// blobs are Blobs in a map that count what is opened.
type blobs struct {
	mu     sync.Mutex
	all    map[store.Key][]byte
	opened int
	closed int
}

type blobReader struct {
	*bytes.Reader
	of *blobs
}

func (r blobReader) Close() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.of.closed++
	return nil
}

func (b *blobs) Open(_ context.Context, k store.Key) (io.ReadSeekCloser, store.BlobInfo, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.all[k]
	if !ok {
		return nil, store.BlobInfo{}, store.ErrNotFound
	}
	b.opened++
	return blobReader{bytes.NewReader(data), b}, store.BlobInfo{Size: int64(len(data)), Modified: time.Unix(1, 0)}, nil
}

func media(account, id string) store.Key { return store.Key{Account: account, Type: Type, ID: id} }

// library is a library that is closed with the test.
func library(t *testing.T, cfg Config) *Library {
	t.Helper()
	l := New(cfg)
	t.Cleanup(l.Close)
	return l
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.wav")
	for name, data := range map[string][]byte{
		filepath.Join(dir, "hello.wav"): wav(160, 1000), filepath.Join(dir, "a b.wav"): wav(160, 1100),
		filepath.Join(dir, "note.txt"): []byte("no sound"), outside: wav(160, 9000),
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "sub"), 0o700),
		os.WriteFile(filepath.Join(dir, "sub", "x.wav"), wav(160, 2000), 0o600),
		os.Symlink(outside, filepath.Join(dir, "link.wav")),
		os.Symlink("hello.wav", filepath.Join(dir, "inner.wav")),
	); err != nil {
		t.Fatal(err)
	}
	stored := &blobs{all: map[store.Key][]byte{
		media("acc", "abc"): wav(320, 3000), media("other", "xyz"): wav(160, 4000), media("acc", "junk"): []byte("OggS\x00\x02........"),
	}}
	l := library(t, Config{Blobs: stored, Files: dir})
	for _, tt := range []struct {
		ref    string
		frames int
		value  int16
		kind   Kind
	}{
		{"abc", 2, 3000, ""},
		{"/acc/abc", 2, 3000, ""},
		{"xyz", 0, 0, NotFound},
		{"/other/xyz", 0, 0, NotFound},
		{"other/xyz", 0, 0, NotFound},
		{"junk", 0, 0, Unsupported},
		{"", 0, 0, Malformed},
		{"hello.wav", 1, 1000, ""},
		{"/hello.wav", 1, 1000, ""},
		{"a b.wav", 1, 1100, ""},
		{"sub/x.wav", 1, 2000, ""},
		{"/sub/x.wav", 1, 2000, ""},
		{dir + "/sub/x.wav", 1, 2000, ""},
		{"file://" + dir + "/hello.wav", 1, 1000, ""},
		{"inner.wav", 1, 1000, ""},
		{"link.wav", 0, 0, Refused},
		{"../" + filepath.Base(filepath.Dir(outside)) + "/secret.wav", 0, 0, Refused},
		{"sub/../../x", 0, 0, Refused},
		{outside, 0, 0, NotFound},
		{"sub", 0, 0, NotFound},
		{"sub/", 0, 0, NotFound},
		{"x\x00y", 0, 0, Refused},
		{"note.txt", 0, 0, Unsupported},
		{"tone_stream://%(100,0,440)", 5, 0, "tone"},
		{"tone_stream://%(oops)", 0, 0, Malformed},
		{"silence_stream://40", 2, 0, ""},
		{"system_media/nope", 0, 0, Unavailable},
		{"prompt://acc", 0, 0, Malformed},
		{"local_stream://default", 0, 0, Unavailable},
		{"http://host/x.wav", 0, 0, Unavailable},
		{"http:///x.wav", 0, 0, Malformed},
	} {
		sound, err := l.Sound(t.Context(), "acc", tt.ref)
		if tt.kind != "" && tt.kind != "tone" {
			if !isKind(err, tt.kind) {
				t.Errorf("%q: %v, want %s", tt.ref, err, tt.kind)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.ref, err)
			continue
		}
		if tt.kind == "" {
			plays(t, sound, tt.frames, tt.value)
		}
	}
	l.Close()
	if stored.opened != stored.closed {
		t.Errorf("%d blobs opened, %d closed", stored.opened, stored.closed)
	}
	if _, err := l.Sound(t.Context(), "acc", "abc"); !errors.Is(err, audio.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestErrorsTell(t *testing.T) {
	docs := store.Memory().Docs
	if _, err := docs.Put(t.Context(), store.Doc{Key: media("a", "silent"), JSON: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	l := library(t, Config{Docs: docs, Blobs: &blobs{all: map[store.Key][]byte{media("a", "page"): []byte("<html>")}}})
	for ref, want := range map[string]string{
		"page":                 "media page: audio: unknown sound format: it looks like an HTML page",
		"gone":                 "media gone: there is no such media",
		"silent":               "media silent: its document has no sound yet: upload one, or have a text spoken",
		"system_media/vm-main": `media system_media/vm-main: there is no prompt called "vm-main", and no media in its place`,
		"shout://radio/x":      "media shout://radio/x: shout:// is not played here",
	} {
		if _, err := l.Sound(t.Context(), "a", ref); err == nil || err.Error() != want {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

// TestStoredAreDecodedOnce shares a clip until its blob is replaced.
func TestStoredAreDecodedOnce(t *testing.T) {
	stored := &blobs{all: map[store.Key][]byte{media("a", "m"): wav(800, 1000)}}
	l := library(t, Config{Blobs: stored})
	sounds := make([]audio.Sound, 50)
	var wg sync.WaitGroup
	for i := range sounds {
		wg.Go(func() { sounds[i], _ = l.Sound(t.Context(), "a", "m") })
	}
	wg.Wait()
	for _, s := range sounds {
		if s != sounds[0] || s == nil {
			t.Fatal("not shared")
		}
	}
	stored.mu.Lock()
	stored.all[media("a", "m")] = wav(1600, 2000)
	stored.mu.Unlock()
	s, err := l.Sound(t.Context(), "a", "m")
	if err != nil {
		t.Fatal(err)
	}
	plays(t, s, 10, 2000)
	plays(t, sounds[0], 5, 1000)
}

// TestCacheKeepsToItsLimit plays more than fits and counts what is kept.
func TestCacheKeepsToItsLimit(t *testing.T) {
	stored := &blobs{all: map[store.Key][]byte{}}
	for id := range strings.SplitSeq("abcdefghij", "") {
		stored.all[media("a", id)] = wav(8000*10, 1000)
	}
	const limit = 1 << 20
	l := library(t, Config{Blobs: stored, Cache: limit})
	first, err := l.Sound(t.Context(), "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	held := first.Open(audio.PCMU) // in use: must stay
	for id := range strings.SplitSeq("bcdefghij", "") {
		s, err := l.Sound(t.Context(), "a", id)
		if err != nil {
			t.Fatal(err)
		}
		plays(t, s, 500, 1000)
		<-s.(*audio.Clip).Done()
	}
	if again, _ := l.Sound(t.Context(), "a", "a"); again != first {
		t.Error("what is in use was dropped")
	}
	held.Close()
	if _, err := l.Sound(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	l.Close() // all clips are whole now
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	var sum int64
	for el := l.cache.order.Front(); el != nil; el = el.Next() {
		sum += el.Value.(*entry).size
	}
	if sum != l.cache.total || sum > limit+400<<10 || len(l.cache.all) != l.cache.order.Len() || len(l.cache.all) > 6 {
		t.Errorf("%d entries of %d bytes, reckoned as %d", len(l.cache.all), sum, l.cache.total)
	}
}

func TestEncodeMP3(t *testing.T) {
	l := library(t, Config{})
	if !l.CanMP3() {
		if err := l.EncodeMP3(t.Context(), bytes.NewReader(wav(8000, 100)), io.Discard); !errors.Is(err, ErrNoMP3) {
			t.Errorf("without lame: %v", err)
		}
		t.Skip("no lame here")
	}
	tone, err := l.Sound(t.Context(), "", "tone_stream://%(2000,0,1000)")
	if err != nil {
		t.Fatal(err)
	}
	b := wav(0, 0)
	b = binary.LittleEndian.AppendUint32(b[:40], 0xFFFFFFFF)
	for cur := tone.Open(audio.PCMU); ; {
		frame, err := cur.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		for _, s := range audio.PCMU.NewDecoder().Decode(nil, frame) {
			b = binary.LittleEndian.AppendUint16(b, uint16(s))
		}
	}
	var out bytes.Buffer
	if err := l.EncodeMP3(t.Context(), bytes.NewReader(b), &out); err != nil {
		t.Fatal(err)
	}
	sound, format, err := audio.Decode(&out)
	if err != nil || format != "mp3" || sound.Rate() != 16000 {
		t.Fatalf("%s, %v", format, err)
	}
	ear, frame := audio.NewEar(16000, map[string]float64{"it": 1000}), make([]int16, 320)
	for err == nil {
		_, err = sound.ReadSamples(frame)
		_ = ear.WriteFrame(frame)
	}
	if h := ear.Heard(); len(h) != 1 || h[0].To-h[0].From < 1800*time.Millisecond {
		t.Errorf("heard %v", h)
	}
	if err := l.EncodeMP3(t.Context(), strings.NewReader("no sound"), io.Discard); err == nil {
		t.Error("junk was encoded")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if err := l.EncodeMP3(ctx, bytes.NewReader(b), io.Discard); !errors.Is(err, gone) {
		t.Errorf("ended: %v", err)
	}
}
