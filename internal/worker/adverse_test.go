package worker

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
)

// halfLoaded hides people of the source while on.
type halfLoaded struct {
	Source
	keep atomic.Int32 // -1: all
	fail atomic.Bool  // readings of deals fail
}

func (h *halfLoaded) ReadFor(ctx context.Context, n pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r, done, err := h.Source.ReadFor(ctx, n)
	if err == nil {
		if k := h.keep.Load(); k >= 0 {
			r.Reps = r.Reps[:k]
		}
		if h.fail.Load() {
			r.Deals = func(yield func(*pipeline.History, error) bool) { yield(nil, errors.New("statement timeout")) }
		}
	}
	return r, done, err
}

// The load of reps is under way (truncate and insert) for one look while the relay is down.
func TestAHalfLoadedTableOfRepsWithdrawsNobody(t *testing.T) {
	src := &halfLoaded{}
	src.keep.Store(-1)
	serving(t, daily, func(k *kit) {
		src.Source = k.Source
		k.Source = src
		k.relay.breaks(errors.New("connection refused"))
	}, func(t *testing.T, k *kit) {
		k.pass(time.Hour)
		rows := k.rows(ledger.Filter{Schedule: "own", State: ledger.Pending})
		src.keep.Store(2)
		k.pass(6 * time.Minute)
		src.keep.Store(-1)
		k.pass(6 * time.Minute)
		k.relay.breaks(nil)
		k.pass(3 * time.Hour)
		sent := k.rows(ledger.Filter{Schedule: "own", State: ledger.Sent})
		if len(sent) != len(rows) {
			t.Errorf("%d of %d sent; told admins: %q", len(sent), len(rows), k.relay.subjects(ops))
			for _, r := range k.rows(ledger.Filter{Schedule: "own", State: ledger.Skipped}) {
				t.Logf("%s %s", r.RepID, r.Reason)
			}
		}
	})
}

// An address has changed, and the deals cannot be read just then.
func TestWhoHasAnotherAddressGetsItThoughTheSourceFailsJustThen(t *testing.T) {
	src := &halfLoaded{}
	src.keep.Store(-1)
	serving(t, daily, func(k *kit) {
		src.Source = k.Source
		k.Source = src
		k.relay.breaks(errors.New("connection refused"))
	}, func(t *testing.T, k *kit) {
		k.pass(time.Hour)
		moved := k.rows(ledger.Filter{Schedule: "own", State: ledger.Pending})[0]
		k.source.people(func(r *pipeline.Rep) {
			if r.ID == moved.RepID {
				r.Email = "new." + moved.Recipient
			}
		})
		src.fail.Store(true)
		k.pass(6 * time.Minute)
		src.fail.Store(false)
		k.relay.breaks(nil)
		k.pass(3 * time.Hour)
		for _, r := range k.rows(ledger.Filter{Schedule: "own"}) {
			if r.RepID == moved.RepID && r.State == ledger.Sent {
				return
			}
		}
		t.Errorf("%s got no digest at all\n", moved.RepID)
	})
}

// With time_zone: recipient a digest that is made again for another address goes at once.
func TestAnotherAddressStillWaitsForItsHour(t *testing.T) {
	k := newKit(t, monday.AddDate(0, 0, 1), `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", time_zone: recipient, skip_empty: false}]
`)
	ctx := context.Background()
	now := monday.Add(-8 * time.Hour)
	k.Now = func() time.Time { return now }
	s := k.newServer(now)
	s.reconcile(ctx, now)
	now = monday.Add(-7 * time.Hour) // midnight
	s.reconcile(ctx, now)
	rows := k.rows(ledger.Filter{State: ledger.Pending})
	if len(rows) == 0 {
		t.Fatal(k.logs)
	}
	moved := rows[0]
	k.source.people(func(r *pipeline.Rep) {
		if r.ID == moved.RepID {
			r.Email = "new." + moved.Recipient
		}
	})
	now = now.Add(10 * time.Minute)
	s.reconcile(ctx, now)
	for _, r := range k.rows(ledger.Filter{State: ledger.Pending}) {
		if r.RepID == moved.RepID && !r.NotBefore.Equal(moved.NotBefore) {
			t.Errorf("to %s not before %v, was %v (now %v)", r.Recipient, r.NotBefore, moved.NotBefore, now)
		}
	}
}

// Catch_up none; the source is down at the tick, the operator mends the config, which is reloaded.
func TestAReloadLosesNoTickOfCatchUpNone(t *testing.T) {
	k := newKit(t, monday, `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", catch_up: none}]
`)
	ctx := context.Background()
	now := monday.Add(-time.Hour)
	since := now // the process serves, which outlives its workers
	k.Now = func() time.Time { return now }
	s := k.newServer(since)
	s.reconcile(ctx, now)
	k.source.breaks(errors.New("password authentication failed"))
	now = monday
	s.reconcile(ctx, now)
	now = monday.Add(3 * time.Minute)
	k.source.breaks(nil)
	s = k.newServer(since) // what a reload does
	s.reconcile(ctx, now)
	for _, r := range k.rows(ledger.Filter{}) {
		if r.State == ledger.Skipped && strings.HasPrefix(r.Reason, "not made") {
			t.Errorf("the digest is lost: %s", r.Reason)
			break
		}
	}
}

