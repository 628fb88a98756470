package actions

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// swearing are the words that a profanity filter masks, with what may hang on
// them: English ones, as its users' applications are used to.
var swearing = regexp.MustCompile(`(?i)\b(?:(?:mother)?fuck\w*|(?:bull|horse)?shit(?:s|ty|ting|head|heads)?|` +
	`bitch(?:es|y)?|cunts?|dick(?:head|heads)|cock(?:sucker|suckers)|ass(?:hole|holes)|arse(?:hole|holes)|` +
	`bastards?|wank(?:er|ers|ing)|twats?|pricks?|pussy|slut(?:s|ty)?|whores?|piss(?:ed)?|` +
	`nigg(?:er|ers|a|as)|fag(?:got|gots)?)\b`)

// mask is text with all but the first letters of swear words as stars.
func mask(text string) string {
	return swearing.ReplaceAllStringFunc(text, func(word string) string {
		_, first := utf8.DecodeRuneInString(word)
		return word[:first] + strings.Repeat("*", utf8.RuneCountInString(word)-1)
	})
}
