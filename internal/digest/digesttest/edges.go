package digesttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// edges are the stories at the edges: nobody, one, names of all scripts and lengths, all the money of the world.
func edges() []Story {
	long := strings.Repeat("Bundesausbildungsförderungs", 5) + "gesellschaft mbH & Co. KG"
	rtl := []string{"مؤسسة النور للتجارة", "בית התוכנה של הצפון בע״מ", "شركة الخليج 2030 (دبي)", "אור וצל — ייעוץ"}
	cjk := []string{"株式会社東日本物流", "深圳市启明科技有限公司", "한빛소프트웨어 주식회사", "合同会社みらい研究所"}
	return []Story{
		{"manager-empty-team", EmptyTeam()},
		{"manager-one-rep", OneRep()},
		{"manager-long-names", Renamed(digest.Manager, "m1", long)},
		{"rep-long-names", Renamed(digest.Rep, "r01", long)},
		{"manager-right-to-left", Renamed(digest.Manager, "m1", rtl...)},
		{"rep-right-to-left", Renamed(digest.Rep, "r01", rtl...)},
		{"manager-cjk", Renamed(digest.Manager, "m1", cjk...)},
		{"rep-cjk", Renamed(digest.Rep, "r01", cjk...)},
		{"manager-huge-amounts", Huge(digest.Manager, "m1")},
		{"rep-huge-amounts", Huge(digest.Rep, "r01")},
		{"manager-flawless-stages", Flawless()},
		{"rep-one-trouble", OneTrouble()},
		{"manager-announced", Announced(digest.Manager, "m1")},
		{"rep-announced", Announced(digest.Rep, "r03")},
	}
}

// EmptyTeam is a manager of one person; neither has a deal, a move or anything due.
func EmptyTeam() digest.Input {
	reps := []pipeline.Rep{{ID: "boss", Name: "Nadia Halim", Email: "boss@example.com", Active: true, Team: "New"},
		{ID: "one", Name: "Per Lund", Email: "one@example.com", ManagerID: "boss", Active: true, Team: "New"}}
	r := each(ReportOf(reps, nil), func(f *health.Figures) {
		*f = health.Figures{Adherence: &health.Adherence{}, Stall: &health.Stall{}, Forecast: &health.ForecastReliability{}, Record: &health.Record{}}
	})
	r.Stages, r.Checkpoints, r.Paths, r.Wins, r.Lost, r.Closed, r.Gaps = stages(), nil, nil, nil, nil, nil, nil
	return InputOf(r, reps, digest.Manager, "boss", digest.Direct)
}

// OneRep is a manager of one person with one deal.
func OneRep() digest.Input {
	reps := []pipeline.Rep{{ID: "boss", Name: "Nadia Halim", Email: "boss@example.com", Active: true, Team: "New"},
		{ID: "one", Name: "Per Lund", Email: "one@example.com", ManagerID: "boss", Active: true, Team: "New"}}
	r := ReportOf(reps, []health.Deal{deal("d1", "one", "Bergen Ferries ticketing", "proposal", 31000, 22, 18, "stalled evidence", 4, 1, "buyer:signer_met")})
	r.Lost, r.Closed, r.Gaps = nil, nil, &health.Gaps{}
	for i := range r.Reps {
		if r.Reps[i].ID == "boss" {
			r.Reps[i].Figures = health.Figures{Adherence: &health.Adherence{}, Stall: &health.Stall{}}
		}
	}
	return InputOf(r, reps, digest.Manager, "boss", digest.Direct)
}

// Renamed gives every person and every deal of the fixture one of the names.
func Renamed(kind digest.Kind, id string, names ...string) digest.Input {
	reps, r := Reps(), Report()
	for i := range r.Deals {
		r.Deals[i].Name = names[i%len(names)]
	}
	for i := range r.Closed {
		r.Closed[i].Name = names[i%len(names)]
	}
	for i := range r.Reps {
		r.Reps[i].Name = names[i%len(names)]
		reps[i].Name = r.Reps[i].Name
		if reps[i].Team == "North" {
			reps[i].Team, r.Reps[i].Team = names[0], pipeline.Some(names[0])
		}
	}
	in := InputOf(r, reps, kind, id, digest.Direct)
	in.Before = Before()
	return in
}

