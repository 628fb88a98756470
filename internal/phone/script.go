// Package phone is a small phone: it calls, presses keys by a script, plays a
// file and keeps what it hears. The command `pivot call`, the demo and tests
// use it.
package phone

import (
	"fmt"
	"strings"
	"time"
)

// Step is one thing the person on the phone does.
type Step struct {
	Keys  string        // press these, or
	Wait  time.Duration // wait so long, or
	Quiet time.Duration // wait until nothing was heard for so long
}

// maxKeys is how many keys one step may press.
const maxKeys = 64

// Parse reads a script: steps with commas between them, each of them keys
// (0-9 * # A-D), "wait 2s", or "quiet" or "quiet 700ms": until the other side
// has been silent for so long (a second if it does not say).
func Parse(script string) ([]Step, error) {
	if strings.TrimSpace(script) == "" {
		return nil, nil
	}
	var steps []Step
	for i, word := range strings.Split(script, ",") {
		s, err := step(strings.Fields(word))
		if err != nil {
			return nil, fmt.Errorf("step %d, %q: %w", i+1, strings.TrimSpace(word), err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func step(words []string) (Step, error) {
	switch {
	case len(words) == 0:
		return Step{}, fmt.Errorf("is empty")
	case words[0] == "wait" && len(words) == 2:
		d, err := span(words[1])
		return Step{Wait: d}, err
	case words[0] == "quiet" && len(words) == 1:
		return Step{Quiet: time.Second}, nil
	case words[0] == "quiet" && len(words) == 2:
		d, err := span(words[1])
		return Step{Quiet: d}, err
	case len(words) > 1:
		return Step{}, fmt.Errorf(`is not keys, "wait TIME" or "quiet TIME"`)
	case len(words[0]) > maxKeys:
		return Step{}, fmt.Errorf("has more than %d keys", maxKeys)
	}
	keys := strings.ToUpper(words[0])
	if i := strings.IndexFunc(keys, func(r rune) bool { return !strings.ContainsRune("0123456789*#ABCD", r) }); i >= 0 {
		return Step{}, fmt.Errorf("%q is not a key: 0-9 * # A-D", keys[i:i+1])
	}
	return Step{Keys: keys}, nil
}

func span(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > time.Hour {
		return 0, fmt.Errorf("%q is not a time such as 2s or 500ms, of at most 1h", s)
	}
	return d, nil
}
