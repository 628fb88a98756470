package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Carrier is who calls to outside go by: Kazoo calls it a resource.
type Carrier struct {
	Name            string                `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Enabled         bool                  `json:"enabled" jsonschema_description:"Whether calls go by it."`
	Gateways        []Gateway             `json:"gateways" jsonschema:"required" jsonschema_description:"Its servers."`
	GatewayStrategy string                `json:"gateway_strategy,omitempty" jsonschema:"enum=sequential,enum=random" jsonschema_description:"In which order they are tried."`
	Classifiers     map[string]Classifier `json:"classifiers,omitempty" jsonschema:"keys=.+" jsonschema_description:"Which classes of numbers it takes."`
	Rules           []string              `json:"rules" jsonschema:"default=[]" jsonschema_description:"Regular expressions of the numbers that it takes."`
	RulesTest       []string              `json:"rules_test" jsonschema:"default=[]" jsonschema_description:"Numbers to try the rules with."`
	CIDRules        []string              `json:"cid_rules,omitempty" jsonschema_description:"Regular expressions of the callers that it takes."`
	CallerIDOptions *CarrierCallerID      `json:"caller_id_options,omitempty" jsonschema_description:"Who calls are from."`
	Emergency       bool                  `json:"emergency" jsonschema:"default=false" jsonschema_description:"Whether emergency calls go by it."`
	Flags           []string              `json:"flags" jsonschema:"default=[]" jsonschema_description:"What calls may ask for."`
	RequireFlags    *bool                 `json:"require_flags,omitempty" jsonschema_description:"Only calls that ask for one of them."`
	IgnoreFlags     *bool                 `json:"ignore_flags,omitempty" jsonschema_description:"Whatever calls ask for."`
	FlatBlacklist   string                `json:"flat_rate_blacklist,omitempty" jsonschema_description:"A regular expression of numbers that are paid by the minute."`
	FlatWhitelist   string                `json:"flat_rate_whitelist,omitempty" jsonschema_description:"A regular expression of numbers that are paid by the line."`
	FormatFromURI   *bool                 `json:"format_from_uri,omitempty" jsonschema_description:"Write the From header as the carrier wants it."`
	FromURIRealm    string                `json:"from_uri_realm,omitempty" jsonschema_description:"The domain in it."`
	FromRealm       bool                  `json:"from_account_realm" jsonschema:"default=false" jsonschema_description:"The domain in it is the account's."`
	Formatters      Formatters            `json:"formatters,omitempty" jsonschema_description:"How fields of requests are rewritten."`
	GracePeriod     int                   `json:"grace_period" jsonschema:"minimum=1,maximum=20" jsonschema_description:"How long to wait after a failure, in seconds."`
	Media           *EndpointMedia        `json:"media,omitempty" jsonschema_description:"What it can do."`
	WeightCost      int                   `json:"weight_cost" jsonschema:"minimum=0,maximum=100" jsonschema_description:"Its place among the others; the lowest is tried first."`
}

// Classifier is a class of numbers that a carrier takes, or does not.
type Classifier struct {
	Emergency  bool   `json:"emergency" jsonschema:"default=false" jsonschema_description:"Whether they are emergency calls."`
	Enabled    bool   `json:"enabled" jsonschema:"default=true" jsonschema_description:"Whether it takes them."`
	Prefix     string `json:"prefix,omitempty" jsonschema:"maxLength=64" jsonschema_description:"What is put before the number."`
	Regex      string `json:"regex,omitempty" jsonschema_description:"A regular expression in the place of the class's own."`
	Suffix     string `json:"suffix,omitempty" jsonschema:"maxLength=64" jsonschema_description:"What is put after the number."`
	WeightCost int    `json:"weight_cost" jsonschema:"default=50,minimum=0,maximum=100" jsonschema_description:"Its place among the carriers for these numbers."`
}

// CarrierCallerID is which identity calls by a carrier are from.
type CarrierCallerID struct {
	Type string `json:"type,omitempty" jsonschema:"enum=internal,enum=external,enum=emergency" jsonschema_description:"Which of the caller's."`
}

// Gateway is a server of a carrier.
type Gateway struct {
	Server           string            `json:"server" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"Its name or address."`
	Port             int               `json:"port" jsonschema:"default=5060" jsonschema_description:"Its port."`
	Enabled          bool              `json:"enabled" jsonschema:"default=true" jsonschema_description:"Whether calls go to it."`
	Username         string            `json:"username,omitempty" jsonschema:"maxLength=32" jsonschema_description:"What it is told who calls by."`
	Password         string            `json:"password,omitempty" jsonschema:"maxLength=32" jsonschema_description:"What proves it."`
	Realm            string            `json:"realm,omitempty" jsonschema:"maxLength=64" jsonschema_description:"Its domain."`
	Prefix           string            `json:"prefix,omitempty" jsonschema:"maxLength=64" jsonschema_description:"What is put before numbers."`
	Suffix           string            `json:"suffix,omitempty" jsonschema:"maxLength=64" jsonschema_description:"What is put after numbers."`
	InviteFormat     string            `json:"invite_format" jsonschema:"default=route,enum=route,enum=username,enum=e164,enum=npan,enum=1npan,enum=strip_plus" jsonschema_description:"How requests to it are addressed."`
	InviteParameters *InviteParameters `json:"invite_parameters,omitempty" jsonschema_description:"What stands after the address of requests."`
	Codecs           []string          `json:"codecs,omitempty" jsonschema:"uniqueItems=true,enum=G729,enum=PCMU,enum=PCMA,enum=G722_16,enum=G722_32,enum=CELT_48,enum=CELT_64,enum=Speex,enum=GSM,enum=OPUS,enum=H261,enum=H263,enum=H264,enum=VP8" jsonschema_description:"The codecs that it is offered, the best first."`
	Media            *GatewayMedia     `json:"media,omitempty" jsonschema_description:"What it can do."`
	BypassMedia      *bool             `json:"bypass_media,omitempty" jsonschema_description:"Whether media goes past this server."`
	CallerIDType     string            `json:"caller_id_type,omitempty" jsonschema:"enum=internal,enum=external,enum=emergency" jsonschema_description:"Which identity calls are from."`
	ChannelSelection string            `json:"channel_selection" jsonschema:"default=ascending,enum=ascending,enum=descending" jsonschema_description:"Which line of a span is taken first."`
	CustomHeaders    BothHeaders       `json:"custom_sip_headers,omitempty" jsonschema_description:"Headers of requests to it."`
	CustomInterface  string            `json:"custom_sip_interface,omitempty" jsonschema_description:"The interface that it is reached by."`
	EndpointType     string            `json:"endpoint_type" jsonschema:"default=sip,enum=sip,enum=freetdm,enum=skype,enum=amqp" jsonschema_description:"What it is."`
	ForcePort        bool              `json:"force_port" jsonschema:"default=false" jsonschema_description:"Only requests from its own port are its."`
	FormatFromURI    *bool             `json:"format_from_uri,omitempty" jsonschema_description:"Write the From header as it wants it."`
	FromURIRealm     string            `json:"from_uri_realm,omitempty" jsonschema_description:"The domain in it."`
	ProgressTimeout  int               `json:"progress_timeout,omitempty" jsonschema_description:"How long to wait for it to ring, in seconds."`
	Route            string            `json:"route,omitempty" jsonschema_description:"Where requests go instead."`
	SkypeInterface   string            `json:"skype_interface,omitempty" jsonschema_description:"Of endpoint_type skype."`
	SkypeRR          bool              `json:"skype_rr" jsonschema:"default=true" jsonschema_description:"Of endpoint_type skype."`
	Span             string            `json:"span,omitempty" jsonschema_description:"Of endpoint_type freetdm."`
}

// InviteParameters are what stands after the address of requests.
type InviteParameters struct {
	_       struct{} `jsonschema:"noextra"`
	Dynamic []any    `json:"dynamic,omitempty" jsonschema_description:"Taken from the call."`
	Static  []string `json:"static,omitempty" jsonschema_description:"As they are."`
}

// GatewayMedia is what a gateway can do.
type GatewayMedia struct {
	Fax     *bool `json:"fax_option,omitempty" jsonschema_description:"Whether it takes T.38."`
	RTCPMux *bool `json:"rtcp_mux,omitempty" jsonschema_description:"Whether RTCP comes on the port of RTP."`
}

// Carriers are the carriers of an account, or of the server.
var Carriers = define(resource.Def[Carrier]{
	Name: "resources", Type: "resource", Summary: "Resources: carriers that calls to outside go by.",
	Default: Carrier{Enabled: true, GracePeriod: 5, WeightCost: 50},
	Example: `{"name": "Carrier", "rules": ["^\\+1(\\d{10})$"],
		"gateways": [{"server": "sip.carrier.example", "username": "pivot", "password": "secret"}]}`,
	List: resource.Fields("name", "enabled", "weight_cost", "template_name", "classifiers"),
})
