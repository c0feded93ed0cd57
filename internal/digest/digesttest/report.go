package digesttest

import (
	"math"
	"slices"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// met of due in the window, per rep of the fixture.
var tallies = map[string][2]int{
	"m1": {4, 5}, "r01": {6, 8}, "r02": {3, 9}, "r03": {9, 10}, "r04": {2, 3},
	"m2": {0, 0}, "r05": {5, 7}, "r06": {7, 7}, "r07": {1, 4}, "r08": {0, 0},
	"m3": {0, 0}, "r09": {4, 9}, "r10": {3, 3}, "r11": {1, 1}, "r12": {0, 0},
}

// Report is the fixture's: everybody's figures agree with the deals.
func Report() *health.Report { return ReportOf(Reps(), Deals()) }

// ReportOf makes a report of any reps and deals; groups are the direct reports and their manager.
func ReportOf(reps []pipeline.Rep, deals []health.Deal) *health.Report {
	set := Settings()
	r := &health.Report{AsOf: AsOf, Window: pipeline.Period{Start: pipeline.Week.Back(AsOf, 1, Berlin), End: AsOf}, Process: "new-business", Currency: "EUR",
		Sources: health.Sources{Reps: pipeline.Some(len(reps)), Deals: pipeline.Some(140), StageChanges: pipeline.Some(512), Activities: pipeline.Some(2210), Criteria: pipeline.Some(260), Forecasts: pipeline.Some(730)},
		Deals:   deals}
	groups := map[string][]string{}
	for i, rep := range reps {
		t, ok := tallies[rep.ID]
		if !ok {
			t = [2]int{i % 7, 7}
		}
		r.Reps = append(r.Reps, health.RepFigures{ID: rep.ID, Name: rep.Name, Team: pipeline.Some(rep.Team), ManagerID: pipeline.Some(rep.ManagerID),
			Figures: figures(set, []string{rep.ID}, t[0], t[1], i%5, deals)})
		if rep.ManagerID != "" {
			groups[rep.ManagerID] = append(groups[rep.ManagerID], rep.ID)
		}
	}
	for _, rep := range reps {
		ids := append([]string(nil), groups[rep.ID]...)
		if len(ids) == 0 {
			continue
		}
		ids = append(ids, rep.ID)
		slices.Sort(ids)
		met, due := 0, 0
		for _, f := range r.Reps {
			if slices.Contains(ids, f.ID) {
				met, due = met+f.Adherence.Met, due+f.Adherence.Due
			}
		}
		r.Managers = append(r.Managers, health.Group{ID: rep.ID, Reps: ids, Figures: figures(set, ids, met, due, 11, deals)})
	}
	r.Team.Focus = pipeline.Some("buyer:plan_agreed")
	r.Stages = stages()
	r.Checkpoints = []health.Checkpoint{
		{Key: "stage:evaluation", Due: 9, Met: 4, Missed: 5}, {Key: "stage:proposal", Due: 8, Met: 7, Missed: 1},
		{Key: "buyer:plan_agreed", Due: 14, Met: 6, Missed: 8},
	}
	r.Paths = []health.Path{
		{Stages: []string{"discovery", "proposal", "negotiation"}, Deals: 9, Share: pipeline.Some(9.0 / 14)},
		{Stages: []string{"discovery", "evaluation", "proposal", "negotiation"}, Deals: 3, Share: pipeline.Some(3.0 / 14), Follows: true},
		{Stages: []string{"proposal", "negotiation"}, Deals: 2, Share: pipeline.Some(2.0 / 14)},
	}
	r.Wins = []health.StageWins{{Key: "discovery", Won: 14, Without: 2}, {Key: "evaluation", Won: 12, Without: 9}, {Key: "proposal", Won: 14}, {Key: "negotiation", Won: 14}}
	r.Lost, r.Closed = lost(), closed()
	r.Gaps = &health.Gaps{Unmapped: []health.UnmappedStage{{Stage: "Demo booked", N: 12}}, InactiveReps: []string{"r04", "r08"}, NoParty: pipeline.Some(false)}
	return r
}

func stages() []health.Stage {
	var out []health.Stage
	for _, s := range []struct {
		key, name string
		limit     float64
	}{{"discovery", "Discovery", 14}, {"evaluation", "Evaluation", 25}, {"proposal", "Proposal", 18}, {"negotiation", "Negotiation", 21}} {
		out = append(out, health.Stage{Key: s.key, Name: s.name, Phase: "selling", Visits: 90, Advanced: 60, ThresholdDays: pipeline.Some(s.limit), ThresholdSource: pipeline.Some(health.Learned)})
	}
	return out
}

func lost() []health.LostDeal {
	at := AsOf.AddDate(0, 0, -5)
	return []health.LostDeal{
		{ID: "d90", RepID: pipeline.Some("r01"), Clean: true, DaysSinceBuyer: pipeline.Some(2.0), LossReason: pipeline.Some("budget frozen"),
			Visits:      []health.LostVisit{{Stage: "discovery", Start: at, Days: pipeline.Some(10.0), End: "advanced"}, {Stage: "evaluation", Start: at, Days: pipeline.Some(18.0), End: "lost"}},
			Checkpoints: []health.LostCheckpoint{{Key: "buyer:problem_owned", At: at, State: "met"}}},
		{ID: "d91", RepID: pipeline.Some("r02"), FirstMissed: pipeline.Some("buyer:problem_owned"), DaysSinceBuyer: pipeline.Some(41.0), LossReason: pipeline.Some("no decision"),
			Visits: []health.LostVisit{{Stage: "discovery", Start: at, Days: pipeline.Some(1.0), End: "advanced"}, {Stage: "proposal", Start: at, Days: pipeline.Some(55.0), End: "lost"}}},
		{ID: "d92", RepID: pipeline.Some("r05"), Clean: true, DaysSinceBuyer: pipeline.Some(0.4)},
	}
}

func figures(set health.Settings, ids []string, met, due, moves int, deals []health.Deal) health.Figures {
	open, stalled, silent, amount := 0, 0, 0, 0.0
	for _, d := range deals {
		if !slices.Contains(ids, d.RepID.V) {
			continue
		}
		open++
		if d.Stalled.Or(false) {
			stalled, amount = stalled+1, amount+d.Amount.Or(0)
		}
		if d.Silent.Or(false) {
			silent++
		}
	}
	f := health.Figures{
		Adherence: &health.Adherence{Due: due, Met: met, Missed: due - met, Pending: 2, Judged: due >= set.MinDue, CleanMoves: met / 2,
			Stages: tally(due/2, min(met, due/2)), Evidence: tally(due-due/2, met-min(met, due/2))},
		Stall:    &health.Stall{OpenDeals: open, StalledDeals: stalled, StalledAmount: pipeline.Some(amount), SilentDeals: pipeline.Some(silent)},
		Forecast: calls(len(ids)),
		Record:   &health.Record{Moves: moves, NoAmount: pipeline.Some(1), NoClose: pipeline.Some(0), OverdueClose: pipeline.Some(2), NoActivity: pipeline.Some(0)},
		Focus:    pipeline.Some("buyer:plan_agreed"),
	}
	f.Adherence.Rate, f.Adherence.Low, f.Adherence.High = interval(met, due)
	if due > 0 { // drawn half-way towards a team of 64 %
		f.Adherence.ShrunkRate, f.Adherence.PBelowTeam = pipeline.Some((float64(met)/float64(due)+0.64)/2), pipeline.Some(0.5)
	}
	if open > 1 {
		f.Stall.Pace, f.Stall.PaceLow, f.Stall.PaceHigh = pipeline.Some(0.84), pipeline.Some(0.55), pipeline.Some(1.22)
	}
	if stalled > 0 {
		f.Stall.MedianDaysOver = pipeline.Some(16.4)
	}
	for i := range 8 {
		start := pipeline.Week.Back(AsOf, 8-i, Berlin)
		p := health.TrendPoint{Start: start, End: pipeline.Week.Back(AsOf, 7-i, Berlin), Due: due + i%3, Met: min(due, met) * (5 + i%4) / 8, Moves: moves + 3 - i%4, OpenDeals: open, StalledDeals: max(0, stalled-3+i%4)}
		if i == 7 {
			p.Due, p.Met, p.Moves, p.StalledDeals = due, met, moves, stalled
		}
		if p.Due > 0 {
			p.Rate = pipeline.Some(float64(p.Met) / float64(p.Due))
		}
		p.Stages, p.Evidence = tally(p.Due/2, min(p.Met, p.Due/2)), tally(p.Due-p.Due/2, p.Met-min(p.Met, p.Due/2))
		p.StalledAmount = pipeline.Some(amount * float64(5+i%4) / 8)
		if i == 7 {
			p.StalledAmount = pipeline.Some(amount)
		}
		f.Trend = append(f.Trend, p)
	}
	return f
}

func calls(reps int) *health.ForecastReliability {
	f := &health.ForecastReliability{CalledDeals: pipeline.Some(4 + 3*reps), Judged: true, Accuracy: pipeline.Some(0.78), WAPE: pipeline.Some(0.22), Bias: pipeline.Some(0.12),
		UncalledShare: pipeline.Some(0.09), Slipped: pipeline.Some(reps), Pushes: pipeline.Some(2 * reps), DaysPushed: pipeline.Some(45 * reps)}
	for i := range 4 {
		q := pipeline.PeriodsBefore(AsOf, 4, pipeline.Quarter, 1, Berlin)[i]
		f.Periods = append(f.Periods, health.CallPeriod{Start: q.Start, End: q.End, Call: q.Start.AddDate(0, 0, 14), Called: pipeline.Some(1 + reps),
			Predicted: pipeline.Some(float64(100000 * reps)), Actual: pipeline.Some(float64((80000 + 7000*i) * reps)), Uncalled: pipeline.Some(9000.0)})
	}
	return f
}

func tally(due, met int) health.Tally {
	rate, _, _ := interval(met, due)
	return health.Tally{Due: due, Met: met, Rate: rate}
}

// interval is the Wilson score interval.
func interval(met, due int) (rate, low, high health.Number) {
	if due == 0 {
		return
	}
	const z = 1.959964
	n, p := float64(due), float64(met)/float64(due)
	mid, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return pipeline.Some(p), pipeline.Some(max(0, mid-half)), pipeline.Some(min(1, mid+half))
}
