package documents

import "github.com/pivotvoice/pivot/internal/resource"

// Queue is where callers wait for somebody.
type Queue struct {
	Name           string         `json:"name" jsonschema:"required,minLength=1,maxLength=128" jsonschema_description:"What people call it."`
	Strategy       string         `json:"strategy" jsonschema:"enum=round_robin,enum=most_idle" jsonschema_description:"Who is rung next."`
	RingTimeout    int            `json:"agent_ring_timeout" jsonschema:"minimum=1" jsonschema_description:"For how long an agent is rung, in seconds."`
	WrapupTime     int            `json:"agent_wrapup_time" jsonschema:"default=0,minimum=0" jsonschema_description:"How long an agent rests after a call, in seconds."`
	Announce       string         `json:"announce,omitempty" jsonschema_description:"The media that an agent hears before a caller."`
	Announcements  *Announcements `json:"announcements,omitempty" jsonschema_description:"What callers are told while they wait."`
	ExitKey        string         `json:"caller_exit_key" jsonschema:"enum=1,enum=2,enum=3,enum=4,enum=5,enum=6,enum=7,enum=8,enum=9,enum=*,enum=0,enum=#" jsonschema_description:"The key by which callers leave."`
	CDRURL         string         `json:"cdr_url,omitempty" jsonschema:"format=uri" jsonschema_description:"Who is told of the end of calls."`
	Timeout        int            `json:"connection_timeout" jsonschema:"minimum=0" jsonschema_description:"How long callers wait at most, in seconds; 0 is for ever."`
	EnterWhenEmpty bool           `json:"enter_when_empty" jsonschema_description:"Whether callers may wait when there is no agent."`
	MaxPriority    int            `json:"max_priority,omitempty" jsonschema:"minimum=0,maximum=255" jsonschema_description:"The highest priority of a caller."`
	MaxSize        int            `json:"max_queue_size" jsonschema:"default=0" jsonschema_description:"How many may wait; 0 is any number."`
	Music          string         `json:"moh,omitempty" jsonschema_description:"The media that callers hear."`
	RecordCaller   bool           `json:"record_caller" jsonschema:"default=false" jsonschema_description:"Whether calls are recorded."`
	RecordingURL   string         `json:"recording_url,omitempty" jsonschema:"format=uri" jsonschema_description:"Where recordings are sent."`
	RingAtOnce     int            `json:"ring_simultaneously" jsonschema:"minimum=1" jsonschema_description:"How many agents are rung at once."`
}

// Announcements are what callers are told while they wait.
type Announcements struct {
	Interval int                 `json:"interval" jsonschema:"default=30,minimum=15" jsonschema_description:"How often, in seconds."`
	Position *bool               `json:"position_announcements_enabled,omitempty" jsonschema_description:"Whether they are told their place."`
	WaitTime *bool               `json:"wait_time_announcements_enabled,omitempty" jsonschema_description:"Whether they are told how long it may take."`
	Media    *AnnouncementsMedia `json:"media,omitempty" jsonschema_description:"The media to say it with."`
}

// AnnouncementsMedia is what Announcements are said with.
type AnnouncementsMedia struct {
	Position string `json:"you_are_at_position" jsonschema:"required" jsonschema_description:"Before the place."`
	InQueue  string `json:"in_the_queue" jsonschema:"required" jsonschema_description:"After the place."`
	Increase string `json:"increase_in_call_volume" jsonschema:"required" jsonschema_description:"Where it takes longer than usual."`
	Wait     string `json:"the_estimated_wait_time_is" jsonschema:"required" jsonschema_description:"Before the time."`
}

// Queues are the queues of an account; their agents are the users that name
// them in their "queues".
var Queues = define(resource.Def[Queue]{
	Name: "queues", Type: queueType, Summary: "Queues: where callers wait for somebody.",
	Default: Queue{
		Strategy: "round_robin", RingTimeout: 15, ExitKey: "#", Timeout: 3600, EnterWhenEmpty: true, RingAtOnce: 1,
	},
	Example: `{"name": "Support", "strategy": "most_idle"}`,
	List:    resource.Fields("name", "strategy"),
	Refers: func(d resource.Doc) []resource.Ref {
		return refs(MediaType, d.Public, "announce", "moh", "announcements.media.you_are_at_position",
			"announcements.media.in_the_queue", "announcements.media.increase_in_call_volume",
			"announcements.media.the_estimated_wait_time_is")
	},
})
