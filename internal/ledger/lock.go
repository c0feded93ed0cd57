package ledger

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ErrLocked means that another process is at work on this SQLite ledger.
var ErrLocked = errors.New("the ledger is in use by another process")

// LockProcess makes this process the only worker on an SQLite ledger, until release or its end; a second one
// gets ErrLocked with the holder's process id. Only those who send take it: the other commands work beside
// them. On Postgres, where any number may work at once, it does nothing.
func (l *Ledger) LockProcess() (release func() error, err error) {
	if l.dialect.file == "" {
		return func() error { return nil }, nil
	}
	// A file of its own: SQLite locks its database file by itself. It stays when it is released, since removing
	// it would let two processes hold locks on two files of one name.
	name := l.dialect.file + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: lock: %w", err)
	}
	held, err := flock(f)
	if err == nil && !held {
		err = fmt.Errorf("%w: process %s has %s; stop it first, or keep the state in Postgres, where several may work",
			ErrLocked, holder(name), l.dialect.file)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: lock: %w", err), f.Close())
	}
	l.lock = f // a file that nobody refers to would be closed, and unlocked, by the garbage collector
	return f.Close, nil
}

// holder is the process id that the lock file names.
func holder(name string) string {
	text, err := os.ReadFile(name)
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return pid
	}
	return "(unknown)"
}
