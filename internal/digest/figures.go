package digest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

const tooFew = "too few to judge"

// columnHeight is that of the tallest column, in pixels.
const columnHeight = 36

// figures are the four numbers of the week; one that the source cannot know is left out whole.
func (b *builder) figures() []Figure {
	var out []Figure
	sources := []func() (Figure, bool){b.adherence, b.stalled, b.moved}
	if b.in.Recipient.Kind == Manager { // a rep's calls have a section of their own
		sources = append(sources, b.forecast)
	}
	for _, figure := range sources {
		if f, ok := figure(); ok {
			out = append(out, f)
		}
	}
	return out
}

func (b *builder) adherence() (Figure, bool) {
	a := b.r.Figures.Adherence
	if a == nil {
		return Figure{}, false
	}
	f := Figure{Key: "adherence", Label: "Process adherence", Trend: b.adherenceTrend()}
	switch {
	case a.Due == 0 && f.Trend == nil && a.Pending == 0:
		return Figure{}, false
	case a.Due == 0:
		f.Value, f.Detail = "none due", "No checkpoint was judged in the "+b.when.Noun+"."
	case a.Judged && a.Rate.OK:
		f.Value = percent(a.Rate.V)
		f.Detail = of(a.Met, a.Due) + " checkpoints met"
		if a.Low.OK && a.High.OK {
			f.Detail += fmt.Sprintf("; likely between %s and %s", percent(a.Low.V), percent(a.High.V))
		}
	default:
		f.Value = of(a.Met, a.Due)
		f.Detail = upper(noun(a.Due, "checkpoint", "checkpoints")) + " met; " + tooFew
	}
	var pair []string
	for _, t := range []struct {
		name string
		health.Tally
	}{{"Stages ticked", a.Stages}, {"Buyer evidence", a.Evidence}} {
		if t.Due > 0 {
			pair = append(pair, t.name+" "+of(t.Met, t.Due)+b.rateInBrackets(t.Tally))
		}
	}
	f.More = append(f.More, pair...)
	if s := b.change(a.Change); s != "" && a.Judged {
		f.More = append(f.More, s)
	}
	if a.Pending > 0 {
		f.More = append(f.More, count(a.Pending, "more is", "more are")+" still within the time to follow up")
	}
	if a.Excused > 0 {
		f.More = append(f.More, count(a.Excused, "exception was agreed and is", "exceptions were agreed and are")+" not counted")
	}
	return f, true
}

// rateInBrackets adds the rate from min_due on: of three checkpoints no percentage is shown.
func (b *builder) rateInBrackets(t health.Tally) string {
	if !t.Rate.OK || t.Due < b.minDue() {
		return ""
	}
	return " (" + percent(t.Rate.V) + ")"
}

func (b *builder) minDue() int { return max(1, b.in.Settings.MinDue) }

// change speaks of better or worse only beyond noise.
func (b *builder) change(c health.AdherenceChange) string {
	if !c.Diff.OK || !c.Low.OK || !c.High.OK {
		return ""
	}
	n := points(math.Abs(c.Diff.V))
	than := "the four " + b.when.Noun + "s before"
	switch {
	case c.Low.V > 0 && n > 0:
		return "Better than " + than + " by " + count(n, "point", "points") + ", beyond noise"
	case c.High.V < 0 && n > 0:
		return "Below " + than + " by " + count(n, "point", "points") + ", beyond noise"
	}
	return "Within noise of " + than
}

func (b *builder) stalled() (Figure, bool) {
	s := b.r.Figures.Stall
	if s == nil || s.OpenDeals == 0 || s.StalledDeals == 0 && b.placeless() {
		return Figure{}, false
	}
	f := Figure{Key: "stalled", Label: "Deals that stand still", Value: of(s.StalledDeals, s.OpenDeals),
		Detail: noun(s.OpenDeals, "open deal past the usual limit of its stage", "open deals past the usual limit of their stage"),
		Trend:  b.trend("deals", func(p health.TrendPoint) (float64, bool) { return float64(p.StalledDeals), true })}
	if s.StalledDeals > 0 {
		if amount := b.stalledAmount(); amount != "" {
			f.More = append(f.More, "Worth "+amount)
		}
		if s.MedianDaysOver.OK {
			f.More = append(f.More, noun(s.StalledDeals, upper(dayCount(s.MedianDaysOver.V))+" past it", "Half of them "+dayCount(s.MedianDaysOver.V)+" or more past it"))
		}
	}
	if s.SilentDeals.OK && s.SilentDeals.V > 0 {
		n := upper(count(s.SilentDeals.V, "open deal", "open deals"))
		if b.r.NoParty {
			f.More = append(f.More, n+" without any recent activity")
		} else {
			f.More = append(f.More, n+" with a silent buyer"+b.silentFor())
		}
	}
	return f, true
}

// silentFor says what silence means.
func (b *builder) silentFor() string {
	if d := int(b.in.Settings.SilentAfter / (24 * time.Hour)); d > 0 {
		return ": nothing from them for over " + count(d, "day", "days")
	}
	return ""
}

// stalledAmount is what stands still, empty when no amount is known.
func (b *builder) stalledAmount() string {
	s := b.r.Figures.Stall
	if s == nil || !s.StalledAmount.OK || s.StalledDeals == 0 {
		return ""
	}
	known := 0
	for _, d := range b.r.Deals {
		if d.Stalled.Or(false) && d.Amount.OK {
			known++
		}
	}
	switch {
	case known == 0:
		return ""
	case known < s.StalledDeals:
		return "at least " + b.money(s.StalledAmount.V)
	}
	return b.money(s.StalledAmount.V)
}

