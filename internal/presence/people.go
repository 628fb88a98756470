package presence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pivotvoice/pivot/internal/store"
)

// Device is what of a phone's document counts for lamps. The zero Device is
// one that is no more.
type Device struct {
	Username   string // that it calls with: sip.username
	PresenceID string
	OwnerID    string // the id of a user
}

// people are the devices and users of an account, as far as their calls light
// other lamps than that of the name they call with.
type people struct {
	devices map[string]Device // by id
	names   map[string]string // SIP username → id of the device
	users   map[string]string // id of a user → presence id
}

// SetDevice tells of a device.
func (b *Board) SetDevice(account, id string, d Device) {
	d.Username = strings.ToLower(d.Username)
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.in(account)
	if old := p.devices[id]; p.names[old.Username] == id {
		delete(p.names, old.Username)
	}
	if d.Username == "" {
		delete(p.devices, id)
		return
	}
	p.devices[id], p.names[d.Username] = d, id
}

// SetUser tells of a user; "" is one without a presence id, or that is no
// more.
func (b *Board) SetUser(account, id, presenceID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.in(account)
	if presenceID == "" {
		delete(p.users, id)
		return
	}
	p.users[id] = presenceID
}

// in is the people of an account. b.mu is held.
func (b *Board) in(account string) *people {
	p := b.people[account]
	if p == nil {
		p = &people{devices: map[string]Device{}, names: map[string]string{}, users: map[string]string{}}
		b.people[account] = p
	}
	return p
}

// caller is the presence id of who calls with a SIP username
// (spec/callflow-modules.md section 5.7): that of the device's owner, else of
// the device, else the name itself. b.mu is held.
func (b *Board) caller(account, username string) (key, error) {
	p := b.people[account]
	if p == nil {
		return b.key(account, username)
	}
	id, known := p.names[strings.ToLower(username)]
	if !known {
		return b.key(account, username)
	}
	d := p.devices[id]
	k, err := b.key(account, cmp.Or(p.users[d.OwnerID], d.PresenceID, username))
	if err != nil { // an id that cannot be
		return b.key(account, username)
	}
	return k, nil
}

// loadPeople reads the devices and users of all accounts.
func (b *Board) loadPeople(ctx context.Context) error {
	devices, err := b.docs.List(ctx, store.Query{Type: "device", AnyAccount: true})
	if err != nil {
		return fmt.Errorf("presence: %w", err)
	}
	users, err := b.docs.List(ctx, store.Query{Type: "user", AnyAccount: true})
	if err != nil {
		return fmt.Errorf("presence: %w", err)
	}
	for _, doc := range devices {
		var d struct {
			SIP struct {
				Username string `json:"username"`
			} `json:"sip"`
			PresenceID string `json:"presence_id"`
			OwnerID    string `json:"owner_id"`
		}
		if json.Unmarshal(doc.JSON, &d) == nil {
			b.SetDevice(doc.Account, doc.ID, Device{d.SIP.Username, d.PresenceID, d.OwnerID})
		}
	}
	for _, doc := range users {
		var u struct {
			PresenceID string `json:"presence_id"`
		}
		if json.Unmarshal(doc.JSON, &u) == nil {
			b.SetUser(doc.Account, doc.ID, u.PresenceID)
		}
	}
	return nil
}
