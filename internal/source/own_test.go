package source

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// ownQueries reads the canonical tables as if they were a company's own.
func ownQueries(dsn string) map[pipeline.Rows]string {
	prefix := ""
	if strings.HasPrefix(dsn, "postgres") {
		prefix = "drumbeat."
	}
	return map[pipeline.Rows]string{
		pipeline.Reps:         "SELECT * FROM " + prefix + "reps",
		pipeline.Deals:        "SELECT * FROM " + prefix + "deals;",
		pipeline.StageChanges: "SELECT deal_id, stage, at, rep_id, seq FROM " + prefix + "stage_changes -- all of them",
	}
}

func TestOwnQueriesGiveTheSameAsTheTables(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, with(map[string]string{"activities.csv": "deal_id,at,kind,party\nd1,2026-01-01 00:00:00,call,buyer\n"}))
		want, wantDeals := all(t, open(t, Config{DSN: dsn}), asOf)
		queries := ownQueries(dsn)
		s := open(t, Config{DSN: dsn, Queries: queries})
		got, deals := all(t, s, asOf)
		if got.Tables[pipeline.Activities] || got.PartyNamed {
			t.Error("without a query there are no activities")
		}
		if len(want.Missing) > 0 {
			t.Errorf("imported tables lack %v", want.Missing)
		}
		queries[pipeline.StageChanges] = "SELECT deal_id, stage, at FROM (" + bareQuery(queries[pipeline.StageChanges]) + "\n) AS all_of_them"
		if less, _ := all(t, open(t, Config{DSN: dsn, Queries: queries}), asOf); !reflect.DeepEqual(less.Missing, map[pipeline.Rows][]string{"stage_changes": {"rep_id", "seq"}}) {
			t.Errorf("missing: %v", less.Missing)
		}
		queries = ownQueries(dsn)
		if !reflect.DeepEqual(got.Reps, want.Reps) || len(deals) != 1 {
			t.Errorf("%v, %v", got.Reps, deals)
		}
		queries[pipeline.Activities] = strings.NewReplacer("deals;", "activities", "*", "deal_id, at, kind, party").Replace(queries[pipeline.Deals])
		got, deals = all(t, open(t, Config{DSN: dsn, Queries: queries}), asOf)
		if hash(got, deals) != hash(want, wantDeals) {
			t.Errorf("own queries:\n%v %v\ntables:\n%v %v", got, deals, want, wantDeals)
		}
	})
}

// minimal are queries without any table; each case below changes some of them.
func minimal(changes map[pipeline.Rows]string) map[pipeline.Rows]string {
	queries := map[pipeline.Rows]string{
		pipeline.Reps:         "SELECT 'r1' AS id, 'Ada' AS name",
		pipeline.Deals:        "SELECT 'd1' AS id, 'Acme' AS name, '2026-01-01' AS created_at, 'open' AS outcome",
		pipeline.StageChanges: "SELECT 'd1' AS deal_id, 'A' AS stage, '2026-01-01 10:00:00' AS at",
	}
	for rows, query := range changes {
		queries[rows] = query
	}
	return queries
}

// empty is a database in which only queries without tables can run.
func empty(t *testing.T, dsn string) {
	t.Helper()
	raw(t, dsn).MustExec("CREATE TABLE other (x int)")
}

func TestOwnQueriesGiveWhatTheirDatabaseHolds(t *testing.T) {
	const deal = "{{42 7   {0 false}  2026-01-01 00:00:00 +0000 UTC {0001-01-01 00:00:00 +0000 UTC false} open  {2026-03-31 true} {0.5 true}  } [{A 2026-01-01 10:00:00 +0000 UTC  {0 false}}] [] [] [] []" + noneEarlier + "}"
	cases := map[string]map[pipeline.Rows]string{
		"numbers as ids, text as dates and numbers": {
			pipeline.Deals:        "SELECT 42 AS id, 7 AS name, '2026-01-01T00:00:00' AS created_at, 'open' AS outcome, '2026-03-31 00:00:00' AS expected_close, '0.5' AS probability",
			pipeline.StageChanges: "SELECT 42 AS deal_id, 'A' AS stage, '2026-01-01 12:00:00.0000009+02' AS at",
		},
		"nulls and empty text are missing": {
			pipeline.Deals:        "SELECT 42 AS id, 7 AS name, '' AS rep_id, '2026-01-01' AS created_at, NULL AS closed_at, NULL AS amount, 'open' AS outcome, '2026-03-31' AS expected_close, 0.5 AS probability",
			pipeline.StageChanges: "SELECT 42 AS deal_id, 'A' AS stage, '2026-01-01 10:00:00' AS at, NULL AS seq",
		},
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		empty(t, dsn)
		for name, queries := range cases {
			t.Run(name, func(t *testing.T) {
				_, deals := all(t, open(t, Config{DSN: dsn, Queries: minimal(queries)}), asOf)
				if len(deals) != 1 || deals[0] != deal {
					t.Errorf("\n got %v\nwant %s", deals, deal)
				}
			})
		}
	})
}

