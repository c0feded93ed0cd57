package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/pipeline"
)

// Prospect is somebody whom a tick will mean, by what is known before it comes.
type Prospect struct {
	digest.Recipient
	Deals int       // open ones in scope
	At    time.Time // the recipient's own hour, in the recipient's zone; zero where the hour is the schedule's
}

// Foresee says whom a tick will mean: those who get a mail first, then those who do not, each by id. Deals are those
// as of the end of the tick's period, or as of now where that is still to come. Who has nothing to say
// (SkipEmpty) is known only at the tick. Of admins those in the config are given beside the error, if there is one.
func (p *Preview) Foresee(ctx context.Context, s config.Schedule, tick, now time.Time) ([]Prospect, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.w.newRound(s, tick)
	asOf := r.end
	if asOf.After(now) {
		asOf = now
	}
	reps, deals, unread := p.standing(ctx, s, p.desk(asOf), asOf)
	if unread != nil && (s.Digest != config.Admin || errors.As(unread, new(PeopleError))) {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, unread)
	}
	people, err := p.w.recipients(ctx, r, reps)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	return r.prospects(people, deals), unread
}

// prospects are the recipients of a round, those who get a mail first.
func (r *round) prospects(people []digest.Recipient, deals map[string]int) (out []Prospect) {
	for _, to := range people {
		prospect := Prospect{Recipient: to}
		for _, rep := range to.Members {
			prospect.Deals += deals[rep]
		}
		if r.schedule.RecipientZone && r.schedule.Digest != config.Admin { // admins hear of things when there is something to tell
			prospect.At = r.hourOf(to.Rep.TimeZone).In(r.zoneOf(to.Rep.TimeZone))
		}
		out = append(out, prospect)
	}
	slices.SortStableFunc(out, func(a, b Prospect) int {
		switch {
		case (a.Skip == "") == (b.Skip == ""):
			return 0
		case a.Skip == "":
			return -1
		}
		return 1
	})
	return out
}

// standing gives the people, and how many open deals each rep has; an admins' digest is about nobody's.
func (p *Preview) standing(ctx context.Context, s config.Schedule, desk *desk, asOf time.Time) ([]pipeline.Rep, map[string]int, error) {
	if s.Digest == config.Admin {
		reps, unread := p.w.adminReps(ctx, desk, asOf)
		return reps, nil, unread
	}
	f, err := desk.compute(ctx, asOf, pipeline.Week) // which deals are open depends on no window: one reading for all schedules
	if err != nil {
		return nil, nil, err
	}
	deals := map[string]int{}
	for _, d := range f.report.Deals {
		if d.RepID.OK {
			deals[d.RepID.V]++
		}
	}
	return f.reps, deals, nil
}

// Meant says whom a tick will mean, as Foresee does, by the people alone: of Deals nothing is known.
func (w *Worker) Meant(ctx context.Context, s config.Schedule, tick time.Time) ([]Prospect, error) {
	r, desk := w.newRound(s, tick), w.newDesk()
	reps, err := desk.reps(ctx, r.end)
	if err != nil {
		return nil, err
	}
	people, err := w.recipients(ctx, r, reps)
	if err != nil {
		return nil, err
	}
	return r.prospects(people, nil), nil
}
