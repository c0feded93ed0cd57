package worker

import (
	"context"
	"fmt"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// believable is how many people may be gone from the source at once, whatever their share: more than that, and more
// than a third of those for whom mails wait, is a table that is being loaded.
const believable = 3

// withdrawn gives what waits for people who have left, are away or have another address since it was planned, or whom
// the config does not mean any more, with the reason. Where too many are gone from the source it believes that of nobody.
func (r *round) withdrawn(people []digest.Recipient, reps []pipeline.Rep, known map[ledger.Key]ledger.State) (map[ledger.Key]string, error) {
	if len(r.job.Only) > 0 { // the others are not looked at
		return nil, nil
	}
	skip, elsewhere := map[ledger.Key]string{}, map[string]bool{}
	for _, p := range people {
		skip[r.key(p)] = p.Skip
		elsewhere[p.Rep.ID] = elsewhere[p.Rep.ID] || p.Skip == ""
	}
	there := r.couldBeMeant(reps)
	reasons, waiting, gone := map[ledger.Key]string{}, 0, 0
	for key, state := range known {
		if state != ledger.Pending {
			continue
		}
		waiting++
		reason, meant := skip[key]
		switch {
		case meant && reason != "":
			reasons[key] = reason
		case meant:
		case key.RepID != "" && elsewhere[key.RepID]:
			reasons[key] = ledger.AddressMoved
		default:
			reasons[key] = ledger.LeftSince
			if !there[key.RepID] {
				gone++
			}
		}
	}
	if gone > believable && 3*gone > waiting {
		return nil, fmt.Errorf("of %d people for whom mails wait %d are gone from the source, or have no reports or team there any more, which nobody believes; look whether its load still runs", waiting, gone)
	}
	return reasons, nil
}

// couldBeMeant are those of whom the source has all that it takes, whatever the config chooses from among them. Where it
// chooses by team, that takes one.
func (r *round) couldBeMeant(reps []pipeline.Rep) map[string]bool {
	there := map[string]bool{}
	for _, p := range digest.Recipients(digest.Rule{Kind: digest.Kind(r.schedule.Digest)}, reps, 0) {
		there[p.Rep.ID] = p.Rep.Team != "" || r.schedule.Recipients.Teams == nil
	}
	return there
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

// recheckRound plans once more: whom the ledger knows is left alone, who is not meant any more is withdrawn, and who has
// another address gets it there.
func (s *server) recheckRound(ctx context.Context, desk *desk, o *openRound) error {
	for _, sched := range s.schedules {
		if sched.Name == o.sum.Schedule {
			r := s.w.newRound(sched, o.tick)
			r.byHand = o.byHand
			return s.w.plan(ctx, desk, r)
		}
	}
	return nil
}
