package sqlstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/pivotvoice/pivot/internal/store"
)

// blobs are files. Each is the blob's bytes with a tail that says what they
// are, so that one rename makes both appear:
//
//	bytes | content type | length of the content type, 4 bytes big-endian | "PIVOTBLB"
//
// Players of sound do not mind the tail.
type blobs struct{ root *os.Root }

const (
	mark    = "PIVOTBLB"
	tailMin = 4 + len(mark)
	maxType = 255 // bytes of a content type
	newDir  = ".new"
)

// openBlobs opens the folder and clears what a process that died was writing.
func openBlobs(dir string) (*blobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	b := &blobs{root}
	if err := errors.Join(root.RemoveAll(newDir), root.Mkdir(newDir, 0o700)); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: %w", err), root.Close())
	}
	return b, nil
}

// Close gives the folder back; blobs that are open stay so.
func (b *blobs) Close() error { return b.root.Close() }

// place is a key as a path in the folder.
func place(k store.Key) string { return path.Join(escape(k.Account), escape(k.Type), escape(k.ID)) }

// escape is a name that every file system takes: small letters, digits, "-"
// and "_" as they are, a dot but not in front, and %XX for other bytes. A long
// one ends in its hash.
func escape(s string) string {
	if s == "" {
		return "%"
	}
	const longest = 200
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 && i < len(s)-1 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() <= longest {
		return b.String()
	}
	sum := sha256.Sum256([]byte(s))
	return b.String()[:longest-66] + "%%" + hex.EncodeToString(sum[:])
}

// Create implements store.Blobs.
func (b *blobs) Create(ctx context.Context, k store.Key, contentType string) (store.BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := k.Check(); err != nil {
		return nil, err
	}
	if len(contentType) > maxType {
		return nil, fmt.Errorf("%w: a content type of %d bytes", store.ErrBad, len(contentType))
	}
	name := path.Join(newDir, rand.Text())
	f, err := b.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return &blobWriter{blobs: b, file: f, name: name, final: place(k), contentType: contentType}, nil
}

// Open implements store.Blobs.
func (b *blobs) Open(ctx context.Context, k store.Key) (io.ReadSeekCloser, store.BlobInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.BlobInfo{}, err
	}
	if k.Check() != nil {
		return nil, store.BlobInfo{}, store.ErrNotFound
	}
	f, err := b.root.Open(place(k))
	if err != nil {
		return nil, store.BlobInfo{}, missing(err)
	}
	info, err := tail(f)
	if err != nil {
		return nil, info, errors.Join(fmt.Errorf("sqlstore: blob %s: %w", place(k), err), f.Close())
	}
	return blobReader{io.NewSectionReader(f, 0, info.Size), f}, info, nil
}

// missing is err, or ErrNotFound if it says so.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return store.ErrNotFound
	}
	return fmt.Errorf("sqlstore: %w", err)
}

type blobReader struct {
	*io.SectionReader
	io.Closer
}

var errDamagedBlob = errors.New("the file is damaged")

// tail reads what f says of itself.
func tail(f *os.File) (store.BlobInfo, error) {
	stat, err := f.Stat()
	if err != nil {
		return store.BlobInfo{}, err
	}
	info := store.BlobInfo{Modified: store.Moment(stat.ModTime())}
	end := make([]byte, tailMin)
	at := stat.Size() - int64(tailMin)
	if at < 0 {
		return info, errDamagedBlob
	}
	if _, err := f.ReadAt(end, at); err != nil {
		return info, err
	}
	length := int64(binary.BigEndian.Uint32(end))
	if string(end[4:]) != mark || length > maxType || length > at {
		return info, errDamagedBlob
	}
	contentType := make([]byte, length)
	if _, err := f.ReadAt(contentType, at-length); err != nil {
		return info, err
	}
	info.ContentType, info.Size = string(contentType), at-length
	return info, nil
}

