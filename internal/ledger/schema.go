package ledger

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*/*.sql
var migrationFiles embed.FS

// migrationLock is the advisory lock of those who migrate, ours alone ("drumbeat" in ASCII).
const migrationLock = 0x6472756d62656174

// SchemaError means that the state database has another schema than this program.
type SchemaError struct {
	Have, Want int64 // versions
}

func (e *SchemaError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("the state database has schema %d and this program knows only %d: a newer drumbeat wrote it; "+
			"use that one, since drumbeat migrate --config F only goes forward", e.Have, e.Want)
	}
	return fmt.Sprintf("the state database has schema %d and this program needs %d; "+
		"stop all workers and run: drumbeat migrate --config F", e.Have, e.Want)
}

// ready creates the tables of an empty state database, or finishes what somebody began who was killed at it, and
// refuses every schema but this program's own.
func (l *Ledger) ready(ctx context.Context) error {
	provider, err := l.provider()
	if err != nil {
		return err
	}
	want := newest(provider)
	// Another starter may be at it, migration by migration: an older schema gets a moment to grow.
	for patience := 20; ; patience-- {
		have, err := l.version(ctx)
		var unused bool // as whoever makes it leaves it when killed between two migrations
		if err == nil && have > 0 && have < want {
			unused, err = l.unused(ctx)
		}
		switch {
		case err != nil:
			return err
		case have == want:
			return nil
		case have == 0 || unused:
			return l.migrate(ctx)
		case have > want || patience == 0:
			return &SchemaError{Have: have, Want: want}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// migrate applies what is missing. Each migration is one transaction together with its version, so that a
// starter who is overtaken by another, or killed, leaves nothing half done.
func (l *Ledger) migrate(ctx context.Context) error {
	if l.dialect.goose == goose.DialectPostgres {
		if err := l.createSchema(ctx); err != nil {
			return err
		}
	}
	for before := int64(-1); ; {
		provider, err := l.provider()
		if err != nil {
			return err
		}
		want := newest(provider)
		have, err := l.version(ctx)
		if err != nil || have == want {
			return err
		}
		if have > want {
			return &SchemaError{Have: have, Want: want}
		}
		_, err = provider.Up(ctx)
		if err != nil && have == before { // two failures in a row without anybody getting on
			return err
		}
		before = have
	}
}

// createSchema makes Postgres' schema, one starter at a time: IF NOT EXISTS alone loses the race.
func (l *Ledger) createSchema(ctx context.Context) error {
	tx, err := l.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a COMMIT it does nothing
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)+1); err != nil {
		return err
	}
	var there bool
	if err := tx.GetContext(ctx, &there, "SELECT to_regnamespace('drumbeat_state') IS NOT NULL"); err != nil || there {
		return err
	}
	if _, err := tx.ExecContext(ctx, "CREATE SCHEMA drumbeat_state"); err != nil {
		return fmt.Errorf("create schema drumbeat_state: %w; let the database's owner create it for this user", err)
	}
	return tx.Commit()
}

// version is the schema's, 0 when there is none.
func (l *Ledger) version(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var there bool
	if err := l.db.GetContext(ctx, &there, l.dialect.hasVersion); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	if !there {
		return 0, nil
	}
	var version int64
	if err := l.db.GetContext(ctx, &version, l.queries["version"]); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version, nil
}

// unused says whether nobody has worked with the tables yet, of whatever version they are.
func (l *Ledger) unused(ctx context.Context) (unused bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := l.db.GetContext(ctx, &unused, l.queries["unused"]); err != nil {
		return false, fmt.Errorf("look for rows of an older schema: %w", err)
	}
	return unused, nil
}

func (l *Ledger) provider() (*goose.Provider, error) {
	options := []goose.ProviderOption{
		goose.WithTableName(l.dialect.versionTable),
		goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)),
	}
	if l.dialect.goose == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(l.dialect.goose, l.db.DB, l.steps, options...)
}

func newest(p *goose.Provider) int64 {
	sources := p.ListSources()
	return sources[len(sources)-1].Version
}
