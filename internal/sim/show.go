package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/timeline"
)

// Screen shows a call as text while it happens.
type Screen struct {
	Out io.Writer
	// All shows every fact of the timeline, and the bodies of requests and
	// answers.
	All bool
	// JSON writes the events as JSON, one a line, and nothing else.
	JSON bool
	// Typed says that what the person types is on the screen already.
	Typed bool

	began time.Time
	known url.Values // the parameters of the last request
	// failed is what was wrong with the last request: it is shown once.
	failed   string
	answered bool
}

// Tell is for Call.Tell.
func (s *Screen) Tell(e event.Event) {
	if s.began.IsZero() {
		s.began = e.At
	}
	switch {
	case s.JSON:
		s.json(e)
	case s.All:
		s.line("%s", timeline.Line(s.began, e))
		s.bodies(e.What)
	default:
		s.brief(e)
	}
}

// Did is for Call.Did: what the person does that is not typed.
func (s *Screen) Did(step Step) {
	if s.JSON || s.All || s.Typed {
		return
	}
	switch {
	case step.Hangup:
		s.line("> (hangs up)")
	case step.Say != "":
		s.line("> (says) %s", step.Say)
	case step.Keys != "":
		s.line("> %s", step.Keys)
	}
}

func (s *Screen) line(format string, a ...any) { _, _ = fmt.Fprintf(s.Out, format+"\n", a...) }

func (s *Screen) json(e event.Event) {
	text, err := json.Marshal(e)
	if err != nil {
		text = []byte(strconv.Quote(err.Error()))
	}
	s.line("%s", text)
}

// brief shows what a caller and a programmer want to see.
func (s *Screen) brief(e event.Event) {
	switch w := e.What.(type) {
	case event.Offered:
		from, _, _ := strings.Cut(w.From, "@")
		to, _, _ := strings.Cut(w.Request, "@")
		s.line("☎  %s calls %s", from, to)
	case event.Failed:
		if s.failed == "" || w.Message != s.failed {
			s.wrong(w.Code, w.Message, w.Faults)
		}
	case event.Routed, event.Unrouted, event.Declined, event.Warned, event.Recorded, event.Uploaded, event.KeysSent,
		event.Set, event.Understood, event.Referred, event.StatusCallback, event.RecordCallback:
		s.told(w)
	case event.Answered:
		s.answered = true
		s.line("☎  answered after %s", short(e.At.Sub(s.began)))
	case event.Playing:
		if silence(w.Sound) {
			s.line("…  %s", w.Sound)
		} else if text := words(w.Sound); text != w.Sound {
			s.line("🔊 %q%s", text, times(w.Sound))
		} else {
			s.line("🔊 [%s]", strings.TrimPrefix(w.Sound, "http://"+FileHost+"/"))
		}
	case event.Collected:
		if w.Digits == "" && w.By == call.ByTimeout {
			s.line("…  no key within the time")
		}
	case event.Fetched:
		s.fetched(w)
	case event.Started:
		if w.Module == "sleep" || w.Module == "echo" {
			s.line("…  %s", strings.TrimSuffix(strings.TrimSpace(w.Module+" "+string(w.Data)), " {}"))
		}
	case event.Ended:
		s.ended(e.At, w)
	}
}

// told shows a fact in the words of the timeline.
func (s *Screen) told(f event.Fact) {
	mark, text := timeline.Tell(f)
	s.line("%s  %s", mark, strings.ReplaceAll(text, "\n", "\n     "))
}

// times is what a spoken sound's name says behind the text: ", 3 times".
func times(sound string) string {
	if i := strings.LastIndexByte(sound, '"'); i >= 0 {
		return sound[i+1:]
	}
	return ""
}

// fetched is one line for what was asked and answered, and one more for each
// thing that was wrong.
func (s *Screen) fetched(w event.Fetched) {
	address, params := asked(w)
	address = strings.TrimPrefix(address, "http://"+FileHost+"/")
	line := fmt.Sprintf("→  %s %s%s", w.Method, address, s.news(params))
	if w.Status != 0 {
		line += "   " + strconv.Itoa(w.Status)
	}
	line += "   " + short(time.Duration(w.Took))
	if kind := w.Header.Get("Content-Type"); kind != "" {
		line += "   " + kind
	}
	s.line("%s", line)
	for _, h := range w.Hops {
		s.line("     redirected: %s", h)
	}
	if s.failed = w.Err; w.Failure != "" {
		s.wrong(w.Failure, w.Err, w.Faults)
	}
	if p := w.Parse; p != nil {
		s.line("     line %d, column %d: %s ▸%s", p.Line, p.Column, p.Before, p.After)
	}
}

// wrong shows what went wrong: each fault with its place, or all in one.
func (s *Screen) wrong(what, text string, faults []event.Fault) {
	if len(faults) == 0 {
		s.line("✗  %s: %s", what, text)
		return
	}
	s.line("✗  %s:", what)
	for _, f := range faults {
		place := ""
		if f.Line > 0 {
			place = fmt.Sprintf("line %d, column %d: ", f.Line, f.Column)
		}
		s.line("     %s%s: %s", place, f.Path, f.Message)
	}
}

// asked are the address of a request without its query, and its parameters.
func asked(w event.Fetched) (address string, params url.Values) {
	address, query, _ := strings.Cut(w.URL, "?")
	params, _ = url.ParseQuery(query) // what cannot be read is not shown
	if kind := w.SentHead.Get("Content-Type"); strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		form, _ := url.ParseQuery(w.SentBody)
		maps.Copy(params, form)
	}
	return address, params
}

// news are the parameters that the request before did not have, or had with
// other values. Of the first request they are not told: all of them are new.
func (s *Screen) news(params url.Values) string {
	var b strings.Builder
	for _, name := range sortedKeys(params) {
		value := params.Get(name)
		if s.known == nil || s.known.Get(name) == value || strings.HasSuffix(name, "Status") {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", name, value)
	}
	s.known = params
	return b.String()
}

func (s *Screen) ended(at time.Time, w event.Ended) {
	text := fmt.Sprintf("☎  hung up by %s, %s, %s", who(w.By), w.Cause, short(at.Sub(s.began)))
	if w.SIP != 0 && !s.answered {
		text = fmt.Sprintf("☎  refused by %s, %d %s, %s", who(w.By), w.SIP, w.Cause, short(at.Sub(s.began)))
	}
	if w.Text != "" {
		text += " (" + w.Text + ")"
	}
	s.line("%s", text)
}

func who(by string) string {
	if by == "us" {
		return by
	}
	return "the " + by
}

// bodies shows what a request carried and was answered with.
func (s *Screen) bodies(f event.Fact) {
	w, ok := f.(event.Fetched)
	if !ok {
		return
	}
	for _, part := range []struct{ mark, text string }{{"→", w.SentBody}, {"←", w.Answer}} {
		if text := strings.TrimSpace(part.text); text != "" {
			s.line("          %s   %s", part.mark, strings.ReplaceAll(text, "\n", "\n              "))
		}
	}
}

// short is a duration for people.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
