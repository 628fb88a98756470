package sip

import (
	"slices"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/rtp"
)

const (
	// keysHeld is how many keys wait for one listener.
	keysHeld = 128
	// twice is how long the same key by another way counts as the same press:
	// some phones send each key by RFC 4733 and by INFO.
	twice = 300 * time.Millisecond
)

// keyHub hands the keys of one leg to whoever listens.
type keyHub struct {
	mu      sync.Mutex
	readers []chan call.Key
	last    call.Key
	at      time.Time
}

// listen delivers keys from now on. Calling stop twice does nothing.
func (h *keyHub) listen() (<-chan call.Key, func()) {
	ch := make(chan call.Key, keysHeld)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readers = append(h.readers, ch)
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.readers = slices.DeleteFunc(h.readers, func(c chan call.Key) bool { return c == ch })
	}
}

// press delivers a key to all; a reader that does not read loses it.
func (h *keyHub) press(k call.Key) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if k.Digit == h.last.Digit && k.Via != h.last.Via && now.Sub(h.at) < twice {
		return
	}
	h.last, h.at = k, now
	for _, r := range h.readers {
		select {
		case r <- k:
		default:
		}
	}
}

// heard takes a key from the media engine.
func (h *keyHub) heard(k rtp.Key) {
	via := call.ViaRTP
	if k.Inband {
		via = call.ViaInband
	}
	h.press(call.Key{Digit: k.Digit, Via: via, Held: k.Held})
}
