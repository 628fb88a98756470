package voices

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// stranger skips the test, by name, if a program is not installed; where they
// are required it fails.
func stranger(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("PIVOT_STRANGERS") == "required" {
		t.Fatalf("%s is not installed, and PIVOT_STRANGERS=required", program)
	}
	t.Skipf("%s is not installed", program)
}

// fakeEspeak puts a shell script on the PATH as espeak-ng.
func fakeEspeak(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	script = "#!/bin/sh\nif [ \"$1\" = --voices ]; then echo ' 5  en-us --/M English x/y (en 3)'; exit; fi\n" + script
	if err := os.WriteFile(filepath.Join(dir, "espeak-ng"), []byte(script), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestEspeakSpeaks(t *testing.T) {
	stranger(t, "espeak-ng")
	v := open(t, Config{Provider: "espeak"})
	for _, s := range []audio.Speech{
		{Text: "Press one."},
		{Text: "Guten Tag", Language: "de-DE", Voice: "male"},
		{Text: "Bonjour", Language: "fr_CA"},
		{Text: "-w /tmp/x; $(reboot) [[h@lou]] <b>", Voice: "Polly.Brian"},
		{Text: `-w <sub alias="/tmp/x">y</sub> [[h@lou]] &lt;b&gt; <prosody rate="90%" volume="-6dB">so</prosody>`, SSML: true},
	} {
		sound, facts, err := v.Say(t.Context(), s)
		if err != nil || len(facts) != 1 || facts[0].(event.Spoken).Provider != "espeak" {
			t.Fatalf("%+v: %+v, %v", s, facts, err)
		}
		if n := frames(t, sound); n < 20 {
			t.Errorf("%q has %d frames", s.Text, n)
		}
	}
}

// TestEspeakDoesNotKnowTheLanguage falls back to a voice that says so.
func TestEspeakDoesNotKnowTheLanguage(t *testing.T) {
	stranger(t, "espeak-ng")
	v := open(t, Config{})
	_, facts, err := v.Say(t.Context(), audio.Speech{Text: "nuqneH", Language: "xx"})
	if err != nil || !warned(facts, "say.fallback") {
		t.Errorf("%+v, %v", facts, err)
	}
}

func TestEspeakFails(t *testing.T) {
	for name, script := range map[string]string{
		"at once":       "echo no voice today >&2; exit 1",
		"without sound": "exit 0",
		"no sound file": "echo hello",
		"too slow":      "sleep 60",
		"with children": "sleep 60 & sleep 60",
	} {
		t.Run(name, func(t *testing.T) {
			fakeEspeak(t, script)
			v := open(t, Config{Provider: "espeak", Timeout: 300 * time.Millisecond})
			_, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
			if err != nil || !warned(facts, "say.fallback") {
				t.Fatalf("%+v, %v", facts, err)
			}
			if s := facts[len(facts)-1].(event.Spoken); s.Provider != "builtin" {
				t.Errorf("%s spoke", s.Provider)
			}
		})
	}
}

// TestEspeakBreaksOff ends the sound with an error, and it is made anew.
func TestEspeakBreaksOff(t *testing.T) {
	wav := filepath.Join(t.TempDir(), "half.wav")
	writeWAV(t, wav, 16000)
	fakeEspeak(t, "head -c 20000 "+wav+"; echo broken >&2; exit 3")
	dir := t.TempDir()
	v := open(t, Config{Provider: "espeak", CacheDir: dir})
	for range 2 {
		sound, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello"})
		if err != nil || facts[0].(event.Spoken).Cached {
			t.Fatalf("%+v, %v", facts, err)
		}
		clip := sound.(*audio.Clip)
		<-clip.Done()
		if clip.Err() == nil || !strings.Contains(clip.Err().Error(), "broken") {
			t.Errorf("it ended with %v", clip.Err())
		}
	}
	if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
		t.Errorf("kept %v", left)
	}
}

func TestEspeakVoices(t *testing.T) {
	got := parseVoices("Pty Language       Age/Gender VoiceName          File                 Other Languages\n" +
		" 5  cmn             --/M      Chinese_(Mandarin) sit/cmn   (zh-cmn 5)(zh 5)\n" +
		" 5  de              --/M      German             gmw/de\n" +
		" 2  en-gb           --/M      English            gmw/en    (en 2)\n" +
		" 2  en-us           --/M      English            gmw/en-US (en 3)\n\n x\n")
	want := map[string]string{"cmn": "cmn", "zh": "cmn", "zh-cmn": "cmn", "de": "de", "en": "en-gb", "en-gb": "en-gb", "en-us": "en-us"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

func FuzzEspeakVoices(f *testing.F) {
	f.Add(" 5  cmn  --/M  Chinese sit/cmn   (zh-cmn 5)(zh 5)\n")
	f.Fuzz(func(_ *testing.T, table string) { parseVoices(table) })
}

func warned(facts []event.Fact, code string) bool {
	return slices.ContainsFunc(facts, func(f event.Fact) bool {
		w, ok := f.(event.Warned)
		return ok && w.Code == code
	})
}

// writeWAV writes samples of a ramp.
func writeWAV(t *testing.T, path string, samples int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := audio.NewWAVWriter(f, 16000, 1)
	if err != nil {
		t.Fatal(err)
	}
	ramp := make([]int16, samples)
	for i := range ramp {
		ramp[i] = int16(i)
	}
	if err := errors.Join(w.Write(ramp), w.Close(), f.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}

// TestSlowProcessIsCancelled: a caller that hangs up does not wait, and Close
// ends the process.
func TestSlowProcessIsCancelled(t *testing.T) {
	fakeEspeak(t, "sleep 60")
	v := open(t, Config{Provider: "espeak"})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("hung up")
	cancel(gone)
	if _, _, err := v.Say(ctx, audio.Speech{Text: "Hello"}); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	v.Close()
	if _, _, err := v.Say(t.Context(), audio.Speech{Text: "Hello"}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

var _ io.Closer = (*process)(nil)
