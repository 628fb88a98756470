package voices

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/audio"
)

// TestNoVoiceIsAFax listens to all that the built-in voices say in tests, as
// it comes out of each codec.
func TestNoVoiceIsAFax(t *testing.T) {
	v := open(t, Config{})
	for _, who := range []string{"female", "male"} {
		s, _, err := v.Say(t.Context(), audio.Speech{
			Text: strings.Join(sentences, " "), Voice: who, Language: "en-us", Engine: "builtin",
		})
		if err != nil {
			t.Fatal(err)
		}
		<-s.(*audio.Clip).Done()
		for _, c := range audio.Codecs {
			ratio, err := audio.NewResampler(c.SampleRate, audio.FaxRate)
			if err != nil {
				t.Fatal(err)
			}
			d, decoder, cur := audio.NewFaxDetector(), c.NewDecoder(), s.Open(c)
			frames := 0
			for {
				frame, err := cur.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if errors.Is(err, audio.ErrNotYet) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				pcm := decoder.Decode(nil, frame)
				if c.SampleRate != audio.FaxRate {
					pcm = ratio.Resample(nil, pcm)
				}
				if by := d.Write(pcm); by != "" {
					t.Errorf("%s in %s: %s after %d s", who, c.Name, by, frames/50)
				}
				frames++
			}
			cur.Close()
			if frames < 30*50 {
				t.Errorf("%s in %s: only %d frames", who, c.Name, frames)
			}
		}
	}
}
