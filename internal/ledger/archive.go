package ledger

import (
	"context"
	"fmt"
	"time"
)

// leftFor is how long at least a mail that was not sent keeps its bytes, for somebody to send it again.
const leftFor = 7 * 24 * time.Hour

// Find gives the delivery whose Message-ID begins with these 32 characters (mail.MessageID: a hash of its key),
// with its bytes as far as they are kept, or ErrNotFound.
func (l *Ledger) Find(ctx context.Context, hash string) (*Delivery, error) {
	var d *Delivery
	err := l.read(ctx, "find", func(ctx context.Context, t *tx) error {
		d = nil
		err := t.each(ctx, "find", args{"hash": hash}, func(scan func(...any) error) (err error) {
			d, err = scanDelivery(scan)
			return err
		})
		if err == nil && d == nil {
			err = fmt.Errorf("mail %s: %w", hash, ErrNotFound)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Forget empties the bodies of deliveries that have been dealt with for longer than keep, and says how many.
// The rows stay: that a mail was sent, to whom and when, is kept for good. What was not sent keeps its body for
// at least a week, since it may be sent again. On SQLite the bytes are gone from the file, too, unless somebody reads
// just then: after the next call.
func (l *Ledger) Forget(ctx context.Context, keep time.Duration) (n int, err error) {
	err = l.write(ctx, "forget old mails", func(ctx context.Context, t *tx) error {
		n, err = t.exec(ctx, "forget", args{"sent_until": t.now.Add(-keep), "left_until": t.now.Add(-max(keep, leftFor))})
		return err
	})
	if err == nil && l.dialect.file != "" {
		_, err = l.emptyWAL(ctx)
	}
	return n, err
}

// Reachable says whether the state database answers.
func (l *Ledger) Reachable(ctx context.Context) error {
	return l.read(ctx, "ask whether it is there", func(context.Context, *tx) error { return nil })
}
