package rest

import (
	"errors"
	"os"
)

// Scratch is a file that is gone once it is closed, or with the process.
type Scratch struct{ *os.File }

// NewScratch makes one; what is a word for its name, in case it is seen.
func NewScratch(what string) (Scratch, error) {
	f, err := os.CreateTemp("", "pivot-"+what+"-*")
	if err != nil {
		return Scratch{}, err
	}
	_ = os.Remove(f.Name()) // goes with the process then; where it cannot, Close does it
	return Scratch{f}, nil
}

// Close removes the file.
func (s Scratch) Close() error {
	err := s.File.Close()
	if gone := os.Remove(s.Name()); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
