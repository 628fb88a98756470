// Package event is what happened on a call, as facts in order. Timelines,
// debug documents, call records, metrics and the live view are all read from
// these; nothing that happens calls any of them.
package event

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is one fact of one call.
type Event struct {
	At   time.Time
	Call string // the call's id, its SIP Call-ID
	Step string // the running node, as a JSON pointer into its program; "" outside of any
	What Fact
}

// Fact is one of the types of this package.
type Fact interface{ Kind() string }

// Log takes events. Add must not block and must not be kept waiting by any
// reader.
type Log interface{ Add(Event) }

// Discard is a log that keeps nothing.
var Discard Log = discard{}

type discard struct{}

func (discard) Add(Event) {}

// wire is an event as JSON.
type wire struct {
	At   time.Time       `json:"at"`
	Call string          `json:"call_id"`
	Step string          `json:"step,omitempty"`
	Kind string          `json:"kind"`
	What json.RawMessage `json:"data"`
}

// MarshalJSON writes {"at", "call_id", "step", "kind", "data"}.
func (e Event) MarshalJSON() ([]byte, error) {
	what, err := json.Marshal(e.What)
	if err != nil {
		return nil, err
	}
	return json.Marshal(wire{e.At.UTC(), e.Call, e.Step, e.What.Kind(), what})
}

// UnmarshalJSON reads what MarshalJSON wrote. A kind it does not know is an
// error.
func (e *Event) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	decode, ok := kinds[w.Kind]
	if !ok {
		return fmt.Errorf("event: no fact is called %q", w.Kind)
	}
	what, err := decode(w.What)
	if err != nil {
		return fmt.Errorf("event: %s: %w", w.Kind, err)
	}
	*e = Event{At: w.At, Call: w.Call, Step: w.Step, What: what}
	return nil
}
