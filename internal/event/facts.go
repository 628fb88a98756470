package event

import (
	"encoding/json"
	"net/http"
	"time"
)

// The facts. Durations are in nanoseconds in Go and in JSON carry the suffix
// _ms as whole or broken milliseconds through Millis.
type (
	// SIP is one message of the call's signalling, either way.
	SIP struct {
		Out       bool   `json:"out"`            // sent by us
		Line      string `json:"line"`           // its first line
		CSeq      string `json:"cseq"`           // "1 INVITE"
		Peer      string `json:"peer"`           // the far address, host:port
		Transport string `json:"transport"`      // "UDP", "TCP"
		Raw       string `json:"raw,omitempty"`  // the whole message, credentials masked, at most 8 KB
		Note      string `json:"note,omitempty"` // "retransmission" and the like
	}
	// Offered is a call that arrived, or that we began.
	Offered struct {
		Account      string `json:"account_id"`
		Direction    string `json:"direction"` // "inbound" or "outbound", as seen from Pivot
		From         string `json:"from"`      // user@realm
		To           string `json:"to"`
		Request      string `json:"request"`
		CallerName   string `json:"caller_id_name,omitempty"`
		CallerNumber string `json:"caller_id_number,omitempty"`
		Source       string `json:"source"` // the address the call came from
		UserAgent    string `json:"user_agent,omitempty"`
	}
	// Routed is the callflow chosen for the call, and why.
	Routed struct {
		FlowID string   `json:"callflow_id"`
		Flow   string   `json:"callflow,omitempty"`
		Number string   `json:"number"`
		Why    []string `json:"why"`
	}
	// Unrouted is a number that nothing answers, and why.
	Unrouted struct {
		Number string   `json:"number"`
		Why    []string `json:"why"`
	}
	// Declined is a call that is refused before it comes to what answers its
	// number, and why.
	Declined struct {
		Number string `json:"number"`
		Reason string `json:"reason"` // one of Declined…
		Why    string `json:"why"`    // in words: which blacklist, which limit
	}
	// Ringing is a provisional answer: 180, or 183 with early media.
	Ringing struct {
		Code int `json:"code"`
	}
	// Answered is a call that was taken.
	Answered struct {
		Codec  string `json:"codec,omitempty"`
		Local  string `json:"local,omitempty"`  // our RTP address
		Remote string `json:"remote,omitempty"` // theirs, as signalled
	}
	// Started is a step begun.
	Started struct {
		Module string          `json:"module"`
		Data   json.RawMessage `json:"data,omitempty"`
	}
	// Finished is a step over, and the branch taken.
	Finished struct {
		Module string `json:"module"`
		Branch string `json:"branch,omitempty"` // the child taken; "" is none
		Ends   bool   `json:"ends,omitempty"`   // the flow is over
		Took   Millis `json:"took_ms"`
		Err    string `json:"error,omitempty"`
	}
	// Fetching is a webhook begun; Fetched follows with the same ID.
	Fetching struct {
		ID     int    `json:"id"` // counts from 1 in each call
		Method string `json:"method"`
		URL    string `json:"url"`
		// Fallback says that it is asked because another one failed.
		Fallback bool `json:"fallback,omitempty"`
	}
	// Fetched is one webhook: what we asked, what came back, how long it took.
	Fetched struct {
		ID        int         `json:"id"`
		Try       int         `json:"try"`
		Debug     bool        `json:"debug,omitempty"` // the flow asked for debug documents
		Method    string      `json:"method"`
		URL       string      `json:"url"`   // as asked, query included
		Final     string      `json:"final"` // after redirects
		SentHead  http.Header `json:"request_headers"`
		SentBody  string      `json:"request_body,omitempty"`
		Status    int         `json:"status,omitempty"`
		Header    http.Header `json:"response_headers,omitempty"`
		Answer    string      `json:"response_body,omitempty"` // at most 64 KB of it
		Bytes     int64       `json:"response_bytes"`
		Hops      []string    `json:"redirects,omitempty"`
		Remote    string      `json:"remote,omitempty"` // the address that answered, host:port
		Reused    bool        `json:"reused,omitempty"` // over a connection that was open already
		DNS       Millis      `json:"dns_ms,omitempty"`
		Connect   Millis      `json:"connect_ms,omitempty"`
		TLS       Millis      `json:"tls_ms,omitempty"`
		FirstByte Millis      `json:"first_byte_ms"`
		Took      Millis      `json:"took_ms"`
		// Cached is an answer of 304: the document is the one that the same
		// URL gave before.
		Cached bool `json:"cached,omitempty"`
		// Notes are oddities that did not matter: tries that failed before
		// this one, parts of the URL's fragment that mean nothing.
		Notes []string `json:"notes,omitempty"`
		// Failure is one of the Fail… constants; "" if all went well.
		Failure string      `json:"failure,omitempty"`
		Err     string      `json:"error,omitempty"`
		Faults  []Fault     `json:"faults,omitempty"`
		Parse   *ParseError `json:"parse,omitempty"`
	}
	// Decoded is the program that a webhook's answer became.
	Decoded struct {
		ID      int             `json:"id"`
		Dialect string          `json:"dialect"` // "kazoo", "twiml"
		Program json.RawMessage `json:"program,omitempty"`
	}
	// Playing is a sound begun.
	Playing struct {
		Sound string `json:"sound"`
	}
	// Played is a sound over.
	Played struct {
		Sound string `json:"sound"`
		Cut   string `json:"cut,omitempty"` // the key that cut it short
		Took  Millis `json:"took_ms"`
		Err   string `json:"error,omitempty"`
	}
	// Spoken is text turned into sound: by which provider, and whether it was
	// made anew.
	Spoken struct {
		Text     string `json:"text"`
		Provider string `json:"provider"`
		Voice    string `json:"voice,omitempty"`
		Language string `json:"language,omitempty"`
		Cached   bool   `json:"cached"`
		Took     Millis `json:"took_ms"`
	}
	// Pressed is a key of the far end.
	Pressed struct {
		Key  string `json:"key"`
		Via  string `json:"via"` // "rfc4733", "info", "inband"
		Held Millis `json:"held_ms,omitempty"`
	}
	// Collected is what a collection of keys ended with.
	Collected struct {
		Name   string `json:"collection"`
		Digits string `json:"digits"`
		By     string `json:"by"` // "max_digits", "terminator", "timeout", "type_ahead"
	}
	// KeysSent is keys sent to the far end.
	KeysSent struct {
		Digits string `json:"digits"`
	}
	// Recorded is a recording over.
	Recorded struct {
		ID     string `json:"recording_id"`
		Format string `json:"format"` // "wav", "mp3"
		Length Millis `json:"length_ms"`
		Bytes  int64  `json:"bytes"`
		By     string `json:"by"` // "key", "time_limit", "silence", "hangup", "stopped"
		Err    string `json:"error,omitempty"`
	}
	// Uploaded is a recording sent to its URL, or a try that failed.
	Uploaded struct {
		ID     string `json:"recording_id"`
		URL    string `json:"url"`
		Status int    `json:"status,omitempty"`
		Try    int    `json:"try"`
		Err    string `json:"error,omitempty"`
	}
	// StatusCallback is a web server that wants to hear how the call goes.
	StatusCallback struct {
		URL    string   `json:"url"` // without its secrets
		Method string   `json:"method"`
		Events []string `json:"events"` // "initiated", "ringing", "answered", "completed"
		// Target is the URL itself, for those who call it.
		Target string `json:"-"`
		// Params is what is known of the call, in the names that the server
		// is used to.
		Params map[string][]string `json:"-"`
	}
	// RecordCallback is a web server that wants the call's record (CDR) once
	// the call is over.
	RecordCallback struct {
		URL    string `json:"url"` // without its secrets
		Target string `json:"-"`   // the URL itself
	}
	// CalledBack is one try to tell a web server something that it does not
	// answer with a program: how the call goes, that a recording is there.
	CalledBack struct {
		URL    string `json:"url"` // without its secrets
		Event  string `json:"event"`
		Status int    `json:"status,omitempty"`
		Try    int    `json:"try"`
		Took   Millis `json:"took_ms"`
		Err    string `json:"error,omitempty"`
		Over   bool   `json:"over,omitempty"` // it is not tried again
		// Account is whose call it is, for those who have forgotten the call:
		// a web server may be told a day after it.
		Account string `json:"-"`
	}
	// Notified is one try to send somebody a mail.
	Notified struct {
		To   string `json:"to"`
		Says string `json:"says"` // what the mail is about: "missed_call"
		Try  int    `json:"try"`
		Took Millis `json:"took_ms"`
		Err  string `json:"error,omitempty"`
		Over bool   `json:"over,omitempty"` // it is not tried again
		// Account is whose call it is, as in CalledBack.
		Account string `json:"-"`
	}
	// Detected is a machine that was heard on the far end.
	Detected struct {
		What  string `json:"what"`     // "fax"
		By    string `json:"by"`       // the sound that tells: "cng", "v21"
		After Millis `json:"after_ms"` // since it was listened for
	}
	// Understood is speech turned into text.
	Understood struct {
		Text       string  `json:"text"`
		Confidence float64 `json:"confidence"` // 0 to 1; 0 if the recogniser does not say
		Language   string  `json:"language,omitempty"`
		Partial    bool    `json:"partial,omitempty"` // the caller is still speaking
		Length     Millis  `json:"length_ms"`         // of the speech
		Took       Millis  `json:"took_ms"`
		Err        string  `json:"error,omitempty"`
	}
	// Referred is the far end asked to call somebody else instead.
	Referred struct {
		Target   string `json:"target"`
		Status   int    `json:"status,omitempty"`   // of the answer to the REFER
		Notified int    `json:"notified,omitempty"` // what became of it, 0 if nothing was told
		Err      string `json:"error,omitempty"`
	}
	// Set is a variable of the call that got a value.
	Set struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	// Decided is which way an action took of several, and why: what rules,
	// lists and numbers said.
	Decided struct {
		Branch string   `json:"branch,omitempty"` // the child that is wanted; "" is the one for everything else
		Why    []string `json:"why"`
	}
	// Changed is a document of the account that the call has changed.
	Changed struct {
		Type string `json:"type"` // "temporal_rule"
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
		What string `json:"what"` // in words: "enabled is false"
	}
	// Held is the far end putting us on hold, or taking us back.
	Held struct {
		On        bool   `json:"on"`
		Direction string `json:"direction"` // the SDP direction attribute it asked for
		Remote    string `json:"remote,omitempty"`
	}
	// Media is what RTP and RTCP tell of a call's sound, once it is over.
	Media struct {
		Codec       string `json:"codec" jsonschema_description:"How it was coded."`
		Sent        uint64 `json:"packets_sent" jsonschema_description:"Packets that were sent."`
		Received    uint64 `json:"packets_received" jsonschema_description:"Packets that came."`
		Lost        uint64 `json:"packets_lost" jsonschema_description:"Packets that never came."`
		Late        uint64 `json:"packets_late,omitempty" jsonschema_description:"Packets that came too late to be heard."`
		Jitter      Millis `json:"jitter_ms" jsonschema_description:"How unevenly they came, in milliseconds."`
		FarLost     uint64 `json:"far_packets_lost,omitempty" jsonschema_description:"What the far end says it has lost."`
		FarJitter   Millis `json:"far_jitter_ms,omitempty" jsonschema_description:"And how unevenly packets came there, in milliseconds."`
		RoundTrip   Millis `json:"round_trip_ms,omitempty" jsonschema_description:"From here to there and back, in milliseconds."`
		FirstSent   Millis `json:"first_sent_ms" jsonschema_description:"From the INVITE to the first packet that was sent, in milliseconds; 0 if none was."`
		Skipped     uint64 `json:"frames_skipped,omitempty" jsonschema_description:"Frames that were not sent because they were late."`
		Remote      string `json:"remote,omitempty" jsonschema_description:"Where packets really came from."`
		Relatched   int    `json:"relatched,omitempty" jsonschema_description:"How often that changed."`
		Unexplained uint64 `json:"packets_dropped,omitempty" jsonschema_description:"Packets from elsewhere, or that are no RTP."`
	}
	// Warned is something odd that did not stop the call.
	Warned struct {
		Code    string `json:"code"` // "say.fallback", "media.unsupported" …
		Message string `json:"message"`
	}
	// Failed is something that went wrong and changed where the flow went.
	Failed struct {
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Faults  []Fault `json:"faults,omitempty"`
	}
	// Ended is the call over.
	Ended struct {
		Cause string `json:"cause"`          // NORMAL_CLEARING, USER_BUSY …
		SIP   int    `json:"sip,omitempty"`  // the SIP status that says the same, 0 if none
		By    string `json:"by"`             // "caller", "callee", "us"
		Text  string `json:"text,omitempty"` // why, in words, where there is more to say
	}
)

