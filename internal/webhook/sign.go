package webhook

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what the signature is defined with; as an HMAC it is sound
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// SignatureHeader carries Sign's value.
const SignatureHeader = "X-Twilio-Signature"

// bodyHash is the query parameter that puts a body under the signature.
const bodyHash = "bodySHA256"

// Sign is the value of X-Twilio-Signature for a request to rawURL, the text
// as it is sent, query included and fragment not (spec/twiml.md section 2.3):
// the base64 of the HMAC-SHA1, by key, of the URL and of each parameter of a
// POSTed form, by name as bytes compare, a name's values each once and sorted.
// form is nil for a GET, whose parameters are in the URL, for a WebSocket, and
// for a body that is no form: that has its hash in the URL, by HashBody.
func Sign(key, rawURL string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(rawURL))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			mac.Write([]byte(name))
			mac.Write([]byte(value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// HashBody is rawURL with the parameter bodySHA256, the SHA-256 of body in
// hexadecimal, at the end of its query, and no other of that name: what is
// signed, and sent, when the body is no form.
func HashBody(rawURL string, body []byte) string {
	sum := sha256.Sum256(body)
	before, fragment, found := strings.Cut(rawURL, "#")
	before, query, _ := strings.Cut(before, "?")
	out := before + "?" + withParams(query, url.Values{bodyHash: {hex.EncodeToString(sum[:])}})
	if found {
		out += "#" + fragment
	}
	return out
}

// sentURL is u as it goes over the line: without user and fragment.
func sentURL(u *url.URL) string {
	c := *u
	c.User, c.Fragment, c.RawFragment = nil, "", ""
	return c.String()
}
