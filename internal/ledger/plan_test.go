package ledger

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// Fault 15: a plan that is repeated.
func TestPlanTwiceAddsNothing(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		first := claim(t, l, "me", time.Minute)
		ok(t, l.Mark(t.Context(), first, Result{State: Sent, Reply: "250 queued"}))
		again := digests(4)
		again[0].Body = []byte("other bytes")
		again[1].Recipient = "rep01@EXAMPLE.com"
		if added := must(l.Plan(t.Context(), weekly(), again))(t); added != 1 {
			t.Errorf("added %d, want the new one", added)
		}
		got := must(l.Get(t.Context(), first.ID))(t)
		if got.State != Sent || got.Reply != "250 queued" || string(got.Body) != "mail to rep00" {
			t.Errorf("an existing row has changed: %+v", got)
		}
		known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t)
		if len(known) != 4 || known[first.Key] != Sent {
			t.Errorf("known: %v", known)
		}
		if others := must(l.Known(t.Context(), "weekly", "2026-11-23"))(t); len(others) != 0 {
			t.Errorf("another period: %v", others)
		}
	})
}

func TestPlannersAtOnceAddEachRowOnce(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		const rows = 40
		var added atomic.Int64
		together(8, func(i int) {
			ds := digests(rows)
			if i%2 == 1 {
				slices.Reverse(ds) // the order in which they lock must not matter
			}
			n, err := l.Plan(t.Context(), weekly(), ds)
			if err != nil {
				t.Error(err)
			}
			added.Add(int64(n))
		})
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); added.Load() != rows || len(known) != rows {
			t.Errorf("added %d, known %d, want %d", added.Load(), len(known), rows)
		}
	})
}

func TestLastDueGoesWithThePlan(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		tick := asOf.Add(7 * time.Hour)
		run := weekly()
		run.AdvanceTo = tick
		broken := func(yield func(Delivery, error) bool) {
			if yield(digests(1)[0], nil) {
				yield(Delivery{}, errors.New("template"))
			}
		}
		if _, err := l.PlanSeq(t.Context(), run, broken); err == nil {
			t.Fatal("a broken plan was taken")
		}
		if due := must(l.LastDue(t.Context(), "weekly"))(t); !due.IsZero() {
			t.Errorf("a plan that was rolled back moved last due to %s", due)
		}
		if r := must(l.LastRun(t.Context(), "weekly"))(t); r != nil {
			t.Errorf("a plan that was rolled back left %+v", r)
		}
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); len(known) != 0 {
			t.Errorf("a plan that was rolled back left %v", known)
		}
		if added := must(l.Plan(t.Context(), run, digests(2)))(t); added != 2 {
			t.Errorf("added %d", added)
		}
		if due := must(l.LastDue(t.Context(), "weekly"))(t); !due.Equal(tick) {
			t.Errorf("last due %s", due)
		}
	})
}

func TestLastDueNeverGoesBack(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		due := func() time.Time { return must(l.LastDue(t.Context(), "weekly"))(t) }
		later := asOf.Add(time.Hour + time.Microsecond)
		for _, at := range []time.Time{asOf, later, asOf} {
			ok(t, l.SetLastDue(t.Context(), "weekly", at))
		}
		if !due().Equal(later) {
			t.Errorf("last due %s", due())
		}
		if must(l.ClampLastDue(t.Context(), "weekly", later))(t) {
			t.Error("clamped what was not beyond")
		}
		if !must(l.ClampLastDue(t.Context(), "weekly", asOf))(t) || !due().Equal(asOf) {
			t.Errorf("not clamped: %s", due())
		}
		if must(l.ClampLastDue(t.Context(), "other", asOf))(t) {
			t.Error("clamped a schedule never seen")
		}
	})
}

