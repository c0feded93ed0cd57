package source

import (
	"strings"
	"testing"

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
