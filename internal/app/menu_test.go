package app_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/phone"
)

// TestMenuHunts: a caller dials an extension in a menu, over SIP and RTP, and
// is answered by another callflow, which presses keys of its own.
func TestMenuHunts(t *testing.T) {
	a := start(t, nil)
	menu := create(t, a, "/menus", `{"name":"Door","hunt_deny":"^202$","retries":2,"media":{"greeting":"tone_stream://%(3000,0,1000)",
		"transfer_media":"tone_stream://%(100,0,440)","invalid_media":"tone_stream://%(100,0,350)","exit_media":false}}`)
	create(t, a, "/callflows", `{"numbers":["500"],"flow":{"module":"menu","data":{"id":"`+menu+`"},"children":{
		"1":`+pressing("11")+`,"max_retries":`+pressing("99")+`}}}`)
	for _, number := range []string{"201", "202"} {
		create(t, a, "/callflows", `{"numbers":["`+number+`"],"flow":`+pressing(number)+`}`)
	}
	for keys, want := range map[string]string{"201": "201", "1": "11", "202": "99"} {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			steps := []phone.Step{{Wait: 300 * time.Millisecond}, {Keys: keys + "#"}}
			if want == "99" {
				steps = append(steps, phone.Step{Wait: time.Second}, phone.Step{Keys: "7#"})
			}
			hearsKeys(t, a, "500", want, phone.Options{Steps: steps})
		})
	}
}

// TestMenuGreeting: a caller records the greeting of a menu, which is media of
// the account from then on and what the next caller hears.
func TestMenuGreeting(t *testing.T) {
	a := start(t, nil)
	menu := create(t, a, "/menus", `{"name":"Door","record_pin":"4711","allow_record_from_offnet":true,"media":{"greeting":"tone_stream://%(100,0,1000)"}}`)
	create(t, a, "/callflows", `{"numbers":["500"],"flow":{"module":"menu","data":{"id":"`+menu+`"},"children":{
		"1":`+pressing("11")+`}}}`)
	pause := phone.Step{Wait: 500 * time.Millisecond}
	hearsKeys(t, a, "500", "11", phone.Options{Steps: []phone.Step{
		pause, {Keys: "4711"}, pause, {Keys: "5"}, // skips the prompt
		{Wait: 3 * time.Second}, {Keys: "5"}, // ends the recording
		pause, {Keys: "1"}, {Wait: time.Second}, {Keys: "1#"},
	}})
	var doc struct {
		Data struct{ Media struct{ Greeting string } }
	}
	if err := json.Unmarshal([]byte(get(t, a, "/menus/"+menu)), &doc); err != nil || len(doc.Data.Media.Greeting) != 32 {
		t.Fatal(doc, err)
	}
	if wav := get(t, a, "/media/"+doc.Data.Media.Greeting+"/raw"); !strings.HasPrefix(wav, "RIFF") || len(wav) < 2*8000*2 {
		t.Errorf("%d bytes: %.20q", len(wav), wav)
	}
}

// TestPINIsNotKept: a caller types a PIN over RTP and calls on; nothing that
// is kept of the call has the PIN.
func TestPINIsNotKept(t *testing.T) {
	a := start(t, nil)
	create(t, a, "/callflows", `{"numbers":["600"],"flow":{"module":"disa","data":{"pin":"730514"}}}`)
	create(t, a, "/callflows", `{"numbers":["201"],"flow":`+pressing("201")+`}`)
	r := hearsKeys(t, a, "600", "201", phone.Options{Steps: []phone.Step{
		{Wait: 300 * time.Millisecond}, {Keys: "730514#"}, {Wait: 500 * time.Millisecond}, {Keys: "201#"},
	}})
	told(t, a, r.Info.ID, "201")
	all := get(t, a, "/calls/"+r.Info.ID+"/events")
	if !strings.Contains(all, "••••••") || strings.Contains(all, "730514") || strings.Contains(all, `"key":"7"`) {
		t.Error(all)
	}
}