func TestRunIsRemembered(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		run := weekly()
		run.Tick, run.WindowStart = asOf.Add(7*time.Hour), asOf.AddDate(0, 0, -7)
		run.Deals, run.Reps, run.Digests = 100, 12, 15
		run.SourceRows = map[string]int64{"deals": 100, "reps": 12}
		must(l.Plan(t.Context(), run, nil))(t)
		older := weekly()
		older.Period, older.AsOf = "2026-11-09", asOf.AddDate(0, 0, -7)
		must(l.Plan(t.Context(), older, nil))(t)
		got := must(l.LastRun(t.Context(), "weekly"))(t)
		if got.Period != run.Period || !got.Tick.Equal(run.Tick) || !got.WindowStart.Equal(run.WindowStart) || got.Deals != 100 ||
			got.SourceRows["deals"] != 100 || got.StartedAt.IsZero() || !got.FinishedAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		ok(t, l.FinishRun(t.Context(), "weekly", run.Period))
		if got := must(l.LastRun(t.Context(), "weekly"))(t); got.FinishedAt.IsZero() {
			t.Error("not finished")
		}
	})
}

func TestPlanRefuses(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		for _, c := range []struct {
			name   string
			change func(*Delivery)
			want   string
		}{
			{"a pending digest without a mail", func(d *Delivery) { d.Body = nil }, "missing"},
			{"a pending digest without an address", func(d *Delivery) { d.Recipient = "" }, "missing"},
			{"another schedule's digest", func(d *Delivery) { d.Schedule = "daily" }, "not of this run"},
			{"what is sent already", func(d *Delivery) { d.State = Sent }, "cannot say"},
			{"a mail that failed before it was sent", func(d *Delivery) { d.State, d.Reason = Failed, "550" }, "never made"},
			{"a failure without a reason", func(d *Delivery) { *d = Delivery{Key: d.Key, State: Failed} }, "never made"},
			{"a key that is no text", func(d *Delivery) { d.RepID = "\xff" }, "no text"},
		} {
			t.Run(c.name, func(t *testing.T) {
				ds := digests(2)
				c.change(&ds[1])
				if _, err := l.Plan(t.Context(), weekly(), ds); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
			})
		}
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); len(known) != 0 {
			t.Errorf("left %v", known)
		}
	})
}

func TestASubjectThatIsNoTextLosesNobodyADigest(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ds := digests(2)
		ds[0].Subject = "a\x00b\xff"
		if added := must(l.Plan(t.Context(), weekly(), ds))(t); added != 2 {
			t.Errorf("added %d", added)
		}
		if d := claim(t, l, "me", time.Minute); d.Subject != "a\uFFFDb\uFFFD" {
			t.Errorf("subject %q", d.Subject)
		}
	})
}

func TestSkippedIsRecordedAndNeverSent(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		skipped := Delivery{Key: Key{RepID: "r1"}, Kind: "rep", State: Skipped, Reason: "has no address"}
		other := Delivery{Key: Key{RepID: "r2"}, Kind: "rep", State: Skipped, Reason: "is away"}
		if added := must(l.Plan(t.Context(), weekly(), []Delivery{skipped, other}))(t); added != 2 {
			t.Errorf("added %d", added)
		}
		if d := claim(t, l, "me", time.Minute); d != nil {
			t.Errorf("claimed %+v", d)
		}
		must(l.ForceAgain(t.Context(), Filter{}))(t)
		list := must(l.List(t.Context(), Filter{State: Skipped}))(t)
		if len(list) != 2 || list[0].Reason != "has no address" {
			t.Errorf("listed %+v", list)
		}
	})
}

func TestOnlyWhatWaitsIsWithdrawn(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		sent := claim(t, l, "a", time.Minute)
		claim(t, l, "a", time.Minute) // is being sent
		ok(t, l.Mark(t.Context(), sent, Result{State: Sent}))
		run := weekly()
		run.Withdrawn = map[Key]string{}
		for _, d := range must(l.List(t.Context(), Filter{}))(t) {
			run.Withdrawn[d.Key] = "away"
		}
		must(l.Plan(t.Context(), run, nil))(t)
		counts := must(l.Count(t.Context(), Filter{}))(t)
		if counts[Sent] != 1 || counts[Sending] != 1 || counts[Skipped] != 1 {
			t.Errorf("states %v", counts)
		}
	})
}

