// Package audio holds sound as signed 16-bit mono samples and as encoded
// 20 ms frames, and what turns one into the other: codecs, files, tones,
// resampling, key tones and their detection. It knows no network and no call.
package audio

import (
	"errors"
	"time"
)

// FrameTime is how much sound one frame carries.
const FrameTime = 20 * time.Millisecond

// FramesPerSecond is how many frames a second of sound has.
const FramesPerSecond = int(time.Second / FrameTime)

// ErrNotYet says that a frame is not there yet but will come: the sound is
// still being fetched, made or encoded. The asker sends nothing and asks again
// at its next tick.
var ErrNotYet = errors.New("audio: frame not ready yet")

// Sound is something that can be played to any number of calls at once. It is
// decoded once and encoded once per codec; a call only holds a cursor.
type Sound interface {
	// Open returns a cursor at the start of the sound, in codec c. It must
	// not block: work that takes time is done elsewhere and Next answers
	// ErrNotYet meanwhile.
	Open(c *Codec) Cursor
	// String says what it is, for timelines: `say "Press one"`, `tone 440 Hz`.
	String() string
}

// Cursor walks through one sound for one listener. It is used by one
// goroutine at a time.
type Cursor interface {
	// Next returns the payload of the next 20 ms. The slice is shared and
	// must not be changed; it is valid until the next call. io.EOF is the end
	// of the sound, ErrNotYet a frame still being made; any other error means
	// that the sound is broken from here on.
	Next() ([]byte, error)
	// Close gives back what the cursor holds. Next must not be called after.
	Close()
}

// Reader yields linear sound: mono samples at Rate Hz. ReadSamples fills p as
// far as it can and returns io.EOF at the end, like io.Reader.
type Reader interface {
	Rate() int
	ReadSamples(p []int16) (n int, err error)
}

// Sink takes linear sound frame by frame: mono, Rate samples a second, 20 ms
// at a time. WriteFrame is called from the media clock: it must return at
// once and must not keep the slice.
type Sink interface {
	Rate() int
	WriteFrame(frame []int16) error
}

// Engines are what Speech.Engine may be besides "": the providers of voices,
// and those of Kazoo (callflow module tts).
func Engines() []string {
	return []string{"builtin", "espeak", "openai", "flite", "google", "ispeech", "voicefabric"}
}

// Speech is a text to be spoken, as an action asks for it.
type Speech struct {
	Text     string // plain text, or SSML where SSML says so
	SSML     bool   // Text is the inside of an SSML <speak>, well-formed XML
	Voice    string // "female", "male", or a provider's own name; "" is the default
	Language string // "en-us"; "" is the default
	Engine   string // the provider asked for, one of Engines; "" is the configured order
}