// A CRM may keep no history of stages: its queries say so by leaving it out.
func TestOwnQueriesMayLackWhatRunsCanObserve(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		empty(t, dsn)
		queries := minimal(nil)
		delete(queries, pipeline.StageChanges)
		r, deals := all(t, open(t, Config{DSN: dsn, Queries: queries}), asOf)
		if r.Tables[pipeline.StageChanges] || len(deals) != 1 {
			t.Errorf("tables %v, deals %v", r.Tables, deals)
		}
		delete(queries, pipeline.Reps)
		_, err := Open(t.Context(), Config{DSN: dsn, Queries: queries})
		wantError(t, err, "queries.reps: is missing")
	})
}

func TestTypesOfPostgresAreConverted(t *testing.T) {
	dsn := dbtest.Postgres(t)
	s := open(t, Config{DSN: dsn, Queries: minimal(map[pipeline.Rows]string{
		pipeline.Reps: "SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS id, 'Ada'::varchar AS name, false AS active",
		pipeline.Deals: `SELECT 'd1' AS id, 'Acme' AS name, timestamp '2026-01-01 08:00' AS created_at, 'won' AS outcome,
			timestamptz '2026-01-05 00:30+02' AS closed_at, date '2026-03-31' AS expected_close, 12.3400::numeric AS amount, 0.25::float4 AS probability`,
		pipeline.StageChanges: "SELECT 'd1' AS deal_id, 'A' AS stage, date '2026-01-01' AS at, 3::smallint AS seq",
	})})
	reading, deals := all(t, s, asOf)
	if got := reading.Reps[0]; got.ID != "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" || got.Active {
		t.Errorf("rep %v", got)
	}
	want := "{{d1 Acme   {12.34 true}  2026-01-01 08:00:00 +0000 UTC {2026-01-04 22:30:00 +0000 UTC true} won  {2026-03-31 true} {0.25 true}  } [{A 2026-01-01 00:00:00 +0000 UTC  {3 true}}] [] [] [] []" + noneEarlier + "}"
	if len(deals) != 1 || deals[0] != want {
		t.Errorf("\n got %v\nwant %s", deals, want)
	}
}

