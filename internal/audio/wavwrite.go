package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

const (
	wavHeader = 44 // bytes before the samples
	// maxWAV is the most bytes of samples: the header counts in 32 bits.
	maxWAV = math.MaxUint32 - wavHeader
)

// ErrWAVFull says that a WAV file cannot hold more: it ends at 4 GB.
var ErrWAVFull = errors.New("audio: a WAV file holds at most 4 GB")

// WAVWriter writes a WAV file of 16-bit samples. Until Close its header says
// that the length is not known, which readers take as "to the end".
type WAVWriter struct {
	to       io.WriteSeeker
	start    int64 // where the file begins in to
	buf      *bufio.Writer
	rate     int
	channels int
	bytes    int64 // of samples
	err      error // the first
	scratch  []byte
}

// NewWAVWriter begins a file with the given rate in Hz. It starts where w is.
func NewWAVWriter(w io.WriteSeeker, rate, channels int) (*WAVWriter, error) {
	if rate < 1 || rate > MaxRate || channels < 1 || channels > maxChannels {
		return nil, fmt.Errorf("audio: no WAV file of %d Hz and %d channels", rate, channels)
	}
	f := &WAVWriter{to: w, buf: bufio.NewWriterSize(w, 16<<10), rate: rate, channels: channels}
	var err error
	if f.start, err = w.Seek(0, io.SeekCurrent); err != nil {
		return nil, err
	}
	if _, err = f.buf.Write(f.header(math.MaxUint32, math.MaxUint32)); err != nil {
		return nil, err
	}
	return f, nil
}

// header is the first bytes of a file.
func (f *WAVWriter) header(riff, data uint32) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, wavHeader)
	b = le.AppendUint32(append(b, "RIFF"...), riff)
	b = le.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = le.AppendUint16(b, wavPCM)
	b = le.AppendUint16(b, uint16(f.channels))
	b = le.AppendUint32(b, uint32(f.rate))
	b = le.AppendUint32(b, uint32(f.rate*f.channels*2))
	b = le.AppendUint16(b, uint16(f.channels*2))
	b = le.AppendUint16(b, 16)
	return le.AppendUint32(append(b, "data"...), data)
}

// Write appends samples, of all channels in turn. After an error every call
// returns it.
func (f *WAVWriter) Write(samples []int16) error {
	if f.err == nil && f.bytes+int64(2*len(samples)) > maxWAV {
		f.err = ErrWAVFull
	}
	if f.err != nil {
		return f.err
	}
	f.scratch = f.scratch[:0]
	for _, s := range samples {
		f.scratch = binary.LittleEndian.AppendUint16(f.scratch, uint16(s))
	}
	n, err := f.buf.Write(f.scratch)
	f.bytes += int64(n)
	f.err = err
	return err
}

// Duration is the sound written so far.
func (f *WAVWriter) Duration() time.Duration {
	samples := f.bytes / int64(2*f.channels)
	return time.Duration(float64(samples) / float64(f.rate) * float64(time.Second))
}

// Close writes what is buffered and the lengths in the header, even after an
// error, and returns the first one. It leaves w open, at its end.
func (f *WAVWriter) Close() error {
	if err := f.buf.Flush(); f.err == nil {
		f.err = err
	}
	if _, err := f.to.Seek(f.start, io.SeekStart); err != nil {
		return errors.Join(f.err, err)
	}
	_, err := f.to.Write(f.header(uint32(f.bytes+wavHeader-8), uint32(f.bytes)))
	if err == nil {
		_, err = f.to.Seek(0, io.SeekEnd)
	}
	return errors.Join(f.err, err)
}
