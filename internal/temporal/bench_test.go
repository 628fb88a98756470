package temporal_test

import (
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/temporal"
)

// BenchmarkAt asks a rule, which says why not.
func BenchmarkAt(b *testing.B) {
	berlin, err := temporal.Zone("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, berlin)
	r := temporal.Rule{Cycle: temporal.Monthly, Interval: 2, Ordinal: "last", Weekdays: days("friday"), To: temporal.Day}
	b.ReportAllocs()
	for b.Loop() {
		r.At(now, berlin)
	}
}

// BenchmarkZone finds a time zone, as each temporal_route does.
func BenchmarkZone(b *testing.B) {
	for b.Loop() {
		if _, err := temporal.Zone("Europe/Berlin"); err != nil {
			b.Fatal(err)
		}
	}
}
