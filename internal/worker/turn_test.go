package worker

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
)

// many are n mails that wait to be sent, of one schedule.
func many(n int, to string) iter.Seq2[ledger.Delivery, error] {
	return func(yield func(ledger.Delivery, error) bool) {
		for i := range n {
			id := fmt.Sprintf("%s%05d", to, i)
			d := ledger.Delivery{Key: ledger.Key{Recipient: id + "@example.com", RepID: id}, Kind: "rep", MessageID: id + "@example.com",
				Body: []byte("Message-Id: <" + id + "@example.com>\r\n\r\n")}
			if !yield(d, nil) {
				return
			}
		}
	}
}

// Fault 37: ten thousand recipients of one schedule, and then three of another. Those three do not wait until the
// ten thousand have had theirs.
func TestASmallScheduleDoesNotWaitForALargeOne(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		k := newKit(t, monday, "")
		ctx := context.Background()
		state, err := ledger.Open(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = state.Close() })
		k.Ledger = state
		k.Config.Mail.Rate.N = 1_000_000
		for _, s := range []struct {
			name string
			n    int
		}{{"large", 10_000}, {"small", 3}} {
			run := ledger.Run{Schedule: s.name, Period: "2026-06-01", AsOf: monday}
			if _, err := state.PlanSeq(ctx, run, many(s.n, s.name)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(ctx)
		k.relay.onSend = func(sent int) {
			if sent == 200 {
				stop()
			}
		}
		if err := k.newDispatch(ledger.Filter{}, time.Now()).deliver(ctx); err != nil {
			t.Fatal(err)
		}
		small := 0
		for _, l := range k.relay.letters() {
			if strings.HasPrefix(l.to, "small") {
				small++
			}
		}
		if small != 3 {
			t.Errorf("of the first 200 mails %d are the small schedule's", small)
		}
	})
}
