package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/guard"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

// guess logs in to an account from an address.
func (w *world) guess(from, account, user, password string) answer {
	w.Helper()
	token := w.token
	defer func() { w.token = token }()
	w.token, w.from = "", from+":9"
	digest, _ := identity.Digests(user, password)
	return w.do("PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"`+account+`"}`)
}

// TestManySources has many sources guess at one account: it gets slow for all
// that are new, and for nobody else.
func TestManySources(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock = clocked(c) })
	if a := w.guess("198.51.100.1", "pivot", "admin", "secret"); a.code != 201 {
		t.Fatal(a.text)
	}
	for i := range guard.AttackAt {
		// The many names of one account do not help.
		a := w.guess(fmt.Sprintf("192.0.2.%d", i), strings.Repeat("-", i)+"Pivot", "admin", "wrong")
		if a.code != 401 {
			t.Fatalf("%d: %d %s", i, a.code, a.text)
		}
	}
	for _, password := range []string{"wrong", "secret"} {
		a := w.guess("203.0.113.1", "pivot", "admin", password)
		if a.code != 429 || a.head.Get("Retry-After") != "5" {
			t.Errorf("%s from a new source: %d %s", password, a.code, a.text)
		}
	}
	if a := w.guess("198.51.100.1", "pivot", "admin", "secret"); a.code != 201 {
		t.Errorf("from a source that is known: %d", a.code)
	}
	w.from = "192.0.2.1:1"
	w.must(201, "PUT /v2/accounts", `{"name":"Other"}`)
	clock.at = clock.at.Add(guard.AttackWait)
	if a := w.guess("203.0.113.1", "pivot", "admin", "secret"); a.code != 201 {
		t.Errorf("after a few seconds: %d", a.code)
	}
	clock.at = clock.at.Add(2 * guard.ForgetAfter)
	if a := w.guess("203.0.113.2", "pivot", "admin", "secret"); a.code != 201 {
		t.Errorf("after the attack: %d", a.code)
	}
}

// TestOwnAccount is that who guesses does not get more tries by logging in to
// an account of their own in between.
func TestOwnAccount(t *testing.T) {
	w := newWorld(t)
	child := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Mine"}`).data(), "id")
	w.must(201, "PUT /v2/accounts/"+child+"/users", `{"first_name":"M","last_name":"E","username":"me","password":"mine"}`)
	codes := ""
	for range guard.FreeErrors + 2 {
		codes += fmt.Sprint(w.guess("192.0.2.8", "pivot", "admin", "wrong").code, " ")
		if a := w.guess("192.0.2.8", "Mine", "me", "mine"); a.code != 201 {
			t.Fatalf("%d %s", a.code, a.text)
		}
	}
	if want := strings.Repeat("401 ", guard.FreeErrors+1) + "429 "; codes != want {
		t.Errorf("%s, not %s", codes, want)
	}
}

// TestRate is how much who is known may ask.
func TestRate(t *testing.T) {
	var clock *tick
	w := newWorld(t, func(c *Config) { clock, c.Rate = clocked(c), 60 })
	for range 60 {
		w.must(200, "GET A/menus", "")
	}
	a := w.must(429, "GET A/menus", "")
	if a.head.Get("Retry-After") != "1" || !strings.Contains(resource.Text(a.data(), "cause"), "60 requests a minute") {
		t.Errorf("%v %s", a.head, a.text)
	}
	w.from = "192.0.2.200:1"
	w.must(200, "GET A/menus", "") // another address has its own
	w.from = "192.0.2.1:1"
	clock.at = clock.at.Add(time.Second)
	w.must(200, "GET A/menus", "")
	w.must(429, "GET A/menus", "")
}
