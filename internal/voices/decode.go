package voices

import (
	"errors"
	"io"

	"github.com/pivotvoice/pivot/internal/audio"
)

var (
	errSilent = errors.New("no sound came")
	errCut    = errors.New("the sound was cut off")
)

// decode reads a sound file up to its first samples, so that what is no sound
// is found out while another provider can still be asked. The reader closes r.
func decode(r io.Reader) (audio.Reader, error) {
	sound, _, err := audio.Decode(r)
	if err != nil {
		return nil, err
	}
	o := &opened{Reader: sound, first: make([]int16, sound.Rate()/50)}
	n := 0
	for n == 0 && err == nil {
		n, err = sound.ReadSamples(o.first)
	}
	if n == 0 && errors.Is(err, io.EOF) {
		err = errSilent
	}
	if n == 0 {
		return nil, err
	}
	o.first, o.then = o.first[:n], err
	return o, nil
}

// opened is a sound whose first samples were read already.
type opened struct {
	audio.Reader
	first []int16
	then  error // what came with them
}

// ReadSamples implements audio.Reader.
func (o *opened) ReadSamples(p []int16) (int, error) {
	if len(o.first) == 0 {
		if o.then != nil {
			return 0, o.then
		}
		return o.Reader.ReadSamples(p)
	}
	n := copy(p, o.first)
	o.first = o.first[n:]
	return n, nil
}

// Close implements io.Closer.
func (o *opened) Close() error { return closeReader(o.Reader) }
