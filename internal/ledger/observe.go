package ledger

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/pipeline"
)

// Observed is what a run saw of the open deals: for sources that keep no history, Drumbeat remembers what changed.
type Observed struct {
	Day   pipeline.Date // of At, in the config's zone
	At    time.Time     // when the source was read
	Deals []pipeline.Observation
}

// At most so many are written by one statement, and read by one.
const (
	observedAtOnce = 500
	observedPage   = 5000
)

// observe records a look: of each deal what differs from what was last seen of it. Only the first look of a day counts,
// and none before a day that was looked at already.
func (t *tx) observe(ctx context.Context, look *Observed) error {
	days, err := t.observedDays(ctx)
	if err != nil || len(days) > 0 && days[len(days)-1] >= look.Day {
		return err
	}
	begin, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	first, err := t.exec(begin, "observe_day", args{"day": look.Day.String(), "at": look.At})
	if err != nil || first == 0 {
		return err
	}
	changed, err := t.changed(ctx, look)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(changed, observedAtOnce) {
		if err := t.insertObserved(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// changed are the deals that differ from what was last seen of them. What the database cannot keep is left out: a deal
// without a history is no reason for nobody to get a digest.
func (t *tx) changed(ctx context.Context, look *Observed) (out []pipeline.Observation, err error) {
	last := make(map[string]pipeline.Observation, len(look.Deals))
	for _, o := range look.Deals {
		last[o.DealID] = pipeline.Observation{}
	}
	err = t.eachObserved(ctx, "last_observed", nil, func(o pipeline.Observation) {
		if _, open := last[o.DealID]; open {
			last[o.DealID] = o
		}
	})
	for _, o := range look.Deals {
		o.Day = look.Day
		if before := last[o.DealID]; before.DealID != "" && o.Same(before) || o.DealID == "" {
			continue
		}
		if storable(o.DealID) && storable(o.Stage) && storable(o.Currency) && storable(o.Category) {
			out = append(out, o)
		}
	}
	return out, err
}

func (t *tx) insertObserved(ctx context.Context, deals []pipeline.Observation) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rows := make([]map[string]any, len(deals))
	for i, o := range deals {
		rows[i] = map[string]any{"deal_id": o.DealID, "day": o.Day.String(), "stage": o.Stage, "expected_close": (*civil)(&o.ExpectedClose),
			"amount": nullable(o.Amount), "currency": o.Currency, "probability": nullable(o.Probability), "category": o.Category}
	}
	text, list, err := sqlx.Named(t.l.queries["observe"], rows)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, t.Rebind(text), list...)
	return err
}

// ObservedOn gives the days on which somebody looked, oldest first.
func (l *Ledger) ObservedOn(ctx context.Context) (days []pipeline.Date, err error) {
	err = l.read(ctx, "read when deals were observed", func(ctx context.Context, t *tx) (err error) {
		days, err = t.observedDays(ctx)
		return err
	})
	return days, err
}

func (t *tx) observedDays(ctx context.Context) (days []pipeline.Date, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = t.each(ctx, "observed_days", nil, func(scan func(...any) error) error {
		var day dayText
		err := scan(&day)
		days = append(days, pipeline.Date(day))
		return err
	})
	return days, err
}

// Observations yields what was seen up to a day, by the id of the deal, bytewise, and then by day. It reads page by page,
// so that nobody waits for whoever goes through all deals; later looks do not get in between.
func (l *Ledger) Observations(ctx context.Context, until pipeline.Date) iter.Seq2[pipeline.Observation, error] {
	return func(yield func(pipeline.Observation, error) bool) {
		after := args{"deal_id": "", "day": "", "until": until.String(), "most": observedPage}
		for {
			var page []pipeline.Observation
			err := l.read(ctx, "read what was observed", func(ctx context.Context, t *tx) error {
				page = page[:0]
				return t.eachObserved(ctx, "observations", after, func(o pipeline.Observation) { page = append(page, o) })
			})
			if err != nil {
				yield(pipeline.Observation{}, err)
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			if len(page) < observedPage {
				return
			}
			last := page[len(page)-1]
			after["deal_id"], after["day"] = last.DealID, last.Day.String()
		}
	}
}

func (t *tx) eachObserved(ctx context.Context, query string, a args, each func(pipeline.Observation)) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return t.each(ctx, query, a, func(scan func(...any) error) error {
		var o pipeline.Observation
		err := scan(&o.DealID, (*dayText)(&o.Day), &o.Stage, (*civil)(&o.ExpectedClose), (*number)(&o.Amount), &o.Currency,
			(*number)(&o.Probability), &o.Category)
		if err == nil {
			each(o)
		}
		return err
	})
}

// dayText is a date as both databases keep it.
type dayText pipeline.Date

// Scan implements sql.Scanner.
func (d *dayText) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a day cannot be read from %T", v)
	}
	date, err := pipeline.ParseDate(s)
	*d = dayText(date)
	return err
}

// civil is a date that may be missing.
type civil pipeline.Opt[pipeline.Date]

// Value implements driver.Valuer.
func (c *civil) Value() (driver.Value, error) {
	if !c.OK {
		return nil, nil
	}
	return c.V.String(), nil
}

// Scan implements sql.Scanner.
func (c *civil) Scan(v any) error {
	c.OK = v != nil
	if !c.OK {
		return nil
	}
	return (*dayText)(&c.V).Scan(v)
}

// number is a number that may be missing.
type number pipeline.Opt[float64]

// Scan implements sql.Scanner.
func (n *number) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*n = number{}
	case float64:
		*n = number{V: v, OK: true}
	default:
		return fmt.Errorf("a number cannot be read from %T", v)
	}
	return nil
}

func nullable(n pipeline.Opt[float64]) any {
	if !n.OK {
		return nil
	}
	return n.V
}
