package sounds

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/resource"
)

func FuzzLink(f *testing.F) {
	w := New(Config{Now: time.Now})
	account := resource.Doc{ID: "a", Public: resource.Object{}, Private: resource.Object{"pvt_signature_secret": "s"}}
	good := linkToken(account, "r", time.Now().Add(time.Hour))
	for _, seed := range []string{good, good + ".mp3", "", "-", "zz-0", "-1-" + good, "+" + good, strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		r := &rest.Request{Account: &account, Method: http.MethodGet, Query: url.Values{"token": {token}}}
		r.SetVar("id", "r")
		if bare, _ := SplitFormat(token); w.linked(r) != (bare == good) {
			t.Errorf("%q", token)
		}
	})
}
