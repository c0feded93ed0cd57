package ledger

import (
	"context"
	"time"
)

// Overview is how everything stands at one instant: what whoever is on call asks first. It holds no address and no
// person's id.
type Overview struct {
	At        time.Time // by the ledger's clock
	Standings map[State]Standing
	Progress  map[string]Progress // by schedule
	Runs      []RunRecord         // the last few of each schedule, the newest of a schedule first
	Lots      []Lot
}

// RunRecord is a run and what became of its deliveries.
type RunRecord struct {
	Run
	By      map[State]int  // its deliveries
	Why     map[string]int // of the skipped, by reason
	LeftOut string         // why nobody makes its digests; empty: somebody has
}

// Lot is deliveries of one run that share a fate: they wait (pending, sending), nobody knows whether they were sent, or
// they failed since the instant that was asked for and nobody has settled them.
type Lot struct {
	Schedule, Period string
	State            State
	Made             bool // there is a mail; false where making it failed
	N                int
	First            int64 // the lowest id of them
}

// Overview reads it, with the last few runs of each schedule and the failures since then.
func (l *Ledger) Overview(ctx context.Context, last int, since time.Time) (*Overview, error) {
	var o *Overview
	err := l.read(ctx, "read how everything stands", func(ctx context.Context, t *tx) (err error) {
		o = &Overview{At: t.now}
		if o.Standings, err = t.standings(ctx, Filter{}); err != nil {
			return err
		}
		if o.Progress, err = t.progress(ctx); err != nil {
			return err
		}
		if err = o.readUndecided(ctx, t); err != nil {
			return err
		}
		return o.readRuns(ctx, t, last, since)
	})
	return o, err
}

// readRuns reads the last runs and what became of them. Most deliveries of a ledger are of long ago: it looks only as far
// back as the runs that it tells of.
func (o *Overview) readRuns(ctx context.Context, t *tx, last int, since time.Time) error {
	from := since
	err := t.each(ctx, "recent_runs", args{"last": last}, func(scan func(...any) error) error {
		r, err := scanRun(scan)
		o.Runs = append(o.Runs, RunRecord{Run: r, By: map[State]int{}, Why: map[string]int{}})
		if r.StartedAt.Before(from) {
			from = r.StartedAt
		}
		return err
	})
	if err != nil {
		return err
	}
	runs := map[[2]string]*RunRecord{}
	for i := range o.Runs {
		runs[[2]string{o.Runs[i].Schedule, o.Runs[i].Period}] = &o.Runs[i]
	}
	err = t.each(ctx, "tally", args{"from": from}, func(scan func(...any) error) error {
		var lot Lot
		err := scan(&lot.Schedule, &lot.Period, &lot.State, &lot.N)
		if r := runs[[2]string{lot.Schedule, lot.Period}]; r != nil {
			r.By[lot.State] += lot.N
		}
		return err
	})
	if err != nil {
		return err
	}
	err = t.each(ctx, "unsent", args{"from": from, "since": since, "settled": Settled}, func(scan func(...any) error) error {
		var lot Lot
		var why string
		var somebodys, lately bool
		err := scan(&lot.Schedule, &lot.Period, &lot.State, &why, &lot.Made, &somebodys, &lately, &lot.N, &lot.First)
		o.unsent(runs[[2]string{lot.Schedule, lot.Period}], lot, why, somebodys, lately)
		return err
	})
	for _, r := range runs {
		if r.Meant() > 0 { // somebody has made them after all
			r.LeftOut = ""
		}
	}
	return err
}

// readUndecided reads what waits. An unknown one may be of any age, and is looked for only where there is one.
func (o *Overview) readUndecided(ctx context.Context, t *tx) error {
	if o.Standings[Pending].N+o.Standings[Sending].N+o.Standings[Unknown].N == 0 {
		return nil
	}
	return t.each(ctx, "undecided", nil, func(scan func(...any) error) error {
		lot := Lot{Made: true}
		err := scan(&lot.Schedule, &lot.Period, &lot.State, &lot.N, &lot.First)
		o.Lots = append(o.Lots, lot)
		return err
	})
}

// unsent notes deliveries that share a fate with their run, which is nil where it is none of the last few.
func (o *Overview) unsent(r *RunRecord, lot Lot, why string, somebodys, lately bool) {
	settled := lot.State == Failed && why == Settled
	if lot.State == Failed && lately && !settled {
		o.Lots = append(o.Lots, lot)
	}
	switch {
	case r == nil:
	case settled: // as the run itself counts it: somebody has dealt with it
		r.By[Failed] -= lot.N
		r.By[Skipped] += lot.N
		r.Why[why] += lot.N
	case lot.State == Skipped && !somebodys: // the mark of a run that was left out
		r.By[Skipped] -= lot.N
		r.LeftOut = why
	case lot.State == Skipped:
		r.Why[why] += lot.N
	}
}

// Meant is how many people the run is about, without those who are left out on purpose.
func (r *RunRecord) Meant() (n int) {
	for state, of := range r.By {
		if state != Skipped {
			n += of
		}
	}
	return n
}
