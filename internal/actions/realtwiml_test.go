package actions_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/twiml"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// pages is a web server of TwiML documents, by the last word of their URL.
type pages struct {
	docs map[string]string

	mu    sync.Mutex
	asked []string // "POST record Digits=hangup&…", without what is always there
}

func (*pages) CheckURL(string) error { return nil }

func (p *pages) Ask(_ context.Context, r webhook.Request) (event.Fetched, webhook.Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, name, _ := strings.Cut(r.URL, "a.test/")
	found := url.Values{}
	for k := range r.Params {
		switch {
		case k == "RecordingSid", k == "RecordingUrl":
			found.Set(k, "…")
		case k == "Digits", k == "CallStatus", k == "SpeechResult", k == "Confidence", strings.HasPrefix(k, "Recording"),
			strings.HasPrefix(k, "Refer"), strings.HasPrefix(k, "Notify"):
			found.Set(k, r.Params.Get(k))
		}
	}
	text, _ := url.QueryUnescape(found.Encode())
	p.asked = append(p.asked, fmt.Sprintf("%s %s %s", r.Method, name, text))
	return event.Fetched{ID: r.ID, Method: r.Method, URL: r.URL, Status: 200}, webhook.Answer{
		URL: r.URL, ContentType: "text/xml", Body: []byte("<Response>" + p.docs[name] + "</Response>"),
	}
}

// TestTwiML is applications as they are written, from the first request to
// the last.
func TestTwiML(t *testing.T) {
	for name, c := range map[string]struct {
		start string
		heard string // without the answer and the end
		asked []string
		posts string
		does  []person
	}{
		"a menu": {
			start: `<Gather numDigits="1" action="next"><Say>Press</Say><Pause/><Play>http://a.test/m.wav</Play></Gather><Say>Bye</Say>`,
			heard: `hear say "Press" female en-us|hear silence for 1s|cut short|hear say "Next" female en-us`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=in-progress&Digits=4"},
			does:  []person{presses(time.Second, "4")},
		},
		"no answer": {
			start: `<Gather action="next"><Say>Press</Say></Gather><Say>Bye</Say>`,
			heard: `hear say "Press" female en-us|hear say "Bye" female en-us`,
			asked: []string{"POST start CallStatus=ringing"},
		},
		"speech": {
			start: `<Gather input="speech dtmf" speechTimeout="auto" action="next"/>`,
			heard: `hear say "Next" female en-us`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=in-progress&Confidence=0.80&SpeechResult=sales"},
			does:  []person{says(time.Second, time.Second)},
		},
		"a message": {
			start: `<Record maxLength="3" action="next" recordingStatusCallback="status"/>`,
			heard: `hear beep|hear say "Next" female en-us`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=in-progress&RecordingDuration=3&RecordingSid=…&RecordingUrl=…"},
			posts: "recording completed", does: []person{says(0, time.Minute)},
		},
		"a message, gone": {
			start: `<Record action="next" recordingStatusCallback="status"/>`,
			heard: `hear beep`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=completed&Digits=hangup&RecordingDuration=2&RecordingSid=…&RecordingUrl=…"},
			posts: "recording completed", does: []person{says(0, time.Minute), hurry(2500 * time.Millisecond)},
		},
		"the whole call": {
			start: `<Start><Recording name="all" recordingStatusCallback="status" trim="do-not-trim"/></Start><Say>Hello</Say><Stop><Recording name="all"/></Stop><Redirect>next</Redirect>`,
			heard: `hear say "Hello" female en-us|hear say "Next" female en-us`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=in-progress"},
			posts: "recording completed",
		},
		"a transfer": {
			start: `<Refer action="next"><Sip>sip:bob@b.test</Sip></Refer>`,
			heard: `refer to sip:bob@b.test|hear say "Next" female en-us`,
			asked: []string{"POST start CallStatus=ringing", "POST next CallStatus=in-progress&NotifySipResponseCode=200&ReferCallStatus=in-progress&ReferSipResponseCode=202"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			web := &pages{docs: map[string]string{"start": c.start, "next": "<Say>Next</Say>"}}
			d, posts := deps(nil), &post{}
			d.Web, d.Callbacks, d.Recogniser = web, posts, &listener{text: "sales", sure: 0.8}
			d.Dialects = map[string]actions.Dialect{"twiml": twiml.New(twiml.Pivot), "twilio": twiml.New(twiml.Twilio)}
			heard, j := with(t, d, `{"module":"pivot","data":{"voice_url":"http://a.test/start","method":"post","req_format":"twiml","compat":"twilio"}}`, c.does...)
			heard = strings.TrimPrefix(heard, "answer|")
			heard = heard[:strings.LastIndex(heard, "|hangup")]
			if heard != c.heard {
				t.Errorf("heard\n%s, want\n%s", heard, c.heard)
			}
			if got := strings.Join(web.asked, "\n"); got != strings.Join(c.asked, "\n") {
				t.Errorf("asked\n%s, want\n%s", got, strings.Join(c.asked, "\n"))
			}
			if got := posts.events(); got != c.posts {
				t.Errorf("posted %s, want %s", got, c.posts)
			}
			for _, p := range posts.all {
				if p.URL != "http://a.test/status" || p.Params.Get("Caller") != "200" || p.Params.Get("CallSid") != "c1" {
					t.Errorf("posted %+v", p)
				}
			}
			if failed := of[event.Failed](j); len(failed) > 0 {
				t.Errorf("%+v", failed)
			}
		})
	}
}
