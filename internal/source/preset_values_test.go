package source

import (
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// What somebody mistyped, or a loader makes of what is not there, is no value; the rest of the source is read.
func TestValuesThatAreNone(t *testing.T) {
	for preset, c := range map[string]struct {
		changes  string
		has, not []string
	}{
		"salesforce": {
			changes: `ALTER TABLE salesforce.opportunity DROP CONSTRAINT opportunity_pkey, ALTER id DROP NOT NULL;
				INSERT INTO salesforce.opportunity (id, name, stage_name, amount, created_date, close_date, is_closed, is_won, probability) VALUES
					('006G', NULL, 'Closed Lost', 'NaN', NULL, '2026-01-01', true, false, 'NaN'),
					('006H', 'Made who knows when', 'Discovery', 1, NULL, '2026-01-01', false, false, 10),
					('006I', '', '', 'Infinity', '0001-01-01', 'infinity', false, false, '-1'),
					(NULL, 'No id', 'Discovery', 1, '2026-01-01', NULL, false, false, 10);
				INSERT INTO salesforce.opportunity_history (id, opportunity_id, stage_name, created_date, close_date, amount) VALUES
					('008I1', '006I', 'Discovery', '2026-04-02', '9999-12-31', 'NaN'), ('008I2', '006I', 'Proposal', 'infinity', NULL, NULL),
					('008I3', '006I', '', '2026-04-04', NULL, NULL), ('008I4', NULL, 'Proposal', '2026-04-04', NULL, NULL);
				INSERT INTO salesforce.task (id, what_id, completed_date_time, is_closed, task_subtype, type) VALUES
					('00T8', '006I', '2200-01-01', true, 'Task', 'Call'), ('00T9', '006I', '2026-04-03', true, '', '');
				UPDATE salesforce.user SET name = NULL WHERE id = '005C'`,
			has: []string{
				"006E,Echo,,Renewal,50,EUR,2026-10-01T00:00:00Z,,open,Discovery,,,best_case,\n" +
					"006F,Fern,005B,New business,70,EUR,2025-01-05T00:00:00Z,2026-09-01T00:00:00Z,won,Closed Won,2026-09-01,1,,\n" +
					"006G,006G,,,,,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,lost,Closed Lost,2026-01-01,,,\n" +
					"006I,006I,,,,,2026-04-02T00:00:00Z,,open,,,,,\nstage_changes\n",
				"006I,Discovery,2026-04-02T00:00:00Z,,1\nof all", "006I,2026-04-03T00:00:00Z,task,seller\nof all", "006I,2026-04-02T00:00:00Z,,,,,1\n006I,2026-04-04T00:00:00Z,,,,,2\nof all",
				"005C,005C,,",
			},
		},
		"hubspot": {
			changes: `INSERT INTO hubspot.deal_property_history VALUES
					(1002, 'closedate', '2026-03-03', '2026-02-30', 'IMPORT', NULL), (1002, 'closedate', '2026-03-04', '13/02/2026', 'IMPORT', NULL),
					(1002, 'closedate', '2026-03-05', '99999999999999', 'IMPORT', NULL), (1002, 'closedate', '2026-03-06', '1899-12-31', 'IMPORT', NULL),
					(1002, 'amount', '2026-03-07', '1.2.3', 'IMPORT', NULL), (1002, 'amount', 'infinity', '1', 'IMPORT', NULL), (NULL, 'amount', '2026-03-07', '1', 'IMPORT', NULL);
				UPDATE hubspot.deal SET property_createdate = NULL WHERE deal_id IN (1001, 1003, 1004);
				UPDATE hubspot.deal SET property_amount = 'NaN', property_closedate = '0001-01-01' WHERE deal_id = 1002;
				INSERT INTO hubspot.deal_stage (deal_id, value, date_entered) VALUES (1002, 'gone', 'infinity'), (NULL, 'gone', '2026-01-01');
				ALTER TABLE hubspot.deal_pipeline DROP CONSTRAINT deal_pipeline_pkey, ALTER pipeline_id DROP NOT NULL; INSERT INTO hubspot.deal_pipeline VALUES (NULL, 'None');
				INSERT INTO hubspot.deal_pipeline_stage VALUES ('appt', NULL, 'Other', 0.2, false), (NULL, 'default', 'None', 0.2, false);
				ALTER TABLE hubspot.owner DROP CONSTRAINT owner_pkey, ALTER owner_id DROP NOT NULL; INSERT INTO hubspot.owner (email) VALUES ('nobody@example.com');
				INSERT INTO hubspot.engagement_deal VALUES (NULL, 1)`,
			has: []string{
				"1001,Acme,101,Sales,1200.5,USD,2026-01-05T09:00:00Z,2026-04-11T16:00:00Z,won", // its first stage
				"1002,Bolt,102,Sales,,EUR,2026-03-01T08:30:00Z,,open,Proposal,,0.6,",
				"1003,Cone,103,Sales,,,2026-04-12T10:00:00Z,2026-04-12T10:00:00Z,lost", // when it closed
				"1002,2026-03-01T00:00:00Z,2026-12-31,,,,1\nof all", "1002,Demo,2026-03-12T00:00:00Z,,5\n1002,Proposal,2026-03-13T00:00:00Z,,6\n1009",
				"1014,prop,2026-04-02T00:00:00Z,,1\n",
			},
			not: []string{"1004,Dust"},
		},
		"pipedrive": {
			changes: `ALTER TABLE pipedrive.deals DROP CONSTRAINT deals_pkey, ALTER id DROP NOT NULL, ALTER expected_close_date TYPE text USING '2026-13-01', ALTER status DROP NOT NULL;
				UPDATE pipedrive.deals SET add_time = NULL WHERE id IN (11, 13, 12, 20); UPDATE pipedrive.deals SET value = NULL, value__v_double = 'NaN' WHERE id = 21;
				INSERT INTO pipedrive.deals (id, title, status, add_time) VALUES (NULL, 'No id', 'open', '2026-01-01');
				INSERT INTO pipedrive.deals_flow_deal_change VALUES (50, 5, 1, 'expected_close_date', '30.02.2026', '2026-02-30', '2026-06-04', 'app'),
					(51, 5, 1, 'value', '1.2.3', '1,5', '2026-06-05', 'app'), (52, 5, 1, 'value', '70', '80', 'infinity', 'app'),
					(53, 5, 1, 'stage_id', '1', '2', '-infinity', 'app'), (54, NULL, 1, 'stage_id', '1', '2', '2026-06-05', 'app'), (55, NULL, 1, 'value', '1', '2', '2026-06-05', 'app');
				ALTER TABLE pipedrive.stages DROP CONSTRAINT stages_pkey, ALTER id DROP NOT NULL; INSERT INTO pipedrive.stages VALUES (NULL, 'None');
				ALTER TABLE pipedrive.pipelines DROP CONSTRAINT pipelines_pkey, ALTER id DROP NOT NULL; INSERT INTO pipedrive.pipelines VALUES (NULL, 'None');
				ALTER TABLE pipedrive.users DROP CONSTRAINT users_pkey, ALTER id DROP NOT NULL; INSERT INTO pipedrive.users VALUES (NULL, 'None')`,
			has: []string{
				"deals\n11,Eleven,1,New business,1000,EUR,2026-01-10T00:00:00Z,2026-04-11T16:00:00Z,won,Offer,,0.8,", // its first change
				"13,Thirteen,3,Renewals,99.5,,2026-02-02T12:00:00Z,",                                                 // when it closed
				"21,Merged,1,New business,,,",
				"stage_changes\n11,Demo,2026-01-10T00:00:00Z,1,1\n", // since when it stood in the one before nobody knows
				"5,Lead,2026-06-01T00:00:00Z,1,1\nof all", "5,2026-06-03T00:00:00Z,,70,,,1\nof all",
			},
			not: []string{"20,Twenty", "13,Offer", "13,2025-12-01"},
		},
		"odoo": {
			changes: `UPDATE crm_lead SET probability = 100.00001 WHERE id = 1; UPDATE crm_lead SET probability = -1, expected_revenue = 'NaN' WHERE id = 2;
				UPDATE crm_lead SET create_date = NULL WHERE id IN (1, 6, 7); UPDATE crm_lead SET date_last_stage_update = NULL, date_closed = NULL WHERE id = 7;
				UPDATE crm_lead SET date_deadline = 'infinity', name = '' WHERE id = 10; UPDATE res_partner SET name = '' WHERE id = 12;
				UPDATE mail_tracking_value SET new_value_datetime = '0202-04-30' WHERE id = 61; UPDATE mail_tracking_value SET create_date = '9999-01-01' WHERE id = 21;
				INSERT INTO mail_tracking_value (id, mail_message_id, field_id, old_value_float, new_value_float, create_date) VALUES
					(72, 901, 103, 10, -1, '2026-03-05'), (73, 901, 103, -1, 101, '2026-03-06'), (74, 901, 103, 101, 20, '2026-03-07');
				UPDATE mail_activity_type SET name = '{}' WHERE id = 1; ALTER TABLE res_users ALTER partner_id DROP NOT NULL;
				INSERT INTO res_users VALUES (12, NULL, 'nobody', true, false, NULL)`,
			has: []string{
				"deals\n1,Acme,6,North,1200.5,EUR,2026-01-06T10:00:00Z,2026-04-11T16:00:00Z,won,Won,2026-05-01,1,", // its first message
				"10,10,6,Est,,EUR,2026-07-01T08:00:00Z,,open,Proposition,,0.2,", "2,Bolt,7,North,,USD,2026-03-01T08:30:00Z,,open,Proposition,2026-12-31,,",
				"6,Echo,11,,,EUR,2026-04-01T00:00:00Z,", // its last change of stage
				"8,cleo@example.com,,,,,false\n", "1,Scoping,2026-01-20T09:00:00Z,6,1\n", "1,2026-01-14T00:00:00Z,to-do,seller\n",
				"9,2026-03-05T00:00:00Z,,,0.1,,0\n9,2026-03-07T00:00:00Z,,,0.2,,3\n", "forecasts\n1,2026-01-20T09:00:00Z,,1200.5,,,1\n1,2026-03-15T",
			},
			not: []string{"7,Fern", "\n1,New,", "\n6,2026-0"},
		},
	} {
		t.Run(preset, func(t *testing.T) {
			dsn, db := vendorTables(t, preset)
			db.MustExec(c.changes)
			wantParts(t, canonical(t, Config{DSN: dsn, Preset: preset}), c.has, c.not...)
		})
	}
}

// A loader that trusts no type writes text, and that may be anything.
func TestTextsThatAreDates(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	allText(db, "salesforce")
	db.MustExec("DELETE FROM salesforce.opportunity")
	for text, want := range map[string][2]string{ // the text as a date, and as an instant
		"2026-02-28":                    {"2026-02-28", "2026-02-28T00:00:00Z"},
		"2026-02-29":                    {},
		"2024-02-29":                    {"2024-02-29", "2024-02-29T00:00:00Z"},
		"2000-02-29":                    {"2000-02-29", "2000-02-29T00:00:00Z"},
		"1900-02-29":                    {},
		"2100-02-29":                    {},
		"2026-04-30T23:59:59.999Z":      {"2026-04-30", "2026-04-30T23:59:59.999Z"},
		"2026-04-30 23:59":              {"2026-04-30", "2026-04-30T23:59:00Z"},
		"2026-04-30 01:00:00+02":        {"2026-04-30", "2026-04-29T23:00:00Z"},
		"2026-04-30T01:00:00.000+02:00": {"2026-04-30", "2026-04-29T23:00:00Z"},
		"2026-04-31":                    {},
		"2026-13-01":                    {},
		"2026-00-10":                    {},
		"2026-01-00":                    {},
		"2026-01-01 25:00:00":           {"2026-01-01"},
		"2026-01-011":                   {},
		"1899-12-31":                    {},
		"2100-12-31":                    {"2100-12-31", "2100-12-31T00:00:00Z"},
		"2101-01-01":                    {},
		"9999-12-31 23:59:59":           {},
		"13/02/2026":                    {},
		"02/03/2026":                    {},
		"next quarter":                  {},
		"infinity":                      {},
		"":                              {},
	} {
		db.MustExec(`INSERT INTO salesforce.opportunity (id, name, owner_id, stage_name, created_date, close_date, is_closed, is_won)
			VALUES ($1, $2, $3, 'Discovery', '2026-01-01', $1, 'false', 'no'), ('as instant ' || $1, $2, $3, 'Discovery', $1, NULL, 'maybe', 'no')`,
			"006"+text, text, strings.Join(want[:], "|"))
		db.MustExec("UPDATE salesforce.opportunity SET close_date = name WHERE id = '006' || name; UPDATE salesforce.opportunity SET created_date = name WHERE id LIKE 'as instant %'")
	}
	r, end, err := open(t, Config{DSN: dsn, Preset: "salesforce"}).Read(t.Context(), asOf)
	if err != nil {
		t.Fatal(err)
	}
	instants := 0
	for h, err := range r.Deals {
		if err != nil {
			t.Fatal(err)
		}
		day, at, _ := strings.Cut(h.Deal.RepID, "|")
		switch {
		case !strings.HasPrefix(h.Deal.ID, "as instant "):
			if got := cellText(h.Deal.ExpectedClose); got != day {
				t.Errorf("%q is the date %q, want %q", h.Deal.Name, got, day)
			}
		default:
			instants++
			if got := cellText(h.Deal.CreatedAt); got != at || h.Deal.Outcome != pipeline.Open {
				t.Errorf("%q is the instant %q, want %q; %s", h.Deal.Name, got, at, h.Deal.Outcome)
			}
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if instants != 8 {
		t.Errorf("%d instants", instants)
	}
}
