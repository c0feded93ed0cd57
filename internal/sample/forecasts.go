package sample

import (
	"math"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// call is what the owner states about a deal while it is being sold.
type call struct {
	at       time.Time
	expected time.Time // zero: no close date yet
	amount   float64   // 0: not known yet
	chance   float64
}

// forecasts writes a row for each step up to the close, and one each time the expected close has come near and
// is moved. What a seller states follows the stage, the seller's habit and a little of what will be.
func (w *scribe) forecasts(amount float64) {
	end := w.sellingEnd(w.opt.AsOf)
	sure := w.evidence >= 1
	first := round(amount*w.d.between(0.8, 1.3), 500)
	var c call
	for k, s := range w.steps {
		if w.shape.stages[s.stage].Phase == process.After || !s.at.Before(end) {
			break
		}
		c.at = s.at.Add(time.Duration(1+w.d.IntN(9)) * time.Minute)
		if !c.at.Before(end) {
			c.at = s.at
		}
		switch {
		case s.stage >= w.shape.lastSell-1:
			c.amount = amount
		case c.amount == 0 && (sure || w.d.happens(0.8)):
			c.amount = first
		}
		c.chance = w.chanceAt(s.stage)
		w.reestimate(&c, s)
		w.state(c)
		until, last := end, k == len(w.steps)-1
		if !last && w.steps[k+1].at.Before(end) {
			until = w.steps[k+1].at
		}
		if last && !w.pushAt.IsZero() {
			c.at, c.expected = w.pushAt, c.expected.Add(w.d.days(14, 60))
			w.state(c)
			return
		}
		w.pushes(&c, until)
	}
}

// chanceAt is what the owner states for a stage.
func (w *scribe) chanceAt(stage int) float64 {
	if w.stated > 0 && stage >= w.shape.selling {
		return w.stated
	}
	p := w.shape.stages[stage].chance + 0.05*w.d.NormFloat64()
	if w.shape.stages[stage].Phase == process.Selling {
		p += w.owner.calls
		switch w.outcome {
		case pipeline.Won:
			p += w.owner.insight
		case pipeline.Lost:
			p -= w.owner.insight
		}
	}
	return round(min(0.95, max(0.05, p)), 0.05)
}

// reestimate sets the expected close on entering a stage. A date once given is mostly left alone, unless it has
// become absurd or the end is near.
func (w *scribe) reestimate(c *call, s step) {
	if !w.promise.IsZero() {
		c.expected = w.promise
		return
	}
	days := w.shape.remaining(s.stage) * (1 - w.owner.optimism) * math.Exp(0.25*w.d.NormFloat64())
	estimate := s.at.Add(inDays(max(4, days)))
	if w.outcome == pipeline.Won && s.stage == w.shape.lastSell && w.d.happens(0.75) {
		c.expected = w.closed.Add(w.d.days(-4, 5)) // a buyer who is about to sign has named the day
		return
	}
	switch {
	case c.expected.IsZero():
		if w.evidence < 1 && s.stage < w.shape.selling && w.d.happens(0.15) {
			return
		}
		c.expected = estimate
	case s.stage == w.shape.lastSell && w.d.happens(0.7), estimate.Sub(c.expected) > 10*day && w.d.happens(0.35):
		c.expected = estimate
	}
}

// pushes moves the expected close whenever it has come near and the deal is not closed, until it is, or until
// the owner lets the date pass.
func (w *scribe) pushes(c *call, until time.Time) {
	for !c.expected.IsZero() {
		if w.outcome == pipeline.Won && c.expected.Sub(w.closed).Abs() < 6*day {
			return
		}
		at := w.d.after(c.at, c.expected.Add(-w.d.days(-2, 16)), w.owner.offset)
		if !at.Before(until) || w.d.happens(0.1) || (w.owner.kind == onLeave && !at.Before(w.owner.until)) {
			return
		}
		c.at = at
		for moved := false; !moved || !c.expected.After(at); moved = true {
			c.expected = c.expected.Add(w.d.days(12, w.owner.pushDays))
		}
		if w.outcome == pipeline.Lost && w.stated == 0 { // a date that passed is a doubt
			c.chance = round(max(0.05, c.chance-w.d.between(0.05, 0.3)), 0.05)
		}
		w.state(*c)
	}
}

// state writes what is in force from now on; the date as the owner's calendar shows it.
func (w *scribe) state(c call) {
	f := pipeline.Forecast{At: c.at, Probability: pipeline.Some(math.Round(c.chance*100) / 100),
		Category: "pipeline", Seq: pipeline.Some(int64(len(w.h.Forecasts) + 1))}
	switch {
	case c.chance >= 0.7:
		f.Category = "commit"
	case c.chance >= 0.4:
		f.Category = "best_case"
	case c.chance <= 0.05:
		f.Category = "omitted"
	}
	if !c.expected.IsZero() {
		f.ExpectedClose = pipeline.Some(pipeline.DateOf(c.expected, time.UTC))
	}
	if c.amount > 0 {
		f.Amount = pipeline.Some(c.amount)
	}
	w.h.Forecasts = append(w.h.Forecasts, f)
}
