package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Menu is what the action menu offers a caller.
type Menu struct {
	Name               string    `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Retries            int       `json:"retries" jsonschema:"minimum=1,maximum=10" jsonschema_description:"How often the caller may try."`
	Timeout            int       `json:"timeout,omitempty" jsonschema:"minimum=1,maximum=60000" jsonschema_description:"How long to wait for the first key, in milliseconds; 10000 if not given."`
	InterdigitTimeout  int       `json:"interdigit_timeout,omitempty" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"How long to wait for each further key, in milliseconds; 2000 if not given."`
	MaxExtensionLength int       `json:"max_extension_length" jsonschema:"minimum=1,maximum=6" jsonschema_description:"How many keys are enough."`
	Hunt               bool      `json:"hunt" jsonschema_description:"Whether callers may dial other callflows by their numbers."`
	HuntAllow          string    `json:"hunt_allow,omitempty" jsonschema:"minLength=1,maxLength=256" jsonschema_description:"A regular expression of the numbers they may dial; all if not given."`
	HuntDeny           string    `json:"hunt_deny,omitempty" jsonschema:"minLength=1,maxLength=256" jsonschema_description:"A regular expression of the numbers they may not dial; none if not given."`
	RecordPIN          string    `json:"record_pin,omitempty" jsonschema:"minLength=3,maxLength=6" jsonschema_description:"The keys that let a caller record the greeting."`
	AllowRecordOffnet  bool      `json:"allow_record_from_offnet" jsonschema:"default=false" jsonschema_description:"Whether callers from outside may record it."`
	SuppressMedia      bool      `json:"suppress_media" jsonschema:"default=false" jsonschema_description:"Play none of its media but the greeting."`
	Media              MenuMedia `json:"media,omitzero" jsonschema:"default={}" jsonschema_description:"What callers hear."`
	Flags              []string  `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// MenuMedia is what a caller of a menu hears. Exit, Transfer and Invalid are
// nil or true for the prompt, false for nothing, or a string that names other
// media.
type MenuMedia struct {
	Greeting string `json:"greeting,omitempty" jsonschema:"minLength=3,maxLength=2048" jsonschema_description:"What is offered, as in play."`
	Exit     any    `json:"exit_media,omitempty" jsonschema:"oneof_type=boolean;string,minLength=3,maxLength=2048" jsonschema_description:"Once all tries are used up."`
	Transfer any    `json:"transfer_media,omitempty" jsonschema:"oneof_type=boolean;string,minLength=3,maxLength=2048" jsonschema_description:"Before the call goes on elsewhere."`
	Invalid  any    `json:"invalid_media,omitempty" jsonschema:"oneof_type=boolean;string,minLength=3,maxLength=2048" jsonschema_description:"After keys that lead nowhere."`
}

// Menus are the menus of an account.
var Menus = define(resource.Def[Menu]{
	Name: "menus", Type: "menu", Summary: "Menus: what callers may choose from by keys.",
	Default: Menu{Retries: 3, MaxExtensionLength: 4, Hunt: true},
	Example: `{"name": "Main menu", "retries": 3, "timeout": 10000, "max_extension_length": 4,
		"media": {"exit_media": true, "invalid_media": true, "transfer_media": false}}`,
	List: append(resource.Fields("name"), flags),
	Refers: func(d resource.Doc) []resource.Ref {
		return refs(MediaType, d.Public, "media.greeting", "media.exit_media", "media.transfer_media", "media.invalid_media")
	},
})
