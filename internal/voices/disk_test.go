package voices

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// put writes a sound of n samples to the disk at a time.
func put(t *testing.T, d *disk, key string, n int, at time.Time) {
	t.Helper()
	f, err := d.create(key, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.write(make([]int16, n)), f.commit()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(d.path(key), at, at); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestDiskForgetsTheOldest(t *testing.T) {
	d, err := openDisk(t.TempDir(), 5000)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	put(t, d, "old", 1000, now.Add(-3*time.Hour))
	put(t, d, "used", 1000, now.Add(-4*time.Hour))
	if d.get("used") == nil {
		t.Fatal("it is not there")
	}
	put(t, d, "new", 1000, now)
	if d.get("old") != nil || d.get("used") == nil || d.get("new") == nil {
		t.Errorf("there are %v", d.files())
	}
	if d, err = openDisk(d.dir, 2500); err != nil || len(d.files()) != 1 {
		t.Errorf("a smaller limit leaves %d, %v", len(d.files()), err)
	}
}

func TestDamagedFileIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"a bit":      func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the end":    func(b []byte) []byte { return b[:len(b)-7] },
		"everything": func([]byte) []byte { return nil },
		"the head":   func(b []byte) []byte { b[3] = 'x'; return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for run := range 3 {
				v := open(t, Config{Provider: "builtin", CacheDir: dir})
				sound, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
				if err != nil {
					t.Fatal(err)
				}
				frames(t, sound)
				if cached := facts[0].(event.Spoken).Cached; cached != (run == 2) {
					t.Errorf("run %d: cached is %v", run, cached)
				}
				v.Close()
				files, _ := filepath.Glob(dir + "/*")
				if len(files) != 1 {
					t.Fatalf("files: %v", files)
				}
				b, err := os.ReadFile(files[0])
				if err != nil {
					t.Fatal(err)
				}
				if run == 0 {
					if err := os.WriteFile(files[0], harm(b), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// TestDiskIsGone: speech goes on where nothing can be kept.
func TestDiskIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	v := open(t, Config{Provider: "builtin", CacheDir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	sound, _, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
	if err != nil || frames(t, sound) < 10 {
		t.Errorf("%v", err)
	}
}

// TestDiskIsFull: a write that fails in the middle costs the file only.
func TestDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	d, err := openDisk(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.create("k", 8000)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.file.Close() // the next flush fails
	k := &keeping{Reader: &kept{8000, make([]byte, 200000)}, file: f, log: quiet()}
	n, buf := 0, make([]int16, 5000)
	for {
		m, err := k.ReadSamples(buf)
		n += m
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if files, _ := os.ReadDir(dir); n != 100000 || len(files) != 0 {
		t.Errorf("%d samples, files %v", n, files)
	}
}

func TestOneMakingForAll(t *testing.T) {
	v := open(t, Config{Provider: "builtin"})
	var wg sync.WaitGroup
	sounds := make([]audio.Sound, 20)
	made := make([]int, len(sounds))
	for i := range sounds {
		wg.Go(func() {
			sound, facts, err := v.Say(t.Context(), audio.Speech{Text: "All of us say the same."})
			if err != nil {
				t.Error(err)
				return
			}
			sounds[i] = sound
			if !facts[0].(event.Spoken).Cached {
				made[i] = 1
			}
		})
	}
	wg.Wait()
	if n := len(slices.Compact(sounds)); n != 1 {
		t.Errorf("%d sounds", n)
	}
	n := 0
	for _, m := range made {
		n += m
	}
	if n != 1 {
		t.Errorf("made %d times", n)
	}
}

func FuzzKept(f *testing.F) {
	f.Add([]byte(diskMagic + "\x40\x1f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00ab"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := parseKept(b)
		if err != nil {
			return
		}
		if n, err := k.ReadSamples(make([]int16, len(b)+1)); n != (len(b)-diskHead)/2 || !errors.Is(err, io.EOF) {
			t.Errorf("%d samples, %v", n, err)
		}
	})
}
