package worker

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
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

// Fault 37: thousands of recipients of one schedule, and then three of another. Those three do not wait until the
// thousands have had theirs.
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
		}{{"large", 3_000}, {"small", 3}} {
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

// One mail about which the relay thinks for minutes does not keep those from going out that are planned meanwhile.
func TestASlowMailDoesNotHoldUpWhatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, monday, "")
		ctx := context.Background()
		plan := func(schedule string, n int) {
			run := ledger.Run{Schedule: schedule, Period: "2026-06-01", AsOf: monday}
			if _, err := k.ledger.PlanSeq(ctx, run, many(n, schedule)); err != nil {
				t.Fatal(err)
			}
		}
		plan("slow", 1)
		connect := k.Connect
		k.Connect = func(ctx context.Context) (Conn, error) {
			conn, err := connect(ctx)
			return thinkingConn{conn}, err
		}
		ctx, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { k.Serve(ctx); close(done) }()
		k.pass(4 * time.Minute) // longer than a lease
		plan("later", 5)
		k.pass(2 * time.Minute)
		if n := len(k.relay.letters()); n != 5 {
			t.Errorf("%d of 5 mails went out while another one took its time", n)
		}
		k.pass(5 * time.Minute)
		if n := len(k.relay.letters()); n != 6 {
			t.Errorf("%d of 6 mails", n)
		}
		stop()
		<-done
		_ = k.ledger.Close()
	})
}

// thinkingConn takes nine minutes for a mail of the slow schedule.
type thinkingConn struct{ Conn }

func (c thinkingConn) Send(ctx context.Context, from, to string, message []byte, clear func() error) smtp.Result {
	if strings.HasPrefix(to, "slow") {
		if sleep(ctx, 9*time.Minute) != nil {
			return smtp.Result{Outcome: smtp.Unknown, Err: ctx.Err()}
		}
	}
	return c.Conn.Send(ctx, from, to, message, clear)
}
