package source

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/pipeline"
)

func TestOdooInItsOwnDatabase(t *testing.T) {
	dsn, _ := vendorTables(t, "odoo")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "odoo"}), "odoo")
}

// What other releases call otherwise, or keep elsewhere, gives the same rows.
func TestOdooAsOtherReleasesLayItOut(t *testing.T) {
	const (
		namesAsText = `ALTER TABLE crm_stage ALTER name TYPE varchar USING name ->> 'en_US';
			ALTER TABLE crm_team ALTER name TYPE varchar USING coalesce(name ->> 'en_US', name ->> 'fr_FR');
			ALTER TABLE crm_lost_reason ALTER name TYPE varchar USING name ->> 'en_US';
			ALTER TABLE mail_activity_type ALTER name TYPE varchar USING name ->> 'en_US';`
		moneyApart = `ALTER TABLE mail_tracking_value ADD old_value_monetary double precision, ADD new_value_monetary double precision;
			UPDATE mail_tracking_value SET old_value_monetary = old_value_float, new_value_monetary = new_value_float, old_value_float = NULL,
				new_value_float = NULL WHERE field_id = 101;`
	)
	for release, changes := range map[string]string{
		"13, where the field is named": namesAsText + moneyApart + `ALTER TABLE mail_tracking_value RENAME field_id TO field;
			ALTER TABLE mail_tracking_value ALTER field TYPE varchar USING CASE field WHEN 100 THEN 'stage_id' WHEN 101 THEN 'planned_revenue'
				WHEN 102 THEN 'date_deadline' WHEN 104 THEN 'user_id' WHEN 200 THEN 'stage_id' WHEN 202 THEN 'date_deadline' END;
			UPDATE ir_model_fields SET name = 'planned_revenue' WHERE name = 'expected_revenue';
			INSERT INTO ir_model_fields VALUES (105, 'crm.lead', 'expected_revenue');
			ALTER TABLE crm_lead RENAME expected_revenue TO planned_revenue; ALTER TABLE crm_lead ADD expected_revenue numeric;
			UPDATE crm_lead SET expected_revenue = planned_revenue * probability / 100; ALTER TABLE crm_lead RENAME lost_reason_id TO lost_reason;
			DROP TABLE crm_team_member`,
		"15, where the field is an id": namesAsText + moneyApart + "ALTER TABLE mail_tracking_value RENAME field_id TO field",
		"19, which says what is won": `ALTER TABLE crm_lead ADD won_status varchar; UPDATE crm_lead SET won_status = CASE
			WHEN probability = 100 AND stage_id = 4 THEN 'won' WHEN NOT active AND probability = 0 THEN 'lost' ELSE 'pending' END`,
	} {
		t.Run(release, func(t *testing.T) {
			dsn, db := vendorTables(t, "odoo")
			db.MustExec(changes)
			wantRows(t, canonical(t, Config{DSN: dsn, Preset: "odoo"}), "odoo")
		})
	}
}

