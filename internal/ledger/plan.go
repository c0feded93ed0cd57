package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// Run is one schedule's work for one period: what is sent, and out of what it was made.
type Run struct {
	Schedule    string
	Period      string    // the period's end, YYYY-MM-DD
	Tick        time.Time // zero: by hand
	AsOf        time.Time // the instant of the figures
	WindowStart time.Time
	Deals       int
	Reps        int
	Digests     int
	SourceRows  map[string]int64 // canonical rows seen, by name: a half loaded source shows

	// Observed is what the run saw of the open deals, recorded with it; nil: it is no news. It is not read back.
	Observed *Observed

	// Withdrawn are deliveries of the period that wait and are not meant any more, with the reason: they are skipped in
	// the same transaction. What is being sent at this moment cannot be called back. It is not read back.
	Withdrawn map[Key]string

	// AdvanceTo moves the schedule's last due time in the same transaction; zero leaves it. It is not read back.
	AdvanceTo time.Time

	StartedAt, FinishedAt time.Time // by the ledger's clock; zero: not yet. Set by the ledger
}

// Plan records a run with its deliveries, all or nothing, and says how many were new. A delivery that exists
// already stays untouched, whatever its state; so a run may be planned any number of times, by any number of
// replicas. Only State pending (the default: address, MessageID and Body are required), skipped (with a Reason)
// and failed can be planned: a mail that could not be made (a Reason, no MessageID, no Body). That one is made
// good by a later plan, unless an operator has settled it.
func (l *Ledger) Plan(ctx context.Context, run Run, deliveries []Delivery) (added int, err error) {
	return l.PlanSeq(ctx, run, func(yield func(Delivery, error) bool) {
		for _, d := range deliveries {
			if !yield(d, nil) {
				return
			}
		}
	})
}

// PlanSeq is Plan of deliveries that are made one by one, so that their bodies are never all in memory. Its
// first error ends the plan, and nothing is recorded. The transaction is open while it runs: it must not use
// the ledger, which on SQLite has one connection.
func (l *Ledger) PlanSeq(ctx context.Context, run Run, deliveries iter.Seq2[Delivery, error]) (added int, err error) {
	if run.Schedule == "" || run.Period == "" || run.AsOf.IsZero() {
		return 0, errors.New("ledger: plan: a run needs schedule, period and as of")
	}
	err = l.transact(ctx, fmt.Sprintf("plan %s %s", run.Schedule, run.Period), nil, func(t *tx) error {
		added = 0
		if err := t.planRun(ctx, run); err != nil {
			return err
		}
		erased, err := t.erased(ctx, run)
		if err != nil {
			return err
		}
		for d, err := range deliveries {
			if err == nil {
				d, err = d.planned(run)
			}
			if err == nil && erased[hashOf(d.MessageID)] {
				continue // it was made before, and then everything about its recipient was removed
			}
			if err == nil {
				var n int
				n, err = t.planDelivery(ctx, d)
				added += n
			}
			if err != nil {
				return fmt.Errorf("digest of %q: %w", d.RepID, err)
			}
		}
		if run.Observed != nil {
			if err := t.observe(ctx, run.Observed); err != nil {
				return fmt.Errorf("observe the open deals: %w", err)
			}
		}
		if err := t.withdraw(ctx, run.Withdrawn); err != nil || run.AdvanceTo.IsZero() {
			return err
		}
		return t.advance(ctx, run.Schedule, run.AdvanceTo)
	})
	if err != nil {
		return 0, err
	}
	l.manyWait(ctx, added)
	return added, nil
}

// manyWait tells Postgres' planner what the table looks like. Of a table that it has never looked at it believes that
// hardly any delivery waits, so that each claim would read all that do and sort them, instead of taking the first by the
// index: a hundred times as long, for the whole of a first run.
func (l *Ledger) manyWait(ctx context.Context, n int) {
	if n < 100 || l.dialect.analyze == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, _ = l.db.ExecContext(ctx, l.dialect.analyze) // without it everything is slower and nothing is wrong
}

func (t *tx) planRun(ctx context.Context, run Run) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rows := run.SourceRows
	if rows == nil {
		rows = map[string]int64{}
	}
	counted, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "plan_run", args{"schedule": run.Schedule, "period": run.Period, "tick": run.Tick,
		"as_of": run.AsOf, "window_start": run.WindowStart, "deals": run.Deals, "reps": run.Reps,
		"digests": run.Digests, "source_rows": string(counted)})
	return err
}

