package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

// Fault 36: the relay is down, and before it is back one recipient has left, another is away and a third has got
// another address.
func TestWhoHasLeftSinceItWasPlannedGetsNothing(t *testing.T) {
	serving(t, daily, func(k *kit) { k.relay.breaks(errors.New("connection refused")) }, func(t *testing.T, k *kit) {
		k.pass(time.Hour)
		rows := k.rows(ledger.Filter{Schedule: "own", State: ledger.Pending})
		if len(rows) < 4 {
			t.Fatalf("%d wait\n%s", len(rows), k.logs)
		}
		left, away, moved := rows[0], rows[1], rows[2]
		today := pipeline.DateOf(time.Now(), time.UTC)
		k.source.people(func(r *pipeline.Rep) {
			switch r.ID {
			case left.RepID:
				r.Active = false
			case away.RepID:
				r.Away = []pipeline.DateRange{{From: today, To: today + 7}}
			case moved.RepID:
				r.Email = "new." + moved.Recipient
			}
		})
		k.pass(10 * time.Minute)
		k.relay.breaks(nil)
		k.pass(15 * time.Minute)
		to := k.relay.addresses()
		for _, gone := range []ledger.Delivery{left, away, moved} {
			if slices.Contains(to, gone.Recipient) {
				t.Errorf("%s got a mail", gone.Recipient)
			}
		}
		if !slices.Contains(to, "new."+moved.Recipient) {
			t.Errorf("who has another address got none there: %q\n%s", to, k.logs)
		}
		if len(to) != len(rows)-2 {
			t.Errorf("%d mails for %d who are still meant", len(to), len(rows)-2)
		}
		reasons := map[string]string{}
		for _, row := range k.rows(ledger.Filter{Schedule: "own", State: ledger.Skipped}) {
			reasons[row.Recipient] = row.Reason
		}
		if reasons[left.Recipient] != "inactive" || reasons[away.Recipient] != "away" || !strings.Contains(reasons[moved.Recipient], "address has changed") {
			t.Errorf("reasons: %q, %q, %q", reasons[left.Recipient], reasons[away.Recipient], reasons[moved.Recipient])
		}
	})
}
