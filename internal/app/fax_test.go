package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/app"
	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestFaxIsHeard is a fax machine that calls over SIP and RTP, in each codec,
// and a person who is none.
func TestFaxIsHeard(t *testing.T) {
	a := start(t, nil)
	create(t, a, "/callflows", `{"numbers":["300"],"flow":{"module":"answer","children":{"_":{"module":"fax_detect","data":{"duration":1},
		"children":{"ON_FAX":{"module":"send_dtmf","data":{"digits":"1"}},"ON_VOICE":{"module":"send_dtmf","data":{"digits":"2"}}}}}}}`)
	calling, err := audio.ToneStream("tone_stream://%(500,3000,1100)")
	if err != nil {
		t.Fatal(err)
	}
	calling = audio.Sequence(audio.Silence(300*time.Millisecond), calling)
	for _, c := range audio.Codecs {
		r, err := dial(t, a, "300", phone.Options{
			Play: calling, Limit: 10 * time.Second, Dial: call.DialOptions{Codecs: []*audio.Codec{c}},
		})
		if err != nil || r.Keys != "1" {
			t.Errorf("%s: %+v, %v", c.Name, r, err)
		}
		told(t, a, r.Info.ID, "a fax is heard (cng)")
	}
	r, err := dial(t, a, "300", phone.Options{Play: audio.Tone(2*time.Second, 440, 480), Limit: 10 * time.Second})
	if err != nil || r.Keys != "2" {
		t.Errorf("%+v, %v", r, err)
	}
}

// create makes a document of the first account and returns its id.
func create(t *testing.T, a *app.App, path, data string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, "http://"+a.HTTP()+"/v2/accounts/"+a.Credentials.AccountID+path,
		strings.NewReader(`{"data":`+data+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", a.Credentials.APIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	var made struct{ Data struct{ ID string } }
	if err := json.Unmarshal(answer, &made); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s", resp.Status, answer)
	}
	return made.Data.ID
}

// told waits until a call's timeline says something.
func told(t *testing.T, a *app.App, id, says string) {
	t.Helper()
	var got string
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); <-time.After(10 * time.Millisecond) {
		if got = get(t, a, "/calls/"+id+"/events?format=text"); strings.Contains(got, says) {
			return
		}
	}
	t.Errorf("%q is not on the timeline:\n%s", says, got)
}
