package phone

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// tapeRate is what is heard is kept at, in Hz: enough for G.722.
const tapeRate = 16000

// Clip is a file's sound; Close gives the file back.
type Clip struct {
	*audio.Clip
	file *os.File
}

// File opens a WAV or MP3 file.
func File(path string) (*Clip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	sound, _, err := audio.Decode(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Clip{audio.NewClip(filepath.Base(path), sound), f}, nil
}

// Close ends the decoding and closes the file.
func (c *Clip) Close() {
	c.Clip.Close()
	_ = c.file.Close() // it was only read
}

// Tape is a WAV file that is being written.
type Tape struct {
	*audio.Recorder
	file *os.File
}

// Record begins a WAV file, replacing an older one.
func Record(path string) (*Tape, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r, err := audio.NewRecorder(tapeRate, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Tape{r, f}, nil
}

// Close finishes the file and says how long it is.
func (t *Tape) Close() (time.Duration, error) {
	length, err := t.Recorder.Close()
	return length, errors.Join(err, t.file.Close())
}
