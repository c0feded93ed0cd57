package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
)

// lease is how long a delivery stays with a connection that says nothing, if Worker.Lease does not say otherwise.
// It is renewed at half-life while a slow relay thinks, so that after a crash others can take over soon.
const lease = 2 * time.Minute

// longestNap bounds how long a run waits before it looks again what became of deliveries that others hold.
const longestNap = time.Second

// dispatch sends what is recorded: over a few kept connections, at the relay's pace, one claim at a time.
type dispatch struct {
	w        *Worker
	filter   ledger.Filter
	until    time.Time // what fails for now is not tried again after it
	began    time.Time
	lease    time.Duration
	redirect string
	carrying atomic.Int32 // connections that have taken a mail
	sending  atomic.Int32 // connections that have one in the air

	mu    sync.Mutex
	sent  int
	relay error // why the relay could not be used the last time; nil once it took a mail
	tried bool  // in this turn
	left  ledger.Outstanding
}

func (w *Worker) newDispatch(filter ledger.Filter, until time.Time) *dispatch {
	return &dispatch{w: w, filter: filter, until: until, began: w.Now(), lease: cmp.Or(w.Lease, lease)}
}

// deliver sends until nothing of the filter's choice can be sent any more. When ctx ends, nothing new is
// claimed and what is in flight is finished. Its error is the ledger's.
func (d *dispatch) deliver(ctx context.Context) error {
	n := max(1, d.w.Config.Mail.Connections)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = d.work(ctx, fmt.Sprintf("%s/%d", d.w.Owner, i+1)) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the others mostly say the same
		}
	}
	return nil
}

// work is one connection's life.
func (d *dispatch) work(ctx context.Context, owner string) error {
	l := line{d: d}
	defer l.hangUp()
	outages := 0 // of the ledger, in a row
	idle := true // nothing to claim, for all that we know
	vain := 0    // turns in a row without a mail
	for ctx.Err() == nil {
		if idle {
			more, err := d.more(ctx)
			if err != nil {
				if outages++; !d.outlast(ctx, outages, err) {
					return err
				}
				continue
			}
			if !more {
				return nil
			}
		}
		if d.w.gate.closed() {
			l.hangUp() // connections may be what the relay is short of
		}
		turn, err := d.w.gate.enter(ctx, d.w.Now, d.until)
		if err != nil {
			if ctx.Err() == nil {
				d.shut(err, false)
			}
			return nil
		}
		if err := l.open(ctx); err != nil {
			if ctx.Err() != nil || d.limited(err) {
				d.w.gate.leave(turn)
				return nil
			}
			d.w.gate.failed(turn, err, d.w.Now(), d.until)
			d.blame(err)
			idle = true
			continue
		}
		result, err := d.one(ctx, l.conn, owner)
		idle = !l.settle(turn, result)
		if errors.Is(err, errUnrecorded) {
			return err
		}
		if err != nil { // of a claim: nothing of this connection's is in the air
			if outages++; !d.outlast(ctx, outages, err) {
				return err
			}
			continue
		}
		outages = 0
		if vain++; result.Outcome != 0 {
			vain = 0
		}
		if vain > 1 && d.w.process().air.any() {
			_ = sleep(ctx, longestNap) // what the ledger says is due is what we are at, it seems
		}
	}
	return nil
}

// limited says whether the relay refused a connection because it has enough of ours, and is not down: others carry
// mails, and will do without this one.
func (d *dispatch) limited(err error) bool {
	if d.carrying.Load() == 0 || d.w.gate.closed() {
		return false
	}
	d.w.Log.Warn("relay takes no more connections, going on with fewer", "error", withoutAddresses(err.Error()))
	return true
}

// line is one connection to the relay, open or not.
type line struct {
	d       *dispatch
	conn    Conn // nil: not open
	carries bool // it has taken a mail
}

func (l *line) open(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	conn, err := l.d.w.Connect(ctx)
	if err == nil {
		l.conn = conn
	}
	return err
}

// settle tells the gate what came of a turn, and says whether a mail got an answer of its own.
func (l *line) settle(turn int, result mail.Result) bool {
	w := l.d.w
	switch result.Outcome {
	case 0: // nothing was sent
		w.gate.leave(turn)
		return false
	case mail.Relay:
		w.gate.failed(turn, result.Err, w.Now(), l.d.until)
		l.hangUp()
		return false
	}
	if w.gate.passed(turn) {
		w.Log.Info("relay works again")
	}
	l.took()
	return true
}

func (l *line) took() {
	if !l.carries {
		l.carries = true
		l.d.carrying.Add(1)
	}
}

func (l *line) hangUp() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
	if l.carries {
		l.carries = false
		l.d.carrying.Add(-1)
	}
}

// one claims a delivery at the relay's pace and sends it; no outcome: there is none to send.
func (d *dispatch) one(ctx context.Context, conn Conn, owner string) (mail.Result, error) {
	if !d.w.process().pace.wait(ctx, d.w.Now, d.w.Config.Mail.Rate.Interval()) {
		return mail.Result{}, nil // what is pending stays so
	}
	row, claimed, err := d.claim(ctx, owner)
	if err != nil || row == nil {
		return mail.Result{}, err
	}
	return d.send(ctx, conn, row, claimed)
}

