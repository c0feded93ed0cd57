package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// look is the dry run's look at the database: what an import would replace there. Tables that are not ours are the fault
// that an import would find; that nobody got there is noted in the result, since the files are checked all the same.
func (result *ImportResult) look(ctx context.Context, where database) error {
	there, err := where.replaced(ctx)
	var foreign fault.List
	switch {
	case errors.As(err, &foreign):
		return foreign
	case ctx.Err() != nil:
		return ctx.Err()
	}
	result.Replaces, result.Unreached = there, err
	return nil
}

// replaced counts the rows of the canonical tables that are there, and writes nothing. An SQLite file may still be made.
func (d database) replaced(ctx context.Context) (there []ImportedFile, err error) {
	if !d.copies {
		if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Stat(filepath.Dir(d.path)); err != nil {
				return nil, fmt.Errorf("connect to %s: its folder: %s", d.shown, reason(err))
			}
			return nil, nil
		}
	}
	db, err := d.open(ctx, forReading)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	marks, err := d.tablesThere(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := refuseForeign(d, marks); err != nil {
		return nil, err
	}
	for _, rows := range pipeline.AllRows {
		if marks[rows] == "" {
			continue
		}
		table := d.schema + string(rows)
		n := 0
		if err := db.GetContext(ctx, &n, "SELECT count(*) FROM "+table); err != nil {
			return nil, fmt.Errorf("count the rows of %s: %w", table, d.explain(err))
		}
		there = append(there, ImportedFile{Rows: rows, File: table, N: n})
	}
	return there, nil
}
