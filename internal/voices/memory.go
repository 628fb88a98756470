package voices

import (
	"container/list"

	"github.com/pivotvoice/pivot/internal/audio"
)

// What is kept in memory, so that calls share the encoded frames.
const (
	memoryClips = 256
	memoryBytes = 64 << 20
)

// memory is the sounds asked for last. The zero value is ready; it is not safe
// for use at once.
type memory struct {
	byKey map[string]*list.Element
	order list.List // of *remembered, the latest first
}

type remembered struct {
	key  string
	clip *audio.Clip
}

// get returns a sound that is not broken, or nil.
func (m *memory) get(key string) *audio.Clip {
	e, ok := m.byKey[key]
	if !ok {
		return nil
	}
	clip := e.Value.(*remembered).clip
	if clip.Err() != nil {
		m.drop(e)
		return nil
	}
	m.order.MoveToFront(e)
	return clip
}

// put adds a sound and forgets the oldest ones above the bounds. What is
// forgotten is not closed: calls may be playing it.
func (m *memory) put(key string, clip *audio.Clip) {
	if m.byKey == nil {
		m.byKey = map[string]*list.Element{}
	}
	if e, ok := m.byKey[key]; ok {
		m.drop(e)
	}
	m.byKey[key] = m.order.PushFront(&remembered{key, clip})
	var bytes int64
	for n, e := 0, m.order.Front(); e != nil; n++ {
		here := e
		e = e.Next()
		clip := here.Value.(*remembered).clip
		bytes += clip.Size()
		if n > 0 && (n >= memoryClips || bytes > memoryBytes) && whole(clip) {
			m.drop(here)
		}
	}
}

// whole says that nothing reads for the clip any more; until then Close must
// find it here.
func whole(c *audio.Clip) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

func (m *memory) drop(e *list.Element) {
	delete(m.byKey, e.Value.(*remembered).key)
	m.order.Remove(e)
}

// clear empties the memory and returns what was in it.
func (m *memory) clear() []*audio.Clip {
	var clips []*audio.Clip
	for e := m.order.Front(); e != nil; e = e.Next() {
		clips = append(clips, e.Value.(*remembered).clip)
	}
	*m = memory{}
	return clips
}
