package worker

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// Record is what a rehearsal reads of a real ledger.
type Record interface {
	Known(ctx context.Context, schedule, period string) (map[ledger.Key]ledger.State, error)
	OptOuts(ctx context.Context, kind string) ([]string, error)
	LastDue(ctx context.Context, schedule string) (time.Time, error)
	History
}

// rehearsal is a ledger in memory over a real one, which it never writes to. Mails go as soon as their time has come.
type rehearsal struct {
	Ledger  // nil: whatever is not below is never asked of a worker that sends nothing
	state   Record
	now     time.Time
	began   time.Time // the first moment at which it was asked for anything
	lastDue map[string]time.Time
	periods map[string]map[ledger.Key]Foretold // by period: what there is, read when it is first asked for
	runs    []ledger.Run                       // that were played
	failed  error                              // of the real one, the first
}

func newRehearsal(state Record) *rehearsal {
	return &rehearsal{state: state, lastDue: map[string]time.Time{}, periods: map[string]map[ledger.Key]Foretold{}}
}

// branch goes on from here without touching this one.
func (l *rehearsal) branch() *rehearsal {
	other := *l
	other.lastDue, other.runs, other.periods = maps.Clone(l.lastDue), slices.Clone(l.runs), map[string]map[ledger.Key]Foretold{}
	for period, rows := range l.periods {
		other.periods[period] = maps.Clone(rows)
	}
	return &other
}

// note keeps the first error of the real ledger: a worker would try again.
func (l *rehearsal) note(err error) error {
	if l.failed == nil {
		l.failed = err
	}
	return err
}

// of gives what there is of a period, of all schedules.
func (l *rehearsal) of(ctx context.Context, period string) (map[ledger.Key]Foretold, error) {
	if rows, ok := l.periods[period]; ok {
		return rows, nil
	}
	rows := map[ledger.Key]Foretold{}
	l.periods[period] = rows
	if l.state == nil {
		return rows, nil
	}
	found, err := l.state.List(ctx, ledger.Filter{Period: period})
	if err != nil {
		return nil, l.note(err)
	}
	known := map[string]map[ledger.Key]ledger.State{} // by schedule
	for _, d := range found {
		if known[d.Schedule] == nil {
			if known[d.Schedule], err = l.state.Known(ctx, d.Schedule, period); err != nil {
				return nil, l.note(err)
			}
		}
		f := Foretold{Key: d.Key, Kind: d.Kind, State: d.State, Reason: d.Reason, At: cmp.Or(d.NotBefore, d.Date)}
		_, f.known = known[d.Schedule][d.Key]
		rows[d.Key] = f
	}
	return rows, nil
}

// all gives every digest of the periods from one up to, not including, another, by period, schedule and recipient. What
// was left out for everybody is nobody's digest, and what admins are told at once is no digest of a period.
func (l *rehearsal) all(ctx context.Context, from, until pipeline.Date) (all []Foretold, err error) {
	for d := from; d < until; d++ {
		rows, err := l.of(ctx, d.String())
		if err != nil {
			return nil, err
		}
		for _, f := range rows {
			if f.RepID != "" || f.Recipient != "" {
				all = append(all, f)
			}
		}
	}
	slices.SortFunc(all, func(a, b Foretold) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Schedule, b.Schedule), cmp.Compare(a.Recipient, b.Recipient), cmp.Compare(a.RepID, b.RepID))
	})
	return all, nil
}

// waits says whether a mail has not gone yet. One that waits in the real ledger and not for its time waits for a relay.
func (l *rehearsal) waits(f Foretold) bool {
	return f.State == ledger.Pending && (f.At.After(l.now) || f.Made.IsZero() && !l.now.After(l.began.Add(recheck)))
}

// Known implements Ledger.
func (l *rehearsal) Known(ctx context.Context, schedule, period string) (map[ledger.Key]ledger.State, error) {
	rows, err := l.of(ctx, period)
	known := map[ledger.Key]ledger.State{}
	for key, f := range rows {
		switch {
		case key.Schedule != schedule || !f.known:
		case f.State == ledger.Pending && !l.waits(f):
			known[key] = ledger.Sent
		default:
			known[key] = f.State
		}
	}
	return known, err
}

