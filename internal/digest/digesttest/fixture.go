// Package digesttest makes small, believable reports by hand, for tests of the digests and of their looks:
// three managers, a dozen reps, deals with every concern, losses, and a process told from the buyer's side.
// Out come values that a test may change. It refuses nothing.
// Read package digest for what is made of them.
package digesttest

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Berlin is the config's zone of the fixture.
var Berlin = mustZone("Europe/Berlin")

// AsOf is a Monday midnight; the window is week 45, 2 to 8 November.
var AsOf = time.Date(2026, 11, 9, 0, 0, 0, 0, Berlin)

func mustZone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, 3600)
	}
	return loc
}

// Settings are the defaults.
func Settings() health.Settings {
	return health.Settings{Location: Berlin, Window: pipeline.Week, Currency: "EUR", MinDue: 5, MinHistory: 20, MinCalled: 5, PeriodSpan: pipeline.Quarter, FiscalStart: 1,
		Lookback: 365 * 24 * time.Hour, SilentAfter: 21 * 24 * time.Hour}
}

// Process has five selling stages, four of them with a buyer criterion.
func Process() *process.Process {
	stage := func(key, name, expects string, criteria ...process.Criterion) process.Stage {
		return process.Stage{Key: key, Name: name, Phase: process.Selling, Mandatory: true, Expects: expects, Requires: criteria}
	}
	stages := []process.Stage{
		stage("discovery", "Discovery", "The buyer has told us the problem and what it costs them.",
			process.Criterion{Key: "problem_owned", Says: "The buyer has named the problem and its owner.",
				Why: "Deals whose problem has an owner close more often.", Coach: "Who at the buyer loses sleep over this?"}),
		stage("evaluation", "Evaluation", "The buyer tests our answer against their own criteria.",
			process.Criterion{Key: "criteria_shared", Says: "The buyer has shared how they will decide.",
				Why: "Who knows how the buyer decides is not surprised by the decision.", Coach: "Who else do they look at, and by what will they choose?"}),
		stage("proposal", "Proposal", "The buyer has asked for terms and knows who signs.",
			process.Criterion{Key: "signer_met", Says: "The person who signs has spoken with us.", Coach: "When did we last speak with the person who signs?"}),
		stage("negotiation", "Negotiation", "The buyer has put a date on the decision and works on the contract.",
			process.Criterion{Key: "plan_agreed", Says: "The buyer has agreed a plan with dates up to the signature.",
				Why: "A plan that both sides have agreed slips half as often.", Coach: "Which date in the plan is the buyer's own?"}),
	}
	stages = append(stages, process.Stage{Key: "delivery", Name: "Delivery", Phase: process.After, Expects: "The buyer uses what they bought.",
		Requires: []process.Criterion{{Key: "rollout_owned", Says: "The buyer has named who runs the rollout.", Coach: "Who at the buyer will be praised if this goes live on time?"}}})
	return process.New("new-business", nil, []string{"Won"}, []string{"Lost"}, []process.Version{{Effective: pipeline.NewDate(2026, 1, 1), From: time.Date(2026, 1, 1, 0, 0, 0, 0, Berlin), Stages: stages}})
}

// Reps are three managers and twelve reps; the manager of North sells.
func Reps() []pipeline.Rep {
	var out []pipeline.Rep
	for _, r := range []struct{ id, name, boss, team, zone string }{
		{"m1", "Maria Keller", "", "North", "Europe/Berlin"}, {"m2", "Samuel Osei", "", "South", "Europe/London"}, {"m3", "Ingrid Dahl", "m1", "West", "America/New_York"},
		{"r01", "Ada Park", "m1", "North", ""}, {"r02", "Bo Lindqvist", "m1", "North", ""}, {"r03", "Chloé Martin", "m1", "North", ""}, {"r04", "Dov Rosen", "m1", "North", ""},
		{"r05", "Elif Kaya", "m2", "South", "Europe/Istanbul"}, {"r06", "Finn Murphy", "m2", "South", ""}, {"r07", "Gita Rao", "m2", "South", "Asia/Kolkata"}, {"r08", "Hugo Silva", "m2", "South", ""},
		{"r09", "Iris Novak", "m3", "West", ""}, {"r10", "Jonas Weber", "m3", "West", ""}, {"r11", "Kofi Mensah", "m3", "West", ""}, {"r12", "Lena Fischer", "m3", "West", ""},
	} {
		out = append(out, pipeline.Rep{ID: r.id, Name: r.name, ManagerID: r.boss, Team: r.team, TimeZone: r.zone, Email: r.id + "@example.com", Active: true})
	}
	return out
}

// Input is the digest of one recipient of the fixture.
func Input(kind digest.Kind, id string) digest.Input {
	in := InputOf(Report(), Reps(), kind, id, digest.Direct)
	in.Before = Before()
	return in
}

