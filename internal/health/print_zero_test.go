package health

import (
	"math"
	"testing"
)

// What rounds to nothing has no sign, whatever it is counted in.
func TestNothingIsNeverBelowNothing(t *testing.T) {
	for _, v := range []float64{-0.004, -0.0004, -1e-15, math.Copysign(0, -1)} {
		is(t, "days", daysText(some(v)), "0.0")
		is(t, "percent", percentText(some(v)), "0 %")
		is(t, "bias", biasText(&ForecastReliability{Judged: true, Bias: some(v)}), "on the mark")
		is(t, "whole money", thousands(int(math.Round(v))), "0")
	}
	is(t, "days below nothing", daysText(some(-0.06)), "-0.1")
}
