package twin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// deal is one that is there as of the instant, with what is seen of it.
type deal struct {
	pipeline.Deal
	history    *pipeline.History
	changes    []pipeline.StageChange // in the order of the page
	activities []pipeline.Activity
	criteria   []pipeline.CriterionMet
	forecasts  []pipeline.Forecast
	waivers    []pipeline.Waiver
	created    time.Time
	outcome    pipeline.Outcome // as of the instant
	closed     time.Time        // where outcome is not open
	moves      []move
	visits     []visit
	due        []due
	back       []int // the moves that went back
}

// move is a stage change that counts.
type move struct {
	at    time.Time
	name  string
	stage *process.Stage // nil: unmapped
	by    string         // the rep who made it, "" for nobody and system users
}

// visit is a stay in a mapped stage.
type visit struct {
	stage      *process.Stage
	start, end time.Time // end: as_of while it is open
	how        string    // advanced, back, lost, open, unknown
}

// created is the first stage change or created_at, whichever is earlier.
func created(h *pipeline.History) time.Time {
	t := h.Deal.CreatedAt
	for _, c := range h.Changes {
		if c.At.Before(t) {
			t = c.At
		}
	}
	return t
}

// newDeal keeps what is seen; false where the deal is not there or is left out of every figure.
func (w *world) newDeal(h *pipeline.History) (*deal, bool) {
	d := &deal{Deal: h.Deal, history: h, created: created(h)}
	if !d.created.Before(w.asOf) {
		return nil, false
	}
	var ok bool
	if d.outcome, d.closed, ok = w.closing(h, w.asOf); !ok {
		return nil, false
	}
	seen := func(t time.Time) bool { return t.Before(w.asOf) }
	d.changes = filter(h.Changes, func(c pipeline.StageChange) bool { return seen(c.At) })
	d.activities = filter(h.Activities, func(a pipeline.Activity) bool { return seen(a.At) })
	d.criteria = filter(h.Criteria, func(c pipeline.CriterionMet) bool { return seen(c.At) })
	d.forecasts = filter(h.Forecasts, func(f pipeline.Forecast) bool { return seen(f.At) })
	d.waivers = filter(h.Waivers, func(v pipeline.Waiver) bool { return seen(v.At) })
	slices.SortStableFunc(d.changes, w.compareChanges)
	slices.SortStableFunc(d.forecasts, func(a, b pipeline.Forecast) int {
		return cmp.Or(a.At.Compare(b.At), compareSeq(a.Seq, b.Seq))
	})
	return d, true
}

