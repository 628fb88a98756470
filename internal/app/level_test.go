package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/phone"
)

// TestLevelOnTheLine plays a tone on a real call, as it is and muted.
func TestLevelOnTheLine(t *testing.T) {
	a := start(t, nil)
	for i, tt := range []struct {
		level int
		heard bool
	}{{0, true}, {-1, true}, {-4, false}} {
		number := fmt.Sprint(710 + i)
		create(t, a, "/callflows", fmt.Sprintf(`{"numbers":[%q],"flow":{"module":"answer","data":{},"children":{"_":
			{"module":"audio_level","data":{"level":%d},"children":{"_":
			{"module":"play","data":{"id":"tone_stream://%%(1000,0,900)"}}}}}}}`, number, tt.level))
		ear := audio.NewEar(8000, map[string]float64{"tone": 900})
		if _, err := dial(t, a, number, phone.Options{Heard: ear, Limit: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		if got := len(ear.Heard()) > 0; got != tt.heard {
			t.Errorf("at level %d the tone is heard: %v", tt.level, got)
		}
	}
}
