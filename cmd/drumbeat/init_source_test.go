package main

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"drumbeat/internal/dbtest"
)

// drawn is what init says of a database, and the process that it wrote.
func drawn(t *testing.T, args ...string) (said, process string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "first")
	said = call(t, append([]string{"init", "--out", dir}, args...)...)
	text, err := os.ReadFile(filepath.Join(dir, processFile))
	if err != nil {
		t.Fatal(err)
	}
	return said, string(text)
}

func TestTheCountsOfInitAddUp(t *testing.T) {
	t.Parallel()
	said, process := drawn(t, "--from", ofCRM(t, "hubspot"))
	says(t, said, `7 deals in the pipeline "Sales"`, "; 1 won, 1 lost, 5 open\n", `closed lost     "Closed lost", 1 deal`,
		`left out        "On hold" (open deals rest in it, none has moved there), 1 deal`)
	says(t, process, `"Closed lost": 1 deal rests in it, lost, and the history does not say that it came`, "lost: [Closed lost]")
}

func TestInitSaysWhatTheSourceLacksAndWhy(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(ofCRM(t, "salesforce", "CREATE ROLE init_looker LOGIN PASSWORD 'look'", "GRANT USAGE ON SCHEMA salesforce TO init_looker",
		"GRANT SELECT ON ALL TABLES IN SCHEMA salesforce TO init_looker", "REVOKE SELECT ON salesforce.opportunity_history FROM init_looker"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("init_looker", "look")
	said, _ := drawn(t, "--from", u.String())
	says(t, said, "There is no history of stages", "\nnot there       stage_changes: salesforce.opportunity_history may not be read (GRANT SELECT); no table opportunity_field_history\n",
		"\n                for want of it: adherence, days in stage, stalls and pace, fitness, paths that win and more\n",
		"\n                for want of it: forecast calls and all that is made of them and more\n", "\nleft out        without a pipeline, 1 deal\n", "not waivers", "not the role")

	said, _ = drawn(t, "--from", ofCRM(t, "pipedrive"))
	says(t, said, "to be known     the role ", "by preset pipedrive")
}

// A warehouse may hold canonical tables beside those of a CRM.
func TestInitSaysThatItReadCanonicalTables(t *testing.T) {
	dsn := ofCRM(t, "salesforce")
	_, said := initialised(t, smallPipeline(t), dsn)
	says(t, said, ": 2 deals, by canonical tables, 2026-01-05", "not salesforce", "\nnot there       activities\n")
}

func TestTwoCRMsInOneDatabaseAreNotGuessed(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("..", "..", "internal", "source", "testdata", "presets", "pipedrive.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var out, bad bytes.Buffer
	status := execute(t.Context(), []string{"init", "--from", ofCRM(t, "salesforce", string(script)), "--out", t.TempDir()}, &out, &bad)
	if want := "drumbeat: --from: the tables may be those of pipedrive or salesforce; say which by --preset\n"; status != exitWrong || bad.String() != want {
		t.Errorf("exit status %d, %s", status, &bad)
	}
}

func TestInitSaysWhichPresetsItTried(t *testing.T) {
	t.Parallel()
	var out, bad bytes.Buffer
	if status := execute(t.Context(), []string{"init", "--from", dbtest.Postgres(t), "--out", t.TempDir()}, &out, &bad); status != exitWrong {
		t.Errorf("exit status %d", status)
	}
	says(t, bad.String(), "there are no canonical tables yet", "tried were hubspot, odoo, pipedrive and salesforce", "--preset", "not source.")
}