// Fault is one thing wrong in a document, and where.
type Fault struct {
	Path    string `json:"path"` // dotted, as in Kazoo: "flow.data.voice_url"
	Rule    string `json:"rule"` // "required", "type" …
	Message string `json:"message"`
	// Line and Column are where it is in a text, from 1; 0 if that is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// ParseError is where a document stopped being readable.
type ParseError struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Offset  int64  `json:"offset"` // bytes
	Before  string `json:"before"`
	After   string `json:"after"`
	Message string `json:"message"`
}

// Millis is a duration that JSON shows in milliseconds.
type Millis time.Duration

// MarshalJSON writes milliseconds with three digits behind the point.
func (m Millis) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(m).Microseconds()) / 1000)
}

// UnmarshalJSON reads milliseconds.
func (m *Millis) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*m = Millis(f * float64(time.Millisecond))
	return nil
}

// Of lists a fact of every type, for readers that must know them all.
func Of() []Fact {
	return []Fact{
		SIP{},
		Offered{},
		Routed{},
		Unrouted{},
		Declined{},
		Ringing{},
		Answered{},
		Started{},
		Finished{},
		Fetching{},
		Fetched{},
		Decoded{},
		Playing{},
		Played{},
		Spoken{},
		Pressed{},
		Collected{},
		KeysSent{},
		Recorded{},
		Uploaded{},
		Understood{},
		Referred{},
		StatusCallback{},
		RecordCallback{},
		CalledBack{},
		Notified{},
		Detected{},
		Set{},
		Decided{},
		Changed{},
		Held{},
		Media{},
		Warned{},
		Failed{},
		Ended{},
	}
}

