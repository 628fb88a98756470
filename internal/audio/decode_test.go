package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// wavFile is a WAV file of one second of 1 kHz at half of full scale, made by
// the test itself.
type wavFile struct {
	tag      uint16
	bits     int
	channels int
	rate     int
	extended bool
	extra    bool   // unknown chunks, one of odd length
	size     uint32 // of the samples, if not 0
}

func (f wavFile) bytes() []byte {
	le := binary.LittleEndian
	var data []byte
	for i := range f.rate {
		for c := range f.channels {
			v := 0.5 * sine(1000, float64(i)/float64(f.rate))
			if c%2 == 1 {
				v *= 0.5 // a mix of 0.375 for stereo
			}
			data = appendSample(data, f.tag, f.bits, v)
		}
	}
	block := f.channels * (f.bits + 7) / 8
	tag := f.tag
	if f.extended {
		tag = wavExtensible
	}
	form := le.AppendUint16(nil, tag)
	form = le.AppendUint16(form, uint16(f.channels))
	form = le.AppendUint32(form, uint32(f.rate))
	form = le.AppendUint32(form, uint32(f.rate*block))
	form = le.AppendUint16(form, uint16(block))
	form = le.AppendUint16(form, uint16(f.bits))
	if f.extended {
		form = append(form, 22, 0, byte(f.bits), 0, 0, 0, 0, 0)
		form = le.AppendUint16(form, f.tag)
		form = append(form, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	out := []byte("RIFF\xff\xff\xff\xffWAVE")
	if f.extra {
		out = append(out, "LIST\x05\x00\x00\x00abcde\x00"...)
	}
	out = append(le.AppendUint32(append(out, "fmt "...), uint32(len(form))), form...)
	if f.extra {
		out = append(out, "fact\x04\x00\x00\x00\x01\x02\x03\x04"...)
	}
	size := f.size
	if size == 0 {
		size = uint32(len(data))
	}
	out = append(le.AppendUint32(append(out, "data"...), size), data...)
	if f.extra && f.size == 0 {
		out = append(out, "LIST\x04\x00\x00\x00\x7f\x7f\x7f\x7f"...)
	}
	return out
}

func appendSample(b []byte, tag uint16, bits int, v float64) []byte {
	le := binary.LittleEndian
	s := int16(v * 32767)
	switch {
	case tag == wavMuLaw:
		return append(b, muLawCodes[uint16(s)])
	case tag == wavALaw:
		return append(b, aLawCodes[uint16(s)])
	case tag == wavFloat && bits == 32:
		return le.AppendUint32(b, math.Float32bits(float32(v)))
	case tag == wavFloat:
		return le.AppendUint64(b, math.Float64bits(v))
	case bits == 8:
		return append(b, byte(math.Round(128+v*127)))
	case bits == 16:
		return le.AppendUint16(b, uint16(s))
	case bits == 24:
		return append(b, 0, byte(s), byte(uint16(s)>>8))
	}
	return le.AppendUint32(b, uint32(int32(s)<<16))
}

// decodeAll decodes a file whole.
func decodeAll(t *testing.T, r io.Reader) (pcm []int16, rate int, format string) {
	t.Helper()
	sound, format, err := Decode(r)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, sound), sound.Rate(), format
}

func TestDecodeWAV(t *testing.T) {
	for name, f := range map[string]wavFile{
		"8 bits":      {tag: wavPCM, bits: 8, channels: 1, rate: 8000},
		"16 bits":     {tag: wavPCM, bits: 16, channels: 1, rate: 44100},
		"stereo":      {tag: wavPCM, bits: 16, channels: 2, rate: 16000},
		"24 bits":     {tag: wavPCM, bits: 24, channels: 2, rate: 48000},
		"32 bits":     {tag: wavPCM, bits: 32, channels: 1, rate: 22050},
		"float":       {tag: wavFloat, bits: 32, channels: 2, rate: 32000},
		"double":      {tag: wavFloat, bits: 64, channels: 1, rate: 24000},
		"mu-law":      {tag: wavMuLaw, bits: 8, channels: 1, rate: 8000},
		"A-law":       {tag: wavALaw, bits: 8, channels: 2, rate: 8000},
		"extensible":  {tag: wavPCM, bits: 16, channels: 2, rate: 11025, extended: true},
		"ext. float":  {tag: wavFloat, bits: 32, channels: 1, rate: 11025, extended: true},
		"chunks":      {tag: wavPCM, bits: 16, channels: 1, rate: 8000, extra: true},
		"no length":   {tag: wavPCM, bits: 16, channels: 1, rate: 8000, size: math.MaxUint32},
		"long length": {tag: wavPCM, bits: 16, channels: 1, rate: 8000, size: 1 << 24},
	} {
		for _, chop := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
			pcm, rate, format := decodeAll(t, chop(bytes.NewReader(f.bytes())))
			if rate != f.rate || len(pcm) != f.rate || format != "wav" {
				t.Errorf("%s: %d samples at %d Hz of %s", name, len(pcm), rate, format)
				continue
			}
			peak := 0.5 * 32767
			if f.channels == 2 {
				peak *= 0.75
			}
			got, all := tonePower(pcm, 1000, rate)
			if ratio := got / (peak * peak / 2); math.Abs(ratio-1) > 0.03 || got/all < 0.99 {
				t.Errorf("%s: %.3f of its power, of which %.3f is the tone", name, ratio, got/all)
			}
		}
	}
}

