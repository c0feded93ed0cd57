package ledger

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// short is a lease that a test can outlive.
const short = 50 * time.Millisecond

func outlive() { time.Sleep(2 * short) }

func TestClaimersAtOnceNeverShareARow(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		const rows = 60
		plan(t, l, rows)
		var mu sync.Mutex
		seen := map[int64]string{}
		together(8, func(i int) {
			owner := fmt.Sprint("owner", i)
			for {
				d, err := l.Claim(t.Context(), Claim{Owner: owner, Schedule: "weekly", Period: "2026-11-16", Lease: time.Minute})
				if err != nil {
					t.Error(err)
					return
				}
				if d == nil {
					return
				}
				mu.Lock()
				if other, twice := seen[d.ID]; twice {
					t.Errorf("delivery %d went to %s and to %s", d.ID, other, owner)
				}
				seen[d.ID] = owner
				mu.Unlock()
				if err := l.Mark(t.Context(), d, Result{State: Sent}); err != nil {
					t.Error(err)
				}
			}
		})
		// A claimer steps over what another holds at that moment, so nil may come early; nothing may be left.
		for d := claim(t, l, "last", time.Minute); d != nil; d = claim(t, l, "last", time.Minute) {
			seen[d.ID] = "last"
			ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
		}
		if counts := must(l.Count(t.Context(), Filter{}))(t); len(seen) != rows || counts[Sent] != rows {
			t.Errorf("claimed %d, %v", len(seen), counts)
		}
	})
}

func TestOldestFirstAndOnlyWhatIsDue(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ds := digests(4)
		ds[0].NotBefore = asOf.Add(time.Hour)
		ds[1].NotBefore = asOf
		ds[2].NotBefore = time.Now().Add(time.Hour)
		ds[3].NotBefore = asOf.Add(time.Minute)
		must(l.Plan(t.Context(), weekly(), ds))(t)
		var order []string
		for d := claim(t, l, "me", time.Minute); d != nil; d = claim(t, l, "me", time.Minute) {
			order = append(order, d.RepID)
			ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
		}
		if got := fmt.Sprint(order); got != "[rep01 rep03 rep00]" {
			t.Error(got)
		}
		o := must(l.Waiting(t.Context(), Filter{Schedule: "weekly"}))(t)
		if o.Pending != 1 || o.Sending != 0 || o.Next < 59*time.Minute || o.Next > time.Hour {
			t.Errorf("%+v", o)
		}
	})
}

func TestClaimHeedsItsFilter(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		for _, c := range []Claim{{Schedule: "daily"}, {Period: "2026-11-23"}, {Recipients: []string{"nobody@example.com"}}} {
			c.Owner, c.Lease = "me", time.Minute
			if d := must(l.Claim(t.Context(), c))(t); d != nil {
				t.Errorf("%+v claimed %s", c, d.RepID)
			}
		}
		d := must(l.Claim(t.Context(), Claim{Owner: "me", Lease: time.Minute,
			Recipients: []string{"x@example.com", "rep02@EXAMPLE.com"}}))(t)
		if d == nil || d.RepID != "rep02" {
			t.Fatalf("claimed %+v", d)
		}
		o := must(l.Waiting(t.Context(), Filter{Recipients: []string{"rep02@example.com"}}))(t)
		if o.Pending != 0 || o.Sending != 1 || o.Next < 50*time.Second {
			t.Errorf("%+v", o)
		}
	})
}

// Faults 10 and 15: one that was paused beyond its lease, and a mark that is repeated.
func TestADeadLeaseIsClaimedAgainAndItsOldOwnerRefused(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 1)
		old := claim(t, l, "paused", time.Minute)
		if d := claim(t, l, "other", time.Minute); d != nil {
			t.Fatal("a living lease was taken")
		}
		ok(t, l.Renew(t.Context(), old, short)) // a slow machine could outlive a short one by itself
		outlive()
		now := claim(t, l, "other", time.Minute)
		if now == nil || now.ID != old.ID || now.Fence <= old.Fence || now.Owner != "other" || now.Attempts != 2 ||
			string(now.Body) != string(old.Body) || now.MessageID != old.MessageID || !now.Date.Equal(old.Date) {
			t.Fatalf("claimed again: %+v", now)
		}
		if err := l.Mark(t.Context(), old, Result{State: Failed}); !errors.Is(err, ErrFenced) {
			t.Errorf("the old owner's mark: %v", err)
		}
		if err := l.Renew(t.Context(), old, time.Minute); !errors.Is(err, ErrFenced) {
			t.Errorf("the old owner's renewal: %v", err)
		}
		if s := state(t, l, now.ID); s != Sending {
			t.Errorf("it is %s", s)
		}
		ok(t, l.Mark(t.Context(), now, Result{State: Sent, Reply: "250 ok"}))
		ok(t, l.Mark(t.Context(), now, Result{State: Sent, Reply: "250 ok"})) // the answer to the COMMIT was lost
	})
}

