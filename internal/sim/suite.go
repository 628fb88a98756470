package sim

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// Outcome is how a test went.
type Outcome struct {
	Test     *Test
	Problems []string // what was expected and did not come; none is passed
	Err      error    // the test could not be run at all
	Result   Result
	Took     time.Duration // in real time
}

// Passed says whether all was as expected.
func (o Outcome) Passed() bool { return o.Err == nil && len(o.Problems) == 0 }

// Taker takes a test's call: in no time, or over a real line. pages are the
// web server of the test.
type Taker func(ctx context.Context, c Call, pages *Pages) (Result, error)

// Instant takes calls in no time.
func Instant(ctx context.Context, c Call, _ *Pages) (Result, error) { return c.Run(ctx) }

// Run runs a test.
func (t *Test) Run(ctx context.Context, take Taker) (o Outcome) {
	o.Test = t
	began := time.Now()
	defer func() { o.Took = time.Since(began) }()
	c, pages, err := t.call(ctx)
	if err != nil {
		o.Err = err
		return o
	}
	if o.Result, o.Err = take(ctx, c, pages); o.Err == nil {
		o.Problems = t.problems(o.Result, pages.Missing())
	}
	return o
}

// problems are all the ways in which a call is not what the test expects.
func (t *Test) problems(r Result, missing []string) []string {
	var all []string
	if p := hears(t.Hears, r.Heard); p != "" {
		all = append(all, p)
	}
	for _, s := range r.Undone {
		all = append(all, undone(s))
	}
	if p := asks(t.Asks, r.Events); p != "" {
		all = append(all, p)
	}
	for _, m := range slices.Compact(missing) {
		all = append(all, fmt.Sprintf("asked for %s, which the test has no page for", m))
	}
	if ends := endings(r); t.Ends != "" && !slices.ContainsFunc(ends, func(e string) bool {
		return strings.EqualFold(e, t.Ends)
	}) {
		all = append(all, fmt.Sprintf("expected it to end with %s; it ended with %s", t.Ends, strings.Join(ends, ", ")))
	}
	return all
}

// hears is what is wrong with what was heard: each text must come, in order;
// others may come between.
func hears(want, got []string) string {
	at, before := 0, "the beginning"
	for _, w := range want {
		i := slices.IndexFunc(got[at:], func(g string) bool { return matches(g, w) })
		if i < 0 {
			return fmt.Sprintf("expected to hear %q after %s; heard %s", w, before, list(got[at:]))
		}
		at += i + 1
		before = strconv.Quote(w)
	}
	return ""
}

func list(heard []string) string {
	if len(heard) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(heard))
	for i, h := range heard {
		quoted[i] = strconv.Quote(h)
	}
	return strings.Join(quoted, ", ")
}

func undone(s Step) string {
	what := "hang up"
	switch {
	case s.Keys != "":
		what = "press " + s.Keys
	case s.Say != "":
		what = fmt.Sprintf("say %q", s.Say)
	case !s.Hangup:
		what = "wait"
	}
	if s.After != "" {
		return fmt.Sprintf("the caller was to %s after %q; the call was over first", what, s.After)
	}
	return fmt.Sprintf("the caller was to %s; the call was over first", what)
}

// asks is what is wrong with the requests that were made: each of want must
// come, in order. It is "METHOD /path name=value …", where blanks in values are
// "+"; others may come between.
func asks(want []string, events []event.Event) string {
	var got []request
	var shown []string
	for _, e := range events {
		if w, ok := e.What.(event.Fetched); ok {
			got = append(got, requestOf(w))
			shown = append(shown, requestOf(w).kept())
		}
	}
	at := 0
	for _, w := range want {
		i := slices.IndexFunc(got[at:], func(g request) bool { return g.fits(w) })
		if i < 0 {
			return fmt.Sprintf("expected the request %s; asked %s", w, strings.Join(shown[at:], ", "))
		}
		at += i + 1
	}
	return ""
}

type request struct {
	method, path string
	params       url.Values
}

