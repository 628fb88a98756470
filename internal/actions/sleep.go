package actions

import (
	"context"
	"time"

	"github.com/pivotvoice/pivot/internal/flow"
)

var sleep = flow.Define(flow.Def[sleepData]{
	Name:    "sleep",
	Summary: "Waits, then goes on.",
	Doc:     "The call is not answered for it. More than 24 hours are 24 hours. Keys pressed meanwhile are kept.",
	Default: sleepDefault(),
	Examples: []flow.Example{
		{Says: "Wait half a second.", Data: `{"duration": 500, "unit": "ms"}`},
		{Says: "Wait two seconds.", Data: `{"duration": 2}`},
	},
	Run: func(ctx context.Context, _ *flow.Session, d sleepData) (flow.Next, error) {
		return flow.Next{}, pause(ctx, d.time())
	},
})

type sleepData struct {
	Duration int    `json:"duration" jsonschema:"minimum=0,maximum=86400000,default=0" jsonschema_description:"How long to wait, in the unit."`
	Unit     string `json:"unit" jsonschema:"enum=ms,enum=s,enum=m,enum=h" jsonschema_description:"What the duration is in: milliseconds, seconds, minutes or hours."`
	flow.Skip
}

func sleepDefault() sleepData { return sleepData{Unit: "s"} }

// maxSleep is the longest time to wait.
const maxSleep = 24 * time.Hour

func (d sleepData) time() time.Duration {
	unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}[d.Unit]
	if time.Duration(d.Duration) > maxSleep/max(unit, 1) { // more of them may be more than a Duration holds
		return maxSleep
	}
	return time.Duration(d.Duration) * unit
}

// pause waits for d, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
