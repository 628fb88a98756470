// Package recogniser turns speech into text, by a server that answers like
// OpenAI's POST /v1/audio/transcriptions: OpenAI's own, or one of the many
// that run Whisper or the like at home.
package recogniser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// The providers.
const (
	None   = "none"
	OpenAI = "openai"
)

// ErrNone says that there is no recogniser.
var ErrNone = errors.New("recogniser: none is configured (recogniser.provider)")

// The limits, and what is used where Config does not say.
const (
	defaultModel   = "whisper-1"
	defaultTimeout = 30 * time.Second
	maxAnswer      = 1 << 20 // bytes
	maxText        = 16_000  // characters
	maxPrompt      = 800     // bytes: models hear some 200 words of it
	maxSpeech      = 10 * time.Minute
)

// openaiPath is where the API has its recogniser.
const openaiPath = "/v1/audio/transcriptions"

// Doer makes requests; an *http.Client is one.
type Doer interface {
	Do(r *http.Request) (*http.Response, error)
}

// Config is what a Recogniser is made of.
type Config struct {
	Provider string        // None (also "") or OpenAI
	URL      string        // of the server; its path is openaiPath if it has none
	Key      string        // sent as a bearer token if not empty
	Model    string        // "" is whisper-1
	Timeout  time.Duration // of one recognition, all of it; 0 is 30 s
	Client   Doer          // nil is one of our own
}

// Recogniser understands speech. It is safe for any number of calls at once.
type Recogniser struct {
	url, key, model string
	timeout         time.Duration
	client          Doer
	none            bool
	plain           atomic.Bool // the server knows no verbose answers
}

// New checks the settings. The error names the one at fault.
func New(cfg Config) (*Recogniser, error) {
	switch cfg.Provider {
	case "", None:
		return &Recogniser{none: true}, nil
	case OpenAI:
	default:
		return nil, fmt.Errorf("recogniser: provider: there is no %q, only %s and %s", cfg.Provider, None, OpenAI)
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("recogniser: url: it cannot be read") // the error would show its password
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("recogniser: url: provider openai needs an http or https address, not %q", u.Redacted())
	}
	if cfg.Timeout < 0 {
		return nil, fmt.Errorf("recogniser: timeout: %v is less than nothing", cfg.Timeout)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = openaiPath
	}
	r := &Recogniser{
		url: u.String(), key: cfg.Key, model: cmp.Or(cfg.Model, defaultModel),
		timeout: cmp.Or(cfg.Timeout, defaultTimeout), client: cfg.Client,
	}
	if r.client == nil {
		r.client = &http.Client{}
	}
	return r, nil
}

// Configured says whether there is one.
func (r *Recogniser) Configured() bool { return r != nil && !r.none }

// Recognise implements actions.Recogniser. Speech without any sound is no
// words, and nobody is asked.
func (r *Recogniser) Recognise(ctx context.Context, u audio.Utterance) (audio.Transcript, error) {
	switch {
	case !r.Configured():
		return audio.Transcript{}, ErrNone
	case len(u.PCM) == 0:
		return audio.Transcript{}, nil
	case u.Length() > maxSpeech:
		return audio.Transcript{}, fmt.Errorf("recogniser: %v of speech is more than %v", u.Length(), maxSpeech)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("no whole answer within %v", r.timeout))
	defer cancel()
	model := r.modelFor(u.Model)
	verbose := !r.plain.Load() && !strings.HasPrefix(model, "gpt-")
	got, err := r.ask(ctx, u, model, verbose)
	if verbose && notVerbose(err) {
		if got, err = r.ask(ctx, u, model, false); err == nil {
			r.plain.Store(true)
		}
	}
	if err != nil {
		return audio.Transcript{}, fmt.Errorf("recogniser: %w", err)
	}
	return got, nil
}

// twimlModels are what names of models begin with that TwiML applications
// know and no recogniser of this kind does (spec/twiml.md section 2.2, Gather).
var twimlModels = []string{
	"default", "numbers_and_commands", "phone_call", "experimental_", "googlev2_", "deepgram_",
}

// modelFor is the model to ask for.
func (r *Recogniser) modelFor(wanted string) string {
	for _, known := range twimlModels {
		if strings.HasPrefix(wanted, known) {
			return r.model
		}
	}
	return cmp.Or(wanted, r.model)
}

// statusError is an answer of no success.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d %s%s", e.status, http.StatusText(e.status), e.text)
}

// notVerbose says whether a server may have refused the form of the answer.
func notVerbose(err error) bool {
	e, ok := errors.AsType[*statusError](err)
	return ok && (e.status == http.StatusBadRequest || e.status == http.StatusUnprocessableEntity)
}
