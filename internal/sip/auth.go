package sip

import (
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// maxTries is how often a call answers a challenge: once, and once more when
// the nonce had gone stale.
const maxTries = 2

// credentials answers the challenge in a 401 or 407 (RFC 3261 section 22,
// RFC 8760), if we have what it asks for.
func credentials(u *uac, res *sip.Response, m sip.RequestMethod, uri sip.Uri) (sip.Header, bool) {
	if u == nil || u.opt.Username == "" {
		return nil, false
	}
	ask, reply := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, h := range res.GetHeaders(ask) {
		c, err := digest.ParseChallenge(h.Value())
		if err != nil || !digest.CanDigest(c) {
			continue
		}
		if u.tried >= maxTries || u.tried > 0 && !c.Stale {
			return nil, false
		}
		c.Algorithm = strings.ToUpper(c.Algorithm)
		for i := range c.QOP {
			c.QOP[i] = strings.TrimSpace(c.QOP[i])
		}
		cred, err := digest.Digest(c, digest.Options{
			Method: string(m), URI: uri.String(), Count: 1, Username: u.opt.Username, Password: u.opt.Password,
		})
		if err != nil {
			continue
		}
		u.tried++
		return sip.NewHeader(reply, cred.String()), true
	}
	return nil, false
}
