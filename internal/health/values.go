package health

import (
	"strings"
	"time"

	"drumbeat/internal/pipeline"
)

// The values in force at an instant t: the last non-null one of the deal's forecast rows before t, each
// value by itself. With no such row before the report's instant at all: of an open deal its own column, of a
// closed one nothing (its column holds hindsight), but for the amount, which falls back to the deal's own.

// inForce walks the rows; rows come in the order of the source, by time and then seq.
func inForce[T any](d *view, t instant, own pipeline.Opt[T], value func(*pipeline.Forecast) pipeline.Opt[T]) pipeline.Opt[T] {
	var last pipeline.Opt[T]
	known := false
	for i := range d.h.Forecasts {
		f := &d.h.Forecasts[i]
		at := toInstant(f.At)
		if at >= d.asOf {
			continue
		}
		if v := value(f); v.OK {
			known = true
			if at < t {
				last = v
			}
		}
	}
	if !known {
		return own
	}
	return last
}

// columnOf is a deal's own column, as far as it is no hindsight.
func columnOf[T any](d *view, own pipeline.Opt[T]) pipeline.Opt[T] {
	if d.outcome == pipeline.Open {
		return own
	}
	return pipeline.Opt[T]{}
}

func forecastClose(f *pipeline.Forecast) pipeline.Opt[pipeline.Date] { return f.ExpectedClose }
func forecastAmount(f *pipeline.Forecast) pipeline.Opt[float64]      { return f.Amount }
func forecastChance(f *pipeline.Forecast) pipeline.Opt[float64]      { return f.Probability }
func forecastCategory(f *pipeline.Forecast) pipeline.Opt[string]     { return text(f.Category) }

func (d *view) expectedClose(t instant) pipeline.Opt[pipeline.Date] {
	return inForce(d, t, columnOf(d, d.h.Deal.ExpectedClose), forecastClose)
}

// rawAmount is in the deal's own currency.
func (d *view) rawAmount(t instant) pipeline.Opt[float64] {
	return inForce(d, t, d.h.Deal.Amount, forecastAmount)
}

// amount is in the report's currency, missing without a rate.
func (c *computation) amount(d *view, t instant) Number {
	a := d.rawAmount(t)
	r, ok := c.rate(d.h.Deal.Currency)
	if !a.OK || !ok {
		return Number{}
	}
	return pipeline.Some(a.V * r)
}

// amountAtClosing counts the rows at the very closing too.
func (c *computation) amountAtClosing(d *view) Number { return c.amount(d, d.closedAt+1) }

// category is the forecast category in force, as one that the config knows.
func (c *computation) category(d *view, t instant) (name string, known bool) {
	v := inForce(d, t, columnOf(d, text(d.h.Deal.ForecastCategory)), forecastCategory)
	name = strings.ToLower(strings.TrimSpace(v.V))
	_, known = c.set.CategoryChance[name]
	return name, known
}

// chance is the stated chance at t: the probability in force, else by category, else by the stage.
func (c *computation) chance(d *view, t instant) Number {
	if p := inForce(d, t, columnOf(d, d.h.Deal.Probability), forecastChance); p.OK {
		return p
	}
	if name, known := c.category(d, t); known {
		return pipeline.Some(c.set.CategoryChance[name])
	}
	for i := len(d.moves) - 1; i >= 0; i-- {
		m := &d.moves[i]
		if m.at >= t || m.stage == nil {
			continue
		}
		if s := c.version(t).Stage(m.stage.Key); s != nil {
			return s.WinProbability
		}
		return m.stage.WinProbability
	}
	return Number{}
}

// noteColumns remembers whether the source has a value of a column at all: one that does not exist is
// nobody's gap.
func (c *computation) noteColumns(d *view) {
	deal := &d.h.Deal
	c.seenAmount = c.seenAmount || deal.Amount.OK
	c.seenClose = c.seenClose || deal.ExpectedClose.OK
	for i := range d.h.Forecasts {
		f := &d.h.Forecasts[i]
		if toInstant(f.At) < c.asOf {
			c.seenAmount = c.seenAmount || f.Amount.OK
			c.seenClose = c.seenClose || f.ExpectedClose.OK
		}
	}
}

// noteNewest remembers the latest time before the report's instant at which anything happened to a deal.
func (c *computation) noteNewest(h *pipeline.History) {
	note := func(t time.Time) {
		if at := toInstant(t); at < c.asOf {
			c.newest = max(c.newest, at)
		}
	}
	note(h.Deal.CreatedAt)
	if h.Deal.ClosedAt.OK {
		note(h.Deal.ClosedAt.V)
	}
	for i := range h.Criteria {
		note(h.Criteria[i].At)
	}
	if c.has(pipeline.StageChanges) { // our own looking is no news of the source
		for i := range h.Changes {
			note(h.Changes[i].At)
		}
	}
	if h.Earlier.Any.OK {
		note(h.Earlier.Any.V)
	}
	for i := range h.Activities {
		note(h.Activities[i].At)
	}
	if c.has(pipeline.Forecasts) {
		for i := range h.Forecasts {
			note(h.Forecasts[i].At)
		}
	}
}
