package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/config"
)

func TestSMTP(t *testing.T) {
	for text, want := range map[string]config.SMTP{
		"":                                       {},
		"smtp://mail.example.com":                {Host: "mail.example.com", Port: 587, Security: "starttls"},
		"smtp://me:p%40ss@mail.example.com:2525": {Host: "mail.example.com", Port: 2525, Security: "starttls", User: "me", Password: "p@ss"},
		"smtps://me%40example.com:pw@mail.example.com/": {
			Host: "mail.example.com", Port: 465, Security: "tls", User: "me@example.com", Password: "pw",
		},
		"smtp://127.0.0.1:25":                          {Host: "127.0.0.1", Port: 25, Security: "offered"},
		"smtp://localhost:25?starttls=required":        {Host: "localhost", Port: 25, Security: "starttls"},
		"smtp://[::1]":                                 {Host: "::1", Port: 587, Security: "offered"},
		"smtp://me:pw@[::1]?starttls=never":            {Host: "::1", Port: 587, Security: "never", User: "me", Password: "pw"},
		"smtp://relay.example.com:25?starttls=never":   {Host: "relay.example.com", Port: 25, Security: "never"},
		"smtp://relay.example.com:25?starttls=offered": {Host: "relay.example.com", Port: 25, Security: "offered"},
	} {
		var got config.SMTP
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %#v, %v", text, got, err)
		}
		if shown := fmt.Sprintf("%v %+v", got, struct{ S config.SMTP }{got}); strings.Contains(shown, "pw") || strings.Contains(shown, "p@ss") {
			t.Errorf("%s is shown as %s", text, shown)
		}
	}
	for text, says := range map[string]string{
		"mail.example.com":                                  "smtp://USER:PASSWORD@HOST:PORT",
		"http://mail.example.com":                           "smtp://USER:PASSWORD@HOST:PORT",
		"smtp://":                                           "smtp://USER:PASSWORD@HOST:PORT",
		"smtp://me:hush#@mail.example.com":                  "smtp://USER:PASSWORD@HOST:PORT",
		"smtp://me:hush%zz@mail.example.com":                "smtp://USER:PASSWORD@HOST:PORT",
		"smtp://me:hush@mail.example.com:0":                 "0 is no port",
		"smtp://me:hush@mail.example.com:70000":             "70000 is no port",
		"smtp://me:hush@mail.example.com/x":                 "nothing behind HOST:PORT",
		"smtp://me:hush@mail.example.com?tls=no":            "only ?starttls=",
		"smtp://me:hush@mail.example.com?starttls=no":       "only ?starttls=",
		"smtps://me:hush@mail.example.com?starttls=offered": "only with smtp://",
		"smtp://me:hush@mail.example.com?starttls=never":    "not sent in the clear",
	} {
		_, err := read(t, "", "--smtp", text, "--mail-from", "a@example.com")
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for args, says := range map[string]string{
		"--smtp=smtp://mail.example.com":                                  "mail-from: is needed with smtp",
		"--smtp=smtp://mail.example.com --mail-from=Ada<ada@example.com>": "mail-from: must be an address",
		"--mail-from=nobody":                                              "mail-from: must be an address",
		"--smtp=smtp://mail.example.com --mail-from=pivot@example.com":    "",
	} {
		if _, err := read(t, "", strings.Fields(args)...); (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
