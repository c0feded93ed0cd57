package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drumbeat/internal/ledger"
	smtp "drumbeat/internal/mail"
	"drumbeat/internal/sample"
)

// fakeMonitor writes down what it is told, "schedule kind", and all of the bodies.
type fakeMonitor struct {
	mu     sync.Mutex
	said   []string
	bodies []string
}

func (m *fakeMonitor) Ping(schedule, url, kind, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if url != "https://monitor.example.com/"+schedule {
		kind += " to " + url
	}
	m.said = append(m.said, strings.TrimSpace(schedule+" "+kind))
	m.bodies = append(m.bodies, body)
}

// heard is what was said since the last time.
func (m *fakeMonitor) heard() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	said := m.said
	m.said = nil
	return said
}

// watched is a kit whose schedules, in YAML, are watched by a monitor.
func watched(t *testing.T, asOf time.Time, schedules string) (*kit, *fakeMonitor) {
	t.Helper()
	k := newKit(t, asOf, "\nschedules:\n"+schedules)
	m := &fakeMonitor{}
	k.Process = &Process{Pings: m}
	return k, m
}

const ownWatched = `  - {name: own, digest: rep, cron: "0 7 * * 1", ping: "https://monitor.example.com/own"}` + "\n"

// serveUntil serves until a time of the bubble, and is over then.
func (k *kit) serveUntil(at time.Time) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { k.Serve(ctx); close(done) }()
	time.Sleep(time.Until(at))
	synctest.Wait()
	stop()
	<-done
}

func (m *fakeMonitor) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := m.heard(); !slices.Equal(got, want) {
		t.Errorf("%s: the monitor heard %q, want %q", what, got, want)
	}
}

// A year of Mondays: each is begun and ends well, and nothing else is said.
func TestAYearOfMondaysIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := time.Now().AddDate(0, 0, 2+7*8) // the bubble begins on Saturday, 1 January 2000
		k, m := watched(t, first.AddDate(1, 0, 0), ownWatched)
		k.source.p = sample.Generate(sample.Options{Seed: 1, Reps: 3, Deals: 120, AsOf: first.AddDate(1, 0, 0), Process: k.Config.Process})
		if first.Weekday() != time.Monday {
			t.Fatal(first.Weekday())
		}
		if err := k.ledger.SetLastDue(context.Background(), "own", first.AddDate(0, 0, -1)); err != nil {
			t.Fatal(err)
		}
		for week := range 52 {
			tick := first.AddDate(0, 0, 7*week).Add(7 * time.Hour)
			time.Sleep(time.Until(tick.Add(-time.Second)))
			k.serveUntil(tick.Add(time.Minute))
			m.expect(t, tick.Format(time.DateOnly), "own start", "own")
		}
		for _, b := range m.bodies {
			if strings.Contains(b, "@") || !strings.HasPrefix(b, "own 200") || strings.Count(b, "\n") != 1 {
				t.Errorf("the monitor got %q", b)
			}
		}
		if last := m.bodies[len(m.bodies)-1]; !strings.Contains(last, ": digests ") || !strings.Contains(last, ", failed 0, unknown 0, ") {
			t.Errorf("at the end it got %q", last)
		}
		_ = k.ledger.Close()
	})
}

// What hinders a tick is said once, and the success when it was made up for.
func TestAnOutageIsHeardOnceAndSoIsItsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hinder func(*kit)
		mend   func(*kit)
		want   []string // at the tick, before it fails
	}{
		"the pipeline cannot be read": {func(k *kit) { k.source.breaks(errGone) }, func(k *kit) { k.source.breaks(nil) }, nil},
		"the data cannot be trusted":  {func(k *kit) { k.source.loses(1) }, func(k *kit) { k.source.loses(0) }, []string{"own start"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				monday := time.Now().AddDate(0, 0, 2)
				k, m := watched(t, monday.AddDate(0, 0, 3), ownWatched)
				if err := k.ledger.SetLastDue(context.Background(), "own", time.Now()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Until(monday.Add(6*time.Hour + 59*time.Minute)))
				ctx, stop := context.WithCancel(context.Background())
				done := make(chan struct{})
				go func() { k.Serve(ctx); close(done) }()
				until := func(at time.Duration) { time.Sleep(time.Until(monday.Add(at))); synctest.Wait() }
				c.hinder(k)
				until(7*time.Hour + 50*time.Second)
				m.expect(t, "a database that restarts is no news", c.want...)
				until(7*time.Hour + 30*time.Minute)
				m.expect(t, "for half an hour", "own fail")
				c.mend(k)
				until(7*time.Hour + 36*time.Minute)
				want := []string{"own start", "own"}
				if c.want != nil { // it had begun
					want = want[1:]
				}
				m.expect(t, "made up for", want...)
				stop()
				<-done
				time.Sleep(time.Until(monday.AddDate(0, 0, 7).Add(7*time.Hour - time.Minute)))
				k.serveUntil(time.Now().Add(3 * time.Minute))
				m.expect(t, "a week later", "own start", "own")
				_ = k.ledger.Close()
			})
		})
	}
}

