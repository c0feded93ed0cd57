package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
)

const (
	punctual  = time.Minute     // how late a tick may be before `catch_up: none` calls it missed
	tolerated = time.Hour       // how late a digest may be made without saying so
	farAhead  = time.Hour       // no clock of a replica is that wrong
	recheck   = 5 * time.Minute // between two looks at data that were unfit: each reads all of them
)

// Serve runs the schedules until ctx ends; then it claims nothing more, finishes what is in flight and
// returns. Two loops share the work, so that a long delivery of one schedule delays no other one's tick.
func (w *Worker) Serve(ctx context.Context) {
	s := w.newServer(cmp.Or(w.Since, w.Now()))
	var zoned []schedule.Zoned
	for _, sched := range w.Config.Schedules {
		zoned = append(zoned, schedule.Zoned{Spec: sched.Spec, Zone: sched.Zone})
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.deliver(ctx) })
	schedule.Watch(ctx, zoned, func(ctx context.Context) {
		now, err := w.Ledger.Clock(ctx) // not ours: of several replicas one may be ahead, and would run too early
		if err != nil {
			if ctx.Err() == nil {
				w.Log.Error("the ledger's clock cannot be read, trying again", "error", err)
			}
			return
		}
		s.reconcile(ctx, now)
	})
	wg.Wait()
}

// server is a serving worker: rounds are planned by one loop and delivered by the other.
type server struct {
	w         *Worker
	schedules []config.Schedule // the audience's
	admins    []config.Schedule
	started   time.Time
	nudge     chan struct{} // something was planned

	// The planning loop's own.
	resumed   bool
	due       map[string]digest.DueTick // by schedule: what could not be planned, and why
	looked    map[string]time.Time      // by schedule: when its data were found unfit
	rechecked time.Time                 // when it was last looked who is still meant
	outage    string                    // the day whose outage the admins were told of, and nobody took back
	quiet     bool                      // its end is no news by itself: the data were read, and not trusted
	toldAt    time.Time                 // when
	refusal   time.Time                 // the beginning of the refusal of a config of which the admins were told

	mu   sync.Mutex
	open []*openRound
}

// openRound is one that has not ended: its last mail is not dealt with.
type openRound struct {
	sum    Summary
	tick   time.Time // of a run by hand the instant of its figures
	byHand bool
	began  time.Time
	data   *digest.DataState // how the data looked; nil: another process made the digests, or nothing was made

	// What the admins know of it.
	told    bool // digests that were lost, and how many
	lost    int
	doubted bool // data in doubt
}

func (w *Worker) newServer(started time.Time) *server {
	s := &server{w: w, started: started, nudge: make(chan struct{}, 1), due: map[string]digest.DueTick{}, looked: map[string]time.Time{}}
	for _, sched := range w.Config.Schedules {
		if sched.Digest == config.Admin {
			sched.RecipientZone = false // it goes when there is something to tell, not at anybody's own hour
			s.admins = append(s.admins, sched)
		} else {
			s.schedules = append(s.schedules, sched)
		}
	}
	return s
}

// reconcile plans what fell due since the last time. It is called at start, at ticks and every half minute;
// what fails stays due.
func (s *server) reconcile(ctx context.Context, now time.Time) {
	desk := s.w.newDesk()
	if !s.resumed {
		if err := s.resume(ctx); err != nil {
			s.w.Log.Error("what an earlier worker left is not known, trying again", "error", err)
		} else {
			s.resumed = true
		}
	}
	for _, sched := range slices.Concat(s.schedules, s.admins) {
		err := s.catchUp(ctx, desk, sched, now)
		if ctx.Err() == nil {
			s.note(sched.Name, err)
		}
	}
	s.pingHindered(ctx, now)
	if err := s.recheckPeople(ctx, desk, now); err != nil && ctx.Err() == nil {
		s.w.Log.Warn("whether everybody is still meant is not known", "error", err)
	}
	if err := s.outOfReach(ctx, desk, now); err != nil && ctx.Err() == nil {
		s.w.Log.Error("admins not told, trying again", "error", err)
	}
	if err := s.tellRefusal(ctx, desk); err != nil && ctx.Err() == nil {
		s.w.Log.Error("admins not told of the refused config, trying again", "error", err)
	}
	select {
	case s.nudge <- struct{}{}:
	default: // one is waiting
	}
}

