package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/kazoo"
	"github.com/pivotvoice/pivot/internal/twiml"
)

// TestTwiMLItself is the language, not its stand-in: what it answers is run,
// its faults have places, and a sound is played from where it came.
func TestTwiMLItself(t *testing.T) {
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/voice":    as("text/xml; charset=utf-8", `<Response><Say>Hello</Say><Redirect method="GET">sub/next?x=1</Redirect></Response>`),
		"/sub/next": as("text/xml", "<Response>\n  <Redirect>/sound</Redirect></Response>"),
		"/sound":    as("audio/wav", "RIFF"),
		"/typo":     as("text/xml", "<Response>\n  <Sya>Hello</Sya>\n</Response>"),
		"/json":     as("application/json", `{"module":"noop"}`),
		"/nothing":  as("text/xml", ""),
		"/empty":    as("text/xml", "<Response/>"),
	})
	for _, x := range []struct{ path, ran, code string }{
		{"/voice", "pivot say pivot pivot play hangup", ""},
		{"/typo", "pivot tts hangup", "pivot.schema"},
		{"/json", "pivot noop", ""},
		{"/nothing", "pivot", ""},
		{"/empty", "pivot hangup", ""},
	} {
		log := &timeline{}
		var played string
		heard := flow.Define(flow.Def[map[string]any]{Name: "play", Run: func(_ context.Context, _ *flow.Session, d map[string]any) (flow.Next, error) {
			played, _ = d["id"].(string)
			return flow.Next{}, nil
		}})
		said := flow.Define(flow.Def[map[string]any]{Name: "say", Run: func(context.Context, *flow.Session, map[string]any) (flow.Next, error) {
			return flow.Next{}, nil
		}})
		dialect := twiml.New(twiml.Twilio)
		dialect.Callflows = kazoo.Dialect{}
		e := flow.NewEngine(flow.Config{Log: log, Actions: []flow.Action{
			pivot(client(t), map[string]Dialect{"kazoo": kazoo.Dialect{}, "twiml": twiml.New(twiml.Pivot), "twilio": dialect}, nil),
			noop, hangup, speak, heard, said,
		}})
		program := &flow.Node{Module: "pivot", Data: json.RawMessage(fmt.Sprintf(
			`{"voice_url":%q,"req_format":"twiml","compat":"twilio"}`, site.URL+x.path))}
		if err := e.Run(t.Context(), fake.New(call.Info{ID: "1@host"}, log), flow.Start{Program: program}); err != nil {
			t.Fatal(err)
		}
		if got := log.modules(); got != x.ran {
			t.Errorf("%s ran %s: %+v", x.path, got, of[event.Failed](log))
		}
		failed := of[event.Failed](log)
		if x.code != "" && (len(failed) != 1 || failed[0].Code != x.code || failed[0].Faults[0].Line != 2 ||
			failed[0].Faults[0].Column != 3 || !strings.Contains(failed[0].Message, "Say")) {
			t.Errorf("%s: told %+v", x.path, failed)
		}
		if x.path == "/voice" && played != site.URL+"/sound" {
			t.Errorf("played %s", played)
		}
	}
	if got := site.lines(); !slices.Equal(got[:3], []string{"POST /voice", "GET /sub/next", "POST /sound"}) {
		t.Errorf("asked %q", got)
	}
}
