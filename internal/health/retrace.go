package health

import (
	"cmp"
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// retrace tells the story of a lost deal: its stays, what fell due and what became of it. A clean loss
// missed nothing and has at least one buyer checkpoint met (in a process without criteria: entered a selling
// stage by a rep's hand): the rep did everything right.
func (c *computation) retrace(d *view) LostDeal {
	l := LostDeal{ID: d.h.Deal.ID, RepID: text(d.h.Deal.RepID), LossReason: text(d.h.Deal.LossReason),
		Visits: []LostVisit{}, Checkpoints: []LostCheckpoint{}}
	l.Fitness, _ = c.conformance(d)
	if since, ok := c.lastBuyer(d, d.closedAt); ok && c.has(pipeline.Activities) {
		l.DaysSinceBuyer = pipeline.Some(days(d.closedAt - since))
	}
	for _, v := range d.visits {
		l.Visits = append(l.Visits, LostVisit{Stage: v.stage.Key, Start: fromInstant(v.start),
			Days: Number{V: days(v.dwell), OK: !d.foundHere(v.start)}, End: v.end.String()})
	}
	due := slices.Clone(d.checks)
	slices.SortStableFunc(due, func(a, b dueCheck) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.check, b.check)) })
	proof := !slices.Contains(c.evidence, true) && c.soldByRep(d) && !c.observesStages()
	for _, k := range due {
		key := c.checks[k.check].Key
		l.Checkpoints = append(l.Checkpoints, LostCheckpoint{Key: key, At: fromInstant(k.at), State: k.state.String()})
		if k.state == missed && !l.FirstMissed.OK {
			l.FirstMissed = pipeline.Some(key)
		}
		proof = proof || k.state == met && c.evidence[k.check]
	}
	l.Clean = proof && !l.FirstMissed.OK && !d.found // of what was due before nobody knows
	return l
}

// soldByRep says whether a rep, and not a system user, moved the deal into a selling stage.
func (c *computation) soldByRep(d *view) bool {
	return slices.ContainsFunc(d.moves, func(m move) bool {
		return m.stage != nil && m.stage.Phase == process.Selling && c.roster.isRep(m.repID)
	})
}
