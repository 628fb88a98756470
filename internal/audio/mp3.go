package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// findMP3 skips what tags and remains of a frame r starts with, and says
// whether MPEG layer III sound follows, and whether that is MPEG 2.5.
func findMP3(r *bufio.Reader) (found, slow bool, err error) {
	if err := skipID3(r); err != nil {
		return false, false, err
	}
	b, err := r.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, false, err
	}
	for at := 0; at+4 <= len(b); at++ {
		kind, ok := mp3Frames(b[at:], at == 0 && len(b) < sniffBytes)
		if !ok {
			continue
		}
		_, err := r.Discard(at)
		return true, kind>>19&3 == mpeg25, err
	}
	return false, false, nil
}

// decodeElsewhere is an MPEG 2.5 stream as another program decodes it.
func decodeElsewhere(r *bufio.Reader, source any, other Converter) (Reader, error) {
	if other == nil {
		return nil, fmt.Errorf("%w: it is MPEG 2.5 layer III (MP3 of 8 to 12 kHz), which the program lame decodes; "+
			"install it, or take WAV, or MP3 of 16 kHz or more", ErrUnknownFormat)
	}
	wav, err := other(r)
	if err != nil {
		return nil, err
	}
	both := converted{wav, source}
	buf := bufio.NewReaderSize(wav, 4*sniffBytes)
	start, err := buf.Peek(12)
	if !isWAV(start) {
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: no good MP3 frame", ErrBroken)
		}
		return nil, errors.Join(err, wav.Close())
	}
	sound, err := newWAVReader(buf, both)
	if err != nil {
		return nil, errors.Join(err, wav.Close())
	}
	return sound, nil
}

// converted closes a stream and what it is converted from.
type converted struct {
	wav    io.Closer
	source any
}

// Close closes the source first: whoever converts it may wait for it.
func (c converted) Close() error {
	err := closeReader(c.source)
	return errors.Join(err, c.wav.Close())
}

// mp3Frames says whether b begins with two frames of a kind; one will do if it
// is the whole file.
func mp3Frames(b []byte, whole bool) (kind uint32, ok bool) {
	size, kind := mp3Frame(b)
	if size == 0 {
		return 0, false
	}
	if size+4 > len(b) {
		return kind, whole
	}
	next, nextKind := mp3Frame(b[size:])
	return kind, next > 0 && nextKind == kind
}

// skipID3 skips the ID3v2 tags that r begins with.
func skipID3(r *bufio.Reader) error {
	for {
		size, err := id3Size(r)
		if err != nil || size == 0 {
			return err
		}
		err = discard(r, size)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: %s", ErrUnknownFormat, "it is an ID3 tag and nothing else")
		}
		if err != nil {
			return err
		}
	}
}

// id3Size is the bytes of the ID3v2 tag that r begins with, 0 if there is
// none. id3.org, ID3v2.4 section 3.1.
func id3Size(r *bufio.Reader) (int64, error) {
	b, err := r.Peek(10)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if len(b) < 10 || string(b[:3]) != "ID3" {
		return 0, nil
	}
	size := int64(10)
	if b[5]&0x10 != 0 { // a footer follows
		size = 20
	}
	for i, x := range b[6:] {
		size += int64(x&0x7F) << (7 * (3 - i))
	}
	return size, nil
}

// The fields of an MPEG frame header, ISO/IEC 11172-3 section 2.4.2.3.
const (
	mpegSync   = 0xFFE00000
	mpegLayer3 = 1
	mpegOne    = 3
	mpeg25     = 0
	mpegMono   = 3
	mpegKind   = 0xFFFE0C00 // sync, version, layer and rate: alike in all frames
)

// The kilobits a second by index, for MPEG 1 and for 2 and 2.5, and the rates
// of MPEG 1.
var (
	mpeg1Rates   = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	mpeg2Rates   = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	mpegSampling = [4]int{44100, 48000, 32000, 0}
)

// mp3Frame is the bytes of the layer III frame that b begins with, and what
// its kind is; 0 if it is none.
func mp3Frame(b []byte) (size int, kind uint32) {
	h := binary.BigEndian.Uint32(b)
	version, layer, padding := h>>19&3, h>>17&3, int(h>>9&1)
	rate := mpegSampling[h>>10&3]
	if h&mpegSync != mpegSync || version == 1 || layer != mpegLayer3 || rate == 0 || h&3 == 2 {
		return 0, 0
	}
	if version == mpegOne {
		if kbit := mpeg1Rates[h>>12&15]; kbit > 0 {
			return 144000*kbit/rate + padding, h & mpegKind
		}
		return 0, 0
	}
	rate /= 2
	if version == mpeg25 {
		rate /= 2
	}
	if kbit := mpeg2Rates[h>>12&15]; kbit > 0 {
		return 72000*kbit/rate + padding, h & mpegKind
	}
	return 0, 0
}

