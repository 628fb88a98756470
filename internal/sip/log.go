package sip

import (
	"bytes"
	"regexp"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// maxRaw is how much of a message a fact keeps.
const maxRaw = 8 << 10

// journal puts facts in the log of the call they belong to.
type journal struct{ log event.Log }

func (j journal) add(callID string, what event.Fact) { j.addAt(time.Now(), callID, what) }

func (j journal) addAt(at time.Time, callID string, what event.Fact) {
	j.log.Add(event.Event{At: at, Call: callID, What: what})
}

// message puts one SIP message in the log.
func (j journal) message(at time.Time, callID string, out bool, h hop, b []byte, note string) {
	if j.log == event.Discard {
		return
	}
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	j.addAt(at, callID, event.SIP{
		Out: out, Line: strings.ToValidUTF8(string(line), "\uFFFD"), CSeq: headOf(b, "CSeq", ""), Peer: h.peer.String(),
		Transport: h.conn.transport(), Raw: mask(b), Note: note,
	})
}

// outlet is a hop whose messages are written in a call's log; with no call,
// they are only sent.
type outlet struct {
	hop
	journal journal
	call    string
}

// send writes the message down before it leaves, or its answer might stand
// before it.
func (o outlet) send(b []byte, note string) error {
	if o.call == "" {
		return o.hop.send(b)
	}
	o.journal.message(time.Now(), o.call, true, o.hop, b, note)
	err := o.hop.send(b)
	if err != nil {
		line, _, _ := bytes.Cut(b, []byte("\r\n"))
		o.journal.add(o.call, event.Warned{
			Code: "sip.not_sent", Message: strings.ToValidUTF8(string(line), "\uFFFD") + ": " + err.Error(),
		})
	}
	return err
}

// noteAgain marks repetitions.
const noteAgain = "retransmission"

// headOf is the value of the first header of that name (or its compact form)
// in a message as text, "" if there is none.
func headOf(b []byte, name, compact string) string {
	head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		n, v, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		n = bytes.TrimSpace(n)
		if strings.EqualFold(string(n), name) || compact != "" && strings.EqualFold(string(n), compact) {
			return strings.ToValidUTF8(string(bytes.TrimSpace(v)), "\uFFFD")
		}
	}
	return ""
}

// The secrets that messages carry: proofs of a password, passwords in URIs,
// keys of encrypted media.
var (
	secretHeader = regexp.MustCompile(`(?im)^((?:proxy-)?authorization[ \t]*:[ \t]*\S+)[^\r\n]*(?:\r\n[ \t][^\r\n]*)*`)
	secretUser   = regexp.MustCompile(`(sips?:[^\s:@;<>"]+):[^\s@;<>"]+@`)
	secretKey    = regexp.MustCompile(`(?m)(inline:)[^\r\n]*`)
	// Keys may be those of a PIN. What is pressed is told of each key anyway,
	// where that is wanted; see flow.Session.Hush.
	secretPress = regexp.MustCompile(`(?is)^(INFO .*application/dtmf.*?\r\n\r\n).*`)
)

// mask is a message as text with its secrets blotted out, cut at maxRaw.
func mask(b []byte) string {
	s := string(b)
	if bytes.Contains(b, []byte("uthorization")) || bytes.Contains(b, []byte("UTHORIZATION")) {
		s = secretHeader.ReplaceAllString(s, "$1 ***")
	}
	if hasPassword(b) {
		s = secretUser.ReplaceAllString(s, "$1:***@")
	}
	if bytes.Contains(b, []byte("inline:")) {
		s = secretKey.ReplaceAllString(s, "$1***")
	}
	if bytes.HasPrefix(b, []byte("INFO ")) {
		s = secretPress.ReplaceAllString(s, "$1***")
	}
	if len(s) > maxRaw {
		s = s[:maxRaw]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// hasPassword is a quick look whether a user:password@ may be in b at all.
func hasPassword(b []byte) bool {
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		_, after, ok := bytes.Cut(line, []byte("sip"))
		if ok && bytes.Count(after, []byte(":")) >= 2 && bytes.IndexByte(after, '@') >= 0 {
			return true
		}
	}
	return false
}