// InputOf makes the input for one recipient of any report.
func InputOf(r *health.Report, reps []pipeline.Rep, kind digest.Kind, id string, scope digest.Scope) digest.Input {
	in := digest.Input{Report: r, Settings: Settings(), Process: Process(), Reps: reps, Scope: scope, Schedule: "weekly-" + string(kind),
		Stop: "sales-ops@example.com", DealLink: "https://crm.example.com/deals/{id}"}
	for _, to := range digest.Recipients(digest.Rule{Kind: kind, Scope: scope}, reps, pipeline.DateOf(r.AsOf, Berlin)) {
		if to.Rep.ID == id {
			in.Recipient = to
		}
	}
	return in
}

func closed() []health.ClosedDeal {
	return []health.ClosedDeal{
		{ID: "d90", Name: "Rheinwerk invoice portal", RepID: "r01", Amount: pipeline.Some(64000.0)},
		{ID: "d91", Name: "Baltic Freight tracking", RepID: "r02", Amount: pipeline.Some(30000.0)},
		{ID: "d92", Name: "Costa Verde rollout", RepID: "r05", Amount: pipeline.Some(51000.0)},
		{ID: "d93", Name: "Nordlicht service desk", RepID: "r01", Won: true, Amount: pipeline.Some(42000.0)},
	}
}

// Deals are open ones; those of North carry every concern.
func Deals() []health.Deal {
	all := []health.Deal{
		deal("d01", "r01", "Hafen AG warehouse suite", "negotiation", 120000, 44, 21, "stalled silent pushed", 35, 3, "buyer:plan_agreed"),
		deal("d02", "r01", "Lumen Optik field service", "proposal", 38000, 12, 18, "evidence", 4, 0, "buyer:signer_met stage:evaluation"),
		deal("d03", "r02", "Kranich Energy forecasting", "evaluation", 74000, 40.5, 25, "stalled", 9, 1, ""),
		deal("d04", "r02", "Nordsee Foods portal", "discovery", -1, 51, 14, "stalled silent", -1, 0, "buyer:problem_owned"),
		deal("d05", "r03", "Atelier Blanc planning", "proposal", 22000, 19, 18, "stalled evidence overdue", 2, 2, "buyer:signer_met buyer:criteria_shared"),
		deal("d06", "r03", "Mistral Rail maintenance", "negotiation", 210000, 8, 21, "pushed", 1, 2, ""),
		deal("d07", "r04", "Zeder & Söhne archive", "discovery", 9000, 3, 14, "", 1, 0, ""),
		deal("d08", "m1", "Polar Logistics routing", "negotiation", 95000, 30, 21, "stalled evidence", 6, 1, "buyer:plan_agreed stage:evaluation"),
		deal("d09", "r04", "Ostwind Turbines spares", "evaluation", 61000, 27, 25, "stalled silent", 29, 0, ""),
		deal("d10", "r02", "Fjord Hotels booking", "proposal", 15500, 22, 18, "stalled", 11, 4, ""),
		deal("d20", "r05", "Sahara Solar monitoring", "negotiation", 88000, 33, 21, "stalled evidence", 12, 1, "buyer:plan_agreed"),
		deal("d21", "r06", "Emerald Dairy traceability", "evaluation", 45000, 10, 25, "", 3, 0, ""),
		deal("d22", "r07", "Lotus Textiles costing", "discovery", 12000, 30, 14, "stalled", 20, 0, ""),
		deal("d30", "r09", "Hudson Paper mills", "proposal", 300000, 61, 18, "stalled silent evidence", 40, 5, "buyer:signer_met"),
		deal("d31", "r12", "Prairie Credit onboarding", "discovery", 5000, 2, 14, "", 2, 0, ""),
	}
	all[0].Committed, all[0].Chance, all[5].Committed, all[5].Chance = true, pipeline.Some(0.9), true, pipeline.Some(0.9)
	all[4].ExpectedClose = pipeline.Some(pipeline.NewDate(2026, 10, 30))
	return all
}

// deal makes an open deal; amount and since below 0 are unknown.
func deal(id, rep, name, stage string, amount, days, limit float64, concerns string, since float64, pushes int, missed string) health.Deal {
	d := health.Deal{ID: id, Name: name, RepID: pipeline.Some(rep), Stage: pipeline.Some(stage), DaysInStage: pipeline.Some(days),
		ThresholdDays: pipeline.Some(limit), Stalled: pipeline.Some(days > limit), ChanceToAdvance: pipeline.Some(0.22), Pushes: pipeline.Some(pushes),
		Silent: pipeline.Some(since < 0 || since > 21), Chance: pipeline.Some(0.4), Concerns: strings.Fields(concerns), Missed: strings.Fields(missed)}
	if slices.Contains(d.Concerns, health.ConcernEvidence) {
		d.Lacks = slices.DeleteFunc(slices.Clone(d.Missed), func(key string) bool { return !strings.HasPrefix(key, "buyer:") })
	}
	if amount >= 0 {
		d.Amount = pipeline.Some(amount)
	}
	if since >= 0 {
		d.DaysSinceBuyer = pipeline.Some(since)
	}
	return d
}
