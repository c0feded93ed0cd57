package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

// claim takes one delivery that no sender of this process is at, and notes by our own clock when it did: the lease counts
// from before the call. Whoever gets one lets it land. A stop does not interrupt it: whose answer is lost would stay
// claimed, and be held for unknown, though nobody sends it.
func (d *dispatch) claim(ctx context.Context, owner string) (*ledger.Delivery, time.Time, error) {
	air := &d.w.process().air
	done := air.turn(ctx)
	if done == nil {
		return nil, time.Time{}, nil
	}
	defer done()
	out := air.list() // asked before the journal, into which a sender told to stop writes what it knows before it lands
	if err := d.w.replay(ctx); err != nil {
		return nil, time.Time{}, unlessStopped(ctx, err)
	}
	calm := context.WithoutCancel(ctx)
	schedule, err := d.turn(calm)
	if err != nil {
		return nil, time.Time{}, unlessStopped(ctx, err)
	}
	claim := ledger.Claim{Owner: owner, Schedule: schedule, Period: d.filter.Period, Recipients: d.filter.Recipients, Except: out,
		Lease: d.lease, OnUnknown: ledger.OnUnknown(d.w.Config.Mail.OnUnknown)}
	at := d.w.Now()
	row, err := d.w.Ledger.Claim(calm, claim)
	if err == nil && row == nil && schedule != d.filter.Schedule { // that one has nothing left; the others may
		claim.Schedule, at = d.filter.Schedule, d.w.Now()
		row, err = d.w.Ledger.Claim(calm, claim)
	}
	if row != nil {
		air.takeOff(row.ID)
	}
	return row, at, unlessStopped(ctx, err)
}

// unlessStopped drops an error that only says that we were told to stop.
func unlessStopped(ctx context.Context, err error) error {
	if context.Cause(ctx) == nil {
		return err
	}
	return nil
}

// send hands one claimed delivery to the relay and records what became of it. A stop does not interrupt it.
func (d *dispatch) send(ctx context.Context, conn Conn, row *ledger.Delivery, claimed time.Time) (mail.Result, error) {
	to := row.Recipient
	if d.redirect != "" {
		to = d.redirect
	}
	d.sending.Add(1)
	defer d.sending.Add(-1)
	calm, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer d.w.process().air.land(row.ID)
	clear, stop := d.keep(calm, cancel, row, claimed)
	began := d.w.Now()
	result := conn.Send(calm, d.w.Config.Mail.From.Address, to, row.Body, clear)
	stop()
	d.w.meter().Delivered(d.w.Now().Sub(began))
	if result.Outcome == mail.Relay && context.Cause(calm) != nil {
		return mail.Result{}, nil // not the relay's fault: the delivery is no longer ours, and was not sent
	}
	return result, d.mark(ctx, row, result)
}

var errLapsed = errors.New("the lease has ended")

// keep renews the lease at half-life, and stops the sending when the delivery has gone to another. clear says
// whether it is still ours by our own clock: a process that was paused must not send when it wakes.
func (d *dispatch) keep(ctx context.Context, cancel context.CancelCauseFunc, row *ledger.Delivery, claimed time.Time) (clear func() error, stop func()) {
	var since atomic.Pointer[time.Time]
	since.Store(&claimed)
	clear = func() error {
		if lapsed(*since.Load(), d.w.Now(), d.lease) {
			cancel(errLapsed)
			return errLapsed
		}
		return nil
	}
	ctx, done := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for nap := d.lease / 2; sleep(ctx, nap) == nil; {
			at := d.w.Now()
			err := d.w.Ledger.Renew(ctx, row, d.lease)
			switch {
			case err == nil:
				since.Store(&at)
				nap = d.lease / 2
			case errors.Is(err, ledger.ErrFenced):
				cancel(err)
				return
			default:
				nap = d.lease / 16
			}
		}
	})
	return clear, func() { done(); wg.Wait() }
}

// lapsed says whether a lease of that length taken then has ended, on either clock: the monotonic one may stand still while
// the machine sleeps, and the other one may be set.
func lapsed(since, now time.Time, length time.Duration) bool {
	return now.Sub(since) >= length || now.Round(0).Sub(since.Round(0)) >= length
}
