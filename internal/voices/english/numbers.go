package english

import (
	"strconv"
	"strings"
)

var small = [...]string{
	"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
	"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
}

var tens = [...]string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}

var scales = [...]struct {
	value uint64
	name  string
}{
	{1e12, "trillion"},
	{1e9, "billion"},
	{1e6, "million"},
	{1e3, "thousand"},
}

// cardinal writes n out: "one hundred twenty three".
func cardinal(n uint64) []string {
	if n < 20 {
		return []string{small[n]}
	}
	var words []string
	for _, s := range scales {
		if n >= s.value {
			words = append(append(words, cardinal(n/s.value)...), s.name)
			n %= s.value
		}
	}
	if n >= 100 {
		words = append(words, small[n/100], "hundred")
		n %= 100
	}
	if n >= 20 {
		words = append(words, tens[n/10])
		n %= 10
	}
	if n > 0 {
		words = append(words, small[n])
	}
	return words
}

// ordinal writes n out as a place in a row: "twenty third".
func ordinal(n uint64) []string {
	words := cardinal(n)
	last := words[len(words)-1]
	switch last {
	case "one":
		last = "first"
	case "two":
		last = "second"
	case "three":
		last = "third"
	case "five":
		last = "fifth"
	case "eight":
		last = "eighth"
	case "nine":
		last = "ninth"
	case "twelve":
		last = "twelfth"
	default:
		if stem, ok := strings.CutSuffix(last, "y"); ok {
			last = stem + "ieth"
		} else {
			last += "th"
		}
	}
	words[len(words)-1] = last
	return words
}

// year writes a year out in pairs: "twenty twenty six", "two thousand five".
func year(n uint64) []string {
	high, low := n/100, n%100
	switch {
	case n < 1100 || n > 2099 || n%1000 < 10:
		return cardinal(n)
	case low == 0:
		return append(cardinal(high), "hundred")
	case low < 10:
		return append(append(cardinal(high), "oh"), small[low])
	}
	return append(cardinal(high), cardinal(low)...)
}

// maxCounted is how long a number may be and still be counted; longer ones are
// read digit by digit.
const maxCounted = 15

// count reads digits with commas as a number: false if it has too many.
func count(digits string) (uint64, bool) {
	digits = strings.ReplaceAll(digits, ",", "")
	if len(digits) > maxCounted {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}

// groups cuts a row of digits as people say them: by threes, and fours at the
// end.
func groups(digits string) []string {
	var out []string
	for len(digits) > 4 {
		k := 3
		if len(digits) == 8 {
			k = 4
		}
		out = append(out, digits[:k])
		digits = digits[k:]
	}
	return append(out, digits)
}
