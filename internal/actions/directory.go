package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

const directoryDoc = "" +
	"Takes the call first and asks for the first letters of a name, one key a letter: Ada Lovelace is 232 56835223, or " +
	"56835223 232 with the last name first (`search_fields` of the directory says which is tried). Accents, blanks and " +
	"signs do not count. `#` ends the keys, and so does a pause of two seconds; `max_dtmf` keys are enough (0: up to " +
	"101), and fewer than `min_dtmf` are told to be too few. `0` alone takes `_`.\n\n" +
	"Whoever the keys fit is offered, in the order of `sort_by`: their name is played as they have recorded it " +
	"(`pronounced_name` of the user), or spoken. If there is one, and `confirm_match` is false, the caller is " +
	"connected at once; else 1 connects, and any other key asks again. If there are several, 1 connects, 2 is the next " +
	"one and 3 asks again. Connecting runs the callflow that the user names for this directory, then `_`.\n\n" +
	"The people of a directory are the users that have it in their `directories`. A directory without people takes " +
	"`_`, and so does a callflow that is not there, which is told on the timeline. One that is not there itself takes " +
	"`error`, else `_`. After three times without a key the flow stops."

func directory(docs documents.Library, flows Callflows, media Media, voice Voice) flow.Action {
	return flow.Define(flow.Def[directoryData]{
		Name:     "directory",
		Summary:  "Finds people by the letters of their names on the keypad.",
		Doc:      directoryDoc,
		Needs:    flow.Answer,
		Branches: []string{flow.Error},
		Examples: []flow.Example{{Says: "The staff.", Data: `{"id": "2b9e4c7a1d3f4e5b8a6c9d0e1f2a3b4c"}`}},
		Run: func(ctx context.Context, s *flow.Session, data directoryData) (flow.Next, error) {
			c := &search{announcer: announcer{media}, s: s, flows: flows, spoken: voice}
			switch err := c.open(ctx, docs, data.ID); {
			case err != nil:
				return flow.Next{}, err
			case len(c.people) == 0:
				return flow.Next{}, c.prompt(ctx, s, "dir-no_results_found")
			}
			return c.run(ctx)
		},
	})
}

type directoryData struct {
	ID string `json:"id,omitempty" jsonschema_description:"The id of the directory."`
	flow.Skip
}

// search is one caller who looks for somebody.
type search struct {
	announcer
	s      *flow.Session
	flows  Callflows
	spoken Voice
	rules  documents.Directory
	people []person // in the order in which they are offered
}

// open reads a directory and who is in it.
func (c *search) open(ctx context.Context, docs documents.Library, id string) (err error) {
	c.rules, err = documents.Directories.Get(ctx, docs, c.s.Account, id)
	if errors.Is(err, store.ErrNotFound) {
		return flow.Fail("directory.missing", errors.New("there is no directory "+event.Clip(id, event.Short)))
	}
	var listed []documents.Listed
	if err == nil {
		listed, err = docs.People(ctx, c.s.Account, id)
	}
	if err != nil {
		return flow.Fail("directory.unreadable", fmt.Errorf("the directory cannot be read: %w", err))
	}
	for _, m := range listed {
		p := newPerson(m.FirstName, m.LastName, c.rules.SearchFields)
		p.media, p.flow = m.Name, m.Callflow
		c.people = append(c.people, p)
	}
	c.sort()
	return nil
}

// sort orders people by one name, then the other.
func (c *search) sort() {
	key := func(p person) string { return strings.ToLower(p.last + "\x00" + p.first) }
	if c.rules.SortBy == "first_name" {
		key = func(p person) string { return strings.ToLower(p.first + "\x00" + p.last) }
	}
	slices.SortStableFunc(c.people, func(a, b person) int { return cmp.Compare(key(a), key(b)) })
}

// Limits of a search (spec/callflow-modules.md section 6, directory).
const (
	searchPause = 2 * time.Second // for each key
	searchTries = 3               // without any key
	searchKeys  = 101
)

// run asks until somebody is found, or the caller has enough.
func (c *search) run(ctx context.Context) (flow.Next, error) {
	for tries := searchTries; tries > 0; {
		keys, err := c.ask(ctx)
		switch {
		case err != nil:
			return flow.Next{}, err
		case keys == "":
			tries--
			continue
		case keys == "0":
			return flow.Next{}, nil
		}
		tries = searchTries
		next, again, err := c.find(ctx, keys)
		if err != nil || !again {
			return next, err
		}
	}
	return flow.Stop, c.prompt(ctx, c.s, "dir-specify_minimum", "dir-no_results_found")
}

// ask gathers the keys of a name.
func (c *search) ask(ctx context.Context) (string, error) {
	question := map[string]string{
		"first_name": "dir-enter_person_firstname", "last_name": "dir-enter_person_lastname",
	}[c.rules.SearchFields]
	return c.gather(ctx, "directory", c.most(), searchPause, func(ctx context.Context) error {
		return c.prompt(ctx, c.s, cmp.Or(question, "dir-enter_person_name"))
	})
}

