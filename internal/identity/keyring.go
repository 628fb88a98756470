package identity

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

const (
	keyType     = "signing_key"
	keyBits     = 2048
	signsFor    = 30 * 24 * time.Hour // a key signs so long, and is then followed by a new one
	reloadEvery = time.Second         // strangers can name keys that nobody has
)

// keyring signs tokens and knows whose signature is ours. Its keys are kept
// in the store, so that tokens outlive a restart and hold on every node; a
// new key takes over from an old one by itself.
type keyring struct {
	docs store.Docs
	now  func() time.Time

	mu     sync.Mutex
	keys   []signingKey // newest first
	loaded time.Time
}

type signingKey struct {
	id      string
	key     *rsa.PrivateKey
	created time.Time
}

// sign makes a token of claims.
func (k *keyring) sign(ctx context.Context, c jwt.Claims) (string, error) {
	key, err := k.newest(ctx)
	if err != nil {
		return "", err
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	t.Header["kid"] = key.id
	return t.SignedString(key.key)
}

// errUnsigned is a token that no key of ours signed.
var errUnsigned = errors.New("identity: token signed by an unknown key")

// verify reads a token into claims; errors are those of the jwt package, or
// of the store.
func (k *keyring) verify(ctx context.Context, token string, claims jwt.Claims) error {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now),
	)
	_, err := parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key, err := k.named(ctx, id)
		if err != nil {
			return nil, err
		}
		return &key.key.PublicKey, nil
	})
	return err
}

// newest is the key that signs now; it is made if need be.
func (k *keyring) newest(ctx context.Context) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := func() bool { return len(k.keys) > 0 && k.now().Sub(k.keys[0].created) < signsFor }
	if !fresh() {
		if err := k.load(ctx); err != nil {
			return signingKey{}, err
		}
	}
	if !fresh() {
		if err := k.make(ctx); err != nil {
			return signingKey{}, err
		}
	}
	return k.keys[0], nil
}

// named is the key of that id, as another node may have made it just now.
func (k *keyring) named(ctx context.Context, id string) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	has := func(s signingKey) bool { return s.id == id }
	i := slices.IndexFunc(k.keys, has)
	if i < 0 && k.now().Sub(k.loaded) >= reloadEvery {
		if err := k.load(ctx); err != nil {
			return signingKey{}, err
		}
		i = slices.IndexFunc(k.keys, has)
	}
	if i < 0 {
		return signingKey{}, errUnsigned
	}
	return k.keys[i], nil
}

// keyDoc is a key as it is stored.
type keyDoc struct {
	PEM     string    `json:"private_key"`
	Created time.Time `json:"created"`
}

// load reads the keys and removes those that signed nothing that still holds.
func (k *keyring) load(ctx context.Context) error {
	docs, err := k.docs.List(ctx, store.Query{Type: keyType})
	if err != nil {
		return err
	}
	k.loaded = k.now()
	var keys []signingKey // in the place of the old ones once all is well
	for _, d := range docs {
		key, err := readKey(d)
		if err != nil {
			return fmt.Errorf("identity: signing key %s: %w", d.ID, err)
		}
		if k.now().Sub(key.created) > signsFor+2*TokenLife {
			if err := k.docs.Delete(ctx, d.Key, d.Rev, true); err != nil && !store.Gone(err) {
				return err
			}
			continue
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b signingKey) int { return b.created.Compare(a.created) })
	k.keys = keys
	return nil
}

func readKey(d store.Doc) (signingKey, error) {
	var doc keyDoc
	if err := json.Unmarshal(d.JSON, &doc); err != nil {
		return signingKey{}, err
	}
	block, _ := pem.Decode([]byte(doc.PEM))
	if block == nil {
		return signingKey{}, errors.New("no PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return signingKey{}, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return signingKey{}, errors.New("not an RSA key")
	}
	return signingKey{id: d.ID, key: key, created: doc.Created}, nil
}

// make adds a key.
func (k *keyring) make(ctx context.Context) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	doc := keyDoc{
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), Created: k.now().UTC(),
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	stored, err := k.docs.Put(ctx, store.Doc{Key: store.Key{Type: keyType, ID: resource.NewID()}, JSON: raw})
	if err != nil {
		return err
	}
	made := signingKey{id: stored.ID, key: key, created: doc.Created}
	k.keys = append([]signingKey{made}, k.keys...)
	return nil
}
