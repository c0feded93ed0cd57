package ledger

import (
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// back sets a column of every delivery back by a while, as if that much time had passed.
func back(t *testing.T, l *Ledger, column string, where string, d time.Duration) {
	t.Helper()
	table := l.dialect.translate("drumbeat_state.delivery")
	_, err := l.db.Exec(l.db.Rebind("UPDATE "+table+" SET "+column+" = ? WHERE "+where), instant(time.Now().Add(-d)))
	ok(t, err)
}

func about(got, want time.Duration) bool { return got >= want-time.Minute && got <= want+time.Minute }

func TestHowLongDeliveriesHaveBeenWaiting(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		if got := must(l.Standings(t.Context(), Filter{}))(t); len(got) != 0 {
			t.Errorf("of an empty ledger: %v", got)
		}
		ds := digests(5)
		for i := range ds {
			ds[i].NotBefore = time.Time{}
		}
		ds[3].NotBefore = time.Now().Add(-time.Hour)
		ds[4].NotBefore = time.Now().Add(5 * time.Hour)
		must(l.Plan(t.Context(), weekly(), ds))(t)
		standing := func(s State) Standing { return must(l.Standings(t.Context(), Filter{}))(t)[s] }

		back(t, l, "created_at", "rep_id IN ('rep03', 'rep04')", 9*time.Hour)
		if got := standing(Pending); got.N != 5 || !about(got.Oldest, time.Hour) {
			t.Errorf("planned nine hours ago to be sent an hour ago: %+v", got)
		}
		back(t, l, "created_at", "rep_id = 'rep00'", 2*time.Hour)
		if got := standing(Pending); !about(got.Oldest, 2*time.Hour) {
			t.Errorf("planned two hours ago to be sent at once: %+v", got)
		}

		d := claim(t, l, "me", time.Hour) // rep03: due longest
		ok(t, l.Mark(t.Context(), d, Result{State: Pending, RetryAt: time.Now().Add(time.Minute), Spared: true}))
		back(t, l, "created_at", "rep_id = 'rep00'", time.Minute)
		if got := standing(Pending); !about(got.Oldest, time.Hour) {
			t.Errorf("put off by the relay, it waits no less long: %+v", got)
		}

		d = claim(t, l, "me", time.Hour)
		back(t, l, "updated_at", "state = 'sending'", 30*time.Minute)
		ok(t, l.Renew(t.Context(), d, time.Hour))
		if got := standing(Sending); got.N != 1 || !about(got.Oldest, 30*time.Minute) {
			t.Errorf("sending for half an hour, renewed: %+v", got)
		}
		ok(t, l.Mark(t.Context(), d, Result{State: Unknown}))
		back(t, l, "updated_at", "state = 'unknown'", 3*time.Hour)
		got := must(l.Standings(t.Context(), Filter{State: Unknown}))(t)
		if len(got) != 1 || got[Unknown].N != 1 || !about(got[Unknown].Oldest, 3*time.Hour) {
			t.Errorf("unknown for three hours: %v", got)
		}
	})
}

func TestWaitsForAnHourThatIsToCome(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ds := digests(1)
		ds[0].NotBefore = time.Now().Add(time.Hour)
		must(l.Plan(t.Context(), weekly(), ds))(t)
		back(t, l, "created_at", "1 = 1", 8*time.Hour)
		if got := must(l.Standings(t.Context(), Filter{}))(t)[Pending]; got != (Standing{N: 1}) {
			t.Errorf("%+v", got)
		}
	})
}

// An old mail that is sent again has not been waiting, and tried, since it was first sent.
func TestWhatIsSentAgainBeginsAnew(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		for d := claim(t, l, "me", time.Minute); d != nil; d = claim(t, l, "me", time.Minute) {
			ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
		}
		back(t, l, "created_at", "1 = 1", 100*time.Hour)
		rows := must(l.List(t.Context(), Filter{}))(t)
		ok(t, l.Resend(t.Context(), []int64{rows[0].ID}))
		must(l.ForceAgain(t.Context(), Filter{State: Sent}))(t)
		if got := must(l.Standings(t.Context(), Filter{}))(t)[Pending]; got.N != 2 || got.Oldest > time.Minute {
			t.Errorf("%+v", got)
		}
		for d := claim(t, l, "me", time.Minute); d != nil; d = claim(t, l, "me", time.Minute) {
			if time.Since(d.NotBefore) > time.Minute {
				t.Errorf("delivery %d may be given up as if it had been tried since %s", d.ID, d.NotBefore)
			}
		}
	})
}

