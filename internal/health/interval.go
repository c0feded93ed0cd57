package health

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"drumbeat/internal/pipeline"
)

// z is the 97.5 % quantile of the standard normal distribution: every interval is a 95 % one.
const z = 1.959964

// eps is how closely estimated curves compare.
const eps = 1e-9

// ratio gives x / n, missing for n = 0.
func ratio(x, n int) Number {
	if n == 0 {
		return Number{}
	}
	return pipeline.Some(float64(x) / float64(n))
}

// wilson gives the Wilson score interval of x successes in n (Wilson 1927), missing for n = 0.
func wilson(x, n int) (low, high Number) {
	if n == 0 {
		return Number{}, Number{}
	}
	p, m := float64(x)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	l, h := max(0, centre-half), min(1, centre+half)
	if x == 0 {
		l = 0
	}
	if x == n {
		h = 1
	}
	return pipeline.Some(l), pipeline.Some(h)
}

// newcombe gives the difference of two rates and its interval from the two Wilson intervals (Newcombe 1998,
// method 10), all missing if one of the rates is.
func newcombe(now, before tally) (diff, low, high Number) {
	if now.due == 0 || before.due == 0 {
		return
	}
	p1, p2 := float64(now.met)/float64(now.due), float64(before.met)/float64(before.due)
	l1, u1 := wilson(now.met, now.due)
	l2, u2 := wilson(before.met, before.due)
	d := p1 - p2
	return pipeline.Some(d),
		pipeline.Some(d - math.Hypot(p1-l1.V, u2.V-p2)),
		pipeline.Some(d + math.Hypot(u1.V-p1, p2-l2.V))
}

// byar gives Byar's approximate limits of a Poisson count o, each over the expected e (Breslow & Day 1987).
func byar(o int, e float64) (low, high float64) {
	x := float64(o)
	if o > 0 {
		low = x * math.Pow(1-1/(9*x)-z/(3*math.Sqrt(x)), 3) / e
	}
	y := x + 1
	return low, y * math.Pow(1-1/(9*y)+z/(3*math.Sqrt(y)), 3) / e
}

// binomialTail gives P(X >= k) for X ~ Binomial(n, p), by the regularised incomplete beta function.
func binomialTail(k, n int, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n:
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// betaBelow gives P(Beta(a, b) < x); a Beta with a parameter 0 is a point mass at 0 or at 1.
func betaBelow(a, b, x float64) float64 {
	switch {
	case a <= 0:
		return indicator(0 < x)
	case b <= 0:
		return indicator(1 < x)
	}
	return mathext.RegIncBeta(a, b, x)
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// shrink is the empirical-Bayes pull of a rep's rate towards the team's: a beta-binomial model with mean p
// and m prior observations, the intra-class correlation by moments (Kleinman 1973).
type shrink struct {
	p, m float64
	ok   bool
}

// shrinkage fits the model over the reps that have something due in the window.
func (c *computation) shrinkage(people []*person) shrink {
	var ts []tally
	for _, p := range people {
		if t := p.own.windows[trendWindows-1].tally; t.due > 0 {
			ts = append(ts, t)
		}
	}
	return fitShrinkage(ts)
}

func fitShrinkage(ts []tally) shrink {
	var x, n, n2 float64
	for _, t := range ts {
		x, n, n2 = x+float64(t.met), n+float64(t.due), n2+float64(t.due)*float64(t.due)
	}
	if n == 0 {
		return shrink{}
	}
	s := shrink{p: x / n, m: 200, ok: true}
	var sum float64
	for _, t := range ts {
		r := float64(t.met)/float64(t.due) - s.p
		sum += float64(t.due) * r * r
	}
	k, v := float64(len(ts)), s.p*(1-s.p)
	denominator := v * (n - n2/n - (k - 1))
	if math.Abs(denominator) < 1e-12 {
		return s
	}
	switch rho := (sum - v*(k-1)) / denominator; {
	case rho > 1:
		s.m = 0
	case rho > 1.0/201:
		s.m = 1/rho - 1
	}
	return s
}

// of gives the shrunk rate and the probability that the rep's true rate is below the team's.
func (s shrink) of(met, due int) (rate, below Number) {
	if !s.ok || due == 0 {
		return
	}
	a, b := float64(met)+s.m*s.p, float64(due-met)+s.m*(1-s.p)
	return pipeline.Some(a / (a + b)), pipeline.Some(betaBelow(a, b, s.p))
}
