package recordings

import (
	"errors"
	"io"
	"os"
	"sync"
)

// errGivenUp is what a reader of a file gets that will not be finished.
var errGivenUp = errors.New("recordings: the recording was given up")

// growing is a file that can be read while it is written: readers wait for
// what is to come. It is removed by remove.
type growing struct {
	file *os.File

	mu   sync.Mutex
	more *sync.Cond
	at   int64 // where it is written
	size int64
	end  error // io.EOF once it is whole, errGivenUp, or nil while it grows
}

func newGrowing(dir string) (*growing, error) {
	f, err := os.CreateTemp(dir, "pivot-recording-*.wav")
	if err != nil {
		return nil, err
	}
	g := &growing{file: f}
	g.more = sync.NewCond(&g.mu)
	return g, nil
}

// Write implements io.Writer.
func (g *growing) Write(p []byte) (int, error) {
	g.mu.Lock()
	at := g.at
	g.mu.Unlock()
	n, err := g.file.WriteAt(p, at)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at += int64(n)
	g.size = max(g.size, g.at)
	g.more.Broadcast()
	return n, err
}

// Seek implements io.Seeker.
func (g *growing) Seek(offset int64, whence int) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += g.at
	case io.SeekEnd:
		offset += g.size
	}
	if offset < 0 {
		return 0, os.ErrInvalid
	}
	g.at = offset
	return offset, nil
}

// finish says how it ended: with io.EOF, or an error for its readers. Only
// the first counts.
func (g *growing) finish(end error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end == nil || g.end == io.EOF && end != io.EOF { //nolint:errorlint // they are these very values
		g.end = end
	}
	g.more.Broadcast()
}

func (g *growing) remove() error {
	return errors.Join(g.file.Close(), os.Remove(g.file.Name()))
}

// reader reads it from the start.
func (g *growing) reader() io.Reader { return &follower{g: g} }

type follower struct {
	g  *growing
	at int64
}

// Read implements io.Reader. It waits for what is not written yet.
func (f *follower) Read(p []byte) (int, error) {
	left, err := f.wait()
	if err != nil {
		return 0, err
	}
	n, err := f.g.file.ReadAt(p[:min(int64(len(p)), left)], f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// wait returns how much is there to be read, or why there is no more.
func (f *follower) wait() (int64, error) {
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	for f.at == f.g.size && f.g.end == nil {
		f.g.more.Wait()
	}
	if f.g.end != nil && f.g.end != io.EOF { //nolint:errorlint // it is this very value
		return 0, f.g.end
	}
	if f.at == f.g.size {
		return 0, io.EOF
	}
	return f.g.size - f.at, nil
}
