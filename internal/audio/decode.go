package audio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// What can be wrong with a file of sound.
var (
	// ErrUnknownFormat is content that is not understood. The text of the
	// error that wraps it says what it looked like.
	ErrUnknownFormat = errors.New("audio: unknown sound format")
	// ErrBroken is content that is not what its start promised.
	ErrBroken = errors.New("audio: broken sound file")
)

// sniffBytes is how much of a file is looked at to tell what it is: an MP3
// frame of the greatest size and the next one's header must fit.
const sniffBytes = 4096

// Decode finds out from the content, never from a name, what r holds and
// returns a reader of its sound as mono, with the format's name: "wav" or
// "mp3". It reads as much of r as it needs to know; the rest is read with the
// sound. The reader is an io.Closer that closes r if r is one. Truncated files
// give what is there. An error of r is returned as it is.
func Decode(r io.Reader) (sound Reader, format string, err error) { return DecodeWith(r, nil) }

// Converter decodes an MP3 stream to WAV while it is read. Its WAV is closed
// after the stream's source, before the end if nobody wants the rest.
type Converter func(mp3 io.Reader) (wav io.ReadCloser, err error)

// DecodeWith is Decode with somebody who decodes MPEG 2.5 layer III, the MP3
// of 8, 11.025 and 12 kHz, which is not done here; nil is nobody.
func DecodeWith(r io.Reader, mpeg25 Converter) (sound Reader, format string, err error) {
	buf := bufio.NewReaderSize(r, 4*sniffBytes)
	start, err := buf.Peek(12)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	switch {
	case isWAV(start):
		sound, err = newWAVReader(buf, r)
		return orNil(sound, err), "wav", err
	case isOther(start) == "":
		found, slow, err := findMP3(buf)
		switch {
		case err != nil:
			return nil, "", err
		case slow:
			sound, err = decodeElsewhere(buf, r, mpeg25)
			return sound, "mp3", err
		case found:
			sound, err = newMP3Reader(buf, r)
			return orNil(sound, err), "mp3", err
		}
	}
	start, err = buf.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	return nil, "", fmt.Errorf("%w: %s", ErrUnknownFormat, looksLike(start))
}

// orNil is r unless there is an error.
func orNil(r Reader, err error) Reader {
	if err != nil {
		return nil
	}
	return r
}

// others are formats that are known by their first bytes but not understood.
var others = []struct {
	at    int
	magic string
	name  string
}{
	{0, "OggS", "an Ogg file (Vorbis or Opus)"},
	{0, "fLaC", "a FLAC file"},
	{0, "\xff\xf1", "AAC"},
	{0, "\xff\xf9", "AAC"},
	{4, "ftyp", "an MP4 or M4A file"},
	{0, "FORM", "an AIFF file"},
	{0, ".snd", "a Sun AU file"},
	{0, "\x1aE\xdf\xa3", "a Matroska or WebM file"},
	{0, "#!AMR", "an AMR file"},
	{0, "0&\xb2u\x8ef\xcf\x11", "a Windows Media file"},
	{0, "MThd", "a MIDI file"},
	{0, "RIFF", "a RIFF file that is no WAV"},
	{0, "\x1f\x8b", "gzip"},
	{0, "PK\x03\x04", "a ZIP file"},
	{0, "%PDF", "a PDF file"},
	{0, "\x89PNG", "a PNG picture"},
	{0, "\xff\xd8\xff", "a JPEG picture"},
	{0, "GIF8", "a GIF picture"},
	{0, "\x7fELF", "a program"},
}

// isOther is the name of the format in others, or "".
func isOther(start []byte) string {
	for _, o := range others {
		if len(start) >= o.at && bytes.HasPrefix(start[o.at:], []byte(o.magic)) {
			return o.name
		}
	}
	return ""
}

// looksLike says in words what bytes look like that are no sound.
func looksLike(start []byte) string {
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))))
	name := isOther(start)
	switch {
	case len(start) == 0:
		return "it is empty"
	case name != "":
		return "it looks like " + name
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return "it looks like an HTML page"
	case bytes.HasPrefix(text, []byte("<")):
		return "it looks like XML"
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return "it looks like JSON"
	case bytes.HasPrefix(start, []byte("ID3")):
		return "it has an ID3 tag, but no MPEG layer III sound behind it"
	case isText(start):
		return fmt.Sprintf("it looks like text: %.40q", text)
	}
	return fmt.Sprintf("it begins with % x", start[:min(len(start), 12)])
}

// isText says whether bytes are UTF-8 without control characters. The last
// letter may be cut off.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && utf8.FullRune(b) || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}
