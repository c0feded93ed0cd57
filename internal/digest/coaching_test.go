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

// Where winning deals leave the process, the process is questioned before anybody is coached on it.
func TestCoachingOnAStepThatWinnersSkipBeginsWithTheDoubt(t *testing.T) {
	m := built(t, digesttest.AfterTheWin(digest.Manager, "m1"))
	if want := "9 of 12 deals won in the last year that were asked for the stage Evaluation went without it. Before you coach it, ask whether the step earns its place."; m.Team.Focus.Doubt != want {
		t.Errorf("the manager reads %q", m.Team.Focus.Doubt)
	}
	if r := built(t, digesttest.AfterTheWin(digest.Rep, "r02")); !strings.Contains(r.Own.Focus.Doubt, "it is the step that has to change") {
		t.Errorf("the rep reads %q", r.Own.Focus.Doubt)
	}
	if d := built(t, digesttest.Input(digest.Manager, "m1")); d.Team.Focus.Doubt != "" {
		t.Errorf("every winner had it, and yet %q", d.Team.Focus.Doubt)
	}
}

func TestWhetherAStepPaysIsSaidWithItsNumbers(t *testing.T) {
	n := pipeline.Some[int]
	in := digesttest.Input(digest.Manager, "m1")
	for _, c := range []struct {
		name  string
		earns health.Earns
		want  string
	}{
		{"nobody ever loses", health.Earns{MetN: n(1200), MetWon: n(1200), MissedN: n(30), MissedWon: n(30), Verdict: pipeline.Some("too_few")},
			"Whether it pays cannot be told yet: of the closed deals that it fell due on, 1,200 had it (1,200 won) and 30 did not (30 won)."},
		{"the last step", health.Earns{Verdict: pipeline.Some("too_few")}, "It stands last before the win, so closed deals cannot tell whether it pays."},
		{"nothing closed", health.Earns{MetN: n(0), MissedN: n(0), Verdict: pipeline.Some("too_few")}, "No closed deal can tell yet whether it pays."},
		{"unproven", health.Earns{MetN: n(40), MetWon: n(24), MissedN: n(82), MissedWon: n(57), RiskRatio: pipeline.Some(0.9), Low: pipeline.Some(0.7), High: pipeline.Some(1.2), Verdict: pipeline.Some("unproven")},
			"Deals with it were won 0.9 times as often as deals without it: 24 of 40 against 57 of 82; likely 0.7 to 1.2 times, deals of like size compared. So it is not proven that it pays."},
	} {
		in.Report.Checkpoints[2].Earns = &c.earns
		if got := built(t, in).Team.Focus.Effect; got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestTheProcessIsQuestionedWhereWinnersLeaveIt(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	d := built(t, in)
	want := []string{
		"9 of 12 won deals that were asked for Evaluation went without it. Does the step earn its place?",
		"The most common way to win is Discovery → Proposal → Negotiation (9 of 14 wins in the last year); it leaves out Evaluation.",
	}
	if len(d.Team.Reality) < 2 || !slices.Equal(d.Team.Reality[:2], want) {
		t.Errorf("reality %q", d.Team.Reality)
	}
	in.Process = digesttest.Changed() // some of the wins were asked for something else: the path is a fact and no more
	if d := built(t, in); d.Team.Reality[1] != "The most common way to win is Discovery → Proposal → Negotiation (9 of 14 wins in the last year)." {
		t.Errorf("under two versions %q", d.Team.Reality[1])
	}
	in.Report.Wins = []health.StageWins{{Key: "evaluation", Won: 4, Without: 4}, {Key: "proposal", Won: 14, Without: 7}} // too few, and not most
	in.Report.Paths = in.Report.Paths[2:3]
	in.Report.Paths[0].Share = pipeline.Some(0.5)
	for _, s := range built(t, in).Team.Reality {
		if strings.Contains(s, "won deals") || strings.Contains(s, "way to win") {
			t.Errorf("four wins made %q", s)
		}
	}
}

// Of a large team the reps with the most such deals are talked about, in the order of their names.
func TestCoachingOfALargeTeam(t *testing.T) {
	in := digesttest.Crowd(digest.Manager)
	for i := range in.Report.Deals {
		if d := &in.Report.Deals[i]; d.RepID.V > "r50" && i%120 >= 60 {
			d.Lacks = nil
		}
	}
	team := built(t, in).Team
	if len(team.Coaching) != 8 || strings.ReplaceAll(team.CoachMore, "\u00a0", " ") != "And 52 more reps have such deals." {
		t.Errorf("%d reps, %q", len(team.Coaching), team.CoachMore)
	}
	for i, p := range team.Coaching {
		if p.Rep.ID > "r50" || i > 0 && p.Rep.Name < team.Coaching[i-1].Rep.Name {
			t.Errorf("row %d is %s", i, p.Rep.ID)
		}
		if len(p.Deals) > 3 {
			t.Errorf("%s has %d talking points", p.Rep.ID, len(p.Deals))
		}
	}
}

// A win is a rep's headline, a loss is none.
func TestARepsSubjectIsKind(t *testing.T) {
	if d := built(t, digesttest.Input(digest.Rep, "r01")); d.Subject != "Your week 45: 1 deal won, 2 deals to do first" {
		t.Errorf("subject %q", d.Subject)
	}
	in := digesttest.Input(digest.Rep, "r02")
	in.Report.Deals = nil
	*figuresOf(&in, "r02") = health.Figures{}
	if d := built(t, in); d.Subject != "Your week 45" || !strings.Contains(strings.ReplaceAll(d.News, "\u00a0", " "), "1 deal lost") {
		t.Errorf("subject %q, news %q", d.Subject, d.News)
	}
}