// With catch_up: all a tick whose data never become fit (two quiet weeks) does not hold up later ones whose data are
// fine. That it is left out is told with a command that accepts its data.
func TestAnUnfitTickHoldsUpNoLaterOne(t *testing.T) {
	k := newKit(t, monday.AddDate(0, 0, 1), `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * *", catch_up: all, max_age: 3d, skip_empty: false}
  - {name: ops, digest: admin, cron: "0 9 1 12 *", recipients: {addresses: [ops@example.com]}}
`)
	ctx := context.Background()
	quiet := monday.AddDate(0, 0, -12) // nothing is entered from here until yesterday
	now := monday.AddDate(0, 0, -1).Add(-time.Hour)
	src := &gap{Source: k.Source, from: quiet, to: monday.Add(-20 * time.Hour)}
	k.Source = src
	s := k.newServer(now)
	s.reconcile(ctx, now)
	for ; now.Before(monday.Add(12 * time.Hour)); now = now.Add(30 * time.Minute) {
		s.reconcile(ctx, now)
	}
	periods := map[string]int{}
	for _, r := range k.rows(ledger.Filter{State: ledger.Pending}) {
		periods[r.Period]++
	}
	if periods["2026-06-01"] == 0 {
		t.Errorf("Monday's digest is not made five hours after its tick, though its data are of Sunday: %v\n%s", periods, k.logs)
	}
	told := ""
	for _, r := range k.rows(ledger.Filter{Schedule: "ops"}) {
		if strings.HasSuffix(r.Period, missed) {
			told = textOf(k.body(r.ID))
		}
	}
	if !strings.Contains(told, "drumbeat run own --as-of 2026-05-31 --accept-data") {
		t.Errorf("what was left out is told as %q: %+v", told, k.rows(ledger.Filter{Schedule: "ops"}))
	}
}

// gap hides what happened between two instants.
type gap struct {
	Source
	from, to time.Time
}

func (g *gap) ReadFor(ctx context.Context, n pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r, done, err := g.Source.ReadFor(ctx, n)
	if err != nil {
		return r, done, err
	}
	deals := r.Deals
	in := func(t time.Time) bool { return t.After(g.from) && t.Before(g.to) }
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		deals(func(h *pipeline.History, err error) bool {
			if err != nil {
				return yield(h, err)
			}
			if in(h.Deal.CreatedAt) {
				return true
			}
			c := *h
			c.Changes, c.Activities, c.Forecasts, c.Criteria = nil, nil, nil, nil
			if c.Deal.ClosedAt.OK && in(c.Deal.ClosedAt.V) {
				c.Deal.ClosedAt = pipeline.Opt[time.Time]{}
			}
			for _, x := range h.Criteria {
				if !in(x.At) {
					c.Criteria = append(c.Criteria, x)
				}
			}
			for _, x := range h.Changes {
				if !in(x.At) {
					c.Changes = append(c.Changes, x)
				}
			}
			for _, x := range h.Activities {
				if !in(x.At) {
					c.Activities = append(c.Activities, x)
				}
			}
			for _, x := range h.Forecasts {
				if !in(x.At) {
					c.Forecasts = append(c.Forecasts, x)
				}
			}
			return yield(&c, nil)
		})
	}
	return r, done, err
}

// Deals are opened every day, but nobody logs activities any more and the source has no history of stages.
func TestNewDealsAreNews(t *testing.T) {
	k := newKit(t, monday, "")
	k.Source = &dealsOnly{Source: k.Source, until: monday.AddDate(0, 0, -20)}
	_, err := k.Run(context.Background(), []Job{{Schedule: k.schedule("own"), Tick: monday}}, 0)
	if err != nil {
		t.Errorf("held: %v", err)
	}
}

type dealsOnly struct {
	Source
	until time.Time
}

func (g *dealsOnly) ReadFor(ctx context.Context, n pipeline.Needs) (*pipeline.Reading, func() error, error) {
	r, done, err := g.Source.ReadFor(ctx, n)
	if err != nil {
		return r, done, err
	}
	r.Tables = map[pipeline.Rows]bool{pipeline.Reps: true, pipeline.Deals: true, pipeline.Activities: true}
	deals := r.Deals
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		i := 0
		deals(func(h *pipeline.History, err error) bool {
			if err != nil {
				return yield(h, err)
			}
			c := *h
			c.Changes, c.Activities, c.Forecasts = nil, nil, nil
			for _, x := range h.Activities {
				if x.At.Before(g.until) {
					c.Activities = append(c.Activities, x)
				}
			}
			if i++; c.Deal.Outcome == pipeline.Open && i%4 == 0 { // opened this week
				c.Deal.CreatedAt = monday.AddDate(0, 0, -i%6-1)
				c.Activities = nil
			}
			return yield(&c, nil)
		})
	}
	return r, done, err
}

