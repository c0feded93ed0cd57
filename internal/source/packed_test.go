package source

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// plainly takes the marks off the tables, so that nobody knows their types and they are read the plain way.
func plainly(db *sqlx.DB) {
	for _, rows := range pipeline.AllRows {
		db.MustExec("COMMENT ON TABLE drumbeat." + string(rows) + " IS NULL")
	}
}

// rich has every column, with and without a value.
var rich = map[string]string{
	"reps.csv": "id,name\nr1,Ada\nr2,Ünal\n",
	"deals.csv": "id,name,rep_id,pipeline,amount,currency,created_at,closed_at,outcome,stage,expected_close,probability,forecast_category,loss_reason\n" +
		"d1,Äcme,r1,new,1234.5678,EUR,2026-01-01T08:00:00.000001Z,,open,A,2026-03-31,0.1,commit,\n" +
		"d2,b,,,,,1900-01-01 00:00:00,2100-12-31 23:59:59.999999,lost,,1900-01-01,1,,\"no, thanks\"\n" +
		"d3,c,r2,,-0.0001,,2026-01-01 00:00:00,,won,,2100-12-31,0,odd,\n",
	"stage_changes.csv": "deal_id,stage,at,rep_id,seq\nd0,A,2026-01-01 00:00:00,r1,1\nd1,A,2026-01-01 00:00:00,r1,9\nd1,B,2026-01-01 00:00:00,,-9223372036854775808\n" +
		"d1,C,2026-01-01 00:00:00,r1,\nd1,D,1999-12-31 23:59:59.999999,r2,\nd3,E,2026-04-01 00:00:00,r1,7\n",
	"activities.csv": "deal_id,at,kind,party\nd1,2026-01-01 00:00:00,call,buyer\nd1,2026-01-01 00:00:00,mail,\nd3,2026-01-02 00:00:00,call,seller\n",
	"criteria.csv":   "deal_id,criterion,met_at\nd2,c,2026-01-01 00:00:00\nd1,b,2026-01-01 00:00:00\nd1,a,2026-01-01 00:00:00\n",
	"forecasts.csv": "deal_id,at,expected_close,amount,probability,category,seq\nd1,2026-01-01 00:00:00,,,,,\nd1,2026-01-02 00:00:00,1999-12-31,0.1,0.3,commit,2\n" +
		"d1,2026-01-02 00:00:00,2000-01-01,123456789012345.6789,0,x,1\nd3,2026-01-02 00:00:00,2000-01-02,7,1,,\n",
	"waivers.csv": "deal_id,checkpoint,reason,granted_by,at\nd1,stage:a,x,r2,2026-01-01 00:00:00\nd1,stage:b,y,,2026-01-01 00:00:00\n",
}

func TestPackedRowsAreThoseReadPlainly(t *testing.T) {
	dsn, lite := dbtest.Postgres(t), dbtest.SQLite(t)
	mustImport(t, dsn, rich)
	mustImport(t, lite, rich)
	db := raw(t, dsn)
	packed, packedDeals := all(t, open(t, Config{DSN: dsn}), asOf)
	if other, deals := all(t, open(t, Config{DSN: lite}), asOf); hash(other, deals) != hash(packed, packedDeals) {
		t.Errorf("SQLite:\n%v\npacked:\n%v", deals, packedDeals)
	}
	// What no import lets in, but a database may hold.
	db.MustExec("UPDATE drumbeat.deals SET amount = 0.1234567890123456789012345678901234567890, probability = 1e-400 WHERE id = 'd1'")
	db.MustExec("UPDATE drumbeat.deals SET amount = 17976931348623157e292, rep_id = '', stage = E' \\t\\n' WHERE id = 'd2'")
	db.MustExec("UPDATE drumbeat.forecasts SET amount = 9007199254740993, category = ''")
	db.MustExec("INSERT INTO drumbeat.deals SELECT 'e' || g, 'x' || g, 'r' || g, NULL, g / 7.0, 'EUR', '2026-01-01', NULL, 'open' FROM generate_series(1, 9000) g")
	db.MustExec("INSERT INTO drumbeat.deals SELECT 'f' || g, 'x', NULL, NULL, round(g * g / 7.0, g % 9) * power(10::numeric, g % 30 - 9) * (-1) ^ g, 'EUR', '2026-01-01', NULL, 'open', NULL, NULL, round(1.0 / g, g % 12) FROM generate_series(1, 3000) g")
	db.MustExec("INSERT INTO drumbeat.stage_changes SELECT 'e' || g % 9000, 's' || g, '2026-01-01', 'r' || g, g, g FROM generate_series(1, 20000) g")
	packed, packedDeals = all(t, open(t, Config{DSN: dsn}), asOf)
	plainly(db)
	plain, deals := all(t, open(t, Config{DSN: dsn}), asOf)
	if hash(plain, deals) != hash(packed, packedDeals) {
		for i := range deals {
			if deals[i] != packedDeals[i] {
				t.Fatalf("plainly:\n%v\npacked:\n%v", deals[i], packedDeals[i])
			}
		}
		t.Fatalf("plainly %v, packed %v", plain.Counts, packed.Counts)
	}
}

