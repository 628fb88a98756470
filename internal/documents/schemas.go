package documents

import (
	"github.com/pivotvoice/pivot/internal/schema"
)

// Schemas are those that parts of documents have, and those of documents that
// other parts of Kazoo read and write, by name (spec/crossbar-api.md, appendix
// A).
func Schemas() map[string]*schema.Schema {
	all := map[string]*schema.Schema{
		"call_recording":            schema.Of(CallRecording{}),
		"call_recording.parameters": schema.Of(RecordingParameters{}),
		"call_recording.source":     schema.Of(RecordingSource{}),
		"call_waiting":              schema.Of(Switch{}),
		"caller_id":                 schema.Of(CallerID{}),
		"conferences.profile":       schema.Of(ConferenceProfile{}),
		"custom_sip_headers":        schema.Of(Headers{}),
		"devices.combo_key":         schema.Of(ComboKey{}),
		"dialplans":                 schema.Of(DialPlans{}),
		"endpoint.media":            schema.Of(EndpointMedia{}),
		"formatters":                schema.Of(Formatters{}),
		"formatters.format_options": schema.Of(FormatOptions{}),
		"list_entries":              ListEntries.Schema,
		"metaflow":                  stepSchema,
		"metaflows":                 MetaflowsSchema,
		"notify.callback":           schema.Of(NotifyCallback{}),
		"profile":                   schema.Of(Profile{}),

		"cdrs":                     schema.Of(callRecord{}),
		"clicktocall":              schema.Of(clickToCall{AuthRequired: true}),
		"conferences.dial":         schema.Of(conferenceDial{}),
		"limits":                   schema.Of(limits{AllowPrepay: true}),
		"mailbox_message":          schema.Of(mailboxMessage{}),
		"queue_update":             schema.Of(queueUpdate{}),
		"token_restrictions":       schema.Of(tokenRestrictions{}),
		"user_auth_recovery":       schema.Of(authRecovery{}),
		"user_auth_recovery_reset": schema.Of(authReset{}),
		"vm_message_metadata":      schema.Of(messageMetadata{}),
		"webhook_attempts":         schema.Of(webhookAttempt{}),
	}
	for name, s := range MetaflowModules {
		all["metaflows."+name] = s
	}
	return all
}

