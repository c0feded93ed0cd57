package worker

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// Seven weeks of fake time, over the night in which clocks go forward, with a real ledger: the worker is started on each
// Monday at six, once for more than a day, and once not at all; the relay is away for one morning and puts off a mail now and
// then. Everybody has each week's digest once, at seven by the clock on the wall, but for what the relay delayed.
func TestSevenWeeksOfMondays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		const weeks, outage, missed = 7, 2, 4
		start := time.Date(2000, 2, 28, 0, 0, 0, 0, berlin) // a Monday; clocks go forward on 26 March
		k := newKit(t, start.AddDate(0, 0, 7*weeks+3), `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1", time_zone: Europe/Berlin, skip_empty: false, catch_up: all, max_age: 14d}
  - {name: ops, digest: admin, cron: "30 7 * * 1", time_zone: Europe/Berlin, recipients: {addresses: [ops@example.com]}}
`)
		arrived := map[string]time.Time{} // by Message-ID
		k.relay.onSend = func(int) {
			l := k.relay.got[len(k.relay.got)-1]
			if before, twice := arrived[l.id]; twice {
				t.Errorf("%s got a mail at %s and again at %s", l.to, before, time.Now())
			}
			arrived[l.id] = time.Now()
		}
		k.relay.answers(func(to string, try int) smtp.Result {
			if try%5 == 2 {
				return smtp.Result{Outcome: smtp.Temporary, Reply: "450 4.2.0 later"}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		until := func(at time.Time) { time.Sleep(time.Until(at)); synctest.Wait() }
		for week := range weeks {
			monday := time.Date(2000, 2, 28+7*week, 0, 0, 0, 0, berlin)
			until(monday.Add(6 * time.Hour))
			if week == missed { // nobody started it
				continue
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { k.Serve(ctx); close(done) }()
			if week == outage {
				k.relay.breaks(errGone)
			}
			until(monday.Add(8 * time.Hour))
			k.relay.breaks(nil)
			if week == 0 {
				until(monday.AddDate(0, 0, 1).Add(8 * time.Hour))
			}
			until(monday.Add(9 * time.Hour))
			stop()
			<-done
		}
		allowed := func(week int) time.Duration {
			switch week {
			case outage: // until eight
				return 2 * time.Hour
			case missed: // made up for when it is started the next time
				return 7*24*time.Hour - 30*time.Minute
			}
			return 30 * time.Minute // put off once or twice
		}
		want, reasons := 0, map[string]int{}
		for week := range weeks {
			tick := time.Date(2000, 2, 28+7*week, 7, 0, 0, 0, berlin)
			rows := k.rows(ledger.Filter{Schedule: "own", Period: tick.Format(time.DateOnly)})
			sent := slices.DeleteFunc(slices.Clone(rows), func(d ledger.Delivery) bool { return d.State != ledger.Sent })
			for _, d := range rows {
				if d.State != ledger.Sent && (d.State != ledger.Skipped || d.Reason == "") {
					t.Errorf("%s of %s: %s, %s", d.Recipient, d.Period, d.State, d.Reason)
				}
				reasons[d.Reason]++
			}
			if want = max(want, len(sent)); len(sent) < 8 {
				t.Errorf("week of %s: %d of %d digests sent, %d the week before (%v)", tick, len(sent), len(rows), want, reasons)
			}
			for _, d := range sent {
				late := arrived["<"+d.MessageID+">"].Sub(tick)
				if late < 0 || late > allowed(week) {
					t.Errorf("%s: %s late", tick, late)
				}
			}
		}
		if n := strings.Count(k.logs.String(), "level=ERROR"); n > 0 {
			t.Errorf("%d errors in the log:\n%s", n, k.logs)
		}
		_ = k.ledger.Close()
	})
}