// PlanSeq implements Ledger. Nobody else plans: what is known is not planned again.
func (l *rehearsal) PlanSeq(ctx context.Context, run ledger.Run, deliveries iter.Seq2[ledger.Delivery, error]) (added int, err error) {
	rows, err := l.of(ctx, run.Period)
	if err != nil {
		return 0, err
	}
	for d, err := range deliveries {
		if err != nil {
			return 0, err
		}
		d.Schedule, d.Period = run.Schedule, run.Period
		rows[d.Key] = Foretold{Key: d.Key, Kind: d.Kind, State: d.State, Reason: d.Reason, Tick: run.Tick, Made: l.now, At: cmp.Or(d.NotBefore, l.now), known: true}
		added++
	}
	for key, why := range run.Withdrawn {
		if f := rows[key]; l.waits(f) {
			f.State, f.Reason = ledger.Skipped, why
			f.known = why != ledger.LeftSince && why != ledger.AddressMoved
			rows[key] = f
		}
	}
	if !slices.ContainsFunc(l.runs, func(r ledger.Run) bool { return r.Schedule == run.Schedule && r.Period == run.Period }) {
		run.StartedAt, run.Withdrawn, run.Observed = l.now, nil, nil
		l.runs = append(l.runs, run)
	}
	if run.AdvanceTo.IsZero() {
		return added, nil
	}
	return added, l.SetLastDue(ctx, run.Schedule, run.AdvanceTo)
}

// Runs implements Ledger: those that have not ended.
func (l *rehearsal) Runs(ctx context.Context, since time.Time) (open []ledger.Run, err error) {
	if l.began.IsZero() {
		l.began = l.now
	}
	runs := l.runs
	if l.state != nil {
		real, err := l.state.Runs(ctx, since)
		if err != nil {
			return nil, l.note(err)
		}
		runs = slices.Concat(real, runs)
	}
	for _, run := range runs {
		if isAlarm(run.Period) || !run.FinishedAt.IsZero() {
			continue
		}
		if left, err := l.Waiting(ctx, ledger.Filter{Schedule: run.Schedule, Period: run.Period}); err != nil {
			return nil, err
		} else if left.Pending > 0 {
			open = append(open, run)
		}
	}
	return open, nil
}

// Waiting implements Ledger: what waits, waits for its hour.
func (l *rehearsal) Waiting(ctx context.Context, f ledger.Filter) (out ledger.Outstanding, err error) {
	rows, err := l.of(ctx, f.Period)
	for key, row := range rows {
		if key.Schedule == f.Schedule && l.waits(row) {
			out.Pending, out.Next = out.Pending+1, time.Nanosecond
		}
	}
	return out, err
}

// OptOuts implements Ledger.
func (l *rehearsal) OptOuts(ctx context.Context, kind string) ([]string, error) {
	if l.state == nil {
		return nil, nil
	}
	out, err := l.state.OptOuts(ctx, kind)
	return out, l.note(err)
}

// List implements Ledger: of mails that went out nobody wants to know more.
func (l *rehearsal) List(context.Context, ledger.Filter) ([]ledger.Delivery, error) { return nil, nil }

// FinishRun implements Ledger: what has ended is seen by what waits.
func (l *rehearsal) FinishRun(context.Context, string, string) error { return nil }

// LastDue implements Ledger.
func (l *rehearsal) LastDue(ctx context.Context, schedule string) (time.Time, error) {
	if due, ok := l.lastDue[schedule]; ok || l.state == nil {
		return due, nil
	}
	due, err := l.state.LastDue(ctx, schedule)
	if err == nil {
		l.lastDue[schedule] = due
	}
	return due, l.note(err)
}

// SetLastDue implements Ledger: it never goes back.
func (l *rehearsal) SetLastDue(ctx context.Context, schedule string, due time.Time) error {
	last, err := l.LastDue(ctx, schedule)
	if err == nil && due.After(last) {
		l.lastDue[schedule] = due
	}
	return err
}

// ClampLastDue implements Ledger.
func (l *rehearsal) ClampLastDue(ctx context.Context, schedule string, latest time.Time) (clamped bool, err error) {
	last, err := l.LastDue(ctx, schedule)
	if clamped = err == nil && last.After(latest); clamped {
		l.lastDue[schedule] = latest
	}
	return clamped, err
}
