package sounds

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/api/rest"
	"github.com/pivotvoice/pivot/internal/identity"
	"github.com/pivotvoice/pivot/internal/resource"
)

// linkLife is how long a link to a recording holds.
const linkLife = 7 * 24 * time.Hour

// Link is the path and query under which the sound of a recording
// can be fetched without a token: it carries a signature that holds for
// Config.LinkLife, and not after the account's API key was changed. Web
// servers are given such links; they may put .wav or .mp3 after them, as they
// do with Twilio's.
func (s *Sounds) Link(ctx context.Context, account, id string) (string, error) {
	d, err := s.cfg.Account(ctx, account)
	if err != nil {
		return "", err
	}
	return "/v2/accounts/" + account + "/recordings/" + url.PathEscape(id) +
		"?token=" + linkToken(d, id, s.cfg.Now().Add(s.cfg.LinkLife)), nil
}

// linkToken is when a link ends, in seconds and base 36, and a signature.
func linkToken(account resource.Doc, id string, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 36)
	return end + "-" + identity.Sign(account, strings.Join([]string{"recording", account.ID, id, end}, "\n"))
}

// linked says whether a request without a token is one of a link that this
// server has made.
func (s *Sounds) linked(r *rest.Request) bool {
	given, _ := SplitFormat(r.Query.Get("token"))
	end, _, _ := strings.Cut(given, "-")
	seconds, err := strconv.ParseInt(end, 36, 64)
	if err != nil || r.Account == nil || !identity.Enabled(*r.Account) || r.Method != http.MethodGet {
		return false
	}
	until := time.Unix(seconds, 0)
	id, _ := SplitFormat(r.Var("id"))
	return identity.Same(given, linkToken(*r.Account, id, until)) && s.cfg.Now().Before(until)
}

// SplitFormat parts .wav or .mp3 from the end of a name.
func SplitFormat(name string) (bare, mediaType string) {
	for suffix, kind := range map[string]string{".wav": rest.TypeWAV, ".mp3": rest.TypeMP3} {
		if bare, ok := strings.CutSuffix(name, suffix); ok {
			return bare, kind
		}
	}
	return name, ""
}
