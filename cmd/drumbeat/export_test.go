package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drumbeat/internal/dbtest"
)

const (
	crmConfig = `source: {dsn: "DSN"}
process: process.yaml
time_zone: America/New_York
currency: USD
people:
  - {rep: Dustin Brinkmann, email: dustin@example.com}
  - {rep: Moses Frase, email: moses@example.com}
schedules:
  - {name: team, digest: manager, cron: "0 7 * * 1"}
  - {name: own, digest: rep, cron: "0 7 * * 1", recipients: {reps: [Moses Frase]}}
mail: {from: drumbeat@example.com, smtp: {host: localhost}}
`
	crmProcess = `process: sales
closed_stages: {won: [Won], lost: [Lost]}
versions:
  - effective: 2016-01-01
    stages:
      - {key: prospecting, name: Prospecting, phase: before, mandatory: false, expects: The buyer may have a need.}
      - {key: engaging, name: Engaging, phase: selling, expects: The buyer talks to us.}
`
)

// crmCounts is what is looked at of a report.
type crmCounts struct {
	Sources map[string]*int `json:"sources"`
	Team    struct {
		Stall struct {
			OpenDeals    int `json:"open_deals"`
			StalledDeals int `json:"stalled_deals"`
		} `json:"stall"`
	} `json:"team"`
	Stages []struct {
		Key             string   `json:"key"`
		Visits          int      `json:"visits"`
		ThresholdSource string   `json:"threshold_source"`
		MedianDays      *float64 `json:"median_days"`
	} `json:"stages"`
	Managers []struct {
		ID   string   `json:"id"`
		Reps []string `json:"reps"`
	} `json:"managers"`
}

// A real export of a CRM, from nothing to digests. The counts were made from the file by other means.
func TestARealExportFromNothingToDigests(t *testing.T) {
	t.Parallel()
	data := filepath.Join(dbtest.Data(t), "crm_export")
	dbtest.Both(t, func(t *testing.T, dsn string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"drumbeat.yaml": strings.ReplaceAll(crmConfig, "DSN", dsn), "process.yaml": crmProcess,
			"map.yaml": "entered: [{column: engage_date, stage: Engaging}]\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		config := filepath.Join(dir, "drumbeat.yaml")
		report := func() (r crmCounts) {
			t.Helper()
			if err := json.Unmarshal([]byte(call(t, "report", "--config", config, "--as-of", "2017-12-30", "--format", "json")), &r); err != nil {
				t.Fatal(err)
			}
			return r
		}

		var out, warnings bytes.Buffer
		if status := execute(t.Context(), []string{"import", data, "--preset", "csv", "--into", dsn}, &out, &warnings); status != exitDone {
			t.Fatal(warnings.String())
		}
		for _, want := range []string{"no stage_changes: adherence", "no activities: silent buyers", "no criteria: ", "no forecasts: forecast calls", "no deals.loss_reason: ",
			"reps                 41 rows", "deals              8800 rows"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
		for _, want := range []string{"products.csv: left alone", "500 deals without a date of creation: those that are open count from 2017-12-31",
			`6 managers, the first "Dustin Brinkmann"`} {
			if !strings.Contains(warnings.String(), want) {
				t.Errorf("no %q in\n%s", want, warnings.String())
			}
		}
		r := report()
		if r.Sources["stage_changes"] != nil || r.Team.Stall.StalledDeals != 0 || r.Stages[1].Visits != 0 {
			t.Errorf("judged without a history: %+v", r)
		}
		if len(r.Managers) != 6 || len(r.Managers[2].Reps) != 6 || r.Managers[2].ID != "Dustin Brinkmann" {
			t.Errorf("managers %v", r.Managers)
		}

		call(t, "import", data, "--preset", "csv", "--map", filepath.Join(dir, "map.yaml"), "--time-zone", "America/New_York", "--into", dsn)
		r = report()
		if n := r.Sources["stage_changes"]; n == nil || *n != 8300 || r.Stages[1].ThresholdSource != "learned" || r.Stages[1].MedianDays == nil {
			t.Errorf("with the day of engagement: %v, %+v", n, r.Stages)
		}
		if got := r.Team.Stall; got.OpenDeals != 1645 || got.StalledDeals != 1511 {
			t.Errorf("stalls %+v", got)
		}
		mails := filepath.Join(dir, "mails")
		call(t, "run", "--config", config, "--as-of", "2017-12-25", "--out", mails)
		for _, name := range []string{"team/2017-12-25/Dustin%20Brinkmann.txt", "own/2017-12-25/Moses%20Frase.txt"} {
			text, err := os.ReadFile(filepath.Join(mails, name))
			if err != nil || !strings.Contains(string(text), "stand still in Engaging") {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	})
}

// Canonical files are an export, too, with headers that the preset knows: read either way, they are the same rows.
func TestCanonicalFilesReadAsAnExport(t *testing.T) {
	t.Parallel()
	data := firstDeals(t, filepath.Join(dbtest.Data(t), "bpic2012"), 2000)
	read := func(args ...string) map[string]string {
		dir := t.TempDir()
		dsn := "sqlite:" + filepath.Join(dir, "p.db")
		config := filepath.Join(dir, "drumbeat.yaml")
		for name, text := range map[string]string{"drumbeat.yaml": "source: {dsn: \"" + dsn + "\"}\nprocess: process.yaml\n", "process.yaml": crmProcess} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		call(t, append([]string{"import", data, "--into", dsn}, args...)...)
		rows := map[string]string{}
		for _, name := range []string{"reps", "deals", "stage_changes"} {
			rows[name] = call(t, "report", "--config", config, "--as-of", "2013-01-01", "--format", "csv", "--rows", name)
		}
		return rows
	}
	canonical, export := read(), read("--preset", "csv")
	for name, rows := range canonical {
		if len(rows) < 1000 || export[name] != rows {
			t.Errorf("%s: %d bytes as canonical rows, %d as an export", name, len(rows), len(export[name]))
		}
	}
}

// firstDeals copies the reps, the first deals and their stage changes of canonical files into a folder.
func firstDeals(t *testing.T, from string, n int) string {
	t.Helper()
	to, known := t.TempDir(), map[string]bool{"deal_id": true}
	for _, name := range []string{"reps.csv", "deals.csv", "stage_changes.csv"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		var kept strings.Builder
		lines := 0
		for line := range strings.Lines(string(text)) {
			id, _, _ := strings.Cut(line, ",")
			switch name {
			case "deals.csv":
				if lines > n {
					continue
				}
				known[id] = true
			case "stage_changes.csv":
				if !known[id] {
					continue
				}
			}
			lines++
			kept.WriteString(line)
		}
		if err := os.WriteFile(filepath.Join(to, name), []byte(kept.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
