package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

// lastWords is how long a result is still offered to the database after a stop. What it has not taken by then goes
// into the journal, before whoever told us to stop loses patience and kills the process (10 s with Docker).
const lastWords = 5 * time.Second

// errUnrecorded means that a mail may be out and neither the database nor the journal knows.
var errUnrecorded = errors.New("what became of it is not recorded")

// replay records what an earlier process could not. Until that is done nothing may be claimed: a mail that is out
// would go again.
func (w *Worker) replay(ctx context.Context) error {
	done, err := w.Ledger.Replay(ctx)
	for _, why := range done.Dropped {
		w.Log.Warn("a result in the journal has no effect", "journal", done.File, "error", why)
	}
	if err == nil && done.Marked > 0 {
		w.Log.Info("results recorded that an earlier process left in the journal", "journal", done.File, "deliveries", done.Marked)
	}
	return err
}

// mark records a result. While the database is out of reach it keeps trying. Told to stop, it leaves the result in the
// journal.
func (d *dispatch) mark(ctx context.Context, row *ledger.Delivery, result mail.Result) error {
	what := d.judge(row, result)
	calm, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		_ = sleep(calm, lastWords) // ends early with the mark
		cancel()
	})()
	err := errors.New("the database does not answer")
	for tries := 1; ; tries++ {
		tried := d.tell(calm, row, what)
		if tried == nil && what.State != ledger.Pending {
			d.w.meter().Digests(row.Schedule, string(what.State), 1)
		}
		switch {
		case tried == nil || errors.Is(tried, ledger.ErrFenced):
			if tries > 1 {
				d.w.Log.Info("result recorded after all", "delivery", row.ID)
			}
			return nil
		case calm.Err() == nil:
			err = tried
			d.w.Log.Error("result not recorded, trying again", "delivery", row.ID, "error", err)
		}
		if sleep(calm, min(backOff(tries), 5*time.Second)) != nil {
			return d.spill(row, what, err)
		}
	}
}

// tell marks, and does not wait longer than ctx for a database that does not answer.
func (d *dispatch) tell(ctx context.Context, row *ledger.Delivery, what ledger.Result) error {
	told := make(chan error, 1)
	go func() { told <- d.w.Ledger.Mark(ctx, row, what) }()
	select {
	case err := <-told:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spill leaves a result in the journal; why is what kept it from the database.
func (d *dispatch) spill(row *ledger.Delivery, what ledger.Result, why error) error {
	log := d.w.Log.With("delivery", row.ID, "schedule", row.Schedule, "period", row.Period, "state", what.State, "reason", why)
	file, err := d.w.Ledger.Spill(row, what)
	if err == nil {
		log.Warn("result left in the journal, the next start records it", "journal", file)
		return nil
	}
	log.Error("result lost: the mail goes again, or with on_unknown: hold waits for drumbeat ledger settle", "journal", file, "error", err)
	return fmt.Errorf("delivery %d, %s: %w: %w", row.ID, what.State, errUnrecorded, errors.Join(why, err))
}
