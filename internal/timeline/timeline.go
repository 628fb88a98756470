// Package timeline tells a call's events as lines for people.
package timeline

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// Write tells all events of a call, with the time since the first in front.
func Write(w io.Writer, events []event.Event) error {
	for _, e := range events {
		if _, err := fmt.Fprintln(w, Line(events[0].At, e)); err != nil {
			return err
		}
	}
	return nil
}

// Line is one event: seconds since began, a mark for the kind of thing it is,
// and what happened.
func Line(began time.Time, e event.Event) string {
	mark, text := Tell(e.What)
	at := fmt.Sprintf("%8.3f", e.At.Sub(began).Seconds())
	return at + "  " + mark + " " + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(at)+4))
}

// Tell is a fact in words: a mark of one column and a text that may have
// several lines.
func Tell(f event.Fact) (mark, text string) {
	switch w := f.(type) {
	case event.SIP:
		return "·", sip(w)
	case event.Offered:
		return "☎", fmt.Sprintf("%s call from %s to %s (%s)", w.Direction, w.From, w.Request, w.Source)
	case event.Routed:
		return "☎", fmt.Sprintf("%s is answered by callflow %q: %s", w.Number, w.Flow, strings.Join(w.Why, "; "))
	case event.Unrouted:
		return "✗", fmt.Sprintf("nothing answers %s: %s", w.Number, strings.Join(w.Why, "; "))
	case event.Declined:
		return "✗", fmt.Sprintf("%s is declined (%s): %s", w.Number, w.Reason, w.Why)
	case event.Ringing:
		return "☎", fmt.Sprintf("ringing (%d)", w.Code)
	case event.Answered:
		return "☎", fmt.Sprintf("answered: %s, RTP %s ⇄ %s", w.Codec, w.Local, w.Remote)
	case event.Ended:
		return "☎", fmt.Sprintf("ended by %s: %s%s", w.By, w.Cause, paren(w.Text))
	case event.Held:
		return "☎", held(w)
	case event.Media:
		return "♪", fmt.Sprintf("%s: %d packets sent, %d received, %d lost, jitter %s; first sound after %s",
			w.Codec, w.Sent, w.Received, w.Lost, ms(w.Jitter), ms(w.FirstSent))
	default:
		return tellFlow(f)
	}
}

// tellFlow tells what the flow and its actions did.
func tellFlow(f event.Fact) (mark, text string) {
	switch w := f.(type) {
	case event.Started:
		return "▸", w.Module + data(w.Data)
	case event.Finished:
		return "◂", finished(w)
	case event.Fetching:
		text = fmt.Sprintf("%s %s", w.Method, w.URL)
		if w.Fallback {
			text += " (the fallback URL)"
		}
		return "→", text
	case event.Fetched:
		return fetched(w)
	case event.Decoded:
		return "←", fmt.Sprintf("became %s", event.Clip(string(w.Program), 160))
	case event.Set:
		return "=", fmt.Sprintf("%s is %q", w.Name, w.Value)
	case event.Decided:
		return "=", decided(w)
	case event.Changed:
		return "=", fmt.Sprintf("changed %s %s: %s", w.Type, named(w), w.What)
	case event.Warned:
		return "!", fmt.Sprintf("%s (%s)", w.Message, w.Code)
	case event.Failed:
		return "✗", w.Message + faults(w.Faults)
	default:
		return tellSound(f)
	}
}

// tellSound tells what was heard, said and pressed.
func tellSound(f event.Fact) (mark, text string) {
	switch w := f.(type) {
	case event.Playing:
		return "♪", w.Sound
	case event.Played:
		return "♪", played(w)
	case event.Spoken:
		return "♪", fmt.Sprintf("%q spoken by %s%s", event.Clip(w.Text, 60), w.Provider, made(w))
	case event.Pressed:
		return "#", fmt.Sprintf("key %s (%s)", w.Key, w.Via)
	case event.Collected:
		return "#", fmt.Sprintf("collected %q in %s, ended by %s", w.Digits, w.Name, w.By)
	case event.KeysSent:
		return "#", "sent keys " + w.Digits
	case event.Recorded:
		return "●", fmt.Sprintf("recorded %s (%s, %d bytes), ended by %s%s",
			ms(w.Length), w.Format, w.Bytes, w.By, problem(w.Err))
	case event.Uploaded:
		return "●", fmt.Sprintf("sent recording to %s: %d%s", w.URL, w.Status, problem(w.Err))
	default:
		return tellCallback(f)
	}
}

// tellCallback tells what web servers and people were told.
func tellCallback(f event.Fact) (mark, text string) {
	switch w := f.(type) {
	case event.StatusCallback:
		return "=", fmt.Sprintf("%s %s is told of %s", w.Method, w.URL, strings.Join(w.Events, ", "))
	case event.RecordCallback:
		return "=", "the call's record will be sent to " + w.URL
	case event.CalledBack:
		return calledBack(w)
	case event.Notified:
		return notified(w)
	default:
		return tellFar(f)
	}
}

