package documents

// Account is who owns callflows, users and calls. What else is held of accounts
// is in internal/identity.
type Account struct {
	Name           string                  `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Realm          string                  `json:"realm,omitempty" jsonschema:"minLength=4,maxLength=253,pattern=^[.\\w-]+$" jsonschema_description:"The domain of its phones; made up where there is none."`
	Enabled        bool                    `json:"enabled" jsonschema_description:"Whether its users may log in and its tokens hold."`
	Language       string                  `json:"language,omitempty" jsonschema_description:"Of prompts and speech: en-us."`
	Timezone       string                  `json:"timezone,omitempty" jsonschema:"minLength=5,maxLength=32" jsonschema_description:"Europe/Berlin."`
	Org            string                  `json:"org,omitempty" jsonschema_description:"The full name of the organisation."`
	Flags          []string                `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
	CallRecording  *AccountRecording       `json:"call_recording,omitempty" jsonschema_description:"Which calls are recorded."`
	CallerID       *CallerID               `json:"caller_id,omitempty" jsonschema_description:"The identities it calls out with."`
	CallerIDOption *AccountCallerIDOptions `json:"caller_id_options,omitempty" jsonschema_description:"How they are shown."`
	Restriction    map[string]Restriction  `json:"call_restriction,omitempty" jsonschema:"default={}" jsonschema_description:"What may be called, by class of number."`
	Waiting        *Switch                 `json:"call_waiting,omitempty" jsonschema_description:"Whether a busy phone is called."`
	DialPlan       DialPlans               `json:"dial_plan,omitempty" jsonschema_description:"How digits become numbers."`
	DoNotDisturb   *Switch                 `json:"do_not_disturb,omitempty" jsonschema_description:"Whether no phone is called."`
	Formatters     Formatters              `json:"formatters,omitempty" jsonschema_description:"How fields of requests are rewritten."`
	Metaflows      *Metaflows              `json:"metaflows,omitempty" jsonschema_description:"What keys do during a call."`
	MusicOnHold    LongMusic               `json:"music_on_hold,omitzero" jsonschema:"default={}" jsonschema_description:"What is heard on hold."`
	Notifications  *AccountNotifications   `json:"notifications,omitempty" jsonschema_description:"What its owner was told."`
	Preflow        Preflow                 `json:"preflow,omitzero" jsonschema:"default={}" jsonschema_description:"What runs before every callflow."`
	Ringtones      Ringtones               `json:"ringtones,omitzero" jsonschema:"default={}" jsonschema_description:"Alert-Info of calls to its phones."`
	TopUp          *TopUp                  `json:"topup,omitempty" jsonschema_description:"When credit is bought."`
	Voicemail      *Voicemail              `json:"voicemail,omitempty" jsonschema_description:"What is wanted of messages."`
	Zones          map[string]any          `json:"zones,omitempty" jsonschema_description:"Where it is served from."`
}

// AccountRecording is which calls of an account are recorded.
type AccountRecording struct {
	_        struct{}       `jsonschema:"noextra"`
	Account  *CallRecording `json:"account,omitempty" jsonschema_description:"Calls of the account."`
	Endpoint *CallRecording `json:"endpoint,omitempty" jsonschema_description:"Calls of its users and devices, unless they say otherwise."`
}

// AccountCallerIDOptions are how an account's identities are shown.
type AccountCallerIDOptions struct {
	CallerIDOptions
	ShowRate *bool `json:"show_rate,omitempty" jsonschema_description:"Whether the price of a call is shown."`
}

// Preflow is what runs before every callflow.
type Preflow struct {
	_      struct{} `jsonschema:"noextra"`
	Always string   `json:"always,omitempty" jsonschema_description:"The id of a callflow."`
}

// TopUp is when credit is bought.
type TopUp struct {
	Threshold *float64 `json:"threshold,omitempty" jsonschema_description:"When less than this is left."`
}

// AccountNotifications are what the owner of an account was told.
type AccountNotifications struct {
	FirstOccurrence *FirstOccurrence `json:"first_occurrence,omitempty" jsonschema_description:"Of what happened first."`
	LowBalance      *LowBalance      `json:"low_balance,omitempty" jsonschema_description:"Of credit that runs out."`
}

// FirstOccurrence is whether firsts were told of.
type FirstOccurrence struct {
	Call         bool `json:"sent_initial_call" jsonschema:"default=false" jsonschema_description:"The first call."`
	Registration bool `json:"sent_initial_registration" jsonschema:"default=false" jsonschema_description:"The first registration of a device."`
}

// LowBalance is when credit that runs out is told of.
type LowBalance struct {
	Enabled   *bool    `json:"enabled,omitempty" jsonschema_description:"Whether it is."`
	Last      int      `json:"last_notification,omitempty" jsonschema_description:"When it was last, in Gregorian seconds."`
	Sent      *bool    `json:"sent_low_balance,omitempty" jsonschema_description:"Whether it was."`
	Threshold *float64 `json:"threshold,omitempty" jsonschema_description:"When less than this is left."`
}
