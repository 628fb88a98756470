package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/saying"
	"github.com/pivotvoice/pivot/internal/schema"
)

func audioMacro(voice Voice, media Media, by clocks) flow.Action {
	m := macros{voice, media, by}
	return flow.Define(flow.Def[macroData]{
		Name:    "audio_macro",
		Summary: "Plays a list of recordings, prompts, values, texts and tones, one after the other.",
		Doc: "The call is not answered for it: before the answer it is heard as early media. All of it is got ready while " +
			"the first of it is heard. A terminator ends the whole list; keys are kept for the next `collect_dtmf`. What " +
			"`terminators` and `language` an item has count for it instead of those of the list. An item that cannot be " +
			"heard is told on the timeline and left out; then `error` is taken, else `_`.\n\n" +
			"`say` speaks a text as what it is: its `type` and `method`. Dates and times are Unix time, Gregorian seconds, " +
			"`2026-11-20`, `15:04` or `2026-11-20 15:04`, and the current ones for an empty text, by the account's clocks. " +
			"Texts that do not fit their type, and values in languages that have no words here, are read as they are, " +
			"which is told. `gender` changes no word of English, which is told too.",
		Default:  macroData{Terminators: anyKey()},
		Parts:    macroParts(),
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "A prompt, a number, a prompt.", Data: `{"macros": [{"macro": "prompt", "id": "vm-you_have"},
				{"macro": "say", "text": "3", "type": "number", "method": "pronounced"},
				{"macro": "prompt", "id": "vm-new_messages"}]}`},
			{Says: "A recording and a tone, to their ends.", Data: `{"terminators": [], "macros": [
				{"macro": "play", "id": "welcome"},
				{"macro": "tone", "frequencies": [440, 480], "duration_on": 500, "duration_off": 250, "repeat": 2}]}`},
			{Says: "Texts in two languages.", Data: `{"language": "de-de", "macros": [{"macro": "tts", "text": "Hallo."},
				{"macro": "tts", "text": "Hello.", "language": "en-us", "voice": "male"}]}`},
		},
		Check: func(d macroData) schema.Faults { return d.check() },
		Run: func(ctx context.Context, s *flow.Session, d macroData) (flow.Next, error) {
			return m.run(ctx, s, d)
		},
	})
}

type macroData struct {
	Macros      []macroItem `json:"macros,omitempty" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"What to play, in this order."`
	Terminators []string    `json:"terminators" jsonschema_description:"The keys that end all of it; none if empty."`
	Language    string      `json:"language,omitempty" jsonschema_description:"Of prompts, values and texts that name none; the call's if not given."`
	flow.Skip
}

// macroItem is one thing to play: which of the keys count depends on what.
type macroItem struct {
	Macro       string   `json:"macro" jsonschema:"required,enum=play,enum=prompt,enum=say,enum=tts,enum=tone" jsonschema_description:"play takes id; prompt takes id and language; say takes text, type, method, gender and language; tts takes text, voice, engine and language; tone takes frequencies and what goes with them."`
	ID          string   `json:"id,omitempty" jsonschema_description:"What to play: the id of media, or a URL; or which prompt."`
	Terminators []string `json:"terminators,omitempty" jsonschema_description:"The keys that end all of it while this is heard, in the place of the list's."`
	Language    string   `json:"language,omitempty" jsonschema_description:"In the place of the list's."`

	Text   string      `json:"text,omitempty" jsonschema:"maxLength=4096" jsonschema_description:"What to say."`
	Type   valueType   `json:"type,omitempty" jsonschema_description:"What the text is; name_spelled if not given."`
	Method valueMethod `json:"method,omitempty" jsonschema_description:"How to say it: as one says it (none, pronounced), sign by sign (iterated), or as a place in a row (counted). Types that know only one way are said in that."`
	Gender string      `json:"gender,omitempty" jsonschema:"enum=masculine,enum=feminine,enum=neuter" jsonschema_description:"Of what is counted; English has none."`
	Voice  string      `json:"voice,omitempty" jsonschema_description:"Whose voice: female, male, female/en-US, or a name that the provider knows."`
	Engine string      `json:"engine,omitempty" jsonschema_description:"Which provider of voices; the configured one if not given."`

	Frequencies []int `json:"frequencies,omitempty" jsonschema:"maxItems=8,minimum=0,maximum=7999" jsonschema_description:"In Hz, together."`
	DurationOn  int   `json:"duration_on,omitempty" jsonschema:"minimum=1,maximum=300000" jsonschema_description:"How long the tone is, in milliseconds; 500 if not given."`
	DurationOff int   `json:"duration_off,omitempty" jsonschema:"minimum=0,maximum=300000" jsonschema_description:"The silence behind it, in milliseconds."`
	Volume      *int  `json:"volume,omitempty" jsonschema:"minimum=0,maximum=100" jsonschema_description:"In percent of the usual level of tones; 100 if not given, 0 is silence."`
	Repeat      int   `json:"repeat,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"How often it is played; once if not given."`
}

