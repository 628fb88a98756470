package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// ErrNoMP3 says that no MP3 can be made on this machine.
var ErrNoMP3 = errors.New("media: no lame program to make MP3 with")

// findLAME is the path of the lame program, "" if there is none.
func findLAME() string {
	path, err := exec.LookPath("lame")
	if err != nil {
		return ""
	}
	return path
}

// CanMP3 says whether EncodeMP3 can do its work: whether there was a lame
// program on the PATH at the start.
func (l *Library) CanMP3() bool { return l.lame != "" }

// EncodeMP3 makes an MP3 of a WAV file: 32 kbit/s at 16 kHz, which is more
// than a telephone has, and unlike 8 kHz can be played everywhere. The work is
// done by another process, as fast as the file comes: it may be one that is
// still being written. It ends with ctx.
func (l *Library) EncodeMP3(ctx context.Context, wav io.Reader, out io.Writer) error {
	if l.lame == "" {
		return ErrNoMP3
	}
	// No tag with the length: it is written at the end to the start, which
	// cannot be done to a pipe.
	cmd := exec.CommandContext(ctx, l.lame, "--quiet", "-t", "--resample", "16", "-b", "32", "-", "-")
	complaint := &head{left: 500}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = wav, out, complaint
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("media: MP3: %w", cause)
		}
		return fmt.Errorf("media: MP3: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	return nil
}

// head keeps the start of what is written to it.
type head struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	n, _ := h.Buffer.Write(p[:min(len(p), h.left)])
	h.left -= n
	return len(p), nil
}
