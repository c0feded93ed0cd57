package source

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// ImportOptions are the choices of an import.
type ImportOptions struct {
	DryRun   bool                            // check the files, and only look at the database
	Progress func(rows pipeline.Rows, n int) // called now and then while rows are written; may be nil
}

// ImportResult says what was read, and written unless it was a dry run.
type ImportResult struct {
	Files    []ImportedFile // in the order of pipeline.AllRows
	Absent   []pipeline.Rows
	Missing  map[pipeline.Rows][]string // the columns of the rows that are there in which no row has a value
	Warnings fault.List                 // what is odd but no fault
	Where    string                     // the database, without its password

	// Of a dry run: the tables that an import would replace, and why nobody could look at the database.
	Replaces  []ImportedFile
	Unreached error
}

// ImportedFile is one canonical file, or a table, and its number of rows.
type ImportedFile struct {
	Rows pipeline.Rows
	File string
	N    int
}

// Import reads canonical CSV files (folders of them, or single ones) and replaces the canonical tables of a
// database by them, all or nothing. Every file is checked before the database is touched; bad input, and a
// database whose tables are not ours, come back as a fault.List and change nothing.
func Import(ctx context.Context, dsn string, paths []string, opts ImportOptions) (ImportResult, error) {
	where, err := parseDSN(dsn)
	if err != nil {
		return ImportResult{}, err
	}
	var found faults
	files, warnings := findFiles(paths, &found)
	if len(found.list) > 0 {
		return ImportResult{Where: where.shown}, found.list
	}
	var feeds []feed
	for _, l := range layouts {
		if name, given := files[l.rows]; given {
			feeds = append(feeds, feedFromFile(l, name))
		}
	}
	result, err := takeIn(ctx, where, feeds, opts)
	result.Warnings = slices.Concat(warnings, result.Warnings)
	return result, err
}

// ImportFeeds is Import for rows that do not come from canonical files. reps and deals have to be among them; of
// stage_changes and forecasts runs observe what no feed gives.
func ImportFeeds(ctx context.Context, dsn string, feeds []Feed, opts ImportOptions) (ImportResult, error) {
	where, err := parseDSN(dsn)
	if err != nil {
		return ImportResult{}, err
	}
	sorted, err := sortFeeds(feeds)
	if err != nil {
		return ImportResult{}, err
	}
	return takeIn(ctx, where, sorted, opts)
}

// takeIn checks all rows, and then writes them.
func takeIn(ctx context.Context, where database, feeds []feed, opts ImportOptions) (ImportResult, error) {
	result := ImportResult{Where: where.shown}
	var found faults
	seen := newChecks(&found)
	for i := range feeds {
		f := &feeds[i]
		f.sum = newFingerprint(maphash.MakeSeed())
		seen.begin(f.name, f.layout)
		n := 0
		err := f.read(&found, func(r row) error {
			n++
			seen.row(f.layout, r)
			f.sum.add(r.record)
			return ctx.Err()
		})
		if err != nil {
			return result, err
		}
		result.Files = append(result.Files, ImportedFile{Rows: f.layout.rows, File: f.name, N: n})
	}
	if len(found.list) > 0 {
		return result, found.list // what is odd besides may only follow from these
	}
	for _, l := range layouts {
		if !slices.ContainsFunc(feeds, func(f feed) bool { return f.layout == l }) {
			result.Absent = append(result.Absent, l.rows)
		}
	}
	result.Missing = seen.missing()
	result.Warnings = seen.warnings()
	if opts.DryRun {
		return result, result.look(ctx, where)
	}
	return result, write(ctx, where, feeds, opts)
}

