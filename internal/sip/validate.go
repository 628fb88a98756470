package sip

import (
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// refusal is an answer of no, and why.
type refusal struct {
	code   int
	why    string       // for logs; the peer reads the phrase of the code
	header []sip.Header // to be put in the answer
}

func refuse(code int, why string, header ...sip.Header) *refusal {
	return &refusal{code: code, why: why, header: header}
}

// check holds a request to what RFC 3261 section 8.2 (and 20, and 25) demand
// of any request, before anything else looks at it. token is the method as it
// was written. It returns nil if all is well.
func check(req *sip.Request, token string) *refusal {
	for _, c := range []func(*sip.Request, string) *refusal{
		checkVersion, checkHeaders, checkSequence, checkHops, checkMethod, checkURI, checkExtensions, checkContent,
	} {
		if r := c(req, token); r != nil {
			return r
		}
	}
	return nil
}

func checkVersion(req *sip.Request, _ string) *refusal {
	if !strings.EqualFold(req.SipVersion, "SIP/2.0") {
		return refuse(505, "version "+req.SipVersion)
	}
	return nil
}

// single are the headers that may be there only once.
var single = []string{
	"from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "date", "session-expires",
	"min-se", "rack", "expires", "content-disposition", "event", "subscription-state",
}

// long are the full names of headers that peers may write short.
var long = map[string]string{"x": "session-expires", "k": "supported", "o": "event", "e": "content-encoding"}

func checkHeaders(req *sip.Request, _ string) *refusal {
	seen := map[string]int{}
	for _, h := range req.Headers() {
		name := strings.ToLower(h.Name())
		if full, short := long[name]; short {
			name = full
		}
		seen[name]++
	}
	for _, name := range single {
		if seen[name] > 1 {
			return refuse(400, name+" more than once")
		}
	}
	switch {
	case req.Via() == nil:
		return refuse(400, "no Via")
	case req.From() == nil || !goodURI(req.From().Address):
		return refuse(400, "no good From")
	case req.To() == nil || !goodURI(req.To().Address):
		return refuse(400, "no good To")
	case req.CallID() == nil || req.CallID().Value() == "":
		return refuse(400, "no Call-ID")
	case req.CSeq() == nil:
		return refuse(400, "no CSeq")
	}
	return checkVia(req)
}

func checkVia(req *sip.Request) *refusal {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	switch {
	case !strings.EqualFold(via.ProtocolName, "SIP") || via.ProtocolVersion != "2.0" || via.Transport == "":
		return refuse(400, "Via of another protocol")
	case via.Host == "" || strings.ContainsAny(via.Host, " \t,<>\"") || via.Port < 0 || via.Port > 65535:
		return refuse(400, "Via without a good sent-by")
	case branch == cookie:
		return refuse(400, "empty branch")
	}
	return nil
}

// goodURI says that an address could be read: a scheme, and a host if it is
// one of SIP's.
func goodURI(u sip.Uri) bool {
	if u.Scheme == "" || strings.ContainsAny(u.Scheme, " \t<>\"") {
		return false
	}
	return u.Scheme != "sip" && u.Scheme != "sips" || u.Host != "" && !strings.ContainsAny(u.Host, " \t<>\",")
}

func checkSequence(req *sip.Request, token string) *refusal {
	cseq := req.CSeq()
	if strings.TrimSpace(string(cseq.MethodName)) != token {
		return refuse(400, "CSeq of another method")
	}
	cseq.MethodName = sip.RequestMethod(token)
	return nil
}

// checkHops refuses what has come too far. We are an endpoint, so that
// OPTIONS, a probe of the way, and what belongs to a call may arrive with
// their last hop; a new call would only be carried on by us.
func checkHops(req *sip.Request, _ string) *refusal {
	v, ok := first(req, "Max-Forwards")
	if !ok {
		return nil // RFC 2543 knew none
	}
	n, err := strconv.ParseUint(v, 10, 32)
	switch {
	case err != nil || n > 255:
		return refuse(400, "Max-Forwards out of range")
	case n == 0 && req.Method == sip.INVITE && toTag(req) == "":
		return refuse(483, "no hops left")
	}
	return nil
}

// ours are the methods we carry out, others those we know of.
var (
	ours   = []string{"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "INFO", "NOTIFY", "SUBSCRIBE"}
	others = []string{"REGISTER", "REFER", "MESSAGE", "PUBLISH"}
)

func checkMethod(_ *sip.Request, token string) *refusal {
	switch {
	case slices.Contains(ours, token):
		return nil
	case slices.Contains(others, token):
		return refuse(405, token+" is not served", sip.NewHeader("Allow", allowValue))
	}
	return refuse(501, "unknown method", sip.NewHeader("Allow", allowValue))
}

func checkURI(req *sip.Request, _ string) *refusal {
	u := req.Recipient
	switch {
	case u.Scheme != "sip" && u.Scheme != "tel":
		return refuse(416, "scheme "+u.Scheme)
	case u.Scheme == "sip" && !goodURI(u):
		return refuse(400, "no host in the Request-URI")
	case len(u.Headers) > 0:
		return refuse(400, "headers in the Request-URI")
	}
	return nil
}

// known are the extensions that a caller may require of us.
var known = []string{"100rel", "timer"}

func checkExtensions(req *sip.Request, _ string) *refusal {
	if req.Method == sip.ACK || req.Method == sip.CANCEL {
		return nil
	}
	var not []string
	for _, tag := range values(req, "Require") {
		if !slices.Contains(known, strings.ToLower(tag)) {
			not = append(not, tag)
		}
	}
	if len(not) > 0 {
		list := strings.Join(not, ", ")
		return refuse(420, "requires "+list, sip.NewHeader("Unsupported", list))
	}
	return nil
}

func checkContent(req *sip.Request, _ string) *refusal {
	if d, ok := first(req, "Date"); ok {
		zone := d[strings.LastIndexAny(d, " \t")+1:]
		if zone != "GMT" && zone != "UTC" && isWord(zone) {
			return refuse(400, "Date not in GMT")
		}
	}
	switch req.Method {
	case sip.INVITE:
		if r := checkInvite(req); r != nil {
			return r
		}
	case sip.SUBSCRIBE:
		return checkContact(req)
	case sip.UPDATE, sip.PRACK:
	default:
		return nil
	}
	return checkBody(req)
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') })
}

// checkContact asks for the one address that requests within the dialog go to.
func checkContact(req *sip.Request) *refusal {
	branch, _ := req.Via().Params.Get("branch")
	contacts := req.GetHeaders("Contact")
	switch {
	case len(contacts) > 1:
		return refuse(400, "several Contacts")
	case len(contacts) == 0 && strings.HasPrefix(branch, cookie):
		return refuse(400, "no Contact") // RFC 2543 could do without
	case len(contacts) == 1 && (req.Contact() == nil || req.Contact().Address.Wildcard || !goodURI(req.Contact().Address)):
		return refuse(400, "no good Contact")
	}
	return nil
}

func checkInvite(req *sip.Request) *refusal {
	if r := checkContact(req); r != nil {
		return r
	}
	if len(req.GetHeaders("Accept")) > 0 && !accepts(values(req, "Accept"), typeSDP) {
		return refuse(406, "takes no session descriptions", sip.NewHeader("Accept", acceptValue))
	}
	return nil
}

// accepts says that one of the types is kind, one of application/….
func accepts(types []string, kind string) bool {
	for _, t := range types {
		t, _, _ = strings.Cut(t, ";")
		switch strings.ToLower(strings.TrimSpace(t)) {
		case kind, "application/*", "*/*":
			return true
		}
	}
	return false
}

func checkBody(req *sip.Request) *refusal {
	switch _, err := sdpBody(req); err {
	case nil:
		return nil
	case errBodyType: //nolint:errorlint // sdpBody returns it bare
		return refuse(415, "content type", sip.NewHeader("Accept", "application/sdp, multipart/mixed"),
			sip.NewHeader("Accept-Encoding", "identity"))
	default:
		return refuse(400, "content without a good type")
	}
}
