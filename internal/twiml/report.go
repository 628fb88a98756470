package twiml

import (
	"fmt"
	"slices"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/schema"
)

// Twilio's numbers for what can be wrong with a document (spec/twiml.md
// section 2.3), in the Extra "code" of faults and warnings.
const (
	CodeURL         = 11100 // a URL that cannot be asked
	CodeParse       = 12100 // no XML, or no <Response>
	CodeSchema      = 12200 // a verb, noun, attribute or value that does not fit
	CodeContentType = 12300 // an answer in a language that is not understood
	CodeFinishOnKey = 13310 // Gather: a bad finishOnKey
	CodeEmptyResult = 13338 // Gather: a bad actionOnEmptyResult
)

// maxFaults is how many faults, and how many warnings, are told of a document.
const maxFaults = 100

// remarks are faults or warnings, with a bound.
type remarks struct {
	all  schema.Faults
	more int
}

// full says that nothing more is told, only counted.
func (r *remarks) full() bool { return len(r.all) >= maxFaults }

func (r *remarks) add(f schema.Fault) {
	if r.full() {
		r.more++
		return
	}
	r.all = append(r.all, f)
}

// list is all of them in the order of their places, and how many were left
// out.
func (r *remarks) list() schema.Faults {
	out := slices.Clone(r.all)
	slices.SortStableFunc(out, func(a, b schema.Fault) int {
		al, ac := position(a)
		bl, bc := position(b)
		return slices.Compare([]int{al, ac}, []int{bl, bc})
	})
	if r.more > 0 {
		out = append(out, schema.Fault{
			Path: []string{"Response"}, Rule: "more", Message: fmt.Sprintf("and %d more", r.more),
			Extra: map[string]any{"code": CodeSchema, "line": 1, "column": 1},
		})
	}
	return out
}

func position(f schema.Fault) (line, column int) {
	line, _ = f.Extra["line"].(int)
	column, _ = f.Extra["column"].(int)
	return line, column
}

// remark is one thing wrong or odd, before it is known which of the two.
type remark struct {
	rule, message string
	code          int // 0 is CodeSchema
	value         string
	suggestion    string
}

// about is what is wrong at a place, under a path.
func (r remark) about(path []string, at place) schema.Fault {
	code := r.code
	if code == 0 {
		code = CodeSchema
	}
	extra := map[string]any{"line": at.line, "column": at.column, "code": code}
	if r.value != "" {
		extra["value"] = cutRunes(r.value, 200)
	}
	if r.suggestion != "" {
		extra["suggestion"] = r.suggestion
	}
	return schema.Fault{Path: path, Rule: r.rule, Message: r.message, Extra: extra}
}

// on is r about an element.
func (r remark) on(e *element) schema.Fault { return r.about(e.path(), e.at) }

// onAttr is r about an attribute of e, as it is written; one that is not
// there has its element's place.
func (r remark) onAttr(e *element, name string) schema.Fault {
	path, at := e.path(), e.at
	for _, a := range e.attrs {
		if a.name == name || e.word != nil && e.word.attr(a.name) != nil && e.word.attr(a.name).name == name {
			name, at, r.value = a.name, a.at, a.value
			break
		}
	}
	path[len(path)-1] += "@" + name
	return r.about(path, at)
}

// errorFaults is err as faults with places.
func errorFaults(err error) schema.Faults {
	switch err := err.(type) { //nolint:errorlint // the errors of document, which wraps none
	case schema.Faults:
		return err
	case *event.ParseError:
		return schema.Faults{{
			Rule: "syntax", Message: err.Message,
			Extra: map[string]any{
				"line": err.Line, "column": err.Column, "code": CodeParse, "before": err.Before, "after": err.After,
			},
		}}
	}
	return schema.Faults{{
		Rule: "error", Message: err.Error(),
		Extra: map[string]any{"line": 1, "column": 1, "code": CodeParse},
	}}
}
