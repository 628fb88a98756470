package actions

import (
	"context"
	"io"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/flow"
)

// Sounds keeps what callers record, for the account's callflows to play.
type Sounds interface {
	// Keep makes media of samples of one channel at rate Hz and returns its
	// id, which is what plays it. name is what people call it.
	Keep(ctx context.Context, account, name string, rate int, samples []int16) (id string, err error)
}

// Limits of what a caller dictates (spec/callflow-modules.md sections 2.3 and
// 6, menu).
const (
	longestDictation  = 5 * time.Minute
	shortestDictation = 1500 * time.Millisecond
	reviews           = 3  // times without a good key, after which it is given up
	dictations        = 10 // recordings that were too short, or not liked
)

// dictation has a caller record something and listen to it before it counts.
type dictation struct {
	announcer
	s *flow.Session
}

// take says which prompt asks for the recording, and returns what the caller
// wants to be kept; nil, which the caller is told, if they do not say.
func (d dictation) take(ctx context.Context, prompt string) (*dictated, error) {
	for range dictations {
		said, err := d.record(ctx, prompt)
		if err != nil {
			return nil, err
		}
		if said.length() < shortestDictation {
			if err := d.prompt(ctx, d.s, "vm-recording_to_short"); err != nil {
				return nil, err
			}
			continue
		}
		switch key, err := d.review(ctx, said); {
		case err != nil:
			return nil, err
		case key == "1":
			return said, nil
		case key == "":
			return nil, d.prompt(ctx, d.s, "vm-deleted")
		}
	}
	return nil, d.prompt(ctx, d.s, "vm-deleted")
}

// record asks, beeps and records until a key, a pause or the limit.
func (d dictation) record(ctx context.Context, prompt string) (*dictated, error) {
	if _, err := d.promptTo(ctx, d.s, keysOf(anyKey()), prompt); err != nil {
		return nil, err
	}
	d.s.DeleteCollection(flow.Default) // what skipped the prompt ends no recording
	if _, err := d.s.Play(ctx, audio.Beep(), ""); audible(ctx, d.s, err) != nil {
		return nil, err
	}
	said := newDictated()
	_, err := d.s.Record(ctx, call.Record{
		Limit: longestDictation, Silence: 5 * time.Second, Terminators: keysOf(anyKey()),
	}, said)
	return said, err
}

// review lets the caller decide: 1 keeps it, 3 records again, "" is neither.
func (d dictation) review(ctx context.Context, said *dictated) (string, error) {
	for range reviews {
		got, err := d.s.Gather(ctx, flow.Gather{Name: "review", Collect: call.Collect{
			Max: 1, First: collectTimeout, Between: interdigit * time.Millisecond,
			Prompt: func(ctx context.Context) error { return d.prompt(ctx, d.s, "vm-review_recording") },
		}})
		switch {
		case err != nil:
			return "", err
		case got.Keys == "1" || got.Keys == "3":
			return got.Keys, nil
		case got.Keys == "2":
			if err := d.replay(ctx, said); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

// collectTimeout is how long most questions wait for the first key
// (spec/callflow-modules.md section 2.1).
const collectTimeout = 5 * time.Second

func (d dictation) replay(ctx context.Context, said *dictated) error {
	sound := said.sound()
	defer sound.Close()
	_, err := d.s.Play(ctx, sound, keysOf(anyKey()))
	return audible(ctx, d.s, err)
}

// dictationRate is the rate of what is dictated, in Hz: the telephone's.
const dictationRate = 8000

// dictated is what a caller said. It is a Sink until Record, which is done with
// it when it returns, has filled it.
type dictated struct {
	rate    int
	samples []int16
}

// newDictated has room for the longest dictation: the media path fills it.
func newDictated() *dictated {
	return &dictated{rate: dictationRate, samples: make([]int16, 0, int(longestDictation.Seconds()+1)*dictationRate)}
}

// Rate implements audio.Sink.
func (d *dictated) Rate() int { return d.rate }

// WriteFrame implements audio.Sink.
func (d *dictated) WriteFrame(frame []int16) error {
	d.samples = append(d.samples, frame...)
	return nil
}

func (d *dictated) length() time.Duration {
	return time.Duration(len(d.samples)) * time.Second / time.Duration(d.rate)
}

// sound is what was said, to be heard. Close it.
func (d *dictated) sound() *audio.Clip {
	return audio.NewClip("what was recorded", &dictatedReader{dictated: d})
}

// dictatedReader reads what was said, once.
type dictatedReader struct {
	*dictated
	at int
}

// ReadSamples implements audio.Reader.
func (r *dictatedReader) ReadSamples(p []int16) (int, error) {
	n := copy(p, r.samples[r.at:])
	if r.at += n; r.at == len(r.samples) {
		return n, io.EOF
	}
	return n, nil
}
