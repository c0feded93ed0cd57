package twin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// deal makes one with all its rows, each kind by time, then seq.
func (m *maker) deal(roll dice, i int) *pipeline.History {
	h := &pipeline.History{Deal: m.columns(roll, i)}
	m.changes(roll, h)
	m.close(roll, h)
	called := m.crowd.calls || roll(8) == 7
	if called {
		m.call(roll, h)
	}
	if m.tables[pipeline.Activities] && !m.noActivities {
		m.activities(roll, h)
	}
	if m.tables[pipeline.Criteria] {
		m.criteria(roll, h)
	}
	if m.tables[pipeline.Forecasts] && !called {
		m.forecasts(roll, h)
	}
	if m.tables[pipeline.Waivers] && roll(3) == 2 {
		h.Waivers = append(h.Waivers, pipeline.Waiver{DealID: h.Deal.ID, Reason: "agreed", At: m.instant(roll),
			Checkpoint: one(roll, m.proc.Checkpoints(m.asOf)...).Key})
	}
	slices.SortStableFunc(h.Changes, func(a, b pipeline.StageChange) int {
		return cmp.Or(a.At.Compare(b.At), compareSeq(a.Seq, b.Seq))
	})
	slices.SortStableFunc(h.Activities, func(a, b pipeline.Activity) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(h.Criteria, func(a, b pipeline.CriterionMet) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(h.Forecasts, func(a, b pipeline.Forecast) int {
		return cmp.Or(a.At.Compare(b.At), compareSeq(a.Seq, b.Seq))
	})
	return h
}

func (m *maker) columns(roll dice, i int) pipeline.Deal {
	return pipeline.Deal{
		ID: "d" + strconv.Itoa(i), Name: "Deal " + strconv.Itoa(i), RepID: m.rep(roll),
		Pipeline: one(roll, "New Business", " new business ", "RENEWAL", "other", ""),
		Amount:   m.amount(roll), Currency: one(roll, "", "EUR", "eur", "USD", "usd", "GBP"),
		CreatedAt: m.instant(roll), Outcome: pipeline.Open, Stage: m.stageName(roll, roll(len(m.names))),
		ExpectedClose: m.expected(roll), Probability: m.probability(roll), ForecastCategory: m.category(roll),
		LossReason: one(roll, "", "price"),
	}
}

func (m *maker) rep(roll dice) string {
	if k := roll(10); k < 8 && len(m.reps) > 0 {
		return one(roll, m.reps...).ID
	} else if k == 8 {
		return "ghost"
	}
	return ""
}

func (m *maker) amount(roll dice) pipeline.Opt[float64] {
	return one(roll, pipeline.Some(100.0), pipeline.Opt[float64]{}, pipeline.Some(1000.0), pipeline.Some(2500.5), pipeline.Some(0.0))
}

func (m *maker) probability(roll dice) pipeline.Opt[float64] {
	if roll(2) == 0 {
		return pipeline.Opt[float64]{}
	}
	return pipeline.Some(one(roll, 0.2, 0, 0.4, 0.35, 0.6, 0.7, 0.8, 1))
}

func (m *maker) category(roll dice) string {
	return one(roll, "", "", "commit", "best_case", "pipeline", "omitted", "gut feeling")
}

// expected is a date, often on the edge of a forecast period or about as_of.
func (m *maker) expected(roll dice) pipeline.Opt[pipeline.Date] {
	today := dateOf(m.asOf, m.loc)
	switch roll(4) {
	case 0:
		return pipeline.Opt[pipeline.Date]{}
	case 1:
		return pipeline.Some(today + one(roll, pipeline.Date(0), -1, 1, 30))
	case 2:
		p := one(roll, pipeline.PeriodsBefore(m.asOf, 4, m.set.PeriodSpan, m.set.FiscalStart, m.loc)...)
		return pipeline.Some(one(roll, dateOf(p.Start, m.loc), dateOf(p.Start, m.loc)-1, dateOf(p.End, m.loc), dateOf(p.End, m.loc)-1))
	}
	return pipeline.Some(today + pipeline.Date(60-roll(460)))
}

// stageName writes the n-th name of the process, now and then oddly, or one that nobody knows.
func (m *maker) stageName(roll dice, n int) string {
	name := m.names[min(n, len(m.names)-1)]
	switch roll(12) {
	case 8:
		return strings.ToUpper(name)
	case 9:
		return "  " + strings.ToLower(name) + " "
	case 10:
		return one(roll, "Limbo", " limbo", "LIMBO ", "On hold")
	case 11:
		return one(roll, "Closed Won", "closed lost ", "SIGNED", "dead")
	}
	return name
}

// changes walks mostly forward through the names of the process.
func (m *maker) changes(roll dice, h *pipeline.History) {
	at := h.Deal.CreatedAt.Add(one(roll, 0, 0, time.Hour, -day))
	if m.crowd.eve {
		at = m.lastWorkday().Start(m.loc).Add(time.Duration(1+roll(1200)) * time.Minute)
	}
	if m.crowd.sweep {
		at = m.asOf.Add(-5*day - time.Duration(roll(20))*time.Minute)
	}
	place := one(roll, 0, 0, 1, 2, len(m.names)-1)
	if m.crowd.slow {
		place = 0
		if roll(4) == 3 { // just begun
			at = m.asOf.Add(-time.Duration(1+roll(100)) * time.Hour)
			h.Deal.CreatedAt = at
		}
	}
	for range roll(7) {
		c := pipeline.StageChange{Stage: m.stageName(roll, place), At: at, RepID: one(roll, "", h.Deal.RepID, m.rep(roll))}
		if m.crowd.sweep || m.crowd.eve && roll(2) == 0 {
			c.RepID = "r1"
		}
		if roll(4) == 3 {
			c.Seq = pipeline.Some(int64(roll(4)))
		}
		h.Changes = append(h.Changes, c)
		place = max(0, place+one(roll, 1, 1, 1, 2, 3, 0, -1, -2))
		switch {
		case m.crowd.sweep:
			at = at.Add(time.Duration(roll(12)) * time.Minute)
		case m.crowd.slow:
			at = m.soon(roll, at).Add(time.Duration(roll(60)) * 12 * time.Hour)
		default:
			at = m.soon(roll, at)
		}
	}
}

// lastWorkday is the last Monday-to-Friday date that begins before as_of.
func (m *maker) lastWorkday() pipeline.Date {
	d := dateOf(m.asOf, m.loc)
	for !d.Start(m.loc).Before(m.asOf) || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d--
	}
	return d
}

// call makes the deal one that was called in one of the last forecast periods, and ends it about then.
func (m *maker) call(roll dice, h *pipeline.History) {
	p := one(roll, pipeline.PeriodsBefore(m.asOf, 4, m.set.PeriodSpan, m.set.FiscalStart, m.loc)...)
	h.Deal.CreatedAt = p.Start.Add(-time.Duration(1+roll(40)) * day)
	h.Deal.ClosedAt = pipeline.Some(one(roll, p.Start.Add(m.set.CallAfter), p.End.Add(-time.Second), p.End, p.End.Add(-7*day),
		p.Start.Add(m.set.CallAfter+day), p.End.Add(-3*day), p.End.Add(20*day)))
	if m.tables[pipeline.Forecasts] {
		h.Forecasts = append(h.Forecasts, pipeline.Forecast{At: h.Deal.CreatedAt, Amount: m.amount(roll), Probability: m.probability(roll),
			Category: m.category(roll), ExpectedClose: pipeline.Some(dateOf(p.Start, m.loc) + pipeline.Date(roll(28)))})
	}
}

// close ends some deals, with and without a date.
func (m *maker) close(roll dice, h *pipeline.History) {
	h.Deal.Outcome = one(roll, pipeline.Open, pipeline.Won, pipeline.Lost)
	last := h.Deal.CreatedAt
	if n := len(h.Changes); n > 0 {
		last = h.Changes[roll(n)].At
	}
	at := one(roll, m.soon(roll, last), last, m.soon(roll, m.soon(roll, last)), m.instant(roll))
	name := map[pipeline.Outcome]string{pipeline.Won: "Closed Won", pipeline.Lost: "Closed Lost"}[h.Deal.Outcome]
	switch roll(6) {
	case 0, 1, 2:
		h.Deal.ClosedAt = pipeline.Some(at)
	case 3:
		h.Deal.ClosedAt = pipeline.Some(h.Deal.CreatedAt.Add(-day))
	case 4:
		if name != "" {
			h.Changes = append(h.Changes, pipeline.StageChange{Stage: name, At: at, RepID: h.Deal.RepID})
		}
		if name != "" && roll(2) == 1 {
			h.Changes = append(h.Changes, pipeline.StageChange{Stage: name, At: m.instant(roll)})
		}
	}
	if m.crowd.evidence > 0 {
		m.endByEvidence(roll, h)
	}
}

// endByEvidence lets those win, or lose, who met the criteria.
func (m *maker) endByEvidence(roll dice, h *pipeline.History) {
	h.Deal.Outcome = pipeline.Lost
	if m.diligent(h) == (m.crowd.evidence == 1) != (roll(8) == 7) {
		h.Deal.Outcome = pipeline.Won
	}
	h.Deal.ClosedAt = pipeline.Some(m.asOf.Add(-time.Duration(1+roll(int(m.reach/time.Minute))) * time.Minute))
	h.Deal.CreatedAt = h.Deal.ClosedAt.V.Add(-100 * day)
	for i := range h.Changes {
		h.Changes[i].At = h.Deal.CreatedAt.Add(time.Duration(i+1) * 3 * day)
	}
}

func (m *maker) diligent(h *pipeline.History) bool {
	return strings.ContainsAny(h.Deal.ID[len(h.Deal.ID)-1:], "02468")
}

func (m *maker) around(roll dice, h *pipeline.History) time.Time {
	if n := len(h.Changes); n > 0 && roll(3) > 0 {
		return h.Changes[roll(n)].At.Add(one(roll, 0, m.set.Grace, -14*day, -14*day-time.Second, time.Hour, m.set.Grace+time.Second))
	}
	if h.Deal.ClosedAt.OK && roll(3) == 2 {
		return h.Deal.ClosedAt.V
	}
	return m.instant(roll)
}

func (m *maker) activities(roll dice, h *pipeline.History) {
	party := []string{"buyer", "buyer", "seller", ""}
	if m.noParty {
		party = []string{""}
	}
	for range one(roll, 0, 1, 2, 4) {
		h.Activities = append(h.Activities, pipeline.Activity{At: m.around(roll, h), Kind: one(roll, "meeting", "call", "MEETING", "email"), Party: one(roll, party...)})
	}
}

func (m *maker) criteria(roll dice, h *pipeline.History) {
	if m.crowd.evidence > 0 {
		if m.diligent(h) {
			h.Criteria = append(h.Criteria, pipeline.CriterionMet{Criterion: "proof", At: h.Deal.CreatedAt})
		}
		return
	}
	for range roll(4) {
		s := one(roll, one(roll, m.proc.Versions...).Stages...)
		key := "proof"
		if len(s.Requires) > 0 {
			key = one(roll, s.Requires...).MetBy.Criterion
		}
		h.Criteria = append(h.Criteria, pipeline.CriterionMet{Criterion: key, At: m.around(roll, h)})
	}
}

func (m *maker) forecasts(roll dice, h *pipeline.History) {
	at := m.around(roll, h)
	for range one(roll, 0, 1, 2, 4) {
		f := pipeline.Forecast{At: at, ExpectedClose: m.expected(roll), Amount: m.amount(roll),
			Probability: m.probability(roll), Category: m.category(roll)}
		if roll(3) == 2 {
			f.Seq = pipeline.Some(int64(roll(3)))
		}
		h.Forecasts = append(h.Forecasts, f)
		at = one(roll, at, m.soon(roll, at), m.around(roll, h))
	}
}
