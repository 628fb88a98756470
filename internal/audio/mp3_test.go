package audio

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestMP3Channels reads channels apart: their mean is what Decode has.
func TestMP3Channels(t *testing.T) {
	for name, channels := range map[string]int{"mono-32k.mp3": 1, "stereo-22k-tagged.mp3": 2} {
		raw := mustRead(t, name)
		apart, n, err := DecodeMP3(bytes.NewReader(raw))
		if err != nil || n != channels {
			t.Fatalf("%s: %d channels, %v", name, n, err)
		}
		mixed, _, err := Decode(bytes.NewReader(raw))
		if err != nil || apart.Rate() != mixed.Rate() {
			t.Fatalf("%s: %d Hz, %v", name, apart.Rate(), err)
		}
		got, want := samplesOf(t, apart), samplesOf(t, mixed)
		if len(got) != n*len(want) {
			t.Fatalf("%s: %d samples, want %d", name, len(got), n*len(want))
		}
		for i, w := range want {
			if mean := (int(got[n*i]) + int(got[n*i+n-1])) >> 1; mean != int(w) {
				t.Fatalf("%s: sample %d is %d, want %d", name, i, mean, w)
			}
		}
	}
	for _, bad := range []string{"", "RIFF\x00\x00\x00\x00WAVE", "no sound at all", string(mustRead(t, "mpeg25-8k.mp3"))} {
		if _, _, err := DecodeMP3(strings.NewReader(bad)); !errors.Is(err, ErrUnknownFormat) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// samplesOf reads a sound to its end.
func samplesOf(t *testing.T, r Reader) (all []int16) {
	t.Helper()
	p := make([]int16, 500)
	for {
		n, err := r.ReadSamples(p)
		all = append(all, p[:n]...)
		if err != nil {
			return all
		}
	}
}

func FuzzDecodeMP3(f *testing.F) {
	f.Add(mustRead(f, "mono-32k.mp3")[:1500])
	f.Add(mustRead(f, "stereo-22k-tagged.mp3")[:2500])
	f.Fuzz(func(t *testing.T, b []byte) {
		sound, channels, err := DecodeMP3(bytes.NewReader(b))
		n := 0
		for buf := make([]int16, 1000); err == nil; {
			var m int
			m, err = sound.ReadSamples(buf)
			if n += m; n > 2*1152*(len(b)+1) || n%channels != 0 {
				t.Fatalf("%d samples of %d bytes, %d channels", n, len(b), channels)
			}
		}
	})
}
