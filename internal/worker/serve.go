package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
)

const (
	punctual = time.Minute // how late a tick may be before `catch_up: none` calls it missed
	farAhead = time.Hour   // no clock of a replica is that wrong
)

// Serve runs the schedules until ctx ends; then it claims nothing more, finishes what is in flight and
// returns. Two loops share the work, so that a long delivery of one schedule delays no other one's tick.
func (w *Worker) Serve(ctx context.Context) {
	s := &server{w: w, started: w.Now(), nudge: make(chan struct{}, 1)}
	var zoned []schedule.Zoned
	for _, sched := range w.Config.Schedules {
		if sched.Digest == config.Admin {
			w.Log.Warn("admin digests are not made yet", "schedule", sched.Name)
			continue
		}
		s.schedules = append(s.schedules, sched)
		zoned = append(zoned, schedule.Zoned{Spec: sched.Spec, Zone: sched.Zone})
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.deliver(ctx) })
	schedule.Watch(ctx, zoned, s.reconcile)
	wg.Wait()
}

// server is a serving worker: rounds are planned by one loop and delivered by the other.
type server struct {
	w         *Worker
	schedules []config.Schedule
	started   time.Time
	nudge     chan struct{} // something was planned

	mu   sync.Mutex
	open []*openRound
}

// openRound is one that has not ended: its last mail is not dealt with.
type openRound struct {
	sum   Summary
	began time.Time
}

// reconcile plans what fell due since the last time. It is called at start, at ticks and every half minute;
// what fails stays due.
func (s *server) reconcile(ctx context.Context, now time.Time) {
	desk := s.w.newDesk()
	for _, sched := range s.schedules {
		if err := s.catchUp(ctx, desk, sched, now); err != nil && ctx.Err() == nil {
			s.w.Log.Error("schedule not run, trying again", "schedule", sched.Name, "error", err)
		}
	}
	select {
	case s.nudge <- struct{}{}:
	default: // one is waiting
	}
}

// catchUp plans the ticks of one schedule that are due and were not planned.
func (s *server) catchUp(ctx context.Context, desk *desk, sched config.Schedule, now time.Time) error {
	last, err := s.w.Ledger.LastDue(ctx, sched.Name)
	if err != nil {
		return err
	}
	if last.IsZero() {
		// First sight of a schedule: no mail for a past that it did not see.
		return s.w.Ledger.SetLastDue(ctx, sched.Name, now)
	}
	latest := dueUntil(sched, now, s.w.Config.Zone)
	if last.After(latest.Add(farAhead)) {
		clamped, err := s.w.Ledger.ClampLastDue(ctx, sched.Name, latest)
		if err != nil || clamped {
			s.w.Log.Warn("the last run was in the future: a clock was wrong", "schedule", sched.Name, "last_due", last)
			return err
		}
	}
	ticks, missed := dueTicks(sched, last, latest, now, s.started)
	if missed {
		s.w.Log.Warn("missed ticks are not caught up", "schedule", sched.Name, "since", last, "catch_up", sched.CatchUp)
	}
	if len(ticks) == 0 && missed {
		return s.w.Ledger.SetLastDue(ctx, sched.Name, sched.Spec.Last(latest, sched.Zone))
	}
	for _, tick := range ticks {
		r := s.w.newRound(sched, tick)
		r.advance = tick
		began := s.w.Now()
		if err := s.w.plan(ctx, desk, r); err != nil {
			return err
		}
		if r.sum.Known == r.sum.People && r.sum.People > 0 {
			continue // a second tick of one day: everybody was dealt with
		}
		s.mu.Lock()
		s.open = append(s.open, &openRound{sum: r.sum, began: began})
		s.mu.Unlock()
	}
	return nil
}

// dueUntil is up to when ticks are planned now. Where the hour is each recipient's own, somebody's may come
// before the tick: the whole day is planned as soon as its period has ended.
func dueUntil(sched config.Schedule, now time.Time, zone *time.Location) time.Time {
	if !sched.RecipientZone {
		return now
	}
	return (pipeline.DateOf(now, zone) + 1).Start(zone).Add(-time.Nanosecond)
}

// dueTicks lists the ticks in (last, until] that are to be run, and says whether others were left out as
// too old or because only the last one counts.
func dueTicks(sched config.Schedule, last, until, now, started time.Time) (ticks []time.Time, missed bool) {
	first := sched.Spec.Next(last, sched.Zone)
	if first.IsZero() || first.After(until) {
		return nil, false
	}
	oldest := now.Add(-sched.MaxAge)
	if sched.CatchUp == "none" {
		if punctually := started.Add(-punctual); punctually.After(oldest) {
			oldest = punctually
		}
	}
	if oldest = oldest.Add(-time.Nanosecond); oldest.Before(last) {
		oldest = last
	}
	if sched.CatchUp == "last" {
		tick := sched.Spec.Last(until, sched.Zone)
		if !tick.After(oldest) {
			return nil, true
		}
		return []time.Time{tick}, !tick.Equal(first)
	}
	ticks = sched.Spec.Between(oldest, until, sched.Zone)
	return ticks, len(ticks) == 0 || !ticks[0].Equal(first)
}

// deliver sends whatever is due, of any schedule and from before a restart too, until ctx ends.
func (s *server) deliver(ctx context.Context) {
	failures := 0 // of the relay, in a row
	for ctx.Err() == nil {
		d := s.w.newDispatch(ledger.Filter{}, s.w.Now())
		err := d.deliver(ctx)
		if err == nil {
			err = s.closeRounds(ctx)
		}
		wait := d.next(schedule.Reconcile)
		switch {
		case err != nil && ctx.Err() == nil:
			s.w.Log.Error("delivery stopped, trying again", "error", err)
			failures++
			wait = backOff(failures)
		case d.relay != nil:
			s.w.Log.Warn("relay cannot be used, trying again", "error", withoutAddresses(d.relay.Error()))
			failures++
			wait = backOff(failures)
		default:
			failures = 0
		}
		nudged := s.nudge
		if failures > 0 {
			nudged = nil // news of more work is no reason to try sooner
		}
		wake := time.NewTimer(min(wait, 2*schedule.Reconcile))
		select {
		case <-ctx.Done():
		case <-nudged:
		case <-wake.C:
		}
		wake.Stop()
	}
}

// closeRounds writes the line that ends a run for every round of which nothing is pending any more.
func (s *server) closeRounds(ctx context.Context) error {
	s.mu.Lock()
	open := s.open
	s.open = nil
	s.mu.Unlock()
	var still []*openRound
	var failed error
	for _, o := range open {
		filter := ledger.Filter{Schedule: o.sum.Schedule, Period: o.sum.Period}
		sum := o.sum
		left, err := s.w.Ledger.Waiting(ctx, filter)
		if err == nil && left.Pending+left.Sending == 0 {
			err = s.w.settleUp(ctx, filter, nil, &sum)
		}
		if err != nil || left.Pending+left.Sending > 0 {
			failed = errors.Join(failed, err)
			still = append(still, o)
			continue
		}
		sum.Sent = sum.InAll
		sum.Elapsed = s.w.Now().Sub(o.began)
		s.w.logEnd(sum)
		for _, p := range sum.Problems {
			s.w.Log.Error("not delivered", "schedule", sum.Schedule, "period", sum.Period, "problem", p.String())
		}
	}
	s.mu.Lock()
	s.open = append(still, s.open...)
	s.mu.Unlock()
	return failed
}
