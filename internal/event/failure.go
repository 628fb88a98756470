package event

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The kinds of failure of a webhook: the values of Fetched.Failure.
const (
	FailDNS         = "dns"          // the host has no address
	FailConnect     = "connect"      // nobody took the connection
	FailTLS         = "tls"          // no secure connection could be agreed on
	FailTimeout     = "timeout"      // the time given was over before the answer was whole
	FailGuard       = "guard"        // the address is one that must not be asked
	FailRedirects   = "redirects"    // too many redirects, or one that leads nowhere
	FailStatus      = "status"       // an answer, but not one of success
	FailSize        = "size"         // more bytes than are allowed
	FailProtocol    = "protocol"     // not HTTP, or HTTP that broke off
	FailContentType = "content_type" // an answer in a language that is not understood
	FailParse       = "parse"        // an answer that cannot be read
	FailSchema      = "schema"       // an answer that can be read and is wrong
	FailCancelled   = "cancelled"    // the call was over, or taken elsewhere, first
)

// Why a call is declined: the values of Declined.Reason.
const (
	DeclinedBlacklist   = "blacklist"   // the account does not want this caller
	DeclinedLimit       = "limit"       // it has as many calls as it may have
	DeclinedUnavailable = "unavailable" // what answers cannot be read
)

// Error is the parse error in one line.
func (p *ParseError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
}

// Position is the line and the column, in characters and both from 1, of a byte
// of text.
func Position(text []byte, at int) (line, column int) {
	upto := text[:min(max(at, 0), len(text))]
	return bytes.Count(upto, []byte("\n")) + 1, utf8.RuneCount(upto[bytes.LastIndexByte(upto, '\n')+1:]) + 1
}
