package event

import "strings"

// Short is as many characters as a sentence shows of what a caller or a
// customer gives.
const Short = 64

// Clip is a text as people are shown it: whole if it has at most that many
// characters, else its beginning with … as the last of them. Broken UTF-8 is
// U+FFFD.
func Clip(text string, most int) string {
	last := 0 // where the last of them begins
	n := 0
	for at := range text {
		if n == most {
			return strings.ToValidUTF8(text[:last], "\uFFFD") + "…"
		}
		last = at
		n++
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
