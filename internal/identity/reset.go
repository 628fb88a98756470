package identity

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// recoveryLife is how long a link to set a new password holds.
const recoveryLife = time.Hour

// longestReset is how many hex digits a reset id may have.
const longestReset = 250

// resetID is until when it holds, a signature, and whose it is. The signature
// hangs on the user's secret, which changes with its use: it holds once.
func resetID(user resource.Doc, until time.Time) string {
	secret := resource.Text(user.Private, "pvt_signature_secret")
	head := hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))) //nolint:gosec // after 1970
	whose := hex.EncodeToString([]byte(user.Account + "/" + user.ID))
	return head + seal(secret, "reset|"+head+whose)[:40] + whose
}

// ByReset is whose a reset id is, store.ErrNotFound if it is nobody's or
// does not hold.
func (d *Directory) ByReset(ctx context.Context, id string) (*Identity, error) {
	raw, err := hex.DecodeString(strings.ToLower(id))
	if err != nil || len(raw) < 28 {
		return nil, store.ErrNotFound
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0) //nolint:gosec // one that we did not make is not the same
	account, user, _ := strings.Cut(string(raw[28:]), "/")
	who, err := d.Member(ctx, account, user)
	if err != nil {
		return nil, err
	}
	if who.User == nil || !who.mayLogIn() || d.now().After(until) ||
		!Same(strings.ToLower(id), resetID(*who.User, until)) {
		return nil, store.ErrNotFound
	}
	return who, nil
}

// ResetID is what lets a user in who has forgotten the password, for the next
// hour and once; "" where their ids are too long for one.
func (d *Directory) ResetID(user resource.Doc) string {
	if id := resetID(user, d.now().Add(recoveryLife)); len(id) <= longestReset {
		return id
	}
	return ""
}

// Reset has a user set a new password, and ends all of their sessions.
func (d *Directory) Reset(ctx context.Context, who *Identity) error {
	user, err := d.Users(who.Account.ID).Update(ctx, who.User.ID, func(d *resource.Draft) {
		d.Private["pvt_signature_secret"], d.Doc["require_password_update"] = randomHex(32), true
	})
	if err != nil {
		return err
	}
	who.User, who.Method = &user, UserAuth
	return nil
}
