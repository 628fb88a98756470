package voices

import (
	"github.com/pivotvoice/pivot/internal/voices/english"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// phrases are the markup as the built-in voice speaks it.
func (m *markup) phrases() []formant.Phrase {
	t := teller{english.NewScript(m.text)}
	t.inside(&m.root, formant.Manner{}, false)
	return t.Phrases()
}

// teller walks through markup and reads it into a script.
type teller struct{ *english.Script }

func (t teller) inside(n *node, m formant.Manner, accented bool) {
	for i := range n.kids {
		t.node(&n.kids[i], m, accented)
	}
}

// node reads one element in the manner of what is around it.
func (t teller) node(n *node, m formant.Manner, accented bool) {
	t.Manner(m, accented)
	switch n.name {
	case "":
		t.Text(n.text)
		return
	case "break":
		d, _ := n.breakTime()
		t.Break(d)
	case "p", "s":
		t.End(n.name == "p")
		t.inside(n, m, accented)
		t.Manner(m, accented)
		t.End(n.name == "p")
		return
	case "emphasis":
		own, strong := n.emphasis()
		m, accented = within(m, own), strong
	case "prosody":
		own, _ := n.prosody()
		m = within(m, own)
	default:
		if t.word(n) {
			return
		}
	}
	t.inside(n, m, accented)
}

// word speaks an element that says how its text is to be read; false if the
// text is to be read as it is.
func (t teller) word(n *node) bool {
	switch n.name {
	case "say-as":
		if n.attr["interpret-as"] == "expletive" {
			t.Bleep(english.BleepFor(n.display()))
			return true
		}
		t.SayAs(n.attr["interpret-as"], n.attr["format"], n.display())
		return true
	case "sub":
		if alias := n.attr["alias"]; alias != "" {
			t.Text(alias)
			return true
		}
	case "phoneme":
		if sounds, ok := n.phonemes(); ok {
			t.Sounds(n.display(), sounds)
			return true
		}
	}
	return false
}
