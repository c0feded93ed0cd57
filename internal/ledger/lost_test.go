package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"drumbeat/internal/dbtest"
)

// Fault 15: the connection is lost around a COMMIT, before it arrives or with its answer. The caller gets an error that
// proves nothing, and does it again: then it is done, and once.
func TestALostCommitIsRepeated(t *testing.T) {
	next := weekly()
	next.Period, next.AdvanceTo = "2026-11-23", asOf.AddDate(0, 0, 7)
	type rows struct{ mine, settled, resent *Delivery }
	for _, c := range []struct {
		name  string
		do    func(context.Context, *Ledger, rows) error
		done  func(context.Context, *Ledger, rows) (bool, error)
		again string // what a repetition says, when the first one was done
	}{
		{name: "plan", do: func(ctx context.Context, l *Ledger, _ rows) error {
			_, err := l.Plan(ctx, next, digests(5))
			return err
		}, done: func(ctx context.Context, l *Ledger, _ rows) (bool, error) {
			known, err := l.Known(ctx, "weekly", next.Period)
			due, late := l.LastDue(ctx, "weekly")
			if n := len(known); n != 0 && n != 5 || due.IsZero() != (n == 0) {
				return false, fmt.Errorf("%d rows planned, last due %s", n, due)
			}
			return len(known) == 5, errors.Join(err, late)
		}},
		{name: "advance", do: func(ctx context.Context, l *Ledger, _ rows) error {
			return l.SetLastDue(ctx, "weekly", next.AdvanceTo)
		}, done: func(ctx context.Context, l *Ledger, _ rows) (bool, error) {
			due, err := l.LastDue(ctx, "weekly")
			return due.Equal(next.AdvanceTo), err
		}},
		{name: "mark", do: func(ctx context.Context, l *Ledger, r rows) error {
			return l.Mark(ctx, r.mine, Result{State: Sent, Reply: "250 ok"})
		}, done: func(ctx context.Context, l *Ledger, r rows) (bool, error) {
			d, err := l.Get(ctx, r.mine.ID)
			return err == nil && d.State == Sent && d.Reply == "250 ok", err
		}},
		{name: "mark what is to be tried again", do: func(ctx context.Context, l *Ledger, r rows) error {
			return l.Mark(ctx, r.mine, Result{State: Pending, Spared: true, Reason: "421", RetryAt: asOf.AddDate(1, 0, 0)})
		}, done: func(ctx context.Context, l *Ledger, r rows) (bool, error) {
			d, err := l.Get(ctx, r.mine.ID)
			if err == nil && d.State == Pending && d.Attempts != 0 {
				err = fmt.Errorf("%d attempts", d.Attempts)
			}
			return err == nil && d.State == Pending, err
		}},
		{name: "renew", do: func(ctx context.Context, l *Ledger, r rows) error {
			return l.Renew(ctx, r.mine, 24*time.Hour)
		}, done: func(ctx context.Context, l *Ledger, r rows) (bool, error) {
			d, err := l.Get(ctx, r.mine.ID)
			return err == nil && time.Until(d.LeaseUntil) > 12*time.Hour, err
		}},
		{name: "settle", again: "nothing was changed", do: func(ctx context.Context, l *Ledger, r rows) error {
			return l.Settle(ctx, []int64{r.settled.ID}, Sent)
		}, done: func(ctx context.Context, l *Ledger, r rows) (bool, error) {
			d, err := l.Get(ctx, r.settled.ID)
			return err == nil && d.State == Sent && d.Reason == Settled, err
		}},
		{name: "resend", again: "nothing was changed", do: func(ctx context.Context, l *Ledger, r rows) error {
			return l.Resend(ctx, []int64{r.resent.ID})
		}, done: func(ctx context.Context, l *Ledger, r rows) (bool, error) {
			d, err := l.Get(ctx, r.resent.ID)
			return err == nil && d.State == Pending && d.Fence == r.resent.Fence+1, err
		}},
		{name: "opt out", do: func(ctx context.Context, l *Ledger, _ rows) error {
			return l.OptOut(ctx, "rep03@example.com", "rep")
		}, done: func(ctx context.Context, l *Ledger, _ rows) (bool, error) {
			out, err := l.HasOptedOut(ctx, "rep03@example.com", "rep")
			skipped, late := l.Count(ctx, Filter{State: Skipped})
			if (skipped[Skipped] == 1) != out {
				return false, fmt.Errorf("opted out: %t, and %v", out, skipped)
			}
			return out, errors.Join(err, late)
		}},
		{name: "guard", do: func(ctx context.Context, l *Ledger, _ rows) error {
			return l.Guard(ctx, "production")
		}, done: func(ctx context.Context, l *Ledger, _ rows) (bool, error) {
			var n int
			err := l.db.GetContext(ctx, &n, "SELECT COUNT(*) FROM drumbeat_state.identity WHERE environment = 'production'")
			return n == 1, err
		}},
	} {
		for at, name := range map[cut]string{beforeCommit: "the COMMIT", afterCommit: "the answer"} {
			t.Run(c.name+" without "+name, func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				l, direct, p := behindProxy(t)
				plan(t, direct, 4)
				var r rows
				for _, row := range []**Delivery{&r.settled, &r.resent, &r.mine} {
					*row = claim(t, direct, "me", time.Hour)
				}
				ok(t, direct.Mark(ctx, r.settled, Result{State: Unknown}))
				ok(t, direct.Mark(ctx, r.resent, Result{State: Sent}))
				p.at(at)
				switch err := c.do(ctx, l, r); {
				case err == nil && strings.HasPrefix(c.name, "mark"): // one statement: the driver has repeated it by itself
					if !must(c.done(ctx, direct, r))(t) {
						t.Error("not done, though it said so")
					}
					return
				case err == nil:
					t.Fatal("nobody noticed")
				}
				p.at(nowhere)
				if at == beforeCommit { // the server learns of it a moment later
					waitFor(t, func() bool { return alone(t, direct) })
				}
				if done := must(c.done(ctx, direct, r))(t); done != (at == afterCommit) {
					t.Fatalf("done: %t", done)
				}
				err := c.do(ctx, l, r)
				if refused := at == afterCommit && c.again != ""; refused != (err != nil) || refused && !strings.Contains(err.Error(), c.again) {
					t.Errorf("again: %v", err)
				}
				if !must(c.done(ctx, direct, r))(t) {
					t.Error("not done, though it was repeated")
				}
			})
		}
	}
}