// macroParts are what Kazoo knows of each kind of item, but for those that are
// the data of actions.
func macroParts() map[string]*schema.Schema {
	item := schema.Of(macroItem{Terminators: anyKey()})
	return map[string]*schema.Schema{
		"prompt": item.Pick("id", "language", "terminators"),
		"say":    item.Pick("text", "type", "method", "gender", "language", "terminators"),
		"tone":   item.Pick("frequencies", "duration_on", "duration_off", "volume", "repeat"),
	}
}

// check names what items lack, and what they are too long for.
func (d macroData) check() schema.Faults {
	faults := checkKeys(d.Terminators)
	for i, item := range d.Macros {
		at := strconv.Itoa(i)
		faults = append(faults, checkKeys(item.Terminators).Under("macros", at)...)
		faults = append(faults, item.check().Under("macros", at)...)
	}
	return faults
}

// checkKeys is what is wrong with terminators.
func checkKeys(all []string) (faults schema.Faults) {
	for i, key := range all {
		if !slices.Contains(anyKey(), key) {
			faults = append(faults, schema.Fault{
				Path: []string{"terminators", strconv.Itoa(i)}, Rule: "enum",
				Message: "Value not found in enumerated list of values", Extra: map[string]any{"target": anyKey(), "value": key},
			})
		}
	}
	return faults
}

func (m macroItem) check() schema.Faults {
	missing := func(key string) schema.Faults {
		return schema.Faults{schema.Required(key)}
	}
	switch m.Macro {
	case "play", "prompt":
		if m.ID == "" {
			return missing("id")
		}
	case "say", "tts":
		if m.Text == "" && (m.Macro == "tts" || !m.Type.timely()) {
			return missing("text")
		}
		if m.Macro == "say" && len([]rune(m.Text)) > saying.MaxText {
			return schema.Faults{{
				Path: []string{"text"}, Rule: "maxLength",
				Message: fmt.Sprintf("String must not be more than %d characters", saying.MaxText),
				Extra:   map[string]any{"target": saying.MaxText},
			}}
		}
	case "tone":
		if len(m.Frequencies) == 0 {
			return missing("frequencies")
		}
	}
	return nil
}

// macros are what audio_macro reaches outside with.
type macros struct {
	voice Voice
	media Media
	by    clocks
}

func (m macros) run(ctx context.Context, s *flow.Session, d macroData) (flow.Next, error) {
	if len(d.Macros) == 0 {
		return flow.Next{}, nil
	}
	if err := earlyMedia(ctx, s); err != nil {
		return flow.Next{}, err
	}
	now := sync.OnceValue(func() time.Time {
		zone, _ := m.by.zone(ctx, s, "")
		return time.Now().In(zone)
	})
	all := make([]maker, len(d.Macros))
	for i, item := range d.Macros {
		if item.Language == "" {
			item.Language = d.Language
		}
		if item.Terminators == nil {
			item.Terminators = d.Terminators
		}
		all[i] = func(ctx context.Context) ready {
			sound, err := m.sound(ctx, s, item, now)
			return ready{sound: sound, keys: keysOf(item.Terminators), err: err}
		}
	}
	p := newPrompter(ctx, s, "macro.item", all)
	defer p.close()
	left, err := p.play(ctx)
	if err == nil && left > 0 {
		return flow.Take(flow.Error), nil
	}
	return flow.Next{}, err
}

// sound is that of one item; now is the time by the account's clocks.
func (m macros) sound(
	ctx context.Context, s *flow.Session, item macroItem, now func() time.Time,
) (audio.Sound, error) {
	switch item.Macro {
	case "play":
		return m.media.Sound(ctx, s.Account, item.ID)
	case "prompt":
		language := item.Language
		if language == "" {
			language = s.Language
		}
		return m.media.Sound(ctx, s.Account, prompts.Reference(s.Account, item.ID, language))
	case "say":
		v := value{item.Text, item.Language, item.Type, item.Method, item.Gender}
		return spoken(ctx, s, m.voice, v.speech(s, now))
	case "tts":
		return spoken(ctx, s, m.voice, audio.Speech{
			Text: item.Text, Voice: item.Voice, Language: item.Language, Engine: item.Engine,
		})
	}
	return item.tone()
}
