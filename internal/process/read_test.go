package process

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

var update = flag.Bool("update", false, "write the faults as they are now")

// Each file in testdata/faults has beside it the very lines that a user sees.
func TestEveryFaultOfAProcessIsReportedAtOnce(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 35 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, faults := Read(name, data, time.UTC)
			if p != nil || len(faults) == 0 {
				t.Fatal("accepted")
			}
			got, golden := faults.Error()+"\n", strings.TrimSuffix(file, ".yaml")+".faults"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

const full = `
process: new-business
pipelines: [New business]
closed_stages: {won: [Closed Won], lost: []}
versions:
  - effective: 2026-03-29
    stages:
      - key: lead
        name: Lead
        phase: before
        expects: The buyer answered.
      - key: talk
        name: Talk
        phase: selling
        crm_stages: [Talk, "2 - Talk"]
        expects: The buyer told us the problem.
        mandatory: false
        stall_after: 3w
        win_probability: 0.25
        requires:
          - {key: owner, says: The buyer named an owner., since: 2026-04-01, grace: 7d, why: w, coach: "c?"}
          - {key: seen, says: x, met_by: {criterion: demo_seen}}
          - {key: met, says: x, met_by: {activity: {kind: meeting}}}
          - {key: wrote, says: x, met_by: {activity: {party: seller, count: 3}}}
          - {key: priced, says: x, met_by: {field: expected_close}}
      - {key: done, name: Done, phase: after, final: true, expects: x}
  - effective: 2025-01-01
    stages: [{key: old, name: Old, phase: selling, expects: x}]
`

func TestAProcessIsReadWithItsDefaults(t *testing.T) {
	beirut, err := time.LoadLocation("Asia/Beirut")
	if err != nil {
		t.Fatal(err)
	}
	p, faults := Read("process.yaml", []byte(full), beirut)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if p.Name != "new-business" || !p.InPipelines(" new BUSINESS") || p.InPipelines("Renewals") {
		t.Errorf("%q, pipelines %q", p.Name, p.Pipelines)
	}
	if o, ok := p.ClosedAs("closed won "); !ok || o != pipeline.Won {
		t.Errorf("closed won is %q", o)
	}
	if len(p.Versions) != 2 || p.Versions[0].Stages[0].Key != "old" {
		t.Fatalf("the versions stand in the order of their dates: %+v", p.Versions)
	}
	v := p.Versions[1]
	// On that day the clocks of Beirut went from 00:00 to 01:00: the day began at 22:00 UTC.
	if want := time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC); !v.From.Equal(want) {
		t.Errorf("from %s, want %s", v.From, want)
	}
	lead, talk, done := v.Stages[0], v.Stages[1], v.Stages[2]
	if !lead.Mandatory || lead.Final || len(lead.CRMStages) != 1 || lead.CRMStages[0] != "Lead" || lead.StallAfter.OK || lead.WinProbability.OK || lead.Phase != Before {
		t.Errorf("lead %+v", lead)
	}
	if talk.Mandatory || talk.StallAfter.V != 21*24*time.Hour || talk.WinProbability.V != 0.25 || len(talk.CRMStages) != 2 || talk.Phase != Selling {
		t.Errorf("talk %+v", talk)
	}
	if !done.Final || done.Phase != After {
		t.Errorf("done %+v", done)
	}
	owner := talk.Requires[0]
	if !owner.Since.V.Equal(time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC)) || owner.Grace.V != 7*24*time.Hour || owner.Why != "w" || owner.Coach != "c?" {
		t.Errorf("owner %+v", owner)
	}
	for i, want := range []MetBy{
		{Means: ByCriterion, Criterion: "owner"},
		{Means: ByCriterion, Criterion: "demo_seen"},
		{Means: ByActivity, Kind: "meeting", Party: "buyer", Count: 1},
		{Means: ByActivity, Party: "seller", Count: 3},
		{Means: ByField, Field: FieldExpectedClose},
	} {
		if got := talk.Requires[i].MetBy; got != want {
			t.Errorf("%s is met by %+v, want %+v", talk.Requires[i].Key, got, want)
		}
	}
}
