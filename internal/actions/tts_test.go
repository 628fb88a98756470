package actions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestTTSOptions is what each option of tts does.
func TestTTSOptions(t *testing.T) {
	const bye = "hangup NORMAL_CLEARING by us"
	for data, want := range map[string]string{
		`{"text":"Hi"}`: `hear say "Hi" female en-us|` + bye,
		`{"text":"Hi","voice":"male","language":"fr-fr"}`:    `hear say "Hi" male fr-fr|` + bye,
		`{"text":"Hi","voice":"male/de-DE"}`:                 `hear say "Hi" male/de-DE |` + bye, // its own language
		`{"text":"Hi","voice":"male/de-DE","language":"fr"}`: `hear say "Hi" male/de-DE fr|` + bye,
		`{"text":"Hello","terminators":["1"]}`:               `hear say "Hello" female en-us|` + bye,
		`{"text":"Hello"}`:                                   `hear say "Hello" female en-us|cut short|` + bye,
		`{"text":"Hello","terminators":[]}`:                  `hear say "Hello" female en-us|` + bye,
		`{"text":"Hi","endless_playback":true}`:              `hear say "Hi" female en-us, repeated|cut short|` + bye,
	} {
		heard, _ := take(t, nil, `{"module":"tts","data":`+data+`}`, presses(300*time.Millisecond, "5"))
		if heard != "answer|"+want {
			t.Errorf("%s: %s, want %s", data, heard, want)
		}
	}
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for _, engine := range audio.Engines() {
		if _, faults := e.Check(program(`{"module":"tts","data":{"text":"a","engine":"` + engine + `"}}`)); len(faults) > 0 {
			t.Errorf("%s: %v", engine, faults)
		}
	}
	for bad, want := range map[string]string{
		`{"text":"a","engine":"sung"}`: "data.engine enum", `{"text":""}`: "data.text minLength", `{}`: "data.text required",
		`{"text":"` + strings.Repeat("x", 1001) + `"}`: "data.text maxLength",
	} {
		_, faults := e.Check(program(`{"module":"tts","data":` + bad + `}`))
		if len(faults) != 1 || faults[0].Dotted()+" "+faults[0].Rule != want {
			t.Errorf("%.60s: %v, want %s", bad, faults, want)
		}
	}
}
