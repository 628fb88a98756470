package voices

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/voices/english"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// espeakPlain is text without what espeak-ng takes for the names of sounds.
func espeakPlain(text string) string { return strings.ReplaceAll(text, "[[", "[ [") }

func espeakEscaped(text string) string { return html.EscapeString(espeakPlain(text)) }

// espeakSSML writes markup as espeak-ng 1.51 understands it. Its own say-as
// knows characters only, its volume knows no dB, it reads past phoneme and
// lang: so those are written in other ways.
func espeakSSML(r request) string {
	w := espeakWriter{english: prompts.English(r.language), voice: r.voice}
	w.out.WriteString("<speak>")
	w.inside(&r.ssml.root)
	w.out.WriteString("</speak>")
	return w.out.String()
}

type espeakWriter struct {
	out     strings.Builder
	english bool
	voice   string
	named   bool // the names of sounds were written last
}

func (w *espeakWriter) inside(n *node) {
	for i := range n.kids {
		w.node(&n.kids[i])
	}
}

// tag writes an element around what is in n.
func (w *espeakWriter) tag(n *node, name, attrs string) {
	w.out.WriteString("<" + name + attrs + ">")
	w.inside(n)
	w.out.WriteString("</" + name + ">")
}

func (w *espeakWriter) node(n *node) {
	switch n.name {
	case "":
		w.text(n.text)
	case "break":
		if d, _ := n.breakTime(); d > 0 {
			fmt.Fprintf(&w.out, `<break time="%dms"/>`, d.Milliseconds())
		} else {
			w.out.WriteString(`<break strength="none"/>`)
		}
	case "p", "s":
		w.tag(n, n.name, "")
	case "emphasis":
		if level := n.attr["level"]; level == "strong" || level == "reduced" || level == "none" {
			w.tag(n, "emphasis", ` level="`+level+`"`)
		} else {
			w.tag(n, "emphasis", "")
		}
	case "prosody":
		m, _ := n.prosody()
		w.tag(n, "prosody", fmt.Sprintf(` rate="%.0f%%" pitch="%+.0f%%" volume="%+.0f%%"`, 100*m.Rate,
			100*math.Exp2(m.Pitch/12)-100, 100*math.Pow(10, m.Volume/20)-100))
	case "lang":
		w.tag(n, "voice", ` xml:lang="`+html.EscapeString(n.attr["lang"])+`" gender="`+w.voice+`"`)
	case "say-as":
		w.sayAs(n)
	default:
		w.word(n)
	}
}

// text writes text. A point beside the names of sounds would be read as "dot",
// so a pause stands for it.
func (w *espeakWriter) text(s string) {
	if bare := strings.TrimLeft(s, ".!?"); w.named && bare != s {
		w.out.WriteString(`<break strength="strong"/>`)
		s = bare
	}
	w.named = w.named && s == ""
	w.out.WriteString(espeakEscaped(s))
}

// word writes an element whose text is spoken in another way.
func (w *espeakWriter) word(n *node) {
	if alias := n.attr["alias"]; n.name == "sub" && alias != "" {
		w.out.WriteString(espeakEscaped(alias))
		return
	}
	if n.name == "phoneme" && w.english {
		if sounds, ok := n.phonemes(); ok {
			w.out.WriteString("[[" + espeakSounds(sounds) + "]] ") // a tag beside them would be read aloud
			w.named = true
			return
		}
	}
	w.inside(n)
}

// sayAs writes numbers and the like out in words, which is possible in
// English; in other languages, only what is to be said sign by sign is marked.
func (w *espeakWriter) sayAs(n *node) {
	text := n.display()
	switch as := n.attr["interpret-as"]; {
	case as == "expletive":
		fmt.Fprintf(&w.out, `<break time="%dms"/>`, english.BleepFor(text).Milliseconds())
	case as == "characters" || as == "spell-out" || !w.english && (as == "digits" || as == "telephone"):
		w.out.WriteString(`<say-as interpret-as="characters">` + espeakEscaped(text) + `</say-as>`)
	case w.english:
		w.out.WriteString(espeakEscaped(inWords(n)))
	default:
		w.out.WriteString(espeakEscaped(text))
	}
}

// inWords is a say-as element in English words.
func inWords(n *node) string {
	s := english.NewScript(n.display())
	s.SayAs(n.attr["interpret-as"], n.attr["format"], n.display())
	return s.Words()
}

// espeakNames are the names of sounds of espeak-ng's English voices, after
// those of ARPABET.
var espeakNames = map[string]string{
	"AA": "A:", "AE": "a", "AH": "V", "AO": "O:", "AW": "aU", "AX": "@", "AY": "aI", "EH": "E", "ER": "3:", "EY": "eI",
	"IH": "I", "IX": "I", "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U", "UW": "u:", "B": "b", "CH": "tS", "D": "d",
	"DH": "D", "DX": "t#", "F": "f", "G": "g", "HH": "h", "JH": "dZ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "N",
	"P": "p", "R": "r", "S": "s", "SH": "S", "T": "t", "TH": "T", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "Z",
}

func espeakSounds(sounds []formant.Sound) string {
	var b strings.Builder
	for _, s := range sounds {
		switch s.Stress {
		case formant.Primary:
			b.WriteByte('\'')
		case formant.Secondary:
			b.WriteByte(',')
		case formant.None:
		}
		b.WriteString(espeakNames[s.Phone.String()] + "|") // the bar keeps t and S apart from tS
	}
	return strings.TrimSuffix(b.String(), "|")
}
