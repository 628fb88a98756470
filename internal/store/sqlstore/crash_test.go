package sqlstore

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pivotvoice/pivot/internal/store"
)

// childDir in the environment makes the test binary the one that is killed.
const childDir = "PIVOT_SQLSTORE_TEST_DIR"

// TestChild writes until it is killed, and says what was acknowledged.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return // it is the child of TestKilled, and nothing by itself
	}
	s := open(t, dir)
	var out sync.Mutex
	say := func(what, id string) {
		out.Lock()
		defer out.Unlock()
		fmt.Println("acknowledged", what, id)
	}
	round := os.Getpid()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", round, worker, i)
				k := store.Key{Account: "a", Type: "thing", ID: id}
				d := store.Doc{Key: k, JSON: []byte(`{"id":"` + id + `"}`), Index: map[string][]string{"f": {id}}, Unique: []string{"f"}}
				if _, err := s.Put(t.Context(), d); err != nil {
					panic(err)
				}
				say("doc", id)
				if err := s.Append(t.Context(), []store.Entry{{Kind: "event", Call: id, JSON: d.JSON}, {Kind: "cdr", Call: id, JSON: d.JSON}}); err != nil {
					panic(err)
				}
				say("entry", id)
				w, err := s.Blobs.Create(t.Context(), k, "text/plain")
				if err == nil {
					_, err = io.WriteString(w, id)
				}
				if err := errors.Join(err, w.Commit()); err != nil {
					panic(err)
				}
				say("blob", id)
			}
		})
	}
	wg.Wait()
}

// TestKilled kills a process in the midst of writing, several times over the
// same folder: it opens by itself, and all that was acknowledged is there.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string][]string{}
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			what, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
			kind, id, whole := strings.Cut(what, " ")
			if !ok || !whole {
				continue
			}
			acknowledged[kind] = append(acknowledged[kind], id)
			if n++; n == 200 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || n < 200 {
			t.Fatalf("the child ended by itself after %d: %v", n, err)
		}
	}
	s := open(t, dir)
	for _, id := range acknowledged["doc"] {
		d, err := s.Get(t.Context(), store.Key{Account: "a", Type: "thing", ID: id})
		found, _ := s.List(t.Context(), store.Query{Account: "a", Type: "thing", Where: map[string]string{"f": id}})
		if err != nil || string(d.JSON) != `{"id":"`+id+`"}` || len(found) != 1 {
			t.Errorf("document %s: %+v, %v, %d found", id, d, err, len(found))
		}
	}
	for _, id := range acknowledged["entry"] {
		if lines, err := s.Read(t.Context(), store.Window{Call: id}); err != nil || len(lines) != 2 {
			t.Errorf("call %s has %d lines, %v", id, len(lines), err)
		}
	}
	for _, id := range acknowledged["blob"] {
		r, info, err := s.Blobs.Open(t.Context(), store.Key{Account: "a", Type: "thing", ID: id})
		if err != nil || info.Size != int64(len(id)) || info.ContentType != "text/plain" {
			t.Errorf("blob %s: %+v, %v", id, info, err)
			continue
		}
		_ = r.Close()
	}
	if left, err := os.ReadDir(filepath.Join(dir, "blobs", newDir)); err != nil || len(left) != 0 {
		t.Errorf("%d files of the dead are left, %v", len(left), err)
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("opened twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestClosed(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := store.Key{Type: "t", ID: "1"}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), store.Doc{Key: k, JSON: []byte("{}")}); !errors.Is(err, errClosed) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Get(t.Context(), k); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Blobs.Create(t.Context(), k, ""); err == nil {
		t.Error("made a blob")
	}
}

// TestReopened is what stays, and that migrations are made once.
func TestReopened(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?%20#c", "new")
	k := store.Key{Type: "t", ID: "1"}
	for i := range 3 {
		s, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		d := store.Doc{Key: k, JSON: fmt.Append(nil, i), Rev: int64(i)}
		if _, err := s.Put(t.Context(), d); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pivot.db", "journal.db", "blobs", "pivot.lock"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestNewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d, err := openSQLite(t.Context(), path, append(docMigrations, "CREATE TABLE more (id INTEGER)"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openSQLite(t.Context(), path, docMigrations); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("opened: %v", err)
	}
	if _, err := openSQLite(t.Context(), path, append(docMigrations, "CREATE TABLE more (id INTEGER)", "NONSENSE")); err == nil {
		t.Error("a migration that fails went through")
	}
}

