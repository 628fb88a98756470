package documents

// The parts that several kinds of documents share. Of those that lie behind a
// pointer nothing is filled in where a document does not have them.

// Switch is something that is on or off; nil is neither.
type Switch struct {
	Enabled *bool `json:"enabled,omitempty" jsonschema_description:"Whether it is on."`
}

// Identity is a name and number that a call shows.
type Identity struct {
	Name   string `json:"name,omitempty" jsonschema:"maxLength=35" jsonschema_description:"The name that is shown."`
	Number string `json:"number,omitempty" jsonschema:"maxLength=35" jsonschema_description:"The number that is shown."`
}

// Asserted is an Identity that this server vouches for.
type Asserted struct {
	Identity
	Realm string `json:"realm,omitempty" jsonschema_description:"The domain of the identity."`
}

// CallerID is who calls are from.
type CallerID struct {
	Asserted  *Asserted `json:"asserted,omitempty" jsonschema_description:"Of calls whose caller this server vouches for."`
	Emergency *Identity `json:"emergency,omitempty" jsonschema_description:"Of calls to emergency services."`
	External  *Identity `json:"external,omitempty" jsonschema_description:"Of calls to outside."`
	Internal  *Identity `json:"internal,omitempty" jsonschema_description:"Of calls inside the account."`
}

// CallerIDOptions are how a CallerID is shown.
type CallerIDOptions struct {
	Privacy string `json:"outbound_privacy,omitempty" jsonschema:"enum=full,enum=name,enum=number,enum=none" jsonschema_description:"What is kept from those who are called."`
}

// Restriction is whether numbers of a class may be called.
type Restriction struct {
	Action string `json:"action,omitempty" jsonschema:"enum=inherit,enum=deny" jsonschema_description:"deny, or what the account says."`
}

// CallForward is where calls go instead.
type CallForward struct {
	Enabled          bool   `json:"enabled" jsonschema:"default=false" jsonschema_description:"Whether calls are forwarded."`
	Number           string `json:"number,omitempty" jsonschema:"maxLength=35" jsonschema_description:"To whom."`
	DirectCallsOnly  bool   `json:"direct_calls_only" jsonschema:"default=false" jsonschema_description:"Only calls that are for this one alone, and none of a group."`
	Failover         bool   `json:"failover" jsonschema:"default=false" jsonschema_description:"Only when no phone can be reached."`
	IgnoreEarlyMedia bool   `json:"ignore_early_media" jsonschema:"default=true" jsonschema_description:"Take nothing for an answer that comes before it."`
	KeepCallerID     bool   `json:"keep_caller_id" jsonschema:"default=true" jsonschema_description:"Show who calls, not who forwards."`
	RequireKeypress  bool   `json:"require_keypress" jsonschema:"default=true" jsonschema_description:"Whoever answers must press a key, as no mailbox does."`
	Substitute       bool   `json:"substitute" jsonschema:"default=true" jsonschema_description:"In the place of the phones, not beside them."`
}

// CallRecording is which calls are recorded, and how.
type CallRecording struct {
	_        struct{}         `jsonschema:"noextra"`
	Any      *RecordingSource `json:"any,omitempty" jsonschema_description:"Calls of both directions."`
	Inbound  *RecordingSource `json:"inbound,omitempty" jsonschema_description:"Calls that come in."`
	Outbound *RecordingSource `json:"outbound,omitempty" jsonschema_description:"Calls that go out."`
}

// RecordingSource is how calls are recorded, by where the other side is.
type RecordingSource struct {
	_      struct{}             `jsonschema:"noextra"`
	Any    *RecordingParameters `json:"any,omitempty" jsonschema_description:"Wherever the other side is."`
	Offnet *RecordingParameters `json:"offnet,omitempty" jsonschema_description:"Where it is outside."`
	Onnet  *RecordingParameters `json:"onnet,omitempty" jsonschema_description:"Where it is in the account."`
}

// RecordingParameters are how a call is recorded.
type RecordingParameters struct {
	_          struct{} `jsonschema:"noextra"`
	Enabled    *bool    `json:"enabled,omitempty" jsonschema_description:"Whether it is recorded."`
	Format     string   `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"The form of the file."`
	MinSec     int      `json:"record_min_sec,omitempty" jsonschema_description:"Keep none that is shorter, in seconds."`
	OnAnswer   *bool    `json:"record_on_answer,omitempty" jsonschema_description:"Begin once it is answered."`
	OnBridge   *bool    `json:"record_on_bridge,omitempty" jsonschema_description:"Begin once both sides are connected."`
	SampleRate int      `json:"record_sample_rate,omitempty" jsonschema_description:"Samples a second."`
	TimeLimit  int      `json:"time_limit,omitempty" jsonschema:"minimum=5,maximum=10800" jsonschema_description:"For how long at most, in seconds."`
	URL        string   `json:"url,omitempty" jsonschema:"format=uri" jsonschema_description:"Where the file is sent."`
}

// ContactList is how the account's contact list shows somebody.
type ContactList struct {
	Exclude *bool `json:"exclude,omitempty" jsonschema_description:"Whether it does not."`
}

// Hotdesk is how a user takes over phones.
type Hotdesk struct {
	Enabled    bool   `json:"enabled" jsonschema:"default=false" jsonschema_description:"Whether the user may."`
	ID         string `json:"id,omitempty" jsonschema:"maxLength=15" jsonschema_description:"The number to log in with; one user's alone."`
	KeepLogged bool   `json:"keep_logged_in_elsewhere" jsonschema:"default=false" jsonschema_description:"Whether the other phones are kept."`
	PIN        string `json:"pin,omitempty" jsonschema:"minLength=4,maxLength=15" jsonschema_description:"The keys that prove it."`
	RequirePIN bool   `json:"require_pin" jsonschema:"default=false" jsonschema_description:"Whether they are asked for."`
}

