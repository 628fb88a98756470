package documents

import (
	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Mailbox keeps messages.
type Mailbox struct {
	Name              string       `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Mailbox           string       `json:"mailbox" jsonschema:"required,minLength=1,maxLength=30" jsonschema_description:"Its number; one mailbox's alone."`
	OwnerID           string       `json:"owner_id,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"The user whose it is."`
	PIN               string       `json:"pin,omitempty" jsonschema:"minLength=4,maxLength=6" jsonschema_description:"The keys that open it."`
	RequirePIN        bool         `json:"require_pin" jsonschema:"default=false" jsonschema_description:"Ask for them even on the owner's phone."`
	CheckIfOwner      bool         `json:"check_if_owner" jsonschema_description:"Whether its owner, who calls it, gets to its messages."`
	IsSetup           bool         `json:"is_setup" jsonschema:"default=false" jsonschema_description:"Whether the owner was led through its set-up."`
	AnnouncementOnly  bool         `json:"announcement_only" jsonschema:"default=false" jsonschema_description:"Play the greeting and take no message."`
	SkipEnvelope      bool         `json:"skip_envelope" jsonschema:"default=false" jsonschema_description:"Do not say of a message when it came."`
	SkipGreeting      bool         `json:"skip_greeting" jsonschema:"default=false" jsonschema_description:"Play no greeting."`
	SkipInstructions  bool         `json:"skip_instructions" jsonschema:"default=false" jsonschema_description:"Do not say what callers can do."`
	OldestFirst       bool         `json:"oldest_message_first" jsonschema:"default=false" jsonschema_description:"Play the oldest message first."`
	NotConfigurable   bool         `json:"not_configurable" jsonschema:"default=false" jsonschema_description:"Whether the owner cannot change it by phone."`
	FastForward       bool         `json:"is_voicemail_ff_rw_enabled" jsonschema:"default=false" jsonschema_description:"Whether keys move in a message."`
	SeekMS            int          `json:"seek_duration_ms" jsonschema:"minimum=0" jsonschema_description:"How far they do, in milliseconds."`
	Media             MailboxMedia `json:"media,omitzero" jsonschema:"default={}" jsonschema_description:"What callers hear."`
	MediaExtension    string       `json:"media_extension" jsonschema:"enum=mp3,enum=mp4,enum=wav" jsonschema_description:"The form of the messages that are sent by mail."`
	Notify            *Notify      `json:"notify,omitempty" jsonschema_description:"How the owner hears of a new message."`
	Emails            []string     `json:"notify_email_addresses" jsonschema:"default=[],format=email" jsonschema_description:"Who else gets new messages by mail."`
	IncludeMessage    bool         `json:"include_message_on_notify" jsonschema_description:"Whether the mail has the message in it."`
	IncludeTranscript bool         `json:"include_transcription_on_notify" jsonschema_description:"Whether the mail has its words in it."`
	DeleteAfterNotify bool         `json:"delete_after_notify" jsonschema:"default=false" jsonschema_description:"Delete a message that was sent by mail."`
	SaveAfterNotify   bool         `json:"save_after_notify" jsonschema:"default=false" jsonschema_description:"Take a message that was sent by mail for heard."`
	Operator          any          `json:"operator_number,omitempty" jsonschema:"oneof_type=integer;string" jsonschema_description:"Whom callers reach by 0."`
	Timezone          string       `json:"timezone,omitempty" jsonschema:"minLength=5,maxLength=32" jsonschema_description:"Europe/Berlin."`
	Transcribe        bool         `json:"transcribe" jsonschema:"default=false" jsonschema_description:"Whether messages are put into words."`
	Flags             []string     `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// MailboxMedia is what callers of a mailbox hear.
type MailboxMedia struct {
	Unavailable string `json:"unavailable,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"The id of the greeting."`
}

// Mailboxes are the mailboxes of an account.
var Mailboxes = define(resource.Def[Mailbox]{
	Name: "vmboxes", Type: "vmbox", Summary: "Mailboxes: where callers leave messages.",
	Default: Mailbox{
		CheckIfOwner: true, IncludeMessage: true, IncludeTranscript: true, MediaExtension: "mp3", SeekMS: 10000,
	},
	Example: `{"name": "Ada's mailbox", "mailbox": "101", "pin": "1815"}`,
	List: append(resource.Fields("name", "mailbox", ownerID), flags,
		resource.Column{Name: "messages", Is: messages, Value: func(resource.Doc) any { return 0 }}, // none can be left yet
		resource.Column{
			Name: "folders", Value: func(resource.Doc) any { return resource.Object{"new": 0, "saved": 0} },
			Is: schema.Literal(`{"type": "object", "additionalProperties": {"type": "integer"},
				"description": "How many messages are in each."}`),
		}),
	Order:     []string{"name"},
	Ascending: true,
	Index:     []string{ownerID},
	Unique:    []resource.Unique{inUse("mailbox", "Invalid mailbox number or already exists")},
	Refers: func(d resource.Doc) []resource.Ref {
		return append(refs(userType, d.Public, ownerID), refs(MediaType, d.Public, "media.unavailable")...)
	},
})
