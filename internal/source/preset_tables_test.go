package source

import (
	"strings"
	"testing"
)

// History mode keeps every version of a row beside the newest, which alone counts, in whatever table.
func TestOlderVersionsOfRowsDoNotCount(t *testing.T) {
	for preset, tables := range map[string]string{
		"salesforce": "user user_role record_type opportunity task event",
		"hubspot": "owner users team owner_team deal_pipeline deal_pipeline_stage deal merged_deal engagement_deal engagement_call " +
			"engagement_email engagement_meeting engagement_note engagement_task engagement_communication",
		"pipedrive": "users pipelines stages deals activities",
	} {
		t.Run(preset, func(t *testing.T) {
			dsn, db := vendorTables(t, preset)
			for table := range strings.FieldsSeq(tables) {
				db.MustExec(strings.NewReplacer("{schema}", preset, "{table}", `"`+table+`"`).Replace(`
					CREATE TABLE {schema}.versions AS SELECT *, false AS _fivetran_active FROM {schema}.{table} UNION ALL SELECT *, true FROM {schema}.{table};
					DROP TABLE {schema}.{table};
					ALTER TABLE {schema}.versions RENAME TO {table}`))
			}
			got := canonical(t, Config{DSN: dsn, Preset: preset})
			if rows, _, _ := strings.Cut(got, "from\n"); !strings.HasPrefix(fixture(t, preset+".want"), rows) {
				t.Errorf("%s", got)
			}
		})
	}
}

// A column of a type that no query counts on is as good as absent.
func TestTypesThatNobodyThoughtOf(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	cfg := Config{DSN: dsn, Preset: "salesforce"}
	t.Run("those that can be read by their text are", func(t *testing.T) {
		db.MustExec(`CREATE TYPE salesforce.stage AS ENUM ('Closed Won', 'Proposal', 'Closed Lost', 'Discovery');
			CREATE TYPE salesforce.flag AS ENUM ('true', 'false');
			ALTER TABLE salesforce.opportunity ALTER stage_name TYPE salesforce.stage USING CAST(stage_name AS salesforce.stage),
				ALTER is_closed TYPE salesforce.flag USING CAST(CAST(is_closed AS text) AS salesforce.flag), ALTER is_won TYPE jsonb USING to_jsonb(is_won),
				ALTER owner_id TYPE jsonb USING to_jsonb(owner_id), ALTER amount TYPE json USING to_json(amount), ALTER created_date TYPE jsonb USING to_jsonb(created_date),
				ALTER close_date TYPE jsonb USING to_jsonb(close_date), ALTER probability TYPE money USING CAST(CAST(probability AS numeric) AS money)`)
		wantRows(t, canonical(t, cfg), "salesforce")
	})
	t.Run("others are not, and said", func(t *testing.T) {
		db.MustExec(`ALTER TABLE salesforce.opportunity ALTER amount TYPE point USING NULL, ALTER close_date TYPE bigint USING 1, ADD last_stage_change_date bigint,
				ALTER forecast_category TYPE text[] USING NULL, ALTER is_deleted TYPE timestamp USING NULL, ALTER _fivetran_synced TYPE bigint USING 1;
			ALTER TABLE salesforce.event ALTER start_date_time TYPE int USING 1;
			UPDATE salesforce.event SET activity_date_time = '2026-01-09 14:00' WHERE id IN ('00U1', '00U2')`)
		got := canonical(t, cfg)
		wantParts(t, got, []string{
			"006B,Bolt,005B,New business,,USD,2026-03-01T08:30:00Z,,open,Proposal,,0.6,", "006A,2026-01-09T14:00:00Z,meeting,buyer\n",
			"salesforce.opportunity.amount is of type point and no numeric\n", "salesforce.opportunity.close_date is of type int8 and no date\n",
			"salesforce.opportunity.last_stage_change_date is of type int8 and no timestamptz\n",
			"salesforce.opportunity.is_deleted is of type timestamp and no boolean: deals in the recycle bin are counted\n",
			"salesforce.event.start_date_time is of type int4 and no timestamptz\n", "deals: amount, expected_close, loss_reason\n",
		})
		if at, err := open(t, cfg).Synced(t.Context()); err != nil || at.OK {
			t.Errorf("synced %v, %v", at, err)
		}
	})
	t.Run("where they are needed, there is nothing to read", func(t *testing.T) {
		db.MustExec("ALTER TABLE salesforce.opportunity ALTER is_won TYPE timestamp USING NULL")
		wantError(t, readError(t, open(t, cfg)), "preset salesforce: in schema", "salesforce.opportunity.is_won is of type timestamp and no boolean", "source.queries")
	})
}