func TestRenewKeepsALeaseAlive(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 1)
		d := claim(t, l, "me", short)
		ok(t, l.Renew(t.Context(), d, time.Minute))
		outlive()
		if got := claim(t, l, "other", time.Minute); got != nil {
			t.Error("a renewed lease was taken")
		}
		ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
		if err := l.Renew(t.Context(), d, time.Minute); !errors.Is(err, ErrFenced) {
			t.Errorf("renewed what is sent: %v", err)
		}
	})
}

// The lease of a mail that its process is still at may end; another process may take it then, this one does not.
func TestAProcessIsNotGivenWhatItIsAt(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		at := must(l.Claim(t.Context(), Claim{Owner: "host/1/1", Lease: short}))(t)
		outlive()
		for _, then := range []OnUnknown{Resend, Hold} {
			d := must(l.Claim(t.Context(), Claim{Owner: "host/1/2", Lease: time.Minute, OnUnknown: then, Except: []int64{at.ID}}))(t)
			if d != nil && d.ID == at.ID || then == Resend && d == nil || state(t, l, at.ID) != Sending {
				t.Fatalf("%s: claimed %+v, the other one is %s", then, d, state(t, l, at.ID))
			}
		}
		if d := claim(t, l, "host/2/1", time.Minute); d == nil || d.ID != at.ID {
			t.Errorf("another process got %+v", d)
		}
	})
}

func TestHold(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		held := func(c Claim) *Delivery {
			c.Owner, c.Lease, c.OnUnknown = "me", time.Minute, Hold
			return must(l.Claim(t.Context(), c))(t)
		}
		dead := must(l.Claim(t.Context(), Claim{Owner: "dead", Lease: short}))(t)
		outlive()
		if d := held(Claim{Schedule: "daily"}); d != nil || state(t, l, dead.ID) != Sending {
			t.Error("another schedule's claim touched it")
		}
		if d := held(Claim{}); d == nil || d.ID == dead.ID {
			t.Fatalf("claimed %+v", d)
		}
		got := must(l.Get(t.Context(), dead.ID))(t)
		if got.State != Unknown || !strings.Contains(got.Reason, "may have arrived") {
			t.Errorf("%+v", got)
		}
		if d := claim(t, l, "me", time.Minute); d != nil {
			t.Errorf("what is on hold was claimed: %+v", d)
		}
		// It was not dead after all, and nobody has decided yet: what it knows counts.
		ok(t, l.Mark(t.Context(), dead, Result{State: Sent, Reply: "250 ok"}))
		if s := state(t, l, dead.ID); s != Sent {
			t.Errorf("it is %s", s)
		}
	})
}

func TestRetry(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 2)
		d := claim(t, l, "me", time.Minute)
		ok(t, l.Mark(t.Context(), d, Result{State: Pending, Reply: "451 later", Reason: "grey-listed", RetryAt: time.Now().Add(time.Hour)}))
		if next := claim(t, l, "me", time.Minute); next == nil || next.ID == d.ID {
			t.Fatalf("claimed before its time: %+v", next)
		}
		got := must(l.Get(t.Context(), d.ID))(t)
		if got.State != Pending || got.Attempts != 1 || got.Reply != "451 later" || got.Reason != "grey-listed" || time.Until(got.NextAttemptAt) < 59*time.Minute {
			t.Errorf("%+v", got)
		}
		if next := claim(t, l, "me", time.Minute); next != nil {
			t.Errorf("claimed %+v", next)
		}
	})
}

func TestTheRelaysFaultIsNoAttempt(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 1)
		for range 3 {
			d := claim(t, l, "me", time.Minute)
			if d.Attempts != 1 {
				t.Errorf("%d attempts", d.Attempts)
			}
			spared := Result{State: Pending, Spared: true, Reply: "535 no\x00 \xff" + strings.Repeat("é", 5000)}
			ok(t, l.Mark(t.Context(), d, spared))
			ok(t, l.Mark(t.Context(), d, spared))
		}
	})
}

