package presence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/store"
)

// Set keeps a state of a presence id (user, or user@realm with the account's
// realm) until it is set anew, whatever calls there are meanwhile, and returns
// what is known then. Idle is as if it had never been set. It is ErrUnknown,
// ErrBad or ErrFull, or an error of the store; nothing has changed then.
func (b *Board) Set(ctx context.Context, account, id string, state State) (Status, error) {
	if !state.Valid() {
		return Status{}, fmt.Errorf("%w: %q is no state", ErrBad, event.Clip(string(state), event.Short))
	}
	b.write.Lock()
	defer b.write.Unlock()
	b.mu.Lock()
	k, err := b.key(account, id)
	if err == nil && state != Idle && b.manual[account] >= maxManual {
		if l := b.lamps[k]; l == nil || l.manual == "" {
			err = fmt.Errorf("%w: %d in account %s", ErrFull, maxManual, account)
		}
	}
	b.mu.Unlock()
	if err != nil {
		return Status{}, err
	}
	if err := b.save(ctx, k, state); err != nil {
		return Status{}, fmt.Errorf("presence: %w", err)
	}
	b.byHand(k, state, time.Now())
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status(k), nil
}

// save writes a state set by hand, or removes it. b.write is held.
func (b *Board) save(ctx context.Context, k key, state State) error {
	at := store.Key{Account: k.account, Type: manualType, ID: k.user}
	old, err := b.docs.Get(ctx, at)
	switch missing := errors.Is(err, store.ErrNotFound); {
	case err != nil && !missing:
		return err
	case state == Idle && missing:
		return nil
	case state == Idle:
		return b.docs.Delete(ctx, at, old.Rev, true) // there is no history of lamps
	}
	raw, err := json.Marshal(manualDoc{state})
	if err != nil {
		return err
	}
	_, err = b.docs.Put(ctx, store.Doc{Key: at, Rev: old.Rev, JSON: raw})
	return err
}

// byHand has a lamp show what was set.
func (b *Board) byHand(k key, state State, at time.Time) {
	b.mu.Lock()
	if _, known := b.names[k.account]; !known {
		b.mu.Unlock()
		return // it went away meanwhile
	}
	l, had := b.lamp(k), 0
	if l.manual != "" {
		had = 1
	}
	if l.manual = state; state == Idle {
		l.manual = ""
		b.manual[k.account] -= had
	} else {
		b.manual[k.account] += 1 - had
	}
	told := b.settle(k, at)
	b.mu.Unlock()
	tell(told)
}
