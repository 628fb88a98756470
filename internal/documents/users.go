package documents

import (
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/resource"
)

// User is a person: who logs in, and whom calls are for.
type User struct {
	FirstName      string                 `json:"first_name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"The first name."`
	LastName       string                 `json:"last_name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"The last name."`
	Username       string                 `json:"username,omitempty" jsonschema:"minLength=1,maxLength=256,pattern=^([+@.\\w_-]+)$" jsonschema_description:"To log in with; in lower case."`
	Password       string                 `json:"password,omitempty" jsonschema_description:"To log in with; never returned."`
	Email          string                 `json:"email,omitempty" jsonschema:"minLength=3,maxLength=254,format=email" jsonschema_description:"The address for mail."`
	Enabled        bool                   `json:"enabled" jsonschema_description:"Whether the user may log in."`
	PrivLevel      string                 `json:"priv_level,omitempty" jsonschema:"enum=user,enum=admin" jsonschema_description:"An admin may do what the account may; a user sees and changes their own."`
	Language       string                 `json:"language,omitempty" jsonschema_description:"Of prompts and speech: en-us."`
	Timezone       string                 `json:"timezone,omitempty" jsonschema_description:"Europe/Berlin."`
	PresenceID     string                 `json:"presence_id,omitempty" jsonschema_description:"What other phones watch."`
	FeatureLevel   string                 `json:"feature_level,omitempty" jsonschema_description:"A word of your own."`
	Verified       bool                   `json:"verified" jsonschema:"default=false" jsonschema_description:"Whether the address for mail was proved."`
	UpdatePassword bool                   `json:"require_password_update" jsonschema:"default=false" jsonschema_description:"Whether clients ask for a new password."`
	ToEmail        bool                   `json:"vm_to_email_enabled" jsonschema_description:"Whether messages go to the address for mail."`
	Flags          []string               `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
	CallForward    *CallForward           `json:"call_forward,omitempty" jsonschema_description:"Where calls go instead."`
	CallRecording  *CallRecording         `json:"call_recording,omitempty" jsonschema_description:"Which calls are recorded."`
	CallerID       *CallerID              `json:"caller_id,omitempty" jsonschema_description:"Who calls are from."`
	CallerIDOption *CallerIDOptions       `json:"caller_id_options,omitempty" jsonschema_description:"How that is shown."`
	Restriction    map[string]Restriction `json:"call_restriction,omitempty" jsonschema:"default={}" jsonschema_description:"What may be called, by class of number."`
	Waiting        *Switch                `json:"call_waiting,omitempty" jsonschema_description:"Whether a busy phone is called."`
	ContactList    ContactList            `json:"contact_list,omitzero" jsonschema:"default={}" jsonschema_description:"How contact lists show the user."`
	DialPlan       DialPlans              `json:"dial_plan,omitempty" jsonschema_description:"How digits become numbers."`
	Directories    map[string]string      `json:"directories,omitempty" jsonschema_description:"The directories that the user is in: the id of a callflow, by the directory's id."`
	DoNotDisturb   *Switch                `json:"do_not_disturb,omitempty" jsonschema_description:"Whether no phone is called."`
	Formatters     Formatters             `json:"formatters,omitempty" jsonschema_description:"How fields of requests are rewritten."`
	Hotdesk        Hotdesk                `json:"hotdesk,omitzero" jsonschema:"default={}" jsonschema_description:"How the user takes over phones."`
	Media          *EndpointMedia         `json:"media,omitempty" jsonschema_description:"What the phones can do."`
	Metaflows      *Metaflows             `json:"metaflows,omitempty" jsonschema_description:"What keys do during a call."`
	MusicOnHold    Music                  `json:"music_on_hold,omitzero" jsonschema:"default={}" jsonschema_description:"What is heard on hold."`
	Profile        *Profile               `json:"profile,omitempty" jsonschema_description:"The user's card."`
	PronouncedName *Music                 `json:"pronounced_name,omitempty" jsonschema_description:"The name as the user says it."`
	Ringtones      Ringtones              `json:"ringtones,omitzero" jsonschema:"default={}" jsonschema_description:"Alert-Info of calls to the phones."`
	Voicemail      *Voicemail             `json:"voicemail,omitempty" jsonschema_description:"What the user wants of messages."`
}

// By what users are found when somebody logs in; the values are hashes.
const (
	ByMD5  = "md5_auth"
	BySHA1 = "sha1_auth"
)

// Users are the users of an account. What lets them in is the API's.
var Users = define(resource.Def[User]{
	Name: "users", Type: userType, Summary: "Users: people who log in, and whom calls are for.",
	Default: User{Enabled: true, PrivLevel: "user", ToEmail: true},
	Example: `{"first_name":"Ada","last_name":"Lovelace","username":"ada",
		"password":"correct horse","priv_level":"admin"}`,
	List: append(
		resource.Fields("username", "email", "first_name", "last_name", "priv_level", "feature_level", "presence_id",
			"timezone", "call_recording", "service"),
		flags, resource.Column{Name: "features", Value: userFeatures, Is: features},
	),
	Order: []string{"last_name", "first_name"},
	Index: []string{"priv_level"},
	Unique: []resource.Unique{
		inUse("username", "Username must be unique"), inUse("hotdesk.id", "Hotdesk ID already in use"),
	},
	Find: func(d resource.Doc) map[string][]string {
		return map[string][]string{
			ByMD5:       resource.Strings(d.Private, "pvt_md5_auth"),
			BySHA1:      resource.Strings(d.Private, "pvt_sha1_auth"),
			ByCallerID:  callerIDs(d),
			ByDirectory: keys(d.Public, "directories"), ByQueue: resource.Strings(d.Public, "queues"),
		}
	},
	Refers: func(d resource.Doc) []resource.Ref {
		refs := append(refs(MediaType, d.Public, "music_on_hold.media_id", "pronounced_name.media_id"),
			refs(queueType, d.Public, "queues")...)
		flows, _ := d.Public["directories"].(resource.Object)
		for directory, flow := range flows {
			refs = append(refs, resource.Ref{Type: directoryType, ID: directory})
			if id, ok := flow.(string); ok {
				refs = append(refs, resource.Ref{Type: CallflowType, ID: id})
			}
		}
		return append(refs, MetaflowRefs(d.Public, "metaflows")...)
	},
})

// What users can be found by.
const (
	ByDirectory = "directories" // the ids of the directories that they are in
	ByQueue     = "queues"      // the ids of the queues that they answer
)

// userFeatures are the words that clients show beside a user.
func userFeatures(d resource.Doc) any {
	features := []any{}
	for _, f := range []struct{ word, path string }{
		{"hotdesk", "hotdesk.enabled"},
		{"call_forward", "call_forward.enabled"},
		{"call_forward_failover", "call_forward.failover"},
		{"vm_to_email", "vm_to_email_enabled"},
		{"do_not_disturb", "do_not_disturb.enabled"},
	} {
		if v, _ := resource.At(d.Public, f.path); v == true {
			features = append(features, f.word)
		}
	}
	for _, f := range []struct{ word, path string }{
		{"caller_id", "caller_id.external.number"}, {"music_on_hold", "music_on_hold.media_id"},
	} {
		if resource.Text(d.Public, f.path) != "" {
			features = append(features, f.word)
		}
	}
	if smart, ok := d.Public["smartpbx"].(resource.Object); ok {
		for name := range smart {
			if v, _ := resource.At(smart, name+".enabled"); v == true && !slices.Contains(features, any(name)) {
				features = append(features, name)
			}
		}
	}
	slices.SortFunc(features, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return features
}
