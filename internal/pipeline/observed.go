package pipeline

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// Observation is what was seen of an open deal on a day: the columns that a CRM without history overwrites.
type Observation struct {
	DealID        string
	Day           Date
	Stage         string
	ExpectedClose Opt[Date]
	Amount        Opt[float64] // in Currency
	Currency      string
	Probability   Opt[float64]
	Category      string
}

// Observe notes what a deal's columns say on a day. Only an open deal's say something: those of a closed one are
// hindsight.
func Observe(d *Deal, day Date) (o Observation, ok bool) {
	return Observation{DealID: d.ID, Day: day, Stage: d.Stage, ExpectedClose: d.ExpectedClose, Amount: d.Amount, Currency: d.Currency,
		Probability: d.Probability, Category: d.ForecastCategory}, d.Outcome == Open
}

// Same says whether another observation of the deal saw the same, on whatever day.
func (o Observation) Same(other Observation) bool {
	other.Day = o.Day
	return o == other
}

// Seen is all that was seen of the open deals of a source.
type Seen struct {
	Days  []Date                        // on which somebody looked, oldest first
	Deals iter.Seq2[Observation, error] // by the id of the deal, bytewise, then by day; none of a day on which it was as before

	// Now sees one more deal on the last of Days, which is today and is not among Deals; nil: it is.
	Now func(*Deal) (Observation, bool)
}

// Observed says what of a reading was seen by us and does not come from the source.
type Observed struct {
	StageChanges, Forecasts bool
	At                      []time.Time // when somebody looked, before the instant of the reading, oldest first
}

// Overnight is the instant at which what was seen on a day is taken to have been so: the end of the day before. Figures
// as of a midnight are made in the hours after it, and are to know what was seen in them.
func (d Date) Overnight(loc *time.Location) time.Time {
	return d.Start(loc).Add(-time.Microsecond).UTC()
}

// Lay lays what was seen before an instant over the reading, as the history of what the source has no history of. One
// look is no history of stages yet: it says where a deal stood, not since when.
func (r *Reading) Lay(seen Seen, asOf time.Time, loc *time.Location) {
	o := Observed{Forecasts: !r.Tables[Forecasts]}
	for _, d := range seen.Days {
		if at := d.Overnight(loc); at.Before(asOf) {
			o.At = append(o.At, at)
		}
	}
	if len(o.At) == 0 || r.Tables[Forecasts] && r.Tables[StageChanges] {
		return
	}
	o.StageChanges = !r.Tables[StageChanges] && len(o.At) > 1
	r.Observed = &o
	l := layer{reading: r, asOf: asOf, loc: loc, deals: r.Deals, seen: seen}
	r.Deals = l.all
}

// layer puts what was seen of each deal beside its own rows.
type layer struct {
	reading *Reading
	asOf    time.Time
	loc     *time.Location
	deals   iter.Seq2[*History, error]
	seen    Seen
	rows    []Observation // of one deal, before the instant
	history History
}

// all is Reading.Deals: both streams go through the ids in the same order.
func (l *layer) all(yield func(*History, error) bool) {
	next, stop := iter.Pull2(l.seen.Deals)
	defer stop()
	o, err, more := next()
	for h, failed := range l.deals {
		if failed != nil {
			yield(nil, failed)
			return
		}
		l.rows = l.rows[:0]
		for more && err == nil && o.DealID <= h.Deal.ID {
			if o.DealID == h.Deal.ID {
				l.note(o)
			}
			o, err, more = next()
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if l.seen.Now != nil {
			if now, ok := l.seen.Now(&h.Deal); ok {
				l.note(now)
			}
		}
		if !yield(l.over(h), nil) {
			return
		}
	}
}

func (l *layer) note(o Observation) {
	if o.Day.Overnight(l.loc).Before(l.asOf) {
		l.rows = append(l.rows, o)
	}
}

// over gives the deal with what was seen of it; the source's own history stays as it is.
func (l *layer) over(own *History) *History {
	if len(l.rows) == 0 {
		return own
	}
	h := &l.history
	forecasts, changes := h.Forecasts, h.Changes // memory of the deal before
	*h = *own
	if l.reading.Observed.Forecasts {
		h.Forecasts = l.forecasts(forecasts[:0], &h.Deal)
	}
	if l.reading.Observed.StageChanges {
		h.Changes = l.changes(changes[:0], &h.Deal)
	}
	l.asItWas(&h.Deal)
	return h
}

// asItWas gives back to a deal that was open at the instant the columns that were last seen before it: today's say
// what came later.
func (l *layer) asItWas(d *Deal) {
	last := &l.rows[len(l.rows)-1]
	if !l.reading.Tables[StageChanges] {
		d.Stage = last.Stage
	}
	open := d.Outcome == Open || d.ClosedAt.OK && !d.ClosedAt.V.Before(l.asOf)
	if !open || l.reading.Tables[Forecasts] {
		return
	}
	d.ExpectedClose, d.Probability, d.ForecastCategory, d.Amount = last.ExpectedClose, last.Probability, last.Category, amountIn(d.Currency, last)
}

// at is when something was seen of a deal, which is not before there was the deal.
func (l *layer) at(o *Observation, d *Deal) time.Time {
	return later(o.Day.Overnight(l.loc), d.CreatedAt)
}

// amountIn leaves out an amount in a currency that the deal has no more.
func amountIn(currency string, o *Observation) Opt[float64] {
	if !strings.EqualFold(strings.TrimSpace(o.Currency), strings.TrimSpace(currency)) {
		return Opt[float64]{}
	}
	return o.Amount
}

// forecasts are what was said of the deal from each day on. Nobody looks at the moment of closing: what a deal was
// worth then is what its column says since.
func (l *layer) forecasts(rows []Forecast, d *Deal) []Forecast {
	for i := range l.rows {
		o := &l.rows[i]
		rows = append(rows, Forecast{At: l.at(o, d), ExpectedClose: o.ExpectedClose, Amount: amountIn(d.Currency, o),
			Probability: o.Probability, Category: o.Category})
	}
	if at := d.ClosedAt; d.Outcome != Open && at.OK && at.V.Before(l.asOf) {
		rows = append(rows, Forecast{At: later(at.V, d.CreatedAt), Amount: d.Amount})
	}
	slices.SortStableFunc(rows, func(a, b Forecast) int { return a.At.Compare(b.At) })
	return rows
}

// changes are the days on which the deal was first seen in another stage than before.
func (l *layer) changes(rows []StageChange, d *Deal) []StageChange {
	last := ""
	for i := range l.rows {
		o := &l.rows[i]
		if o.Stage != "" && o.Stage != last {
			rows = append(rows, StageChange{Stage: o.Stage, At: l.at(o, d)})
			last = o.Stage
		}
	}
	return rows
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
