package worker

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/schedule"
)

// What cannot wait for the admins' own tick is told at once, as a mail of the admin schedule whose period names the
// run or the day and the state: "2026-06-01 team trouble". So the ledger keeps it from being told twice, by another
// replica or after a restart too.

// The states that are told at once. A run's trouble is told when everybody had a turn, and once more at its end if
// more failed; a source that is out of reach once a day, and when it is back.
const (
	troubled = "trouble"
	ended    = "ended"
	doubted  = "data"
	missed   = "missed"
	notMade  = "not made"
	madeLate = "made late"
)

// settling is how long an admins' digest waits for runs whose mails are going out, so that it can say what became of
// them.
const settling = 30 * time.Minute

// isAlarm says whether an admin schedule's period is no tick's.
func isAlarm(period string) bool { return strings.Contains(period, " ") }

// alarm tells all admins at once. It bears repeating: what is in the ledger is not told again.
func (s *server) alarm(ctx context.Context, desk *desk, period string, n notice) error {
	for _, sched := range s.admins {
		r := s.w.newRound(sched, s.w.Now())
		r.period, r.sum.Period, r.notice, r.began = period, period, n, s.w.Now()
		if err := s.w.plan(ctx, desk, r); err != nil {
			return err
		}
		if r.sum.Digests > 0 {
			s.opened(ctx, r)
		}
	}
	select {
	case s.nudge <- struct{}{}:
	default: // one is waiting
	}
	return nil
}

// opened keeps a round in view until its last mail is dealt with.
func (s *server) opened(ctx context.Context, r *round) {
	o := &openRound{sum: r.sum, tick: r.tick, byHand: r.byHand, began: r.began, data: s.dataOf(ctx, r)}
	s.mu.Lock()
	s.open = append(s.open, o)
	s.mu.Unlock()
}

func (s *server) openRounds() []*openRound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open)
}

// hindered notes that a tick could not be made. The later ones of its day are the same digest, which has waited since
// the first.
func (s *server) hindered(schedule string, tick time.Time, err error) {
	if before, waits := s.due[schedule]; waits && s.day(before.At) == s.day(tick) {
		tick = before.At
	}
	s.due[schedule] = s.w.dueTick(schedule, tick, err)
}

// outOfReach tells of ticks that cannot be made, a minute after they were due: a database that restarts is no news.
// When they have been made after all it says so.
func (s *server) outOfReach(ctx context.Context, desk *desk, now time.Time) error {
	if len(s.admins) == 0 {
		return nil
	}
	if due := s.waiting(); len(due) > 0 {
		if day := s.day(due[0].At); now.Sub(due[0].At) > punctual && s.outage != day {
			if err := s.alarm(ctx, desk, day+" "+notMade, notice{cause: digest.NotMade, due: due}); err != nil {
				return err
			}
			s.outage, s.toldAt, s.quiet = day, s.w.Now(), slices.ContainsFunc(due, func(t digest.DueTick) bool { return t.Data != nil })
		}
		return nil
	}
	if s.outage == "" || s.busy(ctx) {
		return nil
	}
	late := func(run ledger.Run) bool {
		return run.Digests > 0 && !run.Tick.IsZero() && run.StartedAt.After(s.toldAt)
	}
	runs, err := s.w.history().Runs(ctx, s.toldAt)
	if err != nil {
		return err
	}
	if s.quiet && !slices.ContainsFunc(runs, late) { // they were left out, which is told, or somebody has made them by hand
		s.outage = ""
		return nil
	}
	if err := s.alarm(ctx, desk, s.outage+" "+madeLate, notice{cause: digest.MadeLate, about: late}); err != nil {
		return err
	}
	s.outage = ""
	return nil
}

// waiting are the ticks that could not be made so far, the oldest first.
func (s *server) waiting() []digest.DueTick {
	return slices.SortedFunc(maps.Values(s.due), func(a, b digest.DueTick) int {
		return cmp.Or(cmp.Compare(a.At.UnixNano(), b.At.UnixNano()), cmp.Compare(a.Schedule, b.Schedule))
	})
}

