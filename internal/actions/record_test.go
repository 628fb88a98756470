package actions_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/event"
)

const teach = `"children":{"recorded":{"module":"teller","children":{"_":{"module":"answer"}}},"_":{"module":"noop"}}`

// TestRecord is what becomes of a message: after the answer and a beep of half
// a second the person speaks.
func TestRecord(t *testing.T) {
	const all = `"status_callback":"http://web.test/s","status_callback_events":["in-progress","completed","absent"]`
	for name, c := range map[string]struct {
		data    string
		r       *recordings
		ears    actions.Recogniser
		made    string
		dropped int
		facts   string
		not     string
		posts   string
		took    time.Duration
		does    []person
	}{
		"silence ends it": {
			data: all, made: "mono 8s", facts: "recorded wav 8s silence\nset RecordingDuration=8\nset RecordingSid=\nset RecordingUrl=http://pivot.test/",
			not: "Digits", posts: "recording in-progress|recording completed", took: 8500 * time.Millisecond, does: []person{says(time.Second, 2500*time.Millisecond)},
		},
		"key": {
			data: `"finish_on_key":"#"`, made: "mono 2.1s", facts: "recorded wav 2.1s key\nset Digits=#", took: 2600 * time.Millisecond,
			does: []person{says(time.Second, time.Minute), presses(2400*time.Millisecond, "1#")},
		},
		"limit":        {data: `"max_length":3`, made: "mono 3s", facts: "time_limit\nset RecordingDuration=3", not: "Digits", took: 3500 * time.Millisecond, does: []person{says(0, time.Minute)}},
		"hangup":       {data: all, made: "mono 1.5s", facts: "recorded wav 1.5s hangup\nset Digits=hangup", posts: "recording in-progress|recording completed", took: 2 * time.Second, does: []person{says(0, time.Minute), hurry(2 * time.Second)}},
		"only silence": {data: all, dropped: 1, facts: "warned recording.silent", not: "RecordingUrl", posts: "recording in-progress|recording absent", took: 5500 * time.Millisecond},
		"a click":      {data: ``, dropped: 1, facts: "warned recording.silent", not: "RecordingUrl", took: 6060 * time.Millisecond, does: []person{says(time.Second, 60*time.Millisecond)}},
		"silence, gone": {
			data: all, dropped: 1, facts: "warned recording.silent", not: "RecordingUrl", posts: "recording in-progress|recording absent", took: 2 * time.Second,
			does: []person{hurry(2 * time.Second)},
		},
		"gone in the beep": {data: all, facts: "beep", not: "RecordingUrl", took: 300 * time.Millisecond, does: []person{hurry(300 * time.Millisecond)}},
		"no beep":          {data: `"play_beep":false,"max_length":2`, made: "mono 2s", took: 2 * time.Second, does: []person{says(0, time.Minute)}},
		"no silence":       {data: `"timeout":0,"max_length":20`, made: "mono 20s", took: 20500 * time.Millisecond, does: []person{says(0, 2*time.Second)}},
		"sent": {
			data: `"max_length":1,"url":"http://web.test/in",` + all, made: "mono 1s", facts: "uploaded 200\nset RecordingUrl=http://web.test/in/call_recording_",
			posts: "recording in-progress|recording completed", took: 1500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"not taken": {
			data: `"max_length":1,"url":"http://web.test/in",` + all, r: &recordings{refuse: errors.New("403")}, made: "mono 1s",
			posts: "recording in-progress|recording failed", took: 1500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"not begun": {data: all, r: &recordings{fail: errors.New("disk full")}, facts: "failed recording.failed", not: "RecordingUrl", posts: "recording failed", took: 500 * time.Millisecond},
		"not kept": {
			data: `"max_length":1,` + all, r: &recordings{keep: errors.New("disk full")}, made: "mono 1s", facts: "failed recording.failed", not: "RecordingUrl",
			posts: "recording in-progress|recording failed", took: 1500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"as mp3": {data: `"max_length":1,"format":"mp3"`, made: "mono 1s", facts: "warned recording.format", took: 1500 * time.Millisecond, does: []person{says(0, time.Minute)}},
		"written down": {
			data: `"max_length":4,"transcribe":true,"transcribe_callback":"http://web.test/t"`, ears: &listener{text: "call me"}, made: "mono 4s",
			facts: "understood call me", posts: "transcription completed", took: 4500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"too short to write": {
			data: `"max_length":1,"transcribe":true,"transcribe_callback":"http://web.test/t"`, ears: &listener{text: "call me"}, made: "mono 1s",
			facts: "warned record.transcribe", posts: "transcription failed", took: 1500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"nobody writes": {
			data: `"max_length":3,"transcribe":true,"transcribe_callback":"http://web.test/t"`, made: "mono 3s",
			facts: "warned record.no_recogniser", posts: "transcription failed", took: 3500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
		"not understood": {
			data: `"max_length":3,"transcribe":true,"transcribe_callback":"http://web.test/t"`, ears: &listener{fail: errors.New("no quota")}, made: "mono 3s",
			posts: "transcription failed", took: 3500 * time.Millisecond, does: []person{says(0, time.Minute)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.r == nil {
				c.r = &recordings{}
			}
			d, told1 := deps(c.r), &post{}
			d.Callbacks, d.Recogniser = told1, c.ears
			heard, j := with(t, d, `{"module":"record","data":{`+c.data+`},`+teach+`}`, c.does...)
			if !strings.Contains(c.data, "play_beep") && !strings.HasPrefix(heard, "answer|hear beep|") {
				t.Error(heard)
			}
			if got := strings.Join(c.r.made, "|"); got != c.made || c.r.dropped != c.dropped {
				t.Errorf("made %s, threw %d away", got, c.r.dropped)
			}
			facts := told(j) + heard
			for want := range strings.SplitSeq(c.facts, "\n") {
				if !strings.Contains(facts, want) {
					t.Errorf("not told: %s in\n%s", want, facts)
				}
			}
			if c.not != "" && strings.Contains(facts, "set "+c.not) {
				t.Errorf("told %s in\n%s", c.not, facts)
			}
			if got := told1.events(); got != c.posts {
				t.Errorf("posted %s, want %s", got, c.posts)
			}
			if took := lasted(j); took < c.took-40*time.Millisecond || took > c.took+40*time.Millisecond {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}

// TestRecordCallback is what a status callback says.
func TestRecordCallback(t *testing.T) {
	r := &recordings{}
	d, told := deps(r), &post{}
	d.Callbacks = told
	_, j := with(t, d, `{"module":"record","data":{"max_length":2,"status_callback":"http://web.test/s","status_callback_method":"get"}}`, says(0, time.Minute))
	id := of[event.Recorded](j)[0].ID
	if len(told.all) != 1 {
		t.Fatalf("%+v", told.all)
	}
	c := told.all[0]
	began := j.events[0].At.Add(500 * time.Millisecond).UTC().Format(time.RFC1123Z)
	want := url.Values{
		"AccountSid": {"acme"}, "CallSid": {"c1"}, "From": {"200"}, "To": {"100"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"},
		"RecordingSid": {id}, "RecordingUrl": {"http://pivot.test/" + id}, "RecordingStatus": {"completed"}, "RecordingDuration": {"2"},
		"RecordingChannels": {"1"}, "RecordingSource": {"RecordVerb"}, "RecordingStartTime": {began},
	}
	if c.Params.Encode() != want.Encode() || c.Method != "GET" || c.URL != "http://web.test/s" || c.Call != "c1" {
		t.Errorf("%+v, want %v", c, want)
	}
}

// TestRecordStopped is a message whose flow is taken elsewhere by the end of
// the server: it is kept.
func TestRecordStopped(t *testing.T) {
	r := &recordings{}
	_, j := within(t, 2500*time.Millisecond, deps(r), `{"module":"record",`+teach+`}`, says(0, 4*time.Second))
	if strings.Join(r.made, "|") != "mono 2s" || strings.Contains(told(j), "RecordingUrl") {
		t.Error(r.made, told(j))
	}
}

// TestRecordCall is recordings that run beside a flow.
func TestRecordCall(t *testing.T) {
	start := func(data, then string) string {
		return `{"module":"record_call","data":{` + data + `},"children":{"error":{"module":"sleep","data":{"duration":30}},"_":` + then + `}}`
	}
	wait := func(seconds, then string) string {
		return `{"module":"sleep","data":{"duration":` + seconds + `},"children":{"_":` + then + `}}`
	}
	const over, done = `{"module":"hangup"}`, `"action":"stop"`
	for name, c := range map[string]struct {
		prog    string
		made    string
		dropped int
		facts   string
		posts   string
		took    time.Duration
		does    []person
	}{
		"to the end": {prog: start(``, wait("4", over)), made: "dual 4s", facts: "recorded wav 4s hangup", took: 4 * time.Second},
		"stopped":    {prog: start(``, wait("4", start(done, wait("3", over)))), made: "dual 4s", facts: "recorded wav 4s stopped", took: 7 * time.Second},
		"gone":       {prog: start(``, wait("9", over)), made: "dual 5s", facts: "recorded wav 5s hangup", took: 5 * time.Second, does: []person{hurry(5 * time.Second)}},
		"mono":       {prog: start(`"channels":"mono"`, wait("1", over)), made: "mono 1s", took: time.Second},
		"one track":  {prog: start(`"track":"outbound"`, wait("1", over)), made: "mono 1s", took: time.Second},
		"two":        {prog: start(`"name":"a"`, wait("1", start(`"name":"b"`, wait("1", start(`"action":"stop","name":"a"`, wait("1", over)))))), made: "dual 2s|dual 2s", took: 3 * time.Second},
		"the last":   {prog: start(`"name":"a"`, wait("1", start(``, wait("1", start(done, wait("1", over)))))), made: "dual 1s|dual 3s", took: 3 * time.Second},
		"twice":      {prog: start(`"name":"a"`, start(`"name":"a"`, over)), made: "dual 30s", facts: "failed record_call.twice", took: 30 * time.Second},
		"none":       {prog: start(`"action":"stop","name":"a"`, over), facts: "failed record_call.none", took: 30 * time.Second},
		"limited":    {prog: start(`"time_limit":5`, wait("9", over)), made: "dual 5s", facts: "time_limit", took: 9 * time.Second},
		"too short":  {prog: start(`"record_min_sec":5`, wait("2", over)), dropped: 1, facts: "warned record_call.short", took: 2 * time.Second},
		"silent":     {prog: start(`"trim":true,"status_callback":"http://web.test/s","status_callback_events":["absent"]`, wait("2", over)), dropped: 1, facts: "warned recording.silent", posts: "recording absent", took: 2 * time.Second},
		"silent, masked": {
			prog:    start(`"trim":true`, start(`"action":"mask"`, wait("2", start(`"action":"unmask"`, over)))),
			dropped: 1, facts: "warned recording.silent", took: 2 * time.Second, does: []person{says(0, time.Minute)},
		},
		"told": {
			prog: start(`"url":"http://web.test/in","status_callback":"http://web.test/s"`, wait("2", over)), made: "dual 2s", facts: "uploaded 200",
			posts: "recording completed", took: 2 * time.Second,
		},
		"on answer": {
			prog: start(`"record_on_answer":true`, wait("2", `{"module":"answer","children":{"_":`+wait("3", over)+`}}`)), made: "dual 3s",
			facts: "recorded wav 3s hangup", took: 5 * time.Second,
		},
		"answered": {prog: `{"module":"answer","children":{"_":` + start(`"record_on_answer":true`, wait("3", over)) + `}}`, made: "dual 3s", took: 3 * time.Second},
		"transferred": {
			prog: `{"module":"answer","children":{"_":` + start(``, start(`"name":"a","should_follow_transfer":false`,
				wait("1", `{"module":"refer","data":{"target":"bob@x.test"},"children":{"_":`+wait("3", over)+`}}`))) + `}}`,
			made: "dual 1s|dual 4s", took: 4 * time.Second,
		},
		"on answer, stopped twice": {
			prog: start(`"record_on_answer":true`, `{"module":"answer","children":{"_":`+wait("1", start(done, start(done, over)))+`}}`),
			made: "dual 1s", facts: "failed record_call.none", took: 31 * time.Second,
		},
		"on answer, stopped before": {
			prog: start(`"record_on_answer":true,"name":"a"`, start(`"action":"stop","name":"a"`, `{"module":"answer","children":{"_":`+wait("3", over)+`}}`)),
			took: 3 * time.Second,
		},
		"on answer, masked": {
			prog: start(`"record_on_answer":true,"trim":true`, start(`"action":"mask"`,
				`{"module":"answer","children":{"_":`+wait("2", over)+`}}`)),
			dropped: 1, facts: "set recording of the call=masked\nwarned recording.silent", took: 2 * time.Second,
			does: []person{says(0, time.Minute)},
		},
		"on answer, twice": {
			prog:  start(`"record_on_answer":true,"name":"a"`, start(`"record_on_answer":true,"name":"a"`, over)),
			facts: "failed record_call.twice", took: 30 * time.Second,
		},
		"never":        {prog: start(`"record_on_answer":true`, wait("3", over)), took: 3 * time.Second},
		"Kazoo's more": {prog: start(`"record_on_bridge":true,"record_sample_rate":16000`, wait("1", over)), made: "dual 1s", facts: "warned record_call.rate\nwarned record_call.bridge", took: time.Second},
		"not begun on answer": {
			prog:  start(`"record_on_answer":true`, `{"module":"answer","children":{"_":`+wait("1", over)+`}}`),
			facts: "warned recording.failed", took: time.Second,
		},
		"not begun": {prog: start(``, over), facts: "failed recording.failed", took: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recordings{}
			if strings.HasPrefix(name, "not begun") {
				r.fail = errors.New("disk full")
			}
			d, posts := deps(r), &post{}
			d.Callbacks = posts
			_, j := with(t, d, c.prog, c.does...)
			if got := strings.Join(r.made, "|"); got != c.made || r.dropped != c.dropped {
				t.Errorf("made %s, threw %d away", got, r.dropped)
			}
			if !strings.Contains(told(j), c.facts) || posts.events() != c.posts {
				t.Errorf("told\n%sposted %s", told(j), posts.events())
			}
			if took := lasted(j); took != c.took {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}

// TestRefer is what a transfer tells.
func TestRefer(t *testing.T) {
	heard, j := take(t, nil, `{"module":"refer","data":{"target":"bob@x.test","headers":{"X-A":"1"}},"children":{"_":{"module":"teller"}}}`)
	if heard != "answer|refer to sip:bob@x.test X-A: 1|hangup NORMAL_CLEARING by us" {
		t.Error(heard)
	}
	want := "referred sip:bob@x.test 202 200\nset NotifySipResponseCode=200\nset ReferCallStatus=in-progress\nset ReferSipResponseCode=202\n"
	if told(j) != want {
		t.Error(told(j))
	}
}

// TestRecordOnAnswerBase: what a recording is sent to is as seen from the
// program that asked for it, also if another one answers the call.
func TestRecordOnAnswerBase(t *testing.T) {
	d, posts := deps(nil), &post{}
	d.Callbacks = posts
	d.Web = &site{answers: map[string]string{
		"http://one.test/a": `{"module":"record_call","data":{"record_on_answer":true,"status_callback":"/s"},"children":{"_":
			{"module":"pivot","data":{"voice_url":"http://two.test/b"}}}}`,
		"http://two.test/b": `{"module":"answer","children":{"_":{"module":"sleep","data":{"duration":2}}}}`,
	}}
	with(t, d, `{"module":"pivot","data":{"voice_url":"http://one.test/a"}}`, says(0, time.Minute))
	if len(posts.all) != 1 || posts.all[0].URL != "http://one.test/s" {
		t.Errorf("%+v", posts.all)
	}
}
