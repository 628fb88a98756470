package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/store"
)

// encodeIn is how long an encoder has for what is left of a recording that is
// over. After that the recording is kept as WAV.
const encodeIn = 20 * time.Second

// storeIn is how long keeping a recording may take.
const storeIn = 30 * time.Second

// recording is one that is made. Its sound goes through a tape, a trimmer
// where that is wanted, and a WAV file that an encoder reads as it grows.
type recording struct {
	r    *Recordings
	of   actions.Tape
	ctx  context.Context //nolint:containedctx // of Create, without its end: Close comes after the call
	tape *tape
	trim *trimmer
	wav  *audio.WAVWriter
	raw  *growing
	mp3  *encoding // nil keeps it as WAV

	once sync.Once
	kept actions.Kept
	err  error
}

// Create implements actions.Recordings: MP3 where that is asked for, or
// nothing is, and it can be made; else WAV.
func (r *Recordings) Create(ctx context.Context, of actions.Tape) (actions.Recording, error) {
	raw, err := newGrowing(r.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	of.Channels = min(max(of.Channels, 1), 2)
	wav, err := audio.NewWAVWriter(raw, rate, of.Channels)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recordings: %w", err), raw.remove())
	}
	c := &recording{r: r, of: of, ctx: context.WithoutCancel(ctx), wav: wav, raw: raw}
	var to writer = wav
	if of.Trim {
		c.trim = &trimmer{to: wav, channels: of.Channels}
		to = c.trim
	}
	c.tape = newTape(of.Channels, to)
	if of.Format != "wav" && r.cfg.MP3 != nil && r.cfg.MP3.CanMP3() {
		c.mp3 = r.encode(context.WithoutCancel(ctx), key(of.Account, of.ID), raw)
	}
	return c, nil
}

// Channel implements actions.Recording.
func (c *recording) Channel(n int) audio.Sink { return c.tape.channel(n) }

// Discard implements actions.Recording.
func (c *recording) Discard() {
	c.once.Do(func() {
		c.err = errGivenUp
		_ = c.tape.close() // whatever went wrong with it does not matter
		if c.mp3 != nil {
			c.mp3.abandon(c.raw)
		}
		if err := c.raw.remove(); err != nil {
			c.r.cfg.Logger.Warn("a file is left", "file", c.raw.file.Name(), "error", err)
		}
	})
}

// Close implements actions.Recording.
func (c *recording) Close() (actions.Kept, error) {
	c.once.Do(func() {
		if c.err = c.finish(); c.err != nil {
			c.err = fmt.Errorf("recordings: %w", c.err)
		}
		if err := c.raw.remove(); err != nil {
			c.r.cfg.Logger.Warn("a file is left", "file", c.raw.file.Name(), "error", err)
		}
	})
	return c.kept, c.err
}

// finish writes the rest and stores it all.
func (c *recording) finish() error {
	err := c.tape.close()
	if c.trim != nil && err == nil {
		err = c.trim.end()
	}
	c.kept.Length = c.wav.Duration()
	if err = errors.Join(err, c.wav.Close()); err != nil {
		if c.mp3 != nil {
			c.mp3.abandon(c.raw)
		}
		return err
	}
	if c.tape.dropped > 0 {
		c.r.cfg.Logger.Warn("a disk was too slow for a recording", "recording", c.of.ID, "frames", c.tape.dropped)
	}
	c.raw.finish(io.EOF)
	ctx, cancel := context.WithTimeout(c.ctx, storeIn)
	defer cancel()
	out, err := c.result(ctx)
	if err != nil {
		return err
	}
	defer out.Abort()
	if c.kept.Bytes, err = out.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	c.kept.URL = c.r.URL(ctx, c.of.Account, c.of.ID)
	return c.document(ctx)
}

// result is the blob to be kept: the MP3, or the WAV file if there is none.
func (c *recording) result(ctx context.Context) (store.BlobWriter, error) {
	c.kept.Format = "mp3"
	if c.mp3 != nil {
		out, err := c.mp3.result(c.raw)
		if err == nil {
			return out, nil
		}
		c.r.cfg.Logger.Error("a recording is kept as WAV", "recording", c.of.ID, "error", err)
	}
	c.kept.Format = "wav"
	out, err := c.r.cfg.Blobs.Create(ctx, key(c.of.Account, c.of.ID), mime("wav"))
	if err != nil {
		return nil, err
	}
	c.raw.mu.Lock()
	size := c.raw.size
	c.raw.mu.Unlock()
	if _, err := io.Copy(out, io.NewSectionReader(c.raw.file, 0, size)); err != nil {
		out.Abort()
		return nil, err
	}
	return out, nil
}

// encoding is an MP3 that is made of a file while it grows.
type encoding struct {
	out  store.BlobWriter
	err  error
	stop context.CancelFunc
	done chan struct{}
}

// encode begins one.
func (r *Recordings) encode(ctx context.Context, k store.Key, raw *growing) *encoding {
	ctx, stop := context.WithCancel(ctx)
	e := &encoding{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		e.err = e.run(ctx, r, k, raw)
	}()
	return e
}

func (e *encoding) run(ctx context.Context, r *Recordings, k store.Key, raw *growing) (err error) {
	select {
	case r.encoders <- struct{}{}:
		defer func() { <-r.encoders }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if e.out, err = r.cfg.Blobs.Create(ctx, k, mime("mp3")); err != nil {
		return err
	}
	return r.cfg.MP3.EncodeMP3(ctx, raw.reader(), e.out)
}

// result waits for the MP3 of a file that is whole now.
func (e *encoding) result(raw *growing) (store.BlobWriter, error) {
	late := time.NewTimer(encodeIn)
	defer late.Stop()
	select {
	case <-e.done:
	case <-late.C:
		e.abandon(raw)
		return nil, fmt.Errorf("no MP3 within %v", encodeIn)
	}
	e.stop()
	if e.err != nil && e.out != nil {
		e.out.Abort()
	}
	return e.out, e.err
}

// abandon ends the making and throws away what was made.
func (e *encoding) abandon(raw *growing) {
	raw.finish(errGivenUp)
	e.stop()
	<-e.done
	if e.out != nil {
		e.out.Abort()
	}
}