// A digest that could not be made for days, and then could, has not been tried for days.
func TestWhatIsMadeGoodBeginsAnew(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		must(l.Plan(t.Context(), weekly(), []Delivery{{Key: Key{Recipient: "a@example.com", RepID: "rep00"}, State: Failed, Reason: "a template"}}))(t)
		back(t, l, "created_at", "1 = 1", 48*time.Hour)
		made := Delivery{Key: Key{Recipient: "a@example.com", RepID: "rep00"}, MessageID: "x", Body: []byte("mail")}
		if n := must(l.Plan(t.Context(), weekly(), []Delivery{made}))(t); n != 1 {
			t.Fatalf("%d made good", n)
		}
		if d := claim(t, l, "me", time.Minute); d == nil || time.Since(d.PlannedAt) > time.Minute {
			t.Errorf("%+v", d)
		}
	})
}

func TestHowFarSchedulesHaveCome(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		tick := time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)
		run := weekly()
		run.AdvanceTo = tick
		must(l.Plan(t.Context(), run, digests(1)))(t)
		ok(t, l.SetLastDue(t.Context(), "other", tick.Add(time.Hour)))
		if got := must(l.Progress(t.Context()))(t); len(got) != 2 || got["weekly"] != (Progress{LastDue: tick}) || got["other"] != (Progress{LastDue: tick.Add(time.Hour)}) {
			t.Errorf("%v", got)
		}
		ok(t, l.FinishRun(t.Context(), "weekly", run.Period))
		run.Period = "2026-11-23"
		must(l.Plan(t.Context(), run, nil))(t) // goes on
		got := must(l.Progress(t.Context()))(t)
		if since := time.Since(got["weekly"].LastFinished); since > time.Minute || since < -time.Minute || !got["other"].LastFinished.IsZero() {
			t.Errorf("%v", got)
		}
	})
}

// A plan holds its connection for as long as it renders; whoever watches must not wait for it.
func TestASecondLedgerReadsWhileTheFirstOnePlans(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l, watcher := open(t, dsn), open(t, dsn)
		seen := false
		must(l.PlanSeq(t.Context(), weekly(), func(yield func(Delivery, error) bool) {
			for _, d := range digests(2) {
				if !yield(d, nil) {
					return
				}
				got := must(watcher.Standings(t.Context(), Filter{}))(t)
				seen = seen || len(got) > 0
			}
		}))(t)
		if got := must(watcher.Standings(t.Context(), Filter{}))(t); seen || got[Pending].N != 2 {
			t.Errorf("seen before the COMMIT: %t; after it: %v", seen, got)
		}
	})
}

func TestWhenARunOfAScheduleWentWell(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		last := func() time.Time { return must(l.Progress(t.Context()))(t)["weekly"].LastSuccess }
		ok(t, l.SetLastDue(t.Context(), "weekly", asOf))
		end := func(period string, states ...State) {
			run := weekly()
			run.Period = period
			ds := digests(len(states))
			for i := range ds {
				ds[i].Period = period
			}
			must(l.Plan(t.Context(), run, ds))(t)
			for _, s := range states {
				ok(t, l.Mark(t.Context(), claim(t, l, "me", time.Minute), Result{State: s, Reason: "550 no"}))
			}
			ok(t, l.FinishRun(t.Context(), "weekly", period))
		}
		if at := last(); !at.IsZero() {
			t.Errorf("before there was one: %s", at)
		}
		end("2026-11-02", Sent, Failed)
		end("2026-11-03", Unknown)
		end("2026-11-04 data", Sent)
		leftOut := Delivery{State: Skipped, Reason: "not made"}
		run := weekly()
		run.Period = "2026-11-05"
		must(l.Plan(t.Context(), run, []Delivery{leftOut}))(t)
		ok(t, l.FinishRun(t.Context(), "weekly", "2026-11-05"))
		if at := last(); !at.IsZero() {
			t.Errorf("after failures, an alarm and a period that was left out: %s", at)
		}
		end("2026-11-06", Sent, Sent)
		good := last()
		if time.Since(good).Abs() > time.Minute {
			t.Errorf("after a run that went well: %s", good)
		}
		end("2026-11-07", Sent, Failed)
		if at := last(); !at.Equal(good) {
			t.Errorf("after another one that did not: %s, want %s", at, good)
		}
		for _, row := range must(l.List(t.Context(), Filter{Period: "2026-11-07", State: Failed}))(t) {
			ok(t, l.Settle(t.Context(), []int64{row.ID}, Failed))
		}
		if at := last(); !at.After(good) {
			t.Errorf("somebody has dealt with it: %s, want later than %s", at, good)
		}
		end("2026-11-08") // nobody is meant
		if at := last(); time.Since(at).Abs() > time.Minute {
			t.Errorf("nobody was meant: %s", at)
		}
	})
}
