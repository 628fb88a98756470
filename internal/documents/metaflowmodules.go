package documents

import "github.com/pivotvoice/pivot/internal/schema"

// MetaflowModules are the schemas of what metaflows may do, by module
// (spec/crossbar-api.md, appendix C).
var MetaflowModules = map[string]*schema.Schema{
	"audio_level":  schema.Of(metaAudioLevel{}),
	"break":        schema.Of(struct{}{}),
	"callflow":     schema.Of(metaCallflow{}),
	"hangup":       schema.Of(struct{}{}),
	"hold":         schema.Of(metaHold{UnholdKey: "1"}),
	"hold_control": schema.Of(metaHoldControl{Action: "toggle"}),
	"intercept":    schema.Of(metaIntercept{CallSelf: true, UnbridgedOnly: true}),
	"move":         schema.Of(metaMove{CallSelf: true, Strategy: "simultaneous"}),
	"pivot":        schema.Of(metaPivot{Method: "get", Format: "kazoo"}),
	"play":         schema.Of(metaPlay{Leg: "both"}),
	"record_call":  schema.Of(metaRecord{Action: "toggle"}),
	"relate":       schema.Of(metaRelate{Relationship: "clear"}),
	"resume":       schema.Of(struct{}{}),
	"say":          schema.Of(metaSay{}),
	"sound_touch":  schema.Of(metaSoundTouch{Pitch: 1, Rate: 1, Tempo: 1}),
	"transfer":     schema.Of(metaTransfer{Captures: []string{"no_match"}, Type: "blind"}),
	"tts":          schema.Of(metaTTS{Engine: "flite", Leg: "self", Voice: "female", Terminators: allKeys}),
}

// allKeys are the keys of a phone.
var allKeys = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"}

