package ledger

import (
	"context"
	"time"
)

// Standing is how many deliveries are in a state, and for how long the one that has been in it longest, by the
// ledger's clock. A pending one counts from when it could have been sent; 0 while all are still to come.
type Standing struct {
	N      int
	Oldest time.Duration
}

// Standings says how the deliveries of the filter's choice stand; absent states have none.
func (l *Ledger) Standings(ctx context.Context, f Filter) (map[State]Standing, error) {
	var all map[State]Standing
	err := l.read(ctx, "read how deliveries stand", func(ctx context.Context, t *tx) (err error) {
		all, err = t.standings(ctx, f)
		return err
	})
	return all, err
}

func (t *tx) standings(ctx context.Context, f Filter) (map[State]Standing, error) {
	all := map[State]Standing{}
	err := t.each(ctx, "standings", f.args(), func(scan func(...any) error) error {
		var s State
		var n int
		var since instant
		err := scan(&s, &n, &since)
		all[s] = Standing{N: n, Oldest: max(0, t.now.Sub(time.Time(since)))}
		return err
	})
	return all, err
}

// Progress is how far a schedule has come; zero times are never.
type Progress struct {
	LastDue      time.Time // the tick up to which it has been planned
	LastFinished time.Time // when a run of it was dealt with the last time
	LastSuccess  time.Time // when one of it ended of which nothing failed or is unknown
}

// Progress says how far each schedule has come that the ledger has seen, by name.
func (l *Ledger) Progress(ctx context.Context) (map[string]Progress, error) {
	var all map[string]Progress
	err := l.read(ctx, "read the schedules", func(ctx context.Context, t *tx) (err error) {
		all, err = t.progress(ctx)
		return err
	})
	return all, err
}

func (t *tx) progress(ctx context.Context) (map[string]Progress, error) {
	all := map[string]Progress{}
	err := t.each(ctx, "progress", args{"settled": Settled}, func(scan func(...any) error) error {
		var name string
		var p Progress
		err := scan(&name, (*instant)(&p.LastDue), (*instant)(&p.LastFinished), (*instant)(&p.LastSuccess))
		all[name] = p
		return err
	})
	return all, err
}
