package voices

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// disk keeps sounds as files: a head (magic, rate, count of samples, CRC-32 of
// the samples), then the samples, all little-endian. A file has its name only
// when it is whole. A nil disk keeps nothing.
type disk struct {
	dir   string
	limit int64

	mu   sync.Mutex
	used int64
}

const (
	diskMagic = "PIVOTSAY"
	diskHead  = len(diskMagic) + 12
	diskEnd   = ".say"
	diskNew   = ".new-"
)

// openDisk makes the folder if need be, and clears what an earlier run left
// half written.
func openDisk(dir string, limit int64) (*disk, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	d := &disk{dir: dir, limit: limit}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), diskNew) {
			_ = os.Remove(filepath.Join(dir, e.Name())) // if it stays, it is only space
		}
	}
	d.trim(0)
	return d, nil
}

func (d *disk) path(key string) string { return filepath.Join(d.dir, key+diskEnd) }

// get reads a sound, or returns nil. A damaged file is removed.
func (d *disk) get(key string) audio.Reader {
	if d == nil {
		return nil
	}
	b, err := os.ReadFile(d.path(key))
	if err != nil {
		return nil
	}
	s, err := parseKept(b)
	if err != nil {
		_ = os.Remove(d.path(key)) // it is written anew
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(d.path(key), now, now) // only the order of leaving depends on it
	return s
}

// kept is a sound read from disk.
type kept struct {
	rate    int
	samples []byte
}

var errDamaged = errors.New("voices: damaged file")

// parseKept checks a file's bytes.
func parseKept(b []byte) (*kept, error) {
	if len(b) < diskHead || string(b[:len(diskMagic)]) != diskMagic {
		return nil, errDamaged
	}
	head, samples := b[len(diskMagic):diskHead], b[diskHead:]
	rate, count := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	if rate == 0 || rate > 192000 || uint64(len(samples)) != 2*uint64(count) {
		return nil, errDamaged
	}
	if crc32.ChecksumIEEE(samples) != binary.LittleEndian.Uint32(head[8:]) {
		return nil, errDamaged
	}
	return &kept{int(rate), samples}, nil
}

// Rate implements audio.Reader.
func (k *kept) Rate() int { return k.rate }

// ReadSamples implements audio.Reader.
func (k *kept) ReadSamples(p []int16) (int, error) {
	n := min(len(p), len(k.samples)/2)
	for i := range n {
		p[i] = int16(binary.LittleEndian.Uint16(k.samples[2*i:]))
	}
	k.samples = k.samples[2*n:]
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// create begins a file.
func (d *disk) create(key string, rate int) (*diskFile, error) {
	f, err := os.CreateTemp(d.dir, diskNew)
	if err != nil {
		return nil, err
	}
	w := &diskFile{disk: d, key: key, rate: rate, file: f, sum: crc32.NewIEEE()}
	w.buf = bufio.NewWriterSize(f, 32<<10)
	if _, err = w.buf.Write(make([]byte, diskHead)); err != nil {
		w.abort()
		return nil, err
	}
	return w, nil
}

// diskFile is a sound being written.
type diskFile struct {
	disk  *disk
	key   string
	rate  int
	file  *os.File
	buf   *bufio.Writer
	sum   hash.Hash32
	count uint32
	bytes []byte
}

func (w *diskFile) write(samples []int16) error {
	w.bytes = w.bytes[:0]
	for _, s := range samples {
		w.bytes = binary.LittleEndian.AppendUint16(w.bytes, uint16(s))
	}
	_, _ = w.sum.Write(w.bytes) // a hash takes everything
	w.count += uint32(len(samples))
	_, err := w.buf.Write(w.bytes)
	return err
}

// commit gives the file its name.
func (w *diskFile) commit() error {
	head := []byte(diskMagic)
	head = binary.LittleEndian.AppendUint32(head, uint32(w.rate))
	head = binary.LittleEndian.AppendUint32(head, w.count)
	head = binary.LittleEndian.AppendUint32(head, w.sum.Sum32())
	err := w.buf.Flush()
	if err == nil {
		_, err = w.file.WriteAt(head, 0)
	}
	err = errors.Join(err, w.file.Close())
	if err == nil {
		err = os.Rename(w.file.Name(), w.disk.path(w.key))
	}
	if err != nil {
		_ = os.Remove(w.file.Name()) // the next start removes it otherwise
		return err
	}
	w.disk.trim(int64(diskHead) + 2*int64(w.count))
	return nil
}

func (w *diskFile) abort() {
	_ = w.file.Close()           // it is not wanted any more
	_ = os.Remove(w.file.Name()) // the next start removes it otherwise
}

// trim counts added bytes in, and removes the sounds not asked for longest
// until nine tenths of the limit are left. With 0 it counts anew.
func (d *disk) trim(added int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used += added
	if added > 0 && d.used <= d.limit {
		return
	}
	files := d.files()
	d.used = 0
	for _, f := range files {
		d.used += f.Size()
	}
	if d.used <= d.limit {
		return
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, f := range files {
		if d.used <= d.limit/10*9 {
			return
		}
		if os.Remove(filepath.Join(d.dir, f.Name())) == nil {
			d.used -= f.Size()
		}
	}
}

func (d *disk) files() []os.FileInfo {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil
	}
	var out []os.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), diskEnd) {
			out = append(out, info)
		}
	}
	return out
}

// keeping writes a sound to disk as it is read. A disk that is full costs the
// file, never the sound.
type keeping struct {
	audio.Reader
	log *slog.Logger

	mu   sync.Mutex // a sound may be closed while it is read
	file *diskFile  // nil once written or given up
}

// ReadSamples implements audio.Reader.
func (k *keeping) ReadSamples(p []int16) (int, error) {
	n, err := k.Reader.ReadSamples(p)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return n, err
	}
	wrong := k.file.write(p[:n])
	switch {
	case wrong != nil:
		k.file.abort()
		k.file = nil
	case errors.Is(err, io.EOF):
		wrong = k.file.commit()
		k.file = nil
	}
	if wrong != nil {
		k.log.Warn("speech is not kept", "error", wrong)
	}
	return n, err
}

// Close gives an unfinished file up.
func (k *keeping) Close() error {
	k.mu.Lock()
	if k.file != nil {
		k.file.abort()
		k.file = nil
	}
	k.mu.Unlock()
	if err := closeReader(k.Reader); err != nil {
		return fmt.Errorf("voices: %w", err)
	}
	return nil
}
