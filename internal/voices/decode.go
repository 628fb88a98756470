package voices

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pivotvoice/pivot/internal/audio"
)

// decode reads the head of a sound file.
func decode(r io.ReadCloser, _ string) (audio.Reader, error) {
	head := make([]byte, 44)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	if string(head[:4]) != "RIFF" || string(head[36:40]) != "data" {
		return nil, errors.New("not a WAV file")
	}
	rate := int(binary.LittleEndian.Uint32(head[24:]))
	if rate < 8000 || rate > 48000 {
		return nil, fmt.Errorf("rate %d", rate)
	}
	return &wave{r, rate, nil}, nil
}

type wave struct {
	io.ReadCloser
	rate int
	b    []byte
}

func (w *wave) Rate() int { return w.rate }
func (w *wave) ReadSamples(p []int16) (int, error) {
	w.b = make([]byte, 2*len(p))
	n, err := io.ReadFull(w.ReadCloser, w.b)
	for i := range n / 2 {
		p[i] = int16(binary.LittleEndian.Uint16(w.b[2*i:]))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n / 2, err
}
