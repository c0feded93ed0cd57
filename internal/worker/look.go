package worker

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// Observations are what earlier runs saw of the open deals.
type Observations interface {
	ObservedOn(ctx context.Context) ([]pipeline.Date, error)
	Observations(ctx context.Context, until pipeline.Date) iter.Seq2[pipeline.Observation, error]
}

// look is one look at the open deals, that of the desk's first reading, whatever instant its figures were of: a source
// without history shows its values of now.
type look struct {
	day  pipeline.Date
	at   time.Time
	seen []pipeline.Observation // by the id of the deal
	done bool                   // all deals were gone through
}

// observe lays what earlier runs saw, and what this reading sees, over a source that has no history of its own.
func (w *Worker) observe(ctx context.Context, l *look, reading *pipeline.Reading, asOf time.Time) error {
	if w.Past == nil {
		return nil
	}
	if !l.done {
		l.at = w.Now()
		l.day = pipeline.DateOf(l.at, w.Config.Zone)
		reading.Deals = l.through(reading.Deals)
	}
	if reading.Tables[pipeline.StageChanges] && reading.Tables[pipeline.Forecasts] {
		return nil
	}
	seen, err := Seen(ctx, w.Past, l.day)
	if err != nil {
		return err
	}
	if seen.Now != nil && l.done {
		seen.Now = l.sight
	}
	reading.Lay(seen, asOf, w.Config.Zone)
	return nil
}

// Seen is what was seen of the open deals up to a day; where nobody looked on that day yet, whoever reads now does.
func Seen(ctx context.Context, past Observations, today pipeline.Date) (pipeline.Seen, error) {
	days, err := past.ObservedOn(ctx)
	if err != nil {
		return pipeline.Seen{}, err
	}
	seen := pipeline.Seen{Days: days, Deals: past.Observations(ctx, today)}
	if len(days) == 0 || days[len(days)-1] < today {
		seen.Days = append(slices.Clone(days), today)
		seen.Now = func(d *pipeline.Deal) (pipeline.Observation, bool) { return pipeline.Observe(d, today) }
	}
	return seen, nil
}

// through notes the open deals that go by. Their text is copied: a history is valid until the next one.
func (l *look) through(deals iter.Seq2[*pipeline.History, error]) iter.Seq2[*pipeline.History, error] {
	return func(yield func(*pipeline.History, error) bool) {
		var seen []pipeline.Observation
		words := map[string]string{} // of which there are few, many times
		word := func(s string) string {
			if words[s] == "" {
				words[strings.Clone(s)] = strings.Clone(s)
			}
			return words[s]
		}
		for h, err := range deals {
			if err == nil {
				if o, open := pipeline.Observe(&h.Deal, l.day); open {
					o.DealID, o.Stage, o.Currency, o.Category = strings.Clone(o.DealID), word(o.Stage), word(o.Currency), word(o.Category)
					seen = append(seen, o)
				}
			}
			if !yield(h, err) {
				return
			}
		}
		l.seen, l.done = seen, true
	}
}

// sight gives what the look saw of a deal.
func (l *look) sight(d *pipeline.Deal) (pipeline.Observation, bool) {
	i, ok := slices.BinarySearchFunc(l.seen, d.ID, func(o pipeline.Observation, id string) int { return strings.Compare(o.DealID, id) })
	if !ok {
		return pipeline.Observation{}, false
	}
	return l.seen[i], true
}

// news is what a run records of the look; a test that goes to another address records nothing.
func (l *look) news(r *round) *ledger.Observed {
	if !l.done || r.job.Redirect != "" {
		return nil
	}
	return &ledger.Observed{Day: l.day, At: l.at, Deals: l.seen}
}