func TestOwnQueriesOfBadRowsNameThem(t *testing.T) {
	const second = " UNION ALL SELECT 'd2', 'B', "
	deals := "SELECT 'd1' AS id, 'A' AS name, '2026-01-01' AS created_at, 'open' AS outcome, 0.5 AS probability" + second
	cases := map[string]struct {
		queries map[pipeline.Rows]string
		want    string
		config  bool // the query itself is at fault, not a row
	}{
		"unknown outcome":       {map[pipeline.Rows]string{"deals": deals + "'2026-01-01', 'Closed Won', 0.5"}, `read deals: row 2 ("d2"): outcome: "Closed Won" is unknown; one of open, won, lost`, false},
		"a percentage":          {map[pipeline.Rows]string{"deals": deals + "'2026-01-01', 'open', 60"}, `read deals: row 2 ("d2"): probability: 60 is outside 0 to 1`, false},
		"no instant":            {map[pipeline.Rows]string{"deals": deals + "'soon', 'open', 0.5"}, `read deals: row 2 ("d2"): created_at: "soon" is no instant`, false},
		"a null that matters":   {map[pipeline.Rows]string{"deals": deals + "NULL, 'open', 0.5"}, `read deals: row 2 ("d2"): created_at: is null`, false},
		"an id twice":           {map[pipeline.Rows]string{"deals": strings.ReplaceAll(deals, "d2", "d1") + "'2026-01-01', 'open', 0.5"}, `read deals: row 2: the id "d1" is there twice`, false},
		"a rep twice":           {map[pipeline.Rows]string{"reps": "SELECT 'r' AS id, 'A' AS name UNION ALL SELECT 'r', 'B'"}, `read reps: row 2: the id "r" is there twice`, false},
		"unknown party":         {map[pipeline.Rows]string{"activities": "SELECT 'd1' AS deal_id, '2026-01-01' AS at, 'call' AS kind, 'both' AS party"}, `read activities: row 1 ("d1"): party: "both" is unknown`, false},
		"a column is missing":   {map[pipeline.Rows]string{"stage_changes": "SELECT 'd1' AS deal_id, 'A' AS stage"}, "source: queries.stage_changes: the result has no column at", true},
		"a column is too much":  {map[pipeline.Rows]string{"stage_changes": "SELECT 'd1' AS deal_id, 'A' AS stage, '2026-01-01' AS at, 1 AS owner"}, "source: queries.stage_changes: stage_changes have no column owner", true},
		"no SQL":                {map[pipeline.Rows]string{"stage_changes": "SELEC"}, "source: queries.stage_changes: ", true},
		"a table that is not":   {map[pipeline.Rows]string{"stage_changes": "SELECT * FROM nope"}, "source: queries.stage_changes: ", true},
		"a number for a moment": {map[pipeline.Rows]string{"stage_changes": "SELECT 'd1' AS deal_id, 'A' AS stage, 1767225600 AS at"}, `read stage_changes: row 1 ("d1"): at: 1767225600 (int64) is no point in time`, false},
	}
	dbtest.Both(t, func(t *testing.T, dsn string) {
		empty(t, dsn)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				err := readError(t, open(t, Config{DSN: dsn, Queries: minimal(c.queries)}))
				wantError(t, err, c.want)
				if list := (fault.List)(nil); errors.As(err, &list) != c.config {
					t.Errorf("a fault of the config: %v, want %v", !c.config, c.config)
				}
			})
		}
	})
}

func TestQueriesLookIntoTheirSchemaFirst(t *testing.T) {
	dsn := dbtest.Postgres(t)
	db := raw(t, dsn)
	db.MustExec(`CREATE SCHEMA "My CRM"; CREATE TABLE "My CRM".people AS SELECT 'r1' AS id, 'Ada' AS name`)
	reading, _ := all(t, open(t, Config{DSN: dsn, Schema: "My CRM", Queries: minimal(map[pipeline.Rows]string{"reps": "SELECT * FROM people"})}), asOf)
	if len(reading.Reps) != 1 || reading.Reps[0].Name != "Ada" {
		t.Errorf("reps %v", reading.Reps)
	}
}

// Fault 18: the pipeline database is slow.
func TestAQueryThatTakesTooLong(t *testing.T) {
	s := open(t, Config{DSN: dbtest.Postgres(t), StatementTimeout: 200_000_000, Queries: minimal(map[pipeline.Rows]string{
		"stage_changes": "SELECT 'd1' AS deal_id, 'A' AS stage, '2026-01-01' AS at FROM pg_sleep(60)"})})
	wantError(t, readError(t, s), "read stage_changes: ", "statement timeout", "source.statement_timeout is 200ms: raise it")
}

// SQLite keeps any bytes as text. In a name they are shown as what cannot be read; an id must be told from others.
func TestTextThatIsNotUTF8(t *testing.T) {
	dsn := dbtest.SQLite(t)
	empty(t, dsn)
	deal := "SELECT 'd1' AS id, CAST(x'41ff' AS text) AS name, '2026-01-01' AS created_at, 'open' AS outcome"
	_, deals := all(t, open(t, Config{DSN: dsn, Queries: minimal(map[pipeline.Rows]string{"deals": deal})}), asOf)
	if len(deals) != 1 || !strings.HasPrefix(deals[0], "{{d1 A\uFFFD ") {
		t.Errorf("%q", deals)
	}
	rep := "SELECT CAST(x'41ff' AS text) AS id, 'Ada' AS name"
	err := readError(t, open(t, Config{DSN: dsn, Queries: minimal(map[pipeline.Rows]string{"reps": rep})}))
	wantError(t, err, `read reps: row 1 ("A\xff"): id: "A\xff" is not UTF-8`)
}