// more waits until something can be claimed; false when nothing is left, or nothing that time allows.
func (d *dispatch) more(ctx context.Context) (bool, error) {
	for ctx.Err() == nil {
		left, err := d.w.Ledger.Waiting(ctx, d.filter)
		if err != nil || left.Pending+left.Sending == 0 {
			return false, unlessStopped(ctx, err)
		}
		d.mu.Lock()
		d.left = left
		d.mu.Unlock()
		if left.Next == 0 {
			return true, nil
		}
		// A lease of somebody else, dead perhaps, is waited for even by those who retry nothing.
		patience := d.until
		if end := d.began.Add(d.lease); left.Sending > 0 && d.w.Now().Before(d.until.Add(d.lease)) && end.After(patience) {
			patience = end
		}
		// As long as another connection waits for the relay's last word this one stays: there may be more to send by then.
		if wait := patience.Sub(d.w.Now()); d.sending.Load() == 0 && (wait <= 0 || left.Sending == 0 && left.Next > wait) {
			return false, nil
		}
		_ = sleep(ctx, min(left.Next, longestNap)) // a stop shows in the loop's condition
	}
	return false, nil
}

// next is how long nothing can be sent, at most so long.
func (d *dispatch) next(most time.Duration) time.Duration {
	if d.left.Next == 0 {
		return most
	}
	return min(d.left.Next, most)
}

// outlast waits before a ledger that failed is asked again; false when there is no time left for it. What failed was
// a question or a claim, so nothing of this connection's is in the air.
func (d *dispatch) outlast(ctx context.Context, outages int, err error) bool {
	left := d.until.Sub(d.w.Now())
	if left <= 0 || sleep(ctx, min(backOff(outages), left)) != nil {
		return false
	}
	d.w.Log.Error("ledger out of reach, trying again", "error", err)
	return true
}

// judge says what a result means for a delivery.
func (d *dispatch) judge(row *ledger.Delivery, result mail.Result) ledger.Result {
	words := result.Reply
	if words == "" && result.Err != nil {
		words = result.Err.Error()
	}
	log := d.w.Log.With("delivery", row.ID, "schedule", row.Schedule, "period", row.Period, "attempt", row.Attempts)
	switch result.Outcome {
	case mail.Sent:
		d.mu.Lock()
		d.sent++
		d.relay = nil
		d.mu.Unlock()
		log.Debug("sent", "to", row.Recipient)
		return ledger.Result{State: ledger.Sent, Reply: result.Reply}
	case mail.Permanent:
		log.Warn("refused for good", "code", code(words))
		return ledger.Result{State: ledger.Failed, Reply: result.Reply, Reason: words}
	case mail.Unknown:
		log.Warn("perhaps sent, the relay's answer was lost", "on_unknown", d.w.Config.Mail.OnUnknown)
		if ledger.OnUnknown(d.w.Config.Mail.OnUnknown) == ledger.Hold {
			return ledger.Result{State: ledger.Unknown, Reply: result.Reply, Reason: words}
		}
		return d.later(row, result, words)
	case mail.Temporary:
		log.Debug("put off by the relay", "code", code(words))
		return d.later(row, result, words)
	}
	d.blame(result.Err)
	if result.Begun { // it may be this very mail that the relay hangs up on: then it is given up one day
		return d.later(row, result, words)
	}
	// No attempt is spent, but the others go first.
	return ledger.Result{State: ledger.Pending, Reply: result.Reply, Reason: words, RetryAt: d.w.Now().Add(backOff(1)), Spared: true}
}

// later puts a delivery back, or gives it up when it has been tried for as long as the config allows.
func (d *dispatch) later(row *ledger.Delivery, result mail.Result, words string) ledger.Result {
	now, since := d.w.Now(), row.PlannedAt
	if row.NotBefore.After(since) {
		since = row.NotBefore
	}
	if row.Attempts > 1 && now.Sub(since) > d.w.Config.Mail.AttemptsFor {
		state := ledger.Failed
		if result.Outcome == mail.Unknown {
			state = ledger.Unknown // it may have arrived
		}
		return ledger.Result{State: state, Reply: result.Reply, Reason: "given up: " + words}
	}
	return ledger.Result{State: ledger.Pending, Reply: result.Reply, Reason: words, RetryAt: now.Add(backOff(row.Attempts))}
}

// shut notes why the relay cannot be used, and whether it was tried just now.
func (d *dispatch) shut(why error, tried bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.relay, d.tried = why, d.tried || tried
}

// blame notes why the relay cannot be used, which is no delivery's fault.
func (d *dispatch) blame(err error) {
	d.shut(err, true)
	if d.w.Notice != nil {
		d.w.Notice("relay cannot be used, trying again: " + withoutAddresses(err.Error()))
	}
}
