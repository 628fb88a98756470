package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The format tags of WAV files.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

// wavNames are formats in WAV files that are not understood.
var wavNames = map[uint16]string{
	2: "Microsoft ADPCM", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG layer I or II", 0x55: "MP3",
	0x64: "G.726", 0x83: "G.729", 0x161: "Windows Media",
}

const (
	maxChannels = 32   // that are mixed down
	maxFormat   = 64   // bytes of the fmt chunk that are of interest
	maxChunks   = 1000 // in a WAV file, before its samples
	// maxData is a length of the samples that no one means: what is written
	// there when the length is not known.
	maxData = 0x7FFFF000
)

// isWAV says whether a file that starts like this is a WAV file. RF64 is the
// same with its lengths elsewhere.
func isWAV(start []byte) bool {
	if len(start) < 12 || string(start[8:12]) != "WAVE" {
		return false
	}
	return string(start[:4]) == "RIFF" || string(start[:4]) == "RF64"
}

// wavFormat is what a fmt chunk says.
type wavFormat struct {
	tag      uint16
	channels int
	rate     int
	width    int // bytes a sample
}

// wavReader reads the samples of a WAV file, mixed down to mono.
type wavReader struct {
	from   *bufio.Reader
	source any // closed by Close
	format wavFormat
	sample func([]byte) float32
	left   int64 // bytes of samples; less than 0 is to the end
	buf    []byte
}

// newWAVReader reads r up to the first sample.
func newWAVReader(r *bufio.Reader, source any) (*wavReader, error) {
	if _, err := r.Discard(12); err != nil {
		return nil, err
	}
	w := &wavReader{from: r, source: source}
	for range maxChunks {
		name, size, err := chunkHeader(r)
		if err != nil {
			return nil, broken(err, "a WAV file without samples")
		}
		switch name {
		case "fmt ":
			err = w.readFormat(size)
		case "data":
			if w.sample == nil {
				return nil, fmt.Errorf("%w: a WAV file whose samples come before their format", ErrBroken)
			}
			w.left = int64(size)
			if size == 0 || size >= maxData {
				w.left = -1
			}
			return w, nil
		default:
			err = discard(r, int64(size)+int64(size&1))
		}
		if err != nil {
			return nil, broken(err, "a WAV file that ends in its header")
		}
	}
	return nil, fmt.Errorf("%w: a WAV file of more than %d chunks", ErrBroken, maxChunks)
}

// broken is an early end as ErrBroken, and any other error as it is.
func broken(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s", ErrBroken, what)
	}
	return err
}

// chunkHeader reads a chunk's name and length.
func chunkHeader(r io.Reader) (name string, size uint32, err error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", 0, err
	}
	return string(b[:4]), binary.LittleEndian.Uint32(b[4:]), nil
}

// discard skips n bytes.
func discard(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return err
}

// readFormat reads a fmt chunk.
func (w *wavReader) readFormat(size uint32) error {
	if size < 16 {
		return fmt.Errorf("%w: a WAV file with a format of %d bytes", ErrBroken, size)
	}
	b := make([]byte, min(size, maxFormat))
	if _, err := io.ReadFull(w.from, b); err != nil {
		return err
	}
	if err := discard(w.from, int64(size)+int64(size&1)-int64(len(b))); err != nil {
		return err
	}
	le := binary.LittleEndian
	tag, bits, block := le.Uint16(b), int(le.Uint16(b[14:])), int(le.Uint16(b[12:]))
	f := wavFormat{tag: tag, channels: int(le.Uint16(b[2:])), rate: int(le.Uint32(b[4:])), width: (bits + 7) / 8}
	if tag == wavExtensible && len(b) >= 26 {
		f.tag = le.Uint16(b[24:]) // the start of the format's GUID
	}
	if f.channels > 0 && f.tag == wavPCM && block%f.channels == 0 && block/f.channels > f.width {
		f.width = block / f.channels // samples in the high bits of wider containers
	}
	switch {
	case f.channels < 1 || f.channels > maxChannels:
		return fmt.Errorf("%w: a WAV file of %d channels", ErrBroken, f.channels)
	case f.rate < MinRate || f.rate > MaxRate:
		return fmt.Errorf("%w: a WAV file of %d Hz", ErrUnknownFormat, f.rate)
	}
	w.format = f
	if w.sample = sampleReader(f.tag, f.width); w.sample == nil {
		name, ok := wavNames[f.tag]
		if !ok {
			name = fmt.Sprintf("format %#x", f.tag)
		}
		return fmt.Errorf("%w: it is a WAV file of %s with %d bits", ErrUnknownFormat, name, bits)
	}
	return nil
}

// sampleReader is what turns the bytes of one sample of a format into a value
// of 16 bits, or nil.
func sampleReader(tag uint16, width int) func([]byte) float32 {
	le := binary.LittleEndian
	switch [2]int{int(tag), width} {
	case [2]int{wavPCM, 1}:
		return func(b []byte) float32 { return float32(int(b[0])-128) * 256 }
	case [2]int{wavPCM, 2}:
		return func(b []byte) float32 { return float32(int16(le.Uint16(b))) }
	case [2]int{wavPCM, 3}:
		return func(b []byte) float32 { return float32(int16(le.Uint16(b[1:]))) + float32(b[0])/256 }
	case [2]int{wavPCM, 4}:
		return func(b []byte) float32 { return float32(int32(le.Uint32(b))) / (1 << 16) }
	case [2]int{wavFloat, 4}:
		return func(b []byte) float32 { return finite(float64(math.Float32frombits(le.Uint32(b)))) }
	case [2]int{wavFloat, 8}:
		return func(b []byte) float32 { return finite(math.Float64frombits(le.Uint64(b))) }
	case [2]int{wavALaw, 1}:
		return func(b []byte) float32 { return float32(aLawLevels[b[0]]) }
	case [2]int{wavMuLaw, 1}:
		return func(b []byte) float32 { return float32(muLawLevels[b[0]]) }
	}
	return nil
}

// finite is a sample of -1 to 1 in 16 bits; what is no number is silence.
func finite(x float64) float32 {
	if math.IsNaN(x) {
		return 0
	}
	return float32(max(-1, min(1, x)) * (1 << 15))
}

// Rate implements Reader.
func (w *wavReader) Rate() int { return w.format.rate }

// ReadSamples implements Reader. A sample that is not whole is the end.
func (w *wavReader) ReadSamples(p []int16) (int, error) {
	const atOnce = 1024
	block := w.format.width * w.format.channels
	want := min(len(p), atOnce) * block
	if w.left >= 0 {
		want = int(min(int64(want), w.left-w.left%int64(block)))
	}
	if want == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	n, err := io.ReadFull(w.from, w.buf[:want])
	if w.left >= 0 {
		w.left -= int64(n)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	samples := n / block
	for i := range samples {
		p[i] = w.mixed(w.buf[i*block : (i+1)*block])
	}
	return samples, err
}

// mixed is the mean of the channels.
func (w *wavReader) mixed(b []byte) int16 {
	sum := float32(0)
	for at := 0; at < len(b); at += w.format.width {
		sum += w.sample(b[at:])
	}
	return clip16(sum / float32(w.format.channels))
}

// Close closes what was given to Decode.
func (w *wavReader) Close() error { return closeReader(w.source) }
