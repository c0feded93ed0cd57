package source

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

// respell renames every table and column of a schema, as another loader would have.
func respell(db *sqlx.DB, schema string, spell func(string) string) {
	var names []struct{ Table, Column string }
	if err := db.Select(&names, `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
		WHERE table_schema = $1 ORDER BY 1, 2`, schema); err != nil {
		panic(err)
	}
	seen := map[string]bool{}
	for _, n := range names {
		if to := spell(n.Column); to != n.Column {
			db.MustExec(fmt.Sprintf(`ALTER TABLE %s.%q RENAME COLUMN %q TO %q`, schema, n.Table, n.Column, to))
		}
		seen[n.Table] = true
	}
	for table := range seen {
		if to := spell(table); to != table {
			db.MustExec(fmt.Sprintf(`ALTER TABLE %s.%q RENAME TO %q`, schema, table, to))
		}
	}
}

func TestSalesforceInEachSpelling(t *testing.T) {
	for name, spell := range map[string]func(string) string{
		"Fivetran": func(s string) string { return s },
		"Stitch": func(s string) string {
			if strings.HasPrefix(s, "_") {
				return s
			}
			return strings.ReplaceAll(s, "_", "")
		},
		"Airbyte": func(s string) string {
			if strings.HasPrefix(s, "_") {
				return s
			}
			var out string
			for part := range strings.SplitSeq(s, "_") {
				out += strings.ToUpper(part[:1]) + part[1:]
			}
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn, db := vendorTables(t, "salesforce")
			respell(db, "salesforce", spell)
			got := canonical(t, Config{DSN: dsn, Preset: "salesforce"})
			if name == "Fivetran" {
				wantRows(t, got, "salesforce")
				return
			}
			want, err := os.ReadFile("testdata/presets/salesforce.want")
			if err != nil {
				t.Fatal(err)
			}
			if rows, _, _ := strings.Cut(got, "from\n"); !strings.HasPrefix(string(want), rows) || rows == "" {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

func TestSalesforcesFieldHistoryWithoutOpportunityHistory(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec("DROP TABLE salesforce.opportunity_history; " + salesforceFields)
	got := canonical(t, Config{DSN: dsn, Preset: "salesforce"})
	const changes = `stage_changes
006A,Proposal,2026-02-10T09:00:00Z,,0
006A,Scoping,2026-02-10T09:00:00Z,005A,1
006A,Negotiation,2026-02-10T09:00:00Z,005A,2
006A,Closed Won,2026-04-11T16:00:00Z,005A,3
006B,Discovery,2026-03-01T08:30:00Z,,0
006B,Proposal,2026-03-10T08:30:00Z,005M,1
006C,Closed Lost,2026-02-10T09:00:00Z,,0
006E,Discovery,2026-10-01T00:00:00Z,,0
006F,Discovery,2026-02-10T09:00:00Z,,0
006F,Closed Won,2026-03-20T08:30:00Z,005M,1
of all deals`
	const forecasts = `forecasts
006A,2026-03-01T09:00:00Z,2026-03-31,,,,0
006A,2026-03-01T09:00:00Z,2026-04-15,,,,1
006A,2026-03-01T09:00:00Z,2026-05-01,,,,2
006A,2026-03-02T09:00:00Z,,1000,,,0
006A,2026-03-02T09:00:00Z,,1200.5,,,3
006A,2026-04-02T09:00:00Z,2026-05-02,,,,4
006B,2026-03-01T09:00:00Z,2026-12-31,,,,0
006B,2026-03-02T09:00:00Z,,800,,,0
006C,2026-03-01T09:00:00Z,2026-04-11,,,,0
006E,2026-10-01T00:00:00Z,,50,,,0
006F,`
	wantParts(t, got, []string{changes, forecasts, "2026-01-05T09:00:00Z,2026-04-11T16:00:00Z,won"})
}

// A deal closed when it came into the stage it is in, by a history that knows of that.
func TestWhenASalesforceDealClosed(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	closedAt := func(what, want string) {
		t.Helper()
		if got := canonical(t, Config{DSN: dsn, Preset: "salesforce"}); !strings.Contains(got, "006F,Fern,005B,New business,70,EUR,2025-01-05T00:00:00Z,"+want+"T") {
			t.Errorf("%s: not %s\n%s", what, want, got)
		}
	}
	closedAt("by a history that ends elsewhere", "2026-09-01")
	db.MustExec("ALTER TABLE salesforce.opportunity ADD last_stage_change_date timestamp; UPDATE salesforce.opportunity SET last_stage_change_date = '2026-08-30'")
	closedAt("by the deal's own word", "2026-08-30")
	db.MustExec(salesforceFields)
	closedAt("by the field history, beside one that ends elsewhere", "2026-03-20")
	db.MustExec("UPDATE salesforce.opportunity_field_history SET new_value = 'Proposal' WHERE id = '017F1'")
	closedAt("by two histories that end elsewhere", "2026-08-30")
	db.MustExec("INSERT INTO salesforce.opportunity_history VALUES ('008F5', '006F', 'Closed Won', 70, '2026-09-01', 100, 'Closed', '005B', '2026-03-19', NULL, false)")
	closedAt("by a history that ends there", "2026-03-19")
}

// History mode keeps the versions of a deal in its own table, since the day it was switched on.
func TestSalesforcesHistoryMode(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec(`DROP TABLE salesforce.opportunity_history;
		ALTER TABLE salesforce.opportunity DROP CONSTRAINT opportunity_pkey, ADD _fivetran_start timestamp, ADD _fivetran_end timestamp, ADD _fivetran_active boolean;
		DELETE FROM salesforce.opportunity WHERE id <> '006B';
		UPDATE salesforce.opportunity SET _fivetran_start = '2026-06-01', _fivetran_end = '9999-12-31 23:59:59', _fivetran_active = true;
		INSERT INTO salesforce.opportunity (id, name, owner_id, stage_name, amount, created_date, close_date, is_closed, is_won, probability, _fivetran_start, _fivetran_end, _fivetran_active)
		VALUES ('006B', 'Bolt', '005A', 'Discovery', 700, '2026-03-01 08:30', '2026-09-30', false, false, 10, '2026-04-01', '2026-04-30', false),
			('006B', 'Bolt', '005B', 'Discovery', 800, '2026-03-01 08:30', '2026-09-30', false, false, 10, '2026-05-01', '2026-05-31', false),
			('006F', 'Deleted', '005B', 'Discovery', 800, '2026-03-01 08:30', '2026-09-30', false, false, 10, '2026-05-01', '2026-05-31', false);
		INSERT INTO salesforce.opportunity (id, stage_name, is_deleted, _fivetran_start, _fivetran_active)
		VALUES ('006B', 'In the bin', true, '2026-05-15', false)`)
	got := canonical(t, Config{DSN: dsn, Preset: "salesforce"})
	const want = `deals
006B,Bolt,005B,New business,800,USD,2026-03-01T08:30:00Z,,open,Proposal,2026-12-31,0.6,commit,
stage_changes
006B,Discovery,2026-04-01T00:00:00Z,,1
006B,Proposal,2026-06-01T00:00:00Z,,3
of all deals: 3
`
	const forecasts = `forecasts
006B,2026-04-01T00:00:00Z,2026-09-30,700,0.1,,1
006B,2026-05-01T00:00:00Z,2026-09-30,800,0.1,,2
006B,2026-06-01T00:00:00Z,2026-12-31,800,0.6,commit,3
`
	for _, part := range []string{want, forecasts} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks:\n%s\ngot:\n%s", part, got)
		}
	}
}
