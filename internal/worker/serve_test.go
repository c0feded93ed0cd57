package worker

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

func TestServeSendsEachPeriodOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, time.Now().AddDate(0, 0, 3), `
schedules:
  - {name: team, digest: manager, cron: "30 * * * *"}
  - {name: own, digest: rep, cron: "30 * * * *"}
`)
		time.Sleep(22 * time.Hour) // the bubble begins at midnight; there are two ticks left in this day
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { k.Serve(ctx); close(done) }()

		for _, c := range []struct {
			what  string
			sleep time.Duration
			mails bool
		}{
			{"before the first tick: nothing for a past that nobody saw", 20 * time.Minute, false},
			{"after the first tick", 20 * time.Minute, true},
			{"after the second tick of the same day", time.Hour, false},
			{"after midnight and a tick", time.Hour, true},
		} {
			k.relay.forget()
			time.Sleep(c.sleep)
			synctest.Wait()
			if n := len(k.relay.letters()); (n > 0) != c.mails {
				t.Errorf("%s: %d mails\n%s", c.what, n, k.logs)
			}
		}
		if n := strings.Count(k.logs.String(), "run done"); n != 4 {
			t.Errorf("%d runs ended, want 2 schedules on 2 days:\n%s", n, k.logs)
		}
		stop()
		<-done
		_ = k.ledger.Close()
	})
}

// Fault 3: down for five weeks.
func TestAfterAnOutage(t *testing.T) {
	for _, c := range []struct {
		catchUp      string
		want, missed int
	}{{"all", 5, 0}, {"last", 1, 4}, {"none", 0, 5}} {
		t.Run(c.catchUp, func(t *testing.T) {
			k := newKit(t, monday, `
schedules: [{name: team, digest: manager, cron: "0 7 * * 1", max_age: 60d, catch_up: `+c.catchUp+`}]
`)
			ctx := context.Background()
			if err := k.ledger.SetLastDue(ctx, "team", monday.AddDate(0, 0, -35)); err != nil {
				t.Fatal(err)
			}
			back := monday.Add(3 * time.Hour)
			s := k.newServer(back)
			for range 3 { // a second wake-up plans nothing twice
				s.reconcile(ctx, back)
			}
			periods, missed := map[string]bool{}, 0
			for _, row := range k.rows(ledger.Filter{}) {
				if row.RepID == "" && row.State == ledger.Skipped && strings.Contains(row.Reason, "catch_up: "+c.catchUp) {
					missed++ // on the record, and nobody's mail
					continue
				}
				periods[row.Period] = true
				if row.Period != "2026-06-01" && !bytes.Contains(k.body(row.ID), []byte("This digest comes late")) {
					t.Errorf("%s does not say that it is late", row.Period)
				}
			}
			if missed != c.missed {
				t.Errorf("%d periods recorded as left out, want %d", missed, c.missed)
			}
			if len(periods) != c.want || c.want > 0 && !periods["2026-06-01"] {
				t.Errorf("periods %v, want %d", periods, c.want)
			}
			due, err := k.ledger.LastDue(ctx, "team")
			if err != nil || !due.Equal(monday) {
				t.Errorf("last due %v, want %v (%v)", due, monday, err)
			}
		})
	}
}

func TestTicksThatAreDue(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: all, digest: rep, cron: "0 7 * * 1", catch_up: all, max_age: 10d}
  - {name: last, digest: rep, cron: "0 7 * * 1", max_age: 3d}
  - {name: none, digest: rep, cron: "0 7 * * 1", catch_up: none}
  - {name: own-hour, digest: rep, cron: "0 7 * * 1", time_zone: recipient}
