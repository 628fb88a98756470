// Package media finds the sounds that callflows name: stored media, files,
// tones and what lies on web servers (spec/callflow-modules.md section 2.4).
// What many calls play is read, decoded and encoded once.
package media

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/store"
)

// Type is the type of media among blobs.
const Type = "media"

// Blobs is where stored media are.
type Blobs interface {
	Open(ctx context.Context, k store.Key) (io.ReadSeekCloser, store.BlobInfo, error)
}

// Docs is where documents are.
type Docs interface {
	Get(ctx context.Context, k store.Key) (store.Doc, error)
}

// Fetcher gets what a URL names. It follows redirects, guards addresses and
// asks for no compression. header is sent besides its own. Any status is an
// answer, no error. ctx counts until the body is closed. webhook.Client is one.
type Fetcher interface {
	Get(ctx context.Context, url string, header http.Header) (*http.Response, error)
}

// Config is what a library is made of. Zero limits have defaults.
type Config struct {
	Blobs Blobs   // nil has none
	Docs  Docs    // of media, to tell what has no sound from what is not there; nil does not
	Fetch Fetcher // nil refuses URLs
	Files string  // the folder whose files may be played; "" is none

	// Speaker speaks the prompts that nobody replaced; nil has only those that
	// were replaced.
	Speaker Speaker

	MaxBytes  int64         // of a fetched sound; 0 is 100 MB
	MaxLength time.Duration // of any sound; 0 is audio.MaxClip
	FirstByte time.Duration // until a web server's first byte of content; 0 is 10 s
	Idle      time.Duration // between bytes; 0 is 10 s
	Cache     int64         // bytes of decoded sound kept; 0 is 256 MB
}

// abandoned is how long a sound is still read that nobody listens to.
const abandoned = 30 * time.Second

// Library finds sounds. All methods may be used from any goroutine.
type Library struct {
	cfg Config
	// prompts finds the prompts that there are by their ids.
	prompts func(id string) (prompts.Prompt, bool)

	lame  string        // the program's path, "" if there is none
	slots chan struct{} // holds one for each decoder that runs
	cache *cache

	ctx  context.Context //nolint:containedctx // ends what is shared by callers, on Close
	stop context.CancelCauseFunc
	work sync.WaitGroup

	mu      sync.Mutex
	flights map[string]*flight // by cache key
	closed  bool
}

// flight is one search for a sound that everybody who wants it waits for.
type flight struct {
	done  chan struct{}
	sound audio.Sound
	err   error
}

// New returns a library. Close it at the end.
func New(cfg Config) *Library {
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 100<<20)
	cfg.MaxLength = cmp.Or(cfg.MaxLength, audio.MaxClip)
	cfg.FirstByte = cmp.Or(cfg.FirstByte, 10*time.Second)
	cfg.Idle = cmp.Or(cfg.Idle, 10*time.Second)
	l := &Library{
		cfg: cfg, lame: findLAME(), slots: make(chan struct{}, maxDecoders),
		cache: newCache(cmp.Or(cfg.Cache, 256<<20)), flights: map[string]*flight{}, prompts: prompts.Index(),
	}
	l.ctx, l.stop = context.WithCancelCause(context.Background())
	return l
}

// Close ends all reading and fetching and waits for it. Sounds that are not
// whole by then are broken.
func (l *Library) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stop(audio.ErrClosed)
	l.work.Wait()
}

// Sound is what ref names for an account. It returns as soon as the sound can
// begin to play; the rest is read meanwhile. ref is one of
//
//	ID, /ACCOUNT/ID            stored media of that account, or a file's name
//	folder/name.wav            a file in the configured folder
//	http://…, https://…        a WAV or MP3 file on a web server
//	tone_stream://…            see audio.ToneStream
//	silence_stream://ms        see audio.SilenceStream
//	prompt://OWNER/ID/LANGUAGE a prompt, as the account or the system has it
//	system_media/ID            a prompt as the system has it
//
// An error is an *Error, or ctx's cause.
func (l *Library) Sound(ctx context.Context, account, ref string) (audio.Sound, error) {
	scheme, rest, hasScheme := strings.Cut(ref, "://")
	switch {
	case strings.TrimSpace(ref) == "":
		return nil, fault(Malformed, `""`, "it names nothing")
	case !hasScheme:
		return l.named(ctx, account, ref)
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		return l.web(ctx, account, ref)
	case "tone_stream":
		return l.made(ref, audio.ToneStream)
	case "silence_stream":
		return l.made(ref, audio.SilenceStream)
	case "prompt":
		return l.prompt(ctx, account, ref, rest)
	case "file":
		return l.file(ctx, ref, rest)
	}
	return nil, fault(Unavailable, ref, "%s:// is not played here", scheme)
}

