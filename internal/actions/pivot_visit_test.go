package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// TestLoop is a document that leads to itself, in each way.
func TestLoop(t *testing.T) {
	self := `{"module":"pivot","data":{"voice_url":"","req_format":"twiml"}}`
	site := newWebsite(t, map[string]http.HandlerFunc{
		"/self":     doc(self),
		"/quiet":    doc(`{"module":"answer","children":{"_":{"module":"noop","children":{"_":` + self + `}}}}`),
		"/branch":   doc(`{"module":"check_cid","data":{"regex":"^"},"children":{"match":{"module":"set_cid","data":{"caller_id_name":"x"},"children":{"_":` + self + `}}}}`),
		"/json":     says(`{"module":"pivot","data":{"voice_url":"json"}}`),
		"/broken":   doc("bad"),
		"/fallback": doc(`{"module":"pivot","data":{"voice_url":"/broken","req_format":"twiml"}}`),
	})
	for _, x := range []struct{ data, last, by string }{
		{`"voice_url":"/self","req_format":"twiml"`, "hangup", "NORMAL_CLEARING"},
		{`"voice_url":"/quiet","req_format":"twiml"`, "hangup", "NORMAL_CLEARING"},
		{`"voice_url":"/branch","req_format":"twiml"`, "hangup", "NORMAL_CLEARING"},
		{`"voice_url":"/json"`, "pivot", "NORMAL_TEMPORARY_FAILURE"},
		{`"voice_url":"/broken","req_format":"twiml","fallback_url":"/fallback"`, "hangup", "NORMAL_CLEARING"},
	} {
		site.asked = nil
		data := strings.ReplaceAll(x.data, `":"/`, `":"`+site.URL+"/")
		log, _ := twimlCall(t, client(t), `{"module":"pivot","data":{`+data+`}}`)
		ran := strings.Fields(log.modules())
		failed := of[event.Failed](log)
		if len(failed) == 0 || failed[len(failed)-1].Code != "pivot.loop" || ran[len(ran)-1] != x.last {
			t.Errorf("%s: ran %s, told %+v", x.data, ran[len(ran)-1], failed)
		}
		if n := strings.Count(log.modules(), "pivot"); n != maxIdle+1 {
			t.Errorf("%s: %d pivots", x.data, n)
		}
		if e := of[event.Ended](log); e[0].Cause != x.by {
			t.Errorf("%s: ended %+v", x.data, e)
		}
	}
}

// TestBusyLoop may go on: something happens each time round.
func TestBusyLoop(t *testing.T) {
	n := 0
	site := newWebsite(t, map[string]http.HandlerFunc{"/voice": func(w http.ResponseWriter, r *http.Request) {
		node := `{"module":"tts","children":{"_":{"module":"pivot","data":{"voice_url":"","req_format":"twiml"}}}}`
		if n++; n > 2*maxIdle {
			node = `{"module":"hangup"}`
		}
		doc(node)(w, r)
	}})
	log, _ := twimlCall(t, client(t), fmt.Sprintf(`{"module":"pivot","data":{"voice_url":%q,"req_format":"twiml"}}`, site.URL+"/voice"))
	if f := of[event.Failed](log); len(f) != 0 || n != 2*maxIdle+1 {
		t.Errorf("asked %d times, told %+v", n, f)
	}
}

// TestInterrupted while a fallback is asked is no failure.
func TestInterrupted(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	site := newWebsite(t, map[string]http.HandlerFunc{"/fallback": func(_ http.ResponseWriter, r *http.Request) {
		cancel(gone)
		<-r.Context().Done()
	}})
	log := &timeline{}
	e := flow.NewEngine(flow.Config{Log: log, Actions: []flow.Action{pivot(client(t), map[string]Dialect{"twiml": tags{}, "kazoo": tags{}}, nil), speak, hangup}})
	program := &flow.Node{Module: "pivot", Data: json.RawMessage(fmt.Sprintf(
		`{"voice_url":%q,"req_format":"twiml","fallback_url":%q}`, site.URL+"/none", site.URL+"/fallback"))}
	if err := e.Run(ctx, fake.New(call.Info{ID: "1@host"}, log), flow.Start{Program: program}); err != nil {
		t.Fatal(err)
	}
	if log.modules() != "pivot" {
		t.Errorf("ran %s", log.modules())
	}
}
