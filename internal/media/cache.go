package media

import (
	"container/list"
	"net/http"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
)

// entrySize is what an entry is reckoned to take besides its frames.
const entrySize = 4 << 10

// sizer is a sound that knows its memory, in bytes.
type sizer interface{ Size() int64 }

// entry is a sound in the cache.
type entry struct {
	key   string
	sound audio.Sound
	clip  *audio.Clip // nil for a sound that is calculated
	// version is what it was made of: another is another sound.
	version string
	// What the web server said of its validity.
	validators http.Header
	fresh      time.Time
	strict     bool // it must not be played when the server cannot be asked

	size int64
}

// busy says that dropping the entry would give nothing back yet.
func (e *entry) busy() bool {
	if e.clip == nil {
		return false
	}
	select {
	case <-e.clip.Done():
		return e.clip.InUse()
	default:
		return true
	}
}

// cache keeps sounds up to a limit of memory: the longest unused are dropped
// first, never one that is played or still read. Dropping breaks nothing:
// whoever holds the sound still has it.
type cache struct {
	limit int64

	mu    sync.Mutex
	all   map[string]*list.Element // of *entry
	order list.List                // the last used first
	total int64
}

func newCache(limit int64) *cache { return &cache{limit: limit, all: map[string]*list.Element{}} }

// get is the entry of a key, nil if there is none, or it broke.
func (c *cache) get(key string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.all[key]
	if el == nil {
		return nil
	}
	e := el.Value.(*entry)
	if e.clip != nil && e.clip.Err() != nil {
		c.remove(el)
		return nil
	}
	c.order.MoveToFront(el)
	c.weigh(e)
	return e
}

// put adds an entry, in place of an older one of its key.
func (c *cache) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.all[e.key]; old != nil {
		c.remove(old)
	}
	c.all[e.key] = c.order.PushFront(e)
	c.weigh(e)
	c.evict()
}

// drop removes e, if it is still there.
func (c *cache) drop(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.all[e.key]; el != nil && el.Value == any(e) {
		c.remove(el)
	}
}

// trim weighs e again, if it is there, and keeps to the limit.
func (c *cache) trim(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.all[e.key]; el != nil && el.Value == any(e) {
		c.weigh(e)
	}
	c.evict()
}

// update changes what the web server said of e.
func (c *cache) update(e *entry, change func(*entry)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(e)
}

// said is what the web server said of e.
func (c *cache) said(e *entry) (validators http.Header, fresh time.Time, strict bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.validators, e.fresh, e.strict
}

// weigh takes an entry's size into account anew.
func (c *cache) weigh(e *entry) {
	size := int64(entrySize)
	if s, ok := e.sound.(sizer); ok {
		size += s.Size()
	}
	c.total += size - e.size
	e.size = size
}

// evict drops what is longest unused until the rest is within the limit.
func (c *cache) evict() {
	for el := c.order.Back(); el != nil && c.total > c.limit; {
		before := el.Prev()
		if !el.Value.(*entry).busy() {
			c.remove(el)
		}
		el = before
	}
}

// remove takes an element out.
func (c *cache) remove(el *list.Element) {
	e := c.order.Remove(el).(*entry)
	delete(c.all, e.key)
	c.total -= e.size
	e.size = 0
}