// day names the period of a tick.
func (s *server) day(tick time.Time) string {
	zone := s.w.Config.Zone
	return schedule.PeriodKey(schedule.End(tick, zone), zone)
}

// busy says whether mails of a run are going out at this moment; those that wait for their time do not count.
func (s *server) busy(ctx context.Context) bool {
	for _, o := range s.openRounds() {
		if isAlarm(o.sum.Period) {
			continue
		}
		left, err := s.w.Ledger.Waiting(ctx, ledger.Filter{Schedule: o.sum.Schedule, Period: o.sum.Period})
		if err == nil && (left.Sending > 0 || left.Pending > 0 && left.Next == 0) {
			return true
		}
	}
	return false
}

// tellTrouble tells of a round whose mails have all had a turn: digests that did not arrive, or data in doubt.
func (s *server) tellTrouble(ctx context.Context, o *openRound, over bool) error {
	if len(s.admins) == 0 || s.isAdmin(o.sum.Schedule) || isAlarm(o.sum.Period) {
		return nil
	}
	lost, err := s.w.Ledger.Lost(ctx, o.sum.Schedule, o.sum.Period)
	if err != nil {
		return err
	}
	what, n := o.sum.Schedule+" "+troubled, notice{cause: digest.Trouble, data: o.data,
		about: func(run ledger.Run) bool { return run.Schedule == o.sum.Schedule && run.Period == o.sum.Period }}
	switch {
	case o.told && over && lost > o.lost:
		what, n.cause = o.sum.Schedule+" "+ended, digest.Ended
	case !o.told && lost > 0:
	case !o.doubted && o.data != nil && o.data.Doubtful():
		what = doubted // the same data for every schedule of the day: told once
	default:
		return nil
	}
	if err := s.alarm(ctx, s.w.newDesk(), o.sum.Period+" "+what, n); err != nil {
		return err
	}
	o.told, o.lost, o.doubted = lost > 0, lost, true
	return nil
}

// dataOf says how the data of a round looked; nil when nothing was made.
func (s *server) dataOf(ctx context.Context, r *round) *digest.DataState {
	if r.made == nil || len(s.admins) == 0 {
		return nil
	}
	runs, err := s.w.history().Runs(ctx, r.end.Add(-remembered))
	if err != nil {
		return nil // the digest of the admins' next tick looks again
	}
	return stateOf(r.made, rowsBefore(runs, r.schedule.Name, r.end))
}

func (s *server) isAdmin(name string) bool {
	return slices.ContainsFunc(s.admins, func(a config.Schedule) bool { return a.Name == name })
}

// resume takes up what an earlier process left: rounds that have not ended, and an outage that was told.
func (s *server) resume(ctx context.Context) error {
	runs, err := s.w.history().Runs(ctx, s.started.Add(-remembered))
	if err != nil {
		return err
	}
	var told, back string // the last days of which that was said
	for _, run := range runs {
		day, state, alarm := strings.Cut(run.Period, " ")
		switch {
		case !alarm || !s.isAdmin(run.Schedule):
		case state == notMade:
			if day > told {
				told, s.toldAt = day, run.StartedAt
			}
		case state == madeLate:
			back = max(back, day)
		}
		if run.FinishedAt.IsZero() { // of a schedule that is gone since too: what waits of it still goes out
			s.mu.Lock()
			tick := run.Tick
			if tick.IsZero() {
				tick = run.AsOf
			}
			s.open = append(s.open, &openRound{began: run.StartedAt, tick: tick, byHand: run.Tick.IsZero(),
				sum: Summary{Schedule: run.Schedule, Period: run.Period, Deals: run.Deals, Reps: run.Reps, Digests: run.Digests}})
			s.mu.Unlock()
		}
	}
	if told > back {
		s.outage, s.quiet = told, true
	}
	return nil
}
