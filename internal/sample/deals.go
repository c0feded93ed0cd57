package sample

import (
	"math"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// story is what happens to one deal, before it becomes rows.
type story struct {
	owner    *person
	steps    []step // as they happen, the stages after the win included
	outcome  pipeline.Outcome
	closed   time.Time
	evidence float64   // chance that a criterion that falls due is met in time; 1: certain
	quiet    time.Time // from then on nothing comes from the buyer; zero: the buyer keeps in touch
	pushAt   time.Time // the close date is moved then, and at no other time after the last step; zero: as usual
	promise  time.Time // the expected close from the start; zero: estimated
	amount   float64   // 0: drawn
	stated   float64   // the chance stated while selling; 0: by stage and habit
	waived   bool      // the stages left out were agreed to be left out
}

// step is the entry of a deal into a stage.
type step struct {
	stage int // its place in the shape
	at    time.Time
	by    *person
}

func (s *story) last() step { return s.steps[len(s.steps)-1] }

// sellingEnd is when there is nothing left to forecast.
func (s *story) sellingEnd(asOf time.Time) time.Time {
	if s.outcome == pipeline.Open {
		return asOf
	}
	return s.closed
}

// natural lets a deal live from its creation to its end or to as-of. More deals come every year.
func (t *teller) natural(d dice, i int) *story {
	first, n := len(t.roster.roles), t.opt.Deals
	u := (float64(max(0, i-first)) + d.Float64()) / float64(max(1, n-first))
	begin := t.opt.AsOf.Add(-historyDays * day)
	created := begin.Add(inDays((historyDays - 2) * math.Pow(u, 0.75)))
	owner := t.staff.owner(d, created)
	s := &story{owner: owner, outcome: pipeline.Open, evidence: owner.evidence}
	at := d.atWork(created, owner.offset)
	if !at.Before(t.opt.AsOf) || at.Before(owner.from) {
		at = created.Truncate(time.Minute)
	}
	t.live(d, s, t.firstStage(d), at)
	t.retire(s)
	if s.outcome == pipeline.Lost {
		s.evidence *= 0.8 // what the buyer does not do shows in the end
	}
	return s
}

// firstStage is where a deal begins: an optional first stage is often passed over.
func (t *teller) firstStage(d dice) int {
	at := 0
	for at < t.shape.lastSell && !t.shape.stages[at].Mandatory && d.happens(0.15) {
		at++
	}
	return at
}

// live walks the deal from stage to stage, until it is closed, at home in the last stage, or as-of is reached.
func (t *teller) live(d dice, s *story, stage int, at time.Time) {
	for {
		s.steps = append(s.steps, step{stage: stage, at: at, by: s.owner})
		here := t.shape.stages[stage]
		if here.Final {
			return
		}
		stay := d.dwell(here.median * s.owner.pace)
		goesOn := here.Phase == process.After || d.happens(t.luck(s))
		if !goesOn {
			stay = stay * 8 / 5
		}
		next := d.after(at, at.Add(stay), s.owner.offset)
		if !next.Before(t.opt.AsOf) {
			return
		}
		if !goesOn {
			s.outcome, s.closed = pipeline.Lost, next
			return
		}
		if stage = t.next(d, s, stage, next); stage >= len(t.shape.stages) {
			if s.outcome == pipeline.Open {
				s.outcome, s.closed = pipeline.Won, next
			}
			return
		}
		if at = next; t.shape.stages[stage].Phase == process.After && s.outcome == pipeline.Open {
			s.outcome, s.closed = pipeline.Won, next
			if at = d.after(next, next.Add(d.days(0, 3)), s.owner.offset); !at.Before(t.opt.AsOf) {
				return
			}
		}
	}
}

// luck is the chance that the deal moves on from where it is: better where the owner takes the buyer along, and
// a little where the house's shortcut was taken.
func (t *teller) luck(s *story) float64 {
	p := t.shape.stages[s.last().stage].advance + 0.3*(s.owner.evidence-0.8)
	if t.leftOut(s) {
		p += 0.1 * (1 - p)
	}
	return p
}

// leftOut says whether the deal went past the shortcut stage without entering it.
func (t *teller) leftOut(s *story) bool {
	if t.shape.shortcut < 0 || s.last().stage <= t.shape.shortcut {
		return false
	}
	for _, st := range s.steps {
		if st.stage == t.shape.shortcut {
			return false
		}
	}
	return true
}

// next draws the stage that a deal enters at t after the stage from: mostly the one that follows, sometimes an
// earlier one, sometimes one beyond a stage that is left out. The number of stages stands for the end.
func (t *teller) next(d dice, s *story, from int, at time.Time) int {
	selling := t.shape.stages[from].Phase == process.Selling
	if selling && from > t.shape.selling && len(s.steps) > 1 && len(s.steps) < 8 && d.happens(0.04) {
		return s.steps[len(s.steps)-2].stage
	}
	to := from + 1
	for to < len(t.shape.stages) && to <= t.shape.lastSell && d.happens(t.skipChance(to, s.owner, at)) {
		to++
	}
	return to
}

// skipChance is how often a stage is left out. The shortcut became the habit of the house within two years.
func (t *teller) skipChance(stage int, who *person, at time.Time) float64 {
	switch {
	case !t.shape.stages[stage].Mandatory:
		return 0.25
	case stage == t.shape.shortcut:
		return min(0.9, who.skip*(0.98-0.35*t.opt.AsOf.Sub(at).Hours()/24/historyDays))
	default:
		return 0.03 * who.skip
	}
}

// retire ends what a person does on the day of leaving: the deals of one who has left go to a colleague, those
// of one on leave stand still.
func (t *teller) retire(s *story) {
	until := s.owner.until
	if until.IsZero() || (s.outcome != pipeline.Open && s.closed.Before(until) && s.last().at.Before(until)) {
		return
	}
	if s.owner.heir != nil {
		old := s.owner
		s.owner = old.heir
		for i := range s.steps {
			if !s.steps[i].at.Before(until) {
				s.steps[i].by = s.owner
			}
		}
		return
	}
	for len(s.steps) > 1 && !s.last().at.Before(until) {
		s.steps = s.steps[:len(s.steps)-1]
	}
	if s.outcome != pipeline.Open && !s.closed.Before(until) {
		s.outcome, s.closed = pipeline.Open, time.Time{}
	}
}

// reach tells backwards how a deal of that owner came to enter a stage at an instant: through the route, each
// stay as long as usual there.
func (t *teller) reach(d dice, owner *person, route []int, entered time.Time) *story {
	s := &story{owner: owner, outcome: pipeline.Open, evidence: owner.evidence, steps: make([]step, len(route))}
	at := entered
	for k := len(route) - 1; k >= 0; k-- {
		s.steps[k] = step{stage: route[k], at: at, by: owner}
		if k > 0 {
			usual := t.shape.stages[route[k-1]].median
			if at = d.atWork(at.Add(-max(day, d.dwell(usual))), owner.offset); !at.Before(s.steps[k].at) {
				at = s.steps[k].at.Add(-4 * time.Hour)
			}
		}
	}
	return s
}

// route lists the stages on the way to a stage, without what is often left out unless the deal is whole.
func (t *teller) route(d dice, to int, whole bool) []int {
	var out []int
	for i := range to {
		optional := !t.shape.stages[i].Mandatory
		if (optional && d.happens(0.25)) || (!whole && i == t.shape.shortcut && d.happens(0.5)) {
			continue
		}
		out = append(out, i)
	}
	return append(out, to)
}
