package rest

import (
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// emptyAfter is a folder for scratch files, in which none may be left.
func emptyAfter(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v is left behind (%v)", left, err)
		}
	})
}

// TestSpool keeps what is large in no memory, and what it is.
func TestSpool(t *testing.T) {
	emptyAfter(t)
	for _, size := range []int{0, 1, spoolFrom - 1, spoolFrom, spoolFrom + 1, 1 << 20} {
		text := strings.Repeat("x", size)
		s, err := newSpool(iotest.HalfReader(strings.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.all()
		if err != nil || string(got) != text || s.size != size || (s.file.File != nil) != (size >= spoolFrom) {
			t.Errorf("of %d bytes there are %d, in a file %v (%v)", size, len(got), s.file.File != nil, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 2*spoolFrom)), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := newSpool(broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("what does not come to its end: %v", err)
	}
}

// TestBodiesAreSpooled has a large body, and a large file in one, on disk while
// it comes, and nothing of it afterwards.
func TestBodiesAreSpooled(t *testing.T) {
	emptyAfter(t)
	large := strings.Repeat("x", 2*heavyFrom)
	var taken *Request
	do := func(r *Request) (Reply, error) {
		taken = r
		if !r.File {
			return Reply{}, nil
		}
		file, err := r.Upload(MaxBody)
		if err != nil {
			return Reply{}, err
		}
		n, err := io.Copy(io.Discard, file)
		if n != int64(len(large)) {
			t.Errorf("%d bytes came", n)
		}
		return Reply{}, err
	}
	s := served(
		Operation{Method: "POST", Path: "x", Who: Anyone, Do: do},
		Operation{Method: "POST", Path: "file", Who: Anyone, Consumes: []string{"multipart/form-data"}, Do: do},
	)
	for path, body := range map[string]string{
		"/v2/x":    `{"data":{"note":"` + large + `"}}`,
		"/v2/file": asMultipart(filePart+large, jsonPart+`{"data":{"note":"`+large+`"}}`, formPart+"5"),
	} {
		req := httptest.NewRequest("POST", path, strings.NewReader(body))
		if path == "/v2/file" {
			req.Header.Set("Content-Type", multi)
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		if rec.Code != 200 || taken.Data()["note"] != large {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
		if path == "/v2/file" && (len(taken.spools) != 4 || taken.spools[0].file.File == nil || taken.Param("page_size") != "5") {
			t.Errorf("%d were spooled, not three parts and the whole", len(taken.spools))
		}
		for _, part := range taken.spools {
			if part.file.File != nil && !errors.Is(part.file.Close(), os.ErrClosed) {
				t.Error("a file was left open")
			}
		}
		if len(s.heavy) != 0 {
			t.Errorf("%d turns are left behind", len(s.heavy))
		}
	}
}

// TestScratch leaves no file to whoever comes after a process that was killed.
func TestScratch(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f, err := NewScratch("test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("sound"); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 && os.PathSeparator == '/' {
		t.Errorf("%v is there for others (%v)", left, err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(f, 0, 9)); string(got) != "sound" {
		t.Errorf("%q is in it (%v)", got, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
