package twiml

import "slices"

// word declares a verb or a noun: all that the dialect knows of it is read
// from here, by the checks, the compiler, the docs and the tests.
type word struct {
	name  string
	also  []string // how SDKs spell it besides
	attrs []attr
	// inside are the words that may stand in it.
	inside []*word
	text   bool // text in it means something
	// later says that it is known and not built: a document with it is refused.
	later bool
	only  Profile // the profile that has it; "" is both
	// compile makes nodes of it; nil for nouns, which their verbs read.
	compile func(*compiler, *element) part
}

// attr declares an attribute.
type attr struct {
	name  string
	also  []string // how SDKs spell it besides
	kind  kind
	unset string // what holds where it is not given, for people
	// code makes a bad value a fault in the profile Twilio, with this number;
	// 0 is a warning, and the default holds.
	code int
	// unused is why it has no effect here; a document that gives it another
	// value than the one that holds without it gets a warning.
	unused string
	with   string // the attribute without which it has no effect, and gets that warning
	own    bool   // of ours or Kazoo's, not of Twilio's
	must   bool   // a fault if it is not there
}

// find is the word of that name among all, nil if there is none.
func find(all []*word, name string) *word {
	for _, w := range all {
		if w.name == name || slices.Contains(w.also, name) {
			return w
		}
	}
	return nil
}

// attr is w's attribute of that name, nil if there is none.
func (w *word) attr(name string) *attr {
	for i := range w.attrs {
		if a := &w.attrs[i]; a.name == name || slices.Contains(a.also, name) {
			return a
		}
	}
	return nil
}

// words is the whole language: what may stand in a <Response>.
type words struct {
	verbs []*word
	known map[string]bool // every name, at any place
}

// vocabulary is the language of a profile. A new verb is one line here.
func vocabulary(p Profile) *words {
	all := &words{known: map[string]bool{}, verbs: []*word{
		say(p), play(p), pause(p), gather(p), record(p), redirect(), reject(p), hangup(), leave(), echo(), refer(),
		start(), stop(), set(),
		dial(), enqueue(), topQueue(), connect(), pay(), topPrompt(), sms(),
	}}
	all.note(all.verbs, 0)
	return all
}

// note remembers the names of all and what stands in them; SSML stands in
// itself, so there is a bound.
func (w *words) note(all []*word, deep int) {
	for _, x := range all {
		w.known[x.name] = true
		if deep < 4 && len(x.inside) > 0 {
			w.note(x.inside, deep+1)
		}
	}
}

// names are the names of words.
func names(all []*word) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = w.name
	}
	return out
}
