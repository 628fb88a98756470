package actions

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/webhook"
)

// maxIdle is how many webhooks in a row may be answered with nothing but the
// way to the next one. A server that keeps its caller waiting says or plays
// something, or pauses, between its redirects.
const maxIdle = 100

// visit is what a call remembers from webhook to webhook.
type visit struct {
	webhooks int // so far
	idle     int // in a row that only led to another
	heard    int // steps that took time, when the last of them was asked
	jar      http.CookieJar
	cache    webhook.Cache
	compat   string
	fallback pivotData // its VoiceURL is "" if there is none
	status   event.StatusCallback
	record   string // where the call's record goes
}

// visits is the key of a call's visit in its session.
type visits struct{}

func visitOf(s *flow.Session) *visit {
	v, ok := s.Value(visits{}).(*visit)
	if !ok {
		v = &visit{jar: webhook.NewJar()}
		s.SetValue(visits{}, v)
	}
	return v
}

// inherit is d with what a pivot before it has said.
func (v *visit) inherit(d pivotData) pivotData {
	if d.Format != formatTwiML {
		return d
	}
	d.Compat = cmp.Or(d.Compat, v.compat)
	v.compat = d.Compat
	return d
}

// wishes keeps for the rest of the call what d wishes beyond its own request.
func (p pivoter) wishes(s *flow.Session, v *visit, d pivotData, talk Dialect) {
	if d.FallbackURL != "" {
		v.fallback = pivotData{VoiceURL: resolved(s.Base, d.FallbackURL), Method: cmp.Or(d.FallbackMethod, d.Method)}
	}
	if d.CDRURL != "" && d.Format == formatTwiML && v.record != d.CDRURL {
		v.record = d.CDRURL
		s.Add(event.RecordCallback{URL: shown(d.CDRURL), Target: d.CDRURL})
	}
	if d.StatusURL == "" {
		return
	}
	full := resolved(s.Base, d.StatusURL)
	w := event.StatusCallback{
		URL: shown(full), Method: strings.ToUpper(cmp.Or(d.StatusMethod, http.MethodPost)),
		Events: d.StatusEvents, Target: full,
	}
	if len(w.Events) == 0 {
		w.Events = []string{"completed"}
	}
	if old := v.status; old.Target != w.Target || old.Method != w.Method || !slices.Equal(old.Events, w.Events) {
		v.status = w
		w.Params = known(s, talk)
		s.Add(w)
	}
}

// shown is a URL without its secrets.
func shown(raw string) string { return webhook.Request{URL: raw}.Shown() }

// known is what stays true of a call, as talk says it: what steps found and
// where the call is now are no part of it.
func known(s *flow.Session, talk Dialect) map[string][]string {
	all := talk.Form(s)
	told := s.Told()
	maps.DeleteFunc(all, func(name string, _ []string) bool {
		_, found := told[name]
		return found || name == "CallStatus" || name == "Call-Status" ||
			name == "Digits" || strings.HasPrefix(name, "Digits[")
	})
	return all
}

// like is the fallback as it is asked instead of d.
func (f pivotData) like(d pivotData) pivotData {
	d.VoiceURL, d.Method = f.VoiceURL, f.Method
	return d
}

// tired is an error once the call was led on from answer to answer for too
// long, without anything in between that took the caller's time. heard is how
// many steps did so far.
func (v *visit) tired(heard, bound int) error {
	if heard != v.heard {
		v.heard, v.idle = heard, 0
	}
	if v.idle < bound {
		return nil
	}
	return fmt.Errorf("the web server was asked %d times in a row and each time only said whom to ask next", v.idle)
}
