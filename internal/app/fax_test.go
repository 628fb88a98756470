package app_test

import (
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestFaxIsHeard is a fax machine that calls over SIP and RTP, in each codec,
// and a person who is none.
func TestFaxIsHeard(t *testing.T) {
	a := start(t, nil)
	for number, duration := range map[string]string{"300": "100", "301": "1"} {
		create(t, a, "/callflows", `{"numbers":["`+number+`"],"flow":{"module":"answer","children":{"_":{
			"module":"fax_detect","data":{"duration":`+duration+`},"children":{
			"ON_FAX":`+pressing("1")+`,"ON_VOICE":`+pressing("2")+`}}}}}`)
	}
	// A machine calls again and again: one that is busy sends some frames late.
	calling, err := audio.ToneStream("tone_stream://%(500,3000,1100);loops=-1")
	if err != nil {
		t.Fatal(err)
	}
	calling = audio.Sequence(audio.Silence(300*time.Millisecond), calling)
	for _, c := range audio.Codecs {
		r := hearsKeys(t, a, "300", "1", phone.Options{Play: calling, Dial: call.DialOptions{Codecs: []*audio.Codec{c}}})
		told(t, a, r.Info.ID, "a fax is heard (cng)")
	}
	hearsKeys(t, a, "301", "2", phone.Options{Play: audio.Tone(2*time.Second, 440, 480)})
}