func TestWhatCouldNotBeMadeIsRecordedAndMadeGoodByALaterPlan(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		whole := digests(1)[0]
		broken := Delivery{Key: whole.Key, Kind: whole.Kind, State: Failed, Reason: "template: nil pointer"}
		if added := must(l.Plan(t.Context(), weekly(), []Delivery{broken}))(t); added != 1 {
			t.Errorf("added %d", added)
		}
		if d := claim(t, l, "me", time.Minute); d != nil {
			t.Errorf("claimed %+v, of which there is no mail", d)
		}
		if n := must(l.ForceAgain(t.Context(), Filter{}))(t); n != 0 {
			t.Errorf("%d rows without a mail put back", n)
		}
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); len(known) != 0 {
			t.Errorf("known: %v, so nobody would make it again", known)
		}
		must(l.Plan(t.Context(), weekly(), []Delivery{whole}))(t)
		d := claim(t, l, "me", time.Minute)
		if d == nil || string(d.Body) != string(whole.Body) || d.Reason != "" {
			t.Fatalf("claimed %+v", d)
		}
		ok(t, l.Mark(t.Context(), d, Result{State: Failed, Reason: "550 no such user"}))
		if added := must(l.Plan(t.Context(), weekly(), []Delivery{whole}))(t); added != 0 {
			t.Error("what the relay refused was planned again")
		}
	})
}

func TestWhatWasNeverMadeIsNotMadeAgainOnceItIsSettled(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		whole := digests(1)[0]
		broken := Delivery{Key: whole.Key, Kind: whole.Kind, State: Failed, Reason: "template: nil pointer"}
		must(l.Plan(t.Context(), weekly(), []Delivery{broken}))(t)
		row := must(l.List(t.Context(), Filter{}))(t)[0]
		ok(t, l.Settle(t.Context(), []int64{row.ID}, Failed))
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); known[row.Key] != Failed {
			t.Errorf("known: %v", known)
		}
		must(l.Plan(t.Context(), weekly(), []Delivery{whole}))(t)
		if d := claim(t, l, "me", time.Minute); d != nil {
			t.Errorf("an operator said that it is done, and yet: %+v", d)
		}
	})
}

// A replica that is suspended while it plans holds up nobody for good: the database ends what it began, and its plan
// fails when it wakes.
func TestAPausedPlannerHoldsUpNobody(t *testing.T) {
	dsn := dbtest.Postgres(t)
	paused, other := open(t, dsn), open(t, dsn)
	paused.silence = short
	asleep, wake := make(chan struct{}), make(chan struct{})
	outcome := make(chan error, 1)
	go func() {
		_, err := paused.PlanSeq(t.Context(), weekly(), func(yield func(Delivery, error) bool) {
			for i, d := range digests(3) {
				if i == 1 {
					close(asleep)
					<-wake
				}
				if !yield(d, nil) {
					return
				}
			}
		})
		outcome <- err
	}()
	<-asleep
	plan(t, other, 3) // waits for the paused one's locks
	close(wake)
	if err := <-outcome; err == nil {
		t.Error("the paused plan was made nonetheless")
	}
	if counts := must(other.Count(t.Context(), Filter{}))(t); counts[Pending] != 3 {
		t.Errorf("%v", counts)
	}
}

// a Mark is repeated, since the answer to its COMMIT was lost; meanwhile the person left and the row was withdrawn.
func TestARepeatedMarkDoesNotReviveWhatWasWithdrawn(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := open(t, dsn, WithJournal(t.TempDir()))
		plan(t, l, 1)
		d := claim(t, l, "a", time.Minute)
		later := Result{State: Pending, Reason: "450 later"}
		ok(t, l.Mark(t.Context(), d, later))
		run := weekly()
		run.Withdrawn = map[Key]string{d.Key: LeftSince}
		must(l.Plan(t.Context(), run, nil))(t)
		err := l.Mark(t.Context(), d, later)
		if s := state(t, l, d.ID); s != Skipped {
			t.Errorf("it is %s again (%v)", s, err)
		}
	})
}
