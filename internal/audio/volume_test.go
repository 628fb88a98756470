package audio

import (
	"math"
	"slices"
	"testing"
)

func TestLevelDB(t *testing.T) {
	for level, want := range map[int]float64{
		0: 0, 1: 3, 4: 12, 9: 12, -1: -6, -3: -18, -4: math.Inf(-1), -9: math.Inf(-1),
	} {
		if got := LevelDB(level); got != want {
			t.Errorf("%d is %v dB", level, got)
		}
	}
}

func TestVolumeClips(t *testing.T) {
	pcm := []int16{0, 100, -100, 32767, -32768}
	v := NewVolume(PCMU, 2)
	v.Samples(pcm)
	if !slices.Equal(pcm, []int16{0, 200, -200, 32767, -32768}) {
		t.Error(pcm)
	}
	if n := testing.AllocsPerRun(100, func() { v.Payload(make([]byte, 0, 1)) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkVolume(b *testing.B) {
	for _, c := range []*Codec{PCMU, G722} {
		b.Run(c.Name, func(b *testing.B) {
			v, p := NewVolume(c, -1), make([]byte, 160)
			b.ReportAllocs()
			for b.Loop() {
				v.Payload(p)
			}
		})
	}
}