func (t *tx) planDelivery(ctx context.Context, d Delivery) (added int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	next := d.NotBefore
	if next.IsZero() {
		next = t.now
	}
	var body any // a nil []byte would be empty, not null
	if len(d.Body) > 0 {
		body = d.Body
	}
	return t.exec(ctx, "plan_delivery", args{"schedule": d.Schedule, "period": d.Period, "recipient": d.Recipient,
		"rep_id": d.RepID, "kind": d.Kind, "state": string(d.State), "reason": d.Reason, "message_id": d.MessageID,
		"subject": d.Subject, "date": d.Date, "not_before": d.NotBefore, "next_attempt_at": next, "body": body, "settled": Settled, "left": LeftSince, "moved": AddressMoved})
}

func (t *tx) withdraw(ctx context.Context, reasons map[Key]string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, k := range slices.SortedFunc(maps.Keys(reasons), func(a, b Key) int { return cmp.Compare(a.Recipient+a.RepID, b.Recipient+b.RepID) }) {
		if _, err := t.exec(ctx, "withdraw", args{"schedule": k.Schedule, "period": k.Period, "recipient": k.Recipient,
			"rep_id": k.RepID, "reason": cleaned(reasons[k])}); err != nil {
			return fmt.Errorf("withdraw: %w", err)
		}
	}
	return nil
}

func (t *tx) advance(ctx context.Context, schedule string, due time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := t.exec(ctx, "advance", args{"schedule": schedule, "last_due": due})
	return err
}

// Known gives the state of every delivery of a period, so that what exists need not be rendered again. What
// could not be made is not among them, until an operator settles it.
func (l *Ledger) Known(ctx context.Context, schedule, period string) (map[Key]State, error) {
	var known map[Key]State
	err := l.read(ctx, "read what is known", func(ctx context.Context, t *tx) error {
		known = map[Key]State{}
		a := args{"schedule": schedule, "period": period, "settled": Settled, "left": LeftSince, "moved": AddressMoved}
		return t.each(ctx, "known", a, func(scan func(...any) error) error {
			k, s := Key{Schedule: schedule, Period: period}, State("")
			err := scan(&k.Recipient, &k.RepID, &s)
			known[k] = s
			return err
		})
	})
	return known, err
}

// Why a delivery is withdrawn of somebody whom the source does not show any more. Neither is final: who is there again,
// or at the old address, is planned anew.
const (
	LeftSince    = "no longer among the recipients"
	AddressMoved = "the address has changed"
)

// FinishRun records that every delivery of the period is dealt with for now.
func (l *Ledger) FinishRun(ctx context.Context, schedule, period string) error {
	return l.write(ctx, "finish the run", func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "finish_run", args{"schedule": schedule, "period": period})
		return err
	})
}

// LastRun gives the schedule's run of the latest period, nil when there was none.
func (l *Ledger) LastRun(ctx context.Context, schedule string) (*Run, error) {
	var r *Run
	err := l.read(ctx, "read the last run", func(ctx context.Context, t *tx) error {
		var found Run
		var rows string
		err := t.get(ctx, "last_run", args{"schedule": schedule}, &found.Schedule, &found.Period, (*instant)(&found.Tick),
			(*instant)(&found.AsOf), (*instant)(&found.WindowStart), (*instant)(&found.StartedAt),
			(*instant)(&found.FinishedAt), &found.Deals, &found.Reps, &found.Digests, &rows)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		r = &found
		return errors.Join(err, json.Unmarshal([]byte(rows), &found.SourceRows))
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Clock says what time it is by the clock that decides what is due: the server's on Postgres, whatever the clocks of
// those who ask show.
func (l *Ledger) Clock(ctx context.Context) (now time.Time, err error) {
	err = l.read(ctx, "read the clock", func(_ context.Context, t *tx) error {
		now = t.now
		return nil
	})
	return now, err
}

// LastDue is the tick up to which the schedule has been planned; zero when it was never seen.
func (l *Ledger) LastDue(ctx context.Context, schedule string) (time.Time, error) {
	var due instant
	err := l.read(ctx, "read the last due time", func(ctx context.Context, t *tx) error {
		err := t.get(ctx, "last_due", args{"schedule": schedule}, &due)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return time.Time(due), err
}

// SetLastDue moves the schedule's last due time forward; it never goes back.
func (l *Ledger) SetLastDue(ctx context.Context, schedule string, due time.Time) error {
	return l.write(ctx, "set the last due time", func(ctx context.Context, t *tx) error {
		return t.advance(ctx, schedule, due)
	})
}

// ClampLastDue brings back a last due time that a wrong clock left beyond latest, which would keep the
// schedule silent until then, and says whether it did.
func (l *Ledger) ClampLastDue(ctx context.Context, schedule string, latest time.Time) (clamped bool, err error) {
	err = l.write(ctx, "clamp the last due time", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, "clamp", args{"schedule": schedule, "latest": latest})
		clamped = n > 0
		return err
	})
	return clamped, err
}
