package api

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

// letters is a Mailer that keeps mail.
type letters struct{ all []string }

func (l *letters) Mail(_ context.Context, account, to, subject, text string) {
	l.all = append(l.all, account+" "+to+" "+subject+"\n"+text)
}

func TestRecovery(t *testing.T) {
	var clock *tick
	post := &letters{}
	w := newWorld(t, func(c *Config) {
		clock = clocked(c)
		c.Mailer, c.UIOrigins = post, []string{"https://ui.example"}
	})
	w.must(201, "PUT A/users", `{"id":"u1","first_name":"A","last_name":"B","username":"ab","password":"pass","email":"ab@x.example"}`)
	w.must(201, "PUT A/users", `{"id":"u2","first_name":"A","last_name":"C","username":"ac","password":"pass"}`)
	session := w.tokenOf("pivot", "ab", "pass", "md5")
	master := w.token
	w.token = ""
	ask := func(user, account, ui string, code int) string {
		t.Helper()
		clock.at = clock.at.Add(time.Hour)
		return asJSON(t, w.must(code, "PUT /v2/user_auth/recovery",
			`{"username":"`+user+`","account_name":"`+account+`","ui_url":"`+ui+`"}`).env["data"])
	}
	const ui = "https://ui.example/#/x"
	said := ask("AB", "pivot", ui, 201)
	for _, nobody := range [][2]string{{"ac", "pivot"}, {"none", "pivot"}, {"ab", "none"}} {
		if got := ask(nobody[0], nobody[1], ui, 201); got != said {
			t.Errorf("%v is told apart: %s", nobody, got)
		}
	}
	ask("ab", "pivot", "https://evil.example/ui", 400)
	ask("ab", "pivot", "javascript://ui.example/x", 400)
	if len(post.all) != 1 || !strings.Contains(post.all[0], " ab@x.example ") {
		t.Fatalf("%q", post.all)
	}
	link := func(mail string) string {
		u, err := url.Parse(regexp.MustCompile(`https://\S+`).FindString(mail))
		if err != nil || u.Host != "ui.example" {
			t.Fatalf("%v in %s", err, mail)
		}
		return u.Query().Get("recovery")
	}
	over := link(post.all[0])
	w.must(401, "POST /v2/user_auth/recovery", `{"reset_id":"`+over+`"}`) // an hour has gone by, and more
	ask("ab", "pivot", ui, 201)
	id := link(post.all[1])
	forged := strings.Replace(id, id[len(id)-2:], "32", 1) // u2
	for _, bad := range []string{forged, id[:len(id)-1] + "0", strings.Repeat("0", 60), over} {
		w.must(401, "POST /v2/user_auth/recovery", `{"reset_id":"`+bad+`"}`)
	}
	a := w.must(200, "POST /v2/user_auth/recovery", `{"reset_id":"`+id+`"}`)
	if a.data()["owner_id"] != "u1" {
		t.Error(a.text)
	}
	w.must(401, "POST /v2/user_auth/recovery", `{"reset_id":"`+id+`"}`) // once
	w.token = session
	w.must(401, "GET A/users/u1", "")
	w.token = resource.Text(a.env, "auth_token")
	if u := w.must(200, "PATCH A/users/u1", `{"password":"new"}`).data(); u["require_password_update"] != false {
		t.Errorf("the new password is still to be set: %v", u)
	}
	w.tokenOf("pivot", "ab", "new", "md5")
	w.token = master
}

// TestFewMails is that nobody is flooded with mail by who asks for it.
func TestFewMails(t *testing.T) {
	post := &letters{}
	w := newWorld(t, func(c *Config) { c.Mailer, c.UIOrigins = post, []string{"https://ui.example"} })
	w.must(201, "PUT A/users", `{"first_name":"A","last_name":"B","username":"ab","password":"pass","email":"ab@x.example"}`)
	for i := range byte(10) {
		w.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, i}), 9).String()
		w.must(201, "PUT /v2/user_auth/recovery", `{"username":"ab","account_name":"pivot","ui_url":"https://ui.example/"}`)
	}
	if len(post.all) != 3 {
		t.Errorf("%d mails", len(post.all))
	}
}

