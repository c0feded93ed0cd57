package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

//go:embed sql/*.sql
var queryFiles embed.FS

// readQueries reads sql/*.sql, by file name without its extension, without comment lines, in the dialect's words.
func readQueries(d dialect) (map[string]string, error) {
	names, err := fs.Glob(queryFiles, "sql/*.sql")
	if err != nil {
		return nil, err
	}
	queries := make(map[string]string, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(queryFiles, name)
		if err != nil {
			return nil, err
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "--") {
				lines = append(lines, line)
			}
		}
		queries[strings.TrimSuffix(path.Base(name), ".sql")] = d.translate(strings.Join(lines, ""))
	}
	return queries, nil
}

// args are the named parameters of a query.
type args map[string]any

// tx is one transaction and the instant at which it looks.
type tx struct {
	*sqlx.Tx
	l   *Ledger
	now time.Time // by the database's clock
}

// write runs do in one transaction with a deadline. An error does not prove that nothing was written: the
// COMMIT may have been lost on the way back. All that do writes must bear repeating.
func (l *Ledger) write(ctx context.Context, what string, do func(context.Context, *tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return l.transact(ctx, what, nil, func(t *tx) error { return do(ctx, t) })
}

// read is write for those who only look: on SQLite it does not wait for the writer of another connection.
func (l *Ledger) read(ctx context.Context, what string, do func(context.Context, *tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return l.transact(ctx, what, &sql.TxOptions{ReadOnly: true}, func(t *tx) error { return do(ctx, t) })
}

// alone runs one statement that is a transaction by itself, and calls row for every row that it returns. On Postgres
// the statement asks the clock itself: that is one round trip instead of four (BEGIN, the clock, the statement, COMMIT),
// and they are most of what it costs to send a mail. :until is a lease's length from now. What is said of write holds
// here too: whoever loses the answer repeats it.
func (l *Ledger) alone(ctx context.Context, what string, query string, lease time.Duration, a args, row func(scan func(...any) error) error) error {
	if l.dialect.inline == nil {
		return l.write(ctx, what, func(ctx context.Context, t *tx) error {
			a["until"] = t.now.Add(lease)
			return t.each(ctx, query, a, row)
		})
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a["lease"] = lease.Microseconds()
	text, list, err := bind(l.dialect.inline.Replace(l.queries[query]), a, l.db.Rebind)
	if err == nil {
		err = each(ctx, l.db, text, list, row)
	}
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", what, l.dialect.advise(err))
	}
	return nil
}

// transact runs do in one transaction, without a deadline.
func (l *Ledger) transact(ctx context.Context, what string, kind *sql.TxOptions, do func(*tx) error) error {
	fail := func(err error) error { return fmt.Errorf("ledger: %s: %w", what, l.dialect.advise(err)) }
	begun, err := l.db.BeginTxx(ctx, kind)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = begun.Rollback() }() // after a COMMIT it does nothing
	t := &tx{Tx: begun, l: l}
	if t.now, err = l.dialect.now(ctx, begun, l.clock, l.silence); err != nil {
		return fail(err)
	}
	if err := do(t); err != nil {
		return fail(err)
	}
	if err := begun.Commit(); err != nil {
		return fail(err)
	}
	return nil
}

// bind puts the named parameters, and the transaction's instant as :now, into a query; slices become lists.
func (t *tx) bind(query string, a args) (string, []any, error) {
	named := args{"now": t.now}
	maps.Copy(named, a)
	return bind(t.l.queries[query], named, t.Rebind)
}

// bind puts the named parameters into a query's text.
func bind(query string, a args, rebind func(string) string) (string, []any, error) {
	named := make(map[string]any, len(a))
	for name, v := range a {
		if at, ok := v.(time.Time); ok {
			v = instant(at)
		}
		named[name] = v
	}
	text, list, err := sqlx.Named(query, named)
	if err != nil {
		return "", nil, err
	}
	if text, list, err = sqlx.In(text, list...); err != nil {
		return "", nil, err
	}
	return rebind(text), list, nil
}

// exec runs a query and says how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, a args) (int, error) {
	text, list, err := t.bind(query, a)
	if err != nil {
		return 0, err
	}
	result, err := t.ExecContext(ctx, text, list...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// get scans the one row of a query; without a row it is sql.ErrNoRows.
func (t *tx) get(ctx context.Context, query string, a args, into ...any) error {
	text, list, err := t.bind(query, a)
	if err != nil {
		return err
	}
	return t.QueryRowContext(ctx, text, list...).Scan(into...)
}

// each calls row for every row of a query, in order.
func (t *tx) each(ctx context.Context, query string, a args, row func(scan func(...any) error) error) error {
	text, list, err := t.bind(query, a)
	if err != nil {
		return err
	}
	return each(ctx, t, text, list, row)
}

func each(ctx context.Context, q sqlx.QueryerContext, text string, list []any, row func(scan func(...any) error) error) (err error) {
	rows, err := q.QueryContext(ctx, text, list...)
	if err != nil {
		return err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
