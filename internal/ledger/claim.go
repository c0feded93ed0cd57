package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrFenced means that the delivery has changed hands: the lease ended and another sender has it, or an
// operator decided. Whatever its old owner knows comes too late, and the owner must not send.
var ErrFenced = errors.New("the lease has gone to another")

// OnUnknown says what becomes of a delivery whose sender died with it.
type OnUnknown string

// The choices: sending once too often, or perhaps not at all until somebody looks.
const (
	Resend OnUnknown = "resend" // claimed again, with the same bytes, Message-ID and Date
	Hold   OnUnknown = "hold"   // becomes unknown and stays
)

// Claim asks for one delivery to send.
type Claim struct {
	Owner      string // host, process and connection: who has it
	Schedule   string // empty: any
	Period     string // empty: any
	Recipients []string
	Except     []int64 // deliveries that the owner's process is still at, though their lease may have ended
	Lease      time.Duration
	OnUnknown  OnUnknown // empty: Resend
}

func (c Claim) filter() Filter {
	return Filter{Schedule: c.Schedule, Period: c.Period, Recipients: c.Recipients}
}

// Claim leases the delivery that has been due longest, or nil when none is due now; Waiting says for how long.
// Claim one per connection, just before sending it. A lease counts from before the call: an owner who notes
// its own monotonic clock first and stops sending a Lease later never sends on a dead one.
func (l *Ledger) Claim(ctx context.Context, c Claim) (*Delivery, error) {
	if c.Owner == "" || c.Lease <= 0 {
		return nil, errors.New("ledger: claim: an owner and a lease are needed")
	}
	var claimed *Delivery
	row := func(scan func(...any) error) (err error) {
		claimed, err = scanDelivery(scan)
		return err
	}
	a := c.filter().args()
	a["owner"], a["except"] = c.Owner, append(slices.Clone(c.Except), 0) // an empty list is no SQL, and ids begin at 1
	if c.OnUnknown != Hold {
		if err := l.alone(ctx, "claim", "claim", c.Lease, a, row); err != nil {
			return nil, err
		}
		if claimed != nil {
			return claimed, nil
		}
		return nil, l.write(ctx, "claim", func(ctx context.Context, t *tx) error { return t.skipOptedOut(ctx) })
	}
	err := l.write(ctx, "claim", func(ctx context.Context, t *tx) error {
		claimed = nil
		a["reason"] = "its sender stopped while sending: it may have arrived"
		if _, err := t.exec(ctx, "hold", a); err != nil {
			return err
		}
		a["until"] = t.now.Add(c.Lease)
		err := t.each(ctx, "claim", a, row)
		if err != nil || claimed != nil {
			return err
		}
		return t.skipOptedOut(ctx) // nobody may wait for what will never be claimed
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Renew prolongs the lease to its full length from now; do so at its half-life. ErrFenced: stop sending.
func (l *Ledger) Renew(ctx context.Context, d *Delivery, lease time.Duration) error {
	return l.write(ctx, "renew", func(ctx context.Context, t *tx) error {
		until := t.now.Add(lease)
		n, err := t.exec(ctx, "renew", args{"id": d.ID, "fence": d.Fence, "until": until})
		if err == nil && n == 0 {
			err = fmt.Errorf("delivery %d: %w", d.ID, ErrFenced)
		}
		if err == nil {
			d.LeaseUntil = until
		}
		return err
	})
}

// Result is what became of a delivery.
type Result struct {
	State   State     // sent, failed, unknown, skipped, or pending: try again at RetryAt
	Reply   string    // the server's words; kept as far as they are text
	Reason  string    // ours
	RetryAt time.Time // for pending; zero: at once
	Spared  bool      // the attempt does not count: the relay was at fault, not this mail
}

// Mark records the result of sending. It holds only while the delivery has not changed hands (ErrFenced);
// repeating it is safe. An owner whose lease ended without anybody taking the delivery may still say what it
// knows, also of one that is on hold by now.
func (l *Ledger) Mark(ctx context.Context, d *Delivery, r Result) error {
	if r.State != Pending && !r.State.final() {
		return fmt.Errorf("ledger: mark: %q is no result", r.State)
	}
	attempts := d.Attempts
	if r.Spared {
		attempts = max(0, attempts-1)
	}
	marked := false
	err := l.alone(ctx, "mark", "mark", 0, args{"id": d.ID, "fence": d.Fence, "message_id": d.MessageID, "state": string(r.State), "attempts": attempts,
		"reply": cleaned(r.Reply), "reason": cleaned(r.Reason), "retry_at": r.RetryAt}, func(scan func(...any) error) error {
		var id int64
		marked = true
		return scan(&id)
	})
	if err == nil && !marked {
		err = fmt.Errorf("ledger: mark: delivery %d: %w", d.ID, ErrFenced)
	}
	return err
}

// Outstanding is what is still to be done.
type Outstanding struct {
	Pending int
	Sending int           // leased, by the living or by the dead
	Next    time.Duration // until the first of them may be claimed, by the ledger's clock; 0: now, or there is none
}

// Turns gives the schedules of which something may be claimed now, by name.
func (l *Ledger) Turns(ctx context.Context) (schedules []string, err error) {
	err = l.read(ctx, "read whose turn it is", func(ctx context.Context, t *tx) error {
		schedules = nil
		return t.each(ctx, "turns", nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			schedules = append(schedules, name)
			return err
		})
	})
	return schedules, err
}

// Waiting says how much of the filter's choice is not dealt with, and when to ask Claim again.
func (l *Ledger) Waiting(ctx context.Context, f Filter) (Outstanding, error) {
	var o Outstanding
	err := l.read(ctx, "read what waits", func(ctx context.Context, t *tx) error {
		var next instant
		if err := t.get(ctx, "waiting", f.args(), &o.Pending, &o.Sending, &next); err != nil {
			return err
		}
		if o.Next = 0; !time.Time(next).IsZero() {
			o.Next = max(0, time.Time(next).Sub(t.now))
		}
		return nil
	})
	return o, err
}

// ForceAgain puts everything of the filter's choice that was sent, failed or is unknown back to pending, with
// the bytes it has, and says how many. What is pending, being sent or skipped stays, and so does what has no
// bytes any more.
func (l *Ledger) ForceAgain(ctx context.Context, f Filter) (again int, err error) {
	err = l.write(ctx, "force", func(ctx context.Context, t *tx) error {
		again, err = t.exec(ctx, "force", f.args())
		return err
	})
	return again, err
}