func TestWhatOdooSaysIsWonAndLost(t *testing.T) {
	dsn, db := vendorTables(t, "odoo")
	cfg := Config{DSN: dsn, Preset: "odoo"}
	outcomes := func() map[string]pipeline.Outcome {
		t.Helper()
		r, end, err := open(t, cfg).Read(t.Context(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]pipeline.Outcome{}
		for h, err := range r.Deals {
			if err != nil {
				t.Fatal(err)
			}
			got[h.Deal.ID] = h.Deal.Outcome
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		return got
	}
	db.MustExec(`UPDATE crm_lead SET probability = 90 WHERE id = 1;                    -- in the stage that is won
		UPDATE crm_lead SET active = false, probability = 100 WHERE id = 13;       -- won, and tidied away
		UPDATE crm_lead SET active = false, probability = NULL WHERE id = 10`)
	got := outcomes()
	if got["1"] != "won" || got["13"] != "won" || got["10"] != "lost" {
		t.Errorf("up to 18: %v", got)
	}
	db.MustExec(`ALTER TABLE crm_lead ADD won_status varchar; UPDATE crm_lead SET won_status = CASE
		WHEN probability = 100 AND stage_id = 4 THEN 'won' WHEN NOT active AND probability = 0 THEN 'lost' ELSE 'pending' END;
		UPDATE crm_lead SET won_status = 'lost' WHERE id = 9; UPDATE crm_lead SET won_status = 'won' WHERE id = 3`)
	got = outcomes()
	if got["1"] != "open" || got["13"] != "won" || got["9"] != "lost" || got["3"] != "won" {
		t.Errorf("from 19 on: %v", got)
	}
}

func TestWhatAnOdooDoesNotHave(t *testing.T) {
	for name, c := range map[string]struct{ changes, has, lacks string }{
		"Expected Closing is not tracked, and runs observe it": {
			changes: "DELETE FROM mail_tracking_value WHERE field_id = 102",
			has:     "no forecasts: changes of Expected Closing are not tracked here, so what runs see stands in for them\n",
			lacks:   "forecasts\n1,",
		},
		"in 13, where fields go by name, a task's deadline is no deal's": {
			changes: `DELETE FROM mail_tracking_value WHERE field_id = 102; ALTER TABLE mail_tracking_value RENAME field_id TO field;
				ALTER TABLE mail_tracking_value ALTER field TYPE varchar USING CASE field WHEN 202 THEN 'date_deadline' ELSE 'other' END`,
			has: "no forecasts: changes of Expected Closing are not tracked here",
		},
		"columns": {
			changes: `ALTER TABLE crm_lead DROP COLUMN lost_reason_id, DROP COLUMN date_closed, DROP COLUMN company_id, DROP COLUMN date_deadline;
				ALTER TABLE mail_message DROP COLUMN author_id; ALTER TABLE res_partner DROP COLUMN tz, DROP COLUMN email`,
			has: "reps: email, time_zone\ndeals: expected_close, forecast_category, loss_reason\nstage_changes: rep_id\n|" +
				"3,Cone,8,,500,,2026-02-01T00:00:00Z,2026-02-01T00:00:00Z,lost|" +
				"public.crm_lead has no date_closed: deals close when they last changed their stage\n",
		},
		"a probability that is tracked, which is more than usual": {
			changes: `INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_float, new_value_float, create_date)
				VALUES (71, 901, 103, 10, 25, '2026-03-05')`,
			has: "9,2026-03-05T00:00:00Z,,,0.1,,0\n9,2026-03-05T00:00:00Z,,,0.25,,1\n|2,2026-03-05T00:00:00Z,,,0.6,,0\n",
		},
		"no meetings": {
			changes: "DROP TABLE calendar_event",
			has:     "no table calendar_event: meetings are not seen\n|1,2026-01-16T00:00:00Z,to-do,seller\n3,",
		},
		"no right to read messages": {
			changes: "DROP TABLE mail_message",
			has:     "no activities: no table mail_message\n|no stage_changes: no table mail_message\n|no forecasts: no table mail_message\n",
		},
		"no teams": {
			changes: "DROP TABLE crm_team",
			has:     "reps: manager_id, team\ndeals: pipeline, forecast_category\n|no table crm_team: there are no teams and no managers\n",
		},
		"all companies in one currency": {
			changes: "UPDATE res_company SET currency_id = 1",
			has:     "7,Fern,,,,EUR,2026-08-01|2,Bolt,7,North,800,EUR,",
		},
		"a type that nobody thought of": {
			changes: "ALTER TABLE mail_tracking_value ALTER mail_message_id TYPE point USING point(1, 1)",
			has:     "no forecasts: public.mail_tracking_value.mail_message_id is of type point and no int4\n|no stage_changes: public.mail_tracking_value.mail_message_id is of type point and no int4\n",
		},
		"names in a domain of the company's own": {
			changes: "CREATE DOMAIN translated AS jsonb; ALTER TABLE crm_stage ALTER name TYPE translated",
			has:     "2,Bolt,7,North,800,USD,2026-03-01T08:30:00Z,,open,Proposition,",
		},
		"a release before 13": {
			changes: "ALTER TABLE crm_stage DROP COLUMN is_won",
			has:     "preset odoo: in schema|public.crm_stage has no is_won",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dsn, db := vendorTables(t, "odoo")
			db.MustExec(c.changes)
			cfg := Config{DSN: dsn, Preset: "odoo"}
			if strings.HasPrefix(c.has, "preset") {
				wantError(t, readError(t, open(t, cfg)), strings.Split(c.has, "|")...)
				return
			}
			got := canonical(t, cfg)
			for _, part := range strings.Split(c.has, "|") {
				if !strings.Contains(got, part) {
					t.Errorf("lacks %q:\n%s", part, got)
				}
			}
			if c.lacks != "" && strings.Contains(got, c.lacks) {
				t.Errorf("has %q:\n%s", c.lacks, got)
			}
		})
	}
}

// Users have their passwords beside them: who reads them needs no right to those.
func TestOdooByAUserWhoMayReadSomeColumns(t *testing.T) {
	dsn, db := vendorTables(t, "odoo")
	at, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	role := "reader_" + strings.ToLower(rand.Text())
	db.MustExec("CREATE ROLE " + role + " LOGIN PASSWORD 'reads'")
	t.Cleanup(func() { db.MustExec("DROP OWNED BY " + role + "; DROP ROLE " + role) })
	db.MustExec("ALTER TABLE res_users ADD password varchar; GRANT USAGE ON SCHEMA public TO " + role + "; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role +
		"; REVOKE SELECT ON res_users, calendar_event FROM " + role + "; GRANT SELECT (id, partner_id, login, active, share) ON res_users TO " + role)
	at.User = url.UserPassword(role, "reads")
	got := canonical(t, Config{DSN: at.String(), Preset: "odoo"})
	for _, part := range []string{"7,Ben Boos,ben@example.com,9,North,Europe/Berlin,true\n", "deals\n1,Acme,6,North,",
		"public.calendar_event may not be read (GRANT SELECT): meetings are not seen\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
}

// With the indexes that the docs advise nothing is sorted but the rows of one deal.
func TestOdoosDealsComeInTheOrderOfAnIndex(t *testing.T) {
	dsn, db := vendorTables(t, "odoo")
	db.MustExec(`INSERT INTO crm_lead (id, name, type, active, stage_id, create_date)
			SELECT g, 'Many', 'opportunity', true, 1, '2026-01-01' FROM generate_series(1000, 9999) AS g;
		INSERT INTO mail_message (id, model, res_id, message_type, date, author_id)
			SELECT g, 'crm.lead', 1000 + g % 9000, 'email', '2026-01-02', 10 FROM generate_series(10000, 39999) AS g;
		INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_integer, new_value_integer, create_date)
			SELECT g, g, 100, 1, 2, '2026-01-02' FROM generate_series(10000, 19999) AS g;
		INSERT INTO calendar_event SELECT g, 'Many', '2026-01-02', true, 1000 + g % 9000 FROM generate_series(1000, 4999) AS g;
		CREATE INDEX ON mail_tracking_value (mail_message_id)`)
	indexes, err := os.ReadFile("testdata/presets/odoo_indexes.sql")
	if err != nil {
		t.Fatal(err)
	}
	for index := range strings.SplitSeq(strings.TrimRight(string(indexes), ";\n"), ";\n") {
		db.MustExec(index) // one by one: CONCURRENTLY takes no transaction
	}
	db.MustExec("VACUUM ANALYZE crm_lead, mail_message, mail_tracking_value, calendar_event")
	view, err := open(t, Config{DSN: dsn, Preset: "odoo"}).snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer view.end()
	for rows, indexes := range map[pipeline.Rows][]string{
		pipeline.Deals:        {"drumbeat_deals"},
		pipeline.StageChanges: {"drumbeat_deals", "drumbeat_changes"},
		pipeline.Activities:   {"drumbeat_deals", "drumbeat_messages", "drumbeat_meetings"},
		pipeline.Forecasts:    {"drumbeat_deals", "drumbeat_changes"},
	} {
		plan := explained(t, view.first, view.statement(layoutOf(rows)), view.alone()...)
		if strings.Contains(plan, `COLLATE "C"`) {
			t.Errorf("%s are sorted:\n%s", rows, plan)
		}
		for _, index := range indexes {
			if !strings.Contains(plan, index) {
				t.Errorf("%s do without %s:\n%s", rows, index, plan)
			}
		}
	}
}

func explained(t *testing.T, tx *sqlx.Tx, statement string, args ...any) string {
	t.Helper()
	var lines []string
	if err := tx.SelectContext(t.Context(), &lines, "EXPLAIN "+statement, args...); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