// DecodeMP3 returns a reader of an MP3 stream with its one or two channels
// apart: its samples are of all channels in turn, and as many are asked for at
// a time as divide by channels. Otherwise it is Decode, but for what is not
// MP3, which is ErrUnknownFormat; so is MPEG 2.5.
func DecodeMP3(r io.Reader) (sound Reader, channels int, err error) {
	buf := bufio.NewReaderSize(r, 4*sniffBytes)
	found, slow, err := findMP3(buf)
	switch {
	case err != nil:
		return nil, 0, err
	case slow:
		_, err = decodeElsewhere(buf, r, nil)
		return nil, 0, err
	case !found:
		return nil, 0, fmt.Errorf("%w: it is no MP3", ErrUnknownFormat)
	}
	head, err := buf.Peek(4)
	if err != nil {
		return nil, 0, err
	}
	m, err := newMP3Reader(buf, r)
	if err != nil {
		return nil, 0, err
	}
	if binary.BigEndian.Uint32(head)>>6&3 == mpegMono {
		return m, 1, nil
	}
	m.apart = true
	return m, 2, nil
}

// mp3Reader reads the sound of an MP3 stream, mixed down to mono, or with both
// channels apart.
type mp3Reader struct {
	apart  bool
	from   *mp3Source
	source any // closed by Close
	dec    *mp3.Decoder
	rate   int
	buf    []byte
	held   int // bytes in buf
	faults int // in a row
}

// mp3Source keeps the first error of a reader, which the decoder swallows.
type mp3Source struct {
	r     *bufio.Reader
	bytes int64
	err   error
}

// Read implements io.Reader.
func (s *mp3Source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.bytes += int64(n)
	s.err = err
	return n, err
}

// maxMP3Faults is how many frames in a row may be broken.
const maxMP3Faults = 50

// newMP3Reader reads the first frame of r.
func newMP3Reader(r *bufio.Reader, source any) (*mp3Reader, error) {
	m := &mp3Reader{from: &mp3Source{r: r}, source: source, buf: make([]byte, 4096)}
	if err := m.restart(); err != nil {
		return nil, err
	}
	m.rate = m.dec.SampleRate()
	return m, nil
}

// restart begins to decode at the next good frame.
func (m *mp3Reader) restart() (err error) {
	for ; m.faults < maxMP3Faults; m.faults++ {
		// The decoder would take a tag into memory, however long it says it is.
		if err := skipID3(m.from.r); err != nil {
			m.from.err = io.EOF
			if !errors.Is(err, ErrUnknownFormat) {
				m.from.err = err
			}
			return err
		}
		before := m.from.bytes
		m.dec, err = decodeMP3(m.from)
		switch {
		case err == nil:
			return nil
		case m.from.err != nil && !errors.Is(m.from.err, io.EOF):
			return m.from.err
		case m.from.err != nil || m.from.bytes == before:
			return fmt.Errorf("%w: no good MP3 frame: %w", ErrBroken, err)
		}
	}
	return fmt.Errorf("%w: too many bad MP3 frames: %w", ErrBroken, err)
}

// decodeMP3 is mp3.NewDecoder, which reads the first frame. The decoder trusts
// what it reads more than one should: a panic of its is an error here.
func decodeMP3(r io.Reader) (d *mp3.Decoder, err error) {
	defer func() {
		if p := recover(); p != nil {
			d, err = nil, fmt.Errorf("%w: %v", ErrBroken, p)
		}
	}()
	return mp3.NewDecoder(r)
}

// read is the decoder's Read, without its panics.
func (m *mp3Reader) read(p []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("%w: %v", ErrBroken, p)
		}
	}()
	return m.dec.Read(p)
}

// Rate implements Reader.
func (m *mp3Reader) Rate() int { return m.rate }

// ReadSamples implements Reader. Broken frames are left out; a source that
// fails is an error, one that ends in the midst of a frame is the end.
func (m *mp3Reader) ReadSamples(p []int16) (int, error) {
	const block = 4 // bytes: two samples of 16 bits
	each := 1       // sample of p for a block
	if m.apart {
		each = 2
	}
	want := min(len(p)/each*block, len(m.buf))
	n, err := m.read(m.buf[m.held:max(want, m.held)])
	m.held += n
	blocks := min(m.held/block, len(p)/each)
	for i := range blocks {
		left := int16(binary.LittleEndian.Uint16(m.buf[i*block:]))
		right := int16(binary.LittleEndian.Uint16(m.buf[i*block+2:]))
		if m.apart {
			p[2*i], p[2*i+1] = left, right
		} else {
			p[i] = int16((int(left) + int(right)) >> 1)
		}
	}
	m.held = copy(m.buf, m.buf[blocks*block:m.held])
	samples := blocks * each
	if samples > 0 {
		m.faults = 0
	}
	if err != nil {
		err = m.recovered(err)
	}
	return samples, err
}

// recovered is what becomes of an error of the decoder: nil if it goes on.
func (m *mp3Reader) recovered(err error) error {
	switch {
	case m.from.err != nil && !errors.Is(m.from.err, io.EOF):
		return m.from.err
	case m.from.err != nil || errors.Is(err, io.EOF):
		return io.EOF
	}
	m.faults++
	if err := m.restart(); err != nil {
		if errors.Is(m.from.err, io.EOF) {
			return io.EOF // what is behind the sound is no sound: a tag
		}
		return err
	}
	if m.dec.SampleRate() != m.rate {
		return fmt.Errorf("%w: an MP3 stream whose rate changes from %d to %d Hz", ErrBroken, m.rate, m.dec.SampleRate())
	}
	return nil
}

// Close closes what was given to Decode.
func (m *mp3Reader) Close() error { return closeReader(m.source) }
