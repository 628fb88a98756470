package saying

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// friday is when the tests take place.
var friday = time.Date(2026, 11, 20, 15, 5, 0, 0, time.FixedZone("", -5*3600))

func TestSaying(t *testing.T) {
	// In the texts below {c:x} is say-as characters, {n:x} cardinal, {o:x}
	// ordinal, {a:x} address; "" is a text that does not fit its type.
	for in, want := range map[string]string{
		"number|pronounced|1234":               "{n:1234}",
		"number||1,234":                        "{n:1234}",
		"number|none|-3.50":                    "minus {n:3} point {c:50}",
		"number|iterated|-120":                 "minus {c:120}",
		"number|counted|23":                    "{o:23}",
		"number|counted|2.5":                   "{n:2} point {c:5}",
		"number|pronounced|1234567890123456":   "{c:1234567890123456}",
		"number|pronounced|twelve":             "",
		"number|pronounced|":                   "",
		"items|pronounced|3":                   "{n:3}",
		"persons|counted|3":                    "{o:3}",
		"messages|pronounced|0":                "{n:0}",
		"currency||12.50":                      "{n:12} dollars and {n:50} cents",
		"currency||$1":                         "{n:1} dollar",
		"currency||€0.01":                      "{n:1} cent",
		"currency||-£2.5":                      "minus {n:2} pounds and {n:50} pence",
		"currency||1,200 CHF":                  "{n:1200} Swiss francs",
		"currency||¥300":                       "{n:300} yen",
		"currency||¥300.10":                    "",
		"currency||12 XXX":                     "",
		"currency||0":                          "{n:0} dollars",
		"time_measurement||3723":               "{n:1} hour, {n:2} minutes and {n:3} seconds",
		"time_measurement||1:00:01":            "{n:1} hour and {n:1} second",
		"time_measurement||2:30":               "{n:2} minutes and {n:30} seconds",
		"time_measurement||0":                  "{n:0} seconds",
		"time_measurement||soon":               "",
		"current_date||":                       "Friday, November 20th, 2026",
		"current_date||2026-11-01":             "Sunday, November 1st, 2026",
		"current_date||1795205100":             "Friday, November 20th, 2026",
		"current_date||63962424300":            "Friday, November 20th, 2026",
		"current_date||someday":                "",
		"current_time||now":                    "3:05 PM",
		"current_time||09:30":                  "9:30 AM",
		"current_time||2026-11-20T20:05:00Z":   "3:05 PM",
		"current_date_time||0":                 "Friday, November 20th, 2026, at 3:05 PM",
		"short_date_time||2026-11-20 08:00":    "today at 8:00 AM",
		"short_date_time||2026-11-19 08:00":    "yesterday at 8:00 AM",
		"short_date_time||2026-11-21 08:00":    "tomorrow at 8:00 AM",
		"short_date_time||2026-11-16 08:00":    "Monday at 8:00 AM",
		"short_date_time||2026-11-03 08:00":    "November 3rd, at 8:00 AM",
		"short_date_time||2025-12-12 08:00":    "December 12th, 2025, at 8:00 AM",
		"short_date_time||99999999999999":      "",
		"telephone_number||+14155550100":       "plus {c:1}, {c:415}, {c:555}, {c:0100}",
		"telephone_number||(415) 555-0100 x12": "{c:415}, {c:555}, {c:0100}, extension {c:12}",
		"telephone_number||sip:1001@example":   "{c:1001}",
		"telephone_number||*97":                "{c:*97}",
		"telephone_number||hello there":        "",
		"telephone_extension||1001":            "{c:1001}",
		"telephone_extension||10 01":           "",
		"url||https://www.pivot.example/a1/":   "{c:www} dot pivot dot example slash {c:a} {c:1}",
		"url|iterated|pivot.example":           "{c:pivot} dot {c:example}",
		"url||not a url":                       "",
		"ip_address||192.0.2.10":               "{n:192} dot {n:0} dot {n:2} dot {n:10}",
		"ip_address|iterated|192.0.2.10":       "{c:192} dot {c:0} dot {c:2} dot {c:10}",
		"ip_address||2001:db8::1":              "{c:2001:db8::1}",
		"ip_address||1.2.3":                    "",
		"e-mail_address||jo.smith@pivot.co.uk": "{c:jo} dot smith at pivot dot co dot {c:uk}",
		"e-mail_address||nobody":               "",
		"postal_address||12 Main St":           "{a:12 Main St}",
		"postal_address||":                     "",
		"account_number||AB-12":                "{c:AB-12}",
		"name_spelled||Ann Lee":                "{c:Ann}, {c:Lee}",
		"|pronounced|Ann":                      "{c:Ann}",
		"name_phonetic||Ab-1é":                 "Alpha, Bravo, dash, One, é",
		"name_phonetic||":                      "",
		"no_such||x":                           "",
		"name_spelled||<&>":                    "{c:&lt;&amp;&gt;}",
	} {
		part := strings.SplitN(in, "|", 3)
		got, fits := Value{Text: part[2], Type: part[0], Method: part[1], Now: friday}.SSML()
		if fits != (want != "") {
			t.Errorf("%s: fits is %v: %s", in, fits, got)
		}
		if want = long.Replace(want); want != "" && got != want {
			t.Errorf("%s:\n%s, want\n%s", in, got, want)
		}
	}
	if len(Types()) != 19 || len(Methods()) != 4 {
		t.Errorf("%v %v", Types(), Methods())
	}
}

var long = strings.NewReplacer("{c:", `<say-as interpret-as="characters">`, "{n:", `<say-as interpret-as="cardinal">`,
	"{o:", `<say-as interpret-as="ordinal">`, "{a:", `<say-as interpret-as="address">`, "}", "</say-as>")

// FuzzSSML holds whatever comes to be XML, and short.
func FuzzSSML(f *testing.F) {
	for _, s := range []string{"", "12", "$1.50", "a@b.example", "2026-11-20", "\x00<b>&amp;\xff\ufffe", "+1 415 x9", strings.Repeat("9", 999)} {
		f.Add(s, uint8(3), uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, kind, method uint8) {
		v := Value{Text: text, Now: friday, Type: Types()[int(kind)%19], Method: Methods()[method%4]}
		ssml, _ := v.SSML()
		if len(ssml) > 200+80*len(text) {
			t.Fatalf("%d bytes of %d", len(ssml), len(text))
		}
		for d := xml.NewDecoder(strings.NewReader("<speak>" + ssml + "</speak>")); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%q: %v", ssml, err)
			}
		}
	})
}
