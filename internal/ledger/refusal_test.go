package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"drumbeat/internal/dbtest"
)

// setDatabase changes a setting of the test's own database, for the connections to come.
func setDatabase(t *testing.T, l *Ledger, setting string) {
	t.Helper()
	var name string
	ok(t, l.db.Get(&name, "SELECT current_database()"))
	must(l.db.Exec("ALTER DATABASE " + pq.QuoteIdentifier(name) + " SET " + setting))(t)
}

// refused fails the test unless the error has this code of Postgres.
func refused(t *testing.T, err error, code pqerror.Code) {
	t.Helper()
	var server *pq.Error
	if !errors.As(err, &server) || server.Code != code {
		t.Errorf("got %v, want an error of code %s", err, code)
	}
}

// Fault 17: a database whose transactions are serializable refuses some of those who claim at once. Whoever is refused
// has nothing, may simply come again, and no row is shared.
func TestSerializationFailuresShareNoRow(t *testing.T) {
	dsn := dbtest.Postgres(t)
	setDatabase(t, open(t, dsn), "default_transaction_isolation = 'serializable'")
	l := open(t, dsn)
	const rows = 30
	plan(t, l, rows)
	var mu sync.Mutex
	seen := map[int64]int{}
	again := func(do func() error) {
		for {
			err := do()
			if err == nil {
				return
			}
			refused(t, err, pqerror.TRSerializationFailure)
			if t.Failed() {
				return
			}
		}
	}
	together(6, func(i int) {
		for {
			var d *Delivery
			again(func() (err error) {
				d, err = l.Claim(t.Context(), Claim{Owner: fmt.Sprint(i), Lease: time.Minute})
				if err != nil && d != nil {
					t.Errorf("%v, and yet %+v", err, d)
				}
				return err
			})
			if d == nil {
				return
			}
			mu.Lock()
			seen[d.ID]++
			mu.Unlock()
			again(func() error { return l.Mark(t.Context(), d, Result{State: Sent}) })
		}
	})
	for d := claim(t, l, "last", time.Minute); d != nil; d = claim(t, l, "last", time.Minute) {
		seen[d.ID]++ // what another held at that moment was stepped over
		ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("delivery %d went to %d", id, n)
		}
	}
	if counts := must(l.Count(t.Context(), Filter{}))(t); counts[Sent] != rows {
		t.Errorf("%v", counts)
	}
}

// Fault 17: a row that somebody changed since a transaction began cannot be marked in it. Repeated, it is.
func TestAMarkThatCannotBeSerializedIsRepeated(t *testing.T) {
	dsn := dbtest.Postgres(t)
	first := open(t, dsn)
	plan(t, first, 1)
	setDatabase(t, first, "default_transaction_isolation = 'repeatable read'")
	l := open(t, dsn)
	d := claim(t, l, "me", time.Hour)
	holder := must(first.db.Beginx())(t)
	defer func() { _ = holder.Rollback() }() // after a COMMIT it does nothing
	must(holder.Exec("UPDATE drumbeat_state.delivery SET reply = 'seen' WHERE id = $1", d.ID))(t)
	marked := make(chan error)
	go func() { marked <- l.Mark(t.Context(), d, Result{State: Sent}) }()
	waitFor(t, func() bool { return waits(t, first) })
	ok(t, holder.Commit())
	refused(t, <-marked, pqerror.TRSerializationFailure)
	ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
}

// waits says whether a transaction of this database waits for a lock.
func waits(t *testing.T, l *Ledger) bool {
	t.Helper()
	var n int
	ok(t, l.db.Get(&n, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))
	return n > 0
}

