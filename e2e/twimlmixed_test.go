package e2e

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
)

// TestTwiMLMixed has a callflow, TwiML and callflow JSON take turns in a call,
// in the profile pivot, with a cookie, variables, an empty Gather and a
// recording beside it all.
func TestTwiMLMixed(t *testing.T) {
	stranger(t, "lame")
	s := serve(t)
	defer s.timelines()
	app := startApp(t, map[string]string{
		"/menu/back": `<Response><Play>%s/tone880.wav</Play><Stop><Recording name="all"/></Stop><Play>%s/tone440.wav</Play></Response>`,
		"/recording": "",
	})
	// What is no absolute URL is a media id in this profile.
	app.pages["/menu/back"] = strings.ReplaceAll(app.pages["/menu/back"], "%s", app.URL)
	app.more["/menu/start"] = func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "basket", Value: "b7", Path: "/"})
		says("application/xml", `<Response><Set><Variable key="shop" value="Köln"/></Set>
			<Start><Recording name="all" channels="dual" recordingStatusCallback="/recording"/></Start>
			<Gather timeout="1" actionOnEmptyResult="true" action="none"/><Hangup/></Response>`)(w, nil)
	}
	cookies := make(chan string, 10)
	app.more["/menu/none"] = func(w http.ResponseWriter, r *http.Request) {
		cookies <- r.Header.Get("Cookie")
		says(asJSON, `{"module":"play","data":{"id":"tone_stream://%(400,0,660)"},"children":{"_":
			{"module":"pivot","data":{"voice_url":"back","req_format":"twiml"}}}}`)(w, nil)
	}
	s.callflow("970", `{"module":"pivot","data":{"voice_url":"`+app.URL+`/menu/start","req_format":"twiml"}}`)
	ear := audio.NewEar(8000, tones)
	id := s.keyed(s.line(), "970", "", call.DialOptions{}, ear)
	if got := hears(ear); !slices.Equal(got, []string{"middle", "high", "low"}) {
		t.Errorf("heard %q", got)
	}
	first := app.only(s, "/menu/start")
	first.is(t, "From=+15550100", "CallerNumber=+15550100", "To=970", "FromRealm=127.0.0.1", "CallStatus=ringing", "!Digits", "!shop")
	none := app.only(s, "/menu/none")
	none.is(t, "Digits=", "shop=Köln", "CallStatus=in-progress")
	back := app.only(s, "/menu/back")
	back.is(t, "!Digits", "shop=Köln")
	if first.method != "GET" || none.method != "POST" || back.method != "GET" || !none.params.Has("Digits") {
		t.Errorf("asked by %s, %s, %s; Digits are there: %v", first.method, none.method, back.method, none.params.Has("Digits"))
	}
	if got := <-cookies; got != "basket=b7" {
		t.Errorf("cookie %q", got)
	}
	told := app.only(s, "/recording")
	told.is(t, "RecordingStatus=completed", "RecordingChannels=2", "CallSid="+id, "RecordingUrl", "RecordingSource=StartCallRecordingTwiML")
	link := told.params.Get("RecordingUrl")
	checkRecording(t, link)
	if _, _, body := get(t, link+".wav"); len(body) < 24 || binary.LittleEndian.Uint16(body[22:]) != 2 {
		t.Errorf("the recording has not two channels: % x", body[:min(44, len(body))])
	}
	if r := s.record(id); r.By != "us" || r.Cause != "NORMAL_CLEARING" {
		t.Errorf("record %+v", r)
	}
}
