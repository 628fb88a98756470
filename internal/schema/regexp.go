package schema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// How large a customer's regular expression may be. A few bytes of one may
// stand for millions of steps (x{1000}x{1000}…), each of some 100 bytes once
// it is compiled.
const (
	MaxRegexp      = 16 * 1024 // bytes of its text
	MaxRegexpSteps = 10_000
)

var (
	errLongRegexp  = fmt.Errorf("it is longer than %d bytes", MaxRegexp)
	errLargeRegexp = fmt.Errorf("it stands for more than %d steps: its repeats are too many", MaxRegexpSteps)
)

// CompileRegexp reads a regular expression (RE2) and tells of how many steps
// it is, which is what it takes of memory and time.
func CompileRegexp(text string) (re *regexp.Regexp, steps int, err error) {
	if len(text) > MaxRegexp {
		return nil, 0, errLongRegexp
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if steps = regexpSteps(tree); steps > MaxRegexpSteps {
		return nil, 0, errLargeRegexp
	}
	re, err = regexp.Compile(text)
	return re, steps, err
}

// regexpSteps is about how many instructions an expression is compiled to. The
// parser sees to it that it is neither deep nor repeated more than 1000 times.
func regexpSteps(tree *syntax.Regexp) int {
	const perRange = 4 // numbers of a class that are as large as an instruction
	n := max(1, len(tree.Rune))
	if tree.Op == syntax.OpCharClass {
		n = 1 + len(tree.Rune)/perRange
	}
	for _, sub := range tree.Sub {
		n += regexpSteps(sub)
	}
	if tree.Op == syntax.OpRepeat { // itself it is none
		n = (n - 1) * max(tree.Min+1, tree.Max)
	}
	return n
}

// Regexp reads a customer's regular expression (RE2); path is where it is in
// the document. Kazoo's are PCRE: what only PCRE knows, such as look-around
// and back-references, is a fault, and so is one that is too large.
func Regexp(text string, path ...string) (*regexp.Regexp, Faults) {
	re, _, err := CompileRegexp(text)
	if err == nil {
		return re, nil
	}
	return nil, Faults{{
		Path: path, Rule: "wrong_format", Message: "Field is not in the correct format: " + err.Error(),
		Extra: map[string]any{"value": text, "format": "regex"},
	}}
}
