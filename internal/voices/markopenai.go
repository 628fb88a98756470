package voices

import (
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/prompts"
)

// shortBreak is how long a break is at most that a comma stands for.
const shortBreak = 400 * time.Millisecond

// openaiText is markup as plain text, for a service that knows no SSML.
func openaiText(r request) string {
	if r.ssml == nil {
		return r.text
	}
	w := textWriter{english: prompts.English(r.language)}
	w.inside(&r.ssml.root)
	return strings.TrimSpace(w.out.String())
}

// textWriter writes markup as punctuation.
type textWriter struct {
	out     strings.Builder
	english bool
}

func (w *textWriter) inside(n *node) {
	for i := range n.kids {
		w.node(&n.kids[i])
	}
}

func (w *textWriter) node(n *node) {
	switch n.name {
	case "":
		w.text(n.text)
	case "break":
		d, _ := n.breakTime()
		w.pause(d)
	case "p", "s":
		w.line()
		w.inside(n)
		w.line()
	case "sub":
		if alias := n.attr["alias"]; alias != "" {
			w.text(alias)
			return
		}
		w.inside(n)
	case "say-as":
		w.sayAs(n)
	default:
		w.inside(n)
	}
}

// text leaves out a blank at the start of a line.
func (w *textWriter) text(s string) {
	if strings.HasSuffix(w.out.String(), "\n") {
		s = strings.TrimLeft(s, " ")
	}
	w.out.WriteString(s)
}

// line begins a new line.
func (w *textWriter) line() {
	if before := w.out.String(); before != "" && !strings.HasSuffix(before, "\n") {
		w.out.WriteByte('\n')
	}
}

// pause is a comma after a word, or a new line.
func (w *textWriter) pause(d time.Duration) {
	before := strings.TrimRight(w.out.String(), " ")
	switch {
	case d > shortBreak:
		w.line()
	case d > 0 && before != "" && !strings.ContainsAny(before[len(before)-1:], ".,;:!?\n"):
		w.out.Reset()
		w.out.WriteString(before + ", ")
	}
}

func (w *textWriter) sayAs(n *node) {
	text := n.display()
	switch as := n.attr["interpret-as"]; {
	case as == "expletive":
		w.text("…")
	case as == "characters" || as == "spell-out" || as == "digits" || (as == "telephone" && !w.english):
		w.text(strings.Join(strings.Split(strings.Join(strings.Fields(text), ""), ""), " "))
	case w.english:
		w.text(inWords(n))
	default:
		w.text(text)
	}
}
