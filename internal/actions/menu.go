package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/store"
)

// The children of a menu that are not keys.
const (
	menuTimeout    = "timeout"
	menuMaxRetries = "max_retries"
)

const menuDoc = "" +
	"Takes the call first, plays the greeting of a menu (a document of the account) and waits for keys, which may be " +
	"pressed while it plays. `#` ends them, `max_extension_length` keys are enough. The first of these that fits is " +
	"done:\n\n" +
	"1. the child named by the keys is taken;\n" +
	"2. with `hunt`, the callflow that answers the number runs, if `hunt_allow` matches it (or is not given) and " +
	"`hunt_deny` does not; it is announced by `transfer_media`. The account's `no_match` callflow is never run;\n" +
	"3. `record_pin` lets the caller record the greeting: beep, then 1 keeps it, 2 plays it, 3 records it again. " +
	"Callers from outside must be allowed to (`allow_record_from_offnet`). Until phones register, all are outside;\n" +
	"4. `invalid_media` is played, and one of the `retries` is used up.\n\n" +
	"Without a key the child `timeout` is taken; without that child one of the retries is used up in silence. Once " +
	"there is no retry left `exit_media` is played and the child `max_retries` is taken, else, after " +
	"`transfer_media`, `_`. Where there is no `_` either, the caller is told goodbye.\n\n" +
	"`suppress_media` plays nothing but the greeting. A menu that is not there is told on the timeline; one of the " +
	"defaults takes its place. An expression that cannot be read is told too: as `hunt_allow` it allows nothing, as " +
	"`hunt_deny` it denies nothing. What a caller records becomes media of the account and the menu's greeting. The " +
	"`record_pin` is not on the timeline, which shows what was typed in such a menu at its end and no single key."

func menu(docs documents.Library, flows Finder, media Media, sounds Sounds) flow.Action {
	return flow.Define(flow.Def[menuData]{
		Name:     "menu",
		Summary:  "Lets the caller choose by keys, or dial an extension.",
		Doc:      menuDoc,
		Needs:    flow.Answer,
		Branches: []string{menuTimeout, menuMaxRetries, flow.Error},
		Examples: []flow.Example{
			{Says: "Children named by keys.", Data: `{"id": "5c1a6d6d4f7d4b1f8d2e3f4a5b6c7d8e"}`},
			{Says: "Slow fingers: a menu that says so itself is stronger.", Data: `{"id": "5c1a6d6d4f7d4b1f8d2e3f4a5b6c7d8e",
				"interdigit_timeout": 4000}`},
		},
		Run: func(ctx context.Context, s *flow.Session, data menuData) (flow.Next, error) {
			m := &menuCall{announcer: announcer{media}, s: s, docs: docs, flows: flows, sounds: sounds, data: data}
			m.read(ctx)
			return m.run(ctx)
		},
	})
}

type menuData struct {
	ID                string `json:"id,omitempty" jsonschema_description:"The id of the menu."`
	InterdigitTimeout int    `json:"interdigit_timeout,omitempty" jsonschema_description:"How long to wait for each further key, in milliseconds, where the menu does not say; 2000 if not given."`
	flow.Skip
}

// menuCall is one caller in a menu.
type menuCall struct {
	announcer
	s      *flow.Session
	docs   documents.Library
	flows  Finder
	sounds Sounds
	data   menuData
	menu   documents.Menu
}

// read reads the menu, or takes one of the defaults in its place.
func (m *menuCall) read(ctx context.Context) {
	err := errors.New("it has no id")
	if m.data.ID != "" {
		m.menu, err = documents.Menus.Get(ctx, m.docs, m.s.Account, m.data.ID)
	}
	switch {
	case err == nil:
		return
	case errors.Is(err, store.ErrNotFound):
		err = errors.New("there is no menu " + m.data.ID)
	}
	m.menu = documents.Menu{Retries: 3, MaxExtensionLength: 4}
	if ctx.Err() == nil {
		m.s.Add(event.Warned{Code: "menu.missing", Message: "a menu of the defaults is taken: " + err.Error()})
	}
}

func (m *menuCall) run(ctx context.Context) (flow.Next, error) {
	for left := m.menu.Retries; left > 0; {
		keys, err := m.ask(ctx)
		if err != nil {
			return flow.Next{}, err
		}
		next, outcome, err := m.choose(ctx, keys)
		switch {
		case err != nil || outcome == menuLeads:
			return next, err
		case outcome == menuWasted:
			left--
		}
	}
	return m.giveUp(ctx)
}

// ask plays the greeting and gathers keys.
func (m *menuCall) ask(ctx context.Context) (string, error) {
	greeting := cmp.Or(m.menu.Media.Greeting, promptRef(m.s, "menu-no_prompt"))
	got, err := m.s.Gather(ctx, flow.Gather{Name: "menu", Secret: m.menu.RecordPIN, Collect: call.Collect{
		Max: m.menu.MaxExtensionLength, Terminators: "#",
		First:   pauseOr(m.menu.Timeout, 10*time.Second),
		Between: pauseOr(m.menu.InterdigitTimeout, pauseOr(m.data.InterdigitTimeout, interdigit*time.Millisecond)),
		Prompt: func(ctx context.Context) error {
			_, err := m.play(ctx, m.s, "", greeting)
			return err
		},
	}})
	return got.Keys, err
}