// TestDamaged is files that are not what was written: refused, by name.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"header":  func(b []byte) []byte { copy(b, "this is not a database at all"); return b },
		"middle":  func(b []byte) []byte { clear(b[4096 : len(b)-4096]); return b },
		"cut off": func(b []byte) []byte { return b[:len(b)/2] },
	} {
		for _, file := range []string{"pivot.db", "journal.db"} {
			t.Run(name+" "+file, func(t *testing.T) {
				dir := t.TempDir()
				if err := filled(t, dir).Close(); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, file)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, damage(b), 0o600); err != nil {
					t.Fatal(err)
				}
				_, err = Open(t.Context(), dir)
				if !errors.Is(err, errDamaged) || !strings.Contains(err.Error(), path) {
					t.Errorf("opened: %v", err)
				}
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				open(t, dir) // the lock was given back, and the rest works
			})
		}
	}
}

// filled is a store with some pages of each.
func filled(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		d := store.Doc{Key: store.Key{Type: "t", ID: fmt.Sprint(i)}, JSON: fmt.Appendf(nil, "%q", strings.Repeat("x", 1000))}
		if _, err := s.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(t.Context(), []store.Entry{{Kind: "k", JSON: d.JSON}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestDamagedBlob(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	k := store.Key{Account: "a", Type: "t", ID: "1"}
	for _, content := range []string{"", "short", strings.Repeat("x", 100), "abc\xff\xff\xff\xff" + mark, "\x00\x00\x00\x01" + mark} {
		if err := errors.Join(
			os.MkdirAll(filepath.Join(dir, "blobs", "a", "t"), 0o700),
			os.WriteFile(filepath.Join(dir, "blobs", "a", "t", "1"), []byte(content), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Blobs.Open(t.Context(), k); !errors.Is(err, errDamagedBlob) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// TestBlobDiskFull is a write that failed: the blob never appears.
func TestBlobDiskFull(t *testing.T) {
	s := open(t, t.TempDir())
	k := store.Key{Type: "t", ID: "1"}
	w, err := s.Blobs.Create(t.Context(), k, "")
	if err != nil {
		t.Fatal(err)
	}
	full := w.(*blobWriter)
	if err := full.file.Close(); err != nil { // any error of the file will do
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("wrote")
	}
	if err := w.Commit(); err == nil {
		t.Error("committed")
	}
	if _, _, err := s.Blobs.Open(t.Context(), k); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
}

// TestDiskFull is a database that can not grow: what finds no room is refused
// as such, nothing is half written, what was kept can be read, and it goes on
// once there is room.
func TestDiskFull(t *testing.T) {
	s := open(t, t.TempDir())
	limit(t, s.docs, 60)
	limit(t, s.journal, 30)
	put := func(id string) error {
		_, err := s.Put(t.Context(), store.Doc{
			Key: store.Key{Type: "t", ID: id}, JSON: fmt.Appendf(nil, "%q", strings.Repeat("x", 5000)),
			Index: map[string][]string{"f": {id}}, Unique: []string{"f"},
		})
		return err
	}
	var done []string
	var err error
	for i := 0; err == nil && i < 100; i++ {
		if err = put(fmt.Sprint(i)); err == nil {
			done = append(done, fmt.Sprint(i))
		}
	}
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d: %v", len(done), err)
	}
	var wg sync.WaitGroup // a group that fails
	for i := range 20 {
		wg.Go(func() {
			if err := put(fmt.Sprint("more", i)); !errors.Is(err, store.ErrFull) {
				t.Errorf("put: %v", err)
			}
		})
	}
	wg.Wait()
	all, err := s.List(t.Context(), store.Query{Type: "t"})
	if err != nil || len(all) != len(done) {
		t.Errorf("%d documents of %d, %v", len(all), len(done), err)
	}
	if _, err := s.Get(t.Context(), store.Key{Type: "t", ID: "more0"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	big := store.Entry{Kind: "k", JSON: fmt.Appendf(nil, "%q", strings.Repeat("x", 50_000))}
	if err := s.Append(t.Context(), []store.Entry{big, big, big, big, big, big}); err == nil {
		t.Error("appended")
	}
	if lines, err := s.Read(t.Context(), store.Window{}); err != nil || len(lines) != 0 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	limit(t, s.docs, 1_000_000)
	for i := range 20 {
		if err := put(fmt.Sprint("more", i)); err != nil {
			t.Error(err)
		}
	}
}

// limit is how many pages the database may have.
func limit(t *testing.T, d *database, pages int) {
	t.Helper()
	var now int
	if err := d.conn.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&now); err != nil {
		t.Fatal(err)
	}
}
