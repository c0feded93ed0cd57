package digest

import (
	"math"
	"strings"

	"drumbeat/internal/health"
)

// columnHeight is that of the tallest column, in pixels.
const columnHeight = 36

// trend makes the columns of the eight windows, nil where all of them are empty.
func (b *builder) trend(caption string, value func(health.TrendPoint) (float64, bool), pairs ...any) *Columns {
	points := b.r.Figures.Trend
	if !b.lookedAll() {
		return nil
	}
	top := 0.0
	for _, p := range points {
		if v, ok := value(p); ok {
			top = max(top, v)
		}
	}
	if top == 0 || len(points) < 2 {
		return nil
	}
	c := &Columns{Caption: b.say(caption, append(pairs, "n", len(points))...)}
	for i, p := range points {
		v, ok := value(p)
		c.Cols = append(c.Cols, b.column(v, ok, top, i == len(points)-1))
	}
	return c
}

// charts are those of the given that there are.
func charts(all ...*Columns) (out []*Columns) {
	for _, c := range all {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// amountTrend shows what the stalled deals of each window's end were worth, in thousands or more.
func (b *builder) amountTrend() *Columns {
	top := 0.0
	for _, p := range b.r.Figures.Trend {
		top = max(top, p.StalledAmount.Or(0))
	}
	by := 1e3
	for by < 1e12 && top/by >= 999.5 {
		by *= 1e3
	}
	_, unit, _ := strings.Cut(b.money(by), nb)
	worth := func(p health.TrendPoint) (float64, bool) { return p.StalledAmount.V / by, p.StalledAmount.OK }
	c := b.trend("chart worth", worth, "unit_of_money", unit)
	if c == nil || top < 500 {
		return nil
	}
	digits := 0
	if by > 1e3 && top/by < 9.95 {
		digits = 1
	}
	for i, p := range b.r.Figures.Trend { // rounded as the amount beside it
		if v := p.StalledAmount; v.OK {
			c.Cols[i].Text = b.Decimal(v.V/by, digits)
		}
	}
	return c
}

// adherenceTrends show stages ticked and buyer evidence one under the other, so that neither hides the other;
// where one of them falls due too seldom for a chart of its own, the rate of all.
func (b *builder) adherenceTrends() []*Columns {
	stages := b.rateTrend(kindStages, func(p health.TrendPoint) health.Tally { return p.Stages })
	evidence := b.rateTrend(kindEvidence, func(p health.TrendPoint) health.Tally { return p.Evidence })
	if stages.told() && evidence.told() {
		return charts(stages, evidence)
	}
	return charts(b.rateTrend(kindAll, func(p health.TrendPoint) health.Tally { return health.Tally{Due: p.Due, Met: p.Met, Rate: p.Rate} }))
}

// told says whether at least half of a chart's columns stand for something.
func (c *Columns) told() bool {
	n := 0
	if c == nil {
		return false
	}
	for _, col := range c.Cols {
		if !col.Gap {
			n++
		}
	}
	return 2*n >= len(c.Cols)
}

// rateTrend shows the rate of each window that can be judged, and out of how many.
func (b *builder) rateTrend(kind string, of func(health.TrendPoint) health.Tally) *Columns {
	points := b.r.Figures.Trend
	c, n := &Columns{}, spread{}
	for i, p := range points {
		t := of(p)
		ok := t.Rate.OK && t.Due >= b.minDue()
		n.add(t.Due, ok)
		c.Cols = append(c.Cols, b.column(t.Rate.V*100, ok, 100, i == len(points)-1))
	}
	if n.most == 0 || len(points) < 2 {
		return nil
	}
	c.Caption = b.say("chart adherence", "kind", kind, "least", n.least, "most", n.most, "n", len(points), "gaps", n.gaps > 0, "min_due", b.minDue())
	return c
}

// column scales from zero, so that twice the value is twice the height.
func (b *builder) column(v float64, ok bool, top float64, last bool) Column {
	if !ok {
		return Column{Text: "–", Height: 1, Gap: true, Last: last}
	}
	return Column{Text: b.Short(v), Height: max(1, int(math.Round(v/top*columnHeight))), Last: last}
}

// accuracyTrend shows the accuracy of each period that can be judged, and out of how many calls.
func (b *builder) accuracyTrend(fc *health.ForecastReliability) *Columns {
	if len(fc.Periods) < 2 {
		return nil
	}
	c, n := &Columns{}, spread{}
	for i, p := range fc.Periods {
		ok := b.judgedPeriod(p)
		v := 0.0
		if ok {
			v = 100 * max(0, 1-math.Abs(p.Predicted.V-p.Actual.V)/p.Actual.V)
		}
		n.add(p.Called.Or(0), ok)
		c.Cols = append(c.Cols, b.column(v, ok, 100, i == len(fc.Periods)-1))
	}
	if n.most == 0 {
		return nil
	}
	c.Caption = b.say("chart accuracy", "from", b.periodLabel(fc.Periods[0]), "to", b.periodLabel(fc.Periods[len(fc.Periods)-1]), "least", n.least, "most", n.most, "gaps", n.gaps > 0)
	return c
}

// judgedPeriod says whether enough was called and won in a period.
func (b *builder) judgedPeriod(p health.CallPeriod) bool {
	return p.Predicted.OK && p.Actual.OK && p.Actual.V > 0 && p.Called.Or(0) >= max(1, b.in.Settings.MinCalled)
}

// spread is out of how many cases a chart's columns are.
type spread struct{ least, most, gaps int }

func (s *spread) add(n int, judged bool) {
	switch {
	case !judged:
		s.gaps++
	case s.most == 0:
		s.least, s.most = n, n
	default:
		s.least, s.most = min(s.least, n), max(s.most, n)
	}
}
