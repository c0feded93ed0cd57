package sample

import (
	"math"
	"math/rand/v2"
	"time"
)

const day = 24 * time.Hour

// dice is the chance in one story. Each story has its own, so that it can be told alone.
type dice struct{ *rand.Rand }

// newDice spreads the streams of neighbouring stories (the odd constant is that of SplitMix64).
func newDice(seed, stream uint64) dice {
	return dice{rand.New(rand.NewPCG(seed, stream*0x9e3779b97f4a7c15))}
}

func (d dice) happens(p float64) bool { return d.Float64() < p }

func (d dice) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// days gives a length between lo and hi days.
func (d dice) days(lo, hi float64) time.Duration { return inDays(d.between(lo, hi)) }

// dwell gives a length around median days, long ones rarer than short ones: stays in a stage are log-normal.
func (d dice) dwell(median float64) time.Duration {
	return inDays(median * math.Exp(0.55*d.NormFloat64()))
}

// gap gives the wait for the next of events that come every mean days.
func (d dice) gap(mean float64) time.Duration { return inDays(mean * d.ExpFloat64()) }

func inDays(n float64) time.Duration { return time.Duration(n * float64(day)).Round(time.Minute) }

// atWork gives a minute of the working day on which t falls for somebody so far from UTC, of the next one
// where t falls on a weekend.
func (d dice) atWork(t time.Time, offset time.Duration) time.Time {
	local := t.Add(offset).Truncate(day)
	switch local.Weekday() {
	case time.Saturday:
		local = local.Add(2 * day)
	case time.Sunday:
		local = local.Add(day)
	}
	return local.Add(8*time.Hour + time.Duration(d.IntN(10*60))*time.Minute - offset)
}

// after is atWork, but later than earlier in any case.
func (d dice) after(earlier, t time.Time, offset time.Duration) time.Time {
	if at := d.atWork(t, offset); at.After(earlier) {
		return at
	}
	return earlier.Add(time.Duration(15+d.IntN(180)) * time.Minute)
}

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }
