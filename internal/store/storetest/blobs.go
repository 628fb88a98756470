package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/store"
)

var recording = store.Key{Account: "a", Type: "recording", ID: "1"}

func create(t *testing.T, s store.Store, k store.Key, contentType, data string) store.BlobWriter {
	t.Helper()
	w, err := s.Blobs.Create(t.Context(), k, contentType)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Abort)
	if n, err := io.WriteString(w, data); n != len(data) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(data), err)
	}
	return w
}

func commit(t *testing.T, w store.BlobWriter) {
	t.Helper()
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// blob is all of a blob, or ErrNotFound.
func blob(t *testing.T, s store.Store, k store.Key) (string, store.BlobInfo, error) {
	t.Helper()
	r, info, err := s.Blobs.Open(t.Context(), k)
	if err != nil {
		return "", info, err
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b), info, nil
}

func blobLife(t *testing.T, s store.Store) {
	ctx, before := t.Context(), store.Moment(time.Now()).Add(-time.Second)
	_, _, err := blob(t, s, recording)
	wants(t, "open of nothing", err, store.ErrNotFound)
	wants(t, "delete of nothing", s.Blobs.Delete(ctx, recording), store.ErrNotFound)

	w := create(t, s, recording, "audio/x-wav", "")
	for _, part := range []string{"hel", "lo", ""} {
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = blob(t, s, recording)
	wants(t, "open of one not committed", err, store.ErrNotFound)
	commit(t, w)
	w.Abort()
	if err := w.Commit(); err == nil {
		t.Error("committed twice")
	}
	if _, err := w.Write([]byte("more")); err == nil {
		t.Error("written to after the commit")
	}
	got, info, err := blob(t, s, recording)
	if err != nil || got != "hello" || info.Size != 5 || info.ContentType != "audio/x-wav" || info.Modified.Before(before) {
		t.Errorf("%q %+v %v", got, info, err)
	}
	reseek(t, s)
	wants(t, "delete", s.Blobs.Delete(ctx, recording), nil)
	_, _, err = blob(t, s, recording)
	wants(t, "open of one deleted", err, store.ErrNotFound)
	commit(t, create(t, s, recording, "", "")) // empty, of no known type
	if got, info, err := blob(t, s, recording); err != nil || got != "" || info.Size != 0 || info.ContentType != "" {
		t.Errorf("%q %+v %v", got, info, err)
	}
}

// reseek reads parts of "hello".
func reseek(t *testing.T, s store.Store) {
	t.Helper()
	r, _, err := s.Blobs.Open(t.Context(), recording)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, step := range []struct {
		offset int64
		whence int
		want   string
	}{{-2, io.SeekEnd, "lo"}, {1, io.SeekStart, "el"}, {1, io.SeekCurrent, "o"}, {0, io.SeekEnd, ""}} {
		if _, err := r.Seek(step.offset, step.whence); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2)
		n, err := io.ReadFull(r, b)
		if string(b[:n]) != step.want || n == 2 && err != nil {
			t.Errorf("at %d read %q, %v; want %q", step.offset, b[:n], err, step.want)
		}
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("went to before the start")
	}
}

// blobSeek writes a header once the rest is known.
func blobSeek(t *testing.T, s store.Store) {
	w := create(t, s, recording, "audio/x-wav", "????body")
	if at, err := w.Seek(0, io.SeekCurrent); at != 8 || err != nil {
		t.Errorf("at %d, %v", at, err)
	}
	if at, err := w.Seek(-8, io.SeekEnd); at != 0 || err != nil {
		t.Errorf("at %d, %v", at, err)
	}
	if _, err := io.WriteString(w, "head"); err != nil {
		t.Fatal(err)
	}
	commit(t, w) // where the last write ended is not the end
	if got, info, err := blob(t, s, recording); err != nil || got != "headbody" || info.Size != 8 {
		t.Errorf("%q %+v %v", got, info, err)
	}
}

func blobAbort(t *testing.T, s store.Store) {
	commit(t, create(t, s, recording, "text/plain", "old"))
	w := create(t, s, recording, "text/plain", "new")
	w.Abort()
	w.Abort()
	if err := w.Commit(); err == nil {
		t.Error("committed what was given up")
	}
	if got, _, err := blob(t, s, recording); err != nil || got != "old" {
		t.Errorf("%q, %v", got, err)
	}
}

func blobReplace(t *testing.T, s store.Store) {
	commit(t, create(t, s, recording, "text/plain", "old"))
	r, _, err := s.Blobs.Open(t.Context(), recording)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, create(t, s, recording, "audio/mpeg", "longer"))
	if b, err := io.ReadAll(r); string(b) != "old" || err != nil {
		t.Errorf("who had it open read %q, %v", b, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if got, info, err := blob(t, s, recording); err != nil || got != "longer" || info.ContentType != "audio/mpeg" {
		t.Errorf("%q %+v %v", got, info, err)
	}
}

// blobKeys is ids that file systems and shells dislike.
func blobKeys(t *testing.T, s store.Store) {
	keys := []store.Key{
		{Type: "t", ID: "x"},
		{Account: "_", Type: "t", ID: "x"},
		{Account: "..", Type: "..", ID: ".."},
		{Account: ".", Type: "t", ID: "."},
		{Account: "a", Type: "t", ID: "../../x"},
		{Account: "a/b", Type: "t", ID: "x"},
		{Account: "a", Type: "b/t", ID: "x"},
		{Account: "a", Type: "t", ID: `con.txt \ : * ? " < > |`},
		{Account: "a", Type: "t", ID: "é%2F"},
		{Account: "a", Type: "t", ID: "é/"},
		{Account: "a", Type: "t", ID: "A"},
		{Account: "a", Type: "t", ID: "a"},
		{Account: "a", Type: "t", ID: strings.Repeat("é/", 150)},
		{Account: "a", Type: "t", ID: strings.Repeat("é/", 149) + "é."},
	}
	for i, k := range keys {
		commit(t, create(t, s, k, "", fmt.Sprint(i)))
	}
	for i, k := range keys {
		if got, _, err := blob(t, s, k); err != nil || got != fmt.Sprint(i) {
			t.Errorf("%.40q is %q, %v", k, got, err)
		}
	}
	for _, k := range []store.Key{{}, {Type: "t"}, {ID: "x"}, {Type: "t", ID: "\xff"}, {Type: "t", ID: "a\x00"}} {
		_, err := s.Blobs.Create(t.Context(), k, "")
		wants(t, fmt.Sprintf("create of %q", k), err, store.ErrBad)
		_, _, err = s.Blobs.Open(t.Context(), k)
		wants(t, fmt.Sprintf("open of %q", k), err, store.ErrNotFound)
		wants(t, fmt.Sprintf("delete of %q", k), s.Blobs.Delete(t.Context(), k), store.ErrNotFound)
	}
}

// blobWriters is many at once, each with a blob of its own and all with one:
// what is read is always whole.
func blobWriters(t *testing.T, s store.Store) {
	write := func(k store.Key, data string) error {
		w, err := s.Blobs.Create(t.Context(), k, data)
		if err != nil {
			return err
		}
		defer w.Abort()
		for range 4 {
			if _, err := io.WriteString(w, data); err != nil {
				return err
			}
		}
		return w.Commit()
	}
	for _, err := range together(10, func(i int) error {
		own := store.Key{Account: "a", Type: "own", ID: fmt.Sprint(i)}
		return errors.Join(write(own, fmt.Sprint(i)), write(recording, fmt.Sprint(i)))
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	for i := range 10 {
		if got, _, err := blob(t, s, store.Key{Account: "a", Type: "own", ID: fmt.Sprint(i)}); err != nil || got != strings.Repeat(fmt.Sprint(i), 4) {
			t.Errorf("%d is %q, %v", i, got, err)
		}
	}
	if got, info, err := blob(t, s, recording); err != nil || got != strings.Repeat(info.ContentType, 4) {
		t.Errorf("the one of all is %q %+v, %v", got, info, err)
	}
}

func blobBig(t *testing.T, s store.Store) {
	part := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	w := create(t, s, recording, "audio/x-wav", "")
	for range 32 {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, w)
	r, info, err := s.Blobs.Open(t.Context(), recording)
	if err != nil || info.Size != int64(32*len(part)) {
		t.Fatalf("%+v, %v", info, err)
	}
	n, err := io.Copy(io.Discard, r)
	if err := errors.Join(err, r.Close()); err != nil || n != info.Size {
		t.Errorf("read %d of %d: %v", n, info.Size, err)
	}
}
