package webhook

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pivotvoice/pivot/internal/event"
)

// The failures after which an exchange may be tried again: the words of Retry
// and of the fragment's rp.
const (
	OnConnect = "ct"  // no address, no connection, no TLS
	OnRead    = "rt"  // connected, but the answer did not come or broke off
	On4xx     = "4xx" // an answer with such a status
	On5xx     = "5xx"
	OnAll     = "all" // any of these
)

// Retry says how often, and after which failures, an exchange is tried again,
// at once and within its whole time. The zero Retry never does.
type Retry struct {
	Times int
	On    []string // OnConnect …; none is OnConnect
}

// covers says whether a failure is one of those to try again after.
func (r Retry) covers(f *event.Fetched) bool {
	on := func(word string) bool {
		return slices.Contains(r.On, word) || slices.Contains(r.On, OnAll) || len(r.On) == 0 && word == OnConnect
	}
	switch f.Failure {
	case event.FailDNS, event.FailConnect, event.FailTLS:
		return on(OnConnect)
	case event.FailTimeout, event.FailProtocol:
		return on(OnRead)
	case event.FailStatus:
		return f.Status/100 == 4 && on(On4xx) || f.Status/100 == 5 && on(On5xx)
	}
	return false
}

// override is r with what the fragment of its URL asks for (spec/twiml.md
// section 2.3), and a note for each thing that it asks for and cannot have:
//
//	ct  milliseconds for name and connection, 100 to 10,000
//	rt  milliseconds that the answer may be silent, 100 to 15,000
//	tt  milliseconds for all of it, tries included, 100 to 15,000
//	rc  how often it is tried again, 0 to 5
//	rp  after what, a list of ct, rt, 4xx, 5xx, all; ct if not given
//
// A fragment without "=" is a place in a document and means nothing here.
func (r Request) override() (Request, []string) {
	_, fragment, _ := strings.Cut(r.URL, "#")
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	if !strings.Contains(fragment, "=") {
		return r, nil
	}
	var notes []string
	again, after := false, false
	for pair := range strings.SplitSeq(fragment, "&") {
		name, value, _ := strings.Cut(pair, "=")
		var err error
		switch name {
		case "":
		case "ct":
			err = millis(&r.Connect, value, 10_000)
		case "rt":
			err = millis(&r.Read, value, 15_000)
		case "tt":
			err = millis(&r.Timeout, value, 15_000)
		case "rc":
			again = true
			err = count(&r.Retry.Times, value)
		case "rp":
			after = true
			err = policy(&r.Retry.On, value)
		default:
			err = errors.New("it is none of ct, rt, tt, rc and rp")
		}
		if err != nil {
			notes = append(notes, fmt.Sprintf("%q in the URL's fragment is passed over: %v", pair, err))
		}
	}
	if after && !again && r.Retry.Times == 0 {
		r.Retry.Times = 1
	}
	return r, notes
}

func millis(into *time.Duration, value string, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 100 || n > most {
		return fmt.Errorf("it must be 100 to %d milliseconds", most)
	}
	*into = time.Duration(n) * time.Millisecond
	return nil
}

func count(into *int, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 5 {
		return errors.New("it must be 0 to 5")
	}
	*into = n
	return nil
}

func policy(into *[]string, value string) error {
	words := strings.Split(value, ",")
	for _, w := range words {
		switch w {
		case OnConnect, OnRead, On4xx, On5xx, OnAll:
		default:
			return fmt.Errorf("%q is none of ct, rt, 4xx, 5xx and all", w)
		}
	}
	*into = words
	return nil
}
