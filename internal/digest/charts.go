package digest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"drumbeat/internal/health"
)

// columnHeight is that of the tallest column, in pixels.
const columnHeight = 36

// trend makes the columns of the eight windows, nil where all of them are empty.
func (b *builder) trend(unit string, value func(health.TrendPoint) (float64, bool)) *Columns {
	points := b.r.Figures.Trend
	top := 0.0
	for _, p := range points {
		if v, ok := value(p); ok {
			top = max(top, v)
		}
	}
	if top == 0 || len(points) < 2 {
		return nil
	}
	c := &Columns{Caption: fmt.Sprintf("%s, last %d %ss", upper(unit), len(points), b.when.Noun)}
	for i, p := range points {
		v, ok := value(p)
		c.Cols = append(c.Cols, column(v, ok, top, i == len(points)-1))
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
	c := b.trend("", func(p health.TrendPoint) (float64, bool) { return p.StalledAmount.V / by, p.StalledAmount.OK })
	if c == nil || top < 500 {
		return nil
	}
	_, unit, _ := strings.Cut(b.money(by), nb)
	c.Caption = "Worth in " + unit + c.Caption
	digits := 0
	if by > 1e3 && top/by < 9.95 {
		digits = 1
	}
	for i, p := range b.r.Figures.Trend { // rounded as the amount beside it
		if v := p.StalledAmount; v.OK {
			c.Cols[i].Text = strconv.FormatFloat(v.V/by, 'f', digits, 64)
		}
	}
	return c
}

// adherenceTrends show stages ticked and buyer evidence one under the other, so that neither hides the other;
// where one of them falls due too seldom for a chart of its own, the rate of all.
func (b *builder) adherenceTrends() []*Columns {
	stages := b.rateTrend("Stages ticked: ", func(p health.TrendPoint) health.Tally { return p.Stages })
	evidence := b.rateTrend("Buyer evidence: ", func(p health.TrendPoint) health.Tally { return p.Evidence })
	if stages.told() && evidence.told() {
		return charts(stages, evidence)
	}
	return charts(b.rateTrend("", func(p health.TrendPoint) health.Tally { return health.Tally{Due: p.Due, Met: p.Met, Rate: p.Rate} }))
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
func (b *builder) rateTrend(what string, of func(health.TrendPoint) health.Tally) *Columns {
	points := b.r.Figures.Trend
	c, n := &Columns{}, spread{}
	for i, p := range points {
		t := of(p)
		ok := t.Rate.OK && t.Due >= b.minDue()
		n.add(t.Due, ok)
		c.Cols = append(c.Cols, column(t.Rate.V*100, ok, 100, i == len(points)-1))
	}
	if n.most == 0 || len(points) < 2 {
		return nil
	}
	c.Caption = fmt.Sprintf("%s%% met of %s due a %s, last %d", what, n.words(), b.when.Noun, len(points))
	if n.gaps > 0 {
		c.Caption += fmt.Sprintf("; –: fewer than %d", b.minDue())
	}
	return c
}

// column scales from zero, so that twice the value is twice the height.
func column(v float64, ok bool, top float64, last bool) Column {
	if !ok {
		return Column{Text: "–", Height: 1, Gap: true, Last: last}
	}
	return Column{Text: short(v), Height: max(1, int(math.Round(v/top*columnHeight))), Last: last}
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
		c.Cols = append(c.Cols, column(v, ok, 100, i == len(fc.Periods)-1))
	}
	if n.most == 0 {
		return nil
	}
	c.Caption = "% right, " + b.periodLabel(fc.Periods[0]) + " … " + b.periodLabel(fc.Periods[len(fc.Periods)-1]) + "; " + n.words() + " calls in each"
	if n.gaps > 0 {
		c.Caption += "; – where nothing called was won or calls were too few"
	}
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

func (s spread) words() string {
	if s.least == s.most {
		return whole(s.most)
	}
	return whole(s.least) + " to " + whole(s.most)
}

// short writes a count in what fits over a column: 999, 1.2k, 14k.
func short(v float64) string {
	switch {
	case v < 999.5:
		return strconv.Itoa(int(math.Round(v)))
	case v < 9950:
		return strconv.FormatFloat(v/1000, 'f', 1, 64) + "k"
	}
	return strconv.Itoa(int(math.Round(v/1000))) + "k"
}
