package ledger

import (
	"context"
	"encoding/json"
	"time"
)

// Runs gives the runs that are of, were planned or were finished since, by the instant of their figures.
func (l *Ledger) Runs(ctx context.Context, since time.Time) ([]Run, error) {
	var runs []Run
	err := l.read(ctx, "read the runs", func(ctx context.Context, t *tx) error {
		runs = nil
		return t.each(ctx, "runs", args{"since": since}, func(scan func(...any) error) error {
			r, err := scanRun(scan)
			runs = append(runs, r)
			return err
		})
	})
	return runs, err
}

// scanRun reads the columns of runs.sql and recent_runs.sql.
func scanRun(scan func(...any) error) (r Run, err error) {
	var rows string
	err = scan(&r.Schedule, &r.Period, (*instant)(&r.Tick), (*instant)(&r.AsOf), (*instant)(&r.WindowStart),
		(*instant)(&r.StartedAt), (*instant)(&r.FinishedAt), &r.Deals, &r.Reps, &r.Digests, &rows)
	if err == nil {
		err = json.Unmarshal([]byte(rows), &r.SourceRows)
	}
	return r, err
}
