package digest

import (
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
	predicted, actual, ok := totals(f.Periods)
	if n := f.CalledDeals.Or(0); n > 0 && (ok || !f.Judged) {
		off := ""
		if f.Bias.OK {
			off = b.biasOf(f)
		}
		out = append(out, b.say("own calls", "n", n, "past", knownPeriods(f), "judged", f.Judged, "expected", b.money(predicted), "came", b.money(actual), "off", off))
	}
	out = append(out, b.calibration(f.Calibration)...)
	if n := f.Pushes.Or(0); n > 0 {
		out = append(out, b.say("own pushes", "n", n, "days", max(0, f.DaysPushed.Or(0))))
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
		if s, off := b.calibrated(c); off {
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
func (b *builder) calibrated(c health.CalibrationBin) (says string, off bool) {
	won := int(math.Round(c.WonRate.V * float64(c.N)))
	fewer, more := c.MeanChance.V > c.High.V, c.MeanChance.V < c.Low.V
	says = b.say("calibrated", "chance", c.MeanChance.V, "n", c.N, "won", won, "rate", c.WonRate.V,
		"low", c.Low.V, "high", c.High.V, "fewer", fewer, "more", more)
	return says, fewer || more
}

func totals(periods []health.CallPeriod) (predicted, actual float64, ok bool) {
	for _, p := range periods {
		if p.Predicted.OK && p.Actual.OK {
			predicted, actual, ok = predicted+p.Predicted.V, actual+p.Actual.V, true
		}
	}
	return predicted, actual, ok
}
