package call

// Cause is why a leg ended, in the words of a call record.
type Cause struct {
	Name string // a Q.850 name as Kazoo and FreeSWITCH spell it: NORMAL_CLEARING
	SIP  int    // the SIP status that says the same; 0 is the table's
	By   string // ByCaller, ByCallee or ByUs
	Text string // why, in words, where there is more to say
}

// Who ended a leg.
const (
	ByCaller = "caller" // the far end of a call that came to us
	ByCallee = "callee" // the far end of a call we made
	ByUs     = "us"
)

// Normal is how a flow that has run to its end hangs up.
var Normal = Cause{Name: "NORMAL_CLEARING", By: ByUs}

// causes are the names with their Q.850 value and SIP status, after
// RFC 3398 section 7.2.4.1 and spec/callflow-modules.md section 3.10.
var causes = []struct {
	name string
	q850 int
	sip  int
}{
	{"NORMAL_CLEARING", 16, 480},
	{"UNALLOCATED_NUMBER", 1, 404},
	{"NO_ROUTE_TRANSIT_NET", 2, 404},
	{"NO_ROUTE_DESTINATION", 3, 404},
	{"USER_BUSY", 17, 486},
	{"NO_USER_RESPONSE", 18, 408},
	{"NO_ANSWER", 19, 480},
	{"SUBSCRIBER_ABSENT", 20, 480},
	{"CALL_REJECTED", 21, 603},
	{"NUMBER_CHANGED", 22, 410},
	{"REDIRECTION_TO_NEW_DESTINATION", 23, 410},
	{"EXCHANGE_ROUTING_ERROR", 25, 483},
	{"DESTINATION_OUT_OF_ORDER", 27, 502},
	{"INVALID_NUMBER_FORMAT", 28, 484},
	{"FACILITY_REJECTED", 29, 510},
	{"NORMAL_UNSPECIFIED", 31, 480},
	{"NORMAL_CIRCUIT_CONGESTION", 34, 503},
	{"NETWORK_OUT_OF_ORDER", 38, 503},
	{"NORMAL_TEMPORARY_FAILURE", 41, 503},
	{"SWITCH_CONGESTION", 42, 503},
	{"REQUESTED_CHAN_UNAVAIL", 44, 503},
	{"OUTGOING_CALL_BARRED", 52, 403},
	{"INCOMING_CALL_BARRED", 54, 403},
	{"BEARERCAPABILITY_NOTAUTH", 57, 403},
	{"BEARERCAPABILITY_NOTAVAIL", 58, 403},
	{"BEARERCAPABILITY_NOTIMPL", 65, 488},
	{"FACILITY_NOT_IMPLEMENTED", 69, 501},
	{"SERVICE_NOT_IMPLEMENTED", 79, 501},
	{"INCOMPATIBLE_DESTINATION", 88, 488},
	{"MANDATORY_IE_MISSING", 96, 400},
	{"RECOVERY_ON_TIMER_EXPIRE", 102, 504},
	{"MEDIA_TIMEOUT", 102, 504},
	{"INTERWORKING", 127, 500},
	{"ORIGINATOR_CANCEL", 16, 487},
	{"PROGRESS_TIMEOUT", 19, 486},
}

// Code is the cause's SIP status: its own, else its name's, else 480.
func (c Cause) Code() int {
	if c.SIP != 0 {
		return c.SIP
	}
	for _, k := range causes {
		if k.name == c.Name {
			return k.sip
		}
	}
	return 480
}

// Q850 is the cause's value for a Reason header (RFC 3326), 31 if its name is
// not a known one.
func (c Cause) Q850() int {
	for _, k := range causes {
		if k.name == c.Name {
			return k.q850
		}
	}
	return 31
}

// FromSIP is the cause that a SIP status stands for, after RFC 3398 section
// 8.2.6.1.
func FromSIP(status int, by string) Cause {
	name, ok := map[int]string{
		400: "NORMAL_TEMPORARY_FAILURE", 401: "CALL_REJECTED", 402: "CALL_REJECTED", 403: "CALL_REJECTED",
		404: "UNALLOCATED_NUMBER", 405: "SERVICE_NOT_IMPLEMENTED", 406: "SERVICE_NOT_IMPLEMENTED",
		407: "CALL_REJECTED", 408: "NO_USER_RESPONSE", 410: "NUMBER_CHANGED", 480: "NO_ANSWER",
		481: "NORMAL_TEMPORARY_FAILURE", 483: "EXCHANGE_ROUTING_ERROR", 484: "INVALID_NUMBER_FORMAT",
		486: "USER_BUSY", 487: "ORIGINATOR_CANCEL", 488: "INCOMPATIBLE_DESTINATION", 500: "NORMAL_TEMPORARY_FAILURE",
		501: "FACILITY_NOT_IMPLEMENTED", 502: "NETWORK_OUT_OF_ORDER", 503: "NORMAL_TEMPORARY_FAILURE",
		504: "RECOVERY_ON_TIMER_EXPIRE", 600: "USER_BUSY", 603: "CALL_REJECTED", 604: "NO_ROUTE_DESTINATION",
		606: "INCOMPATIBLE_DESTINATION",
	}[status]
	if !ok {
		name = "NORMAL_UNSPECIFIED"
	}
	return Cause{Name: name, SIP: status, By: by}
}

// FromQ850 is the cause that a Reason header's Q.850 value stands for, and
// whether it is a known one.
func FromQ850(value int, by string) (Cause, bool) {
	for _, k := range causes {
		if k.q850 == value {
			return Cause{Name: k.name, By: by}, true
		}
	}
	return Cause{}, false
}