// note tells whoever watches what came of a schedule's turn. Data that were unfit a moment ago are still so.
func (s *server) note(schedule string, err error) {
	if err != nil {
		s.w.Log.Error("schedule not run, trying again", "schedule", schedule, "error", err)
	}
	if _, unfit := s.looked[schedule]; err != nil || !unfit {
		s.w.hinder(schedule, err)
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
	latest := DueUntil(sched, now, s.w.Config.Zone)
	if last.After(latest.Add(farAhead)) {
		clamped, err := s.w.Ledger.ClampLastDue(ctx, sched.Name, latest)
		if clamped {
			s.tellClamped(sched, last, now)
		}
		if err != nil || clamped {
			return err
		}
	}
	ticks, missed := dueTicks(sched, last, latest, now, s.started)
	admin := s.isAdmin(sched.Name)
	if len(ticks) == 0 {
		delete(s.due, sched.Name) // another replica made it, or nobody will
	}
	if admin && len(ticks) > 0 && now.Sub(ticks[0]) < settling && s.busy(ctx) {
		return nil // what is on its way first, so that it can be told
	}
	if at, unfit := s.looked[sched.Name]; unfit && len(ticks) > 0 && now.Sub(at).Abs() < recheck {
		return nil
	}
	if missed {
		s.w.Log.Warn("missed ticks are not caught up", "schedule", sched.Name, "since", last, "catch_up", sched.CatchUp)
		before := latest.Add(time.Nanosecond)
		if len(ticks) > 0 {
			before = pipeline.DateOf(ticks[0], s.w.Config.Zone).Start(s.w.Config.Zone)
		}
		_, unfit := s.looked[sched.Name]
		if err := s.leaveOut(ctx, desk, sched, s.missedTicks(sched, last, before), len(ticks) > 0, unfit); err != nil {
			return err
		}
	}
	if len(ticks) == 0 {
		delete(s.looked, sched.Name)
		s.pingTaken(sched)
	}
	if len(ticks) == 0 && missed {
		return s.w.Ledger.SetLastDue(ctx, sched.Name, sched.Spec.Last(latest, sched.Zone))
	}
	return s.planTicks(ctx, desk, sched, ticks, now)
}

// tellClamped says why what was planned ahead is looked at again. Where the hour was each recipient's own, all of a day is
// planned when it begins, which is no news.
func (s *server) tellClamped(sched config.Schedule, last, now time.Time) {
	if s.day(last) == s.day(now) {
		s.w.Log.Info("today's digests are made already, ahead of the hour", "schedule", sched.Name, "last_due", last)
		return
	}
	s.w.Log.Warn("the last run was in the future: a clock was wrong", "schedule", sched.Name, "last_due", last)
}

// planTicks plans ticks in their order. One whose data are unfit does not hold up those after it; once a later one is
// made, nobody makes up for it any more.
func (s *server) planTicks(ctx context.Context, desk *desk, sched config.Schedule, ticks []time.Time, now time.Time) error {
	var unfit []time.Time
	var why error
	for _, tick := range ticks {
		err := s.planTick(ctx, desk, sched, tick, now)
		var data *DataError
		if errors.As(err, &data) {
			unfit, why = append(unfit, tick), err
			continue
		}
		if err != nil {
			return err
		}
		if err := s.leaveOut(ctx, desk, sched, unfit, true, true); err != nil {
			return err
		}
		unfit, why = nil, nil
	}
	return why
}

// planTick plans one tick that is due; what hinders it is noted, so that admins can be told.
func (s *server) planTick(ctx context.Context, desk *desk, sched config.Schedule, tick, now time.Time) error {
	admin := s.isAdmin(sched.Name)
	r := s.w.newRound(sched, tick)
	r.advance, r.began, r.starts = tick, s.w.Now(), s.starts
	if admin {
		r.notice.due = s.waiting()
	}
	if err := s.w.plan(ctx, desk, r); err != nil {
		if !admin {
			s.hindered(sched.Name, tick, err)
		}
		var data *DataError
		if errors.As(err, &data) {
			s.looked[sched.Name] = now
		}
		return err
	}
	if len(r.notice.due) > 0 { // told by this digest, and taken back when it is over
		s.outage, s.toldAt = s.day(r.notice.due[0].At), s.w.Now()
	}
	delete(s.due, sched.Name)
	delete(s.looked, sched.Name)
	open := r.sum.Known < r.sum.People || r.sum.People == 0 // else a second tick of one day: everybody was dealt with
	if open {
		s.opened(ctx, r)
	}
	s.pingMade(ctx, r, open)
	return nil
}

// DueUntil is up to when ticks are planned now. Where the hour is each recipient's own, somebody's may come
// before the tick: the whole day is planned as soon as its period has ended.
func DueUntil(sched config.Schedule, now time.Time, zone *time.Location) time.Time {
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
	failures := 0 // of the ledger, in a row
	for ctx.Err() == nil {
		d := s.w.newDispatch(ledger.Filter{}, s.w.Now())
		err := s.w.replay(ctx)
		if err == nil {
			err = d.deliver(ctx)
		}
		if err == nil {
			err = s.closeRounds(ctx)
		}
		wait := d.next(schedule.Reconcile)
		nudged := s.nudge
		switch {
		case err != nil && ctx.Err() == nil:
			s.w.Log.Error("delivery stopped, trying again", "error", err)
			failures++
			wait, nudged = backOff(failures), nil // news of more work is no reason to try sooner
		case d.relay != nil:
			if d.tried {
				s.w.Log.Warn("relay cannot be used, trying again", "error", withoutAddresses(d.relay.Error()))
			}
			wait, nudged = s.w.gate.rest(s.w.Now()), nil
			failures = 0
		default:
			failures = 0
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
	open := s.openRounds()
	var still []*openRound
	var failed error
	for _, o := range open {
		filter := ledger.Filter{Schedule: o.sum.Schedule, Period: o.sum.Period}
		sum := o.sum
		left, err := s.w.Ledger.Waiting(ctx, filter)
		over := left.Pending+left.Sending == 0
		if err == nil {
			err = s.tellTrouble(ctx, o, over)
		}
		if err == nil && over {
			err = s.w.settleUp(ctx, filter, nil, &sum)
		}
		if err != nil || !over {
			failed = errors.Join(failed, err)
			still = append(still, o)
			continue
		}
		sum.Sent, sum.Skipped = sum.InAll, sum.InSkipped
		sum.Elapsed = s.w.Now().Sub(o.began)
		s.w.logEnd(sum)
		if !o.byHand { // it may be a part of a run, and whoever called it was told
			s.pingRound(sum)
		}
		if !isAlarm(sum.Period) {
			s.w.meter().Ended(sum.Schedule, sum.outcome(), sum.Elapsed)
		}
		for _, p := range sum.Problems {
			s.w.Log.Error("not delivered", "schedule", sum.Schedule, "period", sum.Period, "problem", p.forLog())
		}
	}
	s.mu.Lock()
	s.open = append(still, s.open[len(open):]...) // those that were opened meanwhile
	s.mu.Unlock()
	return failed
}
