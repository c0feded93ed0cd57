package twin

import (
	"cmp"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

func (w *world) dealRows() []health.Deal {
	out := []health.Deal{}
	for _, d := range w.openDeals(team()) {
		out = append(out, w.dealRow(d))
	}
	return out
}

func (w *world) dealRow(d *deal) health.Deal {
	row := health.Deal{ID: d.ID, Name: d.Name, RepID: text(d.RepID), Amount: w.amountAt(d, w.asOf),
		ExpectedClose: d.expectedAt(w.asOf), Stalled: w.stalledAt(d, w.asOf), ChanceToAdvance: w.chanceToAdvance(d),
		DaysSinceBuyer: w.daysSinceBuyer(d, w.asOf), Silent: w.silent(d), Missed: w.missedOf(d), Lacks: w.lacks(d)}
	if s := w.stageAt(d, w.asOf); s != nil {
		row.Stage = pipeline.Some(s.Key)
	}
	if waited, s := w.waiting(d, w.asOf); waited.OK {
		row.DaysInStage = pipeline.Some(days(waited.V))
		if t := w.thresholds[s.Key].limit; t.OK {
			row.ThresholdDays = pipeline.Some(days(t.V))
		}
	}
	row.Chance = w.statedChance(d, w.asOf)
	category := w.knownCategory(d, w.asOf)
	row.Committed = category.V == "commit" || !category.OK && row.Chance.V >= 0.7
	if w.has(pipeline.Forecasts) {
		n, _ := pushes(d, d.created.Add(-100*365*day), w.asOf)
		row.Pushes = pipeline.Some(n)
	}
	row.Fitness, row.Deviations = w.fitness(d)
	row.Concerns = w.concerns(d, row)
	return row
}

// missedOf lists the deal's missed checkpoints in process order.
func (w *world) missedOf(d *deal) []string {
	out := []string{}
	for _, c := range w.checks {
		if slices.ContainsFunc(d.due, func(x due) bool { return x.key == c.key && x.state == "missed" }) {
			out = append(out, c.key)
		}
	}
	return out
}

// lacks lists the missed buyer checkpoints that do not hold as of the instant either.
func (w *world) lacks(d *deal) []string {
	return filter(w.missedOf(d), func(key string) bool {
		return slices.ContainsFunc(d.due, func(x due) bool { return x.key == key && x.buyer() && !holds(d, x.asks, w.asOf) })
	})
}

func (w *world) concerns(d *deal, row health.Deal) []string {
	out := []string{}
	open := d.outcome == pipeline.Open
	for _, c := range []struct {
		word string
		is   bool
	}{
		{health.ConcernStalled, row.Stalled.V},
		{health.ConcernSilent, row.Silent.V},
		{health.ConcernEvidence, len(row.Lacks) > 0},
		{health.ConcernPushed, open && row.Pushes.V >= 2},
		{health.ConcernOverdue, open && w.overdue(d)},
	} {
		if c.is {
			out = append(out, c.word)
		}
	}
	return out
}

func (w *world) lostRows() []health.LostDeal {
	out := []health.LostDeal{}
	for _, d := range w.deals {
		if !d.endedIn(pipeline.Lost, w.edges[7], w.edges[8]) {
			continue
		}
		row := health.LostDeal{ID: d.ID, RepID: text(d.RepID), Clean: w.cleanLoss(d), LossReason: text(d.LossReason),
			DaysSinceBuyer: w.daysSinceBuyer(d, d.closed), Visits: lostVisits(d), Checkpoints: []health.LostCheckpoint{}}
		row.Fitness, _ = w.fitness(d)
		for _, x := range w.retraced(d) {
			row.Checkpoints = append(row.Checkpoints, health.LostCheckpoint{Key: x.key, At: x.at.UTC(), State: x.state})
			if x.state == "missed" && !row.FirstMissed.OK {
				row.FirstMissed = pipeline.Some(x.key)
			}
		}
		out = append(out, row)
	}
	return out
}

func lostVisits(d *deal) []health.LostVisit {
	out := []health.LostVisit{}
	for _, v := range d.visits {
		row := health.LostVisit{Stage: v.stage.Key, Start: v.start.UTC(), Days: pipeline.Some(days(v.end.Sub(v.start))), End: v.how}
		out = append(out, row)
	}
	return out
}

// retraced lists what fell due by the time due, then process order.
func (w *world) retraced(d *deal) []due {
	out := slices.Clone(d.due)
	slices.SortStableFunc(out, func(a, b due) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(w.placeOf(a.key), w.placeOf(b.key)))
	})
	return out
}

// cleanLoss: nothing missed, and the buyer did something that the process asks for.
func (w *world) cleanLoss(d *deal) bool {
	if slices.ContainsFunc(d.due, func(x due) bool { return x.state == "missed" }) {
		return false
	}
	if !w.hasCriteria() {
		return slices.ContainsFunc(d.moves, func(m move) bool {
			return m.stage != nil && m.stage.Phase == process.Selling && m.by != ""
		})
	}
	return slices.ContainsFunc(d.due, func(x due) bool { return strings.HasPrefix(x.key, "buyer:") && x.state == "met" })
}

func (w *world) closedRows() []health.ClosedDeal {
	var out []health.ClosedDeal
	for _, d := range w.deals {
		if d.outcome != pipeline.Open && within(d.closed, w.edges[7], w.edges[8]) {
			out = append(out, health.ClosedDeal{ID: d.ID, Name: d.Name, RepID: d.RepID, Won: d.outcome == pipeline.Won, Amount: w.amountAtClosing(d)})
		}
	}
	return out
}