// Fault 17: of two who wait for each other the server ends one; its word is not half done, and may be repeated.
func TestADeadlockIsNotHalfDone(t *testing.T) {
	dsn := dbtest.Postgres(t)
	first := open(t, dsn)
	plan(t, first, 2)
	setDatabase(t, first, "deadlock_timeout = '1s'")
	l := open(t, dsn)
	holder := must(first.db.Beginx())(t)
	defer func() { _ = holder.Rollback() }()                   // after a COMMIT it does nothing
	must(holder.Exec("SET LOCAL deadlock_timeout = '10s'"))(t) // so that the other one is the victim
	must(holder.Exec("SELECT 1 FROM drumbeat_state.delivery WHERE id = 2 FOR UPDATE"))(t)
	settled := make(chan error)
	go func() { settled <- l.Settle(t.Context(), []int64{1, 2}, Failed) }()
	waitFor(t, func() bool { return waits(t, first) })
	if _, err := holder.Exec("SELECT 1 FROM drumbeat_state.delivery WHERE id = 1 FOR UPDATE"); err != nil {
		ok(t, holder.Rollback()) // we were the victim: the machine took longer than a second for this
		ok(t, <-settled)
		return
	}
	refused(t, <-settled, pqerror.TRDeadlockDetected)
	for _, id := range []int64{1, 2} {
		if s := state(t, first, id); s != Pending {
			t.Errorf("delivery %d is %s", id, s)
		}
	}
	ok(t, holder.Commit())
	ok(t, l.Settle(t.Context(), []int64{1, 2}, Failed))
}

// Fault 17: no connection is to be had. Nothing is claimed, the error says what to do, and it passes.
func TestTooManyConnections(t *testing.T) {
	dsn := dbtest.Postgres(t)
	owner := open(t, dsn)
	plan(t, owner, 1)
	role := "limited_" + owner.place[len(owner.place)-12:]
	for _, statement := range []string{
		"CREATE ROLE " + role + " LOGIN PASSWORD 'limited' CONNECTION LIMIT 1",
		"GRANT USAGE ON SCHEMA drumbeat_state TO " + role,
		"GRANT ALL ON ALL TABLES IN SCHEMA drumbeat_state TO " + role,
	} {
		must(owner.db.Exec(statement))(t)
	}
	t.Cleanup(func() {
		must(owner.db.ExecContext(context.Background(), "DROP OWNED BY "+role))(t)
		must(owner.db.ExecContext(context.Background(), "DROP ROLE "+role))(t)
	})
	u := must(url.Parse(dsn))(t)
	u.User = url.UserPassword(role, "limited")
	other, l := must(connect(u.String()))(t), must(connect(u.String()))(t)
	t.Cleanup(func() { ok(t, l.Close()) })
	ok(t, other.db.Ping()) // has the one connection
	d, err := l.Claim(t.Context(), Claim{Owner: "me", Lease: time.Minute})
	refused(t, err, pqerror.TooManyConnections)
	if d != nil || !strings.Contains(err.Error(), "connection limit: each process takes up to 10") {
		t.Errorf("claimed %+v: %v", d, err)
	}
	ok(t, other.Close())
	waitFor(t, func() bool {
		d, err = l.Claim(t.Context(), Claim{Owner: "me", Lease: time.Minute})
		return err == nil
	})
	if d == nil {
		t.Fatal("nothing to claim")
	}
	ok(t, l.Mark(t.Context(), d, Result{State: Sent}))
}

// Fault 17: the DSN leads to a standby: it may be read and not written. Nothing is claimed, nothing is marked, and the
// error says where the DSN must lead. When the standby is promoted it goes on, over the connections that there are.
func TestAStandbyIsWrittenToOnceItIsPromoted(t *testing.T) {
	server := dbtest.OwnPostgres(t)
	l := open(t, server.DSN)
	plan(t, l, 2)
	held := claim(t, l, "me", time.Hour)
	server.BecomeStandby(t)
	for what, do := range map[string]func() error{
		"claim": func() error {
			d, err := l.Claim(t.Context(), Claim{Owner: "me", Lease: time.Minute})
			if d != nil {
				t.Errorf("claimed %+v", d)
			}
			return err
		},
		"mark":  func() error { return l.Mark(t.Context(), held, Result{State: Sent}) },
		"renew": func() error { return l.Renew(t.Context(), held, time.Hour) },
		"plan":  func() error { _, err := l.Plan(t.Context(), weekly(), digests(3)); return err },
		"guard": func() error { return l.Guard(t.Context(), "production") },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "it must be the primary") || errors.Is(err, ErrFenced) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s := state(t, l, held.ID); s != Sending {
		t.Errorf("it is %s", s)
	}
	server.Promote(t)
	ok(t, l.Mark(t.Context(), held, Result{State: Sent}))
	if d := claim(t, l, "me", time.Minute); d == nil || d.ID == held.ID {
		t.Errorf("claimed %+v", d)
	}
}
