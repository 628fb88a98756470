// Package actions is the actions of a callflow, one to a file. Their data,
// defaults and branches are Kazoo's (spec/callflow-modules.md section 6).
package actions

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/documents"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/route"
)

// Voice turns text into sound.
type Voice interface {
	// Say returns at once or soon: the sound may still be made while it
	// plays. The facts tell who spoke, and what had to be done instead.
	Say(ctx context.Context, text audio.Speech) (audio.Sound, []event.Fact, error)
}

// Media finds sounds.
type Media interface {
	// Sound is what ref names for an account: the id of its media, a prompt,
	// a tone_stream:// or silence_stream://, or an http(s) URL.
	Sound(ctx context.Context, account, ref string) (audio.Sound, error)
}

// Flows finds stored callflows.
type Flows interface {
	Callflows
	Finder
}

// Callflows finds callflows by their ids.
type Callflows interface {
	// Callflow returns the program and the name of a callflow; for one that is
	// not there the error is store.ErrNotFound.
	Callflow(ctx context.Context, account, id string) (*flow.Node, string, error)
}

// Finder finds callflows by numbers.
type Finder interface {
	// Find is what answers number, the user part of what was dialled, in an
	// account, and its program; see route.Result.Found and NoMatch.
	Find(ctx context.Context, account, number string) (route.Result, *flow.Node, error)
}

// Lists knows what lists say of numbers; documents.Phonebook does.
type Lists interface {
	// List is a list of an account, ready to be asked; one that is not there
	// is empty, and says that it is missing.
	List(ctx context.Context, account, id string) (*documents.NumberList, error)
}

// Deps is what actions reach outside a call with. Each action is given only
// what it uses, so All says who touches what.
type Deps struct {
	Voice      Voice
	Media      Media
	Flows      Flows
	Documents  documents.Library // menus, lists and the like
	Lists      Lists
	Recordings Recordings
	Sounds     Sounds     // nil keeps nothing that a caller records for the account
	Recogniser Recogniser // nil, or one that is not Configured, understands no speech
	Callbacks  Callbacks  // nil tells nobody
	Presence   Presence
	Web        Asker
	// Zone is the time zone of accounts that name none; nil is UTC.
	Zone     *time.Location
	Dialects map[string]Dialect // "kazoo", "twiml" and, for compat, "twilio"
	// Keys are those that an account's webhooks are signed with, the one that
	// signs first; nil signs nothing.
	Keys func(ctx context.Context, account string) []string
	Mail Mailer // nil mails nobody
	// Nomorobo is the URL of the service that nomorobo asks; "" is Nomorobo's.
	Nomorobo string
	// AfterAnswer is how long play waits when it has just answered the call,
	// for phones that open their ears late. Kazoo waits 100 ms. Here the
	// default is not to wait: our sound begins at the same moment as the
	// answer, and a tenth of a second of nothing is heard on every call.
	AfterAnswer time.Duration
}

// All is every action.
func All(d Deps) []flow.Action {
	d.Recogniser = configured(d.Recogniser)
	tell := telling{d.Callbacks, d.Dialects}
	st := studio{d.Recordings, tell, d.Recogniser}
	return []flow.Action{
		afterBridge,
		answer,
		audioLevel,
		audioMacro(d.Voice, d.Media, clocks{d.Documents, d.Zone}),
		branchBNumber(d.Flows),
		branchVariable(d.Documents),
		callflow(d.Flows),
		checkCID,
		cidListMatch(d.Lists),
		collectDTMF,
		deadAir,
		directory(d.Documents, d.Flows, d.Media, d.Voice),
		disa(d.Documents, d.Flows, d.Media),
		dynamicCID(d.Documents, d.Flows, d.Media),
		echo,
		faxDetect,
		flushDTMF,
		function(pivoter{web: d.Web, dialects: d.Dialects, keys: d.Keys}, d.Documents),
		gather(d.Voice, d.Media, d.Recogniser, tell),
		hangup,
		kvsSet,
		language,
		leave,
		lookupCIDName(d.Lists),
		manualPresence(d.Presence),
		menu(d.Documents, d.Flows, d.Media, d.Sounds),
		missedCallAlert(d.Mail, d.Documents),
		nomorobo(d.Web, cmp.Or(d.Nomorobo, nomoroboURL)),
		noop,
		notification(d.Mail, d.Documents),
		pivot(d.Web, d.Dialects, d.Keys),
		play(d.Media, d.AfterAnswer),
		prependCID,
		privacy(d.Flows),
		record(st),
		recordCall(st),
		recordCaller(st),
		refer,
		response(d.Media),
		routeToCID(d.Documents),
		say(d.Voice),
		sendDTMF,
		set,
		setAlertInfo,
		setCID,
		setVariable,
		setVariables,
		sleep,
		temporalRoute(d.Documents, d.Media, clocks{d.Documents, d.Zone}),
		tts(d.Voice),
		waitForHangup,
		tellWeb(d.Web, tell),
	}
}

// configured is r, or nil if nobody has said where speech is understood.
func configured(r Recogniser) Recogniser {
	if c, ok := r.(interface{ Configured() bool }); ok && !c.Configured() {
		return nil
	}
	return r
}

// none is the data of an action that takes none.
type none struct {
	flow.Skip
}

// anyKey are the keys of a telephone, in Kazoo's order.
func anyKey() []string { return strings.Split("1 2 3 4 5 6 7 8 9 0 * #", " ") }

// keysOf is a list of keys in one.
func keysOf(keys []string) string { return strings.Join(keys, "") }
