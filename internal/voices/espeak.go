package voices

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// espeak speaks with the program espeak-ng, one process for each text, a few
// at a time.
type espeak struct {
	path    string
	timeout time.Duration
	slots   chan struct{}

	once      sync.Once
	languages map[string]string // what is asked for → the voice of espeak-ng
	unusable  error
}

// newEspeak finds the program on the PATH.
func newEspeak(timeout time.Duration) (*espeak, error) {
	path, err := exec.LookPath("espeak-ng")
	if err != nil {
		return nil, err
	}
	return &espeak{path: path, timeout: timeout, slots: make(chan struct{}, max(2, runtime.NumCPU()))}, nil
}

func (e *espeak) name() string    { return "espeak" }
func (e *espeak) version() string { return "1" }

// speak runs the program with the text on its standard input.
func (e *espeak) speak(ctx context.Context, r request) (audio.Reader, error) {
	voice, err := e.voice(ctx, r)
	if err != nil {
		return nil, err
	}
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.timeout, fmt.Errorf("espeak-ng took longer than %v", e.timeout))
	release := func() { cancel(); <-e.slots }
	p, err := e.start(ctx, voice, r)
	if err != nil {
		release()
		return nil, err
	}
	p.release = release
	p.timeLimit = func() error { return context.Cause(ctx) }
	sound, err := decode(p)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return sound, nil
}

// start runs espeak-ng. The text never is an argument; "[[" would begin
// phoneme names, which no text means.
func (e *espeak) start(ctx context.Context, voice string, r request) (*process, error) {
	cmd := exec.CommandContext(ctx, e.path, "--stdin", "--stdout", "-b", "1", "-v", voice)
	text := espeakPlain(r.text)
	if r.ssml != nil {
		text = espeakSSML(r)
		cmd.Args = append(cmd.Args, "-m")
	}
	cmd.Stdin = strings.NewReader(text)
	p := &process{cmd: cmd}
	cmd.Stderr = &p.said
	cmd.WaitDelay = time.Second
	killTogether(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// process reads what a program writes; its end is an error if it failed.
type process struct {
	cmd       *exec.Cmd
	out       io.Reader
	said      tail
	release   func()
	timeLimit func() error
	once      sync.Once
	ended     error
}

// Read implements io.Reader. The end of the output is io.EOF only if the
// program ended well.
func (p *process) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	if err == nil {
		return n, nil
	}
	if wrong := p.wait(); wrong != nil {
		return n, wrong
	}
	return n, err
}

// wait ends the program's account once.
func (p *process) wait() error {
	p.once.Do(func() {
		if err := p.cmd.Wait(); err != nil {
			p.ended = fmt.Errorf("espeak-ng: %w%s", errors.Join(err, p.timeLimit()), p.said.note())
		}
		p.release()
	})
	return p.ended
}

// Close kills the program if it still runs.
func (p *process) Close() error {
	if p.cmd.Cancel != nil {
		_ = p.cmd.Cancel() // it may be over already
	}
	return p.wait()
}

// tail keeps the first few bytes that a program complains with.
type tail struct{ buf bytes.Buffer }

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	if room := 300 - t.buf.Len(); room > 0 {
		t.buf.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (t *tail) note() string {
	if t.buf.Len() == 0 {
		return ""
	}
	return " (" + strings.Join(strings.Fields(t.buf.String()), " ") + ")"
}

// voice is the -v argument for a request: a language of espeak-ng and a
// variant.
func (e *espeak) voice(ctx context.Context, r request) (string, error) {
	e.once.Do(func() { e.languages, e.unusable = e.list(ctx) })
	if e.unusable != nil {
		return "", e.unusable
	}
	language, ok := e.languages[r.language]
	if !ok {
		base, _, _ := strings.Cut(r.language, "-")
		if language, ok = e.languages[base]; !ok {
			return "", refusal{fmt.Errorf("espeak-ng does not speak %q", r.language)}
		}
	}
	if r.voice == "male" {
		return language + "+m3", nil
	}
	return language + "+f3", nil
}

// list asks the program once which languages it has.
func (e *espeak) list(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, e.path, "--voices")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("espeak-ng --voices: %w", err)
	}
	return parseVoices(string(out)), nil
}

// parseVoices reads lines like
//
//	Pty Language       Age/Gender VoiceName          File                 Other Languages
//	 5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
//
// A language's own line counts more than another's mention of it; of several
// mentions, the one with the lowest number counts.
func parseVoices(table string) map[string]string {
	own := map[string]string{}
	others := map[string]string{}
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 5 || f[0] == "Pty" {
			continue
		}
		own[strings.ToLower(f[1])] = f[1]
		for other := range strings.SplitSeq(strings.Join(f[5:], " "), "(") {
			name, _, ok := strings.Cut(strings.ToLower(strings.TrimSpace(other)), " ")
			if _, taken := others[name]; ok && !taken {
				others[name] = f[1]
			}
		}
	}
	for name, voice := range others {
		if _, taken := own[name]; !taken {
			own[name] = voice
		}
	}
	return own
}
