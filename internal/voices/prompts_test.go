package voices

import (
	"testing"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
)

// TestEveryPromptIsMade speaks each of them with each voice that is here. What
// has a hundred letters takes 4 to 12 s to say, so that a text that was cut
// off, or not understood, stands out.
func TestEveryPromptIsMade(t *testing.T) {
	v := open(t, Config{})
	t.Run("builtin", func(t *testing.T) { makeEveryPrompt(t, v, "builtin") })
	t.Run("espeak", func(t *testing.T) {
		if testing.Short() {
			t.Skip("espeak-ng makes all prompts in a quarter of a minute")
		}
		stranger(t, "espeak-ng")
		makeEveryPrompt(t, v, "espeak")
	})
}

func makeEveryPrompt(t *testing.T, v *Voices, engine string) {
	t.Helper()
	made := 0
	for _, p := range prompts.All() {
		if p.Text == "" {
			continue
		}
		sound, facts, err := v.Say(t.Context(), audio.Speech{Text: p.Text, Engine: engine, Language: prompts.Language})
		if err != nil || len(facts) != 1 {
			t.Errorf("%s: %v, %v", p.ID, facts, err)
			continue
		}
		n, letters := frames(t, sound), utf8.RuneCountInString(p.Text)
		if least, most := 15+2*letters, 50+6*letters; n < least || n > most || facts[0].(event.Spoken).Provider != engine {
			t.Errorf("%s by %s: %d frames for %d letters, not %d to %d", p.ID, engine, n, letters, least, most)
		}
		made++
	}
	if made < 150 {
		t.Errorf("%d prompts were made by %s", made, engine)
	}
}