func TestDecodeTruncatedWAV(t *testing.T) {
	whole := wavFile{tag: wavPCM, bits: 16, channels: 2, rate: 8000}.bytes()
	pcm, _, _ := decodeAll(t, bytes.NewReader(whole[:44+4*1000+3]))
	if len(pcm) != 1000 {
		t.Errorf("%d samples", len(pcm))
	}
	pcm, _, _ = decodeAll(t, bytes.NewReader(whole[:44]))
	if len(pcm) != 0 {
		t.Errorf("%d samples of none", len(pcm))
	}
}

func TestDecodeRefuses(t *testing.T) {
	alter := func(at int, to ...byte) []byte {
		b := wavFile{tag: wavPCM, bits: 16, channels: 1, rate: 8000}.bytes()
		copy(b[at:], to)
		return b
	}
	mpeg25, err := os.ReadFile("testdata/mpeg25-8k.mp3")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		data []byte
		is   error
		says string
	}{
		{nil, ErrUnknownFormat, "empty"},
		{[]byte("OggS\x00\x02xxxxxxxxxxx"), ErrUnknownFormat, "Ogg"},
		{[]byte("fLaC...."), ErrUnknownFormat, "FLAC"},
		{[]byte("\x00\x00\x00\x20ftypM4A "), ErrUnknownFormat, "M4A"},
		{[]byte("\n<!DOCTYPE html><title>404</title>"), ErrUnknownFormat, "HTML"},
		{[]byte("<?xml version='1.0'?><Response/>"), ErrUnknownFormat, "XML"},
		{[]byte(` {"error":"no"}`), ErrUnknownFormat, "JSON"},
		{[]byte("Not found, söry"), ErrUnknownFormat, `text: "not found`},
		{[]byte("\x00\x01\x02\x03"), ErrUnknownFormat, "00 01 02 03"},
		{[]byte("ID3\x04\x00\x00\x00\x00\x00\x01xyz12345678"), ErrUnknownFormat, "text"},
		{[]byte("ID3\x04\x00\x00\x00\x00\x7f\x7fxyz"), ErrUnknownFormat, "ID3"},
		{mpeg25, ErrUnknownFormat, "MPEG 2.5"},
		{mpeg25, ErrUnknownFormat, "install"},
		{bytes.Repeat([]byte("\x00"), 9000), ErrUnknownFormat, "00 00"},
		{alter(20, 0x11), ErrUnknownFormat, "IMA ADPCM"},
		{alter(20, 0xEE), ErrUnknownFormat, "0xee"},
		{alter(24, 1, 0), ErrUnknownFormat, "1 Hz"},
		{alter(22, 0), ErrBroken, "0 channels"},
		{alter(22, 99), ErrBroken, "99 channels"},
		{alter(36, 'x'), ErrBroken, "without samples"},
		{alter(12, 'x'), ErrBroken, "before their format"},
		{alter(16, 4), ErrBroken, "4 bytes"},
		{alter(0)[:40], ErrBroken, "without samples"},
		{alter(0)[:30], ErrBroken, "header"},
	} {
		_, _, err := Decode(bytes.NewReader(tt.data))
		if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.30q: %v, want %v and %q", tt.data, err, tt.is, tt.says)
		}
	}
}

