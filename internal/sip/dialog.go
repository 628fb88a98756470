package sip

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// dialog is what both ends know of each other (RFC 3261 section 12): enough to
// write the next request and to judge the next one that comes.
type dialog struct {
	callID string
	self   sip.FromHeader // we, with our tag
	far    sip.ToHeader   // they, with theirs
	seq    uint32         // of our last request
	farSeq uint32         // of theirs, 0 before the first
	target sip.Uri        // their Contact
	routes []sip.Uri      // the way there, nearest first
	hop    hop            // where they were last heard from

	contact, agent, mark string // what we write into requests
}

// accepting is the dialog that the answer to an INVITE begins.
func accepting(req *sip.Request, tag string) *dialog {
	d := &dialog{
		callID: req.CallID().Value(), self: req.To().AsFrom(), far: req.From().AsTo(), farSeq: req.CSeq().SeqNo,
		target: req.From().Address,
	}
	d.self.Params.Add("tag", tag)
	if c := req.Contact(); c != nil {
		d.target = c.Address
	}
	for _, h := range req.GetHeaders("Record-Route") {
		if r, ok := h.(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, r.Address)
		}
	}
	return d
}

// confirm completes the dialog of an INVITE of ours by an answer to it.
func (d *dialog) confirm(res *sip.Response) {
	d.far.Params = sip.HeaderParams{}
	if tag := toTag(res); tag != "" {
		d.far.Params.Add("tag", tag)
	}
	d.refresh(res)
	d.routes = nil
	for _, h := range res.GetHeaders("Record-Route") {
		if r, ok := h.(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, r.Address)
		}
	}
	slices.Reverse(d.routes)
}

// refresh takes the far Contact from a message that may change it (RFC 3261
// section 12.2).
func (d *dialog) refresh(m sip.Message) {
	hs := m.GetHeaders("Contact")
	if len(hs) != 1 {
		return
	}
	if c, ok := hs[0].(*sip.ContactHeader); ok && !c.Address.Wildcard && goodURI(c.Address) {
		d.target = c.Address
	}
}

// farTag is the tag of the other side.
func (d *dialog) farTag() string { t, _ := d.far.Params.Get("tag"); return t }

// inOrder takes the number of a request that came and reports whether it may
// follow those before (section 12.2.2).
func (d *dialog) inOrder(seq uint32) bool {
	if d.farSeq != 0 && seq <= d.farSeq {
		return false
	}
	d.farSeq = seq
	return true
}

// request is the next request of this dialog; next says where it goes.
func (d *dialog) request(m sip.RequestMethod) (req *sip.Request, next sip.Uri) {
	if m != sip.ACK && m != sip.CANCEL {
		d.seq++
	}
	return d.requestAt(m, d.seq)
}

// requestAt is a request with a number of its own: the ACK of a 2xx has that
// of its INVITE.
func (d *dialog) requestAt(m sip.RequestMethod, seq uint32) (req *sip.Request, next sip.Uri) {
	target, routes := *d.target.Clone(), d.routes
	target.Headers = nil
	next = target
	if len(routes) > 0 {
		next = routes[0]
		if _, loose := next.UriParams.Get("lr"); !loose { // a strict router, section 12.2.1.1
			routes = append(slices.Clone(routes[1:]), target)
			target = *next.Clone()
		}
	}
	req = sip.NewRequest(m, target)
	req.AppendHeader(d.via())
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	d.common(req, seq)
	return req, next
}

func (d *dialog) common(req *sip.Request, seq uint32) {
	hops, id := sip.MaxForwardsHeader(70), sip.CallIDHeader(d.callID)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.HeaderClone(&d.self))
	req.AppendHeader(sip.HeaderClone(&d.far))
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	if req.Method != sip.ACK && req.Method != sip.BYE && req.Method != sip.CANCEL {
		add(req, "Contact", d.contact)
		add(req, "Allow", allowValue)
		add(req, "Supported", supportedValue)
	}
	if d.agent != "" {
		add(req, "User-Agent", d.agent)
	}
}

// via is the top Via of a new request; whoever sends it fills in the address.
func (d *dialog) via() *sip.ViaHeader {
	v := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0"}
	v.Params.Add("branch", newBranch(d.mark))
	v.Params.Add("rport", "")
	return v
}

// ackRefusal acknowledges a refused INVITE: same branch, same way
// (section 17.1.1.3).
func ackRefusal(req *sip.Request, res *sip.Response) *sip.Request {
	ack := sip.NewRequest(sip.ACK, *req.Recipient.Clone())
	hops := sip.MaxForwardsHeader(70)
	ack.AppendHeader(req.Via().Clone())
	sip.CopyHeaders("Route", req, ack)
	ack.AppendHeader(&hops)
	for _, h := range []sip.Header{req.From(), res.To(), req.CallID()} {
		ack.AppendHeader(sip.HeaderClone(h))
	}
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: req.CSeq().SeqNo, MethodName: sip.ACK})
	finish(ack, "", nil)
	return ack
}

// cancelOf is the CANCEL of an INVITE (section 9.1).
func cancelOf(req *sip.Request, agent string) *sip.Request {
	c := sip.NewRequest(sip.CANCEL, *req.Recipient.Clone())
	hops := sip.MaxForwardsHeader(70)
	c.AppendHeader(req.Via().Clone())
	sip.CopyHeaders("Route", req, c)
	c.AppendHeader(&hops)
	for _, h := range []sip.Header{req.From(), req.To(), req.CallID()} {
		c.AppendHeader(sip.HeaderClone(h))
	}
	c.AppendHeader(&sip.CSeqHeader{SeqNo: req.CSeq().SeqNo, MethodName: sip.CANCEL})
	if agent != "" {
		add(c, "User-Agent", agent)
	}
	return c
}

// uriTransport is the transport that a URI asks for, "" if none.
func uriTransport(u sip.Uri) string {
	for _, p := range u.UriParams {
		if strings.EqualFold(p.K, "transport") {
			return strings.ToUpper(p.V)
		}
	}
	return ""
}
