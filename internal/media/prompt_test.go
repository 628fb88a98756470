package media

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/store"
	"github.com/pivotvoice/pivot/internal/store/sqlstore"
)

// speaker speaks with a tone, and keeps what it was asked for.
type speaker struct {
	asked []audio.Speech
	err   error
}

func (s *speaker) Say(_ context.Context, text audio.Speech) (audio.Sound, []event.Fact, error) {
	s.asked = append(s.asked, text)
	if s.err != nil {
		return nil, nil, s.err
	}
	return audio.Silence(audio.FrameTime), []event.Fact{event.Spoken{Text: text.Text, Language: text.Language}}, nil
}

// told is a context that keeps the facts that are told in it.
func told(t *testing.T) (context.Context, *[]event.Fact) {
	t.Helper()
	facts := &[]event.Fact{}
	return event.Telling(t.Context(), func(f event.Fact) { *facts = append(*facts, f) }), facts
}

func TestWhosePromptIsHeard(t *testing.T) {
	in := func(account, language string) store.Key { return media(account, prompts.MediaID(language, "vm-saved")) }
	const account, accountFR, accountEN, system, systemFR = 1000, 2000, 3000, 4000, 5000
	all := map[store.Key]int16{
		in("acc", "fr-ca"): account, in("acc", "fr"): accountFR, in("acc", "en-us"): accountEN,
		in("", "en-us"): system, in("", "fr"): systemFR,
	}
	for name, tt := range map[string]struct {
		ref   string
		gone  []store.Key
		value int16 // 0 is the text
	}{
		"its own language":          {"prompt://acc/vm-saved/fr-ca", nil, account},
		"case does not count":       {"prompt://acc/vm-saved/fr-CA", nil, account},
		"what it is a kind of":      {"prompt://acc/vm-saved/fr-be", nil, accountFR},
		"English, of the account":   {"prompt://acc/vm-saved/de-de", nil, accountEN},
		"no language":               {"prompt://acc/vm-saved", nil, accountEN},
		"English, not quite":        {"prompt://acc/vm-saved/en-gb", nil, accountEN},
		"the system's, in French":   {"prompt://acc/vm-saved/fr-ca", []store.Key{in("acc", "fr-ca"), in("acc", "fr"), in("acc", "en-us")}, systemFR},
		"the system's":              {"prompt://acc/vm-saved/en-us", []store.Key{in("acc", "en-us")}, system},
		"another account's":         {"prompt://other/vm-saved/en-us", nil, system},
		"the system's, by name":     {"prompt://system_media/vm-saved/fr-fr", nil, systemFR},
		"the system's, as a path":   {"system_media/vm-saved", nil, system},
		"in a language, as a path":  {"/system_media/fr/vm-saved", nil, systemFR},
		"the text":                  {"prompt://acc/vm-saved/en-us", []store.Key{in("acc", "en-us"), in("", "en-us")}, 0},
		"the text, to nobody known": {"prompt://other/vm-saved/en-us", []store.Key{in("", "en-us")}, 0},
	} {
		stored := &blobs{all: map[store.Key][]byte{}}
		for k, v := range all {
			if !slices.Contains(tt.gone, k) {
				stored.all[k] = wav(160, v)
			}
		}
		voice := &speaker{}
		sound, err := library(t, Config{Blobs: stored, Speaker: voice}).Sound(t.Context(), "acc", tt.ref)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if plays(t, sound, 1, tt.value); (tt.value == 0) != (len(voice.asked) == 1) {
			t.Errorf("%s: %s, and %d texts were spoken", name, sound, len(voice.asked))
		}
	}
}

