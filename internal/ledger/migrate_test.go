package ledger

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drumbeat/internal/dbtest"
)

// What a migration waits for in the middle: on Postgres a lock that the test holds, on SQLite the end of the count.
const (
	waitOnPostgres = "SELECT pg_advisory_xact_lock(1414);"
	waitOnSQLite   = "CREATE TABLE counted AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000000) SELECT count(*) AS n FROM c;"
)

// migrateForEver opens a ledger by a program whose last migration does not end.
func migrateForEver(dsn string) error {
	l, err := connect(dsn)
	if err != nil {
		return err
	}
	wait := waitOnPostgres
	if l.dialect.file != "" {
		wait = waitOnSQLite
	}
	names, err := fs.Glob(l.steps, "*.sql")
	if err != nil {
		return err
	}
	steps := fstest.MapFS{}
	for i, name := range names {
		text, err := fs.ReadFile(l.steps, name)
		if err != nil {
			return err
		}
		if i == len(names)-1 {
			text = append(text, "\n"+wait+"\n"...)
		}
		steps[name] = &fstest.MapFile{Data: text}
	}
	l.steps = steps
	return l.ready(context.Background())
}

// Fault 19: the first start is killed between two migrations and in the middle of the last one; the next resumes.
func TestAFirstStartThatWasKilledInTheMiddleIsResumed(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := must(connect(dsn))(t)
		t.Cleanup(func() { ok(t, l.Close()) })
		release := func() {}
		if l.dialect.file == "" {
			holder := must(l.db.Conn(t.Context()))(t)
			defer func() { _ = holder.Close() }()
			must(holder.ExecContext(t.Context(), "SELECT pg_advisory_lock(1414)"))(t)
			release = func() { must(holder.ExecContext(t.Context(), "SELECT pg_advisory_unlock(1414)"))(t) }
		}
		cmd := helper(t, "migrate", dsn)
		started(t, cmd)
		waitFor(t, func() bool { return inTheMiddle(t, l) })
		kill(t, cmd)
		release()

		next := open(t, dsn) // neither refused as of an older schema, nor stopped by what is half there
		plan(t, next, 1)
		if d := claim(t, next, "me", time.Minute); d == nil {
			t.Error("nothing to claim")
		}
	})
}

// inTheMiddle says whether all migrations are there but the last one, and that one under way.
func inTheMiddle(t *testing.T, l *Ledger) bool {
	t.Helper()
	steps := must(fs.Glob(l.steps, "*.sql"))(t)
	have, err := l.version(t.Context())
	if err != nil || have != int64(len(steps)-1) {
		return false
	}
	if l.dialect.file == "" {
		var waiting int
		ok(t, l.db.GetContext(t.Context(), &waiting, "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%pg_advisory_xact_lock(1414)%' AND wait_event = 'advisory'"))
		return waiting > 0
	}
	impatient := must(sql.Open("sqlite", "file:"+l.dialect.file))(t) // without busy_timeout
	defer func() { _ = impatient.Close() }()
	_, err = impatient.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	return err != nil && strings.Contains(err.Error(), "locked")
}

// waitFor asks until it is true; only a test that fails waits to the end.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for patience := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(patience) {
			t.Fatal("it never came to that")
		}
	}
}
