package openapi

import "strings"

// entry is something that a search may find.
type entry struct {
	Title, URL, Says string

	text string // all that is told there, in small letters
}

// entries are the operations and actions.
func entries(v view) (out []entry) {
	add := func(e entry, more ...string) {
		e.text = strings.ToLower(e.Title + " " + e.Says + " " + strings.Join(more, " "))
		out = append(out, e)
	}
	for _, g := range v.Index {
		for _, o := range g.Operations {
			more := []string{g.Name}
			for _, p := range o.Params {
				more = append(more, p.Name, p.Summary)
			}
			for _, f := range o.Fields {
				more = append(more, f.Name, f.Says)
			}
			add(entry{Title: o.Method + " " + o.Path, URL: "/docs/api/" + g.Name + "#" + o.ID, Says: o.Tells()}, more...)
		}
	}
	for _, a := range v.Actions {
		more := append(a.Aliases, a.Doc...)
		for _, f := range a.Fields {
			more = append(more, f.Name, f.Says)
		}
		add(entry{Title: a.Name, URL: "/docs/actions/" + a.Name, Says: a.Summary}, more...)
	}
	return out
}

// How much a search takes and gives.
const (
	maxAsked = 200 // bytes
	maxFound = 100
)

// search is the page of what has all words of a text; first comes what has
// them in its title.
func (s site) search(asked string) ([]byte, error) {
	if len(asked) > maxAsked {
		asked = strings.ToValidUTF8(asked[:maxAsked], "")
	}
	v := s.all
	v.Title, v.Here, v.Asked, v.Most = "Search", "/search", asked, maxFound
	words := strings.Fields(strings.ToLower(asked))
	var rest []entry
	for _, e := range s.entries {
		switch {
		case len(words) == 0 || !hasAll(e.text, words):
		case hasAll(strings.ToLower(e.Title), words):
			v.Found = append(v.Found, e)
		default:
			rest = append(rest, e)
		}
	}
	v.Found = append(v.Found, rest...)
	v.Found = v.Found[:min(len(v.Found), maxFound)]
	return v.render()
}

func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
