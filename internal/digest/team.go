package digest

import (
	"math"
	"slices"

	"drumbeat/internal/health"
)

// barWidth of a rep's adherence, in pixels.
const barWidth = 60

// teamTable has a row per rep by name; of more than 25 those are shown who have most to talk about.
func (b *builder) teamTable() TeamTable {
	var t TeamTable
	if b.stale() { // every column is about now
		return t
	}
	reps := b.byName()
	for _, r := range reps {
		if f := r.Forecast; f != nil && f.CalledDeals.OK {
			t.Forecast = true
		}
		t.Pace = t.Pace || paced(r)
	}
	idle := len(reps)
	reps = slices.DeleteFunc(reps, nothingToShow)
	idle -= len(reps)
	if len(reps) == 0 {
		return t
	}
	t.Note = b.say("table note", "shown", tableRows, "rest", max(0, len(reps)-tableRows), "idle", idle)
	if len(reps) > tableRows {
		reps = most(reps, tableRows, toTalkAbout)
	}
	for _, r := range reps {
		t.Rows = append(t.Rows, b.repRow(r, t))
	}
	return t
}

// paced says whether enough was expected of somebody for a pace.
func paced(r health.RepFigures) bool {
	return r.Stall != nil && r.Stall.Pace.OK && r.Stall.PaceLow.OK && r.Stall.PaceHigh.OK
}

// nothingToShow is somebody without open deals, of whom nothing was due and whose calls nobody can judge.
func nothingToShow(r health.RepFigures) bool {
	return (r.Stall == nil || r.Stall.OpenDeals == 0) && (r.Adherence == nil || r.Adherence.Due == 0) &&
		(r.Forecast == nil || r.Forecast.CalledDeals.Or(0) == 0 && r.Forecast.Pushes.Or(0) == 0)
}

// toTalkAbout counts a rep's stalled deals and misses.
func toTalkAbout(r health.RepFigures) (n int) {
	if r.Stall != nil {
		n += r.Stall.StalledDeals
	}
	if r.Adherence != nil {
		n += r.Adherence.Missed
	}
	return n
}

func (b *builder) repRow(r health.RepFigures, t TeamTable) RepRow {
	row := RepRow{Rep: b.rep(r.ID), Adherence: b.say("table none due"), Stalled: b.say("table none open")}
	if a := r.Adherence; a != nil && a.Due > 0 {
		row.Adherence, row.Interval = b.said(b.Of(a.Met, a.Due)), b.say("too few")
		if a.Judged && a.Rate.OK && a.Low.OK && a.High.OK {
			row.Interval = b.say("table interval", "low", a.Low.V, "high", a.High.V)
			row.Bar = int(math.Round(a.Rate.V * barWidth))
			row.Rest = barWidth - row.Bar
		}
	}
	if s := r.Stall; s != nil && s.OpenDeals > 0 {
		row.Stalled = b.said(b.Of(s.StalledDeals, s.OpenDeals))
		if s.StalledDeals == 0 && (b.misfit() || b.unsure(b.dealsOf(r.ID))) {
			row.Stalled = b.say("table unknown")
		}
	}
	if t.Pace {
		row.Pace = b.say("table too few")
		if paced(r) {
			row.Pace, row.PaceRange = b.Ratio(r.Stall.Pace.V), b.Span(r.Stall.PaceLow.V, r.Stall.PaceHigh.V)
		}
	}
	if t.Forecast {
		row.Bias = b.callBias(r.Forecast)
	}
	return row
}

// callBias says how far somebody's calls were off, and of how many.
func (b *builder) callBias(f *health.ForecastReliability) string {
	switch {
	case f == nil || f.CalledDeals.Or(0) == 0:
		return b.say("table no calls")
	case f.Judged && f.Bias.OK:
		return b.Signed(f.Bias.V) + " (" + b.Whole(f.CalledDeals.V) + ")"
	case f.Judged:
		return b.say("table no wins")
	}
	return b.say("table too few")
}
