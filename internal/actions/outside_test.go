package actions_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// recordings keeps the length of what was recorded.
type recordings struct {
	mu      sync.Mutex
	work    sync.WaitGroup
	made    []string // "mono 2s"
	dropped int
	uploads []actions.Upload
	fail    error // of Create
	keep    error // of Close
	refuse  error // of Upload
}

type recording struct {
	r       *recordings
	of      actions.Tape
	over    sync.Once
	mu      sync.Mutex
	samples [2]int
}

func (r *recordings) Create(_ context.Context, of actions.Tape) (actions.Recording, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	return &recording{r: r, of: of}, nil
}

func (r *recordings) Upload(_ context.Context, u actions.Upload, tell func(event.Fact)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uploads = append(r.uploads, u)
	tell(event.Uploaded{ID: u.ID, URL: u.URL, Status: 200, Try: 1})
	return r.refuse
}

func (r *recordings) After(work func(context.Context)) {
	r.work.Go(func() { work(context.Background()) })
}

func (r *recording) Channel(n int) audio.Sink { return channel{r, n} }

func (r *recording) Close() (k actions.Kept, err error) {
	r.over.Do(func() {
		r.r.mu.Lock()
		defer r.r.mu.Unlock()
		k.Length = time.Duration(r.samples[0]) * time.Second / 8000
		k.Format, k.Bytes, err = "wav", int64(r.samples[0]*2), r.r.keep
		k.URL = "http://pivot.test/" + r.of.ID
		kind := "mono"
		if r.of.Channels == 2 {
			kind = "dual"
		}
		r.r.made = append(r.r.made, kind+" "+k.Length.Round(100*time.Millisecond).String())
	})
	return k, err
}

func (r *recording) Discard() {
	r.over.Do(func() {
		r.r.mu.Lock()
		defer r.r.mu.Unlock()
		r.r.dropped++
	})
}

type channel struct {
	r *recording
	n int
}

func (channel) Rate() int { return 8000 }
func (c channel) WriteFrame(f []int16) error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.samples[c.n] += len(f)
	return nil
}

// post is callbacks that are kept, as lines.
type post struct {
	mu  sync.Mutex
	all []actions.Callback
}

func (p *post) Post(_ string, c actions.Callback) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, c)
}

// events are what was told, in order.
func (p *post) events() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, c := range p.all {
		all = append(all, c.Event)
	}
	return strings.Join(all, "|")
}
