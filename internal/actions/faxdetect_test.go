package actions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/call/fake"
	"github.com/pivotvoice/pivot/internal/event"
)

// sends makes the person send a sound after a while.
func sends(t *testing.T, after time.Duration, tones string) person {
	t.Helper()
	s, err := audio.ToneStream("tone_stream://" + tones)
	if err != nil {
		t.Fatal(err)
	}
	return func(p *fake.Phone) { time.Sleep(after); p.Say(s) }
}

const calling = "%(500,3000,1100);loops=4"

// TestFaxDetect is who is told from whom, and when.
func TestFaxDetect(t *testing.T) {
	const all = "ON_FAX ON_VOICE _"
	for name, c := range map[string]struct {
		data, children, want string
		after                time.Duration // at most 300 ms more
		does                 person
	}{
		"fax":            {`{}`, all, "ON_FAX", 4400 * time.Millisecond, sends(t, 200*time.Millisecond, calling)},
		"late":           {`{}`, all, "ON_FAX", 10200 * time.Millisecond, sends(t, 6*time.Second, calling)},
		"too late":       {`{}`, all, "ON_VOICE", 7 * time.Second, sends(t, 6600*time.Millisecond, calling)},
		"not the first":  {`{}`, all, "ON_FAX", 7700 * time.Millisecond, sends(t, 0, calling)},
		"once":           {`{}`, all, "ON_VOICE", 7 * time.Second, sends(t, 200*time.Millisecond, "%(500,3000,1100)")},
		"once, late":     {`{}`, all, "ON_VOICE", 10800 * time.Millisecond, sends(t, 6*time.Second, "%(500,3000,1100)")},
		"once, before":   {`{}`, all, "ON_VOICE", 7200 * time.Millisecond, sends(t, 2400*time.Millisecond, "%(500,3000,1100)")},
		"shorter":        {`{"duration":1}`, all, "ON_VOICE", 3 * time.Second, sends(t, 3*time.Second, calling)},
		"longer":         {`{"duration":"9"}`, all, "ON_FAX", 13700 * time.Millisecond, sends(t, 9500*time.Millisecond, calling)},
		"silence":        {`{}`, all, "ON_VOICE", 7 * time.Second, nil},
		"another tone":   {`{}`, all, "ON_VOICE", 7 * time.Second, sends(t, 0, "%(500,3000,1000);loops=4")},
		"no such child":  {`{}`, "ON_VOICE _", "_", 4400 * time.Millisecond, sends(t, 200*time.Millisecond, calling)},
		"nor this one":   {`{}`, "ON_FAX _", "_", 7 * time.Second, nil},
		"no child":       {`{}`, "", "", 7 * time.Second, nil},
		"keys, no voice": {`{}`, all, "ON_VOICE", 7 * time.Second, presses(time.Second, "12")},
	} {
		t.Run(name, func(t *testing.T) {
			var people []person
			if c.does != nil {
				people = append(people, c.does)
			}
			heard, j := take(t, nil, `{"module":"answer","children":{"_":{"module":"fax_detect","data":`+c.data+`,"children":`+children(c.children)+`}}}`, people...)
			if got := took(j); got != c.want || heard != "answer|hangup NORMAL_CLEARING by us" {
				t.Errorf("took %q, heard %s", got, heard)
			}
			if late := end(j).At.Sub(j.events[0].At) - c.after; late < 0 || late > 300*time.Millisecond {
				t.Errorf("after %v", c.after+late)
			}
			fax := c.does != nil && c.after%time.Second != 0 && !strings.HasPrefix(name, "once")
			if got := of[event.Detected](j); fax != (len(got) == 1) || fax && (got[0].What != "fax" || got[0].By != "cng" || got[0].After == 0) {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// TestFaxDetectUnanswered does not take the call, and says what that means.
func TestFaxDetectUnanswered(t *testing.T) {
	heard, j := take(t, nil, `{"module":"fax_detect","children":{"ON_FAX":{"module":"answer"}}}`, sends(t, time.Second, calling))
	if w := of[event.Warned](j); len(w) != 1 || w[0].Code != "fax_detect.unanswered" || !strings.HasPrefix(heard, "answer|") {
		t.Errorf("%+v, heard %s", w, heard)
	}
}

// TestFaxDetectHungUp ends with the call, at once.
func TestFaxDetectHungUp(t *testing.T) {
	_, j := take(t, nil, `{"module":"answer","children":{"_":{"module":"fax_detect","children":{"_":{"module":"set","data":{"took":"_"}}}}}}`,
		hurry(3*time.Second))
	if long := end(j).At.Sub(j.events[0].At); long != 3*time.Second || took(j) != "" || end(j).What.(event.Ended).By != call.ByCaller {
		t.Errorf("after %v took %q", long, took(j))
	}
}

func TestFaxDetectCheck(t *testing.T) {
	for data, want := range map[string]string{
		`{"duration":3600}`: "",
		`{"duration":-1}`:   "duration error: Value must be from 0 to 3600",
		`{"duration":3601}`: "duration error: Value must be from 0 to 3600",
		`{"duration":"x"}`:  "duration type: Value did not match type(s): integer",
	} {
		if got := faultsOf(t, "fax_detect", data); got != want {
			t.Errorf("%s: %s", data, got)
		}
	}
}
