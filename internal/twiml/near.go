package twiml

import (
	"slices"
	"strings"
)

// meant is "; did you mean x?" for the one of known that name was probably
// meant to be, "" if none is near.
func meant(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// nearest is the one of known that name was probably meant to be, "" if none
// is near: the same but for its case and signs, or a third of its letters
// wrong at most.
func nearest(name string, known []string) string {
	if len(name) > 40 {
		return ""
	}
	best, least := "", 1+len(name)/3
	name = plain(name)
	for _, k := range known {
		if d := distance(name, plain(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// signs are what SDKs write differently in names.
var signs = strings.NewReplacer("-", "", "_", "", ":", "")

func plain(name string) string { return strings.ToLower(signs.Replace(name)) }

// distance is how many letters must be put in, left out, changed or swapped
// with their neighbour to make b of a (Damerau and Levenshtein's).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = slices.Min([]int{row[j-1] + 1, last[j] + 1, last[j-1] + cost})
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
