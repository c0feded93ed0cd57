package twin

import (
	"math"
	"slices"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

const almost = 1e-9

// stay is a visit with its deal.
type stay struct {
	visit
	deal *deal
}

func (s stay) dwell() time.Duration { return s.end.Sub(s.start) }
func (s stay) ended() bool          { return s.how == "advanced" || s.how == "back" || s.how == "lost" }

// learning are the visits that began in the lookback, of stages that are not final.
func (w *world) learning() []stay {
	var out []stay
	for _, d := range w.deals {
		for _, v := range d.visits {
			if !v.stage.Final && within(v.start, w.asOf.Add(-w.set.Lookback), w.asOf) {
				out = append(out, stay{v, d})
			}
		}
	}
	return out
}

func ofStage(list []stay, key string) []stay {
	return filter(list, func(s stay) bool { return s.stage.Key == key })
}

// point of the curves: their values from one distinct dwell to the next.
type point struct {
	dwell                                   time.Duration
	atRisk                                  int
	surviving, advancing, hazard, greenwood float64
}

// curve is Kaplan and Meier's, Aalen and Johansen's and Nelson and Aalen's, at every distinct dwell.
func curve(list []stay) []point {
	var times []time.Duration
	for _, s := range list {
		if !slices.Contains(times, s.dwell()) {
			times = append(times, s.dwell())
		}
	}
	slices.Sort(times)
	var out []point
	last := point{surviving: 1}
	for _, t := range times {
		n := float64(len(filter(list, func(s stay) bool { return s.dwell() >= t })))
		d := float64(len(filter(list, func(s stay) bool { return s.dwell() == t && s.ended() })))
		a := float64(len(filter(list, func(s stay) bool { return s.dwell() == t && s.how == "advanced" })))
		last = point{dwell: t, atRisk: int(n), surviving: last.surviving * (1 - d/n),
			advancing: last.advancing + last.surviving*a/n, hazard: last.hazard + a/n,
			greenwood: last.greenwood + d/(n*(n-d))}
		out = append(out, last)
	}
	return out
}

// at is the curves' value at t.
func at(c []point, t time.Duration) point {
	out := point{surviving: 1}
	for _, p := range c {
		if p.dwell <= t {
			out = p
		}
	}
	return out
}

// threshold of a stage, and where it comes from; both null for a final one.
type threshold struct {
	limit  pipeline.Opt[time.Duration]
	source pipeline.Opt[health.ThresholdSource]
}

func (w *world) learn() {
	w.curves, w.thresholds = map[string][]point{}, map[string]threshold{}
	for _, s := range w.order {
		w.curves[s.Key] = curve(ofStage(w.learning(), s.Key))
		w.thresholds[s.Key] = w.thresholdOf(s)
	}
}

// least is the least dwell at which the value has fallen to a half.
func least(c []point, value func(point) float64) health.Number {
	for _, p := range c {
		if value(p) <= 0.5+almost {
			return pipeline.Some(days(p.dwell))
		}
	}
	return health.Number{}
}

// limit is the log-log limit of S: the lower for sign +1, the upper for -1.
func limit(p point, sign float64) float64 {
	if p.surviving <= 0 || p.surviving >= 1 {
		return p.surviving
	}
	return math.Pow(p.surviving, math.Exp(sign*z*math.Sqrt(p.greenwood)/math.Abs(math.Log(p.surviving))))
}

func (w *world) medianDays(key string) health.Number {
	return least(w.curves[key], func(p point) float64 { return p.surviving })
}

func (w *world) thresholdOf(s *process.Stage) threshold {
	if s.Final {
		return threshold{}
	}
	if s.StallAfter.OK {
		return threshold{s.StallAfter, pipeline.Some(health.Configured)}
	}
	advances := filter(ofStage(w.learning(), s.Key), func(s stay) bool { return s.how == "advanced" })
	c := w.curves[s.Key]
	for _, p := range c {
		if len(advances) >= w.set.MinHistory && p.advancing >= 0.75*c[len(c)-1].advancing-almost {
			return threshold{pipeline.Some(max(p.dwell, w.set.LeastStall)), pipeline.Some(health.Learned)}
		}
	}
	return threshold{pipeline.Some(30 * day), pipeline.Some(health.Default)}
}

func (w *world) stageRows() []health.Stage {
	out := []health.Stage{}
	for _, s := range w.order {
		list := ofStage(w.learning(), s.Key)
		n := func(how string) int { return len(filter(list, func(s stay) bool { return s.how == how })) }
		c := w.curves[s.Key]
		row := health.Stage{Key: s.Key, Name: s.Name, Phase: s.Phase.String(), Visits: len(list),
			Advanced: n("advanced"), Back: n("back"), Lost: n("lost"), Open: n("open"), Unknown: n("unknown"),
			MedianDays: w.medianDays(s.Key),
			MedianLow:  least(c, func(p point) float64 { return limit(p, 1) }),
			MedianHigh: least(c, func(p point) float64 { return limit(p, -1) }),
			Calls:      w.stageCalls(s.Key)}
		t := w.thresholds[s.Key]
		row.ThresholdSource = t.source
		if t.limit.OK {
			row.ThresholdDays = pipeline.Some(days(t.limit.V))
		}
		out = append(out, row)
	}
	return out
}

// waiting is how long a deal has stood in its current stage at t; null where no stage is known.
func (w *world) waiting(d *deal, t time.Time) (pipeline.Opt[time.Duration], *process.Stage) {
	m := d.standing(t)
	if m == nil || m.stage == nil {
		return pipeline.Opt[time.Duration]{}, nil
	}
	return pipeline.Some(t.Sub(m.at)), m.stage
}

// stalledAt judges an open deal at t by the thresholds of the report.
func (w *world) stalledAt(d *deal, t time.Time) pipeline.Opt[bool] {
	waited, s := w.waiting(d, t)
	if !waited.OK {
		return pipeline.Opt[bool]{}
	}
	limit := w.thresholds[s.Key].limit
	return pipeline.Some(limit.OK && waited.V > limit.V)
}

// chanceToAdvance within 30 days, of deals that waited this long.
func (w *world) chanceToAdvance(d *deal) health.Number {
	waited, s := w.waiting(d, w.asOf)
	if !waited.OK {
		return health.Number{}
	}
	c := w.curves[s.Key]
	n := len(filter(ofStage(w.learning(), s.Key), func(s stay) bool { return s.dwell() >= waited.V }))
	now, then := at(c, waited.V), at(c, waited.V+30*day)
	if n < 20 || now.surviving == 0 {
		return health.Number{}
	}
	return pipeline.Some(min(1, (then.advancing-now.advancing)/now.surviving))
}

// openDeals lists the open deals of a subject, by their owner.
func (w *world) openDeals(s subject) []*deal {
	return filter(w.deals, func(d *deal) bool { return s.has(w.owner(d)) && w.openAt(d, w.asOf) })
}

func (w *world) stall(s subject) *health.Stall {
	open := w.openDeals(s)
	stalled := filter(open, func(d *deal) bool { return w.stalledAt(d, w.asOf).V })
	out := &health.Stall{OpenDeals: len(open), StalledDeals: len(stalled), SilentDeals: w.silentDeals(open)}
	if w.anyAmount() {
		sum := 0.0
		for _, d := range stalled {
			sum += w.amountAt(d, w.asOf).V
		}
		out.StalledAmount = pipeline.Some(sum)
	}
	var over []float64
	for _, d := range stalled {
		waited, stage := w.waiting(d, w.asOf)
		over = append(over, days(waited.V)-days(w.thresholds[stage.Key].limit.V))
	}
	out.MedianDaysOver = median(over)
	w.pace(s, out)
	return out
}

func (w *world) silentDeals(open []*deal) health.Count {
	if !w.has(pipeline.Activities) {
		return health.Count{}
	}
	return pipeline.Some(len(filter(open, func(d *deal) bool { return w.silent(d).V })))
}

// firstStays are the learning visits of before and selling stages, per deal and stage the first.
func (w *world) firstStays() []stay {
	var out []stay
	for _, s := range w.learning() {
		if s.stage.Phase == process.After {
			continue
		}
		if !slices.ContainsFunc(out, func(o stay) bool { return o.deal == s.deal && o.stage.Key == s.stage.Key }) {
			out = append(out, s)
		}
	}
	return out
}

// pace is observed advances over expected ones, with Byar's limits.
func (w *world) pace(s subject, out *health.Stall) {
	all := w.firstStays()
	expected := 0.0
	for _, x := range all {
		if !s.has(w.owner(x.deal)) {
			continue
		}
		expected += at(curve(ofStage(all, x.stage.Key)), x.dwell()).hazard
		if x.how == "advanced" {
			out.Advances++
		}
	}
	out.ExpectedAdvances = pipeline.Some(expected)
	if expected < 1-almost {
		return
	}
	low, high := byar(out.Advances)
	out.Pace = pipeline.Some(float64(out.Advances) / expected)
	out.PaceLow, out.PaceHigh = pipeline.Some(low/expected), pipeline.Some(high/expected)
}

// lastBuyer is the deal's last activity of the buyer before t; of anybody where no activity names a party.
func (w *world) lastBuyer(d *deal, t time.Time) pipeline.Opt[time.Time] {
	var out pipeline.Opt[time.Time]
	for _, a := range d.activities {
		if w.ofBuyer(a) && a.At.Before(t) && (!out.OK || a.At.After(out.V)) {
			out = pipeline.Some(a.At)
		}
	}
	return out
}

func (w *world) ofBuyer(a pipeline.Activity) bool { return !w.named || a.Party == pipeline.BuyerParty }

func (w *world) daysSinceBuyer(d *deal, t time.Time) health.Number {
	if last := w.lastBuyer(d, t); last.OK && w.has(pipeline.Activities) {
		return pipeline.Some(days(t.Sub(last.V)))
	}
	return health.Number{}
}

func (w *world) silent(d *deal) pipeline.Opt[bool] {
	if !w.has(pipeline.Activities) {
		return pipeline.Opt[bool]{}
	}
	return pipeline.Some(w.asOf.Sub(w.lastBuyer(d, w.asOf).Or(d.CreatedAt)) > w.set.SilentAfter)
}
