package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/store"
)

// isKind says whether err is an *Error of a kind.
func isKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// blob is stored media. It is read again when it was replaced.
func (l *Library) blob(ctx context.Context, k store.Key, ref string) (audio.Sound, error) {
	if l.cfg.Blobs == nil {
		return nil, fault(NotFound, ref, "nothing is stored here")
	}
	key := "blob " + k.Account + " " + k.ID
	return l.shared(ctx, key, func(ctx context.Context) (audio.Sound, error) {
		r, info, err := l.cfg.Blobs.Open(ctx, k)
		if errors.Is(err, store.ErrNotFound) {
			return nil, l.absent(ctx, k, ref)
		}
		if err != nil {
			return nil, explained(ref, err)
		}
		return l.versioned(r, ref, &entry{key: key, version: fmt.Sprint(info.Modified.UnixNano(), info.Size)})
	})
}

// absent is why there is no blob: there may be a document without one.
func (l *Library) absent(ctx context.Context, k store.Key, ref string) error {
	if l.cfg.Docs != nil && !strings.Contains(k.ID, "/") { // of prompts there are many that nobody has
		if _, err := l.cfg.Docs.Get(ctx, k); err == nil {
			return fault(Empty, ref, "its document has no sound yet: upload one, or have a text spoken")
		}
	}
	return &Error{Kind: NotFound, Ref: ref, Err: store.ErrNotFound}
}

// versioned is the kept sound of an entry's key and version, or else r's,
// which is kept. r is closed in any case.
func (l *Library) versioned(r io.ReadCloser, ref string, e *entry) (audio.Sound, error) {
	if old := l.cache.get(e.key); old != nil && old.version == e.version {
		_ = r.Close()
		return old.sound, nil
	}
	return l.clip("media "+ref, ref, r, e)
}

// file is a file in the configured folder, named from there on or in full.
// Nothing outside of the folder is opened, whatever names or links say.
func (l *Library) file(ctx context.Context, ref, name string) (audio.Sound, error) {
	if l.cfg.Files == "" {
		return nil, fault(NotFound, ref, "there is no such media, and no folder of files is configured")
	}
	if inside, ok := strings.CutPrefix(name, strings.TrimSuffix(filepath.ToSlash(l.cfg.Files), "/")+"/"); ok {
		name = inside
	}
	name = strings.TrimLeft(name, "/")
	key := "file " + name
	return l.shared(ctx, key, func(context.Context) (audio.Sound, error) {
		f, version, err := l.openFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &Error{Kind: NotFound, Ref: ref, Err: err}
		case err != nil:
			return nil, &Error{Kind: Refused, Ref: ref, Err: err}
		}
		return l.versioned(f, ref, &entry{key: key, version: version})
	})
}

// openFile opens a regular file in the folder and says which version it is.
func (l *Library) openFile(name string) (f *os.File, version string, err error) {
	root, err := os.OpenRoot(l.cfg.Files)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	name = filepath.FromSlash(name)
	// Looked at before it is opened, as opening a pipe or a device may wait.
	info, err := root.Stat(name)
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, "", fmt.Errorf("it is no file: %w", fs.ErrNotExist)
	}
	f, err = root.Open(name)
	return f, fmt.Sprint(info.ModTime().UnixNano(), info.Size()), err
}