// Delete implements store.Blobs.
func (b *blobs) Delete(ctx context.Context, k store.Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if k.Check() != nil {
		return store.ErrNotFound
	}
	if err := b.root.Remove(place(k)); err != nil {
		return missing(err)
	}
	return b.syncDir(path.Dir(place(k)))
}

// Purge implements store.Blobs.
func (b *blobs) Purge(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), store.Purgeable(account)); err != nil {
		return err
	}
	// In one step, so that nobody puts more and more into what is being removed.
	gone := path.Join(newDir, rand.Text())
	err := b.root.Rename(escape(account), gone)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = b.removeAll(gone)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return b.syncDir(".")
}

// removeAll removes a folder into which a file that was on its way may still
// come.
func (b *blobs) removeAll(dir string) (err error) {
	for range purgeTries {
		if err = b.root.RemoveAll(dir); err == nil {
			return nil
		}
	}
	return err
}

// syncDir makes the names in a folder outlive a power cut. One that was purged
// meanwhile has none.
func (b *blobs) syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // it has no such call, and needs none
	}
	d, err := b.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// blobWriter is a file that nobody sees until it is renamed.
type blobWriter struct {
	blobs       *blobs
	file        *os.File // nil once ended
	name, final string
	contentType string
	failed      error
}

var errEnded = errors.New("sqlstore: the blob was committed or given up")

// Write implements io.Writer.
func (w *blobWriter) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, errEnded
	}
	n, err := w.file.Write(p)
	if err != nil && w.failed == nil {
		w.failed = fmt.Errorf("sqlstore: %w", err)
	}
	return n, err
}

// Seek implements io.Seeker.
func (w *blobWriter) Seek(offset int64, whence int) (int64, error) {
	if w.file == nil {
		return 0, errEnded
	}
	return w.file.Seek(offset, whence)
}

// Commit implements store.BlobWriter.
func (w *blobWriter) Commit() error {
	if w.file == nil {
		return errEnded
	}
	err := w.failed
	if err == nil {
		err = w.finish()
	}
	if err != nil {
		w.Abort()
		return err
	}
	f := w.file
	w.file = nil
	if err := f.Close(); err != nil {
		return errors.Join(fmt.Errorf("sqlstore: %w", err), w.blobs.root.Remove(w.name))
	}
	return w.publish()
}

// finish writes the tail and has it all on the disk.
func (w *blobWriter) finish() error {
	if _, err := w.file.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	end := binary.BigEndian.AppendUint32([]byte(w.contentType), uint32(len(w.contentType)))
	if _, err := w.file.Write(append(end, mark...)); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// publish gives the file its name.
func (w *blobWriter) publish() error {
	dir := path.Dir(w.final)
	made, err := w.settle(dir)
	for try := 1; err != nil && try < purgeTries; try++ {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
		made, err = w.settle(dir) // the folder was purged meanwhile, and made by another
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sqlstore: %w", err), w.blobs.root.Remove(w.name))
	}
	for _, d := range append(made, dir) {
		if err := w.blobs.syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// purgeTries is how often a file is put into the folder of an account that is
// purged at that moment, and such a folder is removed.
const purgeTries = 8

// settle moves the file to its place in dir, and returns the folders that
// were made for it as makeDirs does.
func (w *blobWriter) settle(dir string) ([]string, error) {
	made, err := w.blobs.makeDirs(dir)
	if err == nil {
		err = w.blobs.root.Rename(w.name, w.final)
	}
	return made, err
}

// makeDirs makes dir and returns the folders that it appeared in.
func (b *blobs) makeDirs(dir string) ([]string, error) {
	if _, err := b.root.Stat(dir); err == nil {
		return nil, nil
	}
	return []string{".", path.Dir(dir)}, b.root.MkdirAll(dir, 0o700)
}

// Abort implements store.BlobWriter.
func (w *blobWriter) Abort() {
	if w.file == nil {
		return
	}
	_ = w.file.Close()
	_ = w.blobs.root.Remove(w.name) // what stays is cleared at the next start
	w.file = nil
}
