package audio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// listen plays a sound's first part, of at most d, into an ear.
func listen(t *testing.T, s Sound, c *Codec, d time.Duration, tones map[string]float64) []Heard {
	t.Helper()
	ear, dec, cur := NewEar(c.SampleRate, tones), c.NewDecoder(), s.Open(c)
	defer cur.Close()
	for at := time.Duration(0); at < d; {
		frame, err := cur.Next()
		if errors.Is(err, ErrNotYet) {
			runtime.Gosched()
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = ear.WriteFrame(dec.Decode(nil, frame))
		at += FrameTime
	}
	return ear.Heard()
}

func TestToneStreams(t *testing.T) {
	tones := map[string]float64{"a": 480, "b": 620, "c": 440, "d": 1000}
	for _, tt := range []struct {
		ref    string
		length time.Duration // 0 is without end
		want   []Heard       // of the first five seconds
	}{
		{"tone_stream://%(500,500,480);loops=2", 2 * time.Second, []Heard{{"a", 0, ms(500)}, {"a", ms(1000), ms(1500)}}},
		{"tone_stream://%(500,500,480);loops=25", 25 * time.Second, nil},
		{"tone_stream://L=3;%(200,0,480);%(100,100,620)", ms(1200), []Heard{
			{"a", 0, ms(200)},
			{"b", ms(200), ms(300)},
			{"a", ms(400), ms(600)},
			{"b", ms(600), ms(700)},
			{"a", ms(800), ms(1000)},
			{"b", ms(1000), ms(1100)},
		}},
		{"%(4000,0,440)", 4 * time.Second, []Heard{{"c", 0, ms(4000)}}},
		{"tone_stream://l=2;%(100,100,440);loops=1", ms(400), []Heard{{"c", 0, ms(100)}, {"c", ms(200), ms(300)}}},
		{"tone_stream://%(10000,0,1000);loops=-1", 0, []Heard{{"d", 0, ms(5000)}}},
		{"tone_stream://v=-20; %(1000, 0, 1000)", time.Second, []Heard{{"d", 0, ms(1000)}}},
		{"tone_stream://%(100,0,0);%(100,0,1000)", ms(200), []Heard{{"d", ms(100), ms(200)}}},
	} {
		s, err := ToneStream(tt.ref)
		if err != nil {
			t.Errorf("%s: %v", tt.ref, err)
			continue
		}
		for _, c := range Codecs {
			got := listen(t, s, c, 5*time.Second, tones)
			if tt.want != nil && !slices.EqualFunc(got, tt.want, nearly) {
				t.Errorf("%s as %s: heard %v, want %v", tt.ref, c.Name, got, tt.want)
			}
			if tt.length > 0 {
				pcm := hear(t, s, c)
				if d := time.Duration(len(pcm)) * time.Second / time.Duration(c.SampleRate); d != tt.length {
					t.Errorf("%s as %s: lasts %v, want %v", tt.ref, c.Name, d, tt.length)
				}
			}
		}
	}
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// nearly is equal but for two frames.
func nearly(a, b Heard) bool {
	return a.Name == b.Name && (a.From-b.From).Abs() <= 2*FrameTime && (a.To-b.To).Abs() <= 2*FrameTime
}

// TestLongTonesAreNotStored plays a day's worth of a tone whose period is no
// whole number of frames.
func TestLongTonesAreNotStored(t *testing.T) {
	s, err := ToneStream("tone_stream://%(25,10,480);loops=100001")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for cur := s.Open(PCMU); ; {
		_, err := cur.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			n++
		}
	}
	if want := (100001*35 + 19) / 20; n != want {
		t.Errorf("%d frames, want %d", n, want)
	}
}

func TestToneLevel(t *testing.T) {
	pcm := hear(t, Tone(time.Second, 1000), PCMU)
	if got := 20*math.Log10(math.Sqrt(meanPower(toFloat(nil, pcm)))*math.Sqrt2/32768) + 3.14; math.Abs(got-ToneLevel) > 0.2 {
		t.Errorf("%.2f dBm0", got)
	}
}

func TestBadStreams(t *testing.T) {
	for _, ref := range []string{
		"tone_stream://", "tone_stream://;;", "tone_stream://%", "tone_stream://%(", "tone_stream://%()", "tone_stream://%(1)",
		"tone_stream://%(a,b,c)", "tone_stream://%(500,500,99999)", "tone_stream://%(500,500,NaN)", "tone_stream://%(-1,5,440)",
		"tone_stream://path=/etc/tetris.ttml;loops=10", "tone_stream://x", "tone_stream://%(500,500,440);loops=x",
		"tone_stream://%(999999,0,440)", "tone_stream://l=1000;%(60000,0,440)", "tone_stream://v=5;%(1,1,440)",
		"tone_stream://>=2;%(1,1,440)", "tone_stream://%(0,0,440)", "tone_stream://" + strings.Repeat("1", 5000),
		"tone_stream://1(100,100,440)", "tone_stream://%(1,1,1,2,3,4,5,6,7,8,9)",
	} {
		if _, err := ToneStream(ref); !errors.Is(err, ErrTone) {
			t.Errorf("%.60s: %v", ref, err)
		}
	}
	for _, ref := range []string{"silence_stream://", "silence_stream://x", "silence_stream://-2", "silence_stream://5,0", "silence_stream://1,2,3"} {
		if _, err := SilenceStream(ref); !errors.Is(err, ErrTone) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestSilenceStreams(t *testing.T) {
	for ref, frames := range map[string]int{
		"silence_stream://1000": 50, "silence_stream://1": 1, "silence_stream://0": 0,
		"silence_stream://2500,1400": 125, "silence_stream://1000,1400": 50, "silence_stream://0,1400": 0,
	} {
		s, err := SilenceStream(ref)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Codecs {
			pcm := hear(t, s, c)
			if len(pcm) != frames*c.FrameSamples() {
				t.Errorf("%s as %s: %d samples", ref, c.Name, len(pcm))
			}
			rms := math.Sqrt(meanPower(toFloat(nil, pcm)))
			if noisy := strings.Contains(ref, ","); noisy && frames > 0 && (rms < 20 || rms > 45) || !noisy && rms > 8 {
				t.Errorf("%s as %s: a level of %.1f", ref, c.Name, rms)
			}
		}
	}
	for _, ref := range []string{"silence_stream://-1", "silence_stream://-1,1400"} {
		s, _ := SilenceStream(ref)
		cur := s.Open(PCMU)
		for n := 0; n < 10000; {
			_, err := cur.Next()
			if err == nil {
				n++
			} else if !errors.Is(err, ErrNotYet) {
				t.Fatal(err)
			}
		}
	}
}

func TestNamedTones(t *testing.T) {
	for name, s := range map[string]Sound{"beep": Beep(), "ringback": Ringback(0), "busy tone": Busy(), "congestion tone": Congestion()} {
		if s.String() != name {
			t.Errorf("%s calls itself %s", name, s)
		}
	}
	got := listen(t, Ringback(0), G722, 8*time.Second, map[string]float64{"r": 440})
	want := []Heard{{"r", 0, ms(2000)}, {"r", ms(6000), ms(8000)}}
	if !slices.EqualFunc(got, want, nearly) {
		t.Errorf("ringback is heard as %v", got)
	}
}

func TestEarWaits(t *testing.T) {
	ear := NewEar(8000, map[string]float64{"yes": 800, "no": 1200})
	go func() {
		for range 5 {
			_ = ear.WriteFrame(sineOf(800, 5000, 8000, 160))
		}
	}()
	if err := ear.Wait(t.Context(), "yes"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if err := ear.Wait(ctx, "no"); !errors.Is(err, gone) {
		t.Error(err)
	}
}

// TestEarHearsNoNames plays what it does not know, and noise.
func TestEarHearsNoNames(t *testing.T) {
	s, _ := SilenceStream("silence_stream://5000,20")
	if got := listen(t, Sequence(s, Tone(time.Second, 2000), Silence(time.Second)), PCMU, time.Minute, map[string]float64{"a": 500, "b": 1500}); len(got) > 0 {
		t.Errorf("heard %v", got)
	}
}

func FuzzToneStream(f *testing.F) {
	for _, ref := range []string{"%(500,500,480,620);loops=25", "v=-7;123(10,10)", "L=2;l=3;d=10;w=5;%(1,1,1)", "%(1,1,0,0,0);#"} {
		f.Add(ref)
	}
	f.Fuzz(func(_ *testing.T, ref string) {
		s, err := ToneStream(ref)
		if err != nil {
			return
		}
		cur := s.Open(PCMU)
		for range 100 {
			_, _ = cur.Next()
		}
		cur.Close()
	})
}

// TestMadeAsHeard calculates what is listened to and no more, the same for
// several who listen at once.
func TestMadeAsHeard(t *testing.T) {
	tone := Tone(4*time.Minute, 440, 480)
	before := sizeOf(tone)
	cur := tone.Open(PCMU)
	if _, err := cur.Next(); err != nil {
		t.Fatalf("the first frame is not there at once: %v", err)
	}
	if grown := sizeOf(tone) - before; grown > int64(2*trackFrames*PCMU.FrameBytes) {
		t.Errorf("%d bytes for a frame", grown)
	}
	short := Tone(5*time.Second, 440)
	var heard [4][]byte
	var wg sync.WaitGroup
	for i := range heard {
		wg.Go(func() {
			for cur := short.Open(PCMU); ; {
				frame, err := cur.Next()
				if err != nil {
					return
				}
				heard[i] = append(heard[i], frame...)
			}
		})
	}
	wg.Wait()
	for _, h := range heard {
		if len(h) != 250*PCMU.FrameBytes || !bytes.Equal(h, heard[0]) {
			t.Errorf("%d bytes were heard", len(h))
		}
	}
}

func BenchmarkMadeFrame(b *testing.B) {
	for _, c := range []*Codec{PCMU, G722} {
		b.Run(c.Name, func(b *testing.B) {
			cur := Tone(1000*time.Hour, 440, 480).Open(c)
			for b.Loop() {
				if _, err := cur.Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
