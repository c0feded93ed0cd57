package digesttest

import (
	"fmt"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Story is one hand-made case.
type Story struct {
	Name  string
	Input digest.Input
}

// Stories are the cases to look at: the usual ones, and those that break layouts.
func Stories() []Story {
	out := []Story{
		{"manager", Input(digest.Manager, "m1")},
		{"manager-south", Input(digest.Manager, "m2")},
		{"manager-tree", InputOf(Report(), Reps(), digest.Manager, "m1", digest.Tree)},
		{"rep", Input(digest.Rep, "r01")},
		{"rep-one-deal", Input(digest.Rep, "r04")},
		{"rep-empty", Input(digest.Rep, "r08")},
	}
	for _, kind := range []digest.Kind{digest.Manager, digest.Rep} {
		id := map[digest.Kind]string{digest.Manager: "m1", digest.Rep: "r01"}[kind]
		out = append(out,
			Story{string(kind) + "-no-forecasts", InputOf(NoForecasts(), Reps(), kind, id, digest.Direct)},
			Story{string(kind) + "-no-activities", InputOf(NoActivities(), Reps(), kind, id, digest.Direct)},
			Story{string(kind) + "-all-null", InputOf(AllNull(), Reps(), kind, id, digest.Direct)},
			Story{string(kind) + "-poor-record", InputOf(PoorRecord(), Reps(), kind, id, digest.Direct)},
			Story{string(kind) + "-stale", InputOf(Stale(AsOf.AddDate(-14, -8, 5)), Reps(), kind, id, digest.Direct)},
			Story{string(kind) + "-names", Names(kind)},
			Story{string(kind) + "-sixty-reps", Crowd(kind)},
			Story{string(kind) + "-later-figures", InputOf(Later(), Reps(), kind, id, digest.Direct)},
		)
	}
	out = append(out, edges()...)
	out = append(out, rare()...)
	return append(out,
		Story{"manager-stages-only", stagesOnly()},
		Story{"manager-after-the-win", AfterTheWin(digest.Manager, "m1")},
		Story{"rep-after-the-win", AfterTheWin(digest.Rep, "r02")})
}

func stagesOnly() digest.Input {
	in := Input(digest.Manager, "m1")
	in.Process = StagesOnly()
	return focusedOn(in, "stage:evaluation")
}

// focusedOn makes one checkpoint everybody's focus.
func focusedOn(in digest.Input, key string) digest.Input {
	each(in.Report, func(f *health.Figures) { f.Focus = pipeline.Some(key) })
	return in
}

// AfterTheWin has sold deals that are being delivered, and for a focus the stage that most wins went without.
func AfterTheWin(kind digest.Kind, id string) digest.Input {
	r := Report()
	sold := deal("d40", "r02", "Skagen Marine spares desk", "delivery", 150000, 54, 45, "stalled evidence pushed overdue", 6, 4, "buyer:signer_met stage:evaluation")
	sold.Committed, sold.Chance = true, pipeline.Some(0.9)
	sold.ExpectedClose = pipeline.Some(pipeline.NewDate(2026, 9, 30))
	handed := deal("d41", "r02", "Tundra Lodge rollout", "delivery", 80000, 20, 45, "silent evidence", 25, 0, "buyer:plan_agreed buyer:rollout_owned")
	quiet := deal("d42", "r02", "Ulm Tools catalogue", "delivery", 60000, 10, 45, "evidence pushed", 1, 3, "buyer:plan_agreed")
	r.Deals = append(r.Deals, sold, handed, quiet)
	return focusedOn(InputOf(r, Reps(), kind, id, digest.Direct), "stage:evaluation")
}

// each calls f with the figures of the team, every group and every rep.
func each(r *health.Report, f func(*health.Figures)) *health.Report {
	f(&r.Team)
	for i := range r.Managers {
		f(&r.Managers[i].Figures)
	}
	for i := range r.Reps {
		f(&r.Reps[i].Figures)
	}
	return r
}

// NoForecasts is a source without that table.
func NoForecasts() *health.Report {
	r := Report()
	r.Sources.Forecasts = health.Count{}
	for i := range r.Deals {
		r.Deals[i].Pushes = health.Count{}
		r.Deals[i].Concerns = without(r.Deals[i].Concerns, health.ConcernPushed)
	}
	return each(r, func(f *health.Figures) { f.Forecast = &health.ForecastReliability{} })
}

// NoActivities is a source without that table.
func NoActivities() *health.Report {
	r := Report()
	r.Sources.Activities, r.Gaps.NoParty = health.Count{}, pipeline.Opt[bool]{}
	for i := range r.Deals {
		r.Deals[i].Silent, r.Deals[i].DaysSinceBuyer = pipeline.Opt[bool]{}, health.Number{}
		r.Deals[i].Concerns = without(r.Deals[i].Concerns, health.ConcernSilent)
	}
	for i := range r.Lost {
		r.Lost[i].DaysSinceBuyer = health.Number{}
	}
	return each(r, func(f *health.Figures) {
		if f.Stall != nil {
			f.Stall.SilentDeals = health.Count{}
		}
	})
}

func without(concerns []string, one string) []string {
	var out []string
	for _, c := range concerns {
		if c != one {
			out = append(out, c)
		}
	}
	return out
}

// AllNull has reps and deals, and no figure that could be computed.
func AllNull() *health.Report {
	r := each(Report(), func(f *health.Figures) {
		*f = health.Figures{Adherence: &health.Adherence{}, Stall: &health.Stall{}, Forecast: &health.ForecastReliability{}, Record: &health.Record{}}
	})
	for i, d := range r.Deals {
		r.Deals[i] = health.Deal{ID: d.ID, RepID: d.RepID}
	}
	r.Stages, r.Checkpoints, r.Paths, r.Lost, r.Closed, r.Gaps = nil, nil, nil, nil, nil, nil
	return r
}

// PoorRecord is one whose figures would mislead.
func PoorRecord() *health.Report {
	r := each(Report(), func(f *health.Figures) {
		if f.Record != nil {
			f.Record.NoHistory = 4
		}
	})
	r.Gaps.Unmapped = []health.UnmappedStage{{Stage: "Demo booked", N: 120}, {Stage: "On hold", N: 44}, {Stage: "Legal", N: 9}, {Stage: "Pilot", N: 2}}
	return r
}

// Stale is the report of a source in which nothing has happened since.
func Stale(newest time.Time) *health.Report {
	r := Report()
	r.Newest = pipeline.Some(newest)
	return r
}

// Later has the figures that need more than one report to learn.
func Later() *health.Report {
	r := each(Report(), func(f *health.Figures) {
		if a := f.Adherence; a != nil && a.Due > 0 {
			a.Change = health.AdherenceChange{Due: pipeline.Some(60), Met: pipeline.Some(30), Rate: pipeline.Some(0.5), Diff: pipeline.Some(0.19), Low: pipeline.Some(0.04), High: pipeline.Some(0.33)}
			a.PBelowTeam = pipeline.Some(0.98)
		}
		if fc := f.Forecast; fc != nil {
			fc.Calibration = []health.CalibrationBin{{From: 0.8, To: 1, N: 22, MeanChance: pipeline.Some(0.83), WonRate: pipeline.Some(0.55), Low: pipeline.Some(0.35), High: pipeline.Some(0.73)}, {From: 0.2, To: 0.4, N: 1}}
		}
		if f.Record != nil {
			f.Record.Moves, f.Record.Suspect = 40, pipeline.Some(14)
		}
	})
	r.Checkpoints[0].Earns = &health.Earns{MetN: pipeline.Some(40), MetWon: pipeline.Some(10), MissedN: pipeline.Some(33), MissedWon: pipeline.Some(15), RiskRatio: pipeline.Some(0.6), Low: pipeline.Some(0.3), High: pipeline.Some(0.9), Verdict: pipeline.Some("review")}
	r.Checkpoints[2].Earns = &health.Earns{MetN: pipeline.Some(40), MetWon: pipeline.Some(24), MissedN: pipeline.Some(33), MissedWon: pipeline.Some(10), RiskRatio: pipeline.Some(1.98), Low: pipeline.Some(1.3), High: pipeline.Some(3.1), Verdict: pipeline.Some("earns_its_place")}
	r.Consistency = pipeline.Some(0.87)
	r.Pressure = &health.Pressure{Late: tally(30, 15), Rest: tally(200, 150)}
	return r
}

// Changed is the process after a new version of the last summer.
func Changed() *process.Process {
	p := Process()
	v := p.Versions[0]
	v.Effective, v.From = pipeline.NewDate(2026, 7, 1), v.From.AddDate(0, 6, 0)
	return process.New(p.Name, nil, []string{"Won"}, []string{"Lost"}, []process.Version{p.Versions[0], v})
}

// StagesOnly is the process without any criterion.
func StagesOnly() *process.Process {
	p := Process()
	v := p.Versions[0]
	stages := append([]process.Stage(nil), v.Stages...)
	for i := range stages {
		stages[i].Requires = nil
	}
	v.Stages = stages
	return process.New(p.Name, nil, nil, nil, []process.Version{v})
}

// Names are those that break layouts and headers.
func Names(kind digest.Kind) digest.Input {
	hostile := []string{
		"<script>alert(1)</script> & \"Sons\"", "Bcc: all@example.com\r\nX-Injected: yes", strings.Repeat("Donaudampfschifffahrtsgesellschaft", 6),
		"שלום עולם בע״מ", "\u202emoc.live\u202c Ltd", "株式会社ドラムビート東日本支社", "🚀 Rocket 👩‍👩‍👧 Family", "Growth +50%! NaN <nil>", "", "O'Brien, \"Quotes\" <nobody@example.com>",
	}
	reps, r := Reps(), Report()
	for i := range r.Deals {
		r.Deals[i].Name = hostile[i%len(hostile)]
	}
	for i := range r.Reps {
		r.Reps[i].Name = hostile[(i+1)%len(hostile)]
		reps[i].Name = r.Reps[i].Name
	}
	r.Gaps.Unmapped[0].Stage = "</section><b>x"
	r.Lost[1].LossReason = pipeline.Some("price\r\n\r\n<b>too high</b>")
	id := map[digest.Kind]string{digest.Manager: "m1", digest.Rep: "r01"}[kind]
	return InputOf(r, reps, kind, id, digest.Direct)
}

// Crowd is one manager of 60 reps with 400 open deals, all with concerns and long names.
func Crowd(kind digest.Kind) digest.Input {
	reps := []pipeline.Rep{{ID: "boss", Name: "Alexandra Konstantinopoulou-Hernández", Email: "boss@example.com", Active: true, Team: "Enterprise"}}
	var deals []health.Deal
	for i := range 60 {
		id := fmt.Sprintf("r%02d", i)
		reps = append(reps, pipeline.Rep{ID: id, Name: fmt.Sprintf("Maximiliane Bartholomäus-Oberhuber %d", i), Email: id + "@example.com", ManagerID: "boss", Active: true, Team: "Enterprise"})
	}
	for i := range 400 {
		rep := fmt.Sprintf("r%02d", i%60)
		if kind == digest.Rep && i%2 == 0 {
			rep = "r01"
		}
		deals = append(deals, deal(fmt.Sprintf("deal-%04d", i), rep, fmt.Sprintf("Vereinigte Elektrizitätswerke phase %d expansion and renewal", i),
			"proposal", float64(1000*(i+1)*(i+1)), 30+float64(i), 18, "stalled silent evidence pushed", 40, 5, "buyer:plan_agreed buyer:signer_met buyer:criteria_shared buyer:problem_owned stage:evaluation"))
	}
	r := ReportOf(reps, deals)
	r.Lost = nil
	id := map[digest.Kind]string{digest.Manager: "boss", digest.Rep: "r01"}[kind]
	return InputOf(r, reps, kind, id, digest.Direct)
}
