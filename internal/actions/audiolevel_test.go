package actions_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/flow"
)

func TestAudioLevel(t *testing.T) {
	for data, want := range map[string]string{
		`{}`:                         "spoken at level 0 set audio_level.write=0 (+0 dB)",
		`{"level":-2}`:               "spoken at level -2 set audio_level.write=-2 (-12 dB)",
		`{"mode":"read","level":4}`:  "heard at level 4 set audio_level.read=4 (+12 dB)",
		`{"mode":"read","level":-4}`: "heard at level -4 set audio_level.read=-4 (silence)",
		`{"action":"stop","mode":"read","level":3}`: "heard at level 0 set audio_level.read=0 (+0 dB)",
	} {
		heard, j := take(t, nil, `{"module":"audio_level","data":`+data+`}`)
		got := strings.TrimSuffix(heard, "|refused 480 by us") + " " + strings.TrimSpace(told(j))
		if got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
	e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil))})
	for _, bad := range []string{`{"level":5}`, `{"level":-5}`, `{"mode":"both"}`, `{"action":"mute"}`} {
		if _, faults := e.Check(program(`{"module":"audio_level","data":` + bad + `}`)); len(faults) != 1 {
			t.Errorf("%s: %v", bad, faults)
		}
	}
}

// plain is a leg whose level cannot be changed.
type plain struct{ call.Leg }

func TestAudioLevelUnsupported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		p := fake.New(call.Info{ID: "c1"}, j)
		e := flow.NewEngine(flow.Config{Actions: actions.All(deps(nil)), Log: j})
		prog := program(`{"module":"audio_level","children":{"error":{"module":"answer"}}}`)
		if err := e.Run(context.Background(), plain{p}, flow.Start{Program: prog}); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.Heard(), "answer") || !strings.Contains(told(j), "failed audio_level.unsupported") {
			t.Error(p.Heard(), told(j))
		}
	})
}
