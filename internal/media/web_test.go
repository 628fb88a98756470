package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// server is a Fetcher that answers by itself.
type server struct {
	mu     sync.Mutex
	asked  []http.Header
	closed int
	answer func(n int, header http.Header) (status int, h http.Header, body io.Reader, err error)
}

func (s *server) Get(ctx context.Context, _ string, header http.Header) (*http.Response, error) {
	s.mu.Lock()
	s.asked = append(s.asked, header)
	n := len(s.asked)
	s.mu.Unlock()
	answered := make(chan *http.Response, 1)
	var err error
	go func() {
		status, h, r, e := s.answer(n, header)
		if h == nil {
			h = http.Header{}
		}
		err = e
		answered <- &http.Response{StatusCode: status, Header: h, Body: &served{r: r, ctx: ctx, by: s}}
	}()
	select {
	case resp := <-answered:
		return resp, err
	case <-ctx.Done():
		go func() { _ = (<-answered).Body.Close() }()
		return nil, ctx.Err()
	}
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// served is a body that ends with its context, as net/http's do.
type served struct {
	r   io.Reader
	ctx context.Context //nolint:containedctx // as net/http's bodies have one
	by  *server
}

func (b *served) Read(p []byte) (int, error) {
	type got struct {
		n   int
		err error
	}
	done := make(chan got, 1)
	q := make([]byte, len(p))
	go func() {
		n, err := b.r.Read(q)
		done <- got{n, err}
	}()
	select {
	case g := <-done:
		return copy(p, q[:g.n]), g.err
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (b *served) Close() error {
	b.by.mu.Lock()
	defer b.by.mu.Unlock()
	b.by.closed++
	if p, ok := b.r.(*io.PipeReader); ok {
		return p.Close()
	}
	return nil
}

// always answers 200 with the same.
func always(h http.Header, data []byte) *server {
	return &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) {
		return 200, h, bytes.NewReader(data), nil
	}}
}

const link = "http://app.example/hello.wav"

func TestWebPlays(t *testing.T) {
	srv := always(http.Header{"Content-Type": {"text/plain"}}, wav(320, 1000))
	l := library(t, Config{Fetch: srv})
	s, err := l.Sound(t.Context(), "a", "http://user:secret@app.example/x?y=1")
	if err != nil {
		t.Fatal(err)
	}
	plays(t, s, 2, 1000)
	if s.String() != "http://user:xxxxx@app.example/x?y=1" {
		t.Errorf("it calls itself %s", s)
	}
	l.Close()
	if srv.closed != 1 {
		t.Errorf("closed %d times", srv.closed)
	}
}

func TestWebFails(t *testing.T) {
	dead := errors.New("no route")
	for name, tt := range map[string]struct {
		status int
		h      http.Header
		body   []byte
		err    error
		kind   Kind
	}{
		"not found":   {404, nil, nil, nil, BadStatus},
		"unasked 304": {304, nil, nil, nil, BadStatus},
		"page":        {200, nil, []byte("<!doctype html>"), nil, Unsupported},
		"empty":       {200, nil, nil, nil, Unsupported},
		"broken":      {200, nil, wav(0, 0)[:20], nil, Broken},
		"declared":    {200, http.Header{"Content-Length": {"20000"}}, wav(10, 0), nil, TooLarge},
		"network":     {0, nil, nil, dead, Failed},
	} {
		srv := &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) {
			return tt.status, tt.h, bytes.NewReader(tt.body), tt.err
		}}
		l := library(t, Config{Fetch: srv, MaxBytes: 10000})
		_, err := l.Sound(t.Context(), "a", link)
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Kind == BadStatus && e.Status != tt.status {
			t.Errorf("%s: %v", name, err)
		}
		if tt.err == nil && srv.closed != 1 || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: closed %d times, %v", name, srv.closed, err)
		}
	}
}

// TestWebTooLarge breaks while it plays.
func TestWebTooLarge(t *testing.T) {
	for name, cfg := range map[string]Config{"bytes": {MaxBytes: 44 + 16000}, "length": {MaxLength: time.Second}} {
		cfg.Fetch = always(http.Header{"Cache-Control": {"max-age=60"}}, wav(20000, 500))
		l := library(t, cfg)
		s, err := l.Sound(t.Context(), "a", link)
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := play(t, s)
		if isBroken := isKind(err, TooLarge) || errors.Is(err, audio.ErrTooLong); !isBroken || n < 45 || n > 60 {
			t.Errorf("%s: %d frames, %v", name, n, err)
		}
		if again, err := l.Sound(t.Context(), "a", link); err != nil || again == s {
			t.Errorf("%s: what broke is played again: %v", name, err)
		}
	}
}

