package voices

import (
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/saying"
	"github.com/pivotvoice/pivot/internal/voices/english"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// TestValuesInWords is what the built-in voice makes of the values that
// audio_macro says, by type, method and text.
func TestValuesInWords(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 5, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"number||1234":                                    "one thousand two hundred thirty four",
		"number||-12.5":                                   "minus twelve point five",
		"messages|counted|23":                             "twenty third",
		"items|iterated|907":                              "nine zero seven",
		"currency||$12.50":                                "twelve dollars and fifty cents",
		"time_measurement||3723":                          "one hour, two minutes and three seconds",
		"current_date||":                                  "friday, november twentieth, twenty twenty six",
		"current_time||":                                  "three oh five p m",
		"short_date_time||2026-11-03 08:00":               "november third, at eight a m",
		"telephone_number||+14155550100":                  "plus one, four one five, five five five, zero one zero zero",
		"telephone_extension||1001":                       "one zero zero one",
		"url||https://www.pivot.example/a1":               "w w w dot pivot dot example slash a one",
		"ip_address||192.0.2.10":                          "one hundred ninety two dot zero dot two dot ten",
		"e-mail_address||jo.smith@pivot.co.uk":            "j o dot smith at pivot dot co dot u k",
		"postal_address||1200 N Main St, Apt 4, CA 94105": "twelve hundred north main street, apartment four, c a nine four one zero five",
		"account_number||AB-12":                           "a b dash one two",
		"name_spelled||Zoë":                               "z o e",
		"name_phonetic||Ann":                              "alpha, november, november",
	} {
		part := strings.SplitN(in, "|", 3)
		ssml, fits := saying.Value{Type: part[0], Method: part[1], Text: part[2], Now: now}.SSML()
		r, facts, err := newRequest(audio.Speech{Text: ssml, SSML: true})
		if err != nil || len(facts) > 0 || !fits {
			t.Errorf("%s: %v, %v", in, facts, err)
			continue
		}
		s := teller{english.NewScript(r.ssml.text)}
		s.inside(&r.ssml.root, formant.Manner{}, false)
		if got := s.Words(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