func TestHowRunsEndIsHeard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, schedules string
		answer          smtp.Result
		want            []string
	}{
		{"a refused mail", ownWatched, smtp.Result{Outcome: smtp.Permanent, Reply: "550 5.1.1 no such user"}, []string{"own start", "own fail"}},
		{"one that may have arrived", ownWatched + "mail: {from: a@example.com, smtp: {host: localhost}, on_unknown: hold}\n",
			smtp.Result{Outcome: smtp.Unknown}, []string{"own start", "own fail"}},
		{"nobody is meant", `  - {name: own, digest: rep, cron: "0 7 * * 1", recipients: {teams: [Nowhere]}, ping: "https://monitor.example.com/own"}` + "\n",
			smtp.Result{Outcome: smtp.Sent}, []string{"own"}},
		{"the second tick of a day finds everything done", `  - {name: own, digest: rep, cron: "0,2 7 * * 1", ping: "https://monitor.example.com/own"}` + "\n",
			smtp.Result{Outcome: smtp.Sent}, []string{"own start", "own", "own"}},
		{"no monitor", `  - {name: own, digest: rep, cron: "0 7 * * 1"}` + "\n", smtp.Result{Outcome: smtp.Sent}, nil},
		{"the admins' digest", `  - {name: ops, digest: admin, cron: "0 7 * * 1", skip_empty: false, recipients: {addresses: [ops@example.com]}, ping: "https://monitor.example.com/ops"}` + "\n",
			smtp.Result{Outcome: smtp.Sent}, []string{"ops start", "ops"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				monday := time.Now().AddDate(0, 0, 2)
				schedules, mail, _ := strings.Cut(c.schedules, "mail:")
				k, m := watched(t, monday.AddDate(0, 0, 3), schedules)
				if mail != "" {
					k.Config.Mail.OnUnknown = "hold"
				}
				k.relay.answers(func(string, int) smtp.Result { return c.answer })
				for _, s := range k.Config.Schedules {
					if err := k.ledger.SetLastDue(context.Background(), s.Name, time.Now()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Until(monday.Add(6 * time.Hour)))
				k.serveUntil(monday.Add(8 * time.Hour))
				m.expect(t, "at the tick", c.want...)
				k.serveUntil(monday.Add(9 * time.Hour))
				m.expect(t, "started again, nothing is new")
				_ = k.ledger.Close()
			})
		})
	}
}

// A worker that is stopped, or dies, in the middle of a run says how it ended when it has been started again; what is
// older than the newest tick is not its business.
func TestARunThatARestartInterruptsIsHeardToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 2)
		k, m := watched(t, monday.AddDate(0, 0, 10), ownWatched)
		if err := k.ledger.SetLastDue(context.Background(), "own", time.Now()); err != nil {
			t.Fatal(err)
		}
		k.relay.breaks(errGone)
		time.Sleep(time.Until(monday.Add(6 * time.Hour)))
		k.serveUntil(monday.Add(8 * time.Hour))
		m.expect(t, "the relay is away", "own start")
		k.relay.breaks(nil)
		k.serveUntil(monday.Add(9 * time.Hour))
		m.expect(t, "started again", "own")

		next := monday.AddDate(0, 0, 7)
		k.relay.breaks(errGone)
		time.Sleep(time.Until(next.Add(6 * time.Hour)))
		k.serveUntil(next.Add(8 * time.Hour))
		m.expect(t, "the relay is away again", "own start")
		time.Sleep(time.Until(next.AddDate(0, 0, 7+4))) // the next Monday is missed, max_age is three days
		k.relay.breaks(nil)
		k.serveUntil(next.AddDate(0, 0, 7+4).Add(time.Hour))
		m.expect(t, "an old run ends well, and a newer one is left out", "own fail")
		_ = k.ledger.Close()
	})
}

func TestWhatNobodyMakesUpForIsHeard(t *testing.T) {
	t.Parallel()
	for catchUp, want := range map[string][]string{"none": {"own fail"}, "last": {"own start", "own"}, "all": {"own start", "own"}} {
		t.Run(catchUp, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				monday := time.Now().AddDate(0, 0, 2)
				k, m := watched(t, monday.AddDate(0, 0, 3), `  - {name: own, digest: rep, cron: "0 7 * * *", catch_up: `+catchUp+`, ping: "https://monitor.example.com/own"}`)
				if err := k.ledger.SetLastDue(context.Background(), "own", monday); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Until(monday.AddDate(0, 0, 2).Add(12 * time.Hour)))
				k.serveUntil(time.Now().Add(time.Hour))
				m.expect(t, "after three ticks", want...)
				_ = k.ledger.Close()
			})
		})
	}
}

