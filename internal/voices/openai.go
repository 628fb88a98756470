package voices

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// openaiPath is where the API has its speech.
const openaiPath = "/v1/audio/speech"

// openaiLimit is how many bytes a sound may have.
const openaiLimit = 64 << 20

// openai speaks by a server that answers like OpenAI's POST /v1/audio/speech.
type openai struct {
	url, key, model string
	timeout         time.Duration
	client          Doer
}

// newOpenAI checks the settings.
func newOpenAI(c Config) (*openai, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("voices: url: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("voices: url: provider openai needs an http or https address, not %q", c.URL)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = openaiPath
	}
	o := &openai{url: u.String(), key: c.Key, model: c.Model, timeout: c.Timeout, client: c.Client}
	if o.model == "" {
		o.model = "tts-1"
	}
	if o.client == nil {
		o.client = &http.Client{}
	}
	return o, nil
}

func (o *openai) name() string    { return "openai" }
func (o *openai) version() string { return o.url + " " + o.model }

// speak asks the server once and returns when the head of the sound is there.
func (o *openai) speak(ctx context.Context, r request) (audio.Reader, error) {
	body, err := json.Marshal(map[string]string{
		"model": o.model, "input": openaiText(r), "voice": openaiVoice(voiceOf(o, r)), "response_format": "wav",
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no whole answer within %v", o.timeout))
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, bytes.NewReader(body))
	if err != nil {
		cancel()
		return nil, err
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Accept", "audio/wav, audio/mpeg")
	if o.key != "" {
		post.Header.Set("Authorization", "Bearer "+o.key)
	}
	answer, err := o.client.Do(post) //nolint:bodyclose // the download closes it
	if err != nil {
		defer cancel()
		return nil, because(ctx, err)
	}
	b := &download{body: answer.Body, left: openaiLimit, cancel: cancel, cause: func() error { return context.Cause(ctx) }}
	if answer.StatusCode != http.StatusOK {
		defer b.Close() //nolint:errcheck // the answer is of no use any more
		return nil, serverError(answer.StatusCode, b)
	}
	sound, err := decode(b)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return sound, nil
}

// openaiVoice is a voice that the API has for what callflows ask.
func openaiVoice(voice string) string {
	switch voice {
	case "female":
		return "nova"
	case "male":
		return "onyx"
	}
	return voice
}

// because prefers why a context ended over what that did to the network.
func because(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// serverError reads what the server says is wrong: {"error": {"message": …}}
// or {"error": "…"} or {"detail": …}, else the first line.
func serverError(status int, body io.Reader) error {
	text, _ := io.ReadAll(io.LimitReader(body, 4<<10)) // what came is good enough for a message
	var answer struct{ Error, Detail, Message json.RawMessage }
	said := strings.TrimSpace(string(text))
	if json.Unmarshal(text, &answer) == nil {
		for _, raw := range []json.RawMessage{answer.Error, answer.Message, answer.Detail} {
			var inner struct{ Message string }
			var plain string
			if json.Unmarshal(raw, &inner) == nil && inner.Message != "" {
				said = inner.Message
				break
			}
			if json.Unmarshal(raw, &plain) == nil && plain != "" {
				said = plain
				break
			}
		}
	}
	said, _, _ = strings.Cut(said, "\n")
	err := fmt.Errorf("the server answered %d %s: %s", status, http.StatusText(status), event.Clip(said, 300))
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity ||
		status == http.StatusRequestEntityTooLarge {
		return refusal{err}
	}
	return err
}

// refusal is an error that concerns one text, voice or language only.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

func refused(err error) bool { return errors.As(err, &refusal{}) }

// download is a body with a limit; its end is the end of the request.
type download struct {
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
	cause  func() error
}

var errBig = fmt.Errorf("the sound is larger than %d bytes", openaiLimit)

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, errBig
	}
	n, err := d.body.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	switch {
	case err == nil || errors.Is(err, io.EOF):
	case d.cause() != nil:
		err = d.cause()
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCut // or it would be taken for the end of the file
	}
	return n, err
}

// Close implements io.Closer.
func (d *download) Close() error {
	d.cancel()
	return d.body.Close()
}
