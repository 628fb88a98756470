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
		"1":{"module":"send_dtmf","data":{"digits":"11"}},"max_retries":{"module":"send_dtmf","data":{"digits":"99"}}}}}`)
	for _, number := range []string{"201", "202"} {
		create(t, a, "/callflows", `{"numbers":["`+number+`"],"flow":{"module":"send_dtmf","data":{"digits":"`+number+`"}}}`)
	}
	for keys, want := range map[string]string{"201": "201", "1": "11", "202": "99"} {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			steps := []phone.Step{{Wait: 300 * time.Millisecond}, {Keys: keys + "#"}}
			if want == "99" {
				steps = append(steps, phone.Step{Wait: time.Second}, phone.Step{Keys: "7#"})
			}
			r, err := dial(t, a, "500", phone.Options{Steps: steps, Limit: 20 * time.Second})
			if err != nil || r.Keys != want {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestMenuGreeting: a caller records the greeting of a menu, which is media of
// the account from then on and what the next caller hears.
func TestMenuGreeting(t *testing.T) {
	a := start(t, nil)
	menu := create(t, a, "/menus", `{"name":"Door","record_pin":"4711","allow_record_from_offnet":true,"media":{"greeting":"tone_stream://%(100,0,1000)"}}`)
	create(t, a, "/callflows", `{"numbers":["500"],"flow":{"module":"menu","data":{"id":"`+menu+`"},"children":{
		"1":{"module":"send_dtmf","data":{"digits":"11"}}}}}`)
	pause := phone.Step{Wait: 500 * time.Millisecond}
	r, err := dial(t, a, "500", phone.Options{Limit: 40 * time.Second, Steps: []phone.Step{
		pause, {Keys: "4711"}, pause, {Keys: "5"}, // skips the prompt
		{Wait: 3 * time.Second}, {Keys: "5"}, // ends the recording
		pause, {Keys: "1"}, {Wait: time.Second}, {Keys: "1#"},
	}})
	if err != nil || r.Keys != "11" {
		t.Fatalf("%+v, %v", r, err)
	}
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
	create(t, a, "/callflows", `{"numbers":["201"],"flow":{"module":"send_dtmf","data":{"digits":"201"}}}`)
	r, err := dial(t, a, "600", phone.Options{Limit: 30 * time.Second, Steps: []phone.Step{
		{Wait: 300 * time.Millisecond}, {Keys: "730514#"}, {Wait: 500 * time.Millisecond}, {Keys: "201#"},
	}})
	if err != nil || r.Keys != "201" {
		t.Fatalf("%+v, %v", r, err)
	}
	told(t, a, r.Info.ID, "201")
	all := get(t, a, "/calls/"+r.Info.ID+"/events")
	if !strings.Contains(all, "••••••") || strings.Contains(all, "730514") || strings.Contains(all, `"key":"7"`) {
		t.Error(all)
	}
}