// Kind implementations name each fact as JSON does.

func (SIP) Kind() string        { return "sip" }
func (Offered) Kind() string    { return "offered" }
func (Routed) Kind() string     { return "routed" }
func (Unrouted) Kind() string   { return "unrouted" }
func (Declined) Kind() string   { return "declined" }
func (Ringing) Kind() string    { return "ringing" }
func (Answered) Kind() string   { return "answered" }
func (Started) Kind() string    { return "started" }
func (Finished) Kind() string   { return "finished" }
func (Fetching) Kind() string   { return "fetching" }
func (Fetched) Kind() string    { return "fetched" }
func (Decoded) Kind() string    { return "decoded" }
func (Playing) Kind() string    { return "playing" }
func (Played) Kind() string     { return "played" }
func (Spoken) Kind() string     { return "spoken" }
func (Pressed) Kind() string    { return "pressed" }
func (Collected) Kind() string  { return "collected" }
func (KeysSent) Kind() string   { return "keys_sent" }
func (Recorded) Kind() string   { return "recorded" }
func (Uploaded) Kind() string   { return "uploaded" }
func (Understood) Kind() string { return "understood" }
func (Referred) Kind() string   { return "referred" }
func (Set) Kind() string        { return "set" }
func (Decided) Kind() string    { return "decided" }
func (Changed) Kind() string    { return "changed" }

