package twin

import (
	"math"
	"math/big"
	"slices"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

const z = 1.959964

// wilson is the score interval of x of n; null for n = 0.
func wilson(x, n int) (low, high health.Number) {
	if n == 0 {
		return
	}
	N, p := float64(n), float64(x)/float64(n)
	middle := (p + z*z/(2*N)) / (1 + z*z/N)
	half := z * math.Sqrt(p*(1-p)/N+z*z/(4*N*N)) / (1 + z*z/N)
	return pipeline.Some(max(0, middle-half)), pipeline.Some(min(1, middle+half))
}

// newcombe is method 10: the interval of x1/n1 - x0/n0, null where either rate is.
func newcombe(x1, n1, x0, n0 int) (diff, low, high health.Number) {
	if n1 == 0 || n0 == 0 {
		return
	}
	p1, p0 := float64(x1)/float64(n1), float64(x0)/float64(n0)
	l1, u1 := wilson(x1, n1)
	l0, u0 := wilson(x0, n0)
	return pipeline.Some(p1 - p0),
		pipeline.Some(p1 - p0 - math.Hypot(p1-l1.V, u0.V-p0)),
		pipeline.Some(p1 - p0 + math.Hypot(u1.V-p1, p0-l0.V))
}

// betaBelow is P(Beta(a, b) < x); a parameter 0 makes a point mass at 0 or at 1.
func betaBelow(a, b, x float64) float64 {
	switch {
	case a <= 0 && x > 0:
		return 1
	case a <= 0 || b <= 0 || x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	if x > (a+1)/(a+b+2) { // the fraction converges fast on the one side of the mean only
		return 1 - betaTail(b, a, 1-x)
	}
	return betaTail(a, b, x)
}

func betaTail(a, b, x float64) float64 {
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a / betaFraction(a, b, x)
}

// betaFraction is the continued fraction 1 + d1/(1 + d2/(1 + …)) of the incomplete beta, from its tail.
func betaFraction(a, b, x float64) float64 {
	f := 1.0
	for k := 400; k >= 1; k-- {
		m := float64(k / 2)
		var d float64
		if k%2 == 0 {
			d = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		} else {
			d = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		f = 1 + d/f
	}
	return f
}

// binomialTail is P(X >= x) of n trials with chance 1/k each, by an exact sum.
func binomialTail(x, n, k int) float64 {
	sum := new(big.Int)
	for i := x; i <= n; i++ {
		others := new(big.Int).Exp(big.NewInt(int64(k-1)), big.NewInt(int64(n-i)), nil)
		sum.Add(sum, others.Mul(others, new(big.Int).Binomial(int64(n), int64(i))))
	}
	all := new(big.Int).Exp(big.NewInt(int64(k)), big.NewInt(int64(n)), nil)
	p, _ := new(big.Rat).SetFrac(sum, all).Float64()
	return p
}

// byar gives the limits of a count o.
func byar(o int) (low, high float64) {
	if o > 0 {
		O := float64(o)
		low = O * math.Pow(1-1/(9*O)-z/(3*math.Sqrt(O)), 3)
	}
	U := float64(o) + 1
	return low, U * math.Pow(1-1/(9*U)+z/(3*math.Sqrt(U)), 3)
}

// median is the middle one, or the mean of the middle two; null of none.
func median(list []float64) health.Number {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n == 0 {
		return health.Number{}
	}
	return pipeline.Some((s[(n-1)/2] + s[n/2]) / 2)
}
