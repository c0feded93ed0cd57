package ledger

import (
	"context"
	"errors"
	"fmt"
)

// Settled is the reason of a delivery that an operator settled.
const Settled = "settled by an operator"

// ErrNotFound means that there is no such delivery.
var ErrNotFound = errors.New("there is no such delivery")

// List gives the deliveries of the filter's choice by period, schedule and id, without their bodies.
func (l *Ledger) List(ctx context.Context, f Filter) ([]Delivery, error) {
	var list []Delivery
	err := l.read(ctx, "list", func(ctx context.Context, t *tx) error {
		list = nil
		return t.each(ctx, "list", f.args(), func(scan func(...any) error) error {
			d, err := scanDelivery(scan)
			if err == nil {
				list = append(list, *d)
			}
			return err
		})
	})
	return list, err
}

// Lost says how many deliveries of a period failed or are unknown, and were not settled.
func (l *Ledger) Lost(ctx context.Context, schedule, period string) (n int, err error) {
	err = l.read(ctx, "count what was lost", func(ctx context.Context, t *tx) error {
		return t.get(ctx, "lost", args{"schedule": schedule, "period": period, "settled": Settled}, &n)
	})
	return n, err
}

// Count says how many deliveries of the filter's choice are in which state; absent states have none.
func (l *Ledger) Count(ctx context.Context, f Filter) (map[State]int, error) {
	var counts map[State]int
	err := l.read(ctx, "count", func(ctx context.Context, t *tx) error {
		counts = map[State]int{}
		return t.each(ctx, "count", f.args(), func(scan func(...any) error) error {
			var s State
			var n int
			err := scan(&s, &n)
			counts[s] = n
			return err
		})
	})
	return counts, err
}

// Get gives one delivery with its bytes, or ErrNotFound.
func (l *Ledger) Get(ctx context.Context, id int64) (*Delivery, error) {
	var d *Delivery
	err := l.read(ctx, "get", func(ctx context.Context, t *tx) (err error) {
		d, err = t.delivery(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (t *tx) delivery(ctx context.Context, id int64) (d *Delivery, err error) {
	err = t.each(ctx, "get", args{"id": id}, func(scan func(...any) error) (err error) {
		d, err = scanDelivery(scan)
		return err
	})
	if err == nil && d == nil {
		err = fmt.Errorf("delivery %d: %w", id, ErrNotFound)
	}
	return d, err
}

// Settle is an operator's word on deliveries that are pending, failed or unknown: they count as sent or as
// failed from now on. All of them or none: the error names the first that cannot be settled.
func (l *Ledger) Settle(ctx context.Context, ids []int64, as State) error {
	if as != Sent && as != Failed {
		return fmt.Errorf("ledger: settle: as sent or as failed, not as %q", as)
	}
	return l.decide(ctx, "settle", ids, args{"state": string(as), "reason": Settled})
}

// Resend is an operator's wish to send deliveries that were sent, failed or are unknown again, with the same
// bytes. All of them or none: the error names the first that cannot be sent again.
func (l *Ledger) Resend(ctx context.Context, ids []int64) error {
	return l.decide(ctx, "resend", ids, args{})
}

func (l *Ledger) decide(ctx context.Context, query string, ids []int64, a args) error {
	return l.write(ctx, query, func(ctx context.Context, t *tx) error {
		for _, id := range ids {
			a["id"] = id
			n, err := t.exec(ctx, query, a)
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			d, err := t.delivery(ctx, id)
			if err != nil {
				return err
			}
			if len(d.Body) == 0 && query == "resend" {
				return fmt.Errorf("delivery %d is %s and has no stored mail: nothing was changed", id, d.State)
			}
			takes := map[string]string{"settle": "pending, failed or unknown", "resend": "sent, failed or unknown"}[query]
			return fmt.Errorf("delivery %d is %s: nothing was changed; %s takes what is %s", id, d.State, query, takes)
		}
		return nil
	})
}