`)
	at := func(days, hours int) time.Time {
		return monday.AddDate(0, 0, days).Add(time.Duration(hours) * time.Hour)
	}
	for _, c := range []struct {
		name, schedule     string
		last, now, started time.Time
		want               []time.Time
		missed             bool
	}{
		{"just due", "last", at(-7, 0), at(0, 0), at(-3, 0), []time.Time{at(0, 0)}, false},
		{"not yet", "last", at(-7, 0), at(0, -1), at(-3, 0), nil, false},
		{"late by 2 days", "last", at(-7, 0), at(2, 0), at(2, 0), []time.Time{at(0, 0)}, false},
		{"too late", "last", at(-7, 0), at(4, 0), at(4, 0), nil, true},
		{"two missed, the last counts", "last", at(-14, 0), at(0, 1), at(0, 1), []time.Time{at(0, 0)}, true},
		{"all that are young enough", "all", at(-28, 0), at(1, 0), at(1, 0), []time.Time{at(-7, 0), at(0, 0)}, true},
		{"all, none missed", "all", at(-14, 0), at(0, 0), at(0, 0), []time.Time{at(-7, 0), at(0, 0)}, false},
		{"none, but we were here", "none", at(-7, 0), at(0, 1), at(-1, 0), []time.Time{at(0, 0)}, false},
		{"none, and we were not", "none", at(-7, 0), at(0, 1), at(0, 1), nil, true},
		{"each one's own hour: the whole day as soon as the period ends", "own-hour", at(-7, 0), at(0, -7), at(-1, 0), []time.Time{at(0, 0)}, false},
		{"each one's own hour: the period has not ended", "own-hour", at(-7, 0), at(0, -8), at(-1, 0), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			sched := k.schedule(c.schedule)
			got, missed := dueTicks(sched, c.last, DueUntil(sched, c.now, time.UTC), c.now, c.started)
			same := len(got) == len(c.want)
			for i := range got {
				same = same && got[i].Equal(c.want[i])
			}
			if !same || missed != c.missed {
				t.Errorf("got %v (missed: %v), want %v (%v)", got, missed, c.want, c.missed)
			}
		})
	}
}

// Fault 18: the pipeline database is down at plan time.
func TestASourceOutOfReachKeepsTheTickDue(t *testing.T) {
	k := newKit(t, monday, "")
	ctx := context.Background()
	s := k.newServer(monday.Add(-time.Hour))
	s.reconcile(ctx, monday.Add(-time.Hour))
	k.source.breaks(errors.New("connection refused"))
	s.reconcile(ctx, monday)
	if n := len(k.rows(ledger.Filter{})); n != 0 {
		t.Fatalf("%d rows planned from nothing", n)
	}
	k.source.breaks(nil)
	s.reconcile(ctx, monday.Add(30*time.Second))
	if n := len(k.rows(ledger.Filter{})); n == 0 {
		t.Errorf("the tick was forgotten:\n%s", k.logs)
	}
}

func TestAClockThatWasAheadSilencesNobody(t *testing.T) {
	k := newKit(t, monday, "")
	ctx := context.Background()
	if err := k.ledger.SetLastDue(ctx, "team", monday.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	s := k.newServer(monday.Add(-time.Hour))
	s.reconcile(ctx, monday.Add(-time.Hour))
	s.reconcile(ctx, monday)
	if n := len(k.rows(ledger.Filter{Schedule: "team"})); n == 0 {
		t.Errorf("nothing planned:\n%s", k.logs)
	}
}

// Fault 9: told to stop.
func TestAStopFinishesWhatIsInFlight(t *testing.T) {
	k := newKit(t, monday, "")
	k.Config.Mail.Connections = 1
	k.do(Job{Schedule: k.schedule("team"), Only: []string{"nobody@example.com"}}) // nothing yet
	ctx, stop := context.WithCancel(context.Background())
	k.relay.answer = func(string, int) smtp.Result {
		stop() // while the first one is on the wire
		return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
	}
	_, err := k.Run(ctx, []Job{{Schedule: k.schedule("team"), Tick: monday}}, time.Minute)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	states := map[ledger.State]int{}
	for _, row := range k.rows(ledger.Filter{}) {
		states[row.State]++
	}
	if states[ledger.Sent] != 1 || states[ledger.Sending] != 0 || states[ledger.Pending] == 0 {
		t.Errorf("states: %v", states)
	}
}
