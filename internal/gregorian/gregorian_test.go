package gregorian_test

import (
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/gregorian"
)

func TestSeconds(t *testing.T) {
	at := time.Date(2026, 11, 20, 15, 5, 0, 0, time.FixedZone("", -5*3600))
	for want, when := range map[int64]time.Time{
		0:           time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		62167219200: time.Unix(0, 0),
		63962424300: at,
	} {
		if got := gregorian.Seconds(when); got != want {
			t.Errorf("%s is %d, want %d", when, got, want)
		}
		if got := gregorian.Time(want); !got.Equal(when) || got.Location() != time.UTC {
			t.Errorf("%d is %s, want %s", want, got, when)
		}
	}
}
