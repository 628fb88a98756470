package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/argon2"

	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/store"
)

// signing is one key for all tests: making one takes long.
var signing = sync.OnceValue(func() store.Doc {
	docs := store.Memory().Docs
	k := &keyring{docs: docs, now: time.Now}
	if _, err := k.newest(context.Background()); err != nil {
		return store.Doc{}
	}
	all, err := docs.List(context.Background(), store.Query{Type: keyType})
	if err != nil || len(all) != 1 {
		return store.Doc{}
	}
	all[0].Rev = 0
	return all[0]
})

// TestForged is tokens that somebody else made, or changed.
func TestForged(t *testing.T) {
	docs := store.Memory().Docs
	if _, err := docs.Put(t.Context(), signing()); err != nil {
		t.Fatal(err)
	}
	creds, err := Bootstrap(t.Context(), docs, BootstrapConfig{Admin: "admin:secret"})
	if err != nil {
		t.Fatal(err)
	}
	d := New(Config{Docs: docs})
	member, err := d.Member(t.Context(), creds.AccountID, "")
	if err != nil {
		t.Fatal(err)
	}
	member.Method = APIAuth
	if err := d.Issue(t.Context(), member); err != nil {
		t.Fatal(err)
	}
	good := member.Token
	if is, err := d.ByToken(t.Context(), good); err != nil || is.Account.ID != creds.AccountID {
		t.Fatalf("%+v %v", is, err)
	}
	parts := strings.Split(good, ".")
	c := &claims{Account: creds.AccountID, Method: APIAuth}
	c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(time.Hour))
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, c).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := d.keys.newest(t.Context())
	hmacToken := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	hmacToken.Header["kid"] = key.id
	hs, err := hmacToken.SignedString([]byte(key.key.N.String()))
	if err != nil {
		t.Fatal(err)
	}
	unsealed, err := d.keys.sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	other := &keyring{docs: store.Memory().Docs, now: time.Now}
	foreign, err := other.sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	body := base64.RawURLEncoding.EncodeToString([]byte(`{"account_id":"` + creds.AccountID + `","exp":9999999999}`))
	for name, token := range map[string]string{
		"none": none, "hs256": hs, "no identity": unsealed, "another's": foreign,
		"changed": parts[0] + "." + body + "." + parts[2], "cut": good[:len(good)-5], "dots": "..",
	} {
		if is, err := d.ByToken(t.Context(), token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %+v %v", name, is, err)
		}
	}
}

func TestKeysFollow(t *testing.T) {
	docs := store.Memory().Docs
	if _, err := docs.Put(t.Context(), signing()); err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	now := func() time.Time { return clock }
	k := &keyring{docs: docs, now: now}
	claim := func() *jwt.RegisteredClaims {
		return &jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(clock.Add(TokenLife))}
	}
	first, err := k.newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clock = first.created.Add(signsFor - time.Minute)
	old, err := k.sign(t.Context(), claim())
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(2 * time.Minute)
	fresh, err := k.sign(t.Context(), claim())
	if err != nil {
		t.Fatal(err)
	}
	again := &keyring{docs: docs, now: now} // another node
	for _, token := range []string{old, fresh} {
		if err := again.verify(t.Context(), token, &jwt.RegisteredClaims{}); err != nil {
			t.Error(err)
		}
	}
	kid := func(token string) any {
		p, _, err := jwt.NewParser().ParseUnverified(token, &jwt.RegisteredClaims{})
		if err != nil {
			t.Fatal(err)
		}
		return p.Header["kid"]
	}
	if kid(old) == kid(fresh) {
		t.Error("no new key")
	}
	clock = clock.Add(3 * TokenLife)
	if err := (&keyring{docs: docs, now: now}).verify(t.Context(), old, &jwt.RegisteredClaims{}); !errors.Is(err, errUnsigned) {
		t.Errorf("a key that is over: %v", err)
	}
	if all, _ := docs.List(t.Context(), store.Query{Type: keyType}); len(all) != 1 {
		t.Errorf("%d keys are kept", len(all))
	}
}

// TestPasswordsAreSlow is that a server stores passwords by OWASP's parameters
// for Argon2id, whatever other tests take.
func TestPasswordsAreSlow(t *testing.T) {
	docs := store.Memory().Docs
	c, err := Bootstrap(t.Context(), docs, BootstrapConfig{Admin: "admin:secret"})
	if err != nil {
		t.Fatal(err)
	}
	salt := sha256.Sum256([]byte("pivot credentials " + c.AccountID))
	digest, _ := Digests("admin", "secret")
	want := hex.EncodeToString(argon2.IDKey([]byte(digest), salt[:16], 2, 19*1024, 1, 32))
	s := New(Config{Docs: docs})
	if users, err := s.Users(c.AccountID).FindBy(t.Context(), documents.ByMD5, want); err != nil || len(users) != 1 {
		t.Errorf("%d users are found by it, %v", len(users), err)
	}
	if s.hasher.Effort != fullEffort() {
		t.Errorf("a server that serves takes %+v", s.hasher.Effort)
	}
}

// TestHashesQueue is that only a few slow hashes are made at once.
func TestHashesQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(Effort{Passes: 1, Memory: 8})
		for range argonAtOnce {
			h.slots <- struct{}{}
		}
		done := make(chan string)
		go func() {
			hash, _ := h.hash(t.Context(), "a", "b")
			done <- hash
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Error("one too many")
		default:
		}
		<-h.slots
		if hash := <-done; len(hash) != 64 {
			t.Errorf("%q", hash)
		}
	})
}

func BenchmarkCredentials(b *testing.B) {
	h := newHasher(fullEffort())
	for b.Loop() {
		if _, err := h.hash(b.Context(), "a", "b"); err != nil {
			b.Fatal(err)
		}
	}
}

// undying is a store that deletes nothing, and lists what is oldest first.
type undying struct{ store.Docs }

func (undying) Delete(context.Context, store.Key, int64, bool) error { return store.ErrUnavailable }

func (u undying) List(ctx context.Context, q store.Query) ([]store.Doc, error) {
	all, err := u.Docs.List(ctx, q)
	slices.SortFunc(all, func(a, b store.Doc) int { return a.Created.Compare(b.Created) })
	return all, err
}

// TestKeysOutliveBadTimes keeps what keys there are while the store fails:
// nobody is logged out by that.
func TestKeysOutliveBadTimes(t *testing.T) {
	docs := store.Memory().Docs
	if _, err := docs.Put(t.Context(), signing()); err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	k := &keyring{docs: undying{docs}, now: func() time.Time { return clock }}
	if _, err := k.newest(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(signsFor + time.Hour)
	token, err := k.sign(t.Context(), &jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(clock.Add(24 * time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(2 * TokenLife)
	if _, err := k.named(t.Context(), "nobody's"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the old key is gone: %v", err)
	}
	if err := k.verify(t.Context(), token, &jwt.RegisteredClaims{}); err != nil {
		t.Errorf("a good token: %v", err)
	}
}