// A restored ledger of a schedule with recipients' own hours is adopted at 05:00; whoever got it at midnight gets it again.
func TestAdoptingMakesUpForNoHourThatIsOver(t *testing.T) {
	k := newKit(t, monday.AddDate(0, 0, 1), `
schedules: [{name: own, digest: rep, cron: "0 7 * * 1", time_zone: recipient, skip_empty: false}]
`)
	k.source.people(func(r *pipeline.Rep) { r.TimeZone = "Asia/Tokyo" })
	ctx := context.Background()
	// The backup is of Sunday. The original sends on Monday at 00:00 UTC to Tokyo, then its disk dies.
	now := monday.Add(-2 * time.Hour) // 05:00
	l, err := ledger.Open(ctx, k.dsn, ledger.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := l.Guard(ctx, "production"); err != nil {
		t.Fatal(err)
	}
	if err := l.SetLastDue(ctx, "own", monday.AddDate(0, 0, -7)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Adopt(ctx, "production", map[string]time.Time{"own": DueUntil(k.schedule("own"), now, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	k.Ledger, k.Now = l, func() time.Time { return now }
	s := k.newServer(now)
	s.reconcile(ctx, now.Add(30*time.Second))
	for _, r := range k.rows(ledger.Filter{State: ledger.Pending}) {
		if !r.NotBefore.After(now) {
			t.Errorf("%s: due since %v, before the ledger was adopted at %v, and made up for", r.Recipient, r.NotBefore, now)
			break
		}
	}
}

// The alarm of what was left out is told once, or not at all.
func TestMissedIsToldAfterAFailure(t *testing.T) {
	k := newKit(t, monday, `
schedules:
  - {name: own, digest: rep, cron: "0 7 * * 1"}
  - {name: ops, digest: admin, cron: "0 9 1 12 *", recipients: {addresses: [ops@example.com]}}
`)
	ctx := context.Background()
	now := monday.AddDate(0, 0, -14)
	k.Now = func() time.Time { return now }
	s := k.newServer(now)
	s.reconcile(ctx, now)
	now = monday.Add(time.Hour)
	s = k.newServer(now)
	l := k.Ledger
	k.Ledger = failingAdmin{l}
	s.reconcile(ctx, now)
	k.Ledger = l
	for range 5 {
		now = now.Add(10 * time.Minute)
		s.reconcile(ctx, now)
	}
	if rows := k.rows(ledger.Filter{Schedule: "ops"}); len(rows) == 0 {
		t.Errorf("nobody is told of the missed period: %d rows of own\n%s", len(k.rows(ledger.Filter{Schedule: "own"})), k.logs)
	}
}

type failingAdmin struct{ Ledger }

func (f failingAdmin) Known(ctx context.Context, schedule, period string) (map[ledger.Key]ledger.State, error) {
	if schedule == "ops" {
		return nil, errors.New("the database restarts")
	}
	return f.Ledger.Known(ctx, schedule, period)
}

// A mail on which the relay always hangs up.
func TestAMailThatTheRelayAlwaysHangsUpOnIsGivenUp(t *testing.T) {
	serving(t, daily, func(k *kit) { k.Config.Mail.AttemptsFor = time.Hour }, func(t *testing.T, k *kit) {
		poison := k.source.p.Reps[4].Email
		k.relay.answers(func(to string, _ int) smtp.Result {
			if to == poison {
				return smtp.Result{Outcome: smtp.Relay, Err: errors.New("DATA: the server says \"421 no\""), Begun: true}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		k.pass(8 * time.Hour)
		for _, r := range k.rows(ledger.Filter{Schedule: "own", Recipients: []string{poison}}) {
			t.Logf("%s %s attempts %d %q; tries %d", r.Period, r.State, r.Attempts, r.Reason, k.relay.tries[poison])
			if r.State == ledger.Pending && r.Period == "2000-01-01" {
				t.Errorf("after 8 h with attempts_for 1h it is still %s; admins told %q", r.State, k.relay.subjects(ops))
			}
		}
	})
}

// One mail on which the relay hangs up keeps the mails of every other schedule from being tried.
func TestAMailThatTheRelayHangsUpOnStarvesNoOtherSchedule(t *testing.T) {
	serving(t, strings.Replace(daily, "30 6 * * *", "30 6 1 1 *", 1), nil, func(t *testing.T, k *kit) {
		poison := k.source.p.Reps[4].Email
		k.relay.answers(func(to string, _ int) smtp.Result {
			if to == poison {
				return smtp.Result{Outcome: smtp.Relay, Err: errors.New("body: EOF")}
			}
			return smtp.Result{Outcome: smtp.Sent, Reply: "250 ok"}
		})
		k.pass(30 * time.Hour)
		for _, r := range k.rows(ledger.Filter{Schedule: "ops"}) {
			if took := r.UpdatedAt.Sub(r.PlannedAt); r.State != ledger.Sent || took > 2*time.Hour {
				t.Errorf("%s: %s after %s; tries of the one that the relay hangs up on: %d", r.Period, r.State, took, k.relay.tries[poison])
			}
		}
	})
}
