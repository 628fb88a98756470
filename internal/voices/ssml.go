package voices

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/prompts"
	"github.com/pivotvoice/pivot/internal/voices/english"
	"github.com/pivotvoice/pivot/internal/voices/formant"
)

// Limits of a marked-up text.
const (
	maxNesting = 50
	maxBreak   = 10 * time.Second
	maxNotes   = 5
)

// markup is a text with SSML (W3C, Speech Synthesis Markup Language 1.1, as
// far as Twilio's Say takes it).
type markup struct {
	source string // as it came
	text   string // without the markup
	root   node
	odd    []event.Warned // what no provider can follow
}

// node is an element, or text if it has no name.
type node struct {
	name string
	attr map[string]string // by local name
	text string            // blanks are one space
	kids []node
}

// parseSSML reads the inside of a <speak> element; a whole <speak> will do as
// well.
func parseSSML(source string) (*markup, error) {
	d := xml.NewDecoder(strings.NewReader("<speak>" + source + "</speak>"))
	d.Entity = xml.HTMLEntity // &nbsp; is common
	open := []node{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last := len(open) - 1
		if last == 0 && len(open[0].kids) > 0 {
			return nil, errors.New("a </speak> too many")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) > maxNesting {
				return nil, fmt.Errorf("more than %d elements within each other", maxNesting)
			}
			open = append(open, newNode(t))
		case xml.EndElement:
			open[last-1].kids = append(open[last-1].kids, open[last])
			open = open[:last]
		case xml.CharData:
			open[last].kids = append(open[last].kids, node{text: blanks(string(t))})
		}
	}
	m := &markup{source: source, root: open[0]}
	m.text = strings.Join(strings.Fields(m.root.display()), " ")
	m.check(&m.root)
	return m, nil
}

func newNode(t xml.StartElement) node {
	n := node{name: t.Name.Local, attr: map[string]string{}}
	for _, a := range t.Attr {
		n.attr[a.Name.Local] = strings.TrimSpace(a.Value)
	}
	return n
}

// blanks makes every row of blanks one space.
func blanks(s string) string {
	mid := strings.Join(strings.Fields(s), " ")
	if mid == "" && s != "" {
		return " "
	}
	if strings.TrimLeftFunc(s, unicode.IsSpace) != s {
		mid = " " + mid
	}
	if strings.TrimRightFunc(s, unicode.IsSpace) != s {
		mid += " "
	}
	return mid
}

// display is what people are shown of the text: the words as they were
// written.
func (n *node) display() string {
	var b strings.Builder
	b.WriteString(n.text)
	apart := n.name == "break" || n.name == "p" || n.name == "s"
	if apart {
		b.WriteByte(' ')
	}
	for i := range n.kids {
		b.WriteString(n.kids[i].display())
	}
	if apart {
		b.WriteByte(' ')
	}
	return b.String()
}

// Words are what people are shown of SSML: its text without the tags.
func Words(ssml string) string {
	m, err := parseSSML(ssml)
	if err != nil {
		return untagged(ssml)
	}
	return m.text
}

// untagged is the text of broken markup: without what looks like a tag.
func untagged(s string) string {
	var b strings.Builder
	for s != "" {
		text, rest, tag := strings.Cut(s, "<")
		b.WriteString(text)
		if !tag {
			break
		}
		if rest == "" || !strings.ContainsRune("/!?", rune(rest[0])) && (rest[0]|0x20 < 'a' || rest[0]|0x20 > 'z') {
			b.WriteByte('<')
			s = rest
			continue
		}
		b.WriteByte(' ')
		_, s, _ = strings.Cut(rest, ">")
	}
	text := reference.ReplaceAllStringFunc(b.String(), func(ref string) string {
		if c := html.UnescapeString(ref); !strings.HasSuffix(c, ";") || ref == "&semi;" {
			return c
		}
		return ref // not a name of a character
	})
	return strings.Join(strings.Fields(text), " ")
}

// reference is a character by its name or number.
var reference = regexp.MustCompile(`&#?\w+;`)

// known are the elements whose names mean something here.
var known = []string{
	"", "speak", "break", "emphasis", "lang", "p", "phoneme", "prosody", "say-as", "s", "sub", "w", "voice", "mark",
}

// check notes what cannot be followed by anybody.
func (m *markup) check(n *node) {
	if !slices.Contains(known, n.name) {
		m.note("say.ssml", "element <"+n.name+"> is not known; what is in it is read")
	}
	switch n.name {
	case "break":
		if _, wrong := n.breakTime(); wrong != "" {
			m.note("say.ssml", wrong)
		}
	case "prosody":
		if _, wrong := n.prosody(); wrong != "" {
			m.note("say.ssml", wrong)
		}
	}
	for i := range n.kids {
		m.check(&n.kids[i])
	}
}

// note keeps the first few, each once.
func (m *markup) note(code, message string) {
	w := event.Warned{Code: code, Message: message}
	if len(m.odd) < maxNotes && !slices.Contains(m.odd, w) {
		m.odd = append(m.odd, w)
	}
}

// notes are what a provider does not do of this markup.
func (m *markup) notes(p provider, r request) []event.Warned {
	all := markup{odd: slices.Clone(m.odd)}
	_, ours := p.(builtin)
	_, plain := p.(*openai)
	m.root.each(func(n *node) {
		switch {
		case plain && slices.Contains([]string{"emphasis", "lang", "phoneme", "prosody"}, n.name):
			all.note("say.ssml", "openai takes no SSML: <"+n.name+"> changes nothing")
		case plain:
		case ours && n.name == "lang" && n.attr["lang"] != "" && !prompts.English(strings.ToLower(n.attr["lang"])):
			all.note("say.language", "the built-in voice reads "+n.attr["lang"]+" as if it were English")
		case n.name == "phoneme" && !ours && !prompts.English(r.language):
			all.note("say.ssml", "phonemes are spoken in English only; the text is read")
		case n.name == "phoneme":
			if _, ok := n.phonemes(); !ok {
				all.note("say.ssml", fmt.Sprintf("phoneme %q is not understood; the text is read", n.attr["ph"]))
			}
		}
	})
	return all.odd
}