// TestWebTimes holds a slow server to the limits.
func TestWebTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			headers, first, gap time.Duration // before the headers, the first byte, and each part
			parts               int
			at                  time.Duration // of the failure, 0 is none
		}{
			"no headers": {headers: 20 * time.Second, at: 10 * time.Second},
			"no content": {headers: 4 * time.Second, first: 7 * time.Second, at: 10 * time.Second},
			"stops":      {gap: 11 * time.Second, parts: 3, at: 10 * time.Second},
			"slow":       {headers: 4 * time.Second, first: 4 * time.Second, gap: 9 * time.Second, parts: 4},
		} {
			data := wav(16000, 500)
			srv := &server{}
			srv.answer = func(int, http.Header) (int, http.Header, io.Reader, error) {
				time.Sleep(tt.headers)
				r, w := io.Pipe()
				go func() {
					time.Sleep(tt.first)
					_, _ = w.Write(data[:9000])
					for i := range tt.parts {
						time.Sleep(tt.gap)
						_, _ = w.Write(data[9000+i*1000 : 10000+i*1000])
					}
					_ = w.Close()
				}()
				return 200, nil, r, nil
			}
			began := time.Now()
			l := New(Config{Fetch: srv})
			s, err := l.Sound(t.Context(), "a", link)
			if err == nil {
				cur := s.Open(audio.PCMU) // or it would be given up
				<-s.(*audio.Clip).Done()
				err = s.(*audio.Clip).Err()
				cur.Close()
			}
			if took := time.Since(began); tt.at > 0 && (!isKind(err, TimedOut) || took != tt.at) || tt.at == 0 && err != nil {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			l.Close()
			time.Sleep(time.Minute) // until the server has noticed
		}
	})
}

// TestWebStreams hears the start before the end was sent.
func TestWebStreams(t *testing.T) {
	r, w := io.Pipe()
	srv := &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) { return 200, nil, r, nil }}
	l := library(t, Config{Fetch: srv})
	data := wav(16000, 700)
	go func() { _, _ = w.Write(data[:12000]) }()
	s, err := l.Sound(t.Context(), "a", link)
	if err != nil {
		t.Fatal(err)
	}
	cur := s.Open(audio.PCMU)
	for n := 0; n < 10; {
		if _, err := cur.Next(); err == nil {
			n++
		} else if !errors.Is(err, audio.ErrNotYet) {
			t.Fatal(err)
		}
	}
	cur.Close()
	if again, err := l.Sound(t.Context(), "a", link); again != s || err != nil || srv.count() != 1 {
		t.Errorf("what is on its way is not shared: %v", err)
	}
	go func() { _, _ = w.Write(data[12000:]); _ = w.Close() }()
	plays(t, s, 100, 700)
}

// TestWebCache asks again when it must, and only then.
func TestWebCache(t *testing.T) {
	for name, tt := range map[string]struct {
		h     http.Header
		after time.Duration
		asked int         // requests in all, for two sounds
		sent  http.Header // with the second
		same  bool
	}{
		"fresh":      {http.Header{"Cache-Control": {"public, max-age=60"}}, 59 * time.Second, 1, nil, true},
		"stale":      {http.Header{"Cache-Control": {"max-age=60"}}, 61 * time.Second, 2, nil, false},
		"aged":       {http.Header{"Cache-Control": {"max-age=60"}, "Age": {"50"}}, 11 * time.Second, 2, nil, false},
		"etag":       {http.Header{"Etag": {`"v1"`}}, time.Second, 2, http.Header{"If-None-Match": {`"v1"`}}, true},
		"modified":   {http.Header{"Last-Modified": {"yesterday"}}, time.Second, 2, http.Header{"If-Modified-Since": {"yesterday"}}, true},
		"no-cache":   {http.Header{"Cache-Control": {"no-cache, max-age=60"}, "Etag": {"x"}}, 0, 2, http.Header{"If-None-Match": {"x"}}, true},
		"no-store":   {http.Header{"Cache-Control": {"no-store, max-age=60"}, "Etag": {"x"}}, 0, 2, nil, false},
		"nothing":    {http.Header{}, 0, 2, nil, false},
		"vary":       {http.Header{"Cache-Control": {"max-age=60"}, "Vary": {"*"}}, 0, 2, nil, false},
		"huge":       {http.Header{"Cache-Control": {"max-age=99999999999999"}}, time.Hour, 1, nil, true},
		"expires":    {http.Header{"Date": {"Fri, 20 Nov 2026 12:00:00 GMT"}, "Expires": {"Fri, 20 Nov 2026 12:01:00 GMT"}}, 59 * time.Second, 1, nil, true},
		"expired":    {http.Header{"Date": {"Fri, 20 Nov 2026 12:00:00 GMT"}, "Expires": {"0"}}, 0, 2, nil, false},
		"two fields": {http.Header{"Cache-Control": {"public", `max-age="60"`}}, 10 * time.Second, 1, nil, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := &server{answer: func(_ int, header http.Header) (int, http.Header, io.Reader, error) {
				if len(header) > 0 {
					return 304, tt.h, strings.NewReader(""), nil
				}
				return 200, tt.h, bytes.NewReader(wav(320, 900)), nil
			}}
			l := New(Config{Fetch: srv})
			defer l.Close()
			first, err := l.Sound(t.Context(), "a", link)
			if err != nil {
				t.Fatal(err)
			}
			plays(t, first, 2, 900)
			synctest.Wait()
			time.Sleep(tt.after)
			second, err := l.Sound(t.Context(), "a", link)
			if err != nil {
				t.Fatal(err)
			}
			plays(t, second, 2, 900)
			if srv.count() != tt.asked || (first == second) != tt.same {
				t.Errorf("%s: asked %d times, the same %v", name, srv.count(), first == second)
			}
			if got := srv.asked[len(srv.asked)-1]; fmt.Sprint(got) != fmt.Sprint(tt.sent) {
				t.Errorf("%s: sent %v, want %v", name, got, tt.sent)
			}
			other, err := l.Sound(t.Context(), "b", link)
			if err != nil || other == first {
				t.Errorf("%s: another account got the first one's, or %v", name, err)
			}
		})
	}
}

