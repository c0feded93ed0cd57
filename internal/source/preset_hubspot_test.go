package source

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/pipeline"
)

func TestHubSpotAsFivetranLeavesIt(t *testing.T) {
	dsn, _ := vendorTables(t, "hubspot")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "hubspot"}), "hubspot")
}

// allText gives every column of a schema the type text, as a loader does that trusts no type.
func allText(db *sqlx.DB, schema string) {
	var names []struct{ Table, Column string }
	if err := db.Select(&names, `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
		WHERE table_schema = $1 ORDER BY 1, 2`, schema); err != nil {
		panic(err)
	}
	for _, n := range names {
		db.MustExec(fmt.Sprintf(`ALTER TABLE %[1]s.%[2]q ALTER %[3]q DROP DEFAULT, ALTER %[3]q TYPE text USING CAST(%[3]q AS text)`,
			schema, n.Table, n.Column))
	}
}

// wantParts looks for lines in the middle of what canonical prints, and for others that must not be there.
func wantParts(t *testing.T, got string, parts []string, not ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("lacks %q:\n%s", part, got)
		}
	}
	for _, part := range not {
		if strings.Contains(got, part) {
			t.Errorf("has %q:\n%s", part, got)
		}
	}
}

func TestHubSpotWhoseColumnsAreAllText(t *testing.T) {
	dsn, db := vendorTables(t, "hubspot")
	allText(db, "hubspot")
	db.MustExec("UPDATE hubspot.deal SET property_amount = '' WHERE deal_id = '1003'")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "hubspot"}), "hubspot")
}

func TestWhatHubSpotsLoaderDoesNotSync(t *testing.T) {
	dsn, db := vendorTables(t, "hubspot")
	cfg := Config{DSN: dsn, Preset: "hubspot"}
	t.Run("optional columns are null, and said", func(t *testing.T) {
		db.MustExec(`ALTER TABLE hubspot.deal DROP property_deal_currency_code, DROP property_hs_deal_stage_probability,
			DROP property_hs_manual_forecast_category, DROP property_closed_lost_reason, DROP is_deleted;
			ALTER TABLE hubspot.owner DROP active_user_id, DROP type;
			ALTER TABLE hubspot.deal_stage DROP source, DROP source_id, DROP _fivetran_start`)
		wantParts(t, canonical(t, cfg), []string{
			"reps: manager_id, time_zone, active\n", "deals: currency, forecast_category, loss_reason\n", "stage_changes: rep_id\n",
			"hubspot.owner has no active_user_id: everybody counts as active\n",
			"103,Cleo Carr,cleo@example.com,,,,true\n",
			"1002,Bolt,102,Sales,800,,2026-03-01T08:30:00Z,,open,Proposal,2026-12-31,0.6,,\n", // the stage's probability
			"1005,Deleted,101,", "1001,Appointment,2026-01-05T09:00:00Z,,1\n",
		})
	})
	t.Run("the stage history of the properties, where deal_stage is not there", func(t *testing.T) {
		db.MustExec("DROP TABLE hubspot.deal_stage; ALTER TABLE hubspot.owner ADD active_user_id bigint; UPDATE hubspot.owner SET active_user_id = 9001 WHERE owner_id = 101")
		wantParts(t, canonical(t, cfg), []string{
			"stage_changes\n1001,Appointment,2026-01-05T09:00:00Z,101,1\n1001,Proposal,2026-02-09T00:00:00Z,,2\nof all deals: 2\n",
			"stage_changes hubspot.deal_property_history",
		})
	})
	t.Run("tables of names and of merged deals", func(t *testing.T) {
		db.MustExec("DROP TABLE hubspot.deal_pipeline, hubspot.merged_deal, hubspot.users, hubspot.team, hubspot.engagement_call")
		wantParts(t, canonical(t, cfg), []string{
			"no table deal_pipeline: pipelines go by their ids\n", "1002,Bolt,102,default,",
			"no table merged_deal: deals that were merged into another are counted beside it\n", "1007,Merged away,101,p2,",
			"no table team: nobody has a team\n", "reps: manager_id, team, time_zone\n",
			"no table engagement_call: calls are not seen\n", "1001,2026-01-07T00:00:00Z,email,buyer\n",
		}, ",call,")
	})
	t.Run("histories and engagements", func(t *testing.T) {
		db.MustExec("DROP TABLE hubspot.deal_property_history, hubspot.engagement_deal")
		wantParts(t, canonical(t, cfg), []string{
			"no stage_changes: no table deal_stage; no table deal_property_history\n",
			"no forecasts: no table deal_property_history\n", "no activities: no table engagement_deal\n",
		}, "\nstage_changes\n", "\nforecasts\n", "\nactivities\n")
	})
	t.Run("what closed means", func(t *testing.T) {
		db.MustExec("ALTER TABLE hubspot.deal_pipeline_stage DROP is_closed")
		wantParts(t, canonical(t, cfg), []string{
			"hubspot.deal_pipeline_stage has no is_closed: lost deals count as open where property_hs_is_closed does not say so\n",
			"1003,Cone,103,default,,,2026-02-01T00:00:00Z,2026-04-12T10:00:00Z,lost,Closed lost,", // says so itself
			"1010,Old win,101,p2,,,2025-03-01T00:00:00Z,,won,Won,",
		})
		db.MustExec("DROP TABLE hubspot.deal_pipeline_stage") // every deal would look open
		wantError(t, readError(t, open(t, cfg)), "preset hubspot: in schema", "no table deal_pipeline_stage")
	})
}

