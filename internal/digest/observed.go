package digest

import (
	"slices"

	"drumbeat/internal/health"
)

// observed says which history our own runs have seen, since when, and how exactly; empty where the source has one. Of
// deals that were there before nobody knows since when they have stood where they stand.
func (b *builder) observed() string {
	o := b.r.Observed
	if o == nil || !o.Stages && !o.Forecasts {
		return ""
	}
	found := 0
	for _, d := range b.r.Deals {
		if d.AtLeast {
			found++
		}
	}
	return b.say("about observed", "stages", o.Stages, "forecasts", o.Forecasts, "since", b.date(o.Since), "days", o.Days, "found", found)
}

// observesStages says whether our runs alone know in which stages deals were.
func (b *builder) observesStages() bool { return b.r.Observed != nil && b.r.Observed.Stages }

// unsure says whether nobody knows of some deal whether it stands still: then "none of them does" is not said.
func (b *builder) unsure(deals []health.Deal) bool {
	return b.in.Report.Untimed() || slices.ContainsFunc(deals, func(d health.Deal) bool { return d.AtLeast && !d.Stalled.OK })
}

func (b *builder) dealsOf(rep string) (out []health.Deal) {
	for _, d := range b.r.Deals {
		if d.RepID.OK && d.RepID.V == rep {
			out = append(out, d)
		}
	}
	return out
}

// lookedAll says whether stages were known in all windows of the trend: what nobody looked at is no zero.
func (b *builder) lookedAll() bool {
	points := b.r.Figures.Trend
	return !b.observesStages() || len(points) == 0 || !b.r.Observed.Since.Start(b.in.Settings.Location).After(points[0].Start)
}

// knownPeriods counts the forecast periods whose calls are known.
func knownPeriods(fc *health.ForecastReliability) (n int) {
	for _, p := range fc.Periods {
		if p.Called.OK || p.Predicted.OK {
			n++
		}
	}
	return n
}