func filter[T any](list []T, keep func(T) bool) []T {
	var out []T
	for _, x := range list {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}

// compareChanges: by at, seq, position in the version in force at that time, name as given.
func (w *world) compareChanges(a, b pipeline.StageChange) int {
	return cmp.Or(a.At.Compare(b.At), compareSeq(a.Seq, b.Seq), cmp.Compare(w.placeOfChange(a), w.placeOfChange(b)),
		strings.Compare(a.Stage, b.Stage))
}

func (w *world) placeOfChange(c pipeline.StageChange) int {
	v := w.version(c.At)
	if s := w.lookup(c.Stage, c.At); s != nil {
		if j := position(v, s.Key); j >= 0 {
			return j
		}
	}
	return len(v.Stages)
}

// compareSeq puts nulls last.
func compareSeq(a, b pipeline.Opt[int64]) int {
	switch {
	case a.OK && b.OK:
		return cmp.Compare(a.V, b.V)
	case a.OK:
		return -1
	case b.OK:
		return 1
	}
	return 0
}

// closing says how and when a deal ended as of an instant; false: it is left out of every figure.
func (w *world) closing(h *pipeline.History, asOf time.Time) (pipeline.Outcome, time.Time, bool) {
	if h.Deal.Outcome == pipeline.Open {
		return pipeline.Open, time.Time{}, true
	}
	if h.Deal.ClosedAt.OK {
		at := h.Deal.ClosedAt.V
		if at.Before(h.Deal.CreatedAt) {
			at = h.Deal.CreatedAt
		}
		if !at.Before(asOf) {
			return pipeline.Open, time.Time{}, true
		}
		return h.Deal.Outcome, at, true
	}
	var last time.Time
	some, before := false, false
	for _, c := range h.Changes {
		if o, ok := w.in.Process.ClosedAs(c.Stage); !ok || o != h.Deal.Outcome {
			continue
		}
		some = true
		if c.At.Before(asOf) && (!before || c.At.After(last)) {
			before, last = true, c.At
		}
	}
	if before {
		return h.Deal.Outcome, last, true
	}
	return pipeline.Open, time.Time{}, some
}

// endedBefore says whether the deal was closed before t, strictly.
func (d *deal) endedBefore(t time.Time) bool { return d.outcome != pipeline.Open && d.closed.Before(t) }

// endedIn says whether it ended so in [from, to).
func (d *deal) endedIn(o pipeline.Outcome, from, to time.Time) bool {
	return d.outcome == o && within(d.closed, from, to)
}

// hindsight: the columns of a closed deal.
func (d *deal) hindsight() bool { return d.outcome != pipeline.Open }

// owner is the rep whose deal it is; "" for nobody and system users.
func (w *world) owner(d *deal) string { return w.person(d.RepID) }

// inForceValue is the last non-null value of the rows that count; own where no row has any.
func inForceValue[T any](d *deal, get func(pipeline.Forecast) pipeline.Opt[T], counts func(time.Time) bool, own pipeline.Opt[T]) pipeline.Opt[T] {
	var out pipeline.Opt[T]
	none := true
	for _, f := range d.forecasts {
		v := get(f)
		if !v.OK {
			continue
		}
		none = false
		if counts(f.At) {
			out = v
		}
	}
	if none {
		return own
	}
	return out
}

func before(t time.Time) func(time.Time) bool { return func(at time.Time) bool { return at.Before(t) } }
func upTo(t time.Time) func(time.Time) bool   { return func(at time.Time) bool { return !at.After(t) } }

func forecastAmount(f pipeline.Forecast) pipeline.Opt[float64]         { return f.Amount }
func forecastExpected(f pipeline.Forecast) pipeline.Opt[pipeline.Date] { return f.ExpectedClose }
func forecastProbability(f pipeline.Forecast) pipeline.Opt[float64]    { return f.Probability }
func forecastCategory(f pipeline.Forecast) pipeline.Opt[string]        { return text(f.Category) }
func ownUnless[T any](hindsight bool, own pipeline.Opt[T]) pipeline.Opt[T] {
	if hindsight {
		return pipeline.Opt[T]{}
	}
	return own
}

func (d *deal) expectedAt(t time.Time) pipeline.Opt[pipeline.Date] {
	return inForceValue(d, forecastExpected, before(t), ownUnless(d.hindsight(), d.ExpectedClose))
}

func (d *deal) probabilityAt(t time.Time) pipeline.Opt[float64] {
	return inForceValue(d, forecastProbability, before(t), ownUnless(d.hindsight(), d.Probability))
}

func (d *deal) categoryAt(t time.Time) pipeline.Opt[string] {
	return inForceValue(d, forecastCategory, before(t), ownUnless(d.hindsight(), text(d.ForecastCategory)))
}

// rawAmountAt is in the deal's own currency.
func (d *deal) rawAmountAt(t time.Time) pipeline.Opt[float64] {
	return inForceValue(d, forecastAmount, before(t), d.Amount)
}

// amountAt is in the report's currency, null without a rate.
func (w *world) amountAt(d *deal, t time.Time) health.Number { return w.convert(d, d.rawAmountAt(t)) }

// amountAtClosing counts a row at the very instant too.
func (w *world) amountAtClosing(d *deal) health.Number {
	return w.convert(d, inForceValue(d, forecastAmount, upTo(d.closed), d.Amount))
}

func (w *world) convert(d *deal, amount pipeline.Opt[float64]) health.Number {
	rate, ok := w.rate(d)
	if !ok || !amount.OK {
		return health.Number{}
	}
	return pipeline.Some(amount.V * rate)
}

// rate of the deal's currency: 1 of it is so many of the report's.
func (w *world) rate(d *deal) (float64, bool) {
	c := code(d.Currency)
	if c == "" || c == code(w.set.Currency) {
		return 1, true
	}
	for name, r := range w.set.Rates {
		if code(name) == c {
			return r, true
		}
	}
	return 0, false
}

func code(currency string) string { return strings.ToUpper(strings.TrimSpace(currency)) }
