package worker

import (
	"context"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
)

// reloaded puts a worker with a changed config in the place of the one before, in the same process.
func (k *kit) reloaded(change func(*config.Config)) {
	cfg := *k.Config
	cfg.Schedules = slices.Clone(cfg.Schedules)
	change(&cfg)
	k.Worker = &Worker{Config: &cfg, Source: k.source, Render: k.Render, Ledger: k.Worker.Ledger, Connect: k.Connect, Now: k.Now, Log: k.Log, Owner: k.Owner, Process: k.process()}
}

// A reload in the middle of a run: who heard that it has begun hears how it ends, whatever has become of the schedule.
func TestARunIsHeardToItsEndWhateverAReloadChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*config.Config)
		want   []string
	}{
		"something else":       {func(*config.Config) {}, []string{"own"}},
		"another URL":          {func(cfg *config.Config) { cfg.Schedules[0].Ping = "https://other.example.com" }, []string{"own  to https://other.example.com", "own"}},
		"no monitor any more":  {func(cfg *config.Config) { cfg.Schedules[0].Ping = "" }, []string{"own"}},
		"another name":         {func(cfg *config.Config) { cfg.Schedules[0].Name = "mine" }, []string{"own"}},
		"the schedule is gone": {func(cfg *config.Config) { cfg.Schedules = nil }, []string{"own"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				monday := time.Now().AddDate(0, 0, 2)
				k, m := watched(t, monday.AddDate(0, 0, 3), ownWatched)
				if err := k.ledger.SetLastDue(context.Background(), "own", time.Now()); err != nil {
					t.Fatal(err)
				}
				k.relay.breaks(errGone)
				time.Sleep(time.Until(monday.Add(7*time.Hour - time.Minute)))
				k.serveUntil(monday.Add(8 * time.Hour))
				m.expect(t, "the relay is away", "own start")
				k.relay.breaks(nil)
				k.reloaded(c.change)
				k.serveUntil(monday.Add(9 * time.Hour))
				m.expect(t, "after the reload", c.want...)
				k.reloaded(func(*config.Config) {})
				k.serveUntil(monday.Add(10 * time.Hour))
				m.expect(t, "and once more")
				runs, err := k.ledger.Runs(context.Background(), monday)
				if err != nil || len(runs) != 1 || runs[0].FinishedAt.IsZero() {
					t.Errorf("the run is not recorded as over: %+v, %v", runs, err)
				}
				_ = k.ledger.Close()
			})
		})
	}
}

// What waits of a schedule that is gone still goes out; if it cannot, admins hear of it as of any other.
func TestTroubleOfAScheduleThatIsGoneIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 2)
		k, _ := watched(t, monday.AddDate(0, 0, 3), ownWatched+`  - {name: ops, digest: admin, cron: "0 7 * * 5", recipients: {addresses: [ops@example.com]}}`+"\n")
		if err := k.ledger.SetLastDue(context.Background(), "own", time.Now()); err != nil {
			t.Fatal(err)
		}
		k.relay.breaks(errGone)
		time.Sleep(time.Until(monday.Add(7*time.Hour - time.Minute)))
		k.serveUntil(monday.Add(8 * time.Hour))
		k.relay.breaks(nil)
		k.relay.answers(func(to string, _ int) smtp.Result {
			if to == "ops@example.com" {
				return smtp.Result{Outcome: smtp.Sent}
			}
			return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"}
		})
		k.reloaded(func(cfg *config.Config) { cfg.Schedules = cfg.Schedules[1:] })
		k.serveUntil(monday.Add(9 * time.Hour))
		if to := k.relay.addresses(); !slices.Equal(to, []string{"ops@example.com"}) {
			t.Errorf("told: %q\n%s", to, k.logs)
		}
		_ = k.ledger.Close()
	})
}

// An outage that a monitor has heard of is no news for the worker of another config.
func TestAReloadRepeatsNothingToTheMonitor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 2)
		k, m := watched(t, monday.AddDate(0, 0, 3), ownWatched)
		if err := k.ledger.SetLastDue(context.Background(), "own", time.Now()); err != nil {
			t.Fatal(err)
		}
		k.source.loses(1)
		time.Sleep(time.Until(monday.Add(7*time.Hour - time.Minute)))
		k.serveUntil(monday.Add(8 * time.Hour))
		m.expect(t, "the data cannot be trusted", "own start", "own fail")
		k.reloaded(func(*config.Config) {})
		k.serveUntil(monday.Add(9 * time.Hour))
		m.expect(t, "after a reload")
		k.source.loses(0)
		k.reloaded(func(*config.Config) {})
		k.serveUntil(monday.Add(10 * time.Hour))
		m.expect(t, "made up for", "own")
		_ = k.ledger.Close()
	})
}

// lateCommit records a plan although its worker is told to stop, when it is let.
type lateCommit struct {
	Ledger
	begun, let chan struct{}
}

func (l lateCommit) PlanSeq(ctx context.Context, run ledger.Run, deliveries iter.Seq2[ledger.Delivery, error]) (int, error) {
	close(l.begun)
	<-l.let
	return l.Ledger.PlanSeq(context.WithoutCancel(ctx), run, deliveries)
}

// firstDue calls something before it says for the first time what was due.
type firstDue struct {
	Ledger
	before func()
}

func (l *firstDue) LastDue(ctx context.Context, schedule string) (time.Time, error) {
	if l.before != nil {
		l.before()
		l.before = nil
	}
	return l.Ledger.LastDue(ctx, schedule)
}

// The former worker's plan is recorded right between the next one's looks at the open runs and at what is due.
func TestARunThatIsRecordedDuringAReloadIsHeardToItsEnd(t *testing.T) {
	k, m := watched(t, monday.AddDate(0, 0, 3), ownWatched)
	k.Now = func() time.Time { return monday.Add(time.Minute) }
	if err := k.ledger.SetLastDue(context.Background(), "own", monday.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	slow := lateCommit{k.ledger, make(chan struct{}), make(chan struct{})}
	k.Worker.Ledger = slow
	former := k.newServer(monday)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { former.reconcile(ctx, monday); close(over) }()
	<-slow.begun
	stop()
	k.reloaded(func(*config.Config) {})
	k.Worker.Ledger = &firstDue{k.ledger, func() { close(slow.let); <-over }}
	next := k.newServer(monday)
	next.reconcile(context.Background(), monday)
	if err := k.newDispatch(ledger.Filter{}, time.Time{}).deliver(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := next.closeRounds(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(k.relay.letters()) == 0 {
		t.Error("no mail")
	}
	m.expect(t, "begun by one worker, ended by the next", "own start", "own")
}
