// Package prompts is what the actions of a callflow say to callers: the prompts
// of Kazoo by their names (spec/callflow-modules.md sections 3.10, 5.5, 6 and
// 7), with texts of our own in English, and the tones that go with them. How
// they become sound, and how an account replaces them, is internal/media.
package prompts

import (
	_ "embed" // the texts
	"slices"
	"strings"
)

// Language is that of the texts, and of a call that names none.
const Language = "en-us"

// Prompt is one of the things that are said. It has a text or a tone.
type Prompt struct {
	ID   string // as in prompt://ACCOUNT/ID/LANGUAGE
	Text string // what a voice says
	Tone string // what is played: a reference of tone_stream://
	When string // when it is heard, for whoever replaces it
}

// Name is what a timeline calls the prompt where nobody replaced it.
func (p Prompt) Name() string {
	if p.Text == "" {
		return "prompt " + p.ID
	}
	return "prompt " + p.ID + ` "` + p.Text + `"`
}

//go:embed english.txt
var english string

// All is every prompt, by id.
func All() []Prompt {
	var all []Prompt
	for line := range strings.Lines(english) {
		line = strings.TrimSuffix(line, "\n")
		switch when, indented := strings.CutPrefix(line, "\t"); {
		case indented:
			all[len(all)-1].When = when
		case line != "" && line[0] != '#':
			all = append(all, read(line))
		}
	}
	slices.SortFunc(all, func(a, b Prompt) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// read takes "id: text".
func read(line string) Prompt {
	id, text, _ := strings.Cut(line, ": ")
	if strings.HasPrefix(text, "tone_stream://") {
		return Prompt{ID: id, Tone: text}
	}
	return Prompt{ID: id, Text: text}
}

// Index finds prompts by their ids.
func Index() func(id string) (Prompt, bool) {
	all := map[string]Prompt{}
	for _, p := range All() {
		all[p.ID] = p
	}
	return func(id string) (Prompt, bool) {
		p, ok := all[id]
		return p, ok
	}
}

// English says whether the texts are of a language: "en", "en-us", "en-gb".
func English(language string) bool {
	base, _, _ := strings.Cut(language, "-")
	return strings.EqualFold(base, "en")
}

// Languages are those to look for a prompt in: the language itself, what it is
// a kind of, and Language: fr-ca, fr, en-us.
func Languages(language string) []string {
	out := []string{}
	add := func(l string) {
		if l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	language = strings.ToLower(language)
	base, _, _ := strings.Cut(language, "-")
	add(language)
	add(base)
	add(Language)
	return out
}

// Reference is how a prompt is named where media are: of an account, or "" for
// the whole server, in a language, "" for Language.
func Reference(account, id, language string) string {
	if account == "" {
		account = "system_media"
	}
	if language == "" {
		language = Language
	}
	return "prompt://" + account + "/" + id + "/" + language
}

// MediaID is the id of the media document, and of its sound, that replaces a
// prompt in a language.
func MediaID(language, id string) string { return strings.ToLower(language) + "/" + id }
