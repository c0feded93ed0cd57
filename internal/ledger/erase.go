package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Erased is the reason of a delivery whose recipient's data were removed.
const Erased = "the recipient's data were removed"

// ErrErase means that a person's data may still be in the free room of the database's file.
var ErrErase = errors.New("removed, but perhaps still in the free room of the file")

// sweepPage is how many deliveries are in memory at once: their mails are up to 150 kB each.
const sweepPage = 100

// Sweep hands over every delivery with its bytes, by id. It reads page by page, so that nobody waits for it.
func (l *Ledger) Sweep(ctx context.Context, each func(Delivery) error) error {
	for after := int64(0); ; {
		var page []*Delivery
		err := l.read(ctx, "go through all mails", func(ctx context.Context, t *tx) error {
			page = page[:0]
			return t.each(ctx, "sweep", args{"after": after, "most": sweepPage}, func(scan func(...any) error) error {
				d, err := scanDelivery(scan)
				page = append(page, d)
				return err
			})
		})
		if err != nil {
			return err
		}
		for _, d := range page {
			if err := each(*d); err != nil {
				return err
			}
			after = d.ID
		}
		if len(page) < sweepPage {
			return nil
		}
	}
}

// Erasure is what Erase removes.
type Erasure struct {
	Own      []int64  // deliveries to the person
	Mentions []int64  // deliveries to others whose mails name the person
	OptOuts  []string // addresses whose opt-outs go too
}

// Erase removes a person's data in one transaction, and says how many deliveries it changed. Of a delivery to the
// person it keeps schedule, period, kind, times, whether it was sent, and the Message-ID: that hash of its key names
// nobody, and Plan knows by it what must not be made again. What was not sent never will be. Of a mail that names the
// person it removes subject and bytes, unless it is still to be sent. What is being sent at this moment is left as it
// is: call it again. On SQLite the file is then rewritten, so that the removed bytes are not in it any more; when that
// fails, the error is ErrErase.
func (l *Ledger) Erase(ctx context.Context, what Erasure) (own, mentions int, err error) {
	err = l.write(ctx, "remove a person's data", func(ctx context.Context, t *tx) error {
		own, mentions = 0, 0
		for _, id := range what.Own {
			n, err := t.exec(ctx, "erase", args{"id": id, "nobody": "removed-" + strconv.FormatInt(id, 10), "reason": Erased})
			if err != nil {
				return err
			}
			own += n
		}
		for _, id := range what.Mentions {
			n, err := t.exec(ctx, "erase_mention", args{"id": id})
			if err != nil {
				return err
			}
			mentions += n
		}
		for _, address := range what.OptOuts {
			if _, err := t.exec(ctx, "optout_remove", args{"address": NormalAddress(address), "kind": ""}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return own, mentions, l.rewrite(ctx)
}

// rewrite leaves of SQLite's file only what is in use. A ledger from before secure_delete (openSQLite) has old mails in
// its free pages.
func (l *Ledger) rewrite(ctx context.Context) error {
	if l.dialect.file == "" {
		return nil
	}
	if _, err := l.db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("ledger: %w %s: %w", ErrErase, l.dialect.file, l.dialect.advise(err))
	}
	emptied, err := l.emptyWAL(ctx)
	if err == nil && !emptied {
		err = errors.New("another command reads it; call this one again")
	}
	if err != nil {
		return fmt.Errorf("ledger: %w %s-wal: %w", ErrErase, l.dialect.file, err)
	}
	return nil
}

// emptyWAL cuts SQLite's write-ahead log off, in which pages stand as they were, and says whether it could.
func (l *Ledger) emptyWAL(ctx context.Context) (emptied bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var busy, frames, written int
	err = l.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &written)
	return busy == 0, err
}

// erased gives the hashes (mail.MessageID without its domain) of the period's mails whose recipients' data were removed.
func (t *tx) erased(ctx context.Context, run Run) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	hashes := map[string]bool{}
	err := t.each(ctx, "erased", args{"schedule": run.Schedule, "period": run.Period, "reason": Erased}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		hashes[hashOf(id)] = true
		return err
	})
	return hashes, err
}

func hashOf(messageID string) string {
	hash, _, _ := strings.Cut(messageID, "@")
	return hash
}
