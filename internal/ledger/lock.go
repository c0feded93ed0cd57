package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ErrLocked means that another process is at work on this SQLite ledger.
var ErrLocked = errors.New("the ledger is in use by another process")

// LockProcess makes this process the only worker on an SQLite ledger, until release or its end; a second one
// gets ErrLocked with the holder's process id, and a network file system, on which no lock holds, ErrNetwork. Only those
// who send take it: the other commands work beside them. On Postgres, where any number may work at once, it does nothing.
//
// The lock's file counts the starts of workers, as the ledger does; a ledger that lags behind was put back to an
// earlier state (ErrCopy).
func (l *Ledger) LockProcess(ctx context.Context) (release func() error, err error) {
	if l.dialect.file == "" {
		return func() error { return nil }, nil
	}
	seen, release, err := l.takeLock()
	if err != nil {
		return nil, err
	}
	var starts int64
	err = l.write(ctx, "count the start", func(ctx context.Context, t *tx) error {
		if err := t.get(ctx, "starts", nil, &starts); errors.Is(err, sql.ErrNoRows) {
			return nil // bound to no environment yet
		} else if err != nil {
			return err
		}
		if starts < seen {
			return l.lags(seen, starts)
		}
		starts++
		_, err := t.exec(ctx, "start", args{"starts": starts})
		return err
	})
	if err == nil {
		err = l.signLock(starts)
	}
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return release, nil
}

// takeLock locks the lock's file and gives the starts that it has counted.
func (l *Ledger) takeLock() (starts int64, release func() error, err error) {
	if l.dialect.file == "" {
		return 0, func() error { return nil }, nil
	}
	if err := l.refuseNetwork(); err != nil {
		return 0, nil, fmt.Errorf("ledger: lock: %w", err)
	}
	// A file of its own: SQLite locks its database file by itself. It stays when it is released, since removing
	// it would let two processes hold locks on two files of one name.
	name := l.dialect.file + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, nil, fmt.Errorf("ledger: lock: %w", err)
	}
	held, err := flock(f)
	var pid string
	pid, starts = readLock(name)
	if err == nil && !held {
		err = fmt.Errorf("%w: process %s has %s; stop it first, or keep the state in Postgres, where several may work",
			ErrLocked, pid, l.dialect.file)
	}
	if err != nil {
		return 0, nil, errors.Join(fmt.Errorf("ledger: lock: %w", err), f.Close())
	}
	l.lock = f // a file that nobody refers to would be closed, and unlocked, by the garbage collector
	return starts, f.Close, nil
}

// EndDeadLeases lets nobody wait for the leases of a process that died, where that is certain: who holds the
// process lock of an SQLite ledger is the only one alive. What was being sent then falls to the next Claim, or to
// hold. Without the lock, and on Postgres, it does nothing: leases end by themselves.
func (l *Ledger) EndDeadLeases(ctx context.Context) error {
	if l.lock == nil {
		return nil
	}
	return l.write(ctx, "end dead leases", func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "end_leases", nil)
		return err
	})
}

// signLock writes who holds the lock, and the count.
func (l *Ledger) signLock(starts int64) error {
	err := l.lock.Truncate(0)
	if err == nil {
		_, err = l.lock.WriteAt([]byte(fmt.Sprintf("%d %d\n", os.Getpid(), starts)), 0)
	}
	if err != nil {
		return fmt.Errorf("ledger: lock: %w", err)
	}
	return nil
}

// readLock gives the process id that the lock's file names and the starts that it has counted.
func readLock(name string) (pid string, starts int64) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "(unknown)", 0
	}
	words := strings.Fields(string(text))
	if len(words) == 0 {
		return "(unknown)", 0
	}
	if len(words) > 1 {
		if starts, err = strconv.ParseInt(words[1], 10, 64); err != nil {
			starts = 0 // somebody wrote into it: then it counts nothing
		}
	}
	return words[0], starts
}
