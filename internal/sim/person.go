package sim

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call/fake"
)

// Step is one thing that the person on the phone does, and when: as soon as
// the call waits for the person, unless Wait or Quiet says otherwise.
type Step struct {
	After string        // not before these words were heard, after the step before
	Wait  time.Duration // so long after that, or after the step before
	Quiet bool          // once nothing is heard any more

	Keys   string // press these, or
	Say    string // say this, or
	Hangup bool   // hang up; none of them does nothing
}

// Asker is somebody who is asked what the person does when the call waits for
// them and there are no more steps.
type Asker interface {
	// Next returns what to do now; no steps let time pass until something
	// happens. more is false once there is nobody to ask any more.
	Next(ctx context.Context) (steps []Step, more bool)
}

// hands are what the person does things with. Each returns when it is done, or
// the call is over.
type hands interface {
	Press(keys string)
	Say(text string)
	Drop()
}

// typist is a person on a fake phone.
type typist struct{ *fake.Phone }

// Say implements hands.
func (t typist) Say(text string) {
	t.Phone.Say(voiceOf(text))
	timer := time.NewTimer(talking(text))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Ended():
	}
}

// voiceOf is the sound of a text that is said: a tone as long as that takes.
func voiceOf(text string) audio.Sound { return audio.Tone(talking(text), 300) }

// person is whoever is on the phone.
type person struct {
	hands hands
	scene *scene
	ended <-chan struct{} // the call is over
	limit <-chan time.Time
	// settle waits until the call does nothing but wait, as far as that can
	// be known.
	settle func()
	steps  []Step
	ask    func() ([]Step, bool) // nil asks nobody
	// anytime asks without waiting for the call to listen.
	anytime bool
	said    func(Step) // told what is done; nil is nobody

	heard  int // the sounds that steps have waited for
	speech *speech
	done   []Done
	marked int       // the sounds that were heard before the last thing that was done
	since  time.Time // the last thing was done, or the call began
}

// Done is one thing that the person did.
type Done struct {
	Step
	// Heard is what was heard last before it, "" if nothing since the thing
	// before.
	Heard string
	// Again is how often that was heard before, since the thing before.
	Again int
	Since time.Duration // since that was heard, or the thing before was done
	// Cuts says that something was being heard, which has an end.
	Cuts bool

	at int // how much had happened by then
}

// live does the steps until the call is over, and returns those that were not
// come to.
func (p *person) live() []Step {
	for i, s := range p.steps {
		if !p.ready(s) {
			return p.steps[i:]
		}
		p.do(s)
	}
	for p.ask != nil && !p.over() && (p.anytime || p.until(p.scene.listens)) {
		steps, more := p.ask()
		if !more {
			break
		}
		if p.forget(); len(steps) == 0 && !p.anytime && !p.next() {
			return nil
		}
		for _, s := range steps {
			if (s.Wait > 0 || s.Quiet) && !p.ready(s) {
				return nil
			}
			p.do(s)
		}
	}
	p.until(func() bool { return false })
	return nil
}

// ready waits until it is time for s. It is false if the call is over first.
func (p *person) ready(s Step) bool {
	switch {
	case s.After != "":
		at := 0
		if !p.until(func() bool { at = p.scene.heardSince(p.heard, s.After); return at > 0 }) {
			return false
		}
		p.heard = at
	case s.Quiet:
		if !p.until(p.scene.silent) {
			return false
		}
	}
	if s.Wait == 0 {
		return s.Quiet || p.until(p.scene.listens)
	}
	timer := time.NewTimer(s.Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.ended:
	case <-p.limit:
		p.do(Step{Hangup: true})
	}
	return false
}

// until waits for cond, of a call that has settled. It is false if the call is
// over first; when its time is up the person hangs up.
func (p *person) until(cond func() bool) bool {
	for {
		p.settle()
		if p.over() {
			return false
		}
		if cond() {
			return true
		}
		if !p.next() {
			return false
		}
	}
}

// over says whether the call is over.
func (p *person) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// next waits until something happens.
func (p *person) next() bool {
	select {
	case <-p.scene.changed:
		return true
	case <-p.ended:
	case <-p.limit:
		p.do(Step{Hangup: true})
	}
	return false
}

// forget makes next wait for what has not happened yet.
func (p *person) forget() {
	select {
	case <-p.scene.changed:
	default:
	}
}

// do does s.
func (p *person) do(s Step) {
	if s.Hangup || s.Say != "" || s.Keys != "" {
		p.remember(s)
	}
	p.forget()
	switch {
	case s.Hangup:
		p.hands.Drop()
	case s.Say != "":
		p.speech.set(s.Say)
		p.hands.Say(s.Say)
	case s.Keys != "":
		p.hands.Press(strings.ToUpper(s.Keys))
	}
	p.since = time.Now()
}

// remember tells of s and keeps it, with what the person knew when doing it.
func (p *person) remember(s Step) {
	if p.said != nil {
		p.said(s)
	}
	d := Done{Step: s, at: p.scene.count()}
	heard, n, at, cuts := p.scene.last()
	if n > p.marked {
		d.Heard, p.since = heard, at
		d.Again = p.scene.times(p.marked, n-1, heard)
	}
	d.Since, d.Cuts = time.Since(p.since), cuts
	p.marked = n
	p.done = append(p.done, d)
}

// talking is about how long it takes to say a text.
func talking(text string) time.Duration {
	return perText + time.Duration(utf8.RuneCountInString(text))*perLetter
}