// alone says whether no transaction is open but the one that asks.
func alone(t *testing.T, l *Ledger) bool {
	t.Helper()
	var others int
	ok(t, l.db.Get(&others, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"))
	return others == 0
}

// Fault 15: a claim whose answer is lost is nobody's until its lease ends, and then somebody's; one that did not arrive
// never was.
func TestALostClaimFreesItself(t *testing.T) {
	for at, name := range map[cut]string{beforeCommit: "the COMMIT", afterCommit: "the answer"} {
		t.Run("without "+name, func(t *testing.T) {
			l, direct, p := behindProxy(t)
			plan(t, direct, 1)
			p.at(at)
			d, err := l.Claim(t.Context(), Claim{Owner: "lost", Lease: time.Second})
			if d != nil || err == nil && at == beforeCommit {
				t.Fatalf("claimed %+v: %v", d, err)
			}
			attempts := 1
			if at == afterCommit {
				attempts = 2
				row := must(direct.List(t.Context(), Filter{}))(t)[0]
				if row.State != Sending || row.Owner != "lost" {
					t.Errorf("the answer alone was lost: %+v", row)
				}
			}
			waitFor(t, func() bool {
				d = claim(t, l, "next", time.Minute)
				return d != nil
			})
			if d.Attempts != attempts || d.Fence != int64(attempts) {
				t.Errorf("claimed %+v", d)
			}
			ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
		})
	}
}

// quick gives a ledger whose connections give up on a silent server after a moment.
func quick(t *testing.T, dsn string) *Ledger {
	t.Helper()
	l := open(t, dsn)
	ok(t, l.db.Close())
	connector := must(pq.NewConnector(dsn))(t)
	connector.Dialer(dialer{silence: 2 * time.Second})
	l.db = sqlx.NewDb(sql.OpenDB(connector), "postgres")
	return l
}

// Fault 16: a connection that hangs, without a byte and without a FIN, is given up; the next call takes a new one, the
// lease goes on, and the mark arrives.
func TestAHungConnectionIsLeftAndTheLeaseSurvives(t *testing.T) {
	dsn := dbtest.Postgres(t)
	p := newProxy(t, dsn)
	l := quick(t, p.dsn)
	plan(t, l, 2)
	d := claim(t, l, "me", time.Minute)
	hangs := func(what string, do func(context.Context) error) {
		t.Helper()
		p.at(silence)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := do(ctx); err == nil {
			t.Errorf("%s: nobody noticed", what)
		}
		p.at(nowhere)
	}
	hangs("renew", func(ctx context.Context) error { return l.Renew(ctx, d, time.Hour) })
	ok(t, l.Renew(t.Context(), d, 2*time.Hour))
	if until := must(l.Get(t.Context(), d.ID))(t).LeaseUntil; time.Until(until) < time.Hour {
		t.Errorf("the lease ends at %s", until)
	}
	hangs("claim", func(ctx context.Context) error {
		got, err := l.Claim(ctx, Claim{Owner: "me", Lease: time.Minute})
		if got != nil {
			t.Errorf("claimed %+v", got)
		}
		return err
	})
	hangs("mark", func(ctx context.Context) error { return l.Mark(ctx, d, Result{State: Sent}) })
	ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
	if other := claim(t, l, "me", time.Minute); other == nil || other.ID == d.ID {
		t.Errorf("claimed %+v", other)
	}
}

// Fault 17: a failover. Every kept connection dies, for a while nobody listens, then the same address serves again:
// errors meanwhile, and afterwards it goes on by itself.
func TestAFailoverUnderKeptConnections(t *testing.T) {
	l, direct, p := behindProxy(t)
	plan(t, direct, 4)
	held := make([]*Delivery, 3)
	together(len(held), func(i int) { // several connections in the pool
		d, err := l.Claim(t.Context(), Claim{Owner: fmt.Sprint(i), Lease: time.Hour})
		if err != nil || d == nil {
			t.Errorf("claimed %+v: %v", d, err)
		}
		held[i] = d
	})
	if t.Failed() {
		t.FailNow()
	}
	p.hangUp(true)
	if d, err := l.Claim(t.Context(), Claim{Owner: "x", Lease: time.Hour}); err == nil || d != nil {
		t.Errorf("claimed %+v from nobody: %v", d, err)
	}
	if err := l.Mark(t.Context(), held[0], Result{State: Sent}); err == nil || errors.Is(err, ErrFenced) {
		t.Errorf("a mark that nobody took: %v", err)
	}
	p.hangUp(false)
	for _, d := range held {
		ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
	}
	if d := claim(t, l, "x", time.Hour); d == nil {
		t.Error("nothing to claim")
	}
	p.hangUp(false) // once more, this time back at once: what the pool keeps is dead and nobody has noticed
	if counts := must(l.Count(t.Context(), Filter{}))(t); counts[Sent] != 3 || counts[Sending] != 1 {
		t.Errorf("%v", counts)
	}
}
