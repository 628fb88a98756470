package observe

import "github.com/pivotvoice/pivot/internal/event"

// followBuffer is how far a follower may lag before it is cut.
const followBuffer = 1024

// Follower is somebody who watches events as they come.
type Follower struct {
	// C is closed when the follower was cut because it was too slow, when it
	// was stopped, and when the server closes.
	C <-chan event.Event

	c       chan event.Event
	account string
	call    string
	owner   *Calls
}

// Follow watches an account's events, of one call where call is not "", of
// all accounts where account is "". What was before is not replayed.
func (c *Calls) Follow(account, call string) *Follower {
	ch := make(chan event.Event, followBuffer)
	f := &Follower{C: ch, c: ch, account: account, call: call, owner: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.followers[f] = true
	return f
}

// Stop ends the watching. It may be called more than once.
func (f *Follower) Stop() {
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	f.owner.cut(f)
}

// cut ends a follower. c.mu is held.
func (c *Calls) cut(f *Follower) {
	if c.followers[f] {
		delete(c.followers, f)
		close(f.c)
	}
}

// tell gives the followers the events they do not have yet. c.mu is held.
func (c *Calls) tell(k *entry) {
	fresh := k.events[k.told:]
	k.told = len(k.events)
	for f := range c.followers {
		if f.account != "" && f.account != k.record.Account || f.call != "" && f.call != k.record.CallID {
			continue
		}
		for _, e := range fresh {
			select {
			case f.c <- e:
				continue
			default:
				c.cut(f)
			}
			break
		}
	}
}