// tellFar tells what the far end said and was asked to do.
func tellFar(f event.Fact) (mark, text string) {
	switch w := f.(type) {
	case event.Understood:
		return "♪", understood(w)
	case event.Detected:
		return "♪", fmt.Sprintf("a %s is heard (%s) after %s", w.What, w.By, ms(w.After))
	case event.Referred:
		return "☎", fmt.Sprintf("asked to call %s: %s%s", w.Target, referred(w), problem(w.Err))
	default:
		return "?", f.Kind()
	}
}

func understood(w event.Understood) string {
	if w.Err != "" {
		return fmt.Sprintf("%s of speech not understood after %s: %s", ms(w.Length), ms(w.Took), w.Err)
	}
	so := "said"
	if w.Partial {
		so = "said so far"
	}
	return fmt.Sprintf("%s: %q (%s, confidence %.2f, understood in %s)",
		so, event.Clip(w.Text, 160), ms(w.Length), w.Confidence, ms(w.Took))
}

// named is the changed document's name, or its id.
func named(w event.Changed) string {
	if w.Name != "" {
		return strconv.Quote(w.Name)
	}
	return w.ID
}

func decided(w event.Decided) string {
	text := "decided:"
	if w.Branch != "" {
		text = "decided for " + w.Branch + ":"
	}
	return text + lines("", w.Why)
}

func referred(w event.Referred) string {
	if w.Notified == 0 {
		return fmt.Sprint(w.Status)
	}
	return fmt.Sprintf("%d, then %d", w.Status, w.Notified)
}

func sip(w event.SIP) string {
	arrow := "←"
	if w.Out {
		arrow = "→"
	}
	return fmt.Sprintf("SIP %s %s [%s]%s", arrow, w.Line, w.CSeq, paren(w.Note))
}

func held(w event.Held) string {
	if w.On {
		return "on hold (" + w.Direction + ")"
	}
	return "taken back from hold (" + w.Direction + ")"
}

func finished(w event.Finished) string {
	var to string
	switch {
	case w.Ends:
		to = "the flow ends"
	case w.Branch != "":
		to = "takes " + w.Branch
	default:
		to = "another program takes over"
	}
	return fmt.Sprintf("%s after %s: %s%s", w.Module, ms(w.Took), to, problem(w.Err))
}

func fetched(w event.Fetched) (mark, text string) {
	if w.Failure != "" {
		text := fmt.Sprintf("%s after %s: %s", w.Failure, ms(w.Took), w.Err)
		if w.Parse != nil {
			text += fmt.Sprintf("\nat line %d, column %d: %s ▸%s", w.Parse.Line, w.Parse.Column, w.Parse.Before, w.Parse.After)
		}
		return "✗", text + lines("", w.Notes) + faults(w.Faults)
	}
	text = fmt.Sprintf("%d in %s, %d bytes %s", w.Status, ms(w.Took), w.Bytes, w.Header.Get("Content-Type"))
	if w.Cached {
		text = fmt.Sprintf("%d in %s: the document is the same as before", w.Status, ms(w.Took))
	}
	text += lines("redirected to ", w.Hops) + lines("", w.Notes)
	return "←", text
}

// lines are texts as further lines, each with the same beginning.
func lines(begin string, texts []string) string {
	var b strings.Builder
	for _, t := range texts {
		b.WriteString("\n" + begin + t)
	}
	return b.String()
}

func faults(all []event.Fault) string {
	var b strings.Builder
	for _, f := range all {
		b.WriteString("\n")
		if f.Line > 0 {
			fmt.Fprintf(&b, "line %d, column %d: ", f.Line, f.Column)
		}
		fmt.Fprintf(&b, "%s: %s", f.Path, f.Message)
	}
	return b.String()
}

func calledBack(w event.CalledBack) (mark, text string) {
	text = fmt.Sprintf("%s told of %s", w.URL, w.Event)
	if w.Try > 1 {
		text += fmt.Sprintf(", try %d", w.Try)
	}
	if w.Status != 0 {
		text += fmt.Sprintf(": %d in %s", w.Status, ms(w.Took))
	}
	return told(text, w.Err, w.Over)
}

func notified(w event.Notified) (mark, text string) {
	text = fmt.Sprintf("%s mailed of %s", w.To, w.Says)
	if w.Try > 1 {
		text += fmt.Sprintf(", try %d", w.Try)
	}
	return told(text, w.Err, w.Over)
}

// told is text with what came of it.
func told(text, problem string, over bool) (mark, all string) {
	switch {
	case problem == "":
		return "→", text
	case over:
		return "✗", text + ": " + problem + "; given up"
	}
	return "!", text + ": " + problem + "; tried again later"
}

func played(w event.Played) string {
	switch {
	case w.Err != "":
		return fmt.Sprintf("%s stopped after %s: %s", w.Sound, ms(w.Took), w.Err)
	case w.Cut != "":
		return fmt.Sprintf("%s cut short by key %s after %s", w.Sound, w.Cut, ms(w.Took))
	default:
		return fmt.Sprintf("%s heard to its end, %s", w.Sound, ms(w.Took))
	}
}

func made(w event.Spoken) string {
	if w.Cached {
		return ", from the cache"
	}
	return ", made in " + ms(w.Took)
}

func data(raw []byte) string {
	if s := string(raw); s != "" && s != "{}" && s != "null" {
		return " " + event.Clip(s, 120)
	}
	return ""
}

func paren(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func problem(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

func ms(m event.Millis) string {
	d := time.Duration(m)
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