func (n *node) each(do func(*node)) {
	do(n)
	for i := range n.kids {
		n.kids[i].each(do)
	}
}

func (n *node) phonemes() ([]formant.Sound, bool) {
	return english.Phonemes(n.attr["alphabet"], n.attr["ph"])
}

// strengths are how long breaks are that have no time.
var strengths = map[string]time.Duration{
	"none": 0, "x-weak": 50 * time.Millisecond, "weak": 120 * time.Millisecond, "medium": 200 * time.Millisecond,
	"strong": 450 * time.Millisecond, "x-strong": 700 * time.Millisecond, "": 200 * time.Millisecond,
}

// breakTime is how long a break is, and what is wrong with it.
func (n *node) breakTime() (d time.Duration, wrong string) {
	d, ok := strengths[n.attr["strength"]]
	if !ok {
		d, wrong = strengths[""], fmt.Sprintf("a break cannot be %q strong", n.attr["strength"])
	}
	asked, has := n.attr["time"]
	if !has {
		return d, wrong
	}
	number, seconds := strings.CutSuffix(asked, "s")
	number, milli := strings.CutSuffix(number, "m")
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !seconds || !(x >= 0) {
		return d, fmt.Sprintf("a break cannot last %q", asked)
	}
	if milli {
		x /= 1000
	}
	if x > maxBreak.Seconds() {
		return maxBreak, fmt.Sprintf("a break of %s is cut to %v", asked, maxBreak)
	}
	return time.Duration(x * float64(time.Second)), wrong
}

// What the words of prosody mean: factors, semitones and dB.
var (
	rates = map[string]float64{
		"": 1, "default": 1, "medium": 1, "x-slow": 0.5, "slow": 0.75, "fast": 1.3, "x-fast": 1.7,
	}
	pitches = map[string]float64{"": 0, "default": 0, "medium": 0, "x-low": -5, "low": -2.5, "high": 2.5, "x-high": 5}
	volumes = map[string]float64{
		"": 0, "default": 0, "medium": 0, "x-soft": -12, "soft": -6, "loud": 4, "x-loud": 8, "silent": math.Inf(-1),
	}
)

// prosody is how an element is spoken against what is around it.
func (n *node) prosody() (m formant.Manner, wrong string) {
	var bad []string
	read := func(name string, words map[string]float64, number func(string) (float64, bool), usual float64) float64 {
		v := n.attr[name]
		x, ok := words[v]
		if !ok {
			x, ok = number(v)
		}
		if !ok || math.IsNaN(x) {
			bad = append(bad, fmt.Sprintf("%s cannot be %q", name, v))
			return usual
		}
		return x
	}
	m.Rate = read("rate", rates, rateNumber, 1)
	m.Pitch = read("pitch", pitches, pitchNumber, 0)
	m.Volume = read("volume", volumes, func(v string) (float64, bool) { return numberIn(v, "dB") }, 0)
	return clamped(m), strings.Join(bad, ", ")
}

// clamped keeps a manner within what can be understood.
func clamped(m formant.Manner) formant.Manner {
	m.Rate = min(max(m.Rate, 0.2), 3)
	m.Pitch = min(max(m.Pitch, -12), 12)
	m.Volume = min(m.Volume, 12)
	return m
}

// numberIn reads a number with its unit.
func numberIn(v, unit string) (float64, bool) {
	number, ok := strings.CutSuffix(v, unit)
	if !ok {
		return 0, false
	}
	x, err := strconv.ParseFloat(number, 64)
	return x, err == nil && !math.IsInf(x, 0)
}

// rateNumber reads "80%" as a share of the usual rate, "+10%" and "-10%" as a
// change of it.
func rateNumber(v string) (float64, bool) {
	x, ok := numberIn(v, "%")
	if strings.HasPrefix(v, "+") || strings.HasPrefix(v, "-") {
		x += 100
	}
	return x / 100, ok
}

// pitchNumber reads a change in percent or semitones.
func pitchNumber(v string) (float64, bool) {
	if x, ok := numberIn(v, "st"); ok {
		return x, true
	}
	x, ok := numberIn(v, "%")
	return 12 * math.Log2(max(1+x/100, 0.1)), ok
}

// within is a manner inside of another.
func within(outer, inner formant.Manner) formant.Manner {
	return clamped(formant.Manner{
		Rate: outer.Pace() * inner.Pace(), Pitch: outer.Pitch + inner.Pitch, Volume: outer.Volume + inner.Volume,
	})
}

// emphases are how the levels of emphasis are spoken; "" is moderate.
var emphases = map[string]formant.Manner{
	"strong":  {Rate: 0.82, Pitch: 2, Volume: 4},
	"":        {Rate: 0.92, Pitch: 1, Volume: 2},
	"reduced": {Rate: 1.12, Pitch: -1, Volume: -4},
	"none":    {},
}

// emphasis is how an element is emphasised.
func (n *node) emphasis() (m formant.Manner, accented bool) {
	level := n.attr["level"]
	if _, ok := emphases[level]; !ok {
		level = ""
	}
	return emphases[level], level == "strong" || level == ""
}