// What needs leave out is left out alike by the databases and by us, and what is left says the same.
func TestOnlyWhatIsNeededIsRead(t *testing.T) {
	files := maps.Clone(rich)
	files["activities.csv"] = "deal_id,at,kind,party\n" +
		"d0,2026-01-01 00:00:00,call,buyer\nd0,2026-02-20 00:00:00,call,buyer\n" + // of no deal: counted
		"d1,2025-01-01 00:00:00,Meeting,buyer\nd1,2025-01-02 00:00:00,meeting,seller\nd1,2025-01-03 00:00:00,mail,buyer\nd1,2025-01-04 00:00:00,note,\n" +
		"d1,2026-01-31 23:59:59.999999,call,\nd1,2026-02-01 00:00:00,call,\nd1,2026-02-20 00:00:00,mail,seller\nd1,2026-03-01 00:00:00,mail,buyer\n" +
		"d2,2025-01-01 00:00:00,note,\nd3,2025-01-01 00:00:00,\u017feen,seller\nd3,2025-01-01 00:00:00,seen,seller\nd3,2025-01-02 00:00:00,GESPRÄCH,buyer\n" +
		"d9,2026-01-01 00:00:00,call,buyer\n"
	since := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	dsn, plain, lite := dbtest.Postgres(t), dbtest.Postgres(t), dbtest.SQLite(t)
	for _, into := range []string{dsn, plain, lite} {
		mustImport(t, into, files)
	}
	plainly(raw(t, plain))
	for _, c := range []struct {
		name   string
		proofs []pipeline.Proof
		want   string // of d1
	}{
		{"nothing proves anything", nil, "[{2026-02-01 00:00:00 +0000 UTC call } {2026-02-20 00:00:00 +0000 UTC mail seller} {2026-03-01 00:00:00 +0000 UTC mail buyer}]"},
		{"a meeting with the buyer, by whatever case", []pipeline.Proof{{Kind: "MEETING", Party: "buyer"}},
			"[{2025-01-01 00:00:00 +0000 UTC Meeting buyer} {2026-02-01 00:00:00 +0000 UTC call } {2026-02-20 00:00:00 +0000 UTC mail seller} {2026-03-01 00:00:00 +0000 UTC mail buyer}]"},
		{"anything of the seller, and a word that SQL cannot hold", []pipeline.Proof{{Party: "seller"}, {Kind: "it's", Party: "buyer"}},
			"[{2025-01-02 00:00:00 +0000 UTC meeting seller} {2026-02-01 00:00:00 +0000 UTC call } {2026-02-20 00:00:00 +0000 UTC mail seller} {2026-03-01 00:00:00 +0000 UTC mail buyer}]"},
		{"letters that only look alike without case", []pipeline.Proof{{Kind: "Seen", Party: "seller"}, {Kind: "gespräch", Party: "buyer"}},
			"[{2026-02-01 00:00:00 +0000 UTC call } {2026-02-20 00:00:00 +0000 UTC mail seller} {2026-03-01 00:00:00 +0000 UTC mail buyer}]"},
	} {
		needs := pipeline.Needs{AsOf: asOf, Since: since, Proofs: c.proofs}
		packed, packedDeals := allFor(t, open(t, Config{DSN: dsn}), needs)
		earlier := " {{2026-01-31 23:59:59.999999 +0000 UTC true} {2025-01-03 00:00:00 +0000 UTC true}}}"
		if !strings.Contains(packedDeals[0], " "+c.want+" ") || !strings.HasSuffix(packedDeals[0], earlier) {
			t.Errorf("%s: got %s", c.name, packedDeals[0])
		}
		if n := packed.Counts[pipeline.Activities]; n != 14 {
			t.Errorf("%s: %d activities before the instant, want 14", c.name, n)
		}
		for _, from := range []string{plain, lite} {
			if other, deals := allFor(t, open(t, Config{DSN: from}), needs); hash(other, deals) != hash(packed, packedDeals) {
				t.Errorf("%s: from %s:\n%v\npacked:\n%v", c.name, from, deals, packedDeals)
			}
		}
	}
}