func (StatusCallback) Kind() string { return "status_callback" }
func (RecordCallback) Kind() string { return "record_callback" }
func (CalledBack) Kind() string     { return "called_back" }
func (Notified) Kind() string       { return "notified" }
func (Detected) Kind() string       { return "detected" }

func (Held) Kind() string   { return "held" }
func (Media) Kind() string  { return "media" }
func (Warned) Kind() string { return "warned" }
func (Failed) Kind() string { return "failed" }
func (Ended) Kind() string  { return "ended" }

// kinds decodes each fact by its kind.
var kinds = map[string]func(json.RawMessage) (Fact, error){
	"sip": decode[SIP], "offered": decode[Offered],
	"routed": decode[Routed], "unrouted": decode[Unrouted], "declined": decode[Declined],
	"ringing": decode[Ringing], "answered": decode[Answered], "started": decode[Started], "finished": decode[Finished],
	"fetching": decode[Fetching], "fetched": decode[Fetched], "decoded": decode[Decoded], "playing": decode[Playing],
	"played": decode[Played], "spoken": decode[Spoken], "pressed": decode[Pressed], "collected": decode[Collected],
	"keys_sent": decode[KeysSent], "recorded": decode[Recorded], "uploaded": decode[Uploaded], "set": decode[Set],
	"decided": decode[Decided], "changed": decode[Changed],
	"understood": decode[Understood], "referred": decode[Referred],
	"held": decode[Held], "media": decode[Media], "warned": decode[Warned], "failed": decode[Failed],
	"ended": decode[Ended], "status_callback": decode[StatusCallback], "record_callback": decode[RecordCallback],
	"called_back": decode[CalledBack], "notified": decode[Notified], "detected": decode[Detected],
}

func decode[F Fact](b json.RawMessage) (Fact, error) {
	var f F
	err := json.Unmarshal(b, &f)
	return f, err
}
