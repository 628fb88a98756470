package recogniser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"

	"github.com/pivotvoice/pivot/internal/audio"
)

// ask asks the server once.
func (r *Recogniser) ask(ctx context.Context, u audio.Utterance, model string, verbose bool) (audio.Transcript, error) {
	body, kind, err := form(u, model, verbose)
	if err != nil {
		return audio.Transcript{}, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, body)
	if err != nil {
		return audio.Transcript{}, err
	}
	post.Header.Set("Content-Type", kind)
	post.Header.Set("Accept", "application/json")
	if r.key != "" {
		post.Header.Set("Authorization", "Bearer "+r.key)
	}
	answer, err := r.client.Do(post)
	if err != nil {
		return audio.Transcript{}, because(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case answer.StatusCode != http.StatusOK:
		return audio.Transcript{}, &statusError{answer.StatusCode, complaint(text)} // whatever came of it
	case err != nil:
		return audio.Transcript{}, because(ctx, err)
	case len(text) > maxAnswer:
		return audio.Transcript{}, fmt.Errorf("the answer is more than %d bytes", maxAnswer)
	}
	return read(text)
}

// because prefers why a context ended over what that did to the network.
func because(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// form is the request: the sound as a WAV file, and how to understand it.
func form(u audio.Utterance, model string, verbose bool) (body io.Reader, kind string, err error) {
	format := "json"
	if verbose {
		format = "verbose_json"
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	fields := [][2]string{
		{"model", model}, {"language", language(u.Language)}, {"prompt", prompt(u.Hints)}, {"response_format", format},
	}
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if err := w.WriteField(f[0], f[1]); err != nil {
			return nil, "", err
		}
	}
	file, err := w.CreateFormFile("file", "speech.wav")
	if err != nil {
		return nil, "", err
	}
	sound, err := wav(u)
	if err != nil {
		return nil, "", err
	}
	if _, err := file.Write(sound); err != nil {
		return nil, "", err
	}
	return &b, w.FormDataContentType(), w.Close()
}

// language is the two or three letters that the API knows.
func language(tag string) string {
	short, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return short
}

// prompt is what the speaker is likely to say. Names of classes of words,
// which TwiML has as $OOV_…, mean nothing here.
func prompt(hints []string) string {
	var b strings.Builder
	for _, h := range hints {
		h = strings.TrimSpace(h)
		if h == "" || strings.HasPrefix(h, "$") {
			continue
		}
		if b.Len()+len(h)+2 > maxPrompt {
			break
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(h)
	}
	return b.String()
}

// wav is an utterance as a file.
func wav(u audio.Utterance) ([]byte, error) {
	var f file
	w, err := audio.NewWAVWriter(&f, u.Rate, 1)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.Write(u.PCM), w.Close()); err != nil {
		return nil, err
	}
	return f.bytes, nil
}

// file is a file in memory.
type file struct {
	bytes []byte
	at    int
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (int, error) {
	n := copy(f.bytes[f.at:], p)
	f.bytes = append(f.bytes, p[n:]...)
	f.at += len(p)
	return len(p), nil
}

// Seek implements io.Seeker.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += int64(f.at)
	case io.SeekEnd:
		offset += int64(len(f.bytes))
	}
	if offset < 0 || offset > int64(len(f.bytes)) {
		return 0, os.ErrInvalid
	}
	f.at = int(offset)
	return offset, nil
}