// longestPause bounds what data may wait for.
const longestPause = 24 * time.Hour

// pauseOr is n milliseconds, at most a day; instead where there are none.
func pauseOr(n int, instead time.Duration) time.Duration {
	if n <= 0 {
		return instead
	}
	return ms(min(n, int(longestPause/time.Millisecond)))
}

// menuOutcome is what came of a caller's keys.
type menuOutcome int

const (
	menuWasted menuOutcome = iota // one of the retries
	menuAgain                     // none of them
	menuLeads                     // the flow goes on
)

// choose does what the keys say.
func (m *menuCall) choose(ctx context.Context, keys string) (flow.Next, menuOutcome, error) {
	if keys == "" {
		if m.s.Has(menuTimeout) {
			return flow.Take(menuTimeout), menuLeads, nil
		}
		return flow.Next{}, menuWasted, nil
	}
	if m.s.Has(keys) {
		return flow.Take(keys), menuLeads, nil
	}
	found, err := m.hunt(ctx, keys)
	switch {
	case err != nil:
		return flow.Next{}, menuLeads, err
	case found != nil:
		m.s.DeleteCollection(flow.Default)
		return found.enter(m.s), menuLeads, m.media(ctx, m.menu.Media.Transfer, "menu-transferring_call")
	case m.records(keys):
		return flow.Next{}, menuAgain, m.record(ctx)
	}
	return flow.Next{}, menuWasted, m.media(ctx, m.menu.Media.Invalid, "menu-invalid_entry")
}

// hunt looks for the callflow of a number, if the caller may.
func (m *menuCall) hunt(ctx context.Context, number string) (*sought, error) {
	rules := hunting{m.menu.HuntAllow, m.menu.HuntDeny}
	if !m.menu.Hunt || !rules.lets(m.s, number) {
		return nil, nil //nolint:nilnil // nothing is found
	}
	found, why, err := look(ctx, m.s, m.flows, number, false)
	if err == nil && (found != nil || number != m.menu.RecordPIN) {
		m.s.Add(event.Decided{Why: why})
	}
	return found, err
}

// media plays what a document names: true or nothing is the prompt, false is
// nothing at all, and a text is media.
func (m *menuCall) media(ctx context.Context, what any, id string) error {
	ref := promptRef(m.s, id)
	switch what := what.(type) {
	case bool:
		if !what {
			return nil
		}
	case string:
		ref = what
	}
	if m.menu.SuppressMedia {
		return nil
	}
	_, err := m.play(ctx, m.s, "", ref)
	return err
}

// giveUp is the end of all retries.
func (m *menuCall) giveUp(ctx context.Context) (flow.Next, error) {
	if err := m.media(ctx, m.menu.Media.Exit, "menu-exit"); err != nil {
		return flow.Next{}, err
	}
	switch {
	case m.s.Has(menuMaxRetries):
		return flow.Take(menuMaxRetries), nil
	case m.s.Has(flow.Else):
		return flow.Next{}, m.media(ctx, m.menu.Media.Transfer, "menu-transferring_call")
	}
	return flow.Next{}, m.media(ctx, nil, "vm-goodbye")
}

// records says whether the keys let this caller record the greeting.
func (m *menuCall) records(keys string) bool {
	return keys == m.menu.RecordPIN && (m.s.Onnet() || m.menu.AllowRecordOffnet)
}

// record has the caller record the greeting, which is the menu's from then on.
func (m *menuCall) record(ctx context.Context) error {
	said, err := dictation{m.announcer, m.s}.take(ctx, "vm-record_greeting")
	if err != nil {
		return err
	}
	if said != nil {
		if err := m.keep(ctx, said); err != nil {
			m.s.Add(event.Failed{Code: "menu.greeting", Message: err.Error()})
		} else if err := m.prompt(ctx, m.s, "vm-saved"); err != nil {
			return err
		}
	}
	return m.prompt(ctx, m.s, "menu-return")
}

// keep makes media of a greeting and has the menu play it. What else somebody
// has changed in the menu meanwhile stays.
func (m *menuCall) keep(ctx context.Context, said *dictated) error {
	if m.data.ID == "" || m.sounds == nil {
		return errors.New("the greeting is not kept: there is no menu to keep it in")
	}
	id, err := m.sounds.Keep(ctx, m.s.Account, "Greeting of "+m.menu.Name, said.rate, said.samples)
	if err != nil {
		return fmt.Errorf("the greeting is not kept: %w", err)
	}
	change := map[string]any{"media": map[string]any{"greeting": id}}
	if err := documents.Menus.Patch(ctx, m.docs, m.s.Account, m.data.ID, change); err != nil {
		return fmt.Errorf("the menu is not changed: %w", err)
	}
	m.read(ctx)
	return nil
}
