package identity

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what clients send in place of a password
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Clients prove who they are by the MD5 or SHA-1 of "username:password", and
// do not say the username (spec/crossbar-api.md section 2.2). Such a digest is
// as good as the password, so it is not stored; what is stored is its
// Argon2id under a salt of the account, which can still be looked up: one slow
// hash for each try.

// OWASP's parameters for Argon2id: 19 MiB, 2 passes.
const (
	argonPasses = 2
	argonMemory = 19 * 1024 // KiB
	argonLength = 32        // bytes
	argonAtOnce = 4         // more wait, for the sake of memory
)

// Effort is how slow a hash is. It is of every hash that a store has: none is
// found by another.
type Effort struct {
	Passes, Memory uint32 // memory in KiB
}

// fullEffort is what passwords are stored with; only tests take less.
func fullEffort() Effort { return Effort{Passes: argonPasses, Memory: argonMemory} }

// hasher computes slow hashes, a few at once.
type hasher struct {
	Effort
	slots chan struct{}
}

func newHasher(e Effort) hasher { return hasher{Effort: e, slots: make(chan struct{}, argonAtOnce)} }

// hash is what is stored in the place of a digest.
func (h hasher) hash(ctx context.Context, account, digest string) (string, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	salt := sha256.Sum256([]byte("pivot credentials " + account))
	key := argon2.IDKey([]byte(strings.ToLower(digest)), salt[:16], h.Passes, h.Memory, 1, argonLength)
	return hex.EncodeToString(key), nil
}

// Digests are what clients send for a username and password.
func Digests(username, password string) (md5Hex, sha1Hex string) {
	both := []byte(strings.ToLower(username) + ":" + password)
	m, s := md5.Sum(both), sha1.Sum(both) //nolint:gosec // what clients send; argon2 goes over it
	return hex.EncodeToString(m[:]), hex.EncodeToString(s[:])
}

// Same compares secrets in a time that does not tell where they differ.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// keyHash is by what an API key is looked up. The key is long and random, so
// a fast hash does.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte("pivot api key " + key))
	return hex.EncodeToString(sum[:])
}

// seal binds text to a secret.
func seal(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// randomHex is a random number of n bytes in hex.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, says its documentation
	return hex.EncodeToString(b)
}
