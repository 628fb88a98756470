package actions_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pivotvoice/pivot/internal/actions"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
)

// staff is a directory d with its rules, and people in it.
func staff(rules string, more map[string]string) actions.Deps {
	d := deps(nil)
	d.Flows = flows{
		"ada": `{"module":"tts","data":{"text":"Ada"}}`, "bob": `{"module":"tts","data":{"text":"Bob"}}`,
		"zoe": `{"module":"tts","data":{"text":"Zoe"}}`,
	}
	docs := map[string]string{
		"directory d": `{"name":"Staff"` + rules + `}`,
		"directory e": `{"name":"Empty"}`,
		"user u1":     `{"first_name":"Ada","last_name":"Lovelace","directories":{"d":"ada"}}`,
		"user u2":     `{"first_name":"Bob","last_name":"Adams","directories":{"d":"bob","x":"other"},"pronounced_name":{"media_id":"bobsays"}}`,
		"user u3":     `{"first_name":"Zoë","last_name":"Müller","directories":{"d":"zoe"},"pronounced_name":{"media_id":"missing"}}`,
		"user u4":     `{"first_name":"Nobody","last_name":"Here","directories":{"d":"nowhere"}}`,
		"user u5":     `{"first_name":"Not","last_name":"In it","directories":{"x":"ada"}}`,
	}
	maps.Copy(docs, more)
	d.Documents = library(docs)
	return d
}

