package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"
)

type memoryBlobs struct {
	mu    sync.RWMutex
	blobs map[Key]memoryBlob
}

type memoryBlob struct {
	info BlobInfo
	data []byte // never written to again
}

func (m *memoryBlobs) Create(ctx context.Context, k Key, contentType string) (BlobWriter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := k.Check(); err != nil {
		return nil, err
	}
	return &memoryWriter{blobs: m, key: k, contentType: contentType}, nil
}

func (m *memoryBlobs) Open(ctx context.Context, k Key) (io.ReadSeekCloser, BlobInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, BlobInfo{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, ok := m.blobs[k]
	if !ok {
		return nil, BlobInfo{}, ErrNotFound
	}
	return memoryReader{bytes.NewReader(b.data)}, b.info, nil
}

type memoryReader struct{ *bytes.Reader }

func (memoryReader) Close() error { return nil }

func (m *memoryBlobs) Delete(ctx context.Context, k Key) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.blobs[k]; !ok {
		return ErrNotFound
	}
	delete(m.blobs, k)
	return nil
}

func (m *memoryBlobs) Purge(ctx context.Context, account string) error {
	if err := cmp.Or(ctx.Err(), Purgeable(account)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.blobs, func(k Key, _ memoryBlob) bool { return k.Account == account })
	return nil
}

// maxMemoryBlob is how far a blob may be written to in memory, in bytes.
const maxMemoryBlob = 1 << 30

var errEnded = errors.New("store: the blob was committed or given up")

type memoryWriter struct {
	blobs       *memoryBlobs
	key         Key
	contentType string
	data        []byte
	at          int64
	ended       bool
	failed      error
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errEnded
	}
	end := w.at + int64(len(p))
	if end > maxMemoryBlob {
		w.failed = fmt.Errorf("store: more than %d bytes", maxMemoryBlob)
		return 0, w.failed
	}
	if end > int64(len(w.data)) {
		w.data = append(w.data, make([]byte, end-int64(len(w.data)))...)
	}
	copy(w.data[w.at:], p)
	w.at = end
	return len(p), nil
}

func (w *memoryWriter) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += w.at
	case io.SeekEnd:
		offset += int64(len(w.data))
	default:
		return 0, fmt.Errorf("store: seek from %d", whence)
	}
	if w.ended || offset < 0 {
		return 0, errors.New("store: seek to before the start or after the end")
	}
	w.at = offset
	return offset, nil
}

func (w *memoryWriter) Commit() error {
	switch {
	case w.ended:
		return errEnded
	case w.failed != nil:
		w.Abort()
		return w.failed
	}
	w.ended = true
	w.blobs.mu.Lock()
	defer w.blobs.mu.Unlock()
	info := BlobInfo{ContentType: w.contentType, Size: int64(len(w.data)), Modified: Moment(time.Now())}
	w.blobs.blobs[w.key] = memoryBlob{info: info, data: w.data}
	return nil
}

func (w *memoryWriter) Abort() { w.ended, w.data = true, nil }
