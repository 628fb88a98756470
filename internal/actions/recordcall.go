package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pivotvoice/pivot/internal/audio"
	"github.com/pivotvoice/pivot/internal/call"
	"github.com/pivotvoice/pivot/internal/event"
	"github.com/pivotvoice/pivot/internal/flow"
	"github.com/pivotvoice/pivot/internal/schema"
)

const recordCallDoc = "" +
	"`start` begins to record the call and goes on at once; the recording runs beside all that follows, until " +
	"a `stop` of the same name or the end of the call. With `record_on_answer` it begins with the answer. A name " +
	"can be in use once at a time; `stop` without one ends what was started last. `mask` records silence until " +
	"`unmask`, for what must not be kept. The call is " +
	"not answered for it.\n\n" +
	"With `channels` dual the caller is on the left and what they hear on the right; one `track` alone is " +
	"always mono. What was recorded is kept, and sent and told as by `record`, at the stop or the end. What " +
	"cannot be done takes `error`, else `_`."

// recordCall is Kazoo's record_call (spec/callflow-modules.md section 6) with
// what TwiML's Start and Stop Recording know (spec/twiml.md sections 2.2, 2.4).
func recordCall(st studio) flow.Action {
	return flow.Define(flow.Def[recordCallData]{
		Name:    "record_call",
		Silent:  true,
		Summary: "Records the whole call, beside all that follows.",
		Doc:     recordCallDoc,
		Default: recordCallData{
			Action: "start", Channels: "dual", Track: "both", Method: "put", TimeLimit: 3600, Follow: true,
			CallbackData: callbackDefault(),
		},
		Branches: []string{flow.Error},
		Examples: []flow.Example{
			{Says: "Record from here on.", Data: `{"action": "start"}`},
			{Says: "The caller alone, sent to a web server.", Data: `{"action": "start", "name": "caller",
				"track": "inbound", "trim": true, "url": "https://example.com/calls"}`},
			{Says: "Both mixed, as WAV.", Data: `{"action": "start", "channels": "mono", "format": "wav"}`},
		},
		Check: func(d recordCallData) schema.Faults {
			return append(checkURL(d.URL, true, "url"), checkURL(d.Callback, true, "status_callback")...)
		},
		Run: func(ctx context.Context, s *flow.Session, d recordCallData) (flow.Next, error) {
			return flow.Next{}, d.run(ctx, s, st)
		},
	})
}

type recordCallData struct {
	Action    string `json:"action" jsonschema:"enum=start,enum=stop,enum=mask,enum=unmask" jsonschema_description:"What to do."`
	Name      string `json:"name,omitempty" jsonschema:"maxLength=128" jsonschema_description:"Which recording, where there are several."`
	Label     string `json:"label,omitempty" jsonschema:"maxLength=128" jsonschema_description:"What it is called in the list of recordings."`
	Channels  string `json:"channels" jsonschema:"enum=mono,enum=dual" jsonschema_description:"Both sides mixed, or each on a channel of its own."`
	Track     string `json:"track" jsonschema:"enum=both,enum=inbound,enum=outbound" jsonschema_description:"What to record: all, what the caller says, or what they hear."`
	Trim      bool   `json:"trim,omitempty" jsonschema_description:"Leave out the silence at both ends."`
	Format    string `json:"format,omitempty" jsonschema:"enum=mp3,enum=wav" jsonschema_description:"What file to make of it; MP3 where an encoder is installed, if not given."`
	TimeLimit int    `json:"time_limit" jsonschema:"minimum=5,maximum=10800" jsonschema_description:"How much is recorded at most, in seconds."`
	MinSec    int    `json:"record_min_sec,omitempty" jsonschema:"minimum=0" jsonschema_description:"What is shorter than this, in seconds, is not kept."`
	MediaName string `json:"media_name,omitempty" jsonschema:"maxLength=128" jsonschema_description:"What it is called in the list of recordings, before label and name."`
	Origin    string `json:"origin,omitempty" jsonschema:"maxLength=128" jsonschema_description:"What the list of recordings says that it comes from; callflow : and the label if not given."`
	Rate      int    `json:"record_sample_rate,omitempty" jsonschema_description:"Kazoo's sample rate, in Hz. Recordings have the rate of the call here, which the timeline says."`
	OnAnswer  bool   `json:"record_on_answer" jsonschema:"default=false" jsonschema_description:"Begin when the call is answered."`
	OnBridge  bool   `json:"record_on_bridge" jsonschema:"default=false" jsonschema_description:"Begin when the caller is connected with somebody. That is not built yet: it begins at once, which the timeline says."`
	Follow    bool   `json:"should_follow_transfer" jsonschema_description:"Go on when the caller is transferred (refer), until their phone leaves; if not, it ends with the transfer."`
	URL       string `json:"url,omitempty" jsonschema_description:"Where to send it: http or https, or relative to the URL that the program came from."`
	Method    string `json:"method" jsonschema:"enum=put,enum=post" jsonschema_description:"How to send it."`
	CallbackData
	flow.Skip
}

