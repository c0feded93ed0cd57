package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
)

// aDay is a day where rows want an instant.
var aDay = regexp.MustCompile(`(\d{4}-\d\d-\d\d)([,\n])`)

// imported gives the DSN of a pipeline of these rows, by the names of their tables. A day in them is its morning.
func imported(t *testing.T, rows map[string]string) (dsn string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range rows {
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), aDay.ReplaceAll([]byte(text), []byte("$1 09:00:00$2")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dsn = dbtest.SQLite(t)
	call(t, "import", dir, "--into", dsn)
	return dsn
}

// ofCRM gives the DSN of the tables that a preset's tests are about, after some more statements.
func ofCRM(t *testing.T, preset string, more ...string) (dsn string) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("..", "..", "internal", "source", "testdata", "presets", preset+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	dsn = dbtest.Postgres(t)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), string(script)+"\n"+strings.Join(more, ";\n")); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// tried is what check --connect says of a source to somebody who has this process.
func tried(t *testing.T, dsn, preset, process string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "drumbeat.yaml")
	source := "source: {dsn: " + quoted(dsn) + "}\n"
	if preset != "" {
		source = "source: {dsn: " + quoted(dsn) + ", preset: " + preset + "}\n"
	}
	for path, text := range map[string]string{config: source + "process: process.yaml\n", filepath.Join(dir, "process.yaml"): process} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := loadConfig(config, false)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if err := trySource(t.Context(), &said, cfg, "text", time.Now()); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

// says demands that all of the words are in a text, and none of those that begin with "not ".
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		unwanted, isNot := strings.CutPrefix(w, "not ")
		if strings.Contains(text, unwanted) == isNot {
			t.Errorf("%q: said is %v in\n%s", unwanted, !isNot, text)
		}
	}
}

const salesProcess = `process: sales
pipelines: [Sales]
closed_stages: {won: [Closed won], lost: [Closed lost]}
versions:
  - effective: 2026-01-01
    stages:
      - {key: appointment, name: Appointment, phase: selling, expects: The buyer has time for us.}
      - {key: demo, name: Demo, phase: selling, expects: The buyer has seen it.}
      - {key: proposal, name: Proposal, phase: selling, expects: The buyer has our price.}
`

func TestStagesOfOtherPipelinesAreNoStrangers(t *testing.T) {
	t.Parallel()
	said := tried(t, ofCRM(t, "hubspot"), "hubspot", salesProcess)
	says(t, said, `not "Offer"`, `not "Won"`, `  1 open deal rests in "On hold": no deal shows what it is: add it to crm_stages of the stage that means the same`)
}

func TestAnOpenDealInAnUnknownStageIsNamed(t *testing.T) {
	const deals = "id,name,pipeline,stage,created_at,closed_at,outcome\nd1,One,Sales,,2026-01-05,,open\nd2,Two,Sales,propsal,2026-01-05,,open\n" +
		"d3,Three,Sales,Closed won,2026-01-05,2026-01-09,won\nd4,Four,Renewals,Due,2026-01-05,,open\nd5,Five,Sales,Proposal,2026-01-05,,open\n"
	said := tried(t, imported(t, map[string]string{"reps": "id,name\n", "deals": deals,
		"stage_changes": "deal_id,stage,at\nd1,Demo,2026-01-06\nd1,Legal,2026-01-07\nd1,Legal ,2026-01-08\nd3,Legal,2026-01-07\nd3,Closed won,2026-01-09\n"}), "", salesProcess)
	says(t, said, `  2 moves into "Legal", and 1 open deal rests there: `, `  1 open deal rests in "propsal": it looks like "Proposal": add it to crm_stages of proposal`,
		`not "Due"`, `not in "Proposal"`, `not "Closed won"`)
}

func TestARenamedWonStageIsNoStageOfItsOwn(t *testing.T) {
	t.Parallel()
	dsn := ofCRM(t, "salesforce", "DELETE FROM opportunity_history WHERE opportunity_id = '006F'", // who was won by mistake at first
		"UPDATE opportunity SET stage_name = 'Signed' WHERE stage_name = 'Closed Won'",
		"UPDATE opportunity_history SET stage_name = 'Signed' WHERE stage_name = 'Closed Won'")
	said := tried(t, dsn, "salesforce", `process: sales
closed_stages: {won: [Closed Won], lost: [Closed Lost]}
versions:
  - effective: 2026-01-01
    stages:
      - {key: discovery, name: Discovery, phase: selling, expects: The buyer has time for us.}
      - {key: scoping, name: Scoping, phase: selling, expects: The buyer has said what it is.}
      - {key: proposal, name: Proposal, phase: selling, expects: The buyer has our price.}
`)
	says(t, said, `  1 move into "Signed": the 1 deal that entered it was won as it did: add it to closed_stages.won, if that is what it means`)
}

