package rest

import (
	"bytes"
	"errors"
	"io"
)

// spoolFrom is how much of a body that is still coming is kept in memory, in
// bytes: who sends thousands of them slowly fills a disk, and no memory.
const spoolFrom = 32 << 10

// spool is a body, or the part of one, that has come to its end: in memory, or
// if it is larger in a file, which is gone once the spool is closed.
type spool struct {
	io.ReadSeeker
	size int
	file Scratch // of none: it is in memory
}

// newSpool reads to the end.
func newSpool(from io.Reader) (*spool, error) {
	var start bytes.Buffer
	n, err := io.CopyN(&start, from, spoolFrom)
	if errors.Is(err, io.EOF) {
		return &spool{ReadSeeker: bytes.NewReader(start.Bytes()), size: int(n)}, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := NewScratch("body")
	if err != nil {
		return nil, err
	}
	s := &spool{ReadSeeker: f, file: f}
	size, err := io.Copy(f, io.MultiReader(&start, from))
	if s.size = int(size); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// all is the whole of it.
func (s *spool) all() ([]byte, error) {
	out := make([]byte, s.size)
	_, err := io.ReadFull(s, out)
	return out, err
}

// Close removes the file.
func (s *spool) Close() error {
	if s.file.File == nil {
		return nil
	}
	return s.file.Close()
}