func TestForceSendsTheSameBytesAgain(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 4)
		var first []*Delivery
		for _, s := range []State{Sent, Failed, Unknown} {
			d := claim(t, l, "me", time.Minute)
			ok(t, l.Mark(t.Context(), d, Result{State: s, Reason: "why"}))
			first = append(first, d)
		}
		inFlight := claim(t, l, "me", time.Minute)
		if n := must(l.ForceAgain(t.Context(), Filter{Schedule: "weekly", Period: "2026-11-23"}))(t); n != 0 {
			t.Errorf("forced %d of another period", n)
		}
		if n := must(l.ForceAgain(t.Context(), Filter{Schedule: "weekly", Period: "2026-11-16"}))(t); n != 3 {
			t.Fatalf("forced %d", n)
		}
		if err := l.Mark(t.Context(), first[0], Result{State: Sent}); !errors.Is(err, ErrFenced) {
			t.Errorf("a late mark: %v", err)
		}
		for range first {
			d := claim(t, l, "me", time.Minute)
			old := first[0]
			for _, f := range first {
				if f.ID == d.ID {
					old = f
				}
			}
			if d.ID != old.ID || string(d.Body) != string(old.Body) || d.MessageID != old.MessageID || d.Attempts != 1 || d.Reason != "" {
				t.Errorf("forced: %+v", d)
			}
		}
		ok(t, l.Mark(t.Context(), inFlight, Result{State: Sent}))
	})
}

func TestOperatorDecides(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		plan(t, l, 3)
		unknown, sent, live := claim(t, l, "a", time.Minute), claim(t, l, "b", time.Minute), claim(t, l, "c", time.Minute)
		ok(t, l.Mark(t.Context(), unknown, Result{State: Unknown}))
		ok(t, l.Mark(t.Context(), sent, Result{State: Sent}))
		for _, id := range []int64{sent.ID, live.ID} {
			if err := l.Settle(t.Context(), []int64{unknown.ID, id}, Sent); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("settled: %v", err)
			}
		}
		if err := l.Settle(t.Context(), []int64{999}, Sent); !errors.Is(err, ErrNotFound) {
			t.Errorf("settled nothing: %v", err)
		}
		if err := l.Settle(t.Context(), []int64{unknown.ID}, Skipped); err == nil {
			t.Error("settled as skipped")
		}
		if s := state(t, l, unknown.ID); s != Unknown {
			t.Fatalf("a refused call made it %s", s)
		}
		ok(t, l.Settle(t.Context(), []int64{unknown.ID}, Sent))
		if err := l.Mark(t.Context(), unknown, Result{State: Pending}); !errors.Is(err, ErrFenced) {
			t.Errorf("a mark after the operator's word: %v", err)
		}
		if err := l.Resend(t.Context(), []int64{sent.ID, live.ID}); err == nil {
			t.Error("resent what is being sent")
		}
		ok(t, l.Resend(t.Context(), []int64{sent.ID, unknown.ID}))
		if counts := must(l.Count(t.Context(), Filter{}))(t); counts[Pending] != 2 || counts[Sending] != 1 {
			t.Errorf("%v", counts)
		}
		if _, err := l.Get(t.Context(), 999); !errors.Is(err, ErrNotFound) {
			t.Errorf("got nothing: %v", err)
		}
	})
}

func TestSQLiteGoesByTheClockItIsGiven(t *testing.T) {
	now := asOf.Add(time.Hour)
	l := open(t, dbtest.SQLite(t), WithClock(func() time.Time { return now }))
	plan(t, l, 1)
	if d := claim(t, l, "me", time.Hour); !d.LeaseUntil.Equal(now.Add(time.Hour)) {
		t.Errorf("lease until %s", d.LeaseUntil)
	}
	now = now.Add(time.Hour)
	if d := claim(t, l, "other", time.Hour); d == nil || d.Fence != 2 {
		t.Errorf("claimed %+v", d)
	}
}

func TestPostgresGoesByItsOwnClock(t *testing.T) {
	dsn := dbtest.Postgres(t)
	l := open(t, dsn, WithClock(func() time.Time { return asOf.AddDate(-10, 0, 0) }))
	plan(t, l, 1)
	d := claim(t, l, "me", time.Hour)
	if d == nil || time.Until(d.LeaseUntil) < 59*time.Minute {
		t.Errorf("claimed %+v", d)
	}
}
