package sample

import (
	"math"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// usualGrace is how long after a move its evidence counts where the process says nothing else.
const usualGrace = 3 * day

// scribe writes the rows of one story.
type scribe struct {
	*teller
	*story
	d dice
	h *pipeline.History
}

// history gives the deal of the j-th id with all its rows.
func (t *teller) history(j int) *pipeline.History {
	i := t.index(j)
	s, d := t.story(i)
	w := scribe{teller: t, story: s, d: d, h: &pipeline.History{}}
	w.h.Deal = pipeline.Deal{ID: t.id(j), Name: dealName(i), RepID: s.owner.ID, Pipeline: t.shape.pipeline,
		Currency: t.opt.Currency, CreatedAt: s.steps[0].at, Outcome: s.outcome}
	w.changes()
	amount := w.worth()
	w.forecasts(amount)
	w.activities(w.criteria())
	w.close(amount)
	return w.h
}

// worth is what the deal is worth in the end: many small ones, few large ones, in round figures.
func (w *scribe) worth() float64 {
	if w.amount > 0 {
		return w.amount
	}
	a := min(250_000, max(5_000, 28_000*math.Exp(0.55*w.d.NormFloat64())))
	return round(a, 500)
}

func round(x, to float64) float64 { return to * math.Round(x/to) }

func (w *scribe) changes() {
	enter := func(stage string, at time.Time, by *person) {
		w.h.Changes = append(w.h.Changes, pipeline.StageChange{Stage: stage, At: at, RepID: by.ID,
			Seq: pipeline.Some(int64(len(w.h.Changes) + 1))})
		w.h.Deal.Stage = stage
	}
	closing := w.shape.won
	if w.outcome == pipeline.Lost {
		closing = w.shape.lost
	}
	closed := w.outcome == pipeline.Open || closing == ""
	for _, s := range w.steps {
		if !closed && !s.at.Before(w.closed) {
			enter(closing, w.closed, w.owner)
			closed = true
		}
		enter(sourceName(w.shape.at(s.stage, s.at)), s.at, s.by)
	}
	if !closed {
		enter(closing, w.closed, w.owner)
	}
}

// criteria writes what the buyer has proved, and the waivers of what was agreed. It gives back from when on
// each kind of activity that proves something may happen by chance: a kind that is not there was never proved.
func (w *scribe) criteria() map[string]time.Time {
	free := map[string]time.Time{}
	due := map[string]bool{}
	entered := map[int]bool{}
	furthest := -1
	fall := func(stage int, at time.Time) {
		st := w.shape.at(stage, at)
		for i := range st.Requires {
			if c := &st.Requires[i]; !due[c.Key] && (!c.Since.OK || !at.Before(c.Since.V)) {
				due[c.Key] = true
				w.prove(c, at, free)
			}
		}
	}
	pass := func(to int, at time.Time) {
		for k := furthest + 1; k < to; k++ {
			if st := w.shape.at(k, at); st.Mandatory && !entered[k] {
				fall(k, at)
				w.waive(process.StageCheckpoint(st.Key), at)
			}
		}
		furthest = max(furthest, to)
	}
	for _, s := range w.steps {
		pass(s.stage, s.at)
		if !entered[s.stage] {
			entered[s.stage] = true
			fall(s.stage, s.at)
		}
	}
	if w.outcome == pipeline.Won && w.last().stage <= w.shape.lastSell {
		pass(w.shape.lastSell+1, w.closed)
	}
	slices.SortStableFunc(w.h.Criteria, func(a, b pipeline.CriterionMet) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(w.h.Waivers, func(a, b pipeline.Waiver) int { return a.At.Compare(b.At) })
	return free
}

// prove writes the rows that meet a criterion that falls due at an instant: in time, late, or never.
func (w *scribe) prove(c *process.Criterion, due time.Time, free map[string]time.Time) {
	var at time.Time
	switch grace := c.Grace.Or(usualGrace); {
	case w.evidence >= 1:
		at = due.Add(-w.d.days(0.1, 6))
	case w.d.happens(w.evidence):
		at = w.d.atWork(due.Add(w.d.days(-8, 0.4*grace.Hours()/24)), w.owner.offset)
	case w.d.happens(0.35):
		at = w.d.atWork(due.Add(grace+w.d.days(3, 16)), w.owner.offset)
	default:
		return
	}
	if at.Before(w.steps[0].at) {
		at = w.steps[0].at
	}
	if !w.happensInTime(at) {
		return
	}
	switch by := c.MetBy; by.Means {
	case process.ByCriterion:
		key := by.Criterion
		if key == "" {
			key = c.Key
		}
		w.h.Criteria = append(w.h.Criteria, pipeline.CriterionMet{Criterion: key, At: at})
	case process.ByActivity:
		a := pipeline.Activity{At: at, Kind: by.Kind, Party: by.Party}
		if a.Kind == "" {
			a.Kind = "call"
		}
		if a.Party == "" {
			a.Party = pipeline.BuyerParty
		}
		for range max(1, by.Count) {
			w.h.Activities = append(w.h.Activities, a)
			a.At = a.At.Add(-30 * time.Minute)
		}
		free[strings.ToLower(by.Kind)] = at
	}
}

// happensInTime says whether the buyer still did something then, and whether as-of can see it.
func (w *scribe) happensInTime(at time.Time) bool {
	return at.Before(w.opt.AsOf) && (w.quiet.IsZero() || at.Before(w.quiet)) &&
		(w.outcome != pipeline.Lost || at.Before(w.closed))
}

// waive excuses a stage left out where that was agreed, which is rare; of the last two weeks only what is planted.
func (w *scribe) waive(checkpoint string, at time.Time) {
	rarely := at.Before(w.opt.AsOf.Add(-14*day)) && w.d.happens(0.06)
	if at = at.Add(time.Duration(20+w.d.IntN(100)) * time.Minute); !(w.waived || rarely) || !at.Before(w.opt.AsOf) {
		return
	}
	w.h.Waivers = append(w.h.Waivers, pipeline.Waiver{DealID: w.h.Deal.ID, Checkpoint: checkpoint,
		Reason: pick(w.d, waiverReasons), GrantedBy: w.owner.ManagerID, At: at})
}

// activities adds the usual mails, calls and meetings of both parties to those that prove something.
func (w *scribe) activities(free map[string]time.Time) {
	proves := w.provingKinds()
	until, sold := w.opt.AsOf, w.owner.until
	if w.outcome == pipeline.Lost {
		until = w.closed
	} else if w.shape.stages[w.last().stage].Final {
		until = w.last().at
	}
	talk := func(party string, mean float64, end time.Time, kinds []string) {
		for at := w.steps[0].at; ; {
			at = w.d.after(at, at.Add(w.d.gap(mean)), w.owner.offset)
			if !at.Before(end) {
				return
			}
			kind := pick(w.d, kinds)
			if from, ok := free[kind]; party == pipeline.BuyerParty && proves[kind] && (!ok || at.Before(from)) {
				kind = "email" // a proof does not happen by chance
			}
			w.h.Activities = append(w.h.Activities, pipeline.Activity{At: at, Kind: kind, Party: party})
		}
	}
	sellerEnd, buyerEnd := until, until
	if w.owner.kind == onLeave && sold.Before(until) {
		sellerEnd = sold
	}
	if !w.quiet.IsZero() && w.quiet.Before(until) {
		buyerEnd = w.quiet
	}
	talk("seller", 5, sellerEnd, []string{"email", "email", "call", "call", "meeting", "note"})
	talk(pipeline.BuyerParty, 6, buyerEnd, []string{"email", "email", "call", "meeting"})
	slices.SortStableFunc(w.h.Activities, func(a, b pipeline.Activity) int { return a.At.Compare(b.At) })
}

// provingKinds are the kinds of buyer activity that meet some criterion.
func (w *scribe) provingKinds() map[string]bool {
	kinds := map[string]bool{}
	for _, s := range w.shape.stages {
		for _, c := range s.Requires {
			if c.MetBy.Means == process.ByActivity {
				kinds[strings.ToLower(c.MetBy.Kind)] = true
			}
		}
	}
	return kinds
}

// close writes the deal's own columns: what is in force while it is open, hindsight when it is closed.
func (w *scribe) close(amount float64) {
	deal := &w.h.Deal
	for _, f := range w.h.Forecasts {
		if f.ExpectedClose.OK {
			deal.ExpectedClose = f.ExpectedClose
		}
		if f.Amount.OK {
			deal.Amount = f.Amount
		}
		deal.Probability, deal.ForecastCategory = f.Probability, f.Category
	}
	if w.outcome == pipeline.Open {
		return
	}
	deal.ClosedAt = pipeline.Some(w.closed)
	deal.ExpectedClose = pipeline.Some(pipeline.DateOf(w.closed, time.UTC))
	deal.Probability, deal.ForecastCategory = pipeline.Some(0.0), ""
	if w.outcome == pipeline.Won {
		deal.Probability, deal.Amount = pipeline.Some(1.0), pipeline.Some(amount)
	} else {
		deal.LossReason = pick(w.d, lossReasons)
	}
}
