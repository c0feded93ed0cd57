package worker

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/ledger"
	"drumbeat/internal/schedule"
)

// Fault 5: a clock that jumps a day ahead and an hour back makes no period twice and leaves none out.
func TestAClockThatJumpsDoublesNothing(t *testing.T) {
	k := newKit(t, monday.AddDate(0, 0, 3), `
schedules: [{name: own, digest: rep, cron: "0 7 * * *"}]
`)
	ctx := context.Background()
	s := k.newServer(monday.Add(-time.Hour))
	for _, now := range []time.Duration{-time.Hour, 0, -time.Hour, time.Minute, 24 * time.Hour, time.Hour, 23 * time.Hour, 24 * time.Hour, 25 * time.Hour, 48 * time.Hour} {
		s.reconcile(ctx, monday.Add(now))
		if err := k.newDispatch(ledger.Filter{}, time.Time{}).deliver(ctx); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]int{}
	for _, l := range k.relay.letters() {
		got[strings.Trim(l.id, "<>")]++
	}
	periods := map[string]int{}
	for _, row := range k.rows(ledger.Filter{State: ledger.Sent}) {
		periods[row.Period]++
		if got[row.MessageID] != 1 {
			t.Errorf("%s of %s was sent %d times", row.Recipient, row.Period, got[row.MessageID])
		}
	}
	if len(periods) != 3 {
		t.Errorf("periods %v, want three days", periods)
	}
}

// Fault 5: of two replicas one is ten minutes ahead and one ten minutes behind. The server's clock decides: nothing
// runs before its hour, and each period once.
func TestReplicasWhoseClocksDifferGoByTheServersClock(t *testing.T) {
	dsn := dbtest.Postgres(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	k := newKit(t, time.Now(), `
schedules:
  - {name: due, digest: rep, cron: "* * * * *"}
  - {name: early, digest: rep, cron: "* * * * *"}
`)
	state := func() *ledger.Ledger {
		l, err := ledger.Open(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	first := state()
	now, err := first.Clock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// One schedule is due, the other one in five minutes: for the replica that is ahead, five minutes ago.
	at := func(d time.Duration) schedule.Spec {
		tick := now.Add(d).UTC()
		spec, err := schedule.Parse(tick.Format("4 15 2 1 *"))
		if err != nil {
			t.Fatal(err)
		}
		return spec
	}
	k.Config.Schedules[0].Spec, k.Config.Schedules[1].Spec = at(-2*time.Minute), at(5*time.Minute)
	k.Config.Schedules[0].CatchUp = "last"
	for _, name := range []string{"due", "early"} {
		if err := first.SetLastDue(ctx, name, now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for i, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		w := &Worker{Config: k.Config, Source: k.source, Render: k.Render, Connect: k.Connect, Ledger: state(),
			Owner: []string{"ahead", "behind"}[i], Log: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return time.Now().Add(skew) }}
		done := make(chan struct{})
		go func() { w.Serve(ctx); close(done) }()
		t.Cleanup(func() { stop(); <-done })
	}
	deadline := time.Now().Add(time.Minute)
	for {
		counts, err := first.Count(ctx, ledger.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if counts[ledger.Sent] > 0 && counts[ledger.Pending]+counts[ledger.Sending] == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("states %v\n%s", counts, k.logs)
		}
		time.Sleep(50 * time.Millisecond)
	}
	rows, err := first.List(ctx, ledger.Filter{Schedule: "early"})
	if err != nil || len(rows) > 0 {
		t.Errorf("%d digests before their hour (%v)", len(rows), err)
	}
	ids := map[string]int{}
	for _, l := range k.relay.letters() {
		if ids[l.id]++; ids[l.id] > 1 {
			t.Errorf("%s was sent twice", l.to)
		}
	}
}

// Where the hour was each recipient's own, a day is planned when it begins. Who gives it a fixed hour before that has come
// is told so, and not of a clock; a clock that was a day ahead is told of.
func TestADayThatWasPlannedAheadIsNoWrongClock(t *testing.T) {
	for name, c := range map[string]struct {
		ahead     time.Duration
		says, not string
	}{
		"the hour is fixed at night": {0, "today's digests are made already", "clock"},
		"a clock was a day ahead":    {24 * time.Hour, "the last run was in the future: a clock was wrong", "already"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, monday.AddDate(0, 0, 3), "\nschedules: [{name: own, digest: rep, cron: \"0 7 * * *\", time_zone: recipient}]\n")
			ctx, night := context.Background(), monday.Add(-4*time.Hour)
			s := k.newServer(night)
			s.reconcile(ctx, night.AddDate(0, 0, -1).Add(c.ahead))
			s.reconcile(ctx, night.Add(c.ahead))
			planned := len(k.rows(ledger.Filter{Period: "2026-06-01"}))
			k.Config.Schedules[0].RecipientZone = false
			s = k.newServer(night)
			s.reconcile(ctx, night)
			s.reconcile(ctx, night.Add(time.Minute))
			if said := k.logs.String(); strings.Count(said, c.says) != 1 || strings.Contains(said, c.not) {
				t.Errorf("the log says\n%s", said)
			}
			s.reconcile(ctx, monday)
			if n := len(k.rows(ledger.Filter{Period: "2026-06-01"})); c.ahead == 0 && n != planned {
				t.Errorf("%d digests, then %d", planned, n)
			}
		})
	}
}