// An engagement may lack what says when it was, or whether it was done.
func TestHubSpotsEngagementsWithoutTheirProperties(t *testing.T) {
	dsn, db := vendorTables(t, "hubspot")
	db.MustExec(`ALTER TABLE hubspot.engagement_task DROP property_hs_task_status; ALTER TABLE hubspot.engagement_email DROP property_hs_email_direction;
		ALTER TABLE hubspot.engagement_note DROP property_hs_timestamp; ALTER TABLE hubspot.engagement_meeting DROP property_hs_meeting_start_time`)
	wantParts(t, canonical(t, Config{DSN: dsn, Preset: "hubspot"}), []string{
		"1001,2026-01-11T00:00:00Z,task,seller\n", "1001,2026-01-07T00:00:00Z,email,seller\n", "1001,2026-01-01T00:00:00Z,meeting,buyer\n",
		"hubspot.engagement_task has no property_hs_task_status: a task counts only where it has a date of completion\n",
		"hubspot.engagement_email has no property_hs_email_direction: every email counts as the seller's\n",
	}, "2026-01-15T00:00:00Z,task", ",note,")
}

// wantIndexed makes the indexes that the docs recommend, and looks for them in the plans of the statements: an index whose
// expression is not that of the statement, word for word, never serves.
func wantIndexed(t *testing.T, preset, change string, indexes map[pipeline.Rows][]string) {
	t.Helper()
	dsn, db := vendorTables(t, preset)
	sql, err := os.ReadFile("testdata/presets/" + preset + "_indexes.sql")
	if err != nil {
		t.Fatal(err)
	}
	db.MustExec(string(sql) + change)
	v, err := open(t, Config{DSN: dsn, Preset: preset}).snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.end()
	if err := v.checkOwn(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.first.MustExec("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_sort = off")
	fullSort := regexp.MustCompile(`(?m)^ *(->  )?Sort  `)
	for rows, names := range indexes {
		var lines []string
		if err := v.first.Select(&lines, "EXPLAIN "+v.statement(layoutOf(rows)), v.alone()...); err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		wantParts(t, plan, names)
		if fullSort.MatchString(plan) {
			t.Errorf("%s are sorted as a whole:\n%s", rows, plan)
		}
	}
}

func TestIndexesServeHubSpotsHistories(t *testing.T) {
	wantIndexed(t, "hubspot", "", map[pipeline.Rows][]string{
		pipeline.Deals:        {"using deal_drumbeat "},
		pipeline.StageChanges: {"using deal_stage_drumbeat ", "using deal_drumbeat ", "Incremental Sort"},
		pipeline.Forecasts:    {"using deal_property_history_drumbeat ", "Incremental Sort"},
	})
	wantIndexed(t, "hubspot", "DROP TABLE hubspot.deal_stage", map[pipeline.Rows][]string{
		pipeline.StageChanges: {"using deal_property_history_drumbeat_stages ", "using deal_drumbeat ", "Incremental Sort"},
	})
}
