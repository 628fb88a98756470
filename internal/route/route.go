// Package route finds the callflow that answers a number, and says why. It is
// pure: it knows no store and no call (spec/callflow-modules.md section 4.2).
package route

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Everything is the number of the callflow that takes what no other does.
const Everything = "no_match"

// Flow is what is to be known of a callflow.
type Flow struct {
	ID, Name string
	Numbers  []string // as they are dialled, or in E.164; or Everything
	Patterns []string // regular expressions (RE2), not anchored
}

// called is how people call a callflow.
func (f *Flow) called() string {
	if f.Name != "" {
		return fmt.Sprintf("callflow %q", event.Clip(f.Name, event.Short))
	}
	return "callflow " + f.ID
}

// Result is what answers a number.
type Result struct {
	Found  bool
	Exact  bool   // it has the very number, not a pattern for it
	Flow   Flow   // if Found
	Number string // as it was looked for
	// NoMatch says that the callflow is one for everything else, whatever it
	// was found by. Section 4.3 forbids those to calls from outside.
	NoMatch bool
	// Captured are the groups of the pattern that matched: "" is Kazoo's
	// capture_group, the longest one (of a pattern without groups the whole
	// match); the others are the named ones. Those that Kazoo takes for empty
	// are not there.
	Captured map[string]string
	Why      []string // the reasons, in order, for people
}

// Table is an account's callflows, ready to be matched. It never changes and
// is safe for any number of calls at once.
type Table struct {
	exact    map[string][]*Flow // by number, the first one counts
	patterns []pattern          // in the order they are tried
	compiled map[string]expression
	steps    int // of all that are compiled
}

type pattern struct {
	text string
	flow *Flow
	expression
}

type expression struct {
	re    *regexp.Regexp // nil if it does not compile
	steps int
	err   error
}

// Limits of a table. What is beyond them is no match, and the reasons say so.
const (
	MaxSteps  = 1 << 20 // of all patterns together, see schema.CompileRegexp: some 100 MB
	maxNumber = 256     // bytes of a number that patterns are tried on
)

var errTooMuch = fmt.Errorf("all patterns together are of more than %d steps", MaxSteps)

// Compile reads a pattern. Patterns that only PCRE knows (look-around,
// back-references) are an error, and so are those that are too large.
func Compile(text string) (*regexp.Regexp, error) {
	re, _, err := schema.CompileRegexp(text)
	return re, err
}

// NewTable reads all that can be read before a call comes.
func NewTable(flows []Flow) *Table { return new(Table).Renew(flows) }

// Renew is a table of flows that has the patterns of t compiled already.
func (t *Table) Renew(flows []Flow) *Table {
	had := t.compiled
	t = &Table{exact: map[string][]*Flow{}, compiled: map[string]expression{}}
	sorted := slices.Clone(flows)
	slices.SortFunc(sorted, func(a, b Flow) int { return cmp.Compare(a.ID, b.ID) })
	for i := range sorted {
		f := &sorted[i]
		for _, n := range f.Numbers {
			t.exact[n] = append(t.exact[n], f)
			if e164 := Normalise(n); e164 != n {
				t.exact[e164] = append(t.exact[e164], f)
			}
		}
		for _, text := range f.Patterns {
			t.patterns = append(t.patterns, pattern{text, f, t.compile(text, had)})
		}
	}
	// Kazoo tries them in the reverse of their order in its view.
	slices.SortStableFunc(t.patterns, func(a, b pattern) int {
		return -cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.flow.ID, b.flow.ID))
	})
	return t
}

// compile reads a pattern once, however many callflows have it, unless it was
// read before.
func (t *Table) compile(text string, had map[string]expression) expression {
	c, ok := t.compiled[text]
	if ok {
		return c
	}
	if t.steps >= MaxSteps {
		return expression{err: errTooMuch}
	}
	if c, ok = had[text]; !ok {
		c.re, c.steps, c.err = schema.CompileRegexp(text)
	}
	t.compiled[text] = c
	t.steps += c.steps + 1
	return c
}

// Match is NewTable(flows).Match(number), for one look.
func Match(number string, flows []Flow) Result { return NewTable(flows).Match(number) }