func TestNoMailer(t *testing.T) {
	w := newWorld(t)
	if a := w.must(503, "PUT /v2/user_auth/recovery", `{}`); !strings.Contains(a.text, "setting smtp") {
		t.Error(a.text)
	}
}

func TestMasquerade(t *testing.T) {
	w := newWorld(t)
	child, grand, admin := w.tenants()
	other := resource.Text(w.must(201, "PUT /v2/accounts", `{"name":"Other"}`).data(), "id")
	w.must(201, "PUT /v2/accounts/"+grand+"/users", `{"id":"g1","first_name":"G","last_name":"H","username":"gh","password":"pass"}`)
	w.must(201, "PUT /v2/accounts/"+child+"/users", `{"id":"low","first_name":"L","last_name":"O","username":"low","password":"pass"}`)
	master := w.token
	login := func(user, as string, code int) answer {
		t.Helper()
		w.token = ""
		digest, _ := identity.Digests(user, "pass")
		return w.must(code, "PUT /v2/user_auth", `{"credentials":"`+digest+`","account_name":"Child","as":`+as+`}`)
	}
	for _, test := range []struct {
		user, as string
		code     int
	}{
		{"ab", `{"account_id":"` + grand + `"}`, 201},
		{"ab", `{"account_id":"` + grand + `","owner_id":"none"}`, 403},
		{"ab", `{"account_id":"` + w.creds.AccountID + `"}`, 403},
		{"ab", `{"account_id":"` + other + `"}`, 403},
		{"ab", `{"account_id":"x"}`, 400},
		{"low", `{"account_id":"` + grand + `"}`, 403},
		{"ab", `{"account_id":"` + grand + `","owner_id":"g1"}`, 201},
	} {
		a := login(test.user, test.as, test.code)
		if test.code == 201 {
			w.token = resource.Text(a.env, "auth_token")
		}
	}
	as := w.token
	if d := w.must(200, "GET /v2/token_auth", "").data(); d["owner_id"] != "g1" || d["original_account_id"] != child || d["original_owner_id"] == nil {
		t.Errorf("%v", d)
	}
	w.must(403, "GET /v2/accounts/"+grand+"/callflows", "") // the user it acts as is no admin
	w.must(200, "GET /v2/accounts/"+grand+"/users/g1", "")
	w.token = master
	users := w.must(200, "GET /v2/accounts/"+child+"/users?filter_username=ab", "").ids()
	w.must(200, "PATCH /v2/accounts/"+child+"/users/"+users, `{"priv_level":"user"}`)
	w.token = as
	w.must(401, "GET /v2/accounts/"+grand+"/users/g1", "") // who really was there is no admin any more

	impersonate := func(who, account, user string, code int) {
		t.Helper()
		w.token = who
		a := w.must(code, "PUT /v2/accounts/"+account+"/users/"+user+"/user_auth", `{"action":"impersonate_user"}`)
		if code != 201 {
			return
		}
		w.token = resource.Text(a.env, "auth_token")
		if d := w.must(200, "GET /v2/token_auth", "").data(); d["account_id"] != account || d["owner_id"] != user || d["original_account_id"] != w.creds.AccountID {
			t.Errorf("%v", d)
		}
	}
	impersonate(master, child, "low", 201)
	impersonate(w.token, grand, "g1", 403) // no admin, and no chain
	impersonate(admin, grand, "g1", 403)
	impersonate(master, w.creds.AccountID, "x", 403)
	impersonate(master, child, "none", 404)
	w.token = master
	w.must(400, "PUT /v2/accounts/"+child+"/users/low/user_auth", `{"action":"other"}`)
}
