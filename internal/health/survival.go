package health

import (
	"cmp"
	"math"
	"slices"

	"drumbeat/internal/pipeline"
)

// step is one distinct dwell at which visits ended.
type step struct {
	dwell  instant
	s      float64 // S(t), Kaplan–Meier: the share that still stays
	f      float64 // F(t), Aalen–Johansen: the share that has advanced
	lambda float64 // Λ(t), Nelson–Aalen: the cumulative hazard of advancing
	g      float64 // Greenwood's sum Σ d/(n(n−d)); +Inf once S is 0
}

// curve is what was learned of the dwell in one stage. Advancing competes with going back and being lost;
// visits that are still open or end in an unmapped stage are censored.
type curve struct {
	steps    []step
	dwells   []instant // all of them, sorted
	advances int
}

// spell is how long a visit was, and how it ended.
type spell struct {
	dwell instant
	end   end
}

// newCurve estimates Kaplan–Meier, Aalen–Johansen and Nelson–Aalen with ties: at each distinct dwell t,
// n visits have dwell >= t, d end there by any cause and a advance.
func newCurve(visits []learnedVisit) curve {
	vs := make([]spell, len(visits))
	for i := range visits {
		vs[i] = spell{visits[i].dwell, visits[i].end}
	}
	slices.SortFunc(vs, func(a, b spell) int { return cmp.Compare(a.dwell, b.dwell) })
	k := curve{dwells: make([]instant, len(vs))}
	for i := range vs {
		k.dwells[i] = vs[i].dwell
	}
	now := step{s: 1}
	for i := 0; i < len(vs); {
		n, d, a, t := float64(len(vs)-i), 0, 0, vs[i].dwell
		for ; i < len(vs) && vs[i].dwell == t; i++ {
			switch vs[i].end {
			case endAdvanced:
				a++
				d++
			case endBack, endLost:
				d++
			}
		}
		if d == 0 {
			continue
		}
		k.advances += a
		now.dwell = t
		now.f += now.s * float64(a) / n
		now.lambda += float64(a) / n
		now.s *= 1 - float64(d)/n
		now.g += float64(d) / (n * (n - float64(d)))
		k.steps = append(k.steps, now)
	}
	return k
}

// at gives the curve's values at a dwell: those of the last step at or before it.
func (k *curve) at(dwell instant) step {
	i, _ := slices.BinarySearchFunc(k.steps, dwell+1, func(s step, t instant) int { return cmp.Compare(s.dwell, t) })
	if i == 0 {
		return step{s: 1}
	}
	return k.steps[i-1]
}

// first gives the least dwell, in days, at which a step passes the test.
func (k *curve) first(test func(step) bool) Number {
	for _, s := range k.steps {
		if test(s) {
			return pipeline.Some(days(s.dwell))
		}
	}
	return Number{}
}

// median gives the least dwell at which no more than half still stay, with the dwells at which the lower
// and the upper log-log limit of S get there.
func (k *curve) median() (mid, low, high Number) {
	return k.first(func(s step) bool { return s.s <= 0.5+eps }),
		k.first(func(s step) bool { return s.limit(+z) <= 0.5+eps }),
		k.first(func(s step) bool { return s.limit(-z) <= 0.5+eps })
}

// limit is the log-log limit S^exp(q·√G/|ln S|) of S(t): the lower one for q > 0 (Kalbfleisch & Prentice).
func (s step) limit(q float64) float64 {
	if s.s <= 0 {
		return 0
	}
	return math.Pow(s.s, math.Exp(q*math.Sqrt(s.g)/math.Abs(math.Log(s.s))))
}

// advancedShare gives the least dwell, in days, by which that share of the deals that advance at all have.
func (k *curve) advancedShare(share float64) Number {
	if len(k.steps) == 0 {
		return Number{}
	}
	most := k.steps[len(k.steps)-1].f
	return k.first(func(s step) bool { return s.f >= share*most-eps })
}

// chance gives the probability, of a deal that has waited so long, to advance within a further span.
// Missing if none stays so long, or fewer than least visits did.
func (k *curve) chance(dwell, within instant, least int) Number {
	i, _ := slices.BinarySearch(k.dwells, dwell)
	now := k.at(dwell)
	if len(k.dwells)-i < least || now.s <= 0 {
		return Number{}
	}
	return pipeline.Some(min(1, (k.at(dwell+within).f-now.f)/now.s))
}
