package twiml

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// kind is a type of attribute: how it is called, and what becomes of a value.
type kind struct {
	says string // for people: "integer, 1 to 10"
	// clean returns the value as it is used, and what is wrong with it. A
	// value that is wrong and cannot be used at all comes back as "".
	clean func(value string) (use, wrong string)
}

// anyText is text of at most limit characters.
func anyText(limit int) kind {
	return kind{fmt.Sprintf("text of at most %d characters", limit), func(v string) (string, string) {
		if cut := cutRunes(v, limit); cut != v {
			return cut, fmt.Sprintf("is longer than %d characters", limit)
		}
		return v, ""
	}}
}

// longText bounds an attribute that has no bound of its own.
func longText() kind { return anyText(4096) }

// whole is a whole number from low to high; what lies outside becomes the
// nearest of them.
func whole(low, high int) kind {
	says := fmt.Sprintf("integer, %d to %d", low, high)
	return kind{says, func(v string) (string, string) {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		wrong := fmt.Sprintf("must be a whole number from %d to %d", low, high)
		if err != nil {
			return "", wrong
		}
		if n < 0 && low == 0 {
			return "", wrong // 0 means something else: for ever, or never
		}
		if at := min(max(n, low), high); at != n {
			return strconv.Itoa(at), wrong
		}
		return strconv.Itoa(n), ""
	}}
}

// positive is a whole number from 1 to high; 0 and less are no value at all.
func positive(high int) kind {
	inner := whole(1, high)
	return kind{inner.says, func(v string) (string, string) {
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n < 1 {
			return "", fmt.Sprintf("must be a whole number from 1 to %d", high)
		}
		return inner.clean(v)
	}}
}

// orAuto is k or the word auto.
func orAuto(k kind) kind {
	return kind{k.says + ", or auto", func(v string) (string, string) {
		if strings.TrimSpace(v) == "auto" {
			return "auto", ""
		}
		use, wrong := k.clean(v)
		if wrong != "" {
			wrong += ", or auto"
		}
		return use, wrong
	}}
}

// matching is what fits a pattern.
func matching(pattern, says string) kind {
	fits := regexp.MustCompile(pattern)
	return kind{says, func(v string) (string, string) {
		if v = strings.TrimSpace(v); fits.MatchString(v) {
			return v, ""
		}
		return "", "must be " + says
	}}
}

// flag is true or false.
func flag() kind {
	return kind{"boolean", func(v string) (string, string) {
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return "true", ""
		case "false":
			return "false", ""
		}
		return "", "must be true or false"
	}}
}

// oneOf is one of values.
func oneOf(values ...string) kind {
	return kind{"one of " + strings.Join(values, " "), func(v string) (string, string) {
		v = strings.TrimSpace(v)
		if slices.Contains(values, v) {
			return v, ""
		}
		return "", fmt.Sprintf("must be one of %s%s", strings.Join(values, ", "), meant(v, values))
	}}
}

// listOf is some of values with blanks between them.
func listOf(values ...string) kind {
	return kind{"list of " + strings.Join(values, " "), func(v string) (string, string) {
		var use, bad []string
		for word := range strings.FieldsSeq(v) {
			if slices.Contains(values, word) {
				if slices.Contains(use, word) {
					continue
				}
				use = append(use, word)
			} else {
				bad = append(bad, fmt.Sprintf("%q", word))
			}
		}
		if len(bad) > 0 || len(use) == 0 {
			return strings.Join(use, " "), fmt.Sprintf("must be some of %s with blanks between; %s is not among them",
				strings.Join(values, ", "), strings.Join(bad, ", "))
		}
		return strings.Join(use, " "), ""
	}}
}

// method is GET or POST, as pivot nodes have it.
func method() kind {
	return kind{"GET or POST", func(v string) (string, string) {
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "get":
			return "get", ""
		case "post":
			return "post", ""
		}
		return "", "must be GET or POST"
	}}
}

// keys is any of the keys in set, each at most once if single is false, or
// one of them; empty is none.
func keys(set string, single bool) kind {
	says := "any of " + set + ", or empty"
	if single {
		says = "one of " + set + ", or empty"
	}
	return kind{says, func(v string) (string, string) {
		v = strings.TrimSpace(v)
		if strings.Trim(v, set) != "" || single && len(v) > 1 {
			return "", "must be " + says
		}
		return v, ""
	}}
}

// tones is keys to send, with w and W for half a second and a second.
func tones() kind {
	const all = "0123456789ABCD#*wW"
	return kind{"keys 0-9 A-D # * with w and W to wait", func(v string) (string, string) {
		v = strings.TrimSpace(v)
		if v == "" || strings.Trim(v, all+"abcd") != "" {
			return "", "must be made of 0-9 A-D # * w W"
		}
		if len(v) > maxTones {
			return v[:maxTones], fmt.Sprintf("has more than %d keys", maxTones)
		}
		return strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'd' {
				return r - 'a' + 'A'
			}
			return r
		}, v), ""
	}}
}

// maxTones is how many keys send_dtmf takes.
const maxTones = 256

// link is an absolute or relative web address.
func link() kind {
	return kind{"URL, absolute or relative", func(v string) (string, string) {
		v = strings.TrimSpace(v)
		if wrong := badURL(v); wrong != "" {
			return "", wrong
		}
		return v, ""
	}}
}

// absolute is a web address with a host.
func absolute(schemes ...string) kind {
	return kind{"URL with " + strings.Join(schemes, " or "), func(v string) (string, string) {
		v = strings.TrimSpace(v)
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || !slices.Contains(schemes, strings.ToLower(u.Scheme)) {
			return "", "must be an absolute URL with " + strings.Join(schemes, " or ")
		}
		return v, ""
	}}
}

// maxURL is as long as a URL may be.
const maxURL = 8000

// badURL is what keeps v from being asked, "" if nothing does.
func badURL(v string) string {
	u, err := url.Parse(v)
	switch {
	case err != nil:
		return "is not a URL"
	case len(v) > maxURL:
		return fmt.Sprintf("is longer than %d bytes", maxURL)
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		return "must be an http or https URL, not " + u.Scheme
	case u.Scheme != "" && u.Host == "":
		return "is a URL without a host"
	}
	return ""
}

// tongue is a language (BCP 47), in its usual spelling.
func tongue() kind {
	return kind{"language (BCP 47)", func(v string) (string, string) {
		v = strings.TrimSpace(v)
		if strings.EqualFold(v, "en") {
			return "en-US", "" // in both profiles
		}
		if strings.EqualFold(v, "en-GB-WLS") {
			return "en-GB", "" // Welsh English, which the SDKs know and BCP 47 does not
		}
		tag, err := language.Raw.Parse(v)
		if err != nil {
			return "", "must be a language such as en-US"
		}
		return tag.String(), ""
	}}
}

// csv is entries with commas between them, at most count of at most each
// characters.
func csv(count, each int) kind {
	says := fmt.Sprintf("at most %d entries of at most %d characters with commas between", count, each)
	return kind{says, func(v string) (string, string) {
		all := splitCSV(v)
		fine := all[:0:0]
		for _, entry := range all {
			if utf8.RuneCountInString(entry) <= each && len(fine) < count {
				fine = append(fine, entry)
			}
		}
		if len(fine) < len(all) {
			return strings.Join(fine, ","), "must be " + says
		}
		return strings.Join(fine, ","), ""
	}}
}

// splitCSV are the entries of a list with commas, without the empty ones.
func splitCSV(v string) []string {
	var out []string
	for entry := range strings.SplitSeq(v, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}

// cutRunes is s, or its first n characters.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