func TestPipelinesOfTheProcessThatNoDealIsIn(t *testing.T) {
	dsn := imported(t, map[string]string{"reps": "id,name\n", "stage_changes": "deal_id,stage,at\n", "deals": "id,name,pipeline,created_at,outcome\n" +
		"d1,One,Neugeschäft,2026-01-05,open\nd2,Two,Neugeschäft ,2026-01-05,open\nd3,Three,Renewals,2026-01-05,open\nd4,Four,,2026-01-05,open\n"})
	with := func(pipelines string) string {
		return tried(t, dsn, "", strings.Replace(salesProcess, "[Sales]", pipelines, 1))
	}
	const there = "\n" + `  there are: "Neugeschäft" with 2 deals, without a pipeline 1 deal, "Renewals" with 1 deal` + "\n"
	if said := with("[Neugeschaeft]"); !strings.HasPrefix(said, "\nno deal is in the pipelines of the process, so every figure would be empty\n"+
		`  "Neugeschaeft": did you mean "Neugeschäft"?`+there+"\nthe source holds\n") {
		t.Error(said)
	}
	says(t, with("[Renewals, Partner]"), "\npipelines of the process that no deal is in\n"+`  "Partner": write under pipelines of the process one that is there`+there, "1 of the deals are in")
	says(t, with("[NEUGESCHÄFT]"), "not there are:", "2 of the deals are in")
}

const askingProcess = salesProcess + `      - key: signing
        name: Signing
        phase: selling
        expects: The buyer will sign.
        requires:
          - {key: problem_ownd, says: The buyer owns the problem.}
          - {key: price, says: The buyer knows the price., met_by: {criterion: price_told}}
          - {key: met, says: The buyer met us., met_by: {activity: {kind: meting}}}
          - {key: called, says: The buyer called., met_by: {activity: {kind: Call}}}
          - {key: mailed, says: The buyer wrote., met_by: {activity: {kind: Email}}}
          - {key: later, says: The buyer will., since: 2999-01-01}
`

func TestEvidenceThatTheDataNeverHold(t *testing.T) {
	rows := map[string]string{"reps": "id,name\n", "stage_changes": "deal_id,stage,at\nd1,Demo,2026-01-06\n",
		"deals":      "id,name,pipeline,created_at,outcome\nd1,One,Sales,2026-01-05,open\nd2,Two,Renewals,2026-01-05,open\n",
		"criteria":   "deal_id,criterion,met_at\nd1,problem_owned,2026-01-06\nd1,problem_owned,2026-01-07\nd2,price_told,2026-01-06\n",
		"activities": "deal_id,kind,party,at\nd1,meeting,buyer,2026-01-06\nd1,call,seller,2026-01-06\nd1,EMAIL,buyer,2026-01-06\n"}
	const heading = "\nevidence that the process asks for and the data never hold, so that it can only be missed\n"
	said := tried(t, imported(t, rows), "", askingProcess)
	says(t, said, heading+`  buyer:problem_ownd: no deal has the criterion "problem_ownd"; did you mean "problem_owned" (2)?`+"\n"+
		`  buyer:price: no deal has the criterion "price_told"; there are "problem_owned" (2)`+"\n"+
		`  buyer:met: no deal has an activity "meting"; did you mean "meeting" (1)?`+"\n"+
		`  buyer:called: of the activities "Call" (1) none is of the buyer`+"\n\n",
		`  criteria that no version of the process asks for: "problem_owned" (2)`+"\n")

	rows["activities"] = "deal_id,kind,at\nd1,meeting,2026-01-06\n" // of nobody in particular: never due
	delete(rows, "criteria")
	says(t, tried(t, imported(t, rows), "", askingProcess), "not evidence that the process asks for", "not criteria that no version")
}
