package worker

import (
	"context"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
)

// Why a digest that was planned is not sent after all, where the person is not skipped for a reason of its own.
const (
	leftSince    = "no longer among the recipients"
	addressMoved = "the address has changed"
)

// withdraw skips what waits for people who have left, are away or have another address since it was planned, and says
// whether somebody has another one: to it the digest has to be made again.
func (w *Worker) withdraw(ctx context.Context, r *round, people []digest.Recipient, known map[ledger.Key]ledger.State) (moved bool, err error) {
	if len(r.job.Only) > 0 { // the others are not looked at
		return false, nil
	}
	skip, elsewhere := map[ledger.Key]string{}, map[string]bool{}
	for _, p := range people {
		skip[r.key(p)] = p.Skip
		elsewhere[p.Rep.ID] = elsewhere[p.Rep.ID] || p.Skip == ""
	}
	for key, state := range known {
		reason, meant := skip[key]
		if state != ledger.Pending || meant && reason == "" {
			continue
		}
		if !meant {
			reason = leftSince
			if key.RepID != "" && elsewhere[key.RepID] {
				reason = addressMoved
			}
		}
		done, err := w.Ledger.Withdraw(ctx, key, reason)
		if err != nil {
			return moved, err
		}
		moved = moved || done && reason == addressMoved
	}
	return moved, nil
}

// recheckPeople looks, every so often, whether those for whom mails have been waiting are still meant.
func (s *server) recheckPeople(ctx context.Context, desk *desk, now time.Time) error {
	if now.Sub(s.rechecked).Abs() < recheck {
		return nil
	}
	s.rechecked = now
	for _, o := range s.openRounds() {
		if isAlarm(o.sum.Period) || s.isAdmin(o.sum.Schedule) || now.Sub(o.began) < recheck {
			continue
		}
		left, err := s.w.Ledger.Waiting(ctx, ledger.Filter{Schedule: o.sum.Schedule, Period: o.sum.Period})
		if err != nil {
			return err
		}
		if left.Pending == 0 {
			continue
		}
		if err := s.recheckRound(ctx, desk, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) recheckRound(ctx context.Context, desk *desk, o *openRound) error {
	for _, sched := range s.schedules {
		if sched.Name != o.sum.Schedule {
			continue
		}
		r := s.w.newRound(sched, o.tick)
		known, err := s.w.Ledger.Known(ctx, sched.Name, r.period)
		if err != nil {
			return err
		}
		reps, err := desk.reps(ctx, r.end)
		if err != nil {
			return err
		}
		people, err := s.w.recipients(ctx, r, reps)
		if err != nil {
			return err
		}
		moved, err := s.w.withdraw(ctx, r, people, known)
		if err != nil || !moved {
			return err
		}
		return s.w.plan(ctx, desk, r)
	}
	return nil
}
