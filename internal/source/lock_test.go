package source

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// An import waits for the readers that came before it; these must not wait for the import in turn.
func TestAnImportThatWaitsForAReadingDoesNotStopIt(t *testing.T) {
	dsn := dbtest.Postgres(t)
	mustImport(t, dsn, small)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	view, err := open(t, Config{DSN: dsn}).snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dir, done := folder(t, small), make(chan error, 1)
	go func() {
		_, err := Import(ctx, dsn, []string{dir}, ImportOptions{})
		done <- err
	}()
	db := raw(t, dsn)
	for waiting := 0; waiting == 0; time.Sleep(5 * time.Millisecond) {
		if err := db.GetContext(ctx, &waiting, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'drumbeat.reps'::regclass"); err != nil {
			t.Fatal(err)
		}
	}
	reading, err := view.read(ctx, &pipeline.Needs{AsOf: asOf})
	if err != nil {
		t.Fatalf("the reading waited for the import, which waits for the reading: %v", err)
	}
	for _, err := range reading.Deals {
		if err != nil {
			t.Fatal(err)
		}
	}
	view.end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// One activity says that parties are named: what follows it is not asked for, let alone carried over.
func TestTheFirstNamedPartyIsEnough(t *testing.T) {
	const slow = `SELECT 'd1' AS deal_id, '2026-01-01' AS at, 'call' AS kind,
		CASE WHEN g > 5000 THEN 'buyer' || pg_sleep(60)::text ELSE 'buyer' END AS party
		FROM (SELECT generate_series(1, 10000) AS g) AS many`
	view, err := open(t, Config{DSN: dbtest.Postgres(t), Queries: minimal(map[pipeline.Rows]string{"activities": slow})}).snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer view.end()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	began := time.Now()
	named, err := view.partyNamed(ctx, asOf)
	if took := time.Since(began); err != nil || !named || took > 10*time.Second {
		t.Errorf("named: %v, %v after %v", named, err, took)
	}
}

// Without statistics the planner takes a table for a tenth of its size and sorts what the index has in order.
func TestAnImportLeavesStatisticsOfEveryTable(t *testing.T) {
	dsn := dbtest.Postgres(t)
	mustImport(t, dsn, with(map[string]string{
		"activities.csv": "deal_id,at,kind\n" + strings.Repeat("d1,2026-01-01 00:00:00,call\n", 20),
		"criteria.csv":   "deal_id,criterion,met_at\nd1,c,2026-01-01 00:00:00\n",
		"forecasts.csv":  "deal_id,at,amount\nd1,2026-01-01 00:00:00,1\n",
		"waivers.csv":    "deal_id,checkpoint,reason,at\nd1,stage:a,x,2026-01-01 00:00:00\n",
	}))
	var without []string
	const never = "SELECT relname FROM pg_class WHERE relnamespace = 'drumbeat'::regnamespace AND relkind = 'r' AND reltuples < 0"
	if err := raw(t, dsn).Select(&without, never); err != nil || len(without) > 0 {
		t.Errorf("never analyzed: %v, %v", without, err)
	}
}

// A file that another program holds is no riddle. That SQLite waits for it by itself is left out here.
func TestALockedFileSaysWhatToDo(t *testing.T) {
	dsn := dbtest.SQLite(t)
	mustImport(t, dsn, small)
	holder, err := raw(t, dsn).Beginx() // IMMEDIATE
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback() }()
	hasty, err := sqlx.Open("sqlite", "file:"+strings.TrimPrefix(dsn, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	_, err = hasty.Exec("DELETE FROM deals")
	wantError(t, sqlite.explain(err), "database is locked", "try again when that has ended")
}