func TestDirectory(t *testing.T) {
	const (
		asks  = "answer|dir-enter_person_name|"
		cut   = "answer|dir-enter_person_name|cut short|"
		rest  = `|say "rest"|bye`
		found = `dir-found|say "Ada Lovelace"|dir-confirm_menu|`
	)
	for name, c := range map[string]struct {
		rules string
		does  []person
		heard string
		told  string
	}{
		"one, first name":       {``, []person{does(sec/2, "2325#", 4*sec, "1")}, cut + found + `say "Ada"` + rest, "collected directory=2325 terminator\nspoken Ada Lovelace\ncollected choice=1 max_digits"},
		"one, last name":        {``, []person{does(sec/2, "5683", 6*sec, "1")}, cut + found + `say "Ada"` + rest, "collected directory=5683 timeout"},
		"both names":            {``, []person{does(sec/2, "568352232#", 4*sec, "1")}, cut + found + `say "Ada"` + rest, ""},
		"recorded name":         {``, []person{does(sec/2, "262#", 4*sec, "1")}, cut + `dir-found|bobsays|dir-confirm_menu|say "Bob"` + rest, ""},
		"accents, no recording": {``, []person{does(sec/2, "9636855#", 4*sec, "1")}, cut + `dir-found|say "Zoë Müller"|dir-confirm_menu|say "Zoe"` + rest, "warned prompt.missing"},
		"no confirmation":       {`,"confirm_match":false`, []person{does(sec/2, "2325#")}, cut + `say "Ada"` + rest, ""},
		"not meant":             {``, []person{does(sec/2, "2325#", 4*sec, "2", 2*sec, "0#")}, cut + found + `dir-enter_person_name` + rest, "collected choice=2 max_digits"},
		"no answer":             {``, []person{does(sec/2, "2325#")}, cut + found + found + found + `bye`, "collected choice= timeout"},
		"several": {
			``,
			[]person{does(sec/2, "232#", 6*sec, "2", 6*sec, "1")},
			cut + `dir-result_number|say "1."|bobsays|dir-result_menu|dir-result_number|say "2."|say "Ada Lovelace"|dir-result_menu|say "Ada"` + rest, "",
		},
		"several, by first name": {
			`,"sort_by":"first_name"`,
			[]person{does(sec/2, "232#", 6*sec, "1")},
			cut + `dir-result_number|say "1."|say "Ada Lovelace"|dir-result_menu|say "Ada"` + rest, "",
		},
		"several, to the end": {
			``,
			[]person{does(sec/2, "232#", 6*sec, "2", 6*sec, "2", 3*sec, "0#")},
			cut + `dir-result_number|say "1."|bobsays|dir-result_menu|dir-result_number|say "2."|say "Ada Lovelace"|dir-result_menu|dir-no_more_results|dir-enter_person_name` + rest, "",
		},
		"several, again": {
			``,
			[]person{does(sec/2, "232#", 6*sec, "3", 2*sec, "0#")},
			cut + `dir-result_number|say "1."|bobsays|dir-result_menu|dir-enter_person_name` + rest, "",
		},
		"several, another key": {
			``,
			[]person{does(sec/2, "232#", 6*sec, "9", 6*sec, "1")},
			cut + `dir-result_number|say "1."|bobsays|dir-result_menu|dir-invalid_key|dir-result_number|say "1."|bobsays|dir-result_menu|say "Bob"` + rest, "",
		},
		"several, no answer": {
			``,
			[]person{does(sec/2, "232#")},
			cut + strings.Repeat(`dir-result_number|say "1."|bobsays|dir-result_menu|dir-invalid_key|`, 2) + `dir-result_number|say "1."|bobsays|dir-result_menu|bye`, "",
		},
		"several, silent and not": {
			``,
			[]person{does(sec/2, "232#", 23*sec, "9", 25*sec, "1")},
			cut + strings.Repeat(`dir-result_number|say "1."|bobsays|dir-result_menu|dir-invalid_key|`, 5) + `dir-result_number|say "1."|bobsays|dir-result_menu|say "Bob"` + rest, "",
		},
		"by first name only":    {`,"search_fields":"first_name"`, []person{does(sec/2, "232#", 4*sec, "1")}, strings.Replace(cut, "person_name", "person_firstname", 1) + found + `say "Ada"` + rest, ""},
		"by last name only":     {`,"search_fields":"last_name"`, []person{does(sec/2, "232#", 4*sec, "1")}, strings.Replace(cut, "person_name", "person_lastname", 1) + `dir-found|bobsays|dir-confirm_menu|say "Bob"` + rest, ""},
		"nobody":                {``, []person{does(sec/2, "999#", 3*sec, "0#")}, cut + `dir-no_results_found|dir-enter_person_name` + rest, ""},
		"too few":               {``, []person{does(sec/2, "23#", 3*sec, "0#")}, cut + `dir-specify_minimum|dir-enter_person_name` + rest, ""},
		"as few as needed":      {`,"min_dtmf":1`, []person{does(sec/2, "9#", 4*sec, "1")}, cut + `dir-found|say "Zoë Müller"|dir-confirm_menu|say "Zoe"` + rest, ""},
		"as many as enough":     {`,"max_dtmf":4`, []person{does(sec/2, "2325", 4*sec, "1")}, cut + found + `say "Ada"` + rest, "collected directory=2325 max_digits"},
		"enough is too few":     {`,"min_dtmf":5,"max_dtmf":2`, []person{does(sec/2, "23256", 4*sec, "1")}, cut + found + `say "Ada"` + rest, "collected directory=23256 max_digits"},
		"nought":                {``, []person{does(sec/2, "0")}, strings.TrimSuffix(cut, "|") + rest, ""},
		"nothing":               {``, nil, asks + `dir-enter_person_name|dir-enter_person_name|dir-specify_minimum|dir-no_results_found|bye`, ""},
		"nothing, then tries":   {``, []person{does(5*sec, "999#")}, asks + `dir-enter_person_name|dir-no_results_found|dir-enter_person_name|dir-enter_person_name|dir-enter_person_name|dir-specify_minimum|dir-no_results_found|bye`, ""},
		"a callflow is missing": {`,"confirm_match":false`, []person{does(sec/2, "662#")}, strings.TrimSuffix(cut, "|") + rest, "warned directory.callflow"},
		"typed ahead":           {``, []person{does(sec/2, "2325#1")}, cut + `dir-found|cut short|say "Ada"` + rest, ""},
		"gone":                  {``, []person{does(sec/2, "2325#", 3*sec/2, "hangup")}, cut + `dir-found|say "Ada Lovelace"|gone|cut short`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			heard, j := with(t, staff(c.rules, nil), `{"module":"directory","data":{"id":"d"},"children":{"_":{"module":"tts","data":{"text":"rest"}}}}`, c.does...)
			if short(heard) != c.heard {
				t.Errorf("heard\n%s, want\n%s", short(heard), c.heard)
			}
			for want := range strings.SplitSeq(c.told, "\n") {
				if !strings.Contains(told(j), want) {
					t.Errorf("not told: %s in\n%s", want, told(j))
				}
			}
		})
	}
}

