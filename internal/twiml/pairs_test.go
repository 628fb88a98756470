package twiml

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// mouth says a text as a tenth of a second of silence a letter.
type mouth struct{}

func (mouth) Say(_ context.Context, s audio.Speech) (audio.Sound, []event.Fact, error) {
	sound := audio.Silence(time.Duration(len(s.Text)) * 100 * time.Millisecond)
	return audio.Named(sound, fmt.Sprintf("say %q %s %s", s.Text, s.Voice, s.Language)), nil, nil
}

// shelf has every sound; each is a second long.
type shelf struct{}

func (shelf) Sound(_ context.Context, _, ref string) (audio.Sound, error) {
	return audio.Named(audio.Silence(time.Second), ref), nil
}

// asked is a web server that has nothing to say.
type asked struct{ log []string }

func (a *asked) Ask(_ context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	a.log = append(a.log, fmt.Sprintf("%s %s Digits=%s plan=%s", r.Method, r.URL, r.Params.Get("Digits"), r.Params.Get("plan")))
	return event.Fetched{ID: r.ID, Status: http.StatusOK}, webhook.Answer{URL: r.URL, ContentType: "text/xml"}
}

func (*asked) CheckURL(string) error { return nil }

// entry is a program of which documents take the place.
func entry() *flow.Node {
	return &flow.Node{Module: "pivot", Data: json.RawMessage(`{"voice_url":"http://app.test/start","req_format":"twiml"}`)}
}

// first answers once with a document, and is then another.
type first struct {
	*asked
	kind, body string
	used       bool
}

func (f *first) Ask(ctx context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	if f.used {
		return f.asked.Ask(ctx, r)
	}
	f.used = true
	return event.Fetched{ID: r.ID, Status: http.StatusOK},
		webhook.Answer{URL: "http://app.test/start", ContentType: f.kind, Body: []byte(f.body)}
}

// ring makes a call that is answered with body, with keys pressed at their
// times, and returns all that the phone and the web server saw.
func ring(t *testing.T, kind, body string, press map[time.Duration]string) (log string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := fake.New(call.Info{ID: "c1", From: "1000", To: "2000"}, nil)
		web := &first{asked: &asked{}, kind: kind, body: body}
		d := New(Pivot)
		d.Callflows = jsonStub{}
		e := flow.NewEngine(flow.Config{Actions: actions.All(actions.Deps{
			Web: web, Voice: mouth{}, Media: shelf{}, Dialects: map[string]actions.Dialect{Name: d},
		})})
		for at, keys := range press {
			time.AfterFunc(at, func() { p.Press(keys) })
		}
		time.AfterFunc(time.Minute, p.Drop)
		if err := e.Run(t.Context(), p, flow.Start{Account: "acc", Program: entry()}); err != nil && !errors.Is(err, call.ErrHungup) {
			t.Error(err)
		}
		if !web.used {
			t.Error("it was not asked")
		}
		log = strings.Join(append(p.Log(), web.log...), "\n")
	})
	return log
}

// TestPairs: a document and the callflow that it stands for do and sound the
// same.
func TestPairs(t *testing.T) {
	for _, x := range []struct {
		name, twiml, json string
		press             map[time.Duration]string
	}{
		{
			name: "say", twiml: `<Say voice="man" language="en-gb">Hello</Say>`,
			json: `{"module":"tts","data":{"text":"Hello","voice":"male","language":"en-GB"}}`,
		},
		{
			name: "say twice", twiml: `<Say loop="2">Hello</Say>`, press: map[time.Duration]string{200 * time.Millisecond: "5"},
			json: `{"module":"say","data":{"text":"Hello","loop":2}}`,
		},
		{
			name: "play", twiml: `<Play loop="3" terminators="#">http://a.test/b.mp3</Play>`, press: map[time.Duration]string{1500 * time.Millisecond: "1#"},
			json: `{"module":"play","data":{"id":"http://a.test/b.mp3","loop_count":3,"terminators":["#"]}}`,
		},
		{
			name: "delayed answer", twiml: `<Pause length="3"/><Play>b</Play>`,
			json: `{"module":"sleep","data":{"duration":3},"children":{"_":{"module":"play","data":{"id":"b"}}}}`,
		},
		{
			name: "keys", twiml: `<Play digits="w12#"/>`,
			json: `{"module":"answer","children":{"_":{"module":"send_dtmf","data":{"digits":"w12#","duration_ms":200}}}}`,
		},
		{
			name: "menu", press: map[time.Duration]string{2 * time.Second: "1", 3 * time.Second: "2", 4 * time.Second: "#"},
			twiml: `<Gather action="menu?x=1" method="GET"><Say>Press</Say><Play>b</Play></Gather><Say>No</Say>`,
			json: `{"module":"gather","data":{"input":["dtmf"],"timeout_ms":5000,"prompts":[{"module":"say","data":{"text":"Press"}},
				{"module":"play","data":{"id":"b"}}]},"children":{"input":{"module":"pivot","data":{"voice_url":"menu?x=1","method":"get",
				"req_format":"twiml"}},"_":{"module":"say","data":{"text":"No"}}}}`,
		},
		{
			name: "menu that nobody uses", twiml: `<Gather timeout="2"><Say>Press</Say></Gather><Say>No</Say>`,
			json: `{"module":"gather","data":{"input":["dtmf"],"timeout_ms":2000,"prompts":[{"module":"tts","data":{"text":"Press"}}]},
				"children":{"_":{"module":"tts","data":{"text":"No"}}}}`,
		},
		{
			name: "variables", twiml: `<Set><Variable key="plan" value="gold"/></Set><Redirect method="POST">/next</Redirect>`,
			json: `{"module":"set_variables","data":{"custom_application_vars":{"plan":"gold"}},"children":{"_":{"module":"pivot",
				"data":{"voice_url":"/next","method":"post","req_format":"twiml"}}}}`,
		},
		{name: "busy", twiml: `<Reject reason="busy"/>`, json: `{"module":"response","data":{"code":486,"message":"busy"}}`},
		{name: "rejected", twiml: `<Reject/>`, json: `{"module":"response","data":{"code":503,"message":"rejected"}}`},
		{name: "hang up", twiml: `<Hangup/>`, json: `{"module":"answer","children":{"_":{"module":"hangup"}}}`},
		{name: "nothing", twiml: ``, json: `{"module":"hangup"}`},
		{name: "echo", twiml: `<Echo/>`, json: `{"module":"echo"}`},
		{name: "leave", twiml: `<Say>Hi</Say><Leave/>`, json: `{"module":"tts","data":{"text":"Hi"}}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			one := ring(t, "text/xml", "<Response>"+x.twiml+"</Response>", x.press)
			other := ring(t, "application/json", x.json, x.press)
			if one != other || one == "" {
				t.Errorf("TwiML:\n%s\n\ncallflow:\n%s", one, other)
			}
		})
	}
}
