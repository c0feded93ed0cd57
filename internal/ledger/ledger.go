// Package ledger remembers what is due, what was planned, who is sending it and what became of it.
// Planned digests go in as finished bytes, under a key that can exist once; they come out one at a time, each
// to one sender for the length of a lease. It refuses a schema that is older or newer than the program, the
// ledger of another environment, a second worker on SQLite, and word from a sender whose lease went to another.
// Read delivery.go for what a row is, plan.go and claim.go for the two halves of its life, and sql/ for the
// queries, which are the same on Postgres and on SQLite.
//
// # What it promises, and what it cannot
//
// No digest is lost: it is planned with the rest of its run in one transaction, and a row leaves pending and
// sending only by a Mark, by hold or by an operator. No digest is planned twice: the key is unique. But no
// transaction spans a mail server: when a sender dies (or its answer is lost) between the final dot and the
// Mark, nobody knows whether the mail went out. That is at most one message per open connection and crash, and
// it is sent again with the very same bytes, Message-ID and Date (Resend), or kept as unknown for an operator
// (Hold).
//
// A write that fails may have happened nonetheless, when only the answer to its COMMIT was lost. Every write is
// conditional on a unique key or on (id, fence), so that a caller may simply repeat it: a second Plan adds
// nothing, a second Mark of the same result changes nothing. A lost Claim frees itself when its lease ends. A
// sender that has to end before its Mark succeeds leaves the result in a journal (journal.go).
//
// Test sends that are redirected to another address do not come here at all: they never count as sent.
package ledger

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/jmoiron/sqlx"
)

// callTimeout bounds one call, and one statement of a Plan: a database that answers no more is an error.
const callTimeout = 30 * time.Second

// Ledger is the state database. Its methods may be called from several goroutines and, on Postgres, from
// several machines at once.
type Ledger struct {
	db      *sqlx.DB
	dialect dialect
	queries map[string]string
	steps   fs.FS            // the dialect's migrations
	clock   func() time.Time // SQLite only; on Postgres the server's clock decides
	silence time.Duration    // after which Postgres takes us for dead in the middle of a transaction
	lock    *os.File         // held by LockProcess

	place         string // the database's name, without user and password
	journalFolder string // where the database is no file

	fileSystem func(folder string) (network string, err error) // networkFileSystem, but for tests
}

// Option changes how a ledger is opened.
type Option func(*Ledger)

// WithClock sets the clock of leases and due times on SQLite, where the database has none of its own. On
// Postgres the server's clock decides, since replicas must agree, and this has no effect.
func WithClock(now func() time.Time) Option { return func(l *Ledger) { l.clock = now } }

// Open opens the state database, postgres://… or sqlite:PATH. An empty one gets its tables, by whichever of
// several starters comes first; an older or newer schema is a *SchemaError. Close it after use.
func Open(ctx context.Context, dsn string, options ...Option) (*Ledger, error) {
	l, err := connect(dsn, options...)
	if err != nil {
		return nil, fmt.Errorf("open the ledger %s: %w", place(dsn), err)
	}
	if err := l.ready(ctx); err != nil {
		_ = l.db.Close() // the first error is the one that says why
		return nil, fmt.Errorf("open the ledger %s: %w", place(dsn), l.dialect.advise(err))
	}
	return l, nil
}

// Migrate brings the tables of the state database up to this program's schema. It may run beside others.
func Migrate(ctx context.Context, dsn string) error {
	l, err := connect(dsn)
	if err != nil {
		return fmt.Errorf("migrate the ledger %s: %w", place(dsn), err)
	}
	err = l.dialect.advise(l.migrate(ctx))
	if closing := l.db.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("migrate the ledger %s: %w", place(dsn), err)
	}
	return nil
}

func connect(dsn string, options ...Option) (*Ledger, error) {
	d, db, err := openDialect(dsn)
	if err != nil {
		return nil, err
	}
	l := &Ledger{db: db, dialect: d, clock: time.Now, silence: callTimeout, place: place(dsn), fileSystem: networkFileSystem}
	for _, o := range options {
		o(l)
	}
	if l.queries, err = readQueries(d); err == nil {
		l.steps, err = fs.Sub(migrationFiles, "migrations/"+d.migrations)
	}
	if err != nil {
		_ = db.Close() // nothing was done with it yet
		return nil, err
	}
	return l, nil
}

// Close ends the connections. It frees no lease: they end by themselves.
func (l *Ledger) Close() error { return l.db.Close() }