// TestWebKeptCopy plays what is kept when the server fails, and says so.
func TestWebKeptCopy(t *testing.T) {
	for name, tt := range map[string]struct {
		control string
		status  int
		err     error
		played  bool
	}{
		"down":   {"max-age=0", 0, errors.New("no route"), true},
		"503":    {"max-age=0", 503, nil, true},
		"404":    {"max-age=0", 404, nil, false},
		"strict": {"max-age=0, must-revalidate", 0, errors.New("no route"), false},
	} {
		srv := &server{answer: func(n int, _ http.Header) (int, http.Header, io.Reader, error) {
			if n == 1 {
				return 200, http.Header{"Cache-Control": {tt.control}}, bytes.NewReader(wav(320, 900)), nil
			}
			return tt.status, nil, strings.NewReader(""), tt.err
		}}
		l := library(t, Config{Fetch: srv})
		first, err := l.Sound(t.Context(), "a", link)
		if err != nil {
			t.Fatal(err)
		}
		<-first.(*audio.Clip).Done()
		second, err := l.Sound(t.Context(), "a", link)
		if (err == nil) != tt.played {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !strings.Contains(second.String(), "kept copy") {
			t.Errorf("%s: it calls itself %s", name, second)
		}
	}
}

// TestWebIsFetchedOnce for many who want it at a time; one who leaves does not
// take it from the others.
func TestWebIsFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) {
			time.Sleep(time.Second)
			return 200, nil, bytes.NewReader(wav(320, 900)), nil
		}}
		l := New(Config{Fetch: srv})
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := l.Sound(ctx, "a", link); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who left got %v", err)
			}
		})
		for range 20 {
			wg.Go(func() {
				s, err := l.Sound(t.Context(), "a", link)
				if err != nil {
					t.Error(err)
					return
				}
				plays(t, s, 2, 900)
			})
		}
		wg.Wait()
		if srv.count() != 1 {
			t.Errorf("fetched %d times", srv.count())
		}
	})
}

// TestWebAbandoned gives up an endless stream that nobody listens to.
func TestWebAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		srv := &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) { return 200, nil, r, nil }}
		l := New(Config{Fetch: srv})
		defer l.Close()
		go func() {
			_, err := w.Write(wav(8000, 100))
			for err == nil {
				time.Sleep(time.Second)
				_, err = w.Write(make([]byte, 16000))
			}
		}()
		s, err := l.Sound(t.Context(), "a", link)
		if err != nil {
			t.Fatal(err)
		}
		cur := s.Open(audio.PCMU)
		time.Sleep(5 * time.Minute)
		if clip := s.(*audio.Clip); clip.Err() != nil {
			t.Errorf("given up while listened to: %v", clip.Err())
		}
		cur.Close()
		began := time.Now()
		<-s.(*audio.Clip).Done()
		if took := time.Since(began); took > 45*time.Second || srv.closed != 1 {
			t.Errorf("given up after %v, closed %d", took, srv.closed)
		}
	})
}

// TestCloseWhileFetching ends what is under way.
func TestCloseWhileFetching(t *testing.T) {
	r, w := io.Pipe()
	srv := &server{answer: func(int, http.Header) (int, http.Header, io.Reader, error) { return 200, nil, r, nil }}
	l := New(Config{Fetch: srv})
	go func() { _, _ = w.Write(wav(16000, 100)[:20000]) }()
	s, err := l.Sound(t.Context(), "a", link)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, _, err := play(t, s); !errors.Is(err, audio.ErrClosed) {
		t.Errorf("it ended with %v", err)
	}
}

func FuzzReference(f *testing.F) {
	for _, ref := range []string{"abc", "/a/b", "prompt://a/b/c", "system_media/x", "http://h/x", "tone_stream://%(1,1,1)", "file:///x", "..//../x"} {
		f.Add(ref)
	}
	l := New(Config{Fetch: always(nil, wav(16, 1)), Blobs: &blobs{}, Files: f.TempDir()})
	f.Cleanup(l.Close)
	f.Fuzz(func(t *testing.T, ref string) {
		sound, err := l.Sound(t.Context(), "a", ref)
		var e *Error
		if (err == nil) == (sound == nil) || err != nil && !errors.As(err, &e) {
			t.Errorf("%q: %v, %v", ref, sound, err)
		}
	})
}
