package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// statement is the SQL that gives rows in the order of their key.
func (v *snapshot) statement(l *layout) string {
	query, own := v.mapping.queries[l.rows]
	if !own {
		return mustRead("read/" + string(l.rows) + ".sql")
	}
	if _, config := v.source.cfg.Queries[l.rows]; config && l.ordered() {
		return v.fill("own_order", query, l)
	}
	return v.fill("own", query, l)
}

func (v *snapshot) fill(file, query string, l *layout) string {
	return strings.NewReplacer("{query}", bareQuery(query), "{key}", "q."+l.columns[l.key].name,
		"{bytewise}", v.source.at.bytewise, "{once}", v.source.at.once).Replace(mustRead("read/" + file + ".sql"))
}

// alone are the arguments of a statement with a query of somebody's own in it: with any, PostgreSQL takes one statement
// and no second one behind it.
func (v *snapshot) alone() []any {
	if v.source.at.copies {
		return []any{true}
	}
	return nil
}

// bareQuery is a query that can stand in parentheses.
func bareQuery(query string) string {
	return strings.TrimRight(strings.TrimSpace(query), "; \t\r\n")
}

// checkOwn looks at the columns of the config's queries, all of them, before any is read.
func (v *snapshot) checkOwn(ctx context.Context) error {
	var list fault.List
	v.lacks = map[pipeline.Rows][]string{}
	for _, l := range layouts {
		query, own := v.mapping.queries[l.rows]
		if !own {
			continue
		}
		names, err := v.columns(ctx, query, l)
		if what := wrongQuery(err); what != "" { // PostgreSQL's transaction takes no more: the other queries wait
			return append(list, v.wrongQuery(l, what))
		}
		if err != nil {
			return fmt.Errorf("run the query for %s: %w", l.rows, err)
		}
		for _, name := range names {
			if l.column(name) < 0 {
				list = append(list, fault.Fault{File: "source", Field: "queries." + string(l.rows),
					What: fmt.Sprintf("%s have no column %s", l.rows, quoteName(name)), Hint: "possible: " + strings.Join(l.names(), ", ")})
			}
		}
		for _, c := range l.columns {
			if slices.Contains(names, c.name) {
				continue
			}
			v.lacks[l.rows] = append(v.lacks[l.rows], c.name)
			if c.required {
				list = append(list, fault.Fault{File: "source", Field: "queries." + string(l.rows),
					What: "the result has no column " + c.name, Hint: "name it: SELECT … AS " + c.name})
			}
		}
	}
	return list.Err()
}

// wrongQuery is a fault of the config's query, or of its preset's: a type that nobody thought of, perhaps.
func (v *snapshot) wrongQuery(l *layout, what string) fault.Fault {
	if _, own := v.source.cfg.Queries[l.rows]; own {
		return fault.Fault{File: "source", Field: "queries." + string(l.rows), What: what, Hint: "correct the SQL"}
	}
	return fault.Fault{File: "source", Field: "preset", What: fmt.Sprintf("%s's query for %s, of %s: %s", v.source.cfg.Preset, l.rows,
		v.mapping.from[l.rows], what), Hint: "give one in source.queries." + string(l.rows)}
}

// columns gives the names of what a query of the config's results in.
func (v *snapshot) columns(ctx context.Context, query string, l *layout) ([]string, error) {
	rows, err := v.first.QueryxContext(ctx, v.fill("columns", query, l), v.alone()...)
	if err != nil {
		return nil, err
	}
	names, err := rows.Columns()
	return names, errors.Join(err, rows.Close())
}

// stream is one kind of rows, in the order of their key, one row read ahead.
type stream struct {
	layout *layout
	rows   *sqlx.Rows
	dests  []any                // where scan puts the columns
	fetch  func() (bool, error) // takes the next row into record; false: there is none
	record record               // the row read ahead
	more   bool                 // whether there is one
	n      int                  // rows read
	before int                  // rows before the instant of the reading
	newest time.Time            // the latest among these
	needs  *pipeline.Needs

	// Of packed activities that are not all here:
	reduced bool
	earlier pipeline.LastActivity // of the deal whose row was read ahead
	hollow  bool                  // there is no such row, only its deal's id
}

func (v *snapshot) stream(ctx context.Context, on *sqlx.Tx, rows pipeline.Rows, needs *pipeline.Needs) (*stream, error) {
	s := &stream{layout: layoutOf(rows), needs: needs}
	s.record = newRecord(s.layout)
	var err error
	if v.packs[rows] {
		s.reduced = reduces(s.layout, needs)
		var args []any
		if v.source.at.copies {
			args = append(args, true)
		}
		s.rows, err = on.QueryxContext(ctx, v.source.at.packedStatement(s.layout, needs), args...)
		s.fetch = s.unpacker(v.source.at.packing)
	} else {
		var args []any
		if v.mapping.queries != nil {
			args = v.alone()
		}
		s.rows, err = on.QueryxContext(ctx, v.statement(s.layout), args...)
		s.fetch = s.scan
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", rows, err)
	}
	return s, s.next()
}

// scan takes the next row column by column.
func (s *stream) scan() (bool, error) {
	if s.dests == nil {
		names, err := s.rows.Columns()
		if err != nil {
			return false, err
		}
		for _, name := range names {
			dest := &destination{} // of what only orders the rows
			if i := s.layout.column(name); i >= 0 {
				dest = &destination{column: &s.layout.columns[i], cell: &s.record[i]}
			}
			s.dests = append(s.dests, dest)
		}
	}
	if !s.rows.Next() {
		return false, errors.Join(s.rows.Err(), s.rows.Close())
	}
	return true, s.rows.Scan(s.dests...)
}

// destination is a cell as database/sql fills it.
type destination struct {
	column *column
	cell   *cell
}

// valueError says which column a value does not suit.
type valueError struct {
	column string
	err    error
}

func (e *valueError) Error() string { return e.column + ": " + e.err.Error() }
func (e *valueError) Unwrap() error { return e.err }

// Scan implements sql.Scanner.
func (d *destination) Scan(src any) error {
	if d.column == nil {
		return nil
	}
	if err := d.cell.set(d.column, src); err != nil {
		return &valueError{d.column.name, err}
	}
	return nil
}

// key is the id that the row read ahead belongs to.
func (s *stream) key() string { return s.record[s.layout.key].text }

// next reads one row ahead.
func (s *stream) next() error {
	last := s.key()
	var err error
	if s.more, err = s.fetch(); !s.more {
		if err != nil {
			return fmt.Errorf("read %s: row %d: %w", s.layout.rows, s.n+1, err)
		}
		return nil
	}
	s.n++
	if err != nil {
		if bad := (*valueError)(nil); errors.As(err, &bad) {
			err = bad // without database/sql's own words around it
		}
		return fmt.Errorf("read %s: row %d (%s): %w", s.layout.rows, s.n, quote(s.key()), err)
	}
	if s.n > 1 && s.key() < last {
		return fmt.Errorf("read %s: row %d: %s comes after %s: the database does not sort by bytes",
			s.layout.rows, s.n, quote(s.key()), quote(last))
	}
	if s.layout.time < 0 {
		return s.once(last)
	}
	if at := s.record[s.layout.time].at; !s.reduced && at.Before(s.needs.AsOf) {
		s.before++
		if at.After(s.newest) {
			s.newest = at
		}
	}
	return nil
}

// once refuses a second row with the key of the one before.
func (s *stream) once(last string) error {
	if s.n > 1 && s.key() == last {
		return fmt.Errorf("read %s: row %d: the id %s is there twice; ids are unique", s.layout.rows, s.n, quote(last))
	}
	return nil
}
