package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pivotvoice/pivot/internal/event"
)

// What the second call dials, presses and is told.
const (
	mainNumber = "2600"
	salesKey   = "1"
	salesText  = "This is sales. Goodbye."
)

// menuCall is a call that no web application answers: opening hours and a
// menu, made over the REST API as an admin would.
func (s *show) menuCall(ctx context.Context) error {
	s.say("\nA menu of documents: the caller dials %s and presses %s.\n", mainNumber, salesKey)
	made, err := s.makeMenu(ctx)
	if err != nil {
		return fmt.Errorf("the menu could not be made: %w", err)
	}
	c, err := s.place(ctx, mainNumber, salesKey, beside(s.opt.Save))
	if err != nil {
		return err
	}
	return s.check(slices.Concat(s.storedFacts(ctx, made), menuFacts(c)))
}

// made are the ids of what the second call needs.
type made struct{ rule, greeting, menu, flow string }

func (s *show) makeMenu(ctx context.Context) (m made, err error) {
	type object = map[string]any
	for _, doc := range []struct {
		into *string
		kind string
		data func() object
	}{
		{&m.rule, "temporal_rules", func() object { return object{"name": "Open", "cycle": "daily"} }},
		{&m.greeting, "media", func() object {
			return object{"name": "Greeting", "media_source": "tts", "tts": object{"text": "Welcome. For sales, press one."}}
		}},
		{&m.menu, "menus", func() object { return object{"name": "Main menu", "media": object{"greeting": m.greeting}} }},
		{&m.flow, "callflows", func() object {
			hangup := object{"module": "hangup", "data": object{}}
			say := func(text string) object {
				return object{"module": "tts", "data": object{"text": text}, "children": object{"_": hangup}}
			}
			menu := object{"module": "menu", "data": object{"id": m.menu}, "children": object{salesKey: say(salesText)}}
			return object{"name": "Main number", "numbers": []string{mainNumber}, "flow": object{
				"module": "temporal_route", "data": object{}, "children": object{m.rule: menu, "_": say("We are closed.")},
			}}
		}},
	} {
		var out struct{ ID string }
		path := "/accounts/" + s.app.Credentials.AccountID + "/" + doc.kind
		if err := s.request(ctx, http.MethodPut, path, doc.data(), &out); err != nil {
			return m, err
		}
		*doc.into = out.ID
	}
	return m, nil
}

// storedFacts are what must be so of the documents.
func (s *show) storedFacts(ctx context.Context, m made) []fact {
	account := "/accounts/" + s.app.Credentials.AccountID
	var flow struct {
		Metadata map[string]struct{ Name string } `json:"metadata"`
	}
	err := s.ask(ctx, account+"/callflows/"+m.flow, &flow)
	var no *refused
	kept := errors.As(s.request(ctx, http.MethodDelete, account+"/menus/"+m.menu, nil, &struct{}{}), &no)
	return []fact{
		{
			"a rule, a greeting, a menu and a callflow were made over the REST API, and the callflow names what it uses",
			err == nil && flow.Metadata[m.menu].Name == "Main menu" && flow.Metadata[m.rule].Name == "Open",
		},
		{"the menu cannot be deleted while the callflow uses it", kept && no.status == http.StatusConflict},
	}
}

// menuFacts are what must be so on the wire and in the caller's ear.
func menuFacts(c placed) []fact {
	var open, pressed, sales bool
	for _, e := range c.events {
		switch w := e.What.(type) {
		case event.Decided:
			open = open || len(w.Why) > 0 && w.Branch != ""
		case event.Finished:
			pressed = pressed || w.Module == "menu" && w.Branch == salesKey
		case event.Spoken:
			sales = sales || w.Text == salesText
		}
	}
	h, r := c.heard, c.result
	return []fact{
		{"the temporal rule held, and the timeline says why", open},
		{"the menu took key " + salesKey, pressed},
		{
			fmt.Sprintf("sales was reached; the caller heard sound for %.1f s", float64(h.voiced)/50),
			sales && h.voiced > 50,
		},
		{fmt.Sprintf("the callflow hung up (%s by the %s)", r.Cause.Name, r.Cause.By), r.Cause.By == "callee" && r.Done},
	}
}
