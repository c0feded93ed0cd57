package source

import (
	"os"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

func TestPipedriveAsDltLeavesIt(t *testing.T) {
	dsn, _ := vendorTables(t, "pipedrive")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "pipedrive"}), "pipedrive")
}

func TestPipedriveUnderSingersNames(t *testing.T) {
	dsn, db := vendorTables(t, "pipedrive")
	db.MustExec(`ALTER TABLE pipedrive.deals_flow_deal_change RENAME TO dealflow;
		ALTER TABLE pipedrive.deals RENAME user_id TO owner_id; ALTER TABLE pipedrive.deals RENAME value__v_double TO a;
		ALTER TABLE pipedrive.deals ALTER value TYPE double precision; UPDATE pipedrive.deals SET value = a WHERE a IS NOT NULL;
		ALTER TABLE pipedrive.pipelines RENAME deal_probability TO is_deal_probability_enabled;
		ALTER TABLE pipedrive.activities RENAME active_flag TO is_deleted; UPDATE pipedrive.activities SET is_deleted = NOT is_deleted`)
	got := canonical(t, Config{DSN: dsn, Preset: "pipedrive"})
	want, err := os.ReadFile("testdata/presets/pipedrive.want")
	if err != nil {
		t.Fatal(err)
	}
	if rows, _, _ := strings.Cut(got, "from\n"); !strings.HasPrefix(string(want), rows) || rows == "" {
		t.Errorf("got:\n%s", got)
	}
	wantParts(t, got, []string{"stage_changes pipedrive.dealflow"})
}

// Where the owner comes as an object, dlt makes a column of each of its fields.
func TestPipedriveWhoseOwnersAreObjects(t *testing.T) {
	dsn, db := vendorTables(t, "pipedrive")
	db.MustExec("ALTER TABLE pipedrive.deals RENAME user_id TO user_id__id")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "pipedrive"}), "pipedrive")
}

func TestPipedriveWhoseColumnsAreAllText(t *testing.T) {
	dsn, db := vendorTables(t, "pipedrive")
	allText(db, "pipedrive")
	db.MustExec("UPDATE pipedrive.deals SET won_time = '' WHERE id = '13'; UPDATE pipedrive.activities SET marked_as_done_time = '' WHERE id = '2'")
	wantRows(t, canonical(t, Config{DSN: dsn, Preset: "pipedrive"}), "pipedrive")
}

func TestWhatPipedrivesLoaderDoesNotSync(t *testing.T) {
	dsn, db := vendorTables(t, "pipedrive")
	cfg := Config{DSN: dsn, Preset: "pipedrive"}
	t.Run("what a change replaced", func(t *testing.T) {
		db.MustExec("ALTER TABLE pipedrive.deals_flow_deal_change DROP old_value, DROP user_id, DROP change_source")
		wantParts(t, canonical(t, cfg), []string{
			"pipedrive.deals_flow_deal_change has no old_value: a deal's stage, amount and expected close before their first change are not known\n",
			"stage_changes: rep_id\n",
			"stage_changes\n11,Demo,2026-01-10T00:00:00Z,,1\n",
			"13,Offer,2025-12-01T00:00:00Z,,0\n",                               // nothing changed: it is where it was
			"12,2026-03-06T00:00:00Z,,0,,,2\n", "19,Old,2026-05-10T00:00:00Z,", // its first row names a stage all the same
			"5,Lead,2026-06-01T00:00:00Z,,1\nof all deals", // what repeats the stage is none without the old one either
		}, "11,Lead", "12,2026-03-01T08:30:00Z,")
	})
	t.Run("a log of stages only says nothing of amounts", func(t *testing.T) {
		db.MustExec("DELETE FROM pipedrive.deals_flow_deal_change WHERE field_key <> 'stage_id'")
		wantParts(t, canonical(t, cfg), []string{"forecasts\nof all deals: 0\n"})
	})
	t.Run("optional columns and names", func(t *testing.T) {
		db.MustExec(`DROP TABLE pipedrive.stages, pipedrive.pipelines;
			ALTER TABLE pipedrive.deals DROP value, DROP value__v_double, DROP lost_reason, DROP probability, DROP deleted, DROP won_time, DROP expected_close_date;
			ALTER TABLE pipedrive.users DROP active_flag, DROP timezone_name`)
		wantParts(t, canonical(t, cfg), []string{
			"no table stages: stages go by their ids\n", "12,2,2026-03-04T00:00:00Z,,1\n",
			"no table pipelines: pipelines go by their ids, and a deal without a probability of its own has none\n",
			"11,Eleven,1,1,,EUR,2026-01-05T09:00:00Z,2026-04-11T16:00:05Z,won,3,,,,\n",
			"deals: amount, expected_close, probability, forecast_category, loss_reason\n",
			"reps: manager_id, team, time_zone, active\n", "pipedrive.users has no active_flag: everybody counts as active\n",
		}, "\n18,")
	})
	t.Run("the log and the activities", func(t *testing.T) {
		db.MustExec("DROP TABLE pipedrive.deals_flow_deal_change, pipedrive.activities")
		wantParts(t, canonical(t, cfg), []string{
			"no stage_changes: no table deals_flow_deal_change or dealflow\n", "no forecasts: no table deals_flow_deal_change or dealflow\n",
			"no activities: no table activities\n",
		}, "\nstage_changes\n", "\nactivities\n")
	})
}

func TestIndexesServePipedrivesHistories(t *testing.T) {
	wantIndexed(t, "pipedrive", "", map[pipeline.Rows][]string{
		pipeline.Deals:        {"using deals_drumbeat "},
		pipeline.StageChanges: {"using deals_flow_drumbeat_stages ", "using deals_drumbeat ", "Merge Append"},
		pipeline.Forecasts:    {"using deals_flow_drumbeat_values ", "using deals_drumbeat ", "Merge Append"},
	})
}
