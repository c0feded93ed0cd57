package worker

import (
	"context"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// mostMissed bounds how many days that were missed are recorded, the newest.
const mostMissed = 400

// missedTicks are the ticks after last and before an instant, one for each period but that of last, if that is a tick
// and not the hour at which the schedule was seen first.
func (s *server) missedTicks(sched config.Schedule, last, before time.Time) (missed []time.Time) {
	zone := s.w.Config.Zone
	from, dealt := last, ""
	if sched.Spec.Last(last, sched.Zone).Equal(last) {
		dealt = s.day(last)
	}
	if bound := before.AddDate(0, 0, -mostMissed); from.Before(bound) {
		from = bound
	}
	for tick := sched.Spec.Next(from, sched.Zone); !tick.IsZero() && tick.Before(before); {
		if s.day(tick) != dealt {
			missed = append(missed, tick)
		}
		tick = sched.Spec.Next((pipeline.DateOf(tick, zone) + 1).Start(zone).Add(-time.Nanosecond), sched.Zone)
	}
	return missed
}

// leaveOut records that nobody makes up for these ticks, and tells the admins, also where the telling failed the
// last time. A period of which something else is known was dealt with; unfit: it was because of its data.
func (s *server) leaveOut(ctx context.Context, desk *desk, sched config.Schedule, ticks []time.Time, newerIsMade, unfit bool) error {
	var told []digest.DueTick
	for _, tick := range ticks {
		r := s.w.newRound(sched, tick)
		known, err := s.w.Ledger.Known(ctx, sched.Name, r.period)
		if err != nil {
			return err
		}
		_, recorded := known[ledger.Key{Schedule: sched.Name, Period: r.period}]
		if len(known) > 1 || len(known) == 1 && !recorded {
			continue
		}
		why := whyLeftOut(sched, newerIsMade)
		run := ledger.Run{Schedule: sched.Name, Period: r.period, Tick: tick, AsOf: r.end}
		if _, err = s.w.Ledger.PlanSeq(ctx, run, func(yield func(ledger.Delivery, error) bool) {
			yield(ledger.Delivery{Kind: sched.Digest, State: ledger.Skipped, Reason: "not made: " + why}, nil)
		}); err != nil {
			return err
		}
		if err := s.w.Ledger.FinishRun(ctx, sched.Name, r.period); err != nil {
			return err
		}
		if !recorded {
			s.w.meter().Ended(sched.Name, "missed", 0)
		}
		told = append(told, digest.DueTick{Schedule: sched.Name, At: tick, Unfit: unfit,
			Why: "It fell due at " + tick.In(sched.Zone).Format("15:04 on 2006-01-02") + ", and " + why + "."})
	}
	if len(told) > 0 {
		s.pingLeftOut(sched, s.day(told[len(told)-1].At), newerIsMade)
	}
	if len(told) == 0 || s.isAdmin(sched.Name) {
		return nil
	}
	return s.alarm(ctx, desk, s.day(told[len(told)-1].At)+" "+sched.Name+" "+missed, notice{cause: digest.Missed, missed: told})
}

// whyLeftOut says why a tick is not made up for.
func whyLeftOut(sched config.Schedule, newerIsMade bool) string {
	const hindered = "Drumbeat did not run then, or could not read the pipeline, or not trust it; "
	switch {
	case sched.CatchUp == "last" && newerIsMade:
		return hindered + "catch_up: last makes up for the newest digest only"
	case sched.CatchUp == "none":
		return hindered + "catch_up: none makes up for nothing"
	}
	return hindered + "that is longer ago than the schedule's max_age"
}