// TestDirectoryMissing: no directory takes error, one without people goes on.
func TestDirectoryMissing(t *testing.T) {
	const children = `"children":{"_":{"module":"tts","data":{"text":"rest"}},"error":{"module":"tts","data":{"text":"sorry"}}}}`
	for data, want := range map[string]string{
		`{"id":"nobody"}`: `answer|say "sorry"|bye`, `{}`: `answer|say "sorry"|bye`, `{"id":"` + strings.Repeat("x", 5000) + `"}`: `answer|say "sorry"|bye`,
		`{"id":"e"}`: `answer|dir-no_results_found|say "rest"|bye`,
	} {
		heard, j := with(t, staff("", nil), `{"module":"directory","data":`+data+`,`+children)
		if short(heard) != want || strings.Contains(want, "sorry") != strings.Contains(told(j), "failed directory.missing") {
			t.Error(data[:min(len(data), 20)], short(heard), told(j))
		}
	}
	d := staff("", nil)
	d.Documents = documents.Library{Docs: gone{d.Documents.Docs}}
	if heard, j := with(t, d, `{"module":"directory","data":{"id":"d"},`+children); short(heard) != `answer|say "sorry"|bye` ||
		!strings.Contains(told(j), "failed directory.unreadable") {
		t.Error(short(heard), told(j))
	}
	d = staff(`,"confirm_match":false`, nil)
	d.Flows = torn{}
	if heard, j := with(t, d, `{"module":"directory","data":{"id":"d"},`+children, does(sec/2, "2325#")); !strings.HasSuffix(short(heard), `|say "sorry"|bye`) ||
		!strings.Contains(told(j), "failed callflow.unreadable") {
		t.Error(short(heard), told(j))
	}
	if heard, j := with(t, d, `{"module":"callflow","data":{"id":"d"},`+children); short(heard) != `answer|say "sorry"|bye` ||
		!strings.Contains(told(j), "failed callflow.unreadable") {
		t.Error(short(heard), told(j))
	}
}

// torn are callflows of which none can be read.
type torn struct{ flows }

func (torn) Callflow(context.Context, string, string) (*flow.Node, string, error) {
	return nil, "", errors.New("the disk is gone")
}

// TestDirectoryAtOnce: what is said of somebody is made at once, and not one
// after the other.
func TestDirectoryAtOnce(t *testing.T) {
	d := staff("", nil)
	d.Media = slow{}
	_, j := with(t, d, `{"module":"directory","data":{"id":"d"}}`, does(sec/2, "262#", 6*sec, "1"))
	var at []time.Duration
	for _, e := range j.events {
		if _, is := e.What.(event.Playing); is {
			at = append(at, e.At.Sub(j.events[0].At))
		}
	}
	if len(at) != 5 || at[2]-at[1] != sec || at[3]-at[2] != sec {
		t.Errorf("they began after %v", at)
	}
}

// TestDirectoryMute: people are still found when no voice can say their names.
func TestDirectoryMute(t *testing.T) {
	d := staff("", map[string]string{"user u6": `{"first_name":"mute","last_name":" ","directories":{"d":"ada"}}`})
	heard, j := with(t, d, `{"module":"directory","data":{"id":"d"}}`, does(sec/2, "6883#", 3*sec, "1"))
	if short(heard) != `answer|dir-enter_person_name|cut short|dir-found|dir-confirm_menu|say "Ada"|bye` || !strings.Contains(told(j), "warned directory.voice") {
		t.Error(short(heard), told(j))
	}
}

// TestDirectoryOfThousands: the caller does not wait for how many there are.
func TestDirectoryOfThousands(t *testing.T) {
	more := map[string]string{}
	for i := range 3000 {
		more[fmt.Sprintf("user p%04d", i)] = fmt.Sprintf(`{"first_name":"Pat%c%c","last_name":"Jones%d","directories":{"d":"ada"}}`, 'a'+i%26, 'a'+i/26%26, i)
	}
	d := staff("", more)
	began := time.Now()
	heard, j := with(t, d, `{"module":"directory","data":{"id":"d"}}`, does(sec/2, "5683#", 4*sec, "1"))
	if !strings.HasSuffix(short(heard), `dir-confirm_menu|say "Ada"|bye`) {
		t.Error(short(heard), told(j))
	}
	t.Logf("the call took %v of real time", time.Since(began))
	if took := time.Duration(of[event.Finished](j)[0].Took); took > 10*sec {
		t.Error(took)
	}
}
