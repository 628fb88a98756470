package route_test

import (
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/route"
)

func TestClassify(t *testing.T) {
	for number, want := range map[string]string{
		"+18005551234": "tollfree_us", "8885551234": "tollfree_us", "18995551234": "did_us",
		"+19005551234": "toll_us", "911": "emergency", "999": "emergency", "833": "emergency", "912": "unknown",
		"+18765551234": "caribbean", "2425551234": "caribbean", "+12025551234": "did_us", "2025551234": "did_us",
		"01149301234567": "international", "00493012345678": "international", "+49301234": "international",
		"+4930123": "unknown", "1001": "unknown", "*97": "unknown", "": "unknown", "a\nb": "unknown",
		strings.Repeat("9", 5000): "international",
	} {
		if got := route.Classify(number); got.Name != want {
			t.Errorf("%.20q: %s, want %s", number, got.Name, want)
		}
	}
	all := route.Classes()
	if all[0].Name = "changed"; route.Classes()[0].Name != "tollfree_us" {
		t.Error("Classes is not a copy")
	}
	for _, c := range all {
		if c.Friendly == "" || c.Pretty == "" || c.Emergency != (c.Name == "emergency") {
			t.Errorf("%+v", c)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("+12025551234")
	f.Fuzz(func(t *testing.T, number string) {
		if c := route.Classify(number); c.Name == "" || c.Name != route.Classify(route.Normalise(number)).Name {
			t.Errorf("%q: %+v", number, c)
		}
	})
}
