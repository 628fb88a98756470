// Package voices turns text into sound: once for each text, kept on disk and
// in memory, by the first of several providers that can. The last of them is
// a voice of our own, so that there always is one.
package voices

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
)

// MaxText is how long a text may be, in runes, with its markup.
const MaxText = 4096

// maxSpeech is how long a text's sound may be; a longer one is cut off.
const maxSpeech = 15 * time.Minute

// What is wrong with a text.
var (
	ErrEmpty  = errors.New("voices: there is no text to speak")
	ErrTooBig = fmt.Errorf("voices: the text is longer than %d characters", MaxText)
	ErrClosed = errors.New("voices: closed")
)

// Doer sends an HTTP request, as *http.Client does.
type Doer interface {
	Do(r *http.Request) (*http.Response, error)
}

// Config says who speaks and what is kept.
type Config struct {
	// Provider speaks first: "builtin", "espeak", "openai"; "" is espeak-ng if
	// it is on the PATH, else built-in. The others follow if it fails.
	Provider string
	// URL, Key and Model are for "openai": an address that answers like
	// https://api.openai.com/v1/audio/speech. A URL without a path gets that
	// path.
	URL, Key, Model string
	// CacheDir is where sounds are kept; "" keeps none on disk.
	CacheDir string
	// CacheBytes bounds CacheDir; 0 is 256 MiB. The sounds not asked for
	// longest go first.
	CacheBytes int64
	// Timeout bounds the making of one sound by a process or a server; 0 is
	// 10 s.
	Timeout time.Duration
	// Client asks the server of "openai"; nil is one of our own.
	Client Doer
	// Logger is told what callers are not; nil discards.
	Logger *slog.Logger
}

// request is a text ready to be spoken. The fields have been checked.
type request struct {
	text     string  // without markup
	ssml     *markup // nil if there is none
	voice    string  // "female" or "male"
	own      string  // another name that was asked for, which may be a provider's own
	language string  // lower case: "en-us"
}

// provider makes speech. Its version changes when the same request would sound
// different. speak returns once there is sound to read, or an error; ctx holds
// until the reader is closed, if it is an io.Closer, or over.
type provider interface {
	name() string
	version() string
	speak(ctx context.Context, r request) (audio.Reader, error)
}

// Voices speaks. It is used by any number of calls at once.
type Voices struct {
	providers []provider // in the configured order
	log       *slog.Logger
	disk      *disk
	rests     rests

	mu     sync.Mutex
	memory memory
	making map[string]*making
	closed bool
	work   sync.WaitGroup
}

// New finds the providers and opens the cache. A Provider that does not exist
// or lacks its settings is an error; so is "espeak" where there is none.
func New(c Config) (*Voices, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.CacheBytes <= 0 {
		c.CacheBytes = 256 << 20
	}
	providers, err := choose(c)
	if err != nil {
		return nil, err
	}
	v := &Voices{providers: providers, log: c.Logger, making: map[string]*making{}}
	if c.CacheDir != "" {
		if v.disk, err = openDisk(c.CacheDir, c.CacheBytes); err != nil {
			return nil, fmt.Errorf("voices: %w", err)
		}
	}
	return v, nil
}

// choose builds the providers in the order they are asked.
func choose(c Config) ([]provider, error) {
	espeak, missing := newEspeak(c.Timeout)
	var out []provider
	switch c.Provider {
	case "", "builtin":
	case "espeak":
		if missing != nil {
			return nil, fmt.Errorf("voices: provider espeak: %w", missing)
		}
	case "openai":
		o, err := newOpenAI(c)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	default:
		return nil, fmt.Errorf("voices: no provider is called %q; there are builtin, espeak, openai", c.Provider)
	}
	if c.Provider == "builtin" {
		out = append(out, builtin{})
	}
	if missing == nil {
		out = append(out, espeak)
	}
	if c.Provider != "builtin" {
		out = append(out, builtin{})
	}
	return out, nil
}

// Providers are the names of the providers there are, in the order they are
// asked.
func (v *Voices) Providers() []string {
	var names []string
	for _, p := range v.providers {
		names = append(names, p.name())
	}
	return names
}

// means are the providers that an engine of Kazoo means: flite is a program on
// the same machine, the others are services.
var means = map[string][]string{
	"flite": {"espeak", "builtin"}, "google": {"openai"}, "ispeech": {"openai"}, "voicefabric": {"openai"},
}

// Say returns the sound of a text, which may still be being made, and what
// happened on the way: event.Spoken, and an event.Warned for everything that
// is not as asked. The error is the text's, or the context's, or that every
// provider failed.
func (v *Voices) Say(ctx context.Context, s audio.Speech) (audio.Sound, []event.Fact, error) {
	began := time.Now()
	r, odd, err := newRequest(s)
	if err != nil {
		return nil, nil, err
	}
	chain, facts := v.order(s.Engine, r.language)
	facts = append(odd, facts...)
	if r.text == "" { // nothing but pauses, which no other provider needs to be asked for
		chain = slices.DeleteFunc(chain, func(p provider) bool { return last(p) == 0 })
	}
	var failures []error
	for _, p := range chain {
		clip, cached, err := v.sound(ctx, p, r)
		if err == nil {
			return clip, append(append(facts, notes(p, r)...), event.Spoken{
				Text: r.text, Provider: p.name(), Voice: voiceOf(p, r), Language: r.language, Cached: cached,
				Took: event.Millis(time.Since(began)),
			}), nil
		}
		if ctx.Err() != nil {
			return nil, facts, context.Cause(ctx)
		}
		if errors.Is(err, ErrClosed) {
			return nil, facts, err
		}
		failures = append(failures, fmt.Errorf("%s: %w", p.name(), err))
		facts = append(facts, event.Warned{Code: "say.fallback", Message: p.name() + " cannot speak: " + err.Error()})
	}
	return nil, facts, fmt.Errorf("voices: nobody can speak this: %w", errors.Join(failures...))
}

