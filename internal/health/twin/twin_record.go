package twin

import (
	"slices"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// entry is a move that somebody put into the record in the window.
type entry struct {
	move
	deal *deal
	n    int // its number in the deal's path
}

// entries are the window's mapped moves by reps, not into after stages.
func (w *world) entries(s subject) []entry {
	var out []entry
	for _, d := range w.deals {
		for n, m := range d.moves {
			if m.stage != nil && m.stage.Phase != process.After && m.by != "" && s.has(m.by) && within(m.at, w.edges[7], w.edges[8]) {
				out = append(out, entry{m, d, n})
			}
		}
	}
	return out
}

func (w *world) record(s subject) *health.Record {
	list := w.entries(s)
	eve := len(filter(list, w.onEve))
	suspect := len(filter(list, func(e entry) bool {
		return (w.sweep(e) || w.onEve(e)) && (w.passThrough(e) || w.unbacked(e))
	}))
	p := binomialTail(eve, len(list), w.workdays)
	r := &health.Record{Moves: len(list), Suspect: pipeline.Some(suspect), EveMoves: pipeline.Some(eve), EveP: pipeline.Some(p),
		Flagged: pipeline.Some(len(list) >= 10 && 2*eve >= len(list) && p < 0.01)}
	w.recordGaps(s, r)
	return r
}

// sweep (T1): in a session of the rep's moves, without gaps over ten minutes, that touches five deals.
func (w *world) sweep(e entry) bool {
	own := w.entries(subject{ids: []string{e.by}})
	slices.SortStableFunc(own, func(a, b entry) int { return a.at.Compare(b.at) })
	session := []entry{}
	for i, x := range own {
		if i > 0 && x.at.Sub(own[i-1].at) > 10*time.Minute {
			if touches(session, e) {
				break
			}
			session = session[:0]
		}
		session = append(session, x)
	}
	deals := map[string]bool{}
	for _, x := range session {
		deals[x.deal.ID] = true
	}
	return touches(session, e) && len(deals) >= 5
}

func touches(session []entry, e entry) bool {
	return slices.ContainsFunc(session, func(x entry) bool { return x.deal == e.deal && x.n == e.n })
}

// onEve (T2): on the last working date that begins before the end.
func (w *world) onEve(e entry) bool {
	return dateOf(e.at, w.loc) == w.eve
}

// passThrough (T3): gone again within ten minutes from a stage where an hour is usual.
func (w *world) passThrough(e entry) bool {
	m := w.medianDays(e.stage.Key)
	return e.n+1 < len(e.deal.moves) && e.deal.moves[e.n+1].at.Sub(e.at) < 10*time.Minute && m.OK && m.V >= 1.0/24
}

// forward: on from the latest earlier move into a known stage; also where all earlier ones were unmapped.
func (w *world) forward(e entry) bool {
	for k := e.n - 1; k >= 0; k-- {
		if s := e.deal.moves[k].stage; s != nil {
			return w.later(s, e.move)
		}
	}
	return true
}

// unbacked (T4): a forward move, not the deal's first, with nothing from the buyer in the 14 days up to it.
func (w *world) unbacked(e entry) bool {
	if !w.has(pipeline.Activities) || e.n == 0 || !w.forward(e) {
		return false
	}
	return !slices.ContainsFunc(e.deal.activities, func(a pipeline.Activity) bool {
		return w.ofBuyer(a) && !a.At.Before(e.at.Add(-14*day)) && !a.At.After(e.at)
	})
}

// recordGaps counts what deals of outcome open lack.
func (w *world) recordGaps(s subject, r *health.Record) {
	open := filter(w.deals, func(d *deal) bool { return d.outcome == pipeline.Open && s.has(w.owner(d)) })
	n := func(lacks func(*deal) bool) health.Count { return pipeline.Some(len(filter(open, lacks))) }
	if w.anyAmount() {
		r.NoAmount = n(func(d *deal) bool { return !d.rawAmountAt(w.asOf).OK })
	}
	if w.anyExpected() {
		r.NoClose = n(func(d *deal) bool { return !d.expectedAt(w.asOf).OK })
		r.OverdueClose = n(w.overdue)
	}
	if w.has(pipeline.Activities) {
		r.NoActivity = n(w.noActivity)
	}
	r.NoHistory = n(func(d *deal) bool { return len(d.changes) == 0 }).V
}

func (w *world) overdue(d *deal) bool {
	e := d.expectedAt(w.asOf)
	return e.OK && e.V < dateOf(w.asOf, w.loc)
}

func (w *world) noActivity(d *deal) bool {
	last := d.CreatedAt
	for i, a := range d.activities {
		if i == 0 || a.At.After(last) {
			last = a.At
		}
	}
	return w.asOf.Sub(last) > 14*day
}

// anyAmount says whether some deal or forecasts row seen has an amount at all.
func (w *world) anyAmount() bool {
	return w.anyValue(func(d pipeline.Deal) bool { return d.Amount.OK }, func(f pipeline.Forecast) bool { return f.Amount.OK })
}

func (w *world) anyExpected() bool {
	return w.anyValue(func(d pipeline.Deal) bool { return d.ExpectedClose.OK }, func(f pipeline.Forecast) bool { return f.ExpectedClose.OK })
}

func (w *world) anyValue(ofDeal func(pipeline.Deal) bool, ofRow func(pipeline.Forecast) bool) bool {
	return slices.ContainsFunc(w.all, func(h *pipeline.History) bool {
		return created(h).Before(w.asOf) && (ofDeal(h.Deal) || slices.ContainsFunc(h.Forecasts, func(f pipeline.Forecast) bool {
			return f.At.Before(w.asOf) && ofRow(f)
		}))
	})
}