// Music is what is heard on hold.
type Music struct {
	MediaID string `json:"media_id,omitempty" jsonschema:"maxLength=128" jsonschema_description:"The id of media."`
}

// LongMusic is Music whose media may be a URL.
type LongMusic struct {
	MediaID string `json:"media_id,omitempty" jsonschema:"maxLength=2048" jsonschema_description:"The id of media, or a URL."`
}

// Ringtones are the Alert-Info of calls to phones.
type Ringtones struct {
	External string `json:"external,omitempty" jsonschema:"maxLength=256" jsonschema_description:"Of calls from outside."`
	Internal string `json:"internal,omitempty" jsonschema:"maxLength=256" jsonschema_description:"Of calls inside the account."`
}

// EndpointMedia is what phones can do with sound and pictures.
type EndpointMedia struct {
	Audio            AudioCodecs `json:"audio,omitzero" jsonschema:"default={}" jsonschema_description:"Of sound."`
	Video            VideoCodecs `json:"video,omitzero" jsonschema:"default={}" jsonschema_description:"Of pictures."`
	Encryption       Encryption  `json:"encryption,omitzero" jsonschema:"default={}" jsonschema_description:"How they are kept from others."`
	BypassMedia      any         `json:"bypass_media,omitempty" jsonschema:"oneof_type=boolean;string,enum=auto,enum=false,enum=true" jsonschema_description:"Whether media goes past this server."`
	Fax              *bool       `json:"fax_option,omitempty" jsonschema_description:"Whether it takes T.38."`
	IgnoreEarlyMedia *bool       `json:"ignore_early_media,omitempty" jsonschema_description:"Play nothing that comes before an answer."`
	ProgressTimeout  int         `json:"progress_timeout,omitempty" jsonschema_description:"How long to wait for a phone to ring, in seconds."`
}

// AudioCodecs are the codecs that a phone is offered.
type AudioCodecs struct {
	Codecs []string `json:"codecs,omitempty" jsonschema:"uniqueItems=true,enum=OPUS,enum=CELT@32000h,enum=G7221@32000h,enum=G7221@16000h,enum=G722,enum=speex@32000h,enum=speex@16000h,enum=PCMU,enum=PCMA,enum=G729,enum=GSM,enum=CELT@48000h,enum=CELT@64000h,enum=G722_16,enum=G722_32,enum=CELT_48,enum=CELT_64,enum=Speex,enum=speex" jsonschema_description:"The codecs, the best first."`
}

// VideoCodecs are the codecs that a phone is offered for pictures.
type VideoCodecs struct {
	Codecs []string `json:"codecs" jsonschema:"default=[],uniqueItems=true,enum=H261,enum=H263,enum=H264,enum=VP8" jsonschema_description:"The codecs, the best first."`
}

// Encryption is how media is kept from others.
type Encryption struct {
	Enforce bool     `json:"enforce_security" jsonschema:"default=false" jsonschema_description:"Refuse calls that cannot be encrypted."`
	Methods []string `json:"methods" jsonschema:"default=[],enum=zrtp,enum=srtp" jsonschema_description:"The ways, the best first."`
}

// Profile is a person's card.
type Profile struct {
	Addresses []Address `json:"addresses,omitempty" jsonschema_description:"Where they are reached by mail."`
	Assistant string    `json:"assistant,omitempty" jsonschema_description:"Who works for them."`
	Birthday  string    `json:"birthday,omitempty" jsonschema_description:"When they were born."`
	Nicknames []string  `json:"nicknames,omitempty" jsonschema_description:"What they are called."`
	Note      string    `json:"note,omitempty" jsonschema_description:"What else is to be known."`
	Role      string    `json:"role,omitempty" jsonschema_description:"What they do."`
	SortName  string    `json:"sort-string,omitempty" jsonschema_description:"What they are sorted by."`
	Title     string    `json:"title,omitempty" jsonschema_description:"Their title."`
}

// Address is one of a Profile.
type Address struct {
	Address string   `json:"address,omitempty" jsonschema_description:"As it is written."`
	Types   []string `json:"types,omitempty" jsonschema:"enum=dom,enum=postal,enum=intl,enum=parcel,enum=home,enum=work,enum=pref" jsonschema_description:"What it is good for."`
}

// NotifyCallback is a call that tells of a new message.
type NotifyCallback struct {
	Attempts int    `json:"attempts,omitempty" jsonschema_description:"How often it is tried."`
	Disabled *bool  `json:"disabled,omitempty" jsonschema_description:"Whether it is not made."`
	Interval int    `json:"interval_s,omitempty" jsonschema_description:"How long between two tries, in seconds."`
	Number   string `json:"number,omitempty" jsonschema_description:"Who is called."`
	Schedule []int  `json:"schedule,omitempty" jsonschema_description:"How long before each try, in seconds."`
	Timeout  int    `json:"timeout_s,omitempty" jsonschema_description:"How long it rings, in seconds."`
}

// Notify is how somebody hears of a new message.
type Notify struct {
	Callback *NotifyCallback `json:"callback,omitempty" jsonschema_description:"By a call."`
}

// Voicemail is what a person wants of their messages.
type Voicemail struct {
	Notify *Notify `json:"notify,omitempty" jsonschema_description:"How they hear of a new one."`
}