// newRequest checks a speech and fills in what it leaves open. The facts say
// what is odd about it.
func newRequest(s audio.Speech) (request, []event.Fact, error) {
	r := request{
		text:     strings.TrimSpace(strings.Map(printed, strings.ToValidUTF8(s.Text, " "))),
		language: strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s.Language), "_", "-")),
	}
	if r.text == "" {
		return r, nil, ErrEmpty
	}
	if utf8.RuneCountInString(r.text) > MaxText {
		return r, nil, ErrTooBig
	}
	var language string
	r.voice, language, r.own = findVoice(strings.TrimSpace(s.Voice))
	r.language = cmp.Or(r.language, strings.ToLower(language), "en-us")
	if !s.SSML {
		return r, nil, nil
	}
	var facts []event.Fact
	m, err := parseSSML(r.text)
	if err != nil {
		facts = append(facts, event.Warned{Code: "say.ssml", Message: "the SSML is read as plain text: " + err.Error()})
		m = &markup{text: untagged(r.text)}
	}
	r.text = m.text
	if err == nil || m.text == "" { // of broken markup without a word, nothing is left but to be quiet
		r.ssml = m
	}
	return r, facts, nil
}

// printed is a character that a text may have: of those that control something
// it is a blank, as espeak-ng obeys some of them.
func printed(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return ' '
	}
	return r
}

// voiceOf is the voice that a provider speaks a request with.
func voiceOf(p provider, r request) string {
	if _, ok := p.(*openai); ok && !branded(r.own) {
		return cmp.Or(r.own, r.voice)
	}
	return r.voice
}

// notes are what a provider does not do as it was asked. They are said whether
// the sound is made now or was kept.
func notes(p provider, r request) []event.Fact {
	var facts []event.Fact
	if r.own != "" && voiceOf(p, r) != r.own {
		facts = append(facts, event.Warned{
			Code:    "say.voice",
			Message: fmt.Sprintf("there is no voice %q here; the %s voice of %s speaks", r.own, r.voice, p.name()),
		})
	}
	if r.ssml == nil {
		return facts
	}
	for _, n := range r.ssml.notes(p, r) {
		facts = append(facts, n)
	}
	return facts
}

// first is the place of the provider that an engine means, -1 if it is not
// here.
func first(chain []provider, engine string) int {
	names, ok := means[engine]
	if !ok {
		names = []string{engine}
	}
	return slices.IndexFunc(chain, func(p provider) bool { return slices.Contains(names, p.name()) })
}

// order is the providers to ask for an engine and a language, and what is to
// be said about the choice.
func (v *Voices) order(engine, language string) ([]provider, []event.Fact) {
	chain := slices.Clone(v.providers)
	engine = strings.ToLower(engine)
	var facts []event.Fact
	switch at := first(chain, engine); {
	case engine == "" || engine == "default":
	case at >= 0:
		p := chain[at]
		chain = slices.Insert(slices.Delete(chain, at, at+1), 0, p)
	default:
		why := "there is no such engine"
		if slices.Contains(audio.Engines(), engine) {
			why = "that engine is not here"
		}
		facts = append(facts, event.Warned{
			Code:    "say.engine",
			Message: fmt.Sprintf("engine %q was asked for, but %s; %s speaks", engine, why, chain[0].name()),
		})
	}
	if prompts.English(language) {
		return chain, facts
	}
	// The built-in voice knows English only, so it is asked last.
	slices.SortStableFunc(chain, func(a, b provider) int { return last(a) - last(b) })
	if last(chain[0]) > 0 {
		facts = append(facts, event.Warned{
			Code: "say.language", Message: "the built-in voice reads " + language + " as if it were English",
		})
	}
	return chain, facts
}

func last(p provider) int {
	if _, ok := p.(builtin); ok {
		return 1
	}
	return 0
}

// key names the sound of a request by a provider.
func key(p provider, r request) string {
	h := sha256.New()
	source := ""
	if r.ssml != nil {
		source = r.ssml.source
	}
	for _, part := range []string{p.name(), p.version(), voiceOf(p, r), r.language, r.text, source} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// title is what a timeline calls the sound.
func title(text string) string {
	return `say "` + event.Clip(cmp.Or(strings.Join(strings.Fields(text), " "), "…"), 60) + `"`
}

// Close stops what is being made and waits for it. Sounds that are out there
// play on as far as they are made.
func (v *Voices) Close() {
	v.mu.Lock()
	v.closed = true
	clips := v.memory.clear()
	for _, m := range v.making {
		m.cancel()
	}
	v.mu.Unlock()
	v.work.Wait()
	for _, c := range clips {
		c.Close()
	}
}
