package voices

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
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

// frames waits for a sound's end and returns its length in 20 ms frames.
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

// TestKazoosEngines mean what is here that is like them.
func TestKazoosEngines(t *testing.T) {
	all := []provider{builtin{}, &openai{}, &espeak{}}
	v := &Voices{providers: all}
	for engine, want := range map[string]string{
		"": "builtin", "flite": "builtin", "google": "openai", "ispeech": "openai", "voicefabric": "openai", "espeak": "espeak",
	} {
		chain, facts := v.order(engine, "en-us")
		if chain[0].name() != want || len(chain) != 3 || len(facts) > 0 {
			t.Errorf("%s: %s, %v", engine, chain[0].name(), facts)
		}
	}
	if v.providers = []provider{&openai{}, &espeak{}, builtin{}}; v.providers[first(v.providers, "flite")].name() != "espeak" {
		t.Error("flite is no program of this machine")
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestEngineAndLanguage(t *testing.T) {
	t.Setenv("PATH", "") // no espeak-ng
	v := open(t, Config{})
	for _, c := range []struct{ engine, language, code string }{
		{"", "", ""},
		{"builtin", "en_GB", ""},
		{"Builtin", "", ""},
		{"flite", "", ""},
		{"google", "", "say.engine"},
		{"voicefabric", "", "say.engine"},
		{"espeak", "", "say.engine"},
		{"sung", "", "say.engine"},
		{"", "de", "say.language"},
	} {
		_, facts, err := v.Say(t.Context(), audio.Speech{Text: "Hello", Engine: c.engine, Language: c.language})
		if err != nil || len(facts) > 2 || (c.code == "") != (len(facts) == 1) || (c.code != "" && !warned(facts, c.code)) {
			t.Errorf("%+v: %+v, %v", c, facts, err)
		}
	}
	if got := v.Providers(); !slices.Equal(got, []string{"builtin"}) {
		t.Errorf("providers are %v", got)
	}
	for _, name := range []string{"espeak", "nobody"} {
		if _, err := New(Config{Provider: name}); err == nil {
			t.Errorf("provider %s is taken", name)
		}
	}
}

func TestTitleIsShort(t *testing.T) {
	if got := title(strings.Repeat("long ", 20)); len([]rune(got)) != 66 || !strings.HasSuffix(got, "…\"") {
		t.Errorf("%s is %d long", got, len([]rune(got)))
	}
}

func BenchmarkSayNew(b *testing.B) {
	v, err := New(Config{Provider: "builtin"})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	n := 0
	for b.Loop() {
		n++
		sound, _, err := v.Say(b.Context(), audio.Speech{Text: "Please enter your four digit code. " + strconv.Itoa(n)})
		if err != nil {
			b.Fatal(err)
		}
		<-sound.(*audio.Clip).Done()
	}
}

func BenchmarkSayCached(b *testing.B) {
	v, err := New(Config{Provider: "builtin"})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	for b.Loop() {
		if _, _, err := v.Say(b.Context(), audio.Speech{Text: "Please enter your four digit code."}); err != nil {
			b.Fatal(err)
		}
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

// TestControlCharacters are blanks: espeak-ng would obey some of them.
func TestControlCharacters(t *testing.T) {
	r, _, err := newRequest(audio.Speech{Text: "\x00Hi\x01500s the\x1bre\u0085\n\tyou\xff"})
	if err != nil || r.text != "Hi 500s the re \n\tyou" {
		t.Errorf("%q, %v", r.text, err)
	}
	if _, _, err := newRequest(audio.Speech{Text: "\x00\x01"}); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
}
