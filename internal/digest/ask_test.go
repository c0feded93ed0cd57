package digest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// Who has bought is not asked for a date to sign: calls, pushes and evidence of the selling are history.
func TestASoldDealIsAskedWhatItsBuyerWaitsFor(t *testing.T) {
	own := built(t, digesttest.AfterTheWin(digest.Rep, "r02")).Own
	asks := map[string]string{}
	for _, row := range own.First {
		asks[row.Deal.ID] = row.Ask
		if row.Deal.ID != "d40" && row.Deal.ID != "d41" {
			continue
		}
		if row.Call != "sold" {
			t.Errorf("%s is %q", row.Deal.ID, row.Call)
		}
		for _, l := range row.Lenses {
			for _, bad := range []string{"ommitted", "alled at", "ushed", "lose date", "spoken", "Evaluation"} {
				if strings.Contains(l.Text+l.Quote, bad) {
					t.Errorf("%s says %q", row.Deal.ID, l.Text)
				}
			}
		}
	}
	if got := asks["d40"]; got != "Ask the buyer what they still need from us for this: “The buyer uses what they bought”." {
		t.Errorf("next step %q", got)
	}
	if got := asks["d41"]; got != "Ask the buyer for what is still missing: “The buyer has named who runs the rollout”." {
		t.Errorf("next step %q", got)
	}
	var all []string
	strs(reflect.ValueOf(own), &all)
	if slices.Contains(all, "d42") {
		t.Error("a sold deal whose only concerns were the selling's is still watched")
	}
	for _, m := range own.FocusOn {
		if m.Deal.ID == "d40" {
			t.Error("a sold deal is to catch up on a selling stage")
		}
	}
}

// Seven deals may share one trouble: each question stands once, and then points to where it stands.
func TestNoQuestionIsAskedTwice(t *testing.T) {
	for _, s := range digesttest.Stories() {
		var rows []digest.DealRow
		if d := built(t, s.Input); d.Team != nil {
			rows = d.Team.Agenda
		} else {
			rows = d.Own.First
		}
		seen := map[string]bool{}
		for _, row := range rows {
			if seen[row.Ask] && !strings.HasPrefix(row.Ask, "The same as for ") {
				t.Errorf("%s asks again: %q", s.Name, row.Ask)
			}
			seen[row.Ask] = true
		}
	}
	in := digesttest.Input(digest.Rep, "r01")
	in.Report.Deals = nil
	for i := range 3 {
		in.Report.Deals = append(in.Report.Deals, health.Deal{ID: fmt.Sprint(i), RepID: pipeline.Some("r01"), Concerns: []string{health.ConcernStalled}})
	}
	if got := built(t, in).Own.First[2].Ask; got != "The same as for 1." {
		t.Errorf("the third of three alike: %q", got)
	}
}

func TestARowNamesTwoEvidencesAndCountsTheRest(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	in.Report.Deals = in.Report.Deals[:1]
	d := &in.Report.Deals[0]
	d.Missed = []string{"buyer:problem_owned", "buyer:criteria_shared", "buyer:signer_met", "buyer:plan_agreed"}
	d.Lacks, d.Concerns = d.Missed, []string{health.ConcernEvidence}
	has := func(want digest.Lens) bool { return slices.Contains(built(t, in).Team.Agenda[0].Lenses, want) }
	if !has(digest.Lens{Text: "Still missing:", Quote: "“The buyer has agreed a plan with dates up to the signature”, “The person who signs has spoken with us” and 2\u00a0more", Alarm: true}) {
		t.Errorf("%+v", built(t, in).Team.Agenda[0].Lenses)
	}
	d.Lacks, d.Concerns = d.Lacks[:1], []string{health.ConcernEvidence}
	if !has(digest.Lens{Text: "Still missing:", Quote: "“The buyer has named the problem and its owner”", Alarm: true}) || !has(digest.Lens{Text: "3\u00a0pieces of evidence came later than due"}) {
		t.Errorf("%+v", built(t, in).Team.Agenda[0].Lenses)
	}
}

// What the next step quotes is not quoted twice.
func TestTheStepAndTheLensesSayEvidenceOnce(t *testing.T) {
	in := digesttest.Input(digest.Rep, "r03")
	row := built(t, in).Own.First[1] // d05 lacks two pieces, the stage's own first
	if !strings.Contains(row.Ask, "“The person who signs has spoken with us”") {
		t.Fatalf("next step %q", row.Ask)
	}
	var lens digest.Lens
	for _, l := range row.Lenses {
		if strings.Contains(l.Text, "missing") {
			lens = l
		}
	}
	if lens.Text != "Also missing:" || lens.Quote != "“The buyer has shared how they will decide”" || !lens.Alarm {
		t.Errorf("beside it %+v", lens)
	}
	in.Report.Deals[4].Lacks = in.Report.Deals[4].Lacks[:1]
	in.Report.Deals[4].Missed = in.Report.Deals[4].Lacks
	if s := said(built(t, in)); strings.Count(s, "spoken with us") != 1 || !strings.Contains(s, "Buyer evidence missing") {
		t.Errorf("of one piece: %q", s)
	}
}