// Huge is the fixture in a currency of many digits.
func Huge(kind digest.Kind, id string) digest.Input {
	const times = 2.7e7
	r := Report()
	r.Currency = "IDR"
	grow := func(n *health.Number) { n.V *= times }
	for i := range r.Deals {
		grow(&r.Deals[i].Amount)
	}
	for i := range r.Closed {
		grow(&r.Closed[i].Amount)
	}
	each(r, func(f *health.Figures) {
		if f.Stall != nil {
			grow(&f.Stall.StalledAmount)
		}
		for i := range f.Trend {
			grow(&f.Trend[i].StalledAmount)
			f.Trend[i].Moves *= 1000
		}
		if f.Forecast != nil {
			for i := range f.Forecast.Periods {
				grow(&f.Forecast.Periods[i].Predicted)
				grow(&f.Forecast.Periods[i].Actual)
			}
		}
	})
	return InputOf(r, Reps(), kind, id, digest.Direct)
}

// Flawless has every stage ticked for weeks, and buyers who do less.
func Flawless() digest.Input {
	return InputOf(each(Report(), func(f *health.Figures) {
		a := f.Adherence
		if a == nil || a.Due == 0 {
			return
		}
		a.Stages = tally(a.Due-a.Evidence.Due, a.Due-a.Evidence.Due)
		a.Met = a.Stages.Met + a.Evidence.Met
		a.Missed = a.Due - a.Met
		a.Rate, a.Low, a.High = interval(a.Met, a.Due)
		for i := range f.Trend {
			p := &f.Trend[i]
			p.Stages = tally(p.Stages.Due, p.Stages.Due)
			p.Met = p.Stages.Met + p.Evidence.Met
			p.Rate = pipeline.Some(float64(p.Met) / float64(p.Due))
		}
	}), Reps(), digest.Manager, "m1", digest.Direct)
}

// OneTrouble is a rep of thirteen deals that all lack the same.
func OneTrouble() digest.Input {
	deals := Deals()
	for i := range 12 {
		deals = append(deals, deal(fmt.Sprintf("t%02d", i), "r04", fmt.Sprintf("Harbour %d berth planning", i+1), "proposal", float64(10000+1000*i), 9, 18, "evidence", 3, 0, "buyer:signer_met"))
	}
	return InputOf(ReportOf(Reps(), deals), Reps(), digest.Rep, "r04", digest.Direct)
}

// Announced asks from the first of December on whether the person who signs has been met.
func Announced(kind digest.Kind, id string) digest.Input {
	in := Input(kind, id)
	for i := range in.Process.Versions[0].Stages {
		for k := range in.Process.Versions[0].Stages[i].Requires {
			if c := &in.Process.Versions[0].Stages[i].Requires[k]; c.Key == "signer_met" {
				c.Since = pipeline.Some(time.Date(2026, 12, 1, 0, 0, 0, 0, Berlin))
			}
		}
	}
	in.Asked = Report()
	in.Asked.Checkpoints = append(in.Asked.Checkpoints, health.Checkpoint{Key: "buyer:signer_met", Due: 12, Met: 4, Missed: 8})
	for i := range in.Report.Deals {
		d := &in.Report.Deals[i]
		not := func(keys []string) []string { return without(keys, "buyer:signer_met") }
		if d.Missed, d.Lacks = not(d.Missed), not(d.Lacks); len(d.Lacks) == 0 {
			d.Concerns = without(d.Concerns, health.ConcernEvidence)
		}
	}
	return in
}

// Before is the report of a week earlier: of its agenda one deal has been won since and one lost, one has moved
// forward, one back, and the others stand where they stood.
func Before() *health.Report {
	deals := slices.DeleteFunc(Deals(), func(d health.Deal) bool { return d.ID == "d02" || d.ID == "d10" })
	for i := range deals {
		switch deals[i].ID {
		case "d03":
			deals[i].Stage, deals[i].Concerns = pipeline.Some("discovery"), []string{health.ConcernStalled, health.ConcernSilent}
		case "d05":
			deals[i].Stage = pipeline.Some("negotiation")
		}
	}
	won := deal("d93", "r01", "Nordlicht service desk", "negotiation", 420000, 30, 21, "stalled", 3, 1, "")
	lost := deal("d91", "r02", "Baltic Freight tracking", "proposal", 300000, 50, 18, "stalled silent", 34, 0, "")
	r := ReportOf(Reps(), append(deals, won, lost))
	r.AsOf = r.Window.Start
	r.Window = pipeline.Period{Start: pipeline.Week.Back(r.AsOf, 1, Berlin), End: r.AsOf}
	r.Newest = pipeline.Some(r.AsOf.Add(-time.Hour))
	return r
}
