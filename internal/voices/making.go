package voices

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// making is a sound being begun; everyone who asks for it waits for the same.
type making struct {
	cancel context.CancelFunc
	done   chan struct{}
	clip   *audio.Clip
	cached bool // it was on disk
	err    error
}

// sound finds a sound in memory or on disk or has it made. cached says that it
// was not made for this call.
func (v *Voices) sound(ctx context.Context, p provider, r request) (clip *audio.Clip, cached bool, err error) {
	k := key(p, r)
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil, false, ErrClosed
	}
	if clip := v.memory.get(k); clip != nil {
		v.mu.Unlock()
		return clip, true, nil
	}
	m, shared := v.making[k]
	if !shared {
		m = &making{done: make(chan struct{})}
		var begun context.Context // lives longer than the call that asked first
		begun, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
		v.making[k] = m
		v.work.Go(func() { v.begin(begun, m, k, p, r) })
	}
	v.mu.Unlock()
	select {
	case <-m.done:
		return m.clip, m.cached || shared, m.err
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

// begin makes a sound as far as its first samples and puts it in memory.
func (v *Voices) begin(ctx context.Context, m *making, k string, p provider, r request) {
	defer close(m.done)
	reader, cached, err := v.open(ctx, k, p, r)
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.making, k)
	if err == nil && v.closed {
		err = ErrClosed
		_ = closeReader(reader) // nobody will hear it
	}
	if err != nil {
		m.cancel()
		m.err = err
		return
	}
	m.cached = cached
	m.clip = audio.NewClipLimit(title(r.text), &tethered{Reader: reader, cancel: m.cancel}, maxSpeech)
	v.memory.put(k, m.clip)
}

// open reads a sound from disk, or begins to make it and to keep it there.
func (v *Voices) open(ctx context.Context, k string, p provider, r request) (audio.Reader, bool, error) {
	if kept := v.disk.get(k); kept != nil {
		return kept, true, nil
	}
	if why := v.rests.resting(p.name(), time.Now()); why != nil {
		return nil, false, fmt.Errorf("it failed a moment ago and is left in peace: %w", why)
	}
	reader, err := p.speak(ctx, r)
	if err != nil {
		if ctx.Err() == nil {
			v.rests.failed(p.name(), err, time.Now())
			v.log.WarnContext(ctx, "speech failed", "provider", p.name(), "error", err)
		}
		return nil, false, err
	}
	if v.disk == nil {
		return reader, false, nil
	}
	file, err := v.disk.create(k, reader.Rate())
	if err != nil {
		v.log.WarnContext(ctx, "speech is not kept", "error", err)
		return reader, false, nil
	}
	return &keeping{Reader: reader, file: file, log: v.log}, false, nil
}

// tethered ends the context of a sound's making when the sound is over.
type tethered struct {
	audio.Reader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (t *tethered) Close() error {
	t.cancel()
	return closeReader(t.Reader)
}

func closeReader(r audio.Reader) error {
	if c, ok := r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// restTime is how long a provider that broke is not asked again, so that not
// every call waits for a dead server.
const restTime = 15 * time.Second

// rests remembers which providers broke just now.
type rests struct {
	mu    sync.Mutex
	until map[string]rest
}

type rest struct {
	until time.Time
	why   error
}

// failed gives the provider a rest, unless only this text was refused.
func (r *rests) failed(provider string, why error, now time.Time) {
	if refused(why) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.until == nil {
		r.until = map[string]rest{}
	}
	r.until[provider] = rest{now.Add(restTime), why}
}

// resting is why the provider is not to be asked, nil if it may be.
func (r *rests) resting(provider string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.until[provider]; ok && now.Before(at.until) {
		return at.why
	}
	return nil
}