// write replaces the tables in one transaction.
func write(ctx context.Context, where database, feeds []feed, opts ImportOptions) (err error) {
	db, err := where.open(ctx, forWriting)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// A stop ends the import between two rows: were the transaction to end by itself in the middle of a COPY, its
	// rollback and the closing of the COPY would wait for each other.
	tx, err := db.BeginTxx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("begin the import: %w", where.explain(err))
	}
	if err := replaceTables(ctx, tx, where, feeds, opts); err != nil {
		_ = tx.Rollback() // err says what went wrong; a connection that is lost rolls back by itself
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit the import: %w", err)
	}
	return nil
}

func replaceTables(ctx context.Context, tx *sqlx.Tx, where database, feeds []feed, opts ImportOptions) error {
	if err := where.prepareImport(ctx, tx); err != nil {
		return fmt.Errorf("prepare the import: %w", err)
	}
	there, err := where.tablesThere(ctx, tx)
	if err != nil {
		return err
	}
	if err := refuseForeign(where, there); err != nil {
		return err
	}
	written := map[pipeline.Rows]string{}
	for _, l := range layouts {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := slices.IndexFunc(feeds, func(f feed) bool { return f.layout == l })
		if err := where.emptyTable(ctx, tx, l.rows, there, i >= 0); err != nil {
			return fmt.Errorf("%s: make the table %s: %w", where.shown, l.rows, where.explain(err))
		}
		if i < 0 {
			continue
		}
		if err := writeRows(ctx, tx, where, feeds[i], opts.Progress); err != nil {
			return err
		}
		written[l.rows] = feeds[i].name
	}
	if _, err := tx.ExecContext(ctx, where.analyze(written)); err != nil {
		return fmt.Errorf("analyze the tables: %w", err)
	}
	return nil
}

// refuseForeign protects tables that happen to have a canonical name.
func refuseForeign(where database, there map[pipeline.Rows]string) error {
	var list fault.List
	for _, rows := range pipeline.AllRows {
		if mark, exists := there[rows]; exists && !isOurs(mark) {
			list = append(list, fault.Fault{File: where.shown, Field: where.dialect.schema + string(rows),
				What: "this table was not created by Drumbeat", Hint: "import into another database, or rename it"})
		}
	}
	return list.Err()
}

// writeRows sends the rows of one feed. It has been checked; if its file changed since, that is a fault too.
func writeRows(ctx context.Context, tx *sqlx.Tx, where database, from feed, progress func(pipeline.Rows, int)) error {
	l := from.layout
	stmt, err := tx.PrepareContext(context.WithoutCancel(ctx), where.dialect.insert(l))
	if err != nil {
		return fmt.Errorf("write %s: %w", l.rows, err)
	}
	defer stmt.Close()
	var found faults
	values := make([]any, 0, len(l.columns)+1)
	n, sum := 0, newFingerprint(from.sum.hash.Seed())
	// To watch ctx inside every statement costs SQLite's driver a goroutine a row; between the rows is enough.
	unwatched := context.WithoutCancel(ctx)
	err = from.read(&found, func(r row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !r.sound {
			return nil // the file has changed since it was checked: its faults end the import
		}
		sum.add(r.record)
		values = values[:0]
		for i := range l.columns {
			values = append(values, where.dialect.value(l.columns[i].kind, &r.record[i]))
		}
		if l.time >= 0 {
			values = append(values, r.number)
		}
		if _, err := stmt.ExecContext(unwatched, values...); err != nil {
			return fmt.Errorf("write %s: line %d: %w", l.rows, r.line(0), err)
		}
		if n++; progress != nil && n%10_000 == 0 {
			progress(l.rows, n)
		}
		return nil
	})
	if err == nil {
		err = found.list.Err()
	}
	if err == nil && sum.hash.Sum64() != from.sum.hash.Sum64() {
		err = fault.List{{File: from.name, What: "has changed while it was being imported, and nothing was written", Hint: "import again when it is complete"}}
	}
	if err == nil && where.dialect.copies {
		if _, err = stmt.ExecContext(unwatched); err != nil { // ends the COPY
			err = fmt.Errorf("write %s: %w", l.rows, err)
		}
	}
	return err
}
