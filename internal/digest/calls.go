package digest

import (
	"fmt"
	"math"

	"drumbeat/internal/health"
)

// ownCalls sets the rep's calls beside what came of them.
func (b *builder) ownCalls() []string {
	f := b.r.Figures.Forecast
	if f == nil {
		return nil
	}
	var out []string
	if f.CalledDeals.OK && f.CalledDeals.V > 0 {
		span := "In the last " + count(len(f.Periods), b.periodNoun(), b.periodNoun()+"s") + " you made " + count(f.CalledDeals.V, "call", "calls")
		predicted, actual, ok := totals(f.Periods)
		switch {
		case !f.Judged:
			out = append(out, span+": "+tooFew+".")
		case ok && f.Bias.OK:
			out = append(out, fmt.Sprintf("%s: %s expected, %s came in. %s.", span, b.money(predicted), b.money(actual), upper(bias(f.Bias.V))+b.directions(f)))
		case ok:
			out = append(out, fmt.Sprintf("%s: %s expected, none of them was won in its %s.", span, b.money(predicted), b.periodNoun()))
		}
	}
	out = append(out, b.calibration(f.Calibration)...)
	if n := f.Pushes.Or(0); n > 0 {
		s := count(n, "close date was", "close dates were") + " pushed in the " + b.when.Noun
		if f.DaysPushed.OK && f.DaysPushed.V > 0 {
			s += ", by " + count(f.DaysPushed.V, "day", "days") + noun(n, "", " in all")
		}
		out = append(out, upper(s)+". "+noun(n, "Is the new date", "Are the new dates")+" the buyer's own?")
	}
	return out
}

// calibration says what came of what the rep said: of every size of chance that was off beyond noise, and else of
// the boldest alone.
func (b *builder) calibration(bins []health.CalibrationBin) (out []string) {
	fits := ""
	for _, c := range bins {
		if c.N < max(1, b.in.Settings.MinCalled) || !c.MeanChance.OK || !c.WonRate.OK || !c.Low.OK || !c.High.OK {
			continue
		}
		if s, off := calibrated(c); off {
			out = append(out, s)
		} else {
			fits = s
		}
	}
	if len(out) == 0 && fits != "" {
		out = append(out, fits)
	}
	return out
}

// calibrated sets what came of calls beside what was said, then says what else so many of them would fit.
func calibrated(c health.CalibrationBin) (says string, off bool) {
	won := int(math.Round(c.WonRate.V * float64(c.N)))
	came := "none of " + whole(c.N) + " was won in time"
	if won > 0 {
		came = of(won, c.N) + " " + noun(won, "was", "were") + " won in time (" + percent(c.WonRate.V) + ")"
	}
	fits := percent(c.Low.V) + " to " + percent(c.High.V)
	verdict := "That fits, as anything from " + fits + " would."
	switch {
	case c.MeanChance.V > c.High.V:
		verdict, off = "That is fewer than you said; it fits a chance of "+fits+".", true
	case c.MeanChance.V < c.Low.V:
		verdict, off = "That is more than you said; it fits a chance of "+fits+".", true
	}
	return "When you said about " + percent(c.MeanChance.V) + ", " + came + ". " + verdict, off
}

func totals(periods []health.CallPeriod) (predicted, actual float64, ok bool) {
	for _, p := range periods {
		if p.Predicted.OK && p.Actual.OK {
			predicted, actual, ok = predicted+p.Predicted.V, actual+p.Actual.V, true
		}
	}
	return predicted, actual, ok
}
