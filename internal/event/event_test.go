package event

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// TestEveryFactComesBack writes and reads one event of each kind.
func TestEveryFactComesBack(t *testing.T) {
	if len(Of()) != len(kinds) {
		t.Fatalf("%d facts are listed and %d can be read", len(Of()), len(kinds))
	}
	for _, f := range Of() {
		e := Event{At: time.Unix(1, 0).UTC(), Call: "c", Step: "/children/_", What: f}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%s came back as %+v, %v", b, got, err)
		}
	}
}

// TestUnknownKind is an event of a newer version: refused, not misread.
func TestUnknownKind(t *testing.T) {
	var e Event
	if err := json.Unmarshal([]byte(`{"kind":"flew","data":{}}`), &e); err == nil {
		t.Error("read")
	}
}