func TestPromptsAreSpoken(t *testing.T) {
	for ref, want := range map[string]string{
		"prompt://acc/vm-saved/en-us":  "Saved. in en-us",
		"prompt://acc/vm-saved/en-gb":  "Saved. in en-gb",
		"prompt://acc/vm-saved":        "Saved. in en-us",
		"prompt://acc/vm-saved/de-de":  "Saved. in en-us, prompt.language",
		"prompt://acc/tone-record/xx":  "",
		"prompt://acc/no-such_thing/x": "unavailable",
	} {
		ctx, facts := told(t)
		voice := &speaker{}
		sound, err := library(t, Config{Speaker: voice}).Sound(ctx, "acc", ref)
		var got []string
		for _, s := range voice.asked {
			got = append(got, s.Text+" in "+s.Language)
		}
		for _, f := range *facts {
			if w, ok := f.(event.Warned); ok {
				got = append(got, w.Code)
			}
		}
		if e, ok := errors.AsType[*Error](err); ok {
			got = append(got, string(e.Kind))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v (%v), want %s", ref, got, sound, want)
		}
		if len(voice.asked) > 0 && (!slices.ContainsFunc(*facts, isSpoken) || sound.String() != `prompt vm-saved "Saved."`) {
			t.Errorf("%s: told %v of %s", ref, *facts, sound)
		}
	}
}

func isSpoken(f event.Fact) bool { _, ok := f.(event.Spoken); return ok }

func TestPromptsWithoutAVoice(t *testing.T) {
	if _, err := library(t, Config{}).Sound(t.Context(), "acc", "prompt://acc/vm-saved/en-us"); !isKind(err, Unavailable) {
		t.Errorf("no voice: %v", err)
	}
	l := library(t, Config{Speaker: &speaker{err: errors.New("hoarse")}})
	if _, err := l.Sound(t.Context(), "acc", "prompt://acc/vm-saved/en-us"); !isKind(err, Failed) {
		t.Errorf("a voice that fails: %v", err)
	}
}

// TestABrokenReplacementIsLeftOut plays the text instead, and tells.
func TestABrokenReplacementIsLeftOut(t *testing.T) {
	cut := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00LIST\xff")
	for name, bytes := range map[string][]byte{"no sound": []byte("<html>"), "nothing": {}, "cut off": cut, "a head": wav(0, 0)[:20]} {
		ctx, facts := told(t)
		stored := &blobs{all: map[store.Key][]byte{media("acc", "en-us/vm-saved"): bytes}}
		voice := &speaker{}
		_, err := library(t, Config{Blobs: stored, Speaker: voice}).Sound(ctx, "acc", "prompt://acc/vm-saved/en-us")
		if err != nil || len(voice.asked) != 1 {
			t.Errorf("%s: %v, %d texts were spoken", name, err, len(voice.asked))
		}
		if len(*facts) == 0 || (*facts)[0].(event.Warned).Code != "prompt.broken" {
			t.Errorf("%s: %v", name, *facts)
		}
	}
}

func TestMakePrompts(t *testing.T) {
	voice := &speaker{}
	l := library(t, Config{Speaker: voice})
	type end struct {
		made int
		err  error
	}
	over := make(chan end, 1)
	done := func(made int, err error) { over <- end{made, err} }
	l.MakePrompts(done)
	if got := <-over; got.err != nil || got.made < 150 || got.made != len(voice.asked) {
		t.Errorf("%+v", got)
	}
	voice.err = errors.New("hoarse")
	l.MakePrompts(done)
	if got := <-over; !errors.Is(got.err, voice.err) || got.made != 0 {
		t.Errorf("a voice that fails: %+v", got)
	}
	l.Close()
	l.MakePrompts(func(int, error) { t.Error("it was told after the end") })
	l.work.Wait()
}

// BenchmarkPrompt finds a prompt that nobody replaced, on disk.
func BenchmarkPrompt(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	l := New(Config{Blobs: db.Blobs, Docs: db, Speaker: &speaker{}})
	defer l.Close()
	for b.Loop() {
		if _, err := l.Sound(b.Context(), "acc", "prompt://acc/vm-saved/fr-ca"); err != nil {
			b.Fatal(err)
		}
	}
}
