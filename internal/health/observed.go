package health

import (
	"cmp"
	"math"
	"slices"
	"time"

	"drumbeat/internal/pipeline"
)

// What runs of ours saw of the open deals stands in for a history that the source does not have. Something that was
// seen to have changed did so at some time since the look before; what happened between two looks and was over nobody
// saw. So figures that need to know when, by whose hand or past which stages are missing, and the others say on what they
// rest (docs/metrics.md, chapter 1).

// Observed says on what looks the figures rest, where the source has no history of its own.
type Observed struct {
	Stages, Forecasts bool
	Since             pipeline.Date // of the first look
	Days              int           // the longest time without a look, of those that the figures learn from: they are exact to that
}

// observesStages says whether stage changes were seen by us.
func (c *computation) observesStages() bool {
	return c.in.Reading.Observed != nil && c.in.Reading.Observed.StageChanges
}

// observesForecasts says whether forecasts were seen by us.
func (c *computation) observesForecasts() bool {
	return c.in.Reading.Observed != nil && c.in.Reading.Observed.Forecasts
}

// knowsForecasts says whether anybody knows what was said when.
func (c *computation) knowsForecasts() bool {
	return c.has(pipeline.Forecasts) || c.observesForecasts()
}

// knowsPushes says whether a date could have been seen to move: for that one has to look twice.
func (c *computation) knowsPushes() bool {
	return c.has(pipeline.Forecasts) || c.observesForecasts() && len(c.in.Reading.Observed.At) > 1
}

// knownAt says whether what was said at an instant is known: from our first look on.
func (c *computation) knownAt(t instant) bool {
	return c.has(pipeline.Forecasts) || c.observesForecasts() && toInstant(c.in.Reading.Observed.At[0]) < t
}

// knowsPeriod says whether the calls of a period are known.
func (c *computation) knowsPeriod(p *callPeriod) bool { return c.knownAt(p.call) }

// lookedInWindow says whether anybody looked in the report's window.
func (c *computation) lookedInWindow() bool {
	return slices.ContainsFunc(c.in.Reading.Observed.At, func(t time.Time) bool { return c.inWindow(toInstant(t)) })
}

// earliest is the earliest that a change which was seen at an instant may have been made: right after the look before,
// but not before there was the deal. What came into force in between is not held against it.
func (c *computation) earliest(at, created instant) instant {
	if !c.observesStages() {
		return at
	}
	looks := c.in.Reading.Observed.At
	if i := lookAt(looks, at); i > 0 {
		return min(at, max(toInstant(looks[i-1]), created))
	}
	return at
}

// lookAt gives the first look that is not before an instant.
func lookAt(looks []time.Time, t instant) int {
	i, _ := slices.BinarySearchFunc(looks, t, func(at time.Time, t instant) int { return cmp.Compare(toInstant(at), t) })
	return i
}

// found says whether a deal's first move is none: it was there before the look before, or before anybody looked, and
// nobody knows since when it has stood where it was first seen.
func (c *computation) found(d *view) bool {
	if !c.observesStages() || len(d.changes) == 0 {
		return false
	}
	looks := c.in.Reading.Observed.At
	i := lookAt(looks, d.changes[0].at)
	return i == 0 || d.created < toInstant(looks[i-1])
}

// isFound says whether the i-th move is how the deal was found.
func (d *view) isFound(i int) bool { return d.found && d.moves[i].at == d.changes[0].at }

// foundHere says whether a visit began before the deal was found: it is longer than anybody saw.
func (d *view) foundHere(start instant) bool { return d.found && start == d.changes[0].at }

// observed says on what looks the figures rest; nil: on none, or on one, in which nothing can be seen to change.
func (c *computation) observed() *Observed {
	o := c.in.Reading.Observed
	if o == nil || len(o.At) < 2 {
		return nil
	}
	out := &Observed{Stages: o.StageChanges, Forecasts: o.Forecasts, Since: pipeline.DateOf(o.At[0], c.set.Location) + 1}
	for i, t := range o.At {
		next := c.asOf
		if i+1 < len(o.At) {
			next = toInstant(o.At[i+1])
		}
		if next >= c.lookback {
			out.Days = max(out.Days, int(math.Round(days(next-toInstant(t)))))
		}
	}
	return out
}

// Untimed says whether nobody knows since when deals stand where they do, neither the source nor our own runs: then that
// none of them stalls is no finding.
func (r *Report) Untimed() bool {
	return r.Sources.StageChanges.Or(0) == 0 && (r.Observed == nil || !r.Observed.Stages)
}
