package health

import (
	"errors"
	"fmt"
	"testing"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

func TestManagersAndTheirGroups(t *testing.T) {
	s := tell(mondayOf).rep("ann", under("mia")).rep("ben", under("mia")).rep("mia", under("zed")).rep("zed").rep("cid", under("nobody")).
		rep("bot", system, under("ann"))
	s.deal("D1").owner("ann").worth(100).enters("Discovery", "2026-01-20").meets("problem", "2026-01-20")
	s.deal("D2").owner("ben").enters("Discovery", "2026-01-20")
	s.deal("D3").owner("mia").enters("Discovery", "2026-01-20")
	s.deal("D4").owner("cid").enters("Discovery", "2026-01-20")
	s.deal("D5").owner("bot").enters("Discovery", "2026-01-20")
	r := s.report(t)
	var groups, reps []string
	for _, g := range r.Managers {
		groups = append(groups, fmt.Sprint(g.ID, g.Reps, g.Adherence.Met, "/", g.Adherence.Due, " ", g.Stall.OpenDeals, " ", g.Fitness.V))
	}
	for _, f := range r.Reps {
		reps = append(reps, f.ID)
	}
	is(t, "groups", fmt.Sprint(groups), "[mia[ann ben mia] 4/6 3 1 zed[mia zed] 1/2 1 1]")
	is(t, "reps", fmt.Sprint(reps), "[ann ben cid mia zed]")
	is(t, "team", fmt.Sprint(r.Team.Adherence.Met, "/", r.Team.Adherence.Due), "6/10")
	is(t, "reps counted as rows", r.Sources.Reps, some(6))
	near(t, "a group's shrunk rate is its rate", r.Managers[0].Adherence.ShrunkRate, 4./6)
	null(t, "a group's p", r.Managers[0].Adherence.PBelowTeam)
}

func TestSomebodyWhomTheSourceDoesNotList(t *testing.T) {
	s := tell(mondayOf).rep("ann", under("zoe"))
	s.reps[0].Team, s.reps[0].Name = "North", "Ann Lee"
	s.deal("D1").owner("zoe").enters("Discovery", "2026-01-20")
	r := s.report(t)
	zoe := repOf(t, r, "zoe")
	is(t, "name", zoe.Name, "zoe")
	null(t, "team", zoe.Team)
	null(t, "manager", zoe.ManagerID)
	is(t, "due", zoe.Adherence.Due, 2)
	ann := repOf(t, r, "ann")
	is(t, "name", ann.Name, "Ann Lee")
	is(t, "team", ann.Team, some("North"))
	is(t, "manager", ann.ManagerID, some("zoe"))
}

// P and M are over reps: the importer's checkpoints pull nobody.
func TestShrinkageIsOverReps(t *testing.T) {
	s := tell(mondayOf).rep("bot", system)
	s.proc = letters()
	s.lettersOf("ann", "2026-01-20", "A", "A", "A", "A")
	s.lettersOf("ben", "2026-01-20", "B", "B")
	s.lettersOf("bot", "2026-01-20", "E", "E", "E", "E")
	r := s.report(t)
	is(t, "the team's due has everybody's", r.Team.Adherence.Due, 28)
	// 4/4 and 2/4: P = 6/8, S = 4/16 + 4/16 = 1/2, ρ = (1/2 − 3/16)/(3/16·(8 − 4 − 1)) = 5/9, M = 0.8.
	near(t, "ann", repOf(t, r, "ann").Adherence.ShrunkRate, (4+0.6)/4.8)
	near(t, "ben", repOf(t, r, "ben").Adherence.ShrunkRate, (2+0.6)/4.8)
}

func TestMoneyInOneCurrency(t *testing.T) {
	s := tell(mondayOf)
	s.set.Rates = map[string]float64{"USD": 0.5}
	old := "2025-09-01" // all stalled
	s.deal("D1").owner("ann").enters("Closing", old).worth(100)
	s.deal("D2").owner("ann").enters("Closing", old).worth(100).in(" usd")
	s.deal("D3").owner("ann").enters("Closing", old).worth(100).in("eur")
	s.deal("D4").owner("ann").enters("Closing", old).worth(100).in("SEK")
	s.deal("D5").owner("ann").enters("Closing", old)
	r := s.report(t)
	for id, want := range map[string]Number{"D1": some(100.), "D2": some(50.), "D3": some(100.), "D4": {}, "D5": {}} {
		is(t, "amount of "+id, dealOf(t, r, id).Amount, want)
	}
	near(t, "stalled amount", r.Team.Stall.StalledAmount, 250)
	is(t, "stalled deals", r.Team.Stall.StalledDeals, 5)
	is(t, "a deal whose currency has no rate has an amount", r.Team.Record.NoAmount, some(1))
	is(t, "without rate", fmt.Sprint(r.Gaps.WithoutRate), "map[SEK:1]")
}

func TestForecastsInOneCurrency(t *testing.T) {
	s := tell(mondayOf)
	s.set.Rates = map[string]float64{"USD": 0.5}
	s.hopeful("D1").in("USD").won("2025-12-01")
	s.hopeful("D2").in("SEK").won("2025-12-01")
	s.deal("D3").owner("ann").enters("Closing", "2025-09-01").worth(60).in("USD").won("2025-12-01")
	s.deal("D4").owner("ann").enters("Closing", "2025-09-01").worth(60).in("SEK").won("2025-12-01")
	p := s.report(t).Team.Forecast.Periods[3]
	is(t, "called", p.Called, some(2))
	near(t, "predicted", p.Predicted, 250)
	near(t, "actual", p.Actual, 500)
	near(t, "uncalled", p.Uncalled, 30)
}

func TestDealsOfOtherPipelines(t *testing.T) {
	s := tell(mondayOf)
	s.proc = process.New("new business", []string{"New Business"}, nil, nil, aProcess().Versions)
	s.deal("D1").owner("ann").of(" new business ").enters("Discovery", "2026-01-20")
	s.deal("D2").owner("ann").of("Renewals").in("SEK").enters("Discovery", "2026-01-20").enters("Limbo", "2026-01-21").lost("2026-01-22")
	s.deal("D3").owner("ann").enters("Discovery", "2026-01-20")
	s.deal("D4").owner("ann").of("Renewals").enters("Discovery", mondayOf)
	s.deal("D5").owner("ann").of("Renewals").created("2026-01-20").closed(pipeline.Won, "")
	r := s.report(t)
	is(t, "left out", r.Gaps.OtherPipelines, 3)
	is(t, "rows seen", r.Sources.Deals, some(4))
	is(t, "open", len(r.Deals), 1)
	is(t, "lost", len(r.Lost), 0)
	is(t, "moves", r.Team.Trend[7].Moves, 1)
	is(t, "due", r.Team.Adherence.Due, 2)
	is(t, "unmapped", len(r.Gaps.Unmapped), 0)
	is(t, "without rate", len(r.Gaps.WithoutRate), 0)
	is(t, "visits", stageOf(t, r, "discovery").Visits, 1)
}

func TestSourcesCountWhatIsThere(t *testing.T) {
	s := tell(mondayOf).rep("ann").without(pipeline.Activities, pipeline.Waivers)
	in := s.input()
	in.Reading.Counts = map[pipeline.Rows]int{pipeline.Reps: 1, pipeline.StageChanges: 7, pipeline.Criteria: 0, pipeline.Forecasts: 3}
	r, err := Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	is(t, "sources", r.Sources, Sources{Reps: some(1), Deals: some(0), StageChanges: some(7), Criteria: some(0), Forecasts: some(3)})
}

func TestAReadingThatBreaksOff(t *testing.T) {
	in := tell(mondayOf).input()
	broken := errors.New("connection lost")
	in.Reading.Deals = func(yield func(*pipeline.History, error) bool) { yield(nil, broken) }
	if _, err := Compute(in); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
