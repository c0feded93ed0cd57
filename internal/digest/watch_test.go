package digest_test

import (
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// Ten deals in one trouble say it once.
func TestTheWatchListSaysATroubleOnce(t *testing.T) {
	own := built(t, digesttest.OneTrouble()).Own
	if len(own.Watch) != 1 || own.Watch[0].Quote != "“The person who signs has spoken with us”" || len(own.Watch[0].Deals) != 10 {
		t.Fatalf("watched %+v", own.Watch)
	}
	for _, m := range own.Watch[0].Deals {
		if strings.Contains(m.Text, "signs") || strings.Contains(m.Text, "evidence") {
			t.Errorf("%s says again %q", m.Deal.ID, m.Text)
		}
	}
}

func TestAWatchedDealStandsUnderItsFirstConcernOnly(t *testing.T) {
	in := digesttest.OneTrouble()
	change := func(id string, concerns ...string) {
		i := slices.IndexFunc(in.Report.Deals, func(d health.Deal) bool { return d.ID == id })
		d := &in.Report.Deals[i]
		d.Concerns, d.Stalled, d.Silent = concerns, pipeline.Some(true), pipeline.Some(true)
		d.DaysInStage, d.DaysSinceBuyer, d.Pushes, d.Amount = pipeline.Some(40.0), pipeline.Some(33.0), pipeline.Some(2), pipeline.Some(4000.0)
	}
	change("t05", health.ConcernStalled, health.ConcernSilent, health.ConcernEvidence)
	change("t06", health.ConcernSilent, health.ConcernPushed)
	change("t07", health.ConcernPushed)
	var got []string
	for _, g := range built(t, in).Own.Watch {
		for _, m := range g.Deals {
			if id := m.Deal.ID; id == "t05" || id == "t06" || id == "t07" {
				got = append(got, id+" | "+g.Title+" | "+strings.ReplaceAll(m.Text, "\u00a0", " "))
			}
		}
	}
	want := []string{
		"t05 | Past the usual limit of the stage | 4 k€, 40 days in Proposal, usual limit 18 days, buyer silent for 33 days, 1 piece of evidence missing",
		"t06 | The buyer is silent | 4 k€, buyer silent for 33 days, close date pushed twice",
		"t07 | The close date keeps moving | 4 k€, close date pushed twice",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// Three deals shame nobody: the order of the coaching is that of the rates drawn towards the team's.
func TestCoachingGoesByTheShrunkRate(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	shrunk := map[string]float64{"r01": 0.7, "r02": 0.6, "m1": 0.65}
	for i := range in.Report.Reps {
		r := &in.Report.Reps[i]
		if v, ok := shrunk[r.ID]; ok {
			r.Adherence.ShrunkRate = pipeline.Some(v)
		}
	}
	for i := range in.Report.Deals {
		if d := &in.Report.Deals[i]; d.ID == "d03" || d.ID == "d01" {
			d.Lacks = []string{"buyer:plan_agreed"}
		}
	}
	figuresOf(&in, "r02").Adherence.PBelowTeam = pipeline.Some(0.98)
	figuresOf(&in, "m1").Adherence.PBelowTeam = pipeline.Some(0.9)
	var got []string
	for _, p := range built(t, in).Team.Coaching {
		got = append(got, p.Rep.ID+" "+p.Standing)
	}
	want := []string{"r02 3 of 9 checkpoints met, below the team (indicative)", "m1 4 of 5 checkpoints met", "r01 6 of 8 checkpoints met"}
	if !slices.Equal(got, want) {
		t.Errorf("coached %q", got)
	}
	few := figuresOf(&in, "r02").Adherence
	few.Due, few.Met, few.Judged = 4, 0, false // however sure: too few to judge
	if got := built(t, in).Team.Coaching[0].Standing; got != "0 of 4 checkpoints met, too few to judge" {
		t.Errorf("of four: %q", got)
	}
}

// The process against reality says which steps pay, and which stages say something else than the process believes.
func TestRealitySpeaksOfStepsAndStages(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	in.Report.Checkpoints = append(in.Report.Checkpoints, health.Checkpoint{Key: "buyer:problem_owned", Earns: &health.Earns{MetN: pipeline.Some(40), MetWon: pipeline.Some(24), MissedN: pipeline.Some(33), MissedWon: pipeline.Some(10),
		RiskRatio: pipeline.Some(1.98), Low: pipeline.Some(1.3), High: pipeline.Some(3.1), Verdict: pipeline.Some(health.VerdictEarns)}})
	says := func() string {
		return strings.ReplaceAll(strings.Join(built(t, in).Team.Reality, "\n"), "\u00a0", " ")
	}
	if want := "This step earns its place: Buyer evidence “The buyer has named the problem and its owner” (won 2.0 times as often with it, likely 1.3 to 3.1)."; !strings.Contains(says(), want) {
		t.Errorf("reality %q", says())
	}
	stage := &in.Process.Versions[0].Stages[2]
	stage.WinProbability = pipeline.Some(0.6)
	for _, c := range []struct {
		name      string
		n         int
		won, ever float64
		want      string
	}{
		{"far fewer", 60, 0.3, 0.4, "Proposal is given a chance of 60 %; of the 60 deals in it when a quarter was called, 18 were won in that quarter (30 %), and 40 % of those closed since. Is it worth less than the process believes?"},
		{"far more", 60, 0.8, 0.85, "Is it worth more than the process believes?"},
		{"won later, after all", 60, 0.3, 0.58, ""},
		{"within noise", 20, 0.5, 0.4, ""},
		{"too few to learn from", 19, 0.1, 0.1, ""},
	} {
		in.Report.Stages[2].Calls = &health.StageCalls{N: c.n, WonInPeriod: pipeline.Some(c.won), EverWon: pipeline.Some(c.ever)}
		if s := says(); !strings.Contains(s, c.want) || strings.Contains(s, "process believes") != (c.want != "") {
			t.Errorf("%s: %q", c.name, s)
		}
	}
}

// One odd move is no question, and no rule alone accuses.
func TestTheRecordIsAskedAboutFromThreeMovesOn(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	r := in.Report.Managers[0].Record
	asked := func() bool {
		return slices.ContainsFunc(built(t, in).Team.Record, func(q digest.Question) bool {
			return strings.Contains(q.Text, "Is the record kept when things happen?")
		})
	}
	for _, c := range []struct {
		moves, suspect int
		flagged, want  bool
	}{{40, 2, false, false}, {40, 3, false, true}, {9, 9, true, false}, {40, 0, true, true}} {
		r.Moves, r.Suspect, r.Flagged, r.EveMoves = c.moves, pipeline.Some(c.suspect), pipeline.Some(c.flagged), pipeline.Some(25)
		if asked() != c.want {
			t.Errorf("%+v: asked %v", c, !c.want)
		}
	}
}
