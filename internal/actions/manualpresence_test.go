package actions_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/presence"
)

// shown is lamps that keep what they were set to.
type shown struct{ got []string }

func (l *shown) Set(_ context.Context, account, id string, state presence.State) (presence.Status, error) {
	if id == "missing" {
		return presence.Status{}, presence.ErrBad
	}
	l.got = append(l.got, fmt.Sprint(account, " ", id, " ", state))
	return presence.Status{User: id, Realm: "acme.test"}, nil
}

// TestManualPresence sets the lamp that is meant, answers, and goes on.
func TestManualPresence(t *testing.T) {
	for _, c := range []struct{ captured, data, set, code string }{
		{"", `{"presence_id": "100", "status": "busy"}`, "acme 100 confirmed", ""},
		{"", `{"presence_id": "100", "status": "ringing"}`, "acme 100 early", ""},
		{"", `{"presence_id": "100"}`, "acme 100 terminated", ""},
		{"200", `{"status": "busy"}`, "acme 200 confirmed", ""},
		{"200", `{"presence_id": "100", "status": "busy"}`, "acme 100 confirmed", ""},
		{"", `{"status": "busy"}`, "", "presence.missing"},
		{"", `{"presence_id": "missing", "status": "busy"}`, "", "presence.failed"},
	} {
		d, l := deps(nil), &shown{}
		d.Presence = l
		heard, j := with(t, d, fmt.Sprintf(`{"module":"given","data":{"captured":{"":%q}},"children":{"_":{"module":"manual_presence",
			"data":%s,"children":{"_":{"module":"tts","data":{"text":"Done"}}}}}}`, c.captured, c.data), hurry(time.Minute))
		code := ""
		for _, f := range of[event.Failed](j) {
			code = f.Code
		}
		set := ""
		for _, s := range l.got {
			set += s
		}
		if set != c.set || code != c.code || heard == "" || len(of[event.Answered](j)) != 1 {
			t.Errorf("%s: set %q, failed %q, heard %q", c.data, set, code, heard)
		}
		if told := of[event.Set](j); c.code == "" && (len(told) != 1 || told[0].Name == "") {
			t.Errorf("%s: told %+v", c.data, told)
		}
	}
}

// TestManualPresenceStatus cannot be another one.
func TestManualPresenceStatus(t *testing.T) {
	for _, a := range mine() {
		if a.Name != "manual_presence" {
			continue
		}
		if _, faults := a.Check([]byte(`{"presence_id": "100", "status": "asleep"}`)); len(faults) != 1 || faults[0].Rule != "enum" {
			t.Errorf("%v", faults)
		}
	}
}
