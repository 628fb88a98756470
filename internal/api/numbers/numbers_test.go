package numbers

import (
	"errors"
	"testing"

	"github.com/pivotvoice/pivot/internal/resource"
	"github.com/pivotvoice/pivot/internal/store"
)

func TestDialable(t *testing.T) {
	for number, want := range map[string]bool{
		"+12025550100": true, "2001": true, "*98": true, "#": true, "+1": false, "+1202555010012345": false, "": false,
		"2001x": false, "+*98": false, "123456789012345678901": false,
	} {
		if dialable.MatchString(number) != want {
			t.Errorf("%q: %v", number, !want)
		}
	}
}

// TestFaults is what a number's schema cannot say.
func TestFaults(t *testing.T) {
	urls := func(raw string) error {
		if raw == "bad" {
			return errors.New("not asked")
		}
		return nil
	}
	for _, test := range []struct {
		n    PhoneNumber
		want string // the rule of the one fault
	}{
		{PhoneNumber{}, ""},
		{PhoneNumber{VoiceURL: "good", FallbackURL: "good", StatusCallback: "good"}, ""},
		{PhoneNumber{VoiceURL: "bad"}, "error"},
		{PhoneNumber{VoiceURL: "good", StatusCallback: "bad"}, "error"},
		{PhoneNumber{FallbackURL: "good"}, "dependencies"},
	} {
		faults := test.n.faults(urls)
		if len(faults) > 1 || (test.want != "") != (len(faults) == 1) || test.want != "" && faults[0].Rule != test.want {
			t.Errorf("%+v: %v", test.n, faults)
		}
	}
}

// TestUnclaimed holds callflows to numbers that are nobody else's.
func TestUnclaimed(t *testing.T) {
	docs := store.Memory().Docs
	const mere = "+12025550102" // claimed, but not there
	for _, d := range []store.Doc{
		{Key: store.Key{Type: claimType, ID: "+12025550100"}, JSON: []byte(`{"account":"a"}`)},
		{Key: store.Key{Type: numberType, Account: "a", ID: "+12025550100"}, JSON: []byte(`{}`)},
		{Key: store.Key{Type: claimType, ID: mere}, JSON: []byte(`{"account":"a"}`)},
	} {
		if _, err := docs.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		account, number string
		fine            bool
	}{{"a", "+12025550100", true}, {"b", "+12025550100", false}, {"b", "+12025550101", true}, {"b", mere, true}, {"b", "100", true}} {
		d := &resource.Draft{Docs: docs, Doc: resource.Object{"numbers": []any{test.number}}}
		d.Account = test.account
		if err := Unclaimed(t.Context(), d); (err == nil) != test.fine {
			t.Errorf("%+v: %v", test, err)
		}
	}
}
