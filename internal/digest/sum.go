package digest

import (
	"math"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// sum adds the figures of several reps up to those of a group that the report does not have. Counts add;
// rates, intervals, accuracy and bias are made anew from the sums. What cannot be summed (medians, Brier
// scores, changes, paces) stays missing.
func sum(reps []health.RepFigures, set health.Settings) health.Figures {
	var out health.Figures
	for _, r := range reps {
		out.Adherence = addAdherence(out.Adherence, r.Adherence)
		out.Stall = addStall(out.Stall, r.Stall)
		out.Forecast = addForecast(out.Forecast, r.Forecast)
		out.Record = addRecord(out.Record, r.Record)
		out.Trend = addTrend(out.Trend, r.Trend)
	}
	if a := out.Adherence; a != nil {
		a.Rate, a.Low, a.High = wilson(a.Met, a.Due)
		a.Stages.Rate, a.Evidence.Rate = share(a.Stages.Met, a.Stages.Due), share(a.Evidence.Met, a.Evidence.Due)
		a.Judged = a.Due >= set.MinDue && a.Due > 0
	}
	if f := out.Forecast; f != nil {
		f.Judged = f.CalledDeals.OK && f.CalledDeals.V >= set.MinCalled && f.CalledDeals.V > 0
		accuracy(f)
	}
	for i := range out.Trend {
		out.Trend[i].Rate = share(out.Trend[i].Met, out.Trend[i].Due)
	}
	return out
}

func addAdherence(sum, a *health.Adherence) *health.Adherence {
	if a == nil {
		return sum
	}
	if sum == nil {
		sum = &health.Adherence{}
	}
	sum.Due += a.Due
	sum.Met += a.Met
	sum.Missed += a.Missed
	sum.Pending += a.Pending
	sum.Excused += a.Excused
	sum.CleanMoves += a.CleanMoves
	sum.MovedBack += a.MovedBack
	sum.Stages.Due += a.Stages.Due
	sum.Stages.Met += a.Stages.Met
	sum.Evidence.Due += a.Evidence.Due
	sum.Evidence.Met += a.Evidence.Met
	return sum
}

func addStall(sum, s *health.Stall) *health.Stall {
	if s == nil {
		return sum
	}
	if sum == nil {
		sum = &health.Stall{}
	}
	sum.OpenDeals += s.OpenDeals
	sum.StalledDeals += s.StalledDeals
	sum.Advances += s.Advances
	sum.StalledAmount = plus(sum.StalledAmount, s.StalledAmount)
	sum.SilentDeals = plus(sum.SilentDeals, s.SilentDeals)
	return sum
}

func addForecast(sum, f *health.ForecastReliability) *health.ForecastReliability {
	if f == nil {
		return sum
	}
	if sum == nil {
		sum = &health.ForecastReliability{Periods: make([]health.CallPeriod, len(f.Periods))}
		for i, p := range f.Periods {
			sum.Periods[i] = health.CallPeriod{Start: p.Start, End: p.End, Call: p.Call}
		}
	}
	for i := range min(len(f.Periods), len(sum.Periods)) {
		to, p := &sum.Periods[i], f.Periods[i]
		to.Called, to.Predicted = plus(to.Called, p.Called), plus(to.Predicted, p.Predicted)
		to.Actual, to.Uncalled = plus(to.Actual, p.Actual), plus(to.Uncalled, p.Uncalled)
	}
	sum.CalledDeals, sum.Slipped = plus(sum.CalledDeals, f.CalledDeals), plus(sum.Slipped, f.Slipped)
	sum.Pushes, sum.DaysPushed = plus(sum.Pushes, f.Pushes), plus(sum.DaysPushed, f.DaysPushed)
	return sum
}

func addRecord(sum, r *health.Record) *health.Record {
	if r == nil {
		return sum
	}
	if sum == nil {
		sum = &health.Record{}
	}
	sum.Moves += r.Moves
	sum.NoHistory += r.NoHistory
	sum.Suspect, sum.EveMoves = plus(sum.Suspect, r.Suspect), plus(sum.EveMoves, r.EveMoves)
	sum.NoAmount, sum.NoClose = plus(sum.NoAmount, r.NoAmount), plus(sum.NoClose, r.NoClose)
	sum.OverdueClose, sum.NoActivity = plus(sum.OverdueClose, r.OverdueClose), plus(sum.NoActivity, r.NoActivity)
	return sum
}

func addTrend(sum, points []health.TrendPoint) []health.TrendPoint {
	for i, p := range points {
		if i >= len(sum) {
			sum = append(sum, health.TrendPoint{Start: p.Start, End: p.End})
		}
		sum[i].Due += p.Due
		sum[i].Met += p.Met
		sum[i].Moves += p.Moves
		sum[i].OpenDeals += p.OpenDeals
		sum[i].StalledDeals += p.StalledDeals
		sum[i].Stages, sum[i].Evidence = addTally(sum[i].Stages, p.Stages), addTally(sum[i].Evidence, p.Evidence)
		sum[i].StalledAmount = plus(sum[i].StalledAmount, p.StalledAmount)
	}
	return sum
}

func addTally(a, b health.Tally) health.Tally {
	a.Due, a.Met = a.Due+b.Due, a.Met+b.Met
	a.Rate = share(a.Met, a.Due)
	return a
}

// accuracy is the WAPE of the periods' sums, and what follows from it.
func accuracy(f *health.ForecastReliability) {
	var off, bias, actual, uncalled float64
	for _, p := range f.Periods {
		if !p.Predicted.OK || !p.Actual.OK {
			continue
		}
		off += math.Abs(p.Predicted.V - p.Actual.V)
		bias += p.Predicted.V - p.Actual.V
		actual += p.Actual.V
		uncalled += p.Uncalled.Or(0)
	}
	if actual > 0 {
		f.WAPE = pipeline.Some(off / actual)
		f.Accuracy = pipeline.Some(max(0, 1-off/actual))
		f.Bias = pipeline.Some(bias / actual)
	}
	if f.CalledDeals.OK && actual+uncalled > 0 {
		f.UncalledShare = pipeline.Some(uncalled / (actual + uncalled))
	}
	if f.Slipped.OK {
		f.SlipRate = share(f.Slipped.V, f.CalledDeals.Or(0))
	}
}

func plus[T int | float64](a, b pipeline.Opt[T]) pipeline.Opt[T] {
	if !b.OK {
		return a
	}
	return pipeline.Some(a.V + b.V)
}

func share(met, due int) health.Number {
	if due == 0 {
		return health.Number{}
	}
	return pipeline.Some(float64(met) / float64(due))
}

// wilson gives the rate and the Wilson score interval at 95 % (Wilson 1927).
func wilson(met, due int) (rate, low, high health.Number) {
	if due == 0 {
		return
	}
	const z = 1.959964
	n, p := float64(due), float64(met)/float64(due)
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return pipeline.Some(p), pipeline.Some(max(0, mid-half)), pipeline.Some(min(1, mid+half))
}
