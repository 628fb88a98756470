package event

import (
	"encoding/json"
	"testing"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		`{"voice_url":"https://joe:se%20cret@x.test/a@b"}`:         `{"voice_url":"https://xxxxx@x.test/a@b"}`,
		`{"u":"http:\/\/joe:pw@x.test"}`:                           `{"u":"http:\/\/xxxxx@x.test"}`,
		`{"custom_request_headers":{"Authorization":"Basic \"x"}}`: `{"custom_request_headers":{"Authorization":"xxxxx"}}`,
		`{"data":{"password" : "x","name":"y"}}`:                   `{"data":{"password" : "xxxxx","name":"y"}}`,
		`{"data":{"pin":"7305","record_pin":"1","spin":"x"}}`:      `{"data":{"pin":"xxxxx","record_pin":"xxxxx","spin":"x"}}`,
		`{"data":{"pin":7305,"retries":3,"token": -1.5e+3}}`:       `{"data":{"pin":"xxxxx","retries":3,"token": "xxxxx"}}`,
		`{"text":"mail me at joe@x.test"}`:                         `{"text":"mail me at joe@x.test"}`,
		`<Dial>http://a:b@c/</Dial>`:                               `<Dial>http://xxxxx@c/</Dial>`,
	} {
		if got := string(Mask([]byte(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`{"voice_url":"https://joe:secret@x.test/","password":"\\\""}`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := Mask([]byte(s)); json.Valid([]byte(s)) && !json.Valid(got) {
			t.Errorf("%q became %q, which is no JSON", s, got)
		}
	})
}
