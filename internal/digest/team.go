package digest

import (
	"fmt"
	"math"
	"slices"
	"strings"

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
	if n := len(reps) - tableRows; n > 0 {
		reps = most(reps, tableRows, toTalkAbout)
		t.Note = fmt.Sprintf("These %d have most to talk about; and %d more. ", tableRows, n)
	}
	if idle > 0 && len(reps) > 0 {
		t.Note += "Left out: " + count(idle, "person", "people") + " with no open deal and nothing due."
	}
	t.Note = strings.TrimSpace(t.Note)
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
	row := RepRow{Rep: b.rep(r.ID), Adherence: "none due", Stalled: "none open"}
	if a := r.Adherence; a != nil && a.Due > 0 {
		row.Adherence, row.Interval = of(a.Met, a.Due), tooFew
		if a.Judged && a.Rate.OK && a.Low.OK && a.High.OK {
			row.Interval = fmt.Sprintf("%d to %s", points(a.Low.V), percent(a.High.V))
			row.Bar = int(math.Round(a.Rate.V * barWidth))
			row.Rest = barWidth - row.Bar
		}
	}
	if s := r.Stall; s != nil && s.OpenDeals > 0 {
		row.Stalled = of(s.StalledDeals, s.OpenDeals)
		if s.StalledDeals == 0 && b.misfit() {
			row.Stalled = "unknown"
		}
	}
	if t.Pace {
		row.Pace = "too few"
		if paced(r) {
			row.Pace, row.PaceRange = ratio(r.Stall.Pace.V), ratio(r.Stall.PaceLow.V)+"–"+ratio(r.Stall.PaceHigh.V)
		}
	}
	if t.Forecast {
		row.Bias = callBias(r.Forecast)
	}
	return row
}

// callBias says how far somebody's calls were off, and of how many.
func callBias(f *health.ForecastReliability) string {
	switch {
	case f == nil || f.CalledDeals.Or(0) == 0:
		return "no calls"
	case f.Judged && f.Bias.OK:
		return signed(f.Bias.V) + " (" + whole(f.CalledDeals.V) + ")"
	case f.Judged:
		return "no wins"
	}
	return "too few"
}
