package documents

import (
	"slices"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Conference is a room where several people talk.
type Conference struct {
	Name              string             `json:"name,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	OwnerID           string             `json:"owner_id,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"The user whose it is."`
	Numbers           []string           `json:"conference_numbers" jsonschema:"default=[],uniqueItems=true,pattern=^[0-9]+$" jsonschema_description:"The numbers that callers enter for it; one conference's alone."`
	Member            Member             `json:"member,omitzero" jsonschema:"default={}" jsonschema_description:"How members come in."`
	Moderator         Moderator          `json:"moderator,omitzero" jsonschema:"default={}" jsonschema_description:"How moderators come in."`
	RequireModerator  *bool              `json:"require_moderator,omitempty" jsonschema_description:"Whether it ends without a moderator."`
	WaitForModerator  *bool              `json:"wait_for_moderator,omitempty" jsonschema_description:"Whether it begins with the first moderator."`
	MaxParticipants   int                `json:"max_participants,omitempty" jsonschema_description:"How many may be in it."`
	MaxMedia          string             `json:"max_members_media,omitempty" jsonschema_description:"What those hear who come when it is full."`
	PlayEntryTone     any                `json:"play_entry_tone,omitempty" jsonschema:"oneof_type=boolean;string" jsonschema_description:"Whether a tone is heard when somebody comes, or which."`
	PlayExitTone      any                `json:"play_exit_tone,omitempty" jsonschema:"oneof_type=boolean;string" jsonschema_description:"Whether a tone is heard when somebody goes, or which."`
	PlayName          bool               `json:"play_name" jsonschema:"default=false" jsonschema_description:"Whether names are said of those who come and go."`
	PlayWelcome       *bool              `json:"play_welcome,omitempty" jsonschema_description:"Whether those who come are greeted."`
	Language          string             `json:"language,omitempty" jsonschema_description:"Of prompts."`
	CallerControls    string             `json:"caller_controls,omitempty" jsonschema_description:"The controls that members have."`
	ModeratorControls string             `json:"moderator_controls,omitempty" jsonschema_description:"The controls that moderators have."`
	Controls          map[string]any     `json:"controls,omitempty" jsonschema_description:"What keys do, by the name of the controls."`
	Profile           *ConferenceProfile `json:"profile,omitempty" jsonschema_description:"How it sounds."`
	ProfileName       string             `json:"profile_name,omitempty" jsonschema_description:"The profile that it takes."`
	BridgeUsername    string             `json:"bridge_username,omitempty" jsonschema_description:"What a bridge to it proves who it is with."`
	BridgePassword    string             `json:"bridge_password,omitempty" jsonschema_description:"What a bridge to it proves who it is with."`
	Domain            string             `json:"domain,omitempty" jsonschema_description:"The domain of its address."`
	Focus             string             `json:"focus,omitempty" jsonschema_description:"The server that it is on."`
	Flags             []string           `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
}

// Member is how those come in who are no moderators.
type Member struct {
	JoinDeaf  bool     `json:"join_deaf" jsonschema:"default=false" jsonschema_description:"Whether they hear nothing at first."`
	JoinMuted bool     `json:"join_muted" jsonschema:"default=true" jsonschema_description:"Whether they are not heard at first."`
	Numbers   []string `json:"numbers" jsonschema:"default=[],minItems=0,uniqueItems=true,pattern=^[0-9]+$" jsonschema_description:"The numbers that they enter for it."`
	PINs      []string `json:"pins" jsonschema:"default=[],pattern=^[0-9]+$" jsonschema_description:"The keys that let them in."`
	PlayEntry *bool    `json:"play_entry_prompt,omitempty" jsonschema_description:"Whether they are told that they are in."`
}

// Moderator is how those come in who lead a conference.
type Moderator struct {
	JoinDeaf  bool     `json:"join_deaf" jsonschema:"default=false" jsonschema_description:"Whether they hear nothing at first."`
	JoinMuted bool     `json:"join_muted" jsonschema:"default=false" jsonschema_description:"Whether they are not heard at first."`
	Numbers   []string `json:"numbers" jsonschema:"default=[],uniqueItems=true,pattern=^[0-9]+$" jsonschema_description:"The numbers that they enter for it."`
	PINs      []string `json:"pins" jsonschema:"default=[],pattern=^[0-9]+$" jsonschema_description:"The keys that let them in."`
}

// ConferenceProfile is how a conference sounds.
type ConferenceProfile struct {
	AloneSound        string `json:"alone-sound,omitempty" jsonschema_description:"What somebody alone hears."`
	AnnounceCount     int    `json:"announce-count,omitempty" jsonschema_description:"From how many on their number is said."`
	CallerControls    string `json:"caller-controls,omitempty" jsonschema_description:"The controls that members have."`
	ComfortNoise      int    `json:"comfort-noise,omitempty" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"How loud the noise is that stands for silence."`
	EnergyLevel       int    `json:"energy-level,omitempty" jsonschema:"minimum=0,maximum=1800" jsonschema_description:"From how loud on somebody is heard."`
	EnterSound        string `json:"enter-sound,omitempty" jsonschema_description:"What is heard when somebody comes."`
	ExitSound         string `json:"exit-sound,omitempty" jsonschema_description:"What is heard when somebody goes."`
	Interval          int    `json:"interval,omitempty" jsonschema:"minimum=10,maximum=120" jsonschema_description:"Milliseconds of sound that are mixed at a time."`
	LockedSound       string `json:"locked-sound,omitempty" jsonschema_description:"What those hear who come when it is locked."`
	MaxMembers        int    `json:"max-members,omitempty" jsonschema:"minimum=2" jsonschema_description:"How many may be in it."`
	MaxMembersSound   string `json:"max-members-sound,omitempty" jsonschema_description:"What those hear who come when it is full."`
	ModeratorControls string `json:"moderator-controls,omitempty" jsonschema_description:"The controls that moderators have."`
	HoldMusic         string `json:"moh-sound,omitempty" jsonschema_description:"What is heard until it begins."`
	MutedSound        string `json:"muted-sound,omitempty" jsonschema_description:"What those hear who are not heard any more."`
	Rate              int    `json:"rate,omitempty" jsonschema:"enum=8000,enum=12000,enum=16000,enum=24000,enum=32000,enum=44100,enum=48000" jsonschema_description:"Samples a second."`
	UnmutedSound      string `json:"unmuted-sound,omitempty" jsonschema_description:"What those hear who are heard again."`
}

// ByNumber finds conferences by any of their numbers.
const ByNumber = "numbers"

// conferenceNumbers are where a conference has numbers.
var conferenceNumbers = []string{"conference_numbers", "member.numbers", "moderator.numbers"}

// Conferences are the conferences of an account. That a number is in one only
// is the API's to see, since it may be in any of three places.
var Conferences = define(resource.Def[Conference]{
	Name: "conferences", Type: "conference", Summary: "Conferences: rooms where several people talk.",
	Default: Conference{Member: Member{JoinMuted: true}},
	Example: `{"name": "Stand-up", "conference_numbers": ["3000"], "member": {"pins": ["1234"]}}`,
	List: append(resource.Fields("name", ownerID, "member", "moderator", "ui_flags", "conference_numbers"), flags,
		resource.Column{
			Name: "_read_only", Value: func(resource.Doc) any { return idle() },
			Is: schema.Literal(`{"type": "object", "description": "Who is in it.", "properties": {
				"members": {"type": "integer", "description": "How many members."},
				"moderators": {"type": "integer", "description": "How many moderators."},
				"is_locked": {"type": "boolean", "description": "Whether nobody else gets in."},
				"duration": {"type": "integer", "description": "How long it has gone on, in seconds."}}}`),
		}),
	Index: []string{ownerID},
	Find: func(d resource.Doc) map[string][]string {
		return map[string][]string{ByNumber: ConferenceNumbers(d.Public)}
	},
	Refers: func(d resource.Doc) []resource.Ref {
		return append(refs(userType, d.Public, ownerID), refs(MediaType, d.Public, "max_members_media")...)
	},
	Show: showConference,
})

// ConferenceNumbers are all numbers of a conference, each once.
func ConferenceNumbers(o resource.Object) []string {
	var all []string
	for _, path := range conferenceNumbers {
		all = append(all, resource.Strings(o, path)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// idle is what is told of a conference that nobody is in, as none can be yet.
func idle() resource.Object {
	return resource.Object{"members": 0, "moderators": 0, "duration": 0, "is_locked": false}
}
