package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Device is a phone.
type Device struct {
	Name            string                 `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Enabled         bool                   `json:"enabled" jsonschema_description:"Whether it may call and be called."`
	DeviceType      string                 `json:"device_type,omitempty" jsonschema_description:"What it is: sip_device, softphone, cellphone …; it does not change."`
	OwnerID         string                 `json:"owner_id,omitempty" jsonschema:"minLength=32,maxLength=32" jsonschema_description:"The user whose it is."`
	MAC             string                 `json:"mac_address,omitempty" jsonschema_description:"Its hardware address; kept as aa:bb:cc:dd:ee:ff."`
	SIP             SIP                    `json:"sip,omitzero" jsonschema:"default={}" jsonschema_description:"How it registers and is reached."`
	Language        string                 `json:"language,omitempty" jsonschema_description:"Of prompts and speech: en-us."`
	Timezone        string                 `json:"timezone,omitempty" jsonschema_description:"Europe/Berlin."`
	PresenceID      string                 `json:"presence_id,omitempty" jsonschema_description:"What other phones watch."`
	Flags           []string               `json:"flags,omitempty" jsonschema_description:"Free words to filter by."`
	NoQueues        bool                   `json:"exclude_from_queues" jsonschema:"default=false" jsonschema_description:"Whether queues do not ring it."`
	UnsolicitedMWI  bool                   `json:"mwi_unsolicited_updates" jsonschema_description:"Whether it is told of messages without asking."`
	OverwriteNotify bool                   `json:"register_overwrite_notify" jsonschema:"default=false" jsonschema_description:"Whether it is told that another one took its registration."`
	NoUnregister    bool                   `json:"suppress_unregister_notifications" jsonschema:"default=false" jsonschema_description:"Whether nobody is told when its registration ends."`
	OutboundFlags   any                    `json:"outbound_flags,omitempty" jsonschema:"oneof_type=array;object" jsonschema_description:"What carriers of its calls must have."`
	CallForward     *CallForward           `json:"call_forward,omitempty" jsonschema_description:"Where calls go instead."`
	CallRecording   *CallRecording         `json:"call_recording,omitempty" jsonschema_description:"Which calls are recorded."`
	CallerID        *CallerID              `json:"caller_id,omitempty" jsonschema_description:"Who calls are from."`
	CallerIDOption  *CallerIDOptions       `json:"caller_id_options,omitempty" jsonschema_description:"How that is shown."`
	Restriction     map[string]Restriction `json:"call_restriction,omitempty" jsonschema:"default={}" jsonschema_description:"What may be called, by class of number."`
	Waiting         *Switch                `json:"call_waiting,omitempty" jsonschema_description:"Whether it is called while it is busy."`
	ContactList     ContactList            `json:"contact_list,omitzero" jsonschema:"default={}" jsonschema_description:"How contact lists show it."`
	DialPlan        DialPlans              `json:"dial_plan,omitempty" jsonschema_description:"How digits become numbers."`
	DoNotDisturb    *Switch                `json:"do_not_disturb,omitempty" jsonschema_description:"Whether it is not called."`
	Formatters      Formatters             `json:"formatters,omitempty" jsonschema_description:"How fields of requests are rewritten."`
	Hotdesk         *DeviceHotdesk         `json:"hotdesk,omitempty" jsonschema_description:"Who has taken it over."`
	Media           *EndpointMedia         `json:"media,omitempty" jsonschema_description:"What it can do."`
	Metaflows       *Metaflows             `json:"metaflows,omitempty" jsonschema_description:"What keys do during a call."`
	MusicOnHold     LongMusic              `json:"music_on_hold,omitzero" jsonschema:"default={}" jsonschema_description:"What is heard on hold."`
	Provision       *Provision             `json:"provision,omitempty" jsonschema_description:"How it is set up."`
	Ringtones       Ringtones              `json:"ringtones,omitzero" jsonschema:"default={}" jsonschema_description:"Alert-Info of calls to it."`
}

// SIP is how a device registers and is reached.
type SIP struct {
	Username        string      `json:"username,omitempty" jsonschema:"minLength=2,maxLength=32" jsonschema_description:"What it registers with; one device's alone."`
	Password        string      `json:"password,omitempty" jsonschema:"minLength=5,maxLength=32" jsonschema_description:"What it registers with."`
	Method          string      `json:"method" jsonschema:"enum=password,enum=ip,default=password" jsonschema_description:"How it proves who it is."`
	IP              string      `json:"ip,omitempty" jsonschema_description:"Its address, where that proves who it is; one device's alone."`
	Realm           string      `json:"realm,omitempty" jsonschema:"minLength=4,maxLength=253,pattern=^[.\\w_-]+$" jsonschema_description:"Its domain, where that is not the account's."`
	ExpireSeconds   int         `json:"expire_seconds" jsonschema:"default=300" jsonschema_description:"How long it registers for, in seconds."`
	InviteFormat    string      `json:"invite_format" jsonschema:"default=contact,enum=username,enum=npan,enum=1npan,enum=e164,enum=route,enum=strip_plus,enum=contact" jsonschema_description:"How requests to it are addressed."`
	CustomHeaders   BothHeaders `json:"custom_sip_headers,omitempty" jsonschema_description:"Headers of requests to it, or of each direction under in and out."`
	CustomInterface string      `json:"custom_sip_interface,omitempty" jsonschema_description:"The interface that it is reached by."`
	Forward         string      `json:"forward,omitempty" jsonschema_description:"Where requests go instead."`
	IgnoreElsewhere *bool       `json:"ignore_completed_elsewhere,omitempty" jsonschema_description:"Whether it is told of calls that others answered as missed."`
	Number          string      `json:"number,omitempty" jsonschema_description:"The number in requests, where the invite_format wants one."`
	Proxy           string      `json:"proxy,omitempty" jsonschema_description:"Where requests go first."`
	Route           string      `json:"route,omitempty" jsonschema_description:"Where requests go, where the invite_format is route."`
	StaticInvite    string      `json:"static_invite,omitempty" jsonschema_description:"The user part of requests, whatever was dialled."`
	StaticRoute     string      `json:"static_route,omitempty" jsonschema_description:"Where requests go, whatever it registered."`
	Transport       string      `json:"transport,omitempty" jsonschema_description:"udp, tcp or tls."`
}

// DeviceHotdesk is who has taken a device over.
type DeviceHotdesk struct {
	Users map[string]map[string]any `json:"users,omitempty" jsonschema:"keys=^[a-zA-Z0-9]{32}$" jsonschema_description:"The users, by their ids."`
}

// Provision is how a device is set up.
type Provision struct {
	ComboKeys   map[string]ComboKey `json:"combo_keys,omitempty" jsonschema:"keys=^[0-9]+$" jsonschema_description:"What its keys with lamps do, by their place."`
	FeatureKeys map[string]ComboKey `json:"feature_keys,omitempty" jsonschema:"keys=^[0-9]+$" jsonschema_description:"What its other keys do, by their place."`
	Brand       string              `json:"endpoint_brand,omitempty" jsonschema_description:"Who made it."`
	Family      string              `json:"endpoint_family,omitempty" jsonschema_description:"The series of the model."`
	Model       any                 `json:"endpoint_model,omitempty" jsonschema:"oneof_type=string;array" jsonschema_description:"The model."`
	ID          string              `json:"id,omitempty" jsonschema_description:"The id of its settings."`
}

// ComboKey is what a key of a device does.
type ComboKey struct {
	Type  string `json:"type,omitempty" jsonschema_description:"presence, parking, speed_dial, line …"`
	Value any    `json:"value,omitempty" jsonschema_description:"Of whom, or the number; or an object with value and label."`
}

// BySIPLogin finds devices by username@realm.
const BySIPLogin = "sip_login"

// SIPRealm is the private key of a device that says whose realm it is in.
const SIPRealm = "pvt_sip_realm"

// Devices are the devices of an account. That nobody else's have the same
// credentials is the API's to see.
var Devices = define(resource.Def[Device]{
	Name: "devices", Type: "device", Summary: "Devices: phones, and how they register and are reached.",
	Default: Device{Enabled: true, UnsolicitedMWI: true},
	Example: `{"name": "Reception", "device_type": "sip_device",
		"sip": {"username": "reception", "password": "a long secret"}}`,
	List: append(resource.Fields("name", ownerID, "enabled", "mobile", "call_recording"), flags,
		resource.FieldOr("mac_address", ""), resource.FieldOr("device_type", "sip_device"),
		resource.Column{Name: "username", Is: username, Value: func(d resource.Doc) any {
			if name := resource.Text(d.Public, "sip.username"); name != "" {
				return name
			}
			return nil
		}}),
	Index: []string{ownerID, "enabled", "device_type", "sip.ip"},
	Unique: []resource.Unique{
		inUse("sip.username", "SIP credentials already in use"), inUse("mac_address", "Mac address already in use"),
	},
	Find: func(d resource.Doc) map[string][]string {
		found := map[string][]string{ByHotdesk: keys(d.Public, "hotdesk.users"), ByCallerID: callerIDs(d)}
		if name := resource.Text(d.Public, "sip.username"); name != "" {
			found[BySIPLogin] = []string{name + "@" + resource.Text(d.Private, SIPRealm)}
		}
		return found
	},
	Refers: func(d resource.Doc) []resource.Ref {
		out := append(refs(userType, d.Public, ownerID), refs(MediaType, d.Public, "music_on_hold.media_id")...)
		for _, id := range keys(d.Public, "hotdesk.users") {
			out = append(out, resource.Ref{Type: userType, ID: id})
		}
		return append(out, MetaflowRefs(d.Public, "metaflows")...)
	},
})

// ByHotdesk finds devices by the ids of the users who have taken them over.
const ByHotdesk = "hotdesk"

// Takers are the ids of the users who have taken a device over.
func Takers(d resource.Doc) []string { return keys(d.Public, "hotdesk.users") }
