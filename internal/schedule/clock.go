package schedule

import (
	"context"
	"time"

	"github.com/robfig/cron/v3"
)

// Reconcile is the longest that Watch lets pass between two wake-ups. It bounds how late a tick is after
// a suspended machine or a clock that was set.
const Reconcile = 30 * time.Second

// Zoned is a spec in the zone whose clock it is read on.
type Zoned struct {
	Spec Spec
	Zone *time.Location
}

// zoned makes cron wait for the ticks of the civil clock instead of its own.
func (z Zoned) next(after time.Time) time.Time { return z.Spec.Next(after, z.Zone) }

type scheduleFunc func(time.Time) time.Time

// Next implements cron.Schedule.
func (f scheduleFunc) Next(after time.Time) time.Time { return f(after) }

// Watch calls wake at once, at every tick of the specs and at least every Reconcile, one call at a time,
// until the context is done; it returns after the last call has. Ticks that fall due during a call are one
// call afterwards. A wake-up says only that it is time to look: what is due is decided by a clock that all replicas
// share, from what was done, so that a tick missed while the program was down, or woken for twice, does no harm.
func Watch(ctx context.Context, specs []Zoned, wake func(ctx context.Context)) {
	due := make(chan struct{}, 1)
	clock := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger))
	for _, z := range specs {
		clock.Schedule(scheduleFunc(z.next), cron.FuncJob(func() {
			select {
			case due <- struct{}{}:
			default: // a wake-up is waiting already
			}
		}))
	}
	clock.Start()
	defer func() { <-clock.Stop().Done() }()

	// A ticker of its own, since cron compares wall times and sleeps too long after the clock was set back.
	reconcile := time.NewTicker(Reconcile)
	defer reconcile.Stop()
	for ctx.Err() == nil {
		wake(ctx)
		select {
		case <-ctx.Done():
		case <-due:
		case <-reconcile.C:
		}
	}
}
