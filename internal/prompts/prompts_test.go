package prompts

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPromptsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	id := regexp.MustCompile(`^[a-z]+(-[a-z0-9_]+)+$`)
	text := regexp.MustCompile(`^[A-Za-z0-9 ,.-]{2,400}$`) // what every voice reads the same
	for _, p := range All() {
		switch {
		case seen[p.ID]:
			t.Errorf("%s is there twice", p.ID)
		case !id.MatchString(p.ID):
			t.Errorf("%s is no id", p.ID)
		case (p.Text == "") == (p.Tone == ""):
			t.Errorf("%s must have a text or a tone", p.ID)
		case p.Text != "" && !text.MatchString(p.Text):
			t.Errorf("%s has an odd text: %q", p.ID, p.Text)
		case len(p.When) < 2 || !strings.HasSuffix(p.When, ".") || len(p.When) > 128: // it is the description of media
			t.Errorf("%s does not say when it is heard, in a few words", p.ID)
		}
		seen[p.ID] = true
		if got, ok := Index()(p.ID); !ok || got != p {
			t.Errorf("%s is not found", p.ID)
		}
	}
}

// TestKazoosPromptsAreThere names those of the specification, by family.
func TestKazoosPromptsAreThere(t *testing.T) {
	b, err := os.ReadFile("testdata/kazoo.txt")
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(string(b))
	if len(ids) < 120 {
		t.Fatalf("only %d ids", len(ids))
	}
	for _, id := range ids {
		if _, ok := Index()(id); !ok {
			t.Errorf("%s is missing", id)
		}
	}
}

func TestLanguages(t *testing.T) {
	for in, want := range map[string]string{
		"fr-CA": "fr-ca fr en-us", "fr": "fr en-us", "en-us": "en-us en", "en-gb": "en-gb en en-us", "": "en-us", "-x": "-x en-us",
	} {
		if got := strings.Join(Languages(in), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]bool{"EN-US": true, "en": true, "en-gb": true, "de": false, "": false, "enx": false} {
		if English(in) != want {
			t.Errorf("English(%q) is %v", in, !want)
		}
	}
	if got := slices.Collect(func(yield func(string) bool) {
		_ = yield(Reference("acc", "vm-saved", "de")) && yield(Reference("", "vm-saved", ""))
	}); strings.Join(got, " ") != "prompt://acc/vm-saved/de prompt://system_media/vm-saved/en-us" {
		t.Error(got)
	}
}