// Match finds the callflow that answers number, the user part that was
// dialled. In order: one that has this very number (of several that with the
// lowest id), the one whose pattern has the longest match, the one for
// everything else.
func (t *Table) Match(number string) Result {
	r := Result{Number: Normalise(number)}
	if r.Number != number {
		r.say("%s is looked for as %s", event.Clip(number, event.Short), event.Clip(r.Number, event.Short))
	}
	switch {
	case number == "":
		r.say("no number was dialled")
	case t.matchExact(&r, number), t.matchPattern(&r), t.matchRest(&r):
		r.NoMatch = slices.Contains(r.Flow.Numbers, Everything)
	}
	return r
}

func (r *Result) say(format string, a ...any) { r.Why = append(r.Why, fmt.Sprintf(format, a...)) }

func (r *Result) found(f *Flow) { r.Found, r.Flow = true, *f }

func (t *Table) matchExact(r *Result, number string) bool {
	var found []*Flow
	if number != Everything { // nobody can dial that
		found = t.exact[r.Number]
	}
	if len(found) == 0 {
		r.say("no callflow has the number %s", event.Clip(r.Number, event.Short))
		return false
	}
	r.found(found[0])
	r.Exact = true
	r.say("number %s belongs to %s", event.Clip(r.Number, event.Short), found[0].called())
	for _, other := range found[1:min(len(found), 4)] {
		if other != found[0] {
			r.say("%s has it too, but the lowest id counts", other.called())
		}
	}
	return true
}

// maxWhy is how many patterns that do not match are told one by one.
const maxWhy = 10

func (t *Table) matchPattern(r *Result) bool {
	if len(r.Number) > maxNumber {
		r.say("patterns are for numbers of up to %d bytes", maxNumber)
		return false
	}
	var won *pattern
	var best hit
	var misses, hits int
	for i := range t.patterns {
		p := &t.patterns[i]
		h, ok := p.match(r.Number)
		switch {
		case !ok:
			if misses++; misses <= maxWhy {
				r.say("%s", p.why())
			}
		case won == nil || len(h.longest) > len(best.longest):
			won, best = p, h
			hits++
		default:
			hits++
		}
	}
	if misses > maxWhy {
		r.say("nor do %d more patterns", misses-maxWhy)
	}
	if t.steps >= MaxSteps {
		r.say("%s; those beyond are no match", errTooMuch)
	}
	if won == nil {
		return false
	}
	r.found(won.flow)
	r.Captured = best.captured()
	r.say("pattern %s of %s matches, with %q",
		event.Clip(won.text, event.Short), won.flow.called(), event.Clip(best.longest, event.Short))
	if hits > 1 {
		r.say("%d patterns match; this match is the longest, or the first of those", hits)
	}
	return true
}

// why is why a pattern is not the one.
func (p *pattern) why() string {
	if p.re == nil {
		return fmt.Sprintf("pattern %s of %s is skipped: %.200s", event.Clip(p.text, event.Short), p.flow.called(), p.err)
	}
	return fmt.Sprintf("pattern %s does not match", event.Clip(p.text, event.Short))
}

func (t *Table) matchRest(r *Result) bool {
	rest := t.exact[Everything]
	switch {
	case len(rest) == 0:
		r.say("and no callflow takes everything else (%s)", Everything)
	case !dialled(r.Number):
		r.say("%s takes everything else (%s), but only numbers of digits", rest[0].called(), Everything)
	default:
		r.found(rest[0])
		r.say("%s takes everything else (%s)", rest[0].called(), Everything)
		return true
	}
	return false
}

// hit is a pattern's match.
type hit struct {
	longest string
	named   map[string]string
}

func (p *pattern) match(number string) (hit, bool) {
	if p.re == nil {
		return hit{}, false
	}
	m := p.re.FindStringSubmatch(number)
	if m == nil {
		return hit{}, false
	}
	if len(m) == 1 {
		return hit{longest: m[0]}, true
	}
	h := hit{}
	for i, name := range p.re.SubexpNames() {
		if i == 0 {
			continue
		}
		if len(m[i]) > len(h.longest) {
			h.longest = m[i]
		}
		if name != "" {
			if h.named == nil {
				h.named = map[string]string{}
			}
			h.named[name] = m[i]
		}
	}
	return h, true
}

func (h hit) captured() map[string]string {
	out := map[string]string{}
	for name, text := range h.named {
		if !empty(text) {
			out[name] = text
		}
	}
	if !empty(h.longest) {
		out[""] = h.longest
	}
	return out
}

// empty is what Kazoo takes for nothing (section 1.2).
func empty(s string) bool { return s == "" || s == "0" || s == "NULL" || s == "undefined" }