// What no figure can be made of is refused in the same words.
func TestPackedRowsAreRefusedAsPlainOnes(t *testing.T) {
	dsn := dbtest.Postgres(t)
	db := raw(t, dsn)
	for _, change := range []string{
		"stage_changes SET at = 'infinity' WHERE stage = 'C'",
		"stage_changes SET at = '-infinity' WHERE stage = 'C'",
		"stage_changes SET at = '0044-03-15 12:00:00 BC' WHERE stage = 'E'",
		"stage_changes SET at = '294276-12-31 23:59:59.999999' WHERE stage = 'E'",
		"stage_changes SET at = '1899-12-31 23:59:59.999999' WHERE stage = 'E'",
		"stage_changes SET stage = '' WHERE stage = 'D'",
		"activities SET at = '2101-01-01' WHERE party IS NULL",
		"deals SET closed_at = '4713-01-01 00:00:00 BC' WHERE id = 'd2'",
		"deals SET expected_close = 'infinity' WHERE id = 'd2'",
		"deals SET expected_close = '-infinity' WHERE id = 'd2'",
		"deals SET expected_close = '0001-01-01 BC' WHERE id = 'd2'",
		"deals SET expected_close = '5874897-12-31' WHERE id = 'd2'",
		"deals SET expected_close = '2101-01-01' WHERE id = 'd2'",
		"deals SET amount = 'NaN' WHERE id = 'd3'",
		"deals SET amount = 'Infinity' WHERE id = 'd3'",
		"deals SET amount = 1e400 WHERE id = 'd3'",
		"deals SET amount = -1e400 - 0.5 WHERE id = 'd3'",
	} {
		t.Run(change, func(t *testing.T) {
			db.MustExec("DROP SCHEMA IF EXISTS drumbeat CASCADE")
			mustImport(t, dsn, rich)
			db.MustExec("UPDATE drumbeat." + change)
			packed := readError(t, open(t, Config{DSN: dsn}))
			plainly(db)
			wantError(t, readError(t, open(t, Config{DSN: dsn})), "read "+strings.Fields(change)[0]+": row ")
			wantError(t, packed, readError(t, open(t, Config{DSN: dsn})).Error())
		})
	}
}

// Somebody may take a constraint off: what is missing then is said, and no row is lost without a word.
func TestANullThatOurTablesDoNotTakeIsRefused(t *testing.T) {
	for column, want := range map[string]string{"deals.name": "name: is null", "stage_changes.stage": "stage: is null", "stage_changes.at": "at: ", "activities.kind": "kind: is null"} {
		t.Run(column, func(t *testing.T) {
			dsn := dbtest.Postgres(t)
			mustImport(t, dsn, rich)
			table, name, _ := strings.Cut(column, ".")
			db := raw(t, dsn)
			db.MustExec("ALTER TABLE drumbeat." + table + " DROP CONSTRAINT " + table + "_pkey")
			db.MustExec("ALTER TABLE drumbeat." + table + " ALTER " + name + " DROP NOT NULL")
			db.MustExec("UPDATE drumbeat." + table + " SET " + name + " = NULL")
			wantError(t, readError(t, open(t, Config{DSN: dsn})), want)
		})
	}
}

// What is compared as text has one form, and what ends a column is in none.
func TestSQLiteTakesNoOddText(t *testing.T) {
	dsn := dbtest.SQLite(t)
	mustImport(t, dsn, rich)
	db := raw(t, dsn)
	for _, values := range []string{"'d1', '2026-01-01 00:00:00', 'call', NULL, 99", "'d1', '2026-01-01T00:00:00+02:00', 'call', NULL, 99",
		"'d1', '2026-01-01T00:00:00.000000Z', 'call' || char(0) || 'x', NULL, 99"} {
		if _, err := db.Exec("INSERT INTO activities VALUES (" + values + ")"); err == nil {
			t.Errorf("taken: %s", values)
		}
	}
	db.MustExec("INSERT INTO activities VALUES ('d1', '2026-01-01T00:00:00.000000Z', 'call', NULL, 99)")
}

func TestAnInstantBeforeAllTimesIsNoError(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		mustImport(t, dsn, rich)
		year1 := time.Date(1, 1, 5, 0, 0, 0, 0, time.UTC)
		reading, _ := allFor(t, open(t, Config{DSN: dsn}), pipeline.Needs{AsOf: year1, Since: year1.AddDate(0, 0, -21)})
		if n := reading.Counts[pipeline.Activities]; n != 0 {
			t.Errorf("%d activities", n)
		}
	})
}