// A table that a loader made and never filled does not stand before one that is full.
func TestEmptyHistoriesGiveWayToTheNext(t *testing.T) {
	t.Run("salesforce", func(t *testing.T) {
		dsn, db := vendorTables(t, "salesforce")
		cfg := Config{DSN: dsn, Preset: "salesforce"}
		db.MustExec("TRUNCATE salesforce.opportunity_history")
		wantParts(t, canonical(t, cfg), []string{
			"no stage_changes: opportunity_history is empty\n", "no forecasts: opportunity_history is empty\n",
			"2026-05-01T00:00:00Z,won,", // on its Close Date
		}, "\nstage_changes\n", "\nforecasts\n")
		db.MustExec(salesforceFields)
		wantParts(t, canonical(t, cfg), []string{
			"stage_changes\n006A,Proposal,2026-02-10T09:00:00Z,,0\n", "stage_changes salesforce.opportunity_field_history",
			"stage_changes are those of salesforce.opportunity_field_history: opportunity_history is empty\n",
			"forecasts\n006A,2026-03-01T09:00:00Z,2026-03-31,,,,0\n",
			"forecasts are those of salesforce.opportunity_field_history: opportunity_history is empty\n",
		})
		db.MustExec("DELETE FROM salesforce.opportunity_field_history WHERE field = 'StageName'")
		wantParts(t, canonical(t, cfg), []string{"no stage_changes: opportunity_history is empty; changes of Stage are not in opportunity_field_history\n", "\nforecasts\n"})
		db.MustExec("UPDATE salesforce.opportunity_field_history SET field = 'Owner'")
		wantParts(t, canonical(t, cfg), []string{"no forecasts: opportunity_history is empty; changes of Close Date, Amount and the like are not in opportunity_field_history\n"})
	})
	t.Run("hubspot", func(t *testing.T) {
		dsn, db := vendorTables(t, "hubspot")
		cfg := Config{DSN: dsn, Preset: "hubspot"}
		db.MustExec("TRUNCATE hubspot.deal_stage")
		wantParts(t, canonical(t, cfg), []string{"stage_changes\n1001,Appointment,2026-01-05T09:00:00Z,101,1\n",
			"stage_changes are those of hubspot.deal_property_history: deal_stage is empty\n"})
		db.MustExec("DELETE FROM hubspot.deal_property_history WHERE name = 'dealstage'")
		wantParts(t, canonical(t, cfg), []string{"no stage_changes: deal_stage is empty; changes of dealstage are not in deal_property_history\n", "\nforecasts\n"})
	})
}

// Two columns may differ in their spelling only: the one that is spelled as the loader does is meant.
func TestTheExactSpellingOfAColumnWins(t *testing.T) {
	dsn, db := vendorTables(t, "salesforce")
	db.MustExec(`ALTER TABLE salesforce.opportunity ADD "StageName" text DEFAULT 'of an older sync', ADD createddate timestamp;
		ALTER TABLE salesforce.opportunity_history RENAME stage_name TO s; ALTER TABLE salesforce.opportunity_history ADD "StageName" text, ADD stage_name text;
		UPDATE salesforce.opportunity_history SET stage_name = s`)
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "salesforce"}), "salesforce")
}

// Ids that a loader keeps as decimals are those that other tables keep as whole numbers.
func TestIdsThatAreDecimals(t *testing.T) {
	dsn, db := vendorTables(t, "pipedrive")
	db.MustExec(`ALTER TABLE pipedrive.deals ALTER id TYPE numeric(20,2), ALTER stage_id TYPE numeric(20,2), ALTER user_id TYPE numeric(20,2);
		ALTER TABLE pipedrive.activities ALTER deal_id TYPE numeric(20,0)`)
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "pipedrive"}), "pipedrive")
}