type (
	metaAudioLevel struct {
		Action string `json:"action,omitempty" jsonschema:"enum=start,enum=stop" jsonschema_description:"Change the level, or stop changing it."`
		Level  int    `json:"level,omitempty" jsonschema:"minimum=-4,maximum=4" jsonschema_description:"How much louder."`
		Mode   string `json:"mode,omitempty" jsonschema:"enum=read,enum=write" jsonschema_description:"What is heard, or what is said."`
	}
	metaCallflow struct {
		Captures  string `json:"captures,omitempty" jsonschema_description:"What a pattern caught."`
		Collected string `json:"collected,omitempty" jsonschema_description:"The keys."`
		Flow      any    `json:"flow,omitempty" jsonschema:"oneof_type=object" jsonschema_description:"A callflow's node."`
		ID        string `json:"id,omitempty" jsonschema_description:"The id of a callflow."`
	}
	metaHold struct {
		MusicA    string `json:"moh_aleg,omitempty" jsonschema_description:"What the side that holds hears."`
		MusicB    string `json:"moh_bleg,omitempty" jsonschema_description:"What the other side hears."`
		UnholdKey string `json:"unhold_key" jsonschema_description:"The key that ends it."`
	}
	metaHoldControl struct {
		Action string `json:"action" jsonschema:"enum=hold,enum=unhold,enum=toggle" jsonschema_description:"What becomes of the other side."`
	}
	metaIntercept struct {
		AutoAnswer    bool   `json:"auto_answer" jsonschema:"default=false" jsonschema_description:"Have the phone answer by itself."`
		CallSelf      bool   `json:"can_call_self" jsonschema_description:"Ring the phone that asks, too."`
		TargetID      string `json:"target_id,omitempty" jsonschema_description:"Who takes the call."`
		TargetType    string `json:"target_type,omitempty" jsonschema:"enum=device,enum=user,enum=number" jsonschema_description:"What target_id is the id of."`
		UnbridgedOnly bool   `json:"unbridged_only" jsonschema_description:"Only a call that nobody has answered."`
	}
	metaMove struct {
		AutoAnswer bool   `json:"auto_answer" jsonschema:"default=false" jsonschema_description:"Have the phone answer by itself."`
		CallSelf   bool   `json:"can_call_self" jsonschema_description:"Ring the phone that asks, too."`
		DeviceID   string `json:"device_id,omitempty" jsonschema_description:"To which device."`
		Strategy   string `json:"dial_strategy" jsonschema_description:"How several are rung."`
		OwnerID    string `json:"owner_id,omitempty" jsonschema_description:"To whose devices."`
	}
	metaPivot struct {
		CDR      string `json:"cdr_url,omitempty" jsonschema:"pattern=^https?://" jsonschema_description:"Who is told of the end of the call."`
		Debug    bool   `json:"debug" jsonschema:"default=false" jsonschema_description:"Keep what is asked and answered."`
		Method   string `json:"method" jsonschema:"enum=get,enum=post,enum=GET,enum=POST" jsonschema_description:"How the server is asked."`
		Format   string `json:"req_format" jsonschema:"enum=kazoo,enum=twiml" jsonschema_description:"The language it is asked in."`
		VoiceURL string `json:"voice_url" jsonschema:"required,pattern=^https?://" jsonschema_description:"Who is asked."`
	}
	metaPlay struct {
		ID  string `json:"id,omitempty" jsonschema_description:"The id of media, or a URL."`
		Leg string `json:"leg" jsonschema:"enum=self,enum=peer,enum=both" jsonschema_description:"Who hears it."`
	}
	metaRecord struct {
		Action     string `json:"action" jsonschema:"enum=mask,enum=unmask,enum=start,enum=stop,enum=toggle" jsonschema_description:"What becomes of the recording."`
		Format     string `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"The form of the file."`
		Label      string `json:"label,omitempty" jsonschema_description:"What it is called."`
		Media      string `json:"media_name,omitempty" jsonschema_description:"The name of the file."`
		Method     string `json:"method,omitempty" jsonschema:"enum=put,enum=post" jsonschema_description:"How the file is sent."`
		Origin     string `json:"origin,omitempty" jsonschema_description:"What began it."`
		MinSec     int    `json:"record_min_sec,omitempty" jsonschema_description:"Keep none that is shorter, in seconds."`
		OnAnswer   bool   `json:"record_on_answer" jsonschema:"default=false" jsonschema_description:"Begin once it is answered."`
		OnBridge   bool   `json:"record_on_bridge" jsonschema:"default=false" jsonschema_description:"Begin once both sides are connected."`
		SampleRate int    `json:"record_sample_rate,omitempty" jsonschema_description:"Samples a second."`
		TimeLimit  int    `json:"time_limit,omitempty" jsonschema_description:"For how long at most, in seconds."`
		URL        string `json:"url,omitempty" jsonschema_description:"Where the file is sent."`
	}
	metaRelate struct {
		Conference   string `json:"conference_id" jsonschema:"required" jsonschema_description:"In which conference."`
		Other        any    `json:"other_participant" jsonschema:"required,oneof_type=string;integer" jsonschema_description:"Whom the relation is to."`
		Participant  any    `json:"participant_id" jsonschema:"required,oneof_type=string;integer" jsonschema_description:"Whose relation it is."`
		Relationship string `json:"relationship" jsonschema:"enum=deaf,enum=clear,enum=mute" jsonschema_description:"What they hear of each other."`
	}
	metaSay struct {
		Gender   string `json:"gender,omitempty" jsonschema:"enum=feminine,enum=masculine,enum=neuter" jsonschema_description:"The gender of what is counted."`
		Language string `json:"language,omitempty" jsonschema_description:"In which language."`
		Method   string `json:"method,omitempty" jsonschema:"enum=pronounced,enum=iterated,enum=counted" jsonschema_description:"As one, one by one, or as a count."`
		Text     string `json:"text,omitempty" jsonschema_description:"What is said."`
		Type     string `json:"type,omitempty" jsonschema:"enum=account_number,enum=currency,enum=current_date,enum=current_date_time,enum=current_time,enum=email_address,enum=ip_address,enum=items,enum=messages,enum=name_phonetic,enum=name_spelled,enum=number,enum=persons,enum=postal_address,enum=short_date_time,enum=telephone_extension,enum=telephone_number,enum=time_measurement,enum=url" jsonschema_description:"What kind of thing it is."`
	}
	metaSoundTouch struct {
		Action     string  `json:"action,omitempty" jsonschema:"enum=start,enum=stop" jsonschema_description:"Change the voice, or stop changing it."`
		Octaves    float64 `json:"adjust_in_octaves" jsonschema:"default=0,minimum=-1,maximum=1" jsonschema_description:"How much higher, in octaves."`
		Semitones  float64 `json:"adjust_in_semitones" jsonschema:"default=0,minimum=-14,maximum=14" jsonschema_description:"How much higher, in semitones."`
		HookDTMF   bool    `json:"hook_dtmf" jsonschema:"default=false" jsonschema_description:"Whether keys change it."`
		Pitch      float64 `json:"pitch" jsonschema:"minimum=1" jsonschema_description:"How much higher."`
		Rate       float64 `json:"rate" jsonschema:"minimum=1" jsonschema_description:"How much faster and higher."`
		SendingLeg bool    `json:"sending_leg" jsonschema:"default=false" jsonschema_description:"What is said, not what is heard."`
		Tempo      float64 `json:"tempo" jsonschema:"minimum=1" jsonschema_description:"How much faster."`
	}
	metaTransfer struct {
		Captures []string `json:"captures" jsonschema_description:"What a pattern caught."`
		Leg      string   `json:"leg,omitempty" jsonschema_description:"Which side goes."`
		Target   string   `json:"target,omitempty" jsonschema_description:"To which number."`
		Timeout  int      `json:"timeout,omitempty" jsonschema_description:"For how long it rings, in seconds."`
		Type     string   `json:"transfer_type" jsonschema:"enum=attended,enum=blind" jsonschema_description:"After a word with them, or without."`
	}
	metaTTS struct {
		Engine      string   `json:"engine" jsonschema_description:"Who speaks."`
		Language    string   `json:"language,omitempty" jsonschema_description:"In which language."`
		Leg         string   `json:"leg" jsonschema_description:"Who hears it."`
		Terminators []string `json:"terminators" jsonschema_description:"The keys that end it."`
		Text        string   `json:"text,omitempty" jsonschema_description:"What is said."`
		Voice       string   `json:"voice" jsonschema_description:"In which voice."`
	}
)
