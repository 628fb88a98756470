package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

// TokenLife is how long a token holds.
const TokenLife = time.Hour

// The ways a token was come by, as its claims name them.
const (
	UserAuth  = "cb_user_auth"
	APIAuth   = "cb_api_auth"
	BasicAuth = "cb_basic_auth"
)

// claims are what a token says.
type claims struct {
	Account  string `json:"account_id"`
	Owner    string `json:"owner_id,omitempty"`
	Method   string `json:"method"`
	Identity string `json:"identity_sig"`
	// Who is really there, where somebody acts as another.
	OriginalAccount string `json:"original_account_id,omitempty"`
	OriginalOwner   string `json:"original_owner_id,omitempty"`
	jwt.RegisteredClaims
}

// sealed is what the identity signature binds.
func (c *claims) sealed() string {
	return strings.Join([]string{c.Account, c.Owner, c.Method, c.ID, c.OriginalAccount, c.OriginalOwner}, "|")
}

// Issue makes a token for an identity.
func (d *Directory) Issue(ctx context.Context, id *Identity) error {
	now := d.now()
	c := &claims{Account: id.Account.ID, Owner: id.UserID(), Method: id.Method}
	if id.By != nil {
		c.OriginalAccount, c.OriginalOwner = id.By.Account.ID, id.By.UserID()
	}
	c.ID, c.Issuer = resource.NewID(), "pivot"
	c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(TokenLife))
	c.Identity = seal(id.secret(), c.sealed())
	token, err := d.keys.sign(ctx, c)
	id.Token, id.claims = token, c
	return err
}

// isTokenFault tells a bad token from a store that cannot be asked.
func isTokenFault(err error) bool {
	if errors.Is(err, errUnsigned) {
		return true
	}
	for _, bad := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenInvalidClaims, jwt.ErrTokenExpired,
	} {
		if errors.Is(err, bad) {
			return true
		}
	}
	return false
}

// holder is who holds a token: the documents must still be there and enabled,
// and the secrets the same.
func (d *Directory) holder(ctx context.Context, c *claims) (*Identity, error) {
	id, err := d.Member(ctx, c.Account, c.Owner)
	if err != nil {
		return nil, err
	}
	id.Method = c.Method
	if c.OriginalAccount != "" {
		by, err := d.Member(ctx, c.OriginalAccount, c.OriginalOwner)
		if err != nil {
			return nil, err
		}
		if !by.mayBe(id) || !by.mayLogIn() {
			return nil, store.ErrNotFound
		}
		id.By = by
	}
	if !Same(c.Identity, seal(id.secret(), c.sealed())) || !id.mayLogIn() {
		return nil, store.ErrNotFound
	}
	return id, nil
}

// ByBasic is whose credentials, those of HTTP's basic authentication, they are:
// the account's own, by its API key, or a user's, by their digest. It is
// store.ErrNotFound for nobody's.
func (d *Directory) ByBasic(ctx context.Context, account resource.Doc, given string) (*Identity, error) {
	if Same(keyHash(given), keyHash(resource.Text(account.Private, "pvt_api_key"))) {
		return &Identity{Account: account, Method: BasicAuth}, nil
	}
	id, err := d.ByDigest(ctx, []resource.Doc{account}, given)
	if err == nil {
		id.Method = BasicAuth
	}
	return id, err
}

// What is wrong with a token.
var (
	ErrToken   = errors.New("identity: no token of ours")
	ErrExpired = errors.New("identity: the token is over")
)

// ByToken is who holds a token: ErrExpired where it was good once, ErrToken
// where it is no good at all.
func (d *Directory) ByToken(ctx context.Context, token string) (*Identity, error) {
	c := &claims{}
	err := d.keys.verify(ctx, token, c)
	switch {
	case errors.Is(err, jwt.ErrTokenExpired): // the signature was looked at before
		return nil, ErrExpired
	case err != nil && isTokenFault(err):
		return nil, ErrToken
	case err != nil:
		return nil, err
	}
	id, err := d.holder(ctx, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrToken
	}
	if err != nil {
		return nil, err
	}
	id.Token, id.claims = token, c
	return id, nil
}
