package sample

import (
	"slices"
	"testing"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

var seeds = []uint64{0, 1, 2, 7, 42, 2026}

// usual is what a config without a metrics section asks for.
func usual() health.Settings {
	return health.Settings{Location: time.UTC, Window: pipeline.Week, Currency: "EUR", Lookback: 365 * day,
		Grace: 3 * day, MinDue: 5, MinHistory: 20, MinCalled: 5, SilentAfter: 21 * day, LeastStall: 3 * day,
		PeriodSpan: pipeline.Quarter, FiscalStart: 1, CallAfter: 14 * day,
		CategoryChance: map[string]float64{"commit": 0.9, "best_case": 0.6, "pipeline": 0.2, "omitted": 0}}
}

func histories(p *Pipeline) map[string]*pipeline.History {
	out := map[string]*pipeline.History{}
	for h := range p.Deals() {
		out[h.Deal.ID] = h
	}
	return out
}

// entered lists the keys of the stages that the deal entered, with when, counted directly on the rows.
func entered(p *process.Process, h *pipeline.History) (keys []string, at []time.Time) {
	for _, c := range h.Changes {
		if _, closed := p.ClosedAs(c.Stage); !closed {
			keys, at = append(keys, p.Lookup(c.Stage, c.At).Key), append(at, c.At)
		}
	}
	return keys, at
}

// The planted truth, counted naively on the rows: nothing here goes by the figures.
func TestPlantedRows(t *testing.T) {
	proc := theProcess(t)
	week := AsOf.Add(-7 * day)
	for _, seed := range seeds {
		p := Generate(Options{Seed: seed, Process: proc})
		deals, pl := histories(p), p.Planted
		if len(pl.Skips) < 20 || len(pl.Stalls) < 15 || len(pl.Pushes) < 10 || len(pl.Silent) < 10 ||
			len(pl.CleanLosses) < 3 || len(pl.Waived) == 0 || pl.Shortcut != "evaluation" {
			t.Fatalf("seed %d: planted %+v", seed, pl)
		}
		for _, s := range pl.Skips {
			h := deals[s.DealID]
			keys, at := entered(proc, h)
			last := at[len(at)-1]
			if h.Deal.Outcome == pipeline.Won {
				last = h.Deal.ClosedAt.V
			}
			if slices.Contains(keys, s.Stage) || last.Before(week) || len(h.Waivers) > 0 {
				t.Errorf("seed %d: %s went %v until %s and did not skip %s", seed, s.DealID, keys, last, s.Stage)
			}
		}
		for _, id := range pl.Stalls {
			_, at := entered(proc, deals[id])
			if deals[id].Deal.Outcome != pipeline.Open || at[len(at)-1].After(AsOf.Add(-50*day)) {
				t.Errorf("seed %d: %s does not stall", seed, id)
			}
		}
		for _, id := range pl.Pushes {
			f := deals[id].Forecasts
			before, after := f[len(f)-2], f[len(f)-1]
			if deals[id].Deal.Outcome != pipeline.Open || after.At.Before(week) ||
				after.ExpectedClose.V <= before.ExpectedClose.V {
				t.Errorf("seed %d: %s was not pushed this week", seed, id)
			}
		}
		for _, id := range pl.Silent {
			for _, a := range deals[id].Activities {
				if a.Party == pipeline.BuyerParty && a.At.After(AsOf.Add(-22*day)) {
					t.Errorf("seed %d: the buyer of %s spoke at %s", seed, id, a.At)
				}
			}
		}
		for _, id := range pl.CleanLosses {
			if d := deals[id].Deal; d.Outcome != pipeline.Lost || d.ClosedAt.V.Before(week) {
				t.Errorf("seed %d: %s was not lost this week", seed, id)
			}
		}
		checkShortcut(t, seed, proc, p)
	}
}

// checkShortcut: more than half of a year's winners never entered the stage that the process demands.
func checkShortcut(t *testing.T, seed uint64, proc *process.Process, p *Pipeline) {
	t.Helper()
	won, without := 0, 0
	for h := range p.Deals() {
		if h.Deal.Outcome == pipeline.Won && h.Deal.ClosedAt.V.After(AsOf.Add(-365*day)) {
			won++
			if keys, _ := entered(proc, h); !slices.Contains(keys, p.Planted.Shortcut) {
				without++
			}
		}
	}
	if 2*without <= won {
		t.Errorf("seed %d: %d of %d winners left out %s", seed, without, won, p.Planted.Shortcut)
	}
}

// report computes the figures as the demo's config does.
func report(t *testing.T, opt Options, zone *time.Location) (*Pipeline, *health.Report) {
	t.Helper()
	p := Generate(opt)
	set := usual()
	set.Location = zone
	asOf := pipeline.DateOf(AsOf, time.UTC).Start(zone)
	r, err := health.Compute(health.Input{AsOf: asOf, Settings: set, Process: opt.Process, Reading: p.Reading(asOf)})
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// Whatever the seed and whatever zone the week is counted in, the figures find what is planted.
func TestFiguresFindThePlanted(t *testing.T) {
	proc := theProcess(t)
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, seed := range seeds {
			p, r := report(t, Options{Seed: seed, Process: proc}, zone)
			findDeals(t, p.Planted, r)
			findSums(t, p.Planted, r)
			findReps(t, p.Planted, r)
			if t.Failed() {
				t.Fatalf("seed %d in %s", seed, name)
			}
		}
	}
}

// findDeals looks for each planted deal among the report's.
func findDeals(t *testing.T, pl Planted, r *health.Report) {
	t.Helper()
	open := map[string]health.Deal{}
	for _, d := range r.Deals {
		open[d.ID] = d
	}
	for _, s := range pl.Skips {
		if d, ok := open[s.DealID]; ok && !slices.Contains(d.Missed, process.StageCheckpoint(s.Stage)) {
			t.Errorf("%s skipped %s, missed %v", s.DealID, s.Stage, d.Missed)
		}
	}
	for _, id := range pl.Stalls {
		if d := open[id]; !d.Stalled.V || d.DaysInStage.V < 1.5*d.ThresholdDays.V {
			t.Errorf("%s: %.0f days in %s, threshold %.0f", id, d.DaysInStage.V, d.Stage.V, d.ThresholdDays.V)
		}
	}
	for _, id := range pl.Pushes {
		if open[id].Pushes.V == 0 {
			t.Errorf("%s was not pushed", id)
		}
	}
	for _, id := range pl.Silent {
		if !open[id].Silent.V {
			t.Errorf("%s: the buyer spoke %.1f days ago", id, open[id].DaysSinceBuyer.V)
		}
	}
	clean := map[string]string{}
	for _, l := range r.Lost {
		if l.Clean {
			clean[l.ID] = l.RepID.V
		}
	}
	losers := map[string]bool{}
	for _, id := range pl.CleanLosses {
		losers[clean[id]] = true
	}
	if delete(losers, ""); len(losers) < 3 {
		t.Errorf("clean losses %v planted, %v found", pl.CleanLosses, clean)
	}
}

// findSums looks for the planted deals in the week's sums of all.
func findSums(t *testing.T, pl Planted, r *health.Report) {
	t.Helper()
	team, skipped := r.Team, 0
	for _, c := range r.Checkpoints {
		if len(c.Key) > 6 && c.Key[:6] == "stage:" {
			skipped += c.Missed
		}
	}
	if skipped < len(pl.Skips) || team.Adherence.Excused < len(pl.Waived) {
		t.Errorf("%d stages skipped and %d excused, planted %d and %d", skipped, team.Adherence.Excused,
			len(pl.Skips), len(pl.Waived))
	}
	if s := team.Stall; s.StalledDeals < len(pl.Stalls) || s.SilentDeals.V < len(pl.Silent) {
		t.Errorf("%d stalled, %d silent", s.StalledDeals, s.SilentDeals.V)
	}
	if team.Forecast.Pushes.V < len(pl.Pushes) {
		t.Errorf("%d pushes", team.Forecast.Pushes.V)
	}
	if len(r.Paths) == 0 || r.Paths[0].Follows || slices.Contains(r.Paths[0].Stages, pl.Shortcut) {
		t.Errorf("the usual way to win is %+v", r.Paths)
	}
	for _, s := range r.Stages {
		if s.Phase != "after" && s.Key != "negotiation" && s.Advanced < 20 {
			t.Errorf("only %d deals went on from %s: its threshold is not learned", s.Advanced, s.Key)
		}
	}
	// The rest is no wasteland: most is done, most deals move, the calls of the house are not absurd.
	if a := team.Adherence; a.Rate.V < 0.5 || a.Rate.V > 0.9 {
		t.Errorf("adherence %.2f", a.Rate.V)
	}
	if s := team.Stall; s.StalledDeals*5 > s.OpenDeals*2 {
		t.Errorf("%d of %d deals stall", s.StalledDeals, s.OpenDeals)
	}
	if b := team.Forecast.Bias.V; b < -0.5 || b > 0.8 {
		t.Errorf("the house's bias is %.2f", b)
	}
}

// findReps looks at the people who have a habit.
func findReps(t *testing.T, pl Planted, r *health.Report) {
	t.Helper()
	for _, rep := range r.Reps {
		f := rep.Forecast
		if slices.Contains(pl.OverCallers, rep.ID) && (!f.Judged || f.CalledDeals.V < 12 || f.Bias.V < 0.25) {
			t.Errorf("%s calls too high: %d calls, bias %.2f", rep.ID, f.CalledDeals.V, f.Bias.V)
		}
		if slices.Contains(pl.Newcomers, rep.ID) && f.Judged {
			t.Errorf("%s is judged by %d calls", rep.ID, f.CalledDeals.V)
		}
		if slices.Contains(pl.Disciplined, rep.ID) && rep.Adherence.Missed > 1 {
			t.Errorf("%s missed %d", rep.ID, rep.Adherence.Missed)
		}
		if slices.Contains(pl.OnLeave, rep.ID) && rep.Record.Moves > 0 {
			t.Errorf("%s moved deals while away", rep.ID)
		}
	}
	if len(r.Gaps.Unmapped) > 0 || slices.ContainsFunc(r.Gaps.InactiveReps, func(id string) bool {
		return slices.Contains(pl.OnLeave, id)
	}) {
		t.Errorf("gaps %+v", r.Gaps)
	}
}

func TestPlantsGrowWithTheDeals(t *testing.T) {
	p, r := report(t, Options{Seed: 1, Reps: 60, Deals: 5 * DefaultDeals, Process: theProcess(t)}, time.UTC)
	if len(p.Planted.Stalls) != 5*15 || len(p.Planted.OverCallers) != 5 {
		t.Errorf("%d stalls, over-callers %v", len(p.Planted.Stalls), p.Planted.OverCallers)
	}
	findDeals(t, p.Planted, r)
	findSums(t, p.Planted, r)
}