// maxRunning is how many recordings a call may have at a time.
const maxRunning = 8

func (d recordCallData) run(ctx context.Context, s *flow.Session, st studio) error {
	all := runningOf(s)
	if d.Action == "start" {
		return d.start(ctx, s, st, all)
	}
	r := all.find(d.Name)
	if r == nil {
		return flow.Fail("record_call.none", fmt.Errorf("no recording %s is running", named(d.Name)))
	}
	switch d.Action {
	case "mask", "unmask":
		r.gate.mask(d.Action == "mask")
		s.Add(event.Set{Name: "recording " + r.called(), Value: d.Action + "ed"})
		return nil
	default:
		all.drop(r)
		return r.end(call.ByStopped)
	}
}

// start begins the recording, now or once the call is answered.
func (d recordCallData) start(ctx context.Context, s *flow.Session, st studio, all *running) error {
	if d.Rate != 0 {
		s.Add(event.Warned{
			Code: "record_call.rate", Message: "record_sample_rate has no effect: recordings have the rate of the call",
		})
	}
	if d.OnBridge {
		s.Add(event.Warned{
			Code: "record_call.bridge", Message: "record_on_bridge is not built yet: the recording does not wait for it",
		})
	}
	one, err := all.add(s, d)
	if err != nil {
		return err
	}
	if d.OnAnswer && !s.Answered() {
		s.OnAnswer(func() {
			if !slices.Contains(all.all, one) {
				return // it was stopped before it began
			}
			if err := all.begin(ctx, s, st, one); err != nil {
				// No branch is taken for it: what took the call goes on.
				s.Add(event.Warned{Code: "recording.failed", Message: err.Error()})
			}
		})
		return nil
	}
	return all.begin(ctx, s, st, one)
}

func named(name string) string {
	if name == "" {
		return "of the call"
	}
	return fmt.Sprintf("called %q", name)
}

// running are the recordings of a call that run beside its flow, and those that
// begin with the answer.
type running struct{ all []*beside }

// runningKey is where a session keeps its running.
type runningKey struct{}

// runningOf are the call's, which end with it.
func runningOf(s *flow.Session) *running {
	if r, ok := s.Value(runningKey{}).(*running); ok {
		return r
	}
	r := &running{}
	s.SetValue(runningKey{}, r)
	s.Defer(func() {
		for _, one := range r.all {
			_ = one.end(call.ByHangup) // it is on the timeline
		}
	})
	return r
}

// find is the recording of that name, the last of them if it is "".
func (r *running) find(name string) *beside {
	for _, one := range slices.Backward(r.all) {
		if name == "" || one.name == name {
			return one
		}
	}
	return nil
}

// moved ends the recordings that do not follow a caller who is transferred.
func (r *running) moved() {
	for _, one := range slices.Clone(r.all) {
		if one.stays {
			r.drop(one)
			_ = one.end(call.ByStopped) // it is on the timeline
		}
	}
}

func (r *running) drop(it *beside) {
	r.all = slices.DeleteFunc(r.all, func(one *beside) bool { return one == it })
}

// beside is one recording that runs beside the flow.
type beside struct {
	name  string
	least time.Duration
	trim  bool
	stays bool // it does not follow a caller who is transferred
	wish  wish
	sides []call.Side // what goes to each channel
	take  *take       // nil until it begins
	gate  *gate
	stops []func()
}

// called is what the timeline calls it.
func (b *beside) called() string {
	if b.take == nil {
		return named(b.name)
	}
	return b.take.ID
}

