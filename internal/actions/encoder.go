package actions

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// wavHeader is the bytes that come before the samples of a WAV file.
const wavHeader = 44

// encoderTime is how long an encoder may take for what it still has when a
// recording ends.
const encoderTime = 10 * time.Second

// encoder is a program that makes MP3 of a WAV file as it is written. The
// header is not for it: it knows what comes, and nobody goes back to fill in
// the length.
type encoder struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	stop  context.CancelFunc
	says  remark
	at    int64 // in the WAV file
	end   int64 // how far it was written
}

// remark is what a program has to say, as far as anyone wants to read it.
type remark struct{ strings.Builder }

func (r *remark) Write(p []byte) (int, error) {
	if r.Len() < 1000 {
		r.Builder.Write(p)
	}
	return len(p), nil
}

// startEncoder runs program, lame, with its output going to out.
func startEncoder(ctx context.Context, program string, out io.Writer) (*encoder, error) {
	ctx, stop := context.WithCancel(ctx)
	e := &encoder{stop: stop}
	e.cmd = exec.CommandContext(ctx, program, "--quiet", "-r", "-s", "8", "--bitwidth", "16", "--signed",
		"--little-endian", "-m", "m", "-b", "32", "-", "-")
	e.cmd.Stdout, e.cmd.Stderr = out, &e.says
	e.cmd.WaitDelay = time.Second
	var err error
	if e.stdin, err = e.cmd.StdinPipe(); err == nil {
		err = e.cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start the MP3 encoder: %w", err)
	}
	return e, nil
}

// Write passes on what is new and no header.
func (e *encoder) Write(p []byte) (int, error) {
	fresh := p
	if known := max(e.end, wavHeader) - e.at; known > 0 {
		fresh = p[min(known, int64(len(p))):]
	}
	if len(fresh) > 0 {
		if _, err := e.stdin.Write(fresh); err != nil {
			return 0, fmt.Errorf("the MP3 encoder takes no more: %w", err)
		}
	}
	e.at += int64(len(p))
	e.end = max(e.end, e.at)
	return len(p), nil
}

// Seek goes back to what was written, which is then not passed on again.
func (e *encoder) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += e.at
	case io.SeekEnd:
		offset += e.end
	}
	if offset < 0 || offset > e.end {
		return e.at, fmt.Errorf("no place %d in a recording of %d bytes", offset, e.end)
	}
	e.at = offset
	return offset, nil
}

// Close waits until all of the MP3 was written.
func (e *encoder) Close() error {
	defer e.stop()
	late := time.AfterFunc(encoderTime, e.stop)
	defer late.Stop()
	_ = e.stdin.Close() // its failure is the program's, which Wait tells
	if err := e.cmd.Wait(); err != nil {
		return fmt.Errorf("the MP3 encoder: %w: %.200s", err, strings.TrimSpace(e.says.String()))
	}
	return nil
}
