package identity

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// Identity is who makes a request.
type Identity struct {
	Account resource.Doc
	User    *resource.Doc // nil for an API key
	Method  string
	By      *Identity // who is really there, where somebody acts as another; else nil

	Token string // to be echoed; "" for what should not be

	claims *claims // nil where no token was shown
}

// UserID is the user's id, "" for an API key.
func (id *Identity) UserID() string {
	if id.User == nil {
		return ""
	}
	return id.User.ID
}

// Master says whether the account is the one above all others.
func (id *Identity) Master() bool { return isMaster(id.Account) }

// Admin says whether it may do whatever its account may.
func (id *Identity) Admin() bool {
	return id.User == nil || resource.Text(id.User.Public, "priv_level") == "admin"
}

// Reaches says whether an account is the identity's own or below it. What is
// of no account is the topmost one's.
func (id *Identity) Reaches(account *resource.Doc) bool {
	return id.Master() || account != nil &&
		(id.Account.ID == account.ID || slices.Contains(Tree(*account), id.Account.ID))
}

// secret is what tokens of the identity hang on: a new password, or a new API
// key, has a new one.
func (id *Identity) secret() string {
	from := id.Account
	if id.User != nil {
		from = *id.User
	}
	secret := resource.Text(from.Private, "pvt_signature_secret")
	if id.By != nil {
		secret += id.By.secret()
	}
	return secret
}

// Enabled says whether a document lets anybody in.
func Enabled(d resource.Doc) bool { return d.Public["enabled"] != false }

// mayBe says whether somebody may act as another.
func (id *Identity) mayBe(other *Identity) bool {
	return id.Admin() && id.By == nil && id.Reaches(&other.Account)
}

// mayLogIn says whether both account and user are enabled.
func (id *Identity) mayLogIn() bool {
	return Enabled(id.Account) && (id.User == nil || Enabled(*id.User))
}

// Really is the id of the user, or else the account, who acts as another; ""
// where nobody does.
func (id *Identity) Really() string {
	if id.By == nil {
		return ""
	}
	return cmp.Or(id.By.UserID(), id.By.Account.ID)
}

// Member is a user of an account; "" is the account itself.
func (d *Directory) Member(ctx context.Context, account, owner string) (*Identity, error) {
	doc, err := d.Accounts().Get(ctx, account)
	if err != nil {
		return nil, err
	}
	id := &Identity{Account: doc}
	if owner != "" {
		user, err := d.Users(account).Get(ctx, owner)
		if err != nil {
			return nil, err
		}
		id.User = &user
	}
	return id, nil
}

// Acting is by in the place of a user of an account, "" of the account itself:
// ErrReach or ErrLocked where that may not be.
func (d *Directory) Acting(ctx context.Context, by *Identity, account, user string) (*Identity, error) {
	id, err := d.Member(ctx, account, user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrReach // as what is out of reach
	case err != nil:
		return nil, err
	case !by.mayBe(id):
		return nil, ErrReach
	case !id.mayLogIn():
		return nil, ErrLocked
	}
	id.By, id.Method = by, by.Method
	return id, nil
}

// What is wrong with acting as another.
var (
	ErrReach  = errors.New("identity: out of reach")
	ErrLocked = errors.New("identity: not enabled")
)

// Says is what its token says, nil where it has shown none.
func (id *Identity) Says() resource.Object {
	if id.claims == nil {
		return nil
	}
	raw, err := json.Marshal(id.claims)
	if err != nil {
		return nil
	}
	said, _ := resource.ParseObject(raw) // it was just written
	delete(said, "identity_sig")
	return said
}

// Expires is when its token ends, the zero time where it has shown none.
func (id *Identity) Expires() time.Time {
	if id.claims == nil {
		return time.Time{}
	}
	return id.claims.ExpiresAt.Time
}