// add is a recording that has not begun. What it is sent to is as seen from the
// program that runs now: the answer may come in another one.
func (r *running) add(s *flow.Session, d recordCallData) (*beside, error) {
	if d.Name != "" && r.find(d.Name) != nil {
		return nil, flow.Fail("record_call.twice", fmt.Errorf("a recording %s is running already", named(d.Name)))
	}
	if len(r.all) == maxRunning {
		return nil, flow.Fail("record_call.full", fmt.Errorf("a call has %d recordings at a time at most", maxRunning))
	}
	one := &beside{
		name: d.Name, least: time.Duration(d.MinSec) * time.Second, trim: d.Trim, stays: !d.Follow, sides: d.sides(),
		gate: &gate{most: time.Duration(d.TimeLimit) * time.Second},
	}
	one.wish = wish{
		Tape: Tape{
			Name:   cmp.Or(d.MediaName, d.Label, d.Name, "call"),
			Origin: cmp.Or(d.Origin, "callflow : "+cmp.Or(d.Label, "record_call")),
			Format: d.Format, Trim: d.Trim, Channels: len(one.sides),
		},
		Push: absoluteURL(s, d.URL), Method: d.Method, Source: "StartCallRecordingTwiML", Track: d.Track,
		Callback: absoluteURL(s, d.Callback), CallbackMethod: d.CallbackMethod, Events: d.Events,
	}
	r.all = append(r.all, one)
	return one, nil
}

// begin begins a recording, which is none if that fails.
func (r *running) begin(ctx context.Context, s *flow.Session, st studio, one *beside) error {
	t, err := st.begin(ctx, s, one.wish)
	if err != nil {
		r.drop(one)
		return err
	}
	one.take = t
	for n, side := range one.sides {
		one.stops = append(one.stops, s.Leg.Tap(side, one.gate.of(t.Channel(n), n == 0)))
	}
	return nil
}

// sides are what goes to each channel.
func (d recordCallData) sides() []call.Side {
	switch {
	case d.Track == "inbound":
		return []call.Side{call.Heard}
	case d.Track == "outbound":
		return []call.Side{call.Spoken}
	case d.Channels == "mono":
		return []call.Side{call.Both}
	}
	return []call.Side{call.Heard, call.Spoken}
}

// end keeps the recording, unless there is too little of it.
func (b *beside) end(by string) error {
	if b.take == nil {
		return nil // it has not begun
	}
	for _, stop := range b.stops {
		stop()
	}
	length, loud, full := b.gate.so()
	switch {
	case length < b.least || length == 0:
		b.take.Discard()
		text := fmt.Sprintf("a recording of %s is too short: it is not kept", length)
		b.take.s.Add(event.Warned{Code: "record_call.short", Message: text})
		b.take.report("absent", map[string]string{"RecordingDuration": seconds(length)})
		return nil
	case b.trim && loud < leastSound:
		b.take.nothing()
		return nil
	case full:
		by = call.ByTimeLimit
	}
	_, err := b.take.keep(by)
	return err
}

// gate is what the sound of a recording goes through: it measures it, and can
// be shut.
type gate struct {
	most time.Duration

	mu     sync.Mutex
	masked bool
	length time.Duration // of the first channel
	loud   time.Duration // on any
}

// of is a sink in front of a channel.
func (g *gate) of(to audio.Sink, first bool) audio.Sink {
	return &gated{Sink: to, gate: g, first: first}
}

func (g *gate) mask(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.masked = on
}

// so is how much went through, how much of it was loud, and whether it was as
// much as there may be.
func (g *gate) so() (length, loud time.Duration, full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.length, g.loud, g.length >= g.most
}

// gated is one channel's sink.
type gated struct {
	audio.Sink
	gate  *gate
	first bool
	own   time.Duration
	quiet []int16
}

// errFull ends the copying of sound to a recording that is full.
var errFull = errors.New("the recording has reached its time limit")

// WriteFrame implements audio.Sink.
func (w *gated) WriteFrame(frame []int16) error {
	if w.own >= w.gate.most {
		return errFull
	}
	took := time.Duration(len(frame)) * time.Second / time.Duration(w.Rate())
	w.own += took
	if w.gate.pass(frame, took, w.first) {
		return w.Sink.WriteFrame(frame)
	}
	if len(w.quiet) != len(frame) {
		w.quiet = make([]int16, len(frame))
	}
	return w.Sink.WriteFrame(w.quiet)
}

// pass counts a frame and says whether it may be heard.
func (g *gate) pass(frame []int16, took time.Duration, first bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if first {
		g.length += took
	}
	if !g.masked && call.Level(frame) > audio.SilenceThreshold {
		g.loud += took
	}
	return !g.masked
}