func (b *builder) moved() (Figure, bool) {
	f := Figure{Key: "moves", Label: "Stage moves", Trend: b.trend("moves", func(p health.TrendPoint) (float64, bool) { return float64(p.Moves), true })}
	n := b.moves()
	if n == 0 && f.Trend == nil {
		return Figure{}, false
	}
	f.Value = whole(n)
	f.Detail = noun(n, "move", "moves") + " into a stage of the process in the " + b.when.Noun
	if a := b.r.Figures.Adherence; a != nil {
		if a.CleanMoves > 0 {
			f.More = append(f.More, count(a.CleanMoves, "move was", "moves were")+" judged clean: everything that was due was met")
		}
		if a.MovedBack > 0 {
			f.More = append(f.More, count(a.MovedBack, "move went", "moves went")+" back to an earlier stage")
		}
	}
	return f, true
}

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

// adherenceTrend shows the rate of each window that can be judged, and out of how many.
func (b *builder) adherenceTrend() *Columns {
	points := b.r.Figures.Trend
	c, n := &Columns{}, spread{}
	for i, p := range points {
		ok := p.Rate.OK && p.Due >= b.minDue()
		n.add(p.Due, ok)
		c.Cols = append(c.Cols, column(p.Rate.V*100, ok, 100, i == len(points)-1))
	}
	if n.most == 0 || len(points) < 2 {
		return nil
	}
	c.Caption = fmt.Sprintf("%% met, last %d %ss; %s due in each", len(points), b.when.Noun, n.words())
	if n.gaps > 0 {
		c.Caption += fmt.Sprintf("; – where fewer than %d were due", b.minDue())
	}
	return c
}

// column scales from zero, so that twice the value is twice the height.
func column(v float64, ok bool, top float64, last bool) Column {
	if !ok {
		return Column{Text: "–", Height: 1, Gap: true, Last: last}
	}
	return Column{Text: strconv.Itoa(int(math.Round(v))), Height: max(1, int(math.Round(v/top*columnHeight))), Last: last}
}

func (b *builder) forecast() (Figure, bool) {
	fc := b.r.Figures.Forecast
	if fc == nil || !fc.CalledDeals.OK || len(fc.Periods) == 0 || fc.CalledDeals.V == 0 && !fc.Accuracy.OK {
		return Figure{}, false
	}
	span := "the last " + count(len(fc.Periods), b.periodNoun(), b.periodNoun()+"s")
	f := Figure{Key: "forecast", Label: "Forecast accuracy"}
	calls := count(fc.CalledDeals.V, "call", "calls") + " in " + span
	if !fc.Judged || !fc.Accuracy.OK {
		f.Value, f.Detail = tooFew, calls
		if fc.Judged {
			f.Value, f.Detail = "no win called", calls+", and no called deal was won in its "+b.periodNoun()
		}
		return f, true
	}
	f.Value, f.Detail = percent(fc.Accuracy.V), calls
	if fc.Bias.OK {
		f.More = append(f.More, upper(bias(fc.Bias.V)))
	}
	if fc.UncalledShare.OK && points(fc.UncalledShare.V) > 0 {
		f.More = append(f.More, percent(fc.UncalledShare.V)+" of what was won had not been called")
	}
	if fc.Slipped.OK && fc.Slipped.V > 0 {
		f.More = append(f.More, count(fc.Slipped.V, "called deal", "called deals")+" slipped out of "+noun(fc.Slipped.V, "its ", "their ")+b.periodNoun())
	}
	f.Trend = b.accuracyTrend(fc)
	return f, true
}

// accuracyTrend shows the accuracy of each period that can be judged, and out of how many calls.
func (b *builder) accuracyTrend(fc *health.ForecastReliability) *Columns {
	if len(fc.Periods) < 2 {
		return nil
	}
	c, n := &Columns{}, spread{}
	for i, p := range fc.Periods {
		calls := p.Called.Or(0)
		ok := p.Predicted.OK && p.Actual.OK && p.Actual.V > 0 && calls >= max(1, b.in.Settings.MinCalled)
		v := 0.0
		if ok {
			v = 100 * max(0, 1-math.Abs(p.Predicted.V-p.Actual.V)/p.Actual.V)
		}
		n.add(calls, ok)
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

// bias says in which direction calls are wrong.
func bias(v float64) string {
	n := strconv.Itoa(points(math.Abs(v))) + nb + "%"
	switch {
	case points(v) > 0:
		return "calls were " + n + " too high"
	case points(v) < 0:
		return "calls were " + n + " too low"
	}
	return "calls were neither too high nor too low"
}

func (b *builder) periodNoun() string {
	if b.in.Settings.PeriodSpan == pipeline.Month {
		return "month"
	}
	return "quarter"
}

// periodLabel says Jul–Sep, or Jul for a month.
func (b *builder) periodLabel(p health.CallPeriod) string {
	loc := b.in.Settings.Location
	from, to := p.Start.In(loc).Month().String()[:3], p.End.Add(-1).In(loc).Month().String()[:3]
	if from == to {
		return from
	}
	return strings.Join([]string{from, to}, "–")
}

func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
