package sim_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/sim"
)

func program(t *testing.T, text string) *flow.Node {
	t.Helper()
	var n flow.Node
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

// TestInstant takes a day of a call's time in none of ours, to the second.
func TestInstant(t *testing.T) {
	at := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	c := sim.Call{Program: program(t, `{"module":"sleep","data":{"duration":24,"unit":"h"}}`), At: at, Limit: 48 * time.Hour}
	r, err := c.Run(t.Context())
	if err != nil || r.Length != 24*time.Hour || !r.Events[0].At.Equal(at) {
		t.Errorf("%v, %v, began %v", r.Length, err, r.Events[0].At)
	}
}
