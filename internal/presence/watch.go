package presence

import (
	"strings"
	"time"
)

// Watch is one who watches a presence id, until Stop.
type Watch struct {
	board *Board
	key   key
	told  func()
	gone  bool       // guarded by the board
	who   Subscriber // guarded by the board
}

// Subscriber is the phone that watches. The zero Subscriber is nobody who is
// shown.
type Subscriber struct {
	CallID string // of its dialog
	Event  string // "dialog" or "presence"
	From   string // user@host of who subscribed
	Since  time.Time
	Until  time.Time // when it ends unless it is renewed
}

// Watch begins to watch user at realm, or at an IP address, which stands for
// the first account. told is called after each change, and must not block; a
// call may still come as Stop returns. ErrUnknown is a realm that no account
// has, ErrBad a user that cannot be.
func (b *Board) Watch(user, realm string, told func()) (*Watch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	account, known := b.realms[strings.ToLower(realm)]
	if !known && isAddress(realm) {
		account = b.first
	}
	if strings.Contains(user, "@") {
		return nil, ErrBad
	}
	k, err := b.key(account, user)
	if err != nil {
		return nil, err
	}
	w := &Watch{board: b, key: k, told: told}
	l := b.lamp(k)
	if l.watchers == nil {
		l.watchers = map[*Watch]bool{}
	}
	l.watchers[w] = true
	return w, nil
}

// Account is whose presence id it is.
func (w *Watch) Account() string { return w.key.account }

// Status is what is known now.
func (w *Watch) Status() Status {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	s := w.board.status(w.key)
	s.Gone = w.gone
	return s
}

// By says who watches, for Subscribers.
func (w *Watch) By(who Subscriber) {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	w.who = who
}

// Subscribers are the phones that watch a presence id, in no order.
func (b *Board) Subscribers(account, id string) ([]Subscriber, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, err := b.key(account, id)
	if err != nil || b.lamps[k] == nil {
		return nil, err
	}
	var all []Subscriber
	for w := range b.lamps[k].watchers {
		if w.who.CallID != "" {
			all = append(all, w.who)
		}
	}
	return all, nil
}

// Stop ends the watch. Stopping twice does nothing.
func (w *Watch) Stop() {
	b := w.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.lamps[w.key]; l != nil {
		delete(l.watchers, w)
		b.tidy(w.key)
	}
}

func tell(all []*Watch) {
	for _, w := range all {
		w.told()
	}
}
