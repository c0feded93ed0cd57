package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrEnvironment means that the ledger belongs to another environment than the config names.
var ErrEnvironment = errors.New("the ledger of another environment")

// ErrCopy means that the ledger is a copy or was restored from a backup: mails went out that it does not know of.
var ErrCopy = errors.New("the ledger is a copy or was restored")

// Guard binds the ledger to an environment and a place on first use, and afterwards refuses any other environment
// (ErrEnvironment): whoever copies production's state database to staging must not mail production's people. It
// refuses a copy too (ErrCopy), as far as it can be told: on Postgres one in another database or cluster, on SQLite
// one in another file. Call it before anything is sent.
func (l *Ledger) Guard(ctx context.Context, environment string) error {
	here := l.dialect.origin(ctx, l.db)
	var belongs, origin string
	err := l.write(ctx, "check the environment", func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, "guard", args{"environment": environment, "origin": here}); err != nil {
			return err
		}
		return t.get(ctx, "environment", nil, &belongs, &origin)
	})
	switch {
	case err != nil:
		return err
	case belongs != environment:
		return otherEnvironment(belongs, environment)
	case here != "" && origin != here:
		return moved(origin, here)
	}
	return nil
}

// Belongs says what Guard and LockProcess would, and writes nothing: whether a worker of the environment may start here.
func (l *Ledger) Belongs(ctx context.Context, environment string) error {
	here := l.dialect.origin(ctx, l.db)
	var belongs, origin string
	var starts int64
	err := l.read(ctx, "check the environment", func(ctx context.Context, t *tx) error {
		if err := t.get(ctx, "environment", nil, &belongs, &origin); err != nil {
			return err
		}
		return t.get(ctx, "starts", nil, &starts)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil // no worker has started yet
	}
	seen := int64(0)
	if l.dialect.file != "" {
		_, seen = readLock(l.dialect.file + ".lock")
	}
	switch {
	case err != nil:
		return err
	case belongs != environment:
		return otherEnvironment(belongs, environment)
	case here != "" && origin != "" && origin != here:
		return moved(origin, here)
	case starts < seen:
		return l.lags(seen, starts)
	}
	return nil
}

func moved(origin, here string) error {
	return fmt.Errorf("%w: it was made as %s and stands as %s now; %s", ErrCopy, origin, here, adoptIt)
}

func (l *Ledger) lags(seen, starts int64) error {
	return fmt.Errorf("%w: a worker has started %d times on %s, and it knows of %d; %s", ErrCopy, seen, l.dialect.file, starts, adoptIt)
}

func otherEnvironment(belongs, environment string) error {
	return fmt.Errorf("%w: the state database belongs to environment %q and the config says %q; give %q a state "+
		"database of its own (state.dsn), or set environment: %q if this is the same installation",
		ErrEnvironment, belongs, environment, environment, belongs)
}

const adoptIt = "if no other worker uses the original any more, take it over with: drumbeat ledger adopt --config F"

// restored is the reason of what a copy took along undelivered.
const restored = "the ledger was copied or restored: it may have been sent since"

// Adopt takes over a ledger that Guard or LockProcess calls a copy, and says how many mails are unknown now: all that
// were on their way when the copy was made, since they may have arrived. Periods that fell due until now are not
// caught up, for they may have been sent too; they can be run by hand. begun says up to when schedules are planned whose
// ticks come before their hour. Only without a worker on it.
func (l *Ledger) Adopt(ctx context.Context, environment string, begun map[string]time.Time) (unknown int, err error) {
	starts, release, err := l.takeLock()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, release()) }()
	here := l.dialect.origin(ctx, l.db)
	err = l.write(ctx, "adopt", func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, "guard", args{"environment": environment, "origin": here}); err != nil {
			return err
		}
		var belongs, origin string
		if err := t.get(ctx, "environment", nil, &belongs, &origin); err != nil {
			return err
		}
		if belongs != environment {
			return otherEnvironment(belongs, environment)
		}
		unknown, err = t.exec(ctx, "adopt_deliveries", args{"reason": restored})
		if err != nil {
			return err
		}
		for _, query := range []string{"adopt_schedules", "adopt_runs", "adopt"} {
			if _, err := t.exec(ctx, query, args{"origin": here, "starts": starts}); err != nil {
				return err
			}
		}
		for schedule, until := range begun {
			if err := t.advance(ctx, schedule, until); err != nil {
				return err
			}
		}
		return nil
	})
	return unknown, err
}