func requestOf(w event.Fetched) request {
	address, params := asked(w)
	r := request{method: w.Method, params: params}
	if u, err := url.Parse(address); err == nil {
		r.path = file(u)
	}
	return r
}

func (r request) fits(want string) bool {
	for i, word := range strings.Fields(want) {
		name, value, isParam := strings.Cut(word, "=")
		switch {
		case isParam && i > 0:
			if have := r.params.Get(name); have != value && url.QueryEscape(have) != value {
				return false
			}
		case strings.HasPrefix(word, "/"):
			if r.path != word {
				return false
			}
		case !strings.EqualFold(word, r.method):
			return false
		}
	}
	return true
}

// endings are the words for how a call ended: who ended it if that was the
// caller, the module that ran last, the cause, the SIP status.
func endings(r Result) []string {
	var all []string
	if r.Ended.By != "us" && r.Ended.By != "" {
		all = append(all, r.Ended.By)
	}
	if r.Last != "" {
		all = append(all, r.Last)
	}
	if r.Ended.Cause != "" {
		all = append(all, r.Ended.Cause)
	}
	if r.Ended.SIP != 0 {
		all = append(all, strconv.Itoa(r.Ended.SIP))
	}
	if r.Ended.By == "us" {
		all = append(all, "us")
	}
	if len(all) == 0 {
		all = append(all, "nothing")
	}
	return all
}

// Summary shows an outcome to people: one line, and under it what was wrong
// and, if verbose or it failed, the call.
func (o Outcome) Summary(w io.Writer, verbose bool) {
	mark := "✓"
	if !o.Passed() {
		mark = "✗"
	}
	_, _ = fmt.Fprintf(w, "%s %s (%s, %s)\n", mark, o.Test.Name(), o.Test.File(), short(o.Took))
	if o.Err != nil {
		_, _ = fmt.Fprintf(w, "    %v\n", o.Err)
	}
	for _, p := range o.Problems {
		_, _ = fmt.Fprintf(w, "    %s\n", p)
	}
	if verbose || len(o.Problems) > 0 {
		for line := range strings.Lines(o.Transcript()) {
			_, _ = fmt.Fprintf(w, "      %s", line)
		}
	}
}

// Transcript is the call as text.
func (o Outcome) Transcript() string {
	var b strings.Builder
	screen := Screen{Out: &b}
	done := o.Result.Done
	for i, e := range o.Result.Events {
		for len(done) > 0 && done[0].at <= i {
			screen.Did(done[0].Step)
			done = done[1:]
		}
		screen.Tell(e)
	}
	return b.String()
}

// RunAll runs tests one after the other, and has each outcome told as it
// comes. When ctx ends the rest is not run.
func RunAll(ctx context.Context, all []*Test, take Taker, tell func(Outcome)) []Outcome {
	var outcomes []Outcome
	for _, t := range all {
		if ctx.Err() != nil {
			outcomes = append(outcomes, Outcome{Test: t, Err: context.Cause(ctx)})
			continue
		}
		o := t.Run(ctx, take)
		tell(o)
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// OutcomesJSON writes outcomes for programs.
func OutcomesJSON(w io.Writer, all []Outcome) error {
	type one struct {
		Name     string   `json:"name"`
		File     string   `json:"file"`
		Passed   bool     `json:"passed"`
		Problems []string `json:"problems"`
		Error    string   `json:"error,omitempty"`
		Heard    []string `json:"heard"`
		Ended    []string `json:"ended"`
		Millis   float64  `json:"took_ms"`
		Length   float64  `json:"call_seconds"`
	}
	list := []one{}
	for _, o := range all {
		entry := one{
			Name: o.Test.Name(), File: o.Test.File(), Passed: o.Passed(), Problems: append([]string{}, o.Problems...),
			Heard: append([]string{}, o.Result.Heard...), Ended: endings(o.Result),
			Millis: float64(o.Took.Microseconds()) / 1000, Length: o.Result.Length.Seconds(),
		}
		if o.Err != nil {
			entry.Error = o.Err.Error()
		}
		list = append(list, entry)
	}
	text, err := pretty(list)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}