// most is how many keys are enough, never fewer than are needed.
func (c *search) most() int {
	if c.rules.MaxDTMF == 0 {
		return max(searchKeys, c.rules.MinDTMF)
	}
	return max(c.rules.MaxDTMF, c.rules.MinDTMF)
}

func (c *search) gather(
	ctx context.Context, name string, most int, first time.Duration, prompt func(context.Context) error,
) (string, error) {
	got, err := c.s.Gather(ctx, flow.Gather{Name: name, Collect: call.Collect{
		Max: most, Terminators: "#", First: first, Between: searchPause, Prompt: prompt,
	}})
	return got.Keys, err
}

// find offers whom the keys fit; again asks for another name.
func (c *search) find(ctx context.Context, keys string) (next flow.Next, again bool, err error) {
	if len(keys) < c.rules.MinDTMF {
		return next, true, c.prompt(ctx, c.s, "dir-specify_minimum")
	}
	var found []person
	for _, p := range c.people {
		if p.isAt(keys) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 0:
		return next, true, c.prompt(ctx, c.s, "dir-no_results_found")
	case len(found) == 1 && !c.rules.ConfirmMatch:
		return c.connect(ctx, found[0])
	case len(found) == 1:
		return c.confirm(ctx, found[0])
	}
	return c.offer(ctx, found)
}

// confirm lets the caller say whether the one who was found is meant.
func (c *search) confirm(ctx context.Context, p person) (flow.Next, bool, error) {
	for range searchTries {
		key, err := c.gather(ctx, "choice", 1, collectTimeout, func(ctx context.Context) error {
			return c.present(ctx, c.asks("dir-found"), c.names(p), c.asks("dir-confirm_menu"))
		})
		switch {
		case err != nil:
			return flow.Next{}, false, err
		case key == "1":
			return c.connect(ctx, p)
		case key != "":
			return flow.Next{}, true, nil
		}
	}
	return flow.Stop, false, nil
}

// offer goes through several people.
func (c *search) offer(ctx context.Context, found []person) (flow.Next, bool, error) {
	silent := 0
	for i := 0; i < len(found); {
		key, err := c.gather(ctx, "choice", 1, collectTimeout, func(ctx context.Context) error {
			return c.present(ctx, c.asks("dir-result_number"), c.says(strconv.Itoa(i+1)+"."), c.names(found[i]),
				c.asks("dir-result_menu"))
		})
		if err != nil {
			return flow.Next{}, false, err
		}
		if key != "" {
			silent = 0
		}
		switch key {
		case "1":
			return c.connect(ctx, found[i])
		case "2":
			i++
			continue
		case "3":
			return flow.Next{}, true, nil
		case "":
			if silent++; silent == searchTries {
				return flow.Stop, false, nil
			}
		}
		if err := c.prompt(ctx, c.s, "dir-invalid_key"); err != nil {
			return flow.Next{}, false, err
		}
	}
	return flow.Next{}, true, c.prompt(ctx, c.s, "dir-no_more_results")
}

// present plays what is made of all, one behind the other. The next ones are
// made while one is heard.
func (c *search) present(ctx context.Context, all ...maker) error {
	p := newPrompter(ctx, c.s, "prompt.broken", all)
	defer p.close()
	_, err := p.play(ctx)
	return err
}

// asks is a prompt; nothing, which is told, if there is none.
func (c *search) asks(id string) maker {
	return func(ctx context.Context) ready { return ready{sound: c.sound(ctx, c.s, promptRef(c.s, id))} }
}

// names is somebody's name, as they have recorded it or else spoken.
func (c *search) names(p person) maker {
	return func(ctx context.Context) ready {
		if p.media != "" {
			if sound := c.sound(ctx, c.s, p.media); sound != nil {
				return ready{sound: sound}
			}
		}
		return c.says(p.name())(ctx)
	}
}

// says is a text as it is spoken; nothing, which is told, if it cannot be.
func (c *search) says(text string) maker {
	return func(ctx context.Context) ready {
		sound, err := spoken(ctx, c.s, c.spoken, audio.Speech{Text: text, Voice: "female"})
		if err != nil {
			if ctx.Err() == nil {
				c.s.Add(event.Warned{Code: "directory.voice", Message: err.Error()})
			}
			return ready{}
		}
		return ready{sound: sound}
	}
}

// connect runs somebody's callflow.
func (c *search) connect(ctx context.Context, p person) (flow.Next, bool, error) {
	program, _, err := c.flows.Callflow(ctx, c.s.Account, p.flow)
	switch {
	case errors.Is(err, store.ErrNotFound):
		c.s.Add(event.Warned{
			Code:    "directory.callflow",
			Message: "there is no callflow " + event.Clip(p.flow, event.Short) + " for " + p.name(),
		})
		return flow.Next{}, false, nil
	case err != nil:
		err = fmt.Errorf("the callflow of %s cannot be read: %w", p.name(), err)
		return flow.Next{}, false, flow.Fail("callflow.unreadable", err)
	}
	return flow.Branch(program), false, nil
}
