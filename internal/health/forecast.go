package health

import (
	"math"
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// leadWeeks are the weeks before a period's end at which the calls are looked at again.
var leadWeeks = [...]int{8, 4, 2, 1}

// bins of the stated chance.
var binEdges = [...]float64{0, 0.2, 0.4, 0.6, 0.8, 1}

// callPeriod is a completed forecast period with its call instant.
type callPeriod struct {
	pipeline.Period
	start, end, call    instant
	firstDate, nextDate pipeline.Date // the period's dates: first <= date < next
}

func newCallPeriod(p pipeline.Period, set Settings) callPeriod {
	q := callPeriod{Period: pipeline.Period{Start: p.Start.UTC(), End: p.End.UTC()}, start: toInstant(p.Start), end: toInstant(p.End)}
	q.call = q.start + span(set.CallAfter)
	q.firstDate, q.nextDate = pipeline.DateOf(p.Start, set.Location), pipeline.DateOf(p.End, set.Location)
	return q
}

// call is a deal that somebody expected to win in a period.
type call struct {
	chance float64
	won    bool
	owner  int32
}

// stageCall is a deal that was open in a stage at a call instant.
type stageCall struct {
	stage                  int
	wonInPeriod, ever, won bool
}

// forecastTally is one subject's.
type forecastTally struct {
	periods            []periodTally
	leads              [len(leadWeeks)][]periodTally // by lead, by period
	called, slipped    int
	squares, baseline  float64 // Σ(π − y)², Σ(ȳ − y)²
	pushes, daysPushed int
	bins               [len(binEdges) - 1]binTally
}

type periodTally struct {
	called                      int
	predicted, actual, uncalled float64
}

type binTally struct {
	tally
	chance float64
}

func newForecastTally(periods int) forecastTally {
	t := forecastTally{periods: make([]periodTally, periods)}
	for i := range t.leads {
		t.leads[i] = make([]periodTally, periods)
	}
	return t
}

// calledAt says whether the deal is called for the period at that instant, and with what chance: there and
// open then, expected to close in the period, with a stated chance above 0.
func (c *computation) calledAt(d *view, p *callPeriod, at instant) (float64, bool) {
	if d.born >= at || d.closed && d.closedAt < at {
		return 0, false
	}
	expected := d.expectedClose(at)
	if !expected.OK || expected.V < p.firstDate || expected.V >= p.nextDate {
		return 0, false
	}
	chance := c.chance(d, at)
	return chance.V, chance.OK && chance.V > 0
}

// wonWithin says whether the deal was won in [from, to).
func (d *view) wonWithin(from, to instant) bool {
	return d.outcome == pipeline.Won && d.closedAt >= from && d.closedAt < to
}

// addForecast counts the deal's calls, its wins nobody called, and its pushes, for its owner.
func (c *computation) addForecast(d *view, owner *person) {
	for i := range c.periods {
		c.noteStageCall(d, &c.periods[i])
	}
	if !c.knowsForecasts() {
		return
	}
	for i := range c.periods {
		p := &c.periods[i]
		if !c.knowsPeriod(p) {
			continue
		}
		chance, called := c.calledAt(d, p, p.call)
		won := d.wonWithin(p.call, p.end)
		if called {
			c.calls = append(c.calls, call{chance: chance, won: won, owner: owner.number})
		}
		for _, s := range owner.all {
			s.forecast.add(c, d, i, chance, called, won)
		}
		c.addLeads(d, i, owner)
	}
	count, pushed := d.pushes(c.edges[trendWindows-1])
	for _, s := range owner.all {
		s.forecast.pushes += count
		s.forecast.daysPushed += pushed
	}
}

func (t *forecastTally) add(c *computation, d *view, period int, chance float64, called, won bool) {
	p, q := &t.periods[period], &c.periods[period]
	if !called {
		if won {
			p.uncalled += c.amountAtClosing(d).V
		}
		return
	}
	t.called++
	p.called++
	p.predicted += chance * c.amount(d, q.call).V
	if won {
		p.actual += c.amountAtClosing(d).V
	}
	if !d.closed || d.closedAt >= q.end {
		t.slipped++
	}
}

// addLeads counts the same call made 8, 4, 2 and 1 weeks before the period's end.
func (c *computation) addLeads(d *view, period int, owner *person) {
	p := &c.periods[period]
	for i, w := range leadWeeks {
		at := p.end - instant(7*w)*day
		if at < p.start {
			continue
		}
		chance, called := c.calledAt(d, p, at)
		if !called {
			continue
		}
		for _, s := range owner.all {
			l := &s.forecast.leads[i][period]
			l.predicted += chance * c.amount(d, at).V
			if d.wonWithin(at, p.end) {
				l.actual += c.amountAtClosing(d).V
			}
		}
	}
}

// pushes counts the expected closes that were moved to a later date, from an instant on, and by how many
// days together. Rows at or after the closing do not count.
func (d *view) pushes(from instant) (count, daysPushed int) {
	var last pipeline.Opt[pipeline.Date]
	for i := range d.h.Forecasts {
		f := &d.h.Forecasts[i]
		at := toInstant(f.At)
		if !f.ExpectedClose.OK || at >= d.asOf || d.closed && at >= d.closedAt {
			continue
		}
		if last.OK && f.ExpectedClose.V > last.V && at >= from {
			count++
			daysPushed += int(f.ExpectedClose.V - last.V)
		}
		last = f.ExpectedClose
	}
	return count, daysPushed
}

// lifePushes are the pushes over the deal's life.
func (d *view) lifePushes() int {
	n, _ := d.pushes(math.MinInt64)
	return n
}

// scoreCalls holds each call's chance against what came true: Brier score, its skill against always saying
// the team's mean, and the calibration.
func (c *computation) scoreCalls() {
	var won float64
	for _, k := range c.calls {
		won += indicator(k.won)
	}
	base := won / float64(max(1, len(c.calls)))
	for _, k := range c.calls {
		y := indicator(k.won)
		bin := 0
		for bin < len(binEdges)-2 && k.chance >= binEdges[bin+1] {
			bin++
		}
		for _, s := range c.roster.subjects(k.owner) {
			f := &s.forecast
			f.squares += (k.chance - y) * (k.chance - y)
			f.baseline += (base - y) * (base - y)
			f.bins[bin].count(k.won)
			f.bins[bin].chance += k.chance
		}
	}
}

func (t *forecastTally) figures(c *computation) *ForecastReliability {
	known := slices.ContainsFunc(c.periods, func(p callPeriod) bool { return c.knowsPeriod(&p) })
	count := func(v int, known bool) Count { return Count{V: v, OK: known} }
	f := &ForecastReliability{CalledDeals: count(t.called, known), Slipped: count(t.slipped, known), Pushes: count(t.pushes, c.knowsPushes()),
		DaysPushed: count(t.daysPushed, c.knowsPushes()), Judged: known && t.called >= c.set.MinCalled}
	var wrong, over, actual, uncalled float64
	for i, p := range t.periods {
		q := &c.periods[i]
		knows := c.knowsPeriod(q)
		money := func(v float64) Number { return Number{V: v, OK: knows} }
		f.Periods = append(f.Periods, CallPeriod{Start: q.Start, End: q.End, Call: fromInstant(q.call), Called: count(p.called, knows),
			Predicted: money(p.predicted), Actual: money(p.actual), Uncalled: money(p.uncalled)})
		wrong += math.Abs(p.predicted - p.actual)
		over += p.predicted - p.actual
		actual += p.actual
		uncalled += p.uncalled
	}
	f.WAPE, f.Bias = share(wrong, actual), share(over, actual)
	f.Accuracy = accuracy(f.WAPE)
	f.UncalledShare = share(uncalled, actual+uncalled)
	if t.called > 0 {
		f.Brier = pipeline.Some(t.squares / float64(t.called))
		f.SlipRate = ratio(t.slipped, t.called)
		if t.baseline > 0 {
			f.BrierSkill = pipeline.Some(1 - t.squares/t.baseline)
		}
	}
	for i, b := range t.bins {
		k := CalibrationBin{From: binEdges[i], To: binEdges[i+1], N: b.due, WonRate: ratio(b.met, b.due)}
		if b.due > 0 {
			k.MeanChance = pipeline.Some(b.chance / float64(b.due))
			k.Low, k.High = wilson(b.met, b.due)
		}
		f.Calibration = append(f.Calibration, k)
	}
	f.LeadTimes = t.leadTimes(c)
	return f
}

// leadTimes are over the periods whose calls are known, the same ones for every lead.
func (t *forecastTally) leadTimes(c *computation) []LeadTime {
	var out []LeadTime
	for i, w := range leadWeeks {
		l := LeadTime{Weeks: w}
		var predicted, actual, wrong float64
		fits, periods := true, 0
		for j, p := range t.leads[i] {
			q := &c.periods[j]
			if !c.knowsPeriod(q) {
				continue
			}
			periods++
			at := q.end - instant(7*w)*day
			fits = fits && at >= q.start && c.knownAt(at)
			predicted += p.predicted
			actual += p.actual
			wrong += math.Abs(p.predicted - p.actual)
		}
		if fits && periods > 0 {
			l.Predicted, l.Actual = pipeline.Some(predicted), pipeline.Some(actual)
			l.Bias = share(predicted-actual, actual)
			l.Accuracy = accuracy(share(wrong, actual))
		}
		out = append(out, l)
	}
	return out
}

// share gives a / b, missing for b = 0.
func share(a, b float64) Number {
	if b == 0 {
		return Number{}
	}
	return pipeline.Some(a / b)
}

func accuracy(wape Number) Number {
	if !wape.OK {
		return Number{}
	}
	return pipeline.Some(max(0, 1-wape.V))
}

// noteStageCall notes the stage in which the deal was open at the call instant, whatever its expected close.
func (c *computation) noteStageCall(d *view, p *callPeriod) {
	if d.born >= p.call || d.closed && d.closedAt < p.call {
		return
	}
	var at *process.Stage
	for i := range d.moves {
		if m := &d.moves[i]; m.at < p.call && m.stage != nil {
			at = m.stage
		}
	}
	if at == nil || !d.hasPath {
		return
	}
	c.stageCalls = append(c.stageCalls, stageCall{stage: c.stageIndex[at.Key], wonInPeriod: d.wonWithin(p.call, p.end),
		ever: d.closed, won: d.outcome == pipeline.Won})
}

// callsByStage says what being in a stage at a call instant meant for winning.
func (c *computation) callsByStage(stage int) *StageCalls {
	var inPeriod, ever tally
	for _, k := range c.stageCalls {
		if k.stage != stage {
			continue
		}
		inPeriod.count(k.wonInPeriod)
		if k.ever {
			ever.count(k.won)
		}
	}
	return &StageCalls{N: inPeriod.due, WonInPeriod: ratio(inPeriod.met, inPeriod.due), EverWon: ratio(ever.met, ever.due)}
}

// forecastPeriodAround gives the forecast period that holds t.
func (c *computation) forecastPeriodAround(t time.Time) pipeline.Period {
	return pipeline.PeriodAround(t, c.set.PeriodSpan, c.set.FiscalStart, c.set.Location)
}
