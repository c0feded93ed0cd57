package twin

import (
	"math"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

const week = 7 * day

// statedChance is π at t: the probability in force, else by category, else by stage; null if none is stated.
func (w *world) statedChance(d *deal, t time.Time) health.Number {
	if p := d.probabilityAt(t); p.OK {
		return p
	}
	if c := w.knownCategory(d, t); c.OK {
		return pipeline.Some(w.set.CategoryChance[c.V])
	}
	m := d.lastMappedBefore(t)
	if m == nil {
		return health.Number{}
	}
	if s := stageOf(w.version(t), m.stage.Key); s != nil {
		return s.WinProbability
	}
	return m.stage.WinProbability
}

// knownCategory is the one in force; an unknown one is none.
func (w *world) knownCategory(d *deal, t time.Time) pipeline.Opt[string] {
	c := d.categoryAt(t)
	if _, known := w.set.CategoryChance[c.V]; c.OK && known {
		return c
	}
	return pipeline.Opt[string]{}
}

// there says whether the deal was created before c and open at c.
func (d *deal) there(c time.Time) bool { return d.created.Before(c) && !d.endedBefore(c) }

// called says whether the deal is called at c for the period.
func (w *world) called(d *deal, p fiscalPeriod, c time.Time) bool {
	expected := d.expectedAt(c)
	return d.there(c) && expected.OK && expected.V >= p.from && expected.V < p.to && w.statedChance(d, c).V > 0
}

// sums of one period's calls made at c: predicted and actual.
func (w *world) sums(s subject, p fiscalPeriod, c time.Time) (predicted, actual, uncalled float64) {
	for _, d := range w.deals {
		if !s.has(w.owner(d)) {
			continue
		}
		isCalled, isWon := w.called(d, p, c), d.endedIn(pipeline.Won, c, p.end)
		if isCalled {
			predicted += w.statedChance(d, c).V * w.amountAt(d, c).V
		}
		if isWon && isCalled {
			actual += w.amountAtClosing(d).V
		}
		if isWon && !isCalled {
			uncalled += w.amountAtClosing(d).V
		}
	}
	return predicted, actual, uncalled
}

// call is one deal's in one period.
type call struct {
	chance, came float64
	slipped      bool
}

func (w *world) callsOf(s subject, p fiscalPeriod) []call {
	var out []call
	c := p.start.Add(w.set.CallAfter)
	for _, d := range w.deals {
		if !s.has(w.owner(d)) || !w.called(d, p, c) {
			continue
		}
		x := call{chance: w.statedChance(d, c).V, slipped: !d.endedBefore(p.end)}
		if d.endedIn(pipeline.Won, c, p.end) {
			x.came = 1
		}
		out = append(out, x)
	}
	return out
}

func (w *world) calls(s subject) []call {
	var out []call
	for _, p := range w.lastPeriods() {
		out = append(out, w.callsOf(s, p)...)
	}
	return out
}

func (w *world) forecast(s subject) *health.ForecastReliability {
	out := &health.ForecastReliability{Periods: []health.CallPeriod{}}
	known := w.has(pipeline.Forecasts)
	var wrong, bias, actual, uncalled float64
	for _, p := range w.lastPeriods() {
		c := p.start.Add(w.set.CallAfter)
		row := health.CallPeriod{Start: p.start.UTC(), End: p.end.UTC(), Call: c.UTC()}
		if known {
			pr, ac, un := w.sums(s, p, c)
			row.Called = pipeline.Some(len(w.callsOf(s, p)))
			row.Predicted, row.Actual, row.Uncalled = pipeline.Some(pr), pipeline.Some(ac), pipeline.Some(un)
			wrong, bias, actual, uncalled = wrong+math.Abs(pr-ac), bias+pr-ac, actual+ac, uncalled+un
		}
		out.Periods = append(out.Periods, row)
	}
	var calls []call
	if known {
		calls = w.calls(s)
		out.WAPE, out.Bias, out.UncalledShare = over(wrong, actual), over(bias, actual), over(uncalled, actual+uncalled)
		out.Accuracy = accuracy(out.WAPE)
		out.CalledDeals = pipeline.Some(len(calls))
		slipped := len(filter(calls, func(c call) bool { return c.slipped }))
		out.Slipped, out.SlipRate = pipeline.Some(slipped), over(float64(slipped), float64(len(calls)))
		out.Judged = len(calls) >= w.set.MinCalled
		out.Pushes, out.DaysPushed = w.pushesOf(s)
		w.brier(calls, out)
	}
	out.Calibration = calibration(calls)
	for _, weeks := range []int{8, 4, 2, 1} {
		out.LeadTimes = append(out.LeadTimes, w.leadTime(s, weeks))
	}
	return out
}

func accuracy(wape health.Number) health.Number {
	if !wape.OK {
		return wape
	}
	return pipeline.Some(max(0, 1-wape.V))
}

func (w *world) brier(calls []call, out *health.ForecastReliability) {
	all := w.calls(team())
	wins := len(filter(all, func(c call) bool { return c.came == 1 }))
	mean := float64(wins) / float64(len(all))
	var own, reference float64
	for _, c := range calls {
		own += (c.chance - c.came) * (c.chance - c.came)
		reference += (mean - c.came) * (mean - c.came)
	}
	out.Brier = over(own, float64(len(calls)))
	if wins > 0 && wins < len(all) && len(calls) > 0 {
		out.BrierSkill = pipeline.Some(1 - own/reference)
	}
}

func calibration(calls []call) []health.CalibrationBin {
	edges := []float64{0, 0.2, 0.4, 0.6, 0.8, 1}
	var out []health.CalibrationBin
	for i := range 5 {
		bin := filter(calls, func(c call) bool {
			return c.chance >= edges[i] && (c.chance < edges[i+1] || i == 4)
		})
		sum, wins := 0.0, 0
		for _, c := range bin {
			sum, wins = sum+c.chance, wins+int(c.came)
		}
		row := health.CalibrationBin{From: edges[i], To: edges[i+1], N: len(bin),
			MeanChance: over(sum, float64(len(bin))), WonRate: over(float64(wins), float64(len(bin)))}
		row.Low, row.High = wilson(wins, len(bin))
		out = append(out, row)
	}
	return out
}

// leadTime makes the calls so many weeks before each period's end.
func (w *world) leadTime(s subject, weeks int) health.LeadTime {
	out := health.LeadTime{Weeks: weeks}
	if !w.has(pipeline.Forecasts) {
		return out
	}
	var predicted, actual, wrong float64
	for _, p := range w.lastPeriods() {
		c := p.end.Add(-time.Duration(weeks) * week)
		if c.Before(p.start) {
			return out
		}
		pr, ac, _ := w.sums(s, p, c)
		predicted, actual, wrong = predicted+pr, actual+ac, wrong+math.Abs(pr-ac)
	}
	out.Predicted, out.Actual = pipeline.Some(predicted), pipeline.Some(actual)
	out.Bias, out.Accuracy = over(predicted-actual, actual), accuracy(over(wrong, actual))
	return out
}

// pushes of one deal's expected close in [from, to): how many, and by how many days.
func pushes(d *deal, from, to time.Time) (n, by int) {
	var last pipeline.Opt[pipeline.Date]
	for _, f := range d.forecasts {
		if !f.ExpectedClose.OK || d.over(f.At) {
			continue
		}
		if last.OK && f.ExpectedClose.V > last.V && within(f.At, from, to) {
			n, by = n+1, by+int(f.ExpectedClose.V-last.V)
		}
		last = f.ExpectedClose
	}
	return n, by
}

func (w *world) pushesOf(s subject) (n, by health.Count) {
	n, by = pipeline.Some(0), pipeline.Some(0)
	for _, d := range w.deals {
		if s.has(w.owner(d)) {
			a, b := pushes(d, w.edges[7], w.edges[8])
			n.V, by.V = n.V+a, by.V+b
		}
	}
	return n, by
}

// stageCalls says what being in a stage at a call instant meant for winning.
func (w *world) stageCalls(key string) *health.StageCalls {
	n, inPeriod, ended, ever := 0, 0, 0, 0
	for _, p := range w.lastPeriods() {
		c := p.start.Add(w.set.CallAfter)
		for _, d := range w.deals {
			m := d.lastMappedBefore(c)
			if m == nil || m.stage.Key != key || !d.there(c) {
				continue
			}
			n++
			if d.endedIn(pipeline.Won, c, p.end) {
				inPeriod++
			}
			if d.outcome != pipeline.Open {
				ended++
			}
			if d.outcome == pipeline.Won {
				ever++
			}
		}
	}
	return &health.StageCalls{N: n, WonInPeriod: over(float64(inPeriod), float64(n)), EverWon: over(float64(ever), float64(ended))}
}
