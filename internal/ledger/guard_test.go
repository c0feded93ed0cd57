package ledger

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

func TestGuard(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ok(t, l.Guard(t.Context(), "production"))
		ok(t, l.Guard(t.Context(), "production"))
		err := l.Guard(t.Context(), "staging")
		if !errors.Is(err, ErrEnvironment) {
			t.Fatalf("staging on production's ledger: %v", err)
		}
		for _, want := range []string{`"production"`, `"staging"`, "state.dsn"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is missing in: %v", want, err)
			}
		}
	})
}

// start does what a worker does with a ledger before it sends anything.
func start(ctx context.Context, l *Ledger) error {
	if err := l.Guard(ctx, "production"); err != nil {
		return err
	}
	release, err := l.LockProcess(ctx)
	if err != nil {
		return err
	}
	return release()
}

// inUse gives the DSN of a ledger with a digest that was sent, one that is being sent and one that waits.
func inUse(t *testing.T, dsn string) {
	t.Helper()
	l := must(Open(t.Context(), dsn))(t)
	defer func() { ok(t, l.Close()) }()
	for range 2 { // a restart is no copy
		ok(t, start(t.Context(), l))
	}
	plan(t, l, 3)
	ok(t, l.Mark(t.Context(), claim(t, l, "a", time.Minute), Result{State: Sent}))
	claim(t, l, "a", time.Minute)
	ok(t, l.SetLastDue(t.Context(), "weekly", asOf))
}

// A state database that was copied, or put back to yesterday's, does not know what went out since.
func TestACopyOfALedgerSendsNothingUntilItIsAdopted(t *testing.T) {
	copyFile := func(t *testing.T, from, to string) {
		ok(t, os.WriteFile(to, must(os.ReadFile(from))(t), 0o600))
	}
	for _, c := range []struct {
		name string
		copy func(t *testing.T) (dsn string)
	}{
		{"another database of Postgres", func(t *testing.T) string {
			dsn := dbtest.Postgres(t)
			inUse(t, dsn)
			return dbtest.CopyPostgres(t, dsn)
		}},
		{"a copy of SQLite's file", func(t *testing.T) string {
			dsn := dbtest.SQLite(t)
			inUse(t, dsn)
			path := strings.TrimPrefix(dsn, "sqlite:")
			copyFile(t, path, path+".copy")
			return dsn + ".copy"
		}},
		{"yesterday's bytes in the same file", func(t *testing.T) string {
			dsn := dbtest.SQLite(t)
			inUse(t, dsn)
			path := strings.TrimPrefix(dsn, "sqlite:")
			copyFile(t, path, path+".backup")
			later := must(Open(t.Context(), dsn))(t)
			ok(t, start(t.Context(), later))
			ok(t, later.Close())
			copyFile(t, path+".backup", path)
			return dsn
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, dsn := t.Context(), c.copy(t)
			l := open(t, dsn)
			for range 2 { // trying again is no way in
				if err := start(ctx, l); !errors.Is(err, ErrCopy) || !strings.Contains(err.Error(), "drumbeat ledger adopt") {
					t.Fatalf("a worker starts on it: %v", err)
				}
			}
			if _, err := l.Adopt(ctx, "staging", nil); !errors.Is(err, ErrEnvironment) {
				t.Errorf("staging adopts production's: %v", err)
			}
			unknown, err := l.Adopt(ctx, "production", nil)
			if err != nil || unknown != 2 {
				t.Fatalf("%d unknown, want the one that waited and the one on its way (%v)", unknown, err)
			}
			ok(t, start(ctx, l))
			counts := must(l.Count(ctx, Filter{}))(t)
			if counts[Sent] != 1 || counts[Unknown] != 2 {
				t.Errorf("states %v", counts)
			}
			if due := must(l.LastDue(ctx, "weekly"))(t); time.Since(due) > time.Hour {
				t.Errorf("last due %v: what was sent since the copy would be made again", due)
			}
			if d := claim(t, l, "b", time.Minute); d != nil {
				t.Errorf("%s is sent again", d.Recipient)
			}
		})
	}
}

func TestNobodyAdoptsALedgerThatAWorkerHas(t *testing.T) {
	l := open(t, dbtest.SQLite(t))
	ok(t, l.Guard(t.Context(), "production"))
	release := must(l.LockProcess(t.Context()))(t)
	if _, err := l.Adopt(t.Context(), "production", nil); !errors.Is(err, ErrLocked) {
		t.Errorf("adopted under a worker: %v", err)
	}
	ok(t, release())
}
