package voices

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
)

// open makes voices for a test and closes them after it.
func open(t *testing.T, c Config) *Voices {
	t.Helper()
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// whole waits for a sound's end and returns its length in 20 ms frames.
func frames(t *testing.T, s audio.Sound) int {
	t.Helper()
	<-s.(*audio.Clip).Done()
	cur := s.Open(audio.CodecByName("PCMU"))
	defer cur.Close()
	for n := 0; ; {
		switch _, err := cur.Next(); {
		case err == nil:
			n++
		case errors.Is(err, io.EOF):
			return n
		case !errors.Is(err, audio.ErrNotYet):
			t.Fatal(err)
		}
	}
}

func TestSayKeepsTheSound(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Provider: "builtin", CacheDir: dir})
	s := audio.Speech{Text: " Press one. "}
	first, facts, err := v.Say(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	spoken := facts[0].(event.Spoken)
	if spoken.Cached || spoken.Provider != "builtin" || spoken.Text != "Press one." || len(facts) != 1 {
		t.Errorf("facts are %+v", facts)
	}
	if first.String() != `say "Press one."` {
		t.Errorf("it is called %s", first)
	}
	n := frames(t, first)
	if n < 30 || n > 100 {
		t.Errorf("%d frames", n)
	}
	again, facts, err := v.Say(t.Context(), s)
	if err != nil || again != first || !facts[0].(event.Spoken).Cached {
		t.Errorf("again: %v %+v %v", again == first, facts, err)
	}
	v.Close()

	v = open(t, Config{Provider: "builtin", CacheDir: dir})
	other, facts, err := v.Say(t.Context(), s)
	if err != nil || !facts[0].(event.Spoken).Cached || frames(t, other) != n {
		t.Errorf("from disk: %+v %v", facts, err)
	}
}

func TestTextIsChecked(t *testing.T) {
	v := open(t, Config{Provider: "builtin"})
	if _, _, err := v.Say(t.Context(), audio.Speech{Text: " \n"}); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	long := strings.Repeat("ä", MaxText)
	if _, _, err := v.Say(t.Context(), audio.Speech{Text: long + "a"}); !errors.Is(err, ErrTooBig) {
		t.Errorf("long: %v", err)
	}
}