// TestDecodeSourceFails returns what the source said, at any point.
func TestDecodeSourceFails(t *testing.T) {
	dead := errors.New("the line went dead")
	mp3 := mustRead(t, "mono-32k.mp3")
	wav := wavFile{tag: wavPCM, bits: 16, channels: 1, rate: 8000, extra: true}.bytes()
	for _, whole := range [][]byte{wav, mp3} {
		for _, n := range []int{0, 5, 13, 30, 50, 200, 1000, 3000} {
			sound, _, err := Decode(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(dead)))
			for buf := make([]int16, 100); err == nil; {
				_, err = sound.ReadSamples(buf)
			}
			if !errors.Is(err, dead) {
				t.Errorf("after %d bytes of %.4q: %v", n, whole, err)
			}
		}
	}
}

func mustRead(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestDecodeMP3(t *testing.T) {
	for _, tt := range []struct {
		file string
		rate int
		long time.Duration
	}{{"mono-32k.mp3", 32000, ms(500)}, {"stereo-22k-tagged.mp3", 22050, ms(600)}} {
		whole := mustRead(t, tt.file)
		for name, b := range map[string][]byte{
			"plain":     whole,
			"junk":      append(bytes.Repeat([]byte{0x55}, 300), whole...),
			"broken":    smashed(whole),
			"truncated": whole[:len(whole)*3/4],
		} {
			pcm, rate, format := decodeAll(t, iotest.HalfReader(bytes.NewReader(b)))
			long := time.Duration(len(pcm)) * time.Second / time.Duration(rate)
			if rate != tt.rate || format != "mp3" || long < tt.long/2 || long > tt.long+ms(150) {
				t.Errorf("%s, %s: %v at %d Hz of %s", tt.file, name, long, rate, format)
			}
			if name == "broken" {
				continue
			}
			got, all := tonePower(pcm[rate/10:rate/4], 1000, rate)
			if peak := math.Sqrt(2 * got); got/all < 0.99 || peak < 9000 || peak > 14000 {
				t.Errorf("%s, %s: a peak of %.0f, %.3f of it the tone", tt.file, name, peak, got/all)
			}
		}
	}
}

// TestDecodeMP3HugeTag holds a tag in the midst of a file for what it is.
func TestDecodeMP3HugeTag(t *testing.T) {
	whole := mustRead(t, "mono-32k.mp3")
	size, _ := mp3Frame(whole)
	b := append(bytes.Clone(whole[:4*size]), "\xff\xfb\x00\x00ID3\x04\x00\x00\x7f\x7f\x7f\x7f"...)
	b = append(b, whole...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pcm, _, _ := decodeAll(t, bytes.NewReader(b))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 || len(pcm) < 2000 {
		t.Errorf("%d MB for %d samples", took>>20, len(pcm))
	}
}

// smashed is b with a stretch in its middle overwritten.
func smashed(b []byte) []byte {
	b = bytes.Clone(b)
	random := rand.New(rand.NewPCG(1, 1))
	for i := len(b) / 2; i < len(b)/2+200; i++ {
		b[i] = byte(random.Uint32())
	}
	return b
}

// closeable counts Close.
type closeable struct {
	io.Reader
	closed int
}

func (c *closeable) Close() error { c.closed++; return nil }

func TestClipClosesFile(t *testing.T) {
	for _, b := range [][]byte{wavFile{tag: wavPCM, bits: 16, channels: 1, rate: 8000}.bytes(), mustRead(t, "mono-32k.mp3")} {
		file := &closeable{Reader: bytes.NewReader(b)}
		sound, _, err := Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		clip := NewClip("file", sound)
		<-clip.Done()
		clip.Close()
		if file.closed != 1 || clip.Err() != nil {
			t.Errorf("closed %d times, %v", file.closed, clip.Err())
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wavFile{tag: wavPCM, bits: 16, channels: 2, rate: 4000, extra: true}.bytes()[:300])
	f.Add(wavFile{tag: wavFloat, bits: 32, channels: 1, rate: 4000, extended: true}.bytes()[:300])
	f.Add(mustRead(f, "mono-32k.mp3")[:1500])
	f.Add(mustRead(f, "stereo-22k-tagged.mp3")[:2500])
	f.Add([]byte("ID3\x04\x00\x00\x00\x00\x00\x01xyz12345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sound, _, err := Decode(bytes.NewReader(b))
		if err != nil {
			return
		}
		n := 0
		for buf := make([]int16, 1000); err == nil; {
			var m int
			m, err = sound.ReadSamples(buf)
			if n += m; n > 1152*(len(b)+1) {
				t.Fatalf("%d samples of %d bytes", n, len(b))
			}
		}
	})
}

func BenchmarkDecodeMP3(b *testing.B) {
	whole := mustRead(b, "mono-32k.mp3")
	buf := make([]int16, 1024)
	for b.Loop() {
		sound, _, err := Decode(bytes.NewReader(whole))
		for err == nil {
			_, err = sound.ReadSamples(buf)
		}
	}
}

// TestDecodeElsewhere has MPEG 2.5 decoded by somebody else.
func TestDecodeElsewhere(t *testing.T) {
	data := append([]byte("ID3\x04\x00\x00\x00\x00\x00\x03abc"), mustRead(t, "mpeg25-8k.mp3")...)
	wav := wavFile{tag: wavPCM, bits: 16, channels: 1, rate: 8000}.bytes()
	refused := errors.New("no place")
	for _, tt := range []struct {
		wav   []byte
		other error
		is    error
	}{
		{wav: wav},
		{wav: wav[:20], is: ErrBroken},
		{wav: []byte("nonsense that is no WAV"), is: ErrBroken},
		{wav: nil, is: ErrBroken},
		{other: refused, is: refused},
	} {
		var order []string
		source := &noted{Reader: bytes.NewReader(data), close: func() { order = append(order, "source") }}
		sound, format, err := DecodeWith(source, func(mp3 io.Reader) (io.ReadCloser, error) {
			if got, err := io.ReadAll(mp3); err != nil || !bytes.Equal(got, data[13:]) {
				t.Errorf("%d bytes were given on, %v", len(got), err)
			}
			return &noted{Reader: bytes.NewReader(tt.wav), close: func() { order = append(order, "WAV") }}, tt.other
		})
		if !errors.Is(err, tt.is) || (err != nil) != (sound == nil) {
			t.Fatalf("%v, want %v", err, tt.is)
		}
		if err != nil {
			continue
		}
		if format != "mp3" || sound.Rate() != 8000 {
			t.Errorf("%s of %d Hz", format, sound.Rate())
		}
		if err := sound.(io.Closer).Close(); err != nil || !slices.Equal(order, []string{"source", "WAV"}) {
			t.Errorf("closed %v, %v", order, err)
		}
	}
}

// noted is a stream that tells when it is closed.
type noted struct {
	io.Reader
	close func()
}

func (n *noted) Close() error { n.close(); return nil }
