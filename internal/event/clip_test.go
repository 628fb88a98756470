package event_test

import (
	"testing"

	"github.com/pivotvoice/pivot/internal/event"
)

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "abc": "abc", "abcd": "abcd", "abcde": "abc…", "äöüß": "äöüß", "äöüßé": "äöü…",
		"ab\xff": "ab\uFFFD", "ab\xffde": "ab\uFFFD…",
	} {
		if got := event.Clip(in, 4); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
