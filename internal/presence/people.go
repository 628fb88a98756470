package presence

import (
	"cmp"
	"strings"

	"github.com/pivotvoice/pivot/internal/store"
)

// The documents that lamps follow.
const (
	accountType = "account"
	deviceType  = "device"
	userType    = "user"
)

// Learn tells of an account, a device or a user: text is what its document has
// at a dotted path ("sip.username"), and nil for one that is no more. Other
// documents are passed over.
func (b *Board) Learn(k store.Key, text func(path string) string) {
	gone := text == nil
	if gone {
		text = func(string) string { return "" }
	}
	switch k.Type {
	case accountType:
		if gone {
			b.forget(k.ID)
			return
		}
		b.setRealm(k.ID, text("realm"))
	case deviceType:
		b.setDevice(k.Account, k.ID, device{text("sip.username"), text("presence_id"), text("owner_id")})
	case userType:
		b.setUser(k.Account, k.ID, text("presence_id"))
	}
}

// device is what of a phone's document counts for lamps.
type device struct {
	username   string // that it calls with
	presenceID string
	ownerID    string // the id of a user
}

// people are the devices and users of an account, as far as their calls light
// other lamps than that of the name they call with.
type people struct {
	devices map[string]device // by id
	names   map[string]string // SIP username → id of the device
	users   map[string]string // id of a user → presence id
}

// setDevice tells of a device; one without a username calls nobody.
func (b *Board) setDevice(account, id string, d device) {
	d.username = strings.ToLower(d.username)
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.in(account)
	if old := p.devices[id]; p.names[old.username] == id {
		delete(p.names, old.username)
	}
	if d.username == "" {
		delete(p.devices, id)
		return
	}
	p.devices[id], p.names[d.username] = d, id
}

// setUser tells of a user; "" is one without a presence id, or that is no
// more.
func (b *Board) setUser(account, id, presenceID string) {
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
		p = &people{devices: map[string]device{}, names: map[string]string{}, users: map[string]string{}}
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
	k, err := b.key(account, cmp.Or(p.users[d.ownerID], d.presenceID, username))
	if err != nil { // an id that cannot be
		return b.key(account, username)
	}
	return k, nil
}