// named finds what has no scheme.
func (l *Library) named(ctx context.Context, account, ref string) (audio.Sound, error) {
	path := strings.TrimPrefix(ref, "/")
	owner, id, slash := strings.Cut(path, "/")
	switch {
	case owner == "system_media" && slash:
		return l.system(ctx, ref, id)
	case !slash && path == ref:
		return l.first(ctx, ref, func(ctx context.Context) (audio.Sound, error) {
			return l.blob(ctx, store.Key{Account: account, Type: Type, ID: ref}, ref)
		}, func(ctx context.Context) (audio.Sound, error) { return l.file(ctx, ref, ref) })
	case owner == account && path != ref && !strings.Contains(id, "/"):
		return l.first(ctx, ref, func(ctx context.Context) (audio.Sound, error) {
			return l.blob(ctx, store.Key{Account: account, Type: Type, ID: id}, ref)
		}, func(ctx context.Context) (audio.Sound, error) { return l.file(ctx, ref, ref) })
	}
	return l.file(ctx, ref, ref)
}

// finder looks in one place.
type finder func(context.Context) (audio.Sound, error)

// first is what the first of the places has.
func (l *Library) first(ctx context.Context, ref string, places ...finder) (audio.Sound, error) {
	for _, look := range places {
		if sound, err := look(ctx); !isKind(err, NotFound) {
			return sound, err
		}
	}
	return nil, fault(NotFound, ref, "there is no such media")
}

// made is a sound that is calculated.
func (l *Library) made(ref string, parse func(string) (audio.Sound, error)) (audio.Sound, error) {
	if e := l.cache.get("made " + ref); e != nil {
		return e.sound, nil
	}
	sound, err := parse(ref)
	if err != nil {
		return nil, explained(ref, err)
	}
	l.cache.put(&entry{key: "made " + ref, sound: sound})
	return sound, nil
}

// shared searches once for all who ask for the same key meanwhile.
func (l *Library) shared(ctx context.Context, key string, search finder) (audio.Sound, error) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, audio.ErrClosed
	}
	f := l.flights[key]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		l.flights[key] = f
		l.work.Go(func() { l.fly(key, f, search) })
	}
	l.mu.Unlock()
	select {
	case <-f.done:
		return f.sound, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// fly searches and tells all who wait.
func (l *Library) fly(key string, f *flight, search finder) {
	f.sound, f.err = search(l.ctx)
	l.mu.Lock()
	delete(l.flights, key)
	l.mu.Unlock()
	close(f.done)
}

// clip decodes r, which the clip closes, and looks after it. Where keep is
// given it goes into the cache, with what keep says of it.
func (l *Library) clip(name, ref string, r io.ReadCloser, keep *entry) (audio.Sound, error) {
	sound, _, err := l.Decode(r)
	if err != nil {
		_ = r.Close()
		return nil, explained(ref, err)
	}
	c := audio.NewClipLimit(name, &explainer{Reader: sound, ref: ref}, l.cfg.MaxLength)
	e := &entry{}
	if keep != nil {
		e = keep
	}
	e.sound, e.clip = c, c
	if keep != nil {
		l.cache.put(e)
	}
	l.work.Go(func() { l.watch(e) })
	return c, nil
}

// watch waits until a clip was read, gives it up when nobody listens, and
// holds the cache to its limit.
func (l *Library) watch(e *entry) {
	tick := time.NewTicker(abandoned / 6)
	defer tick.Stop()
	idle := 0
	for {
		select {
		case <-e.clip.Done():
			if e.clip.Err() != nil {
				l.cache.drop(e)
			}
			l.cache.trim(e)
			return
		case <-l.ctx.Done():
			e.clip.Close()
		case <-tick.C:
			l.cache.trim(e)
			if idle++; e.clip.InUse() {
				idle = 0
			}
			if idle > 6 {
				l.cache.drop(e)
				e.clip.Close()
			}
		}
	}
}

// explainer makes what breaks a sound an *Error.
type explainer struct {
	audio.Reader
	ref string
}

// ReadSamples implements audio.Reader.
func (e *explainer) ReadSamples(p []int16) (int, error) {
	n, err := e.Reader.ReadSamples(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a reader's end is never wrapped
		err = explained(e.ref, err)
	}
	return n, err
}

// Close closes the sound and what it comes from.
func (e *explainer) Close() error {
	if c, ok := e.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