type (
	messageMetadata struct {
		CallID       string `json:"call_id,omitempty" jsonschema_description:"The call that left it."`
		CallerName   string `json:"caller_id_name,omitempty" jsonschema:"maxLength=35" jsonschema_description:"Who left it."`
		CallerNumber string `json:"caller_id_number,omitempty" jsonschema:"maxLength=35" jsonschema_description:"Whose number left it."`
		Folder       string `json:"folder,omitempty" jsonschema:"enum=deleted,enum=saved,enum=new" jsonschema_description:"Whether it was heard."`
		From         string `json:"from,omitempty" jsonschema_description:"The caller's address."`
		Length       int    `json:"length,omitempty" jsonschema_description:"How long it is, in milliseconds."`
		Timestamp    int    `json:"timestamp,omitempty" jsonschema_description:"When it was left, in Gregorian seconds."`
		To           string `json:"to,omitempty" jsonschema_description:"The address that was called."`
	}
	mailboxMessage struct {
		messageMetadata

		MediaID       string         `json:"media_id" jsonschema:"required,minLength=39,maxLength=39" jsonschema_description:"The id of its sound."`
		Transcription *transcription `json:"transcription,omitempty" jsonschema_description:"Its words."`
	}
	transcription struct {
		Result string `json:"result,omitempty" jsonschema:"enum=success,enum=error" jsonschema_description:"Whether they were understood."`
		Text   string `json:"text,omitempty" jsonschema_description:"The words."`
	}
	queueUpdate struct {
		Action  string `json:"action" jsonschema:"required,enum=login,enum=logout" jsonschema_description:"Whether an agent comes or goes."`
		QueueID string `json:"queue_id" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"To or from which queue."`
	}
	webhookAttempt struct {
		ClientError  string `json:"client_error,omitempty" jsonschema_description:"Why nobody answered."`
		HookID       string `json:"hook_id" jsonschema:"required" jsonschema_description:"The webhook."`
		Reason       string `json:"reason,omitempty" jsonschema_description:"Why it failed."`
		ResponseBody string `json:"response_body,omitempty" jsonschema_description:"What was answered."`
		ResponseCode string `json:"response_code,omitempty" jsonschema_description:"The HTTP status of the answer."`
		Result       string `json:"result" jsonschema:"required,enum=success,enum=failure" jsonschema_description:"How it went."`
		RetriesLeft  int    `json:"retries_left,omitempty" jsonschema_description:"How often it is tried again."`
	}
	conferenceDial struct {
		CallerName   string   `json:"caller_id_name,omitempty" jsonschema_description:"The name that is shown."`
		CallerNumber string   `json:"caller_id_number,omitempty" jsonschema_description:"The number that is shown."`
		Endpoints    []any    `json:"endpoints" jsonschema:"required,minItems=1" jsonschema_description:"Who is called."`
		Flags        []string `json:"participant_flags,omitempty" jsonschema:"enum=mute,enum=deaf,enum=distribute_dtmf,enum=is_moderator,enum=disable_moh,enum=ghost,enum=join_existing,enum=video_mute" jsonschema_description:"How they come in."`
		Profile      string   `json:"profile_name,omitempty" jsonschema_description:"The profile of the conference."`
		Target       string   `json:"target_call_id,omitempty" jsonschema_description:"The call that is in it already."`
		Timeout      int      `json:"timeout,omitempty" jsonschema:"minimum=1" jsonschema_description:"For how long it rings, in seconds."`
	}
	limits struct {
		AllowPrepay bool     `json:"allow_prepay" jsonschema_description:"Whether calls are paid from credit."`
		Types       []string `json:"authz_resource_types" jsonschema:"default=[]" jsonschema_description:"The types of resources that are counted."`
		Burst       int      `json:"burst_trunks,omitempty" jsonschema:"minimum=0" jsonschema_description:"Lines beyond the others."`
		Calls       int      `json:"calls,omitempty" jsonschema:"minimum=0" jsonschema_description:"Calls at once."`
		Inbound     int      `json:"inbound_trunks,omitempty" jsonschema:"minimum=0" jsonschema_description:"Lines that take calls."`
		Outbound    int      `json:"outbound_trunks,omitempty" jsonschema:"minimum=0" jsonschema_description:"Lines that make calls."`
		Consuming   int      `json:"resource_consuming_calls,omitempty" jsonschema:"minimum=0" jsonschema_description:"Calls at once that go by a resource."`
		Twoway      int      `json:"twoway_trunks,omitempty" jsonschema:"minimum=0" jsonschema_description:"Lines that do both."`
	}
	authRecovery struct {
		Account  string `json:"account_name,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"The name of the account."`
		Realm    string `json:"account_realm,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"Or its realm."`
		Phone    string `json:"phone_number,omitempty" jsonschema:"minLength=1,maxLength=64" jsonschema_description:"Or a number of it."`
		UI       string `json:"ui_url" jsonschema:"required,minLength=14,maxLength=2000" jsonschema_description:"Where the link in the mail leads."`
		Username string `json:"username" jsonschema:"required,minLength=1,maxLength=254" jsonschema_description:"Whose password was forgotten."`
	}
	authReset struct {
		ID string `json:"reset_id" jsonschema:"required,pattern=^[a-fA-F0-9]{40\\,250}$" jsonschema_description:"What the mail had."`
	}
	clickToCall struct {
		Name         string            `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
		Extension    string            `json:"extension" jsonschema:"required" jsonschema_description:"Who is called."`
		AuthRequired bool              `json:"auth_required" jsonschema_description:"Whether a token is needed."`
		BypassMedia  any               `json:"bypass_media,omitempty" jsonschema:"oneof_type=boolean;string,enum=auto,enum=false,enum=true" jsonschema_description:"Whether media goes past the server."`
		CallerNumber string            `json:"caller_id_number,omitempty" jsonschema_description:"The number that is shown."`
		Variables    variables         `json:"custom_application_vars,omitempty" jsonschema:"default={}" jsonschema_description:"Variables of the call."`
		Headers      BothHeaders       `json:"custom_sip_headers,omitempty" jsonschema_description:"Headers of requests."`
		DialFirst    string            `json:"dial_first,omitempty" jsonschema:"enum=extension,enum=contact" jsonschema_description:"Which side is called first."`
		Media        *clickToCallMedia `json:"media,omitempty" jsonschema_description:"Of sound."`
		Music        *LongMusic        `json:"music_on_hold,omitempty" jsonschema_description:"What is heard on hold."`
		CalleeName   string            `json:"outbound_callee_id_name,omitempty" jsonschema_description:"The name of who is called."`
		CalleeNumber string            `json:"outbound_callee_id_number,omitempty" jsonschema_description:"The number of who is called."`
		PresenceID   string            `json:"presence_id,omitempty" jsonschema_description:"What other phones watch."`
		Ringback     string            `json:"ringback,omitempty" jsonschema_description:"What is heard while it rings."`
		Throttle     int               `json:"throttle,omitempty" jsonschema_description:"How long until the next call, in seconds."`
		Timeout      int               `json:"timeout,omitempty" jsonschema_description:"For how long it rings, in seconds."`
		Whitelist    []string          `json:"whitelist,omitempty" jsonschema:"minLength=1" jsonschema_description:"Regular expressions of those who may be called."`
	}
	clickToCallMedia struct {
		IgnoreEarlyMedia *bool `json:"ignore_early_media,omitempty" jsonschema_description:"Play nothing that comes before an answer."`
	}
)

// variables are of a call, by name.
type variables map[string]string

// JSONSchema is schema.Of's.
func (variables) JSONSchema() *schema.Tree {
	return schema.Literal(`{"type": "object", "patternProperties": {"[a-zA-Z0-9\\-_]+": {"type": "string"}}}`)
}

// tokenRestrictions are what tokens may do, by the way they were come by, the
// user's priv_level and the endpoint.
type tokenRestrictions map[string]any

// JSONSchema is schema.Of's.
func (tokenRestrictions) JSONSchema() *schema.Tree {
	level := func(inner string) string {
		return `{"type": "object", "patternProperties": {"^\\w+$": ` + inner + `}}`
	}
	rules := `{"type": "array", "items": {"type": "object", "properties": {
		"allowed_accounts": {"type": "array", "uniqueItems": true, "items": {"type": "string"},
			"description": "In which accounts."},
		"rules": {"type": "object", "description": "The methods that are allowed, by path.",
			"patternProperties": {"^[\\w/#*]+$": {"type": "array", "uniqueItems": true,
				"items": {"type": "string", "enum": ["GET", "PUT", "POST", "PATCH", "DELETE", "_"]}}}}}}}`
	return schema.Literal(`{"type": "object", "properties": {"restrictions": ` + level(level(level(rules))) + `}}`)
}

// callRecord is a record of a call.
type callRecord struct {
	_                 struct{}          `jsonschema:"noextra"`
	AppName           string            `json:"app_name,omitempty"`
	AppVersion        string            `json:"app_version,omitempty"`
	BillingSeconds    int               `json:"billing_seconds,omitempty"`
	CallDirection     string            `json:"call_direction,omitempty" jsonschema:"enum=inbound,enum=outbound"`
	CallID            string            `json:"call_id" jsonschema:"required"`
	CalleeName        string            `json:"callee_id_name,omitempty"`
	CalleeNumber      string            `json:"callee_id_number,omitempty"`
	CallerName        string            `json:"caller_id_name,omitempty"`
	CallerNumber      string            `json:"caller_id_number,omitempty"`
	ChannelCreated    int               `json:"channel_created_time,omitempty"`
	ApplicationVars   map[string]any    `json:"custom_application_vars,omitempty"`
	ChannelVars       map[string]string `json:"custom_channel_vars,omitempty"`
	Headers           BothHeaders       `json:"custom_sip_headers,omitempty"`
	Digits            string            `json:"digits_dialed,omitempty"`
	Disposition       string            `json:"disposition,omitempty"`
	Duration          int               `json:"duration_seconds,omitempty"`
	FaxBadRows        string            `json:"fax_bad_rows,omitempty"`
	FaxECM            string            `json:"fax_ecm_used,omitempty"`
	FaxResultCode     string            `json:"fax_result_code,omitempty"`
	FaxResultText     string            `json:"fax_result_text,omitempty"`
	FaxSuccess        string            `json:"fax_success,omitempty"`
	FaxTotalPages     string            `json:"fax_total_pages,omitempty"`
	FaxRate           string            `json:"fax_transfer_rate,omitempty"`
	FaxPages          string            `json:"fax_transferred_pages,omitempty"`
	From              string            `json:"from,omitempty"`
	FromTag           string            `json:"from_tag,omitempty"`
	FromURI           string            `json:"from_uri,omitempty"`
	HangupCause       string            `json:"hangup_cause,omitempty"`
	HangupCode        string            `json:"hangup_code,omitempty"`
	InteractionID     string            `json:"interaction_id,omitempty"`
	LocalSDP          string            `json:"local_sdp,omitempty"`
	MediaServer       string            `json:"media_server,omitempty"`
	Node              string            `json:"node,omitempty"`
	OtherCallID       string            `json:"other_leg_call_id,omitempty"`
	OtherCallerName   string            `json:"other_leg_caller_id_name,omitempty"`
	OtherCallerNumber string            `json:"other_leg_caller_id_number,omitempty"`
	OtherDestination  string            `json:"other_leg_destination_number,omitempty"`
	OtherDirection    string            `json:"other_leg_direction,omitempty"`
	PresenceID        string            `json:"presence_id,omitempty"`
	RemoteSDP         string            `json:"remote_sdp,omitempty"`
	Request           string            `json:"request,omitempty"`
	Ringing           int               `json:"ringing_seconds,omitempty"`
	Timestamp         int               `json:"timestamp,omitempty"`
	To                string            `json:"to,omitempty"`
	ToTag             string            `json:"to_tag,omitempty"`
	ToURI             string            `json:"to_uri,omitempty"`
	UserAgent         string            `json:"user_agent,omitempty"`
}
