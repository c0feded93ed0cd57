package digest_test

import (
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// story gives one of the storybook by name.
func story(t *testing.T, name string) digest.Input {
	t.Helper()
	for _, s := range digesttest.Stories() {
		if s.Name == name {
			return s.Input
		}
	}
	t.Fatalf("no story %s", name)
	return digest.Input{}
}

func TestTheFootSaysWhatRunsObserved(t *testing.T) {
	for name, want := range map[string]string{
		"manager-observed":       "Stage and forecast history: as observed by Drumbeat's own runs since 21 September; exact to 7 days. Of 4 open deals nobody saw when they entered their stage: the days said are the fewest that it can be.",
		"rep-observed":           "Stage and forecast history: as observed by Drumbeat's own runs since 21 September; exact to 7 days. Of 1 open deal nobody saw when it entered its stage: the days said are the fewest that it can be.",
		"rep-observed-forecasts": "Forecast history: as observed by Drumbeat's own runs since 21 September; exact to 7 days.",
		"manager":                "",
	} {
		if got := plainly(built(t, story(t, name)).About.Observed); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	in := story(t, "manager-observed")
	in.Report.Observed.Forecasts, in.Report.Observed.Since = false, pipeline.NewDate(2025, 10, 6)
	if got := plainly(built(t, in).About.Observed); !strings.HasPrefix(got, "Stage history: as observed by Drumbeat's own runs since 6 October 2025; exact to 7 days.") {
		t.Errorf("got %q", got)
	}
}

func plainly(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

// A deal that was found where it is has waited at least so long; nobody says that it does not stand still.
func TestADealThatWasFoundIsNotSaidToBeWithinItsTime(t *testing.T) {
	all := said(built(t, story(t, "manager-observed")))
	if !strings.Contains(all, "At least 44 days in Negotiation, usual limit 21 days") {
		t.Error("the first deal's wait is said to be exact")
	}
	for _, kind := range []digest.Kind{digest.Manager, digest.Rep} {
		in := story(t, map[digest.Kind]string{digest.Manager: "manager-observed", digest.Rep: "rep-observed"}[kind])
		for i := range in.Report.Deals {
			d := &in.Report.Deals[i]
			d.AtLeast, d.Stalled, d.Concerns = true, pipeline.Opt[bool]{}, nil
		}
		quiet := func(f *health.Figures) {
			if f.Stall != nil {
				f.Stall.StalledDeals, f.Stall.StalledAmount = 0, pipeline.Some(0.0)
			}
		}
		for i := range in.Report.Managers {
			quiet(&in.Report.Managers[i].Figures)
		}
		for i := range in.Report.Reps {
			quiet(&in.Report.Reps[i].Figures)
		}
		d := built(t, in)
		if d.Team != nil {
			for _, row := range d.Team.Table.Rows {
				if row.Stalled != "unknown" && row.Stalled != "none open" {
					t.Errorf("%s: %s stand still", row.Rep.Name, row.Stalled)
				}
			}
		}
		all := said(d)
		for _, claim := range []string{"stands still", "within its usual time", "Deals that stand still"} {
			if strings.Contains(all, claim) {
				t.Errorf("%s: said although nobody knows: %q in\n%s", kind, claim, all)
			}
		}
	}
}

// A window in which nobody looked is no window without moves, and a period of which no call was seen is not counted.
func TestWhatNobodyLookedAtIsNoZero(t *testing.T) {
	in := story(t, "manager-observed")
	for _, f := range built(t, in).Figures {
		if (f.Key == "moves" || f.Key == "stalled") && len(f.Trends) > 0 {
			t.Errorf("%s has a chart of weeks before the first look", f.Key)
		}
		if f.Key == "adherence" && (f.Label != "Process adherence, buyer evidence" || strings.Contains(strings.Join(f.More, " "), "Stages ticked")) {
			t.Errorf("stages that nobody could miss are shown as met: %s, %v", f.Label, f.More)
		}
		if f.Key == "forecast" && !strings.Contains(plainly(f.Detail), "in the last 3 quarters") {
			t.Errorf("forecast: %s", f.Detail)
		}
	}
	in.Report.Observed.Since = pipeline.NewDate(2026, 9, 1)
	charts := 0
	for _, f := range built(t, in).Figures {
		if f.Key == "moves" || f.Key == "stalled" {
			charts += len(f.Trends)
		}
	}
	if charts == 0 {
		t.Error("eight weeks of looking show no chart")
	}
}

// Without a history the stage of a week ago is that of today: then nothing is said to have stood still.
func TestTheLastAgendaIsFollowedOnlyWhereStagesWereSeen(t *testing.T) {
	in := story(t, "manager-observed")
	if built(t, in).Team.Moved == nil {
		t.Fatal("nothing is followed up")
	}
	for i := range in.Before.Deals {
		in.Before.Deals[i].DaysInStage = health.Number{}
	}
	if m := built(t, in).Team.Moved; m != nil {
		for _, o := range m.Outcomes {
			if o.Word != "Won" && o.Word != "Lost" {
				t.Errorf("said of a stage that nobody saw: %+v", o)
			}
		}
	}
}
