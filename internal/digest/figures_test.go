package digest_test

import (
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

func figure(t *testing.T, d *digest.Digest, key string) digest.Figure {
	t.Helper()
	for _, f := range d.Figures {
		if f.Key == key {
			return f
		}
	}
	t.Fatalf("no figure %s", key)
	return digest.Figure{}
}

func more(f digest.Figure) string {
	return strings.ReplaceAll(strings.Join(f.More, "\n"), "\u00a0", " ")
}

// Stages are easily ticked: where all are, week after week, the buyer's evidence is the headline.
func TestAFlawlessKindOfCheckpointsHidesNothing(t *testing.T) {
	d := built(t, digesttest.Flawless())
	f := figure(t, d, "adherence")
	if f.Label != "Process adherence, buyer evidence" || f.Value != "39\u00a0%" || !strings.HasPrefix(f.Detail, "7 of 18 pieces of buyer evidence met; likely between") {
		t.Errorf("figure %+v", f)
	}
	if !strings.Contains(more(f), "Stages ticked 17 of 17 (100 %)") || !strings.Contains(d.News, "7 of 18 pieces of buyer evidence met") {
		t.Errorf("beside it %q, news %q", more(f), d.News)
	}
	in := digesttest.Flawless()
	g := &in.Report.Managers[0].Figures
	g.Trend[4].Stages.Met-- // one miss within the four windows, and all checkpoints count again
	if f := figure(t, built(t, in), "adherence"); f.Label != "Process adherence" || !strings.Contains(f.Detail, "checkpoints met") {
		t.Errorf("after a miss %+v", f)
	}
	g.Trend[4].Stages.Met++
	g.Trend[3].Stages.Met-- // five windows ago is history
	if f := figure(t, built(t, in), "adherence"); f.Label != "Process adherence, buyer evidence" {
		t.Errorf("after a miss of long ago %+v", f)
	}
}

func TestStagesTickedAndBuyerEvidenceStandSideBySide(t *testing.T) {
	f := figure(t, built(t, digesttest.Input(digest.Manager, "m1")), "adherence")
	if len(f.Trends) != 2 || !strings.HasPrefix(f.Trends[0].Caption, "Stages ticked: ") || !strings.HasPrefix(f.Trends[1].Caption, "Buyer evidence: ") {
		t.Fatalf("charts %+v", f.Trends)
	}
	for _, c := range f.Trends {
		if len(c.Cols) != 8 || !c.Cols[7].Last {
			t.Errorf("%s: %d columns", c.Caption, len(c.Cols))
		}
	}
}

func TestWhatStandsStillIsWorthSomething(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	f := figure(t, built(t, in), "stalled")
	if len(f.Trends) != 2 || f.Trends[1].Caption != "Worth in k€, last 8 weeks" || f.Trends[1].Cols[7].Text != "388" || !strings.Contains(more(f), "388 k€") {
		t.Errorf("charts %+v beside %q", f.Trends, more(f))
	}
	in = digesttest.Huge(digest.Manager, "m1")
	if f := figure(t, built(t, in), "stalled"); f.Trends[1].Caption != "Worth in tn\u00a0IDR, last 8 weeks" || f.Trends[1].Cols[7].Text != "10" {
		t.Errorf("charts %+v", f.Trends[1])
	}
	for i := range in.Report.Managers[0].Trend {
		in.Report.Managers[0].Trend[i].StalledAmount = health.Number{}
	}
	if f := figure(t, built(t, in), "stalled"); len(f.Trends) != 1 {
		t.Error("a chart of amounts that nobody knows")
	}
}

// What a manager reads about a rep the rep reads too.
func TestTheRepSeesWhatTheManagerSees(t *testing.T) {
	in := digesttest.InputOf(digesttest.Report(), digesttest.Reps(), digest.Rep, "r02", digest.Direct)
	figuresOf(&in, "r02").Adherence.PBelowTeam = pipeline.Some(0.98)
	if s := more(figure(t, built(t, in), "adherence")); !strings.Contains(s, "“below the team (indicative)”: a reason to talk, no verdict") {
		t.Errorf("beside the rate %q", s)
	}
	if s := more(figure(t, built(t, in), "moves")); !strings.Contains(s, "Pace 0.8, likely 0.6–1.2") {
		t.Errorf("beside the moves %q", s)
	}
	figuresOf(&in, "r02").Adherence.PBelowTeam = pipeline.Some(0.97)
	if s := more(figure(t, built(t, in), "adherence")); strings.Contains(s, "below") {
		t.Errorf("within noise %q", s)
	}
}

// The team's median is one number, and of few people none: it would give somebody away.
func TestTheTeamsMedianGivesNobodyAway(t *testing.T) {
	in := digesttest.Input(digest.Rep, "r01") // North: Ada, Bo and Chloé can be judged, Dov cannot
	if s := more(figure(t, built(t, in), "adherence")); strings.Contains(s, "median") {
		t.Errorf("a median of three: %q", s)
	}
	for i, rate := range []float64{0.2, 0.6, 0.7, 0.9} {
		r := &in.Report.Reps[len(in.Report.Reps)-1-i]
		r.ManagerID = pipeline.Some("m1")
		r.Adherence = &health.Adherence{Due: 10, Judged: true, Rate: pipeline.Some(rate)}
	}
	if s := more(figure(t, built(t, in), "adherence")); !strings.Contains(s, "The median of your team is 70 %") {
		t.Errorf("of seven: %q", s)
	}
}

func TestTheDirectionOfCallsIsSaidPeriodByPeriod(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	f := in.Report.Managers[0].Forecast
	set := func(predicted ...float64) {
		for i := range f.Periods {
			f.Periods[i].Called, f.Periods[i].Predicted, f.Periods[i].Actual = pipeline.Some(9), pipeline.Some(predicted[i]), pipeline.Some(100.0)
		}
	}
	for want, predicted := range map[string][]float64{
		"; too high in 1 quarter, too low in 3": {120, 80, 90, 70},
		"; too high in each of the 4 quarters":  {120, 180, 190, 170},
		"; too low in 3 of 4 quarters":          {100, 80, 90, 70},
	} {
		set(predicted...)
		if s := more(figure(t, built(t, in), "forecast")); !strings.Contains(s, "Calls were 12 % too high"+want) {
			t.Errorf("%v: %q", predicted, s)
		}
	}
}
