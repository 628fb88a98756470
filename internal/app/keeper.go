package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/pivotvoice/pivot/internal/config"
	"github.com/pivotvoice/pivot/internal/observe"
	"github.com/pivotvoice/pivot/internal/store"
)

// keepEvery is how often old entries of the journal are looked for.
const keepEvery = 10 * time.Minute

// keeper forgets what is older than it is to be kept.
type keeper struct {
	stop context.CancelFunc
	done chan struct{}
}

// keep starts a keeper.
func keep(j store.Journal, r config.Retention, log *slog.Logger) *keeper {
	ctx, stop := context.WithCancel(context.Background())
	k := &keeper{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(k.done)
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			trim(ctx, j, r, log)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return k
}

func trim(ctx context.Context, j store.Journal, r config.Retention, log *slog.Logger) {
	for kind, age := range map[string]time.Duration{
		observe.KindEvent: r.Events, observe.KindDebug: r.Events, observe.KindCDR: r.CDRs,
	} {
		n, err := j.Trim(ctx, kind, time.Now().Add(-age))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error("old entries cannot be forgotten", "kind", kind, "error", err)
		case n > 0:
			log.Info("old entries forgotten", "kind", kind, "entries", n)
		}
	}
}

// Close ends the keeper.
func (k *keeper) Close() { k.stop(); <-k.done }
