package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

const (
	maxDecoders = 8                // programs that decode at once
	decoderWait = 10 * time.Second // for a place among them
	decodeTime  = 10 * time.Minute // for one sound
)

var errDecoders = errors.New("media: too many MP3 files of 8 to 12 kHz are being read")

// Decode is audio.Decode, and decodes MP3 of 8 to 12 kHz with the lame program
// where there is one: in a process of its own, of which there are eight at
// once, for at most ten minutes or until the library is closed.
func (l *Library) Decode(r io.Reader) (sound audio.Reader, format string, err error) {
	if l.lame == "" {
		return audio.Decode(r)
	}
	return audio.DecodeWith(r, l.decodeMP3)
}

// decodeMP3 is an audio.Converter.
func (l *Library) decodeMP3(mp3 io.Reader) (io.ReadCloser, error) {
	wait := time.NewTimer(decoderWait)
	defer wait.Stop()
	select {
	case l.slots <- struct{}{}:
	case <-wait.C:
		return nil, errDecoders
	case <-l.ctx.Done():
		return nil, context.Cause(l.ctx)
	}
	ctx, cancel := context.WithTimeout(l.ctx, decodeTime)
	p, err := startDecoder(ctx, l.lame, mp3)
	if err != nil {
		cancel()
		<-l.slots
		return nil, fmt.Errorf("media: MP3: %w", err)
	}
	p.cancel, p.free = cancel, func() { cancel(); <-l.slots }
	return p, nil
}

// decoder reads what a lame process makes of an MP3 stream.
type decoder struct {
	ctx       context.Context //nolint:containedctx // that of the process, to tell why it ended
	cmd       *exec.Cmd
	out       io.Reader
	complaint *head
	cancel    func() // ends the process
	free      func()
	once      sync.Once
	end       error
}

func startDecoder(ctx context.Context, path string, mp3 io.Reader) (*decoder, error) {
	cmd := exec.CommandContext(ctx, path, "--quiet", "--decode", "--mp3input", "-", "-")
	d := &decoder{ctx: ctx, cmd: cmd, complaint: &head{left: 500}}
	cmd.Stdin, cmd.Stderr, cmd.WaitDelay = mp3, d.complaint, 5*time.Second
	killTogether(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.out = out
	return d, cmd.Start()
}

// Read implements io.Reader. The end is io.EOF only if the process ended well
// and its source did.
func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.out.Read(p)
	if err == nil {
		return n, nil
	}
	if end := d.wait(); end != nil {
		return n, end
	}
	return n, io.EOF
}

// wait takes leave of the process, once.
func (d *decoder) wait() error {
	d.once.Do(func() {
		err := d.cmd.Wait()
		cause := context.Cause(d.ctx)
		var failed *exec.ExitError
		switch {
		case err == nil:
		case cause != nil:
			d.end = fmt.Errorf("media: MP3: %w", cause)
		case errors.As(err, &failed):
			d.end = fmt.Errorf("%w: lame: %w: %s", audio.ErrBroken, err, bytes.TrimSpace(d.complaint.Bytes()))
		default: // what its source said
			d.end = err
		}
		d.free()
	})
	return d.end
}

// Close ends the process, if it still runs, and waits for it.
func (d *decoder) Close() error {
	d.cancel()
	_ = d.wait() // how it ended is of no interest any more
	return nil
}
