package source

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// What a query of the config's gives keeps its order where time and seq say nothing, as rows of a file do.
func TestOwnQueriesKeepTheirOrderWhereNothingElseDecides(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		empty(t, dsn)
		var changes, forecasts []string
		for i := range 60 {
			changes = append(changes, fmt.Sprintf("SELECT 'd1' AS deal_id, 's%02d' AS stage, '2026-01-01 10:00:00' AS at, CAST(NULL AS int) AS seq, %d AS k", i*7%60, i))
			forecasts = append(forecasts, fmt.Sprintf("SELECT 'd1' AS deal_id, '2026-01-01 10:00:00' AS at, %d AS amount, CAST(NULL AS int) AS seq, %d AS k", i*7%60, i))
		}
		s := open(t, Config{DSN: dsn, Queries: minimal(map[pipeline.Rows]string{
			pipeline.StageChanges: "SELECT deal_id, stage, at, seq FROM (" + strings.Join(changes, " UNION ALL ") + ") AS x ORDER BY k DESC",
			pipeline.Forecasts:    "SELECT deal_id, at, amount, seq FROM (" + strings.Join(forecasts, " UNION ALL ") + ") AS x ORDER BY k DESC",
		})})
		r, end, err := s.Read(t.Context(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = end() }()
		for h, err := range r.Deals {
			if err != nil {
				t.Fatal(err)
			}
			for i := range 60 {
				want := (59 - i) * 7 % 60
				if h.Changes[i].Stage != fmt.Sprintf("s%02d", want) || h.Forecasts[i].Amount.V != float64(want) {
					t.Fatalf("row %d: %s, %v, want %d", i, h.Changes[i].Stage, h.Forecasts[i].Amount.V, want)
				}
			}
		}
	})
}

// With a query of its own for what the preset does not find, a company needs no table of the vendor's for it.
func TestOwnQueriesStandInForTablesThatAPresetLacks(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec("CREATE SCHEMA mart; CREATE TABLE mart.evidence AS SELECT '006A' AS deal_id, 'champion' AS criterion, timestamp '2026-01-31' AS met_at; DROP TABLE salesforce.user")
	cfg := Config{DSN: dsn + "&search_path=mart,public", Preset: "salesforce", Queries: map[pipeline.Rows]string{
		pipeline.Criteria: "SELECT * FROM evidence",
	}}
	wantError(t, readError(t, open(t, cfg)), "no table user")
	cfg.Queries[pipeline.Reps] = "SELECT DISTINCT owner_id AS id, owner_id AS name FROM opportunity -- not {preset}"
	got := canonical(t, cfg)
	for _, part := range []string{"criteria\n006A,champion,2026-01-31T00:00:00Z\n", "reps source.queries.reps, deals salesforce.opportunity", "005A,005A,"} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
	if cfg.Schema = "salesforce"; canonical(t, cfg) != got {
		t.Errorf("with the schema named it is another:\n%s", canonical(t, cfg))
	}
}

func TestASnapshotEndsByItselfAndKnowsThatAllWasRead(t *testing.T) {
	dsn, _ := vendorTables(t, "salesforce")
	s := open(t, Config{DSN: dsn, Preset: "salesforce", StatementTimeout: time.Minute})
	v, err := s.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.end()
	var idle, readOnly string
	if err := v.first.Get(&idle, "SHOW idle_in_transaction_session_timeout"); err != nil || idle != "80s" {
		t.Errorf("%q, %v", idle, err)
	}
	if err := v.first.Get(&readOnly, "SHOW default_transaction_read_only"); err != nil || readOnly != "on" {
		t.Errorf("%q, %v", readOnly, err)
	}
	needs := pipeline.Everything(asOf)
	r, err := v.read(t.Context(), &needs)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range r.Deals {
		if err != nil {
			t.Fatal(err)
		}
		if n++; v.complete {
			t.Fatal("complete in the middle")
		}
	}
	if !v.complete || n == 0 {
		t.Errorf("%d deals, complete: %v", n, v.complete)
	}
	if got := r.Newest[pipeline.StageChanges]; !got.Before(asOf) || got.IsZero() {
		t.Errorf("newest %v", got)
	}
}