func TestARunByHandIsHeardIfItIsTheSchedulesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 9).Add(7 * time.Hour)
		k, m := watched(t, monday, ownWatched)
		time.Sleep(time.Until(monday.Add(time.Hour)))
		own := k.schedule("own")
		do := func(what string, j Job, want ...string) {
			t.Helper()
			j.Schedule = own
			if j.Tick.IsZero() {
				j.Tick = monday
			}
			_, _ = k.Run(context.Background(), []Job{j}, 0)
			m.expect(t, what, want...)
		}
		do("a test", Job{Redirect: "me@example.com"})
		_ = k.ledger.Close() // what a redirect records is thrown away
		k, m = watched(t, monday, ownWatched)
		do("files", Job{Out: t.TempDir()})
		k.source.breaks(errors.New("gone"))
		do("the pipeline is away", Job{}, "own fail")
		k.source.breaks(nil)
		k.relay.breaks(errGone)
		do("the relay is away", Job{}, "own start", "own fail")
		k.relay.breaks(nil)
		do("some of them", Job{Only: []string{k.rows(ledger.Filter{State: ledger.Pending})[0].Recipient}})
		do("the rest", Job{}, "own")
		do("an old week", Job{Tick: monday.AddDate(0, 0, -7)})
		k.relay.answers(func(string, int) smtp.Result { return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"} })
		do("an old week that fails", Job{Tick: monday.AddDate(0, 0, -14)})
		_ = k.ledger.Close()
	})
}

// A worker that comes upon what a part of a run by hand has left says nothing of it: whoever called that was told.
func TestAPartOfARunByHandIsNotHeardFromAWorkerEither(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 9).Add(7 * time.Hour)
		k, m := watched(t, monday, ownWatched)
		time.Sleep(time.Until(monday.Add(time.Hour)))
		if err := k.ledger.SetLastDue(context.Background(), "own", monday); err != nil {
			t.Fatal(err)
		}
		k.relay.breaks(errGone)
		_, _ = k.Run(context.Background(), []Job{{Schedule: k.schedule("own"), Tick: monday}}, 0) // all of them wait
		m.expect(t, "the relay is away", "own start", "own fail")
		some := k.rows(ledger.Filter{State: ledger.Pending})[0].Recipient
		k.relay.breaks(nil)
		k.relay.answers(func(string, int) smtp.Result { return smtp.Result{Outcome: smtp.Permanent, Reply: "550 no"} })
		_, _ = k.Run(context.Background(), []Job{{Schedule: k.schedule("own"), Tick: monday, Only: []string{some}}}, 0)
		m.expect(t, "one of them is refused")
		k.relay.answers(nil)
		k.serveUntil(time.Now().Add(time.Hour))
		m.expect(t, "a worker sends the rest")
		if left := k.rows(ledger.Filter{State: ledger.Pending}); len(left) > 0 {
			t.Errorf("%d still wait", len(left))
		}
		_ = k.ledger.Close()
	})
}

// Two replicas: while one was waiting for a pipeline that hangs, the other one has made the tick. It does not say that the
// tick waits, and if it had said that it begins, an end follows.
func TestWhatAnotherReplicaMadeIsHeardToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		monday := time.Now().AddDate(0, 0, 2).Add(7 * time.Hour)
		k, m := watched(t, monday.AddDate(0, 0, 3), ownWatched)
		ctx := context.Background()
		time.Sleep(time.Until(monday))
		slow, own := k.newServer(monday), k.schedule("own")
		slow.starts(k.newRound(own, monday))
		slow.hindered("own", monday, errGone)
		slow.pingHindered(ctx, monday.Add(5*time.Minute))
		m.expect(t, "it is late", "own start", "own fail")
		k.process().pings.recorded("own")
		slow.starts(k.newRound(own, monday))
		m.heard()
		if err := k.ledger.SetLastDue(ctx, "own", monday); err != nil {
			t.Fatal(err)
		}
		slow.pingHindered(ctx, monday.Add(5*time.Minute))
		m.expect(t, "another one made it")
		slow.reconcile(ctx, monday.Add(6*time.Minute))
		if err := slow.closeRounds(ctx); err != nil {
			t.Fatal(err)
		}
		m.expect(t, "and has dealt with it", "own")
		_ = k.ledger.Close()
	})
}
