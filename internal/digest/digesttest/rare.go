package digesttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// rare are the stories that say what the usual ones do not: every phrase of the words is in one of the storybook.
func rare() []Story {
	return []Story{
		{"manager-stage-in-focus", focused("stage:negotiation", func(e *health.Earns) { e.MetN, e.MissedN = health.Count{}, health.Count{} })},
		{"manager-delivery-in-focus", focused("buyer:rollout_owned", func(*health.Earns) {})},
		{"manager-no-deal-tells", focused("buyer:plan_agreed", func(e *health.Earns) { e.MetN, e.MissedN = pipeline.Some(0), pipeline.Some(0) })},
		{"manager-too-few-tell", focused("buyer:plan_agreed", func(*health.Earns) {})},
		{"manager-nothing-to-ask", nothingToAsk()},
		{"manager-at-noon", atNoon()},
		{"manager-process-in-doubt", inDoubt()},
		{"manager-thin-process", thin(digest.Manager, "m1")},
		{"rep-thin-process", thin(digest.Rep, "r03")},
		{"manager-unknown-stages", unknownStages()},
		{"manager-moves-only", movesOnly(0)},
		{"manager-unknown-moves", movesOnly(400)},
		{"rep-great-quarter", greatQuarter()},
		{"manager-observed", observed(digest.Manager, "m1", true)},
		{"rep-observed", observed(digest.Rep, "r01", true)},
		{"manager-untimed", untimed(digest.Manager, "m1")},
		{"rep-untimed", untimed(digest.Rep, "r01")},
		{"rep-observed-forecasts", observed(digest.Rep, "r01", false)},
	}
}

// focused has a focus of which closed deals say this or that.
func focused(key string, tell func(*health.Earns)) digest.Input {
	in := focusedOn(Input(digest.Manager, "m1"), key)
	e := &health.Earns{MetN: pipeline.Some(6), MetWon: pipeline.Some(3), MissedN: pipeline.Some(4), MissedWon: pipeline.Some(1), Verdict: pipeline.Some(health.VerdictTooFew)}
	tell(e)
	in.Report.Checkpoints = append(in.Report.Checkpoints[:2:2], health.Checkpoint{Key: key, Due: 1, Met: 1, Earns: e})
	for i := range in.Report.Deals {
		d := &in.Report.Deals[i]
		if d.RepID.V == "r04" {
			d.Missed, d.Lacks = append(d.Missed, key), append(d.Lacks, key)
		}
	}
	*figuresIn(in, "r04") = health.Figures{Adherence: &health.Adherence{}, Stall: figuresIn(in, "r04").Stall}
	return in
}

func figuresIn(in digest.Input, id string) *health.Figures {
	for i := range in.Report.Reps {
		if in.Report.Reps[i].ID == id {
			return &in.Report.Reps[i].Figures
		}
	}
	return &health.Figures{}
}

// nothingToAsk has no deal with a concern today, and had some a week ago. Nobody can stop the mail but by asking.
func nothingToAsk() digest.Input {
	in := Input(digest.Manager, "m1")
	for i := range in.Report.Deals {
		d := &in.Report.Deals[i]
		d.Concerns, d.Missed, d.Lacks, d.Stalled, d.Silent = nil, nil, nil, pipeline.Some(false), pipeline.Some(false)
	}
	for i := range 3 {
		l := in.Report.Lost[0]
		l.ID = fmt.Sprintf("d8%d", i)
		in.Report.Lost = append(in.Report.Lost, l)
	}
	in.Stop = ""
	return in
}

// atNoon is a report as of the middle of a day, with links to itself.
func atNoon() digest.Input {
	in := Input(digest.Manager, "m1")
	in.Report.AsOf = in.Report.AsOf.Add(12 * time.Hour)
	in.LateFrom = in.Report.AsOf.Add(19 * time.Hour)
	in.View, in.StopURL, in.How = "https://drumbeat.example/v/1", "https://drumbeat.example/stop/1", "https://drumbeat.example/how"
	each(in.Report, func(f *health.Figures) {
		if f.Adherence != nil {
			f.Adherence.Excused, f.Adherence.MovedBack = 2, 1
		}
		if f.Record != nil {
			f.Record = &health.Record{Moves: 14, EveMoves: pipeline.Some(9), Flagged: pipeline.Some(true), NoClose: pipeline.Some(1), NoActivity: pipeline.Some(4), NoHistory: 1}
		}
	})
	figuresIn(in, "r03").Forecast = &health.ForecastReliability{CalledDeals: pipeline.Some(0)}
	figuresIn(in, "r04").Forecast = &health.ForecastReliability{CalledDeals: pipeline.Some(7), Judged: true}
	return in
}

// observed is of a source without a history of its own: what runs saw since September stands in for that of forecasts, and of stages too where it says so. Some deals had been where they are before.
func observed(kind digest.Kind, id string, stages bool) digest.Input {
	in := Input(kind, id)
	r := in.Report
	r.Sources.Forecasts = health.Count{}
	r.Observed = &health.Observed{Stages: stages, Forecasts: true, Since: pipeline.NewDate(2026, 9, 21), Days: 7}
	each(r, func(f *health.Figures) {
		if f.Forecast != nil && len(f.Forecast.Periods) > 1 {
			f.Forecast.Periods[0] = health.CallPeriod{Start: f.Forecast.Periods[0].Start, End: f.Forecast.Periods[0].End}
		}
	})
	if !stages {
		return in
	}
	r.Sources.StageChanges, r.Pressure, r.Paths, r.Wins, r.Gaps.InactiveReps = health.Count{}, nil, nil, nil, nil
	each(r, func(f *health.Figures) {
		if a := f.Adherence; a != nil {
			a.Due, a.Met, a.Missed, a.Stages = a.Evidence.Due, a.Evidence.Met, a.Evidence.Due-a.Evidence.Met, health.Tally{}
			a.Rate, a.Low, a.High = interval(a.Met, a.Due)
		}
		for i := range f.Trend {
			p := &f.Trend[i]
			p.Due, p.Met, p.Rate, p.Stages = p.Evidence.Due, p.Evidence.Met, p.Evidence.Rate, health.Tally{}
		}
		if f.Record != nil {
			f.Record.Suspect, f.Record.EveMoves, f.Record.EveP, f.Record.Flagged = health.Count{}, health.Count{}, health.Number{}, pipeline.Opt[bool]{}
		}
	})
	for i := range r.Checkpoints {
		if c := &r.Checkpoints[i]; strings.HasPrefix(c.Key, "stage:") {
			*c = health.Checkpoint{Key: c.Key, Earns: c.Earns}
		}
	}
	for i := range r.Deals {
		d := &r.Deals[i]
		d.Missed = slices.DeleteFunc(slices.Clone(d.Missed), func(key string) bool { return strings.HasPrefix(key, "stage:") })
		if d.DaysInStage.V > 34 || d.ID == "d07" {
			d.AtLeast, d.ChanceToAdvance, d.Stalled.OK = true, health.Number{}, d.Stalled.V
		}
	}
	return in
}

// untimed has a source that keeps no history at all, and that nobody has looked at before.
func untimed(kind digest.Kind, id string) digest.Input {
	in := observed(kind, id, true)
	r := in.Report
	r.Observed, r.Sources.Activities, r.Sources.Criteria = nil, health.Count{}, health.Count{}
	r.Gaps.Unmapped, r.Gaps.NoParty = nil, pipeline.Opt[bool]{}
	r.Gaps.InactiveReps = []string{"r01", "r02"}
	each(r, func(f *health.Figures) {
		f.Adherence, f.Focus, f.Forecast = &health.Adherence{}, pipeline.Opt[string]{}, nil
		if f.Stall != nil {
			f.Stall = &health.Stall{OpenDeals: f.Stall.OpenDeals}
		}
		if f.Record != nil {
			f.Record.NoHistory, f.Record.NoActivity = f.Stall.OpenDeals, health.Count{}
		}
		for i := range f.Trend {
			p := &f.Trend[i]
			*p = health.TrendPoint{Start: p.Start, End: p.End, OpenDeals: p.OpenDeals}
		}
	})
	for i := range r.Checkpoints {
		r.Checkpoints[i] = health.Checkpoint{Key: r.Checkpoints[i].Key}
	}
	for i := range r.Deals {
		d := &r.Deals[i]
		d.Stalled, d.DaysInStage, d.ThresholdDays, d.ChanceToAdvance = pipeline.Opt[bool]{}, health.Number{}, health.Number{}, health.Number{}
		d.AtLeast, d.Missed, d.Lacks, d.Concerns = false, nil, nil, nil
	}
	return in
}

// inDoubt has a process that closed deals do not bear out.
func inDoubt() digest.Input {
	in := Input(digest.Manager, "m1")
	r := in.Report
	earns := func(verdict string, ratio, low, high float64) *health.Earns {
		return &health.Earns{MetN: pipeline.Some(60), MetWon: pipeline.Some(24), MissedN: pipeline.Some(40), MissedWon: pipeline.Some(20), RiskRatio: pipeline.Some(ratio),
			Low: pipeline.Some(low), High: pipeline.Some(high), Verdict: pipeline.Some(verdict)}
	}
	r.Checkpoints = []health.Checkpoint{
		{Key: "buyer:problem_owned", Due: 8, Met: 4, Missed: 4, Earns: earns(health.VerdictReview, 0.7, 0.5, 0.96)},
		{Key: "stage:evaluation", Due: 9, Met: 4, Missed: 5, Earns: earns(health.VerdictReview, 0.6, 0.4, 0.9)},
		{Key: "buyer:criteria_shared", Due: 9, Met: 6, Missed: 3, Earns: earns(health.VerdictEarns, 1.9, 1.3, 2.8)},
		{Key: "buyer:signer_met", Due: 9, Met: 6, Missed: 3, Earns: earns(health.VerdictEarns, 1.6, 1.1, 2.3)},
		{Key: "stage:proposal", Due: 9, Met: 6, Missed: 3, Earns: earns(health.VerdictEarns, 1.4, 1.02, 1.9)},
		{Key: "buyer:plan_agreed", Due: 14, Met: 6, Missed: 8, Earns: earns("unproven", 1.2, 0.9, 1.6)},
	}
	v := &in.Process.Versions[0]
	for i := range v.Stages {
		switch v.Stages[i].Key {
		case "proposal":
			v.Stages[i].WinProbability = pipeline.Some(0.7)
		case "negotiation":
			v.Stages[i].WinProbability = pipeline.Some(0.3)
		}
	}
	r.Stages[2].Calls = &health.StageCalls{N: 80, WonInPeriod: pipeline.Some(0.2), EverWon: pipeline.Some(0.35)}
	r.Stages[3].Calls = &health.StageCalls{N: 50, WonInPeriod: pipeline.Some(0.6), EverWon: pipeline.Some(0.8)}
	r.Consistency = pipeline.Some(0.62)
	r.Team.Adherence = &health.Adherence{Due: 65, Met: 43, Rate: pipeline.Some(43.0 / 65)}
	return in
}

// thin is a process of bare stages, without a word on what the buyer does, and one criterion without a question.
func thin(kind digest.Kind, id string) digest.Input {
	in := Input(kind, id)
	in.Process = Process()
	stages := append([]process.Stage(nil), in.Process.Versions[0].Stages...)
	for i := range stages {
		if stages[i].Key != "evaluation" {
			stages[i].Expects = ""
		}
		stages[i].Requires = append([]process.Criterion(nil), stages[i].Requires...)
		for k := range stages[i].Requires {
			stages[i].Requires[k].Why, stages[i].Requires[k].Coach = "", ""
		}
	}
	in.Process = process.New("new-business", nil, []string{"Won"}, []string{"Lost"}, []process.Version{{Effective: in.Process.Versions[0].Effective, From: in.Process.Versions[0].From, Stages: stages}})
	for i := range in.Report.Deals {
		d := &in.Report.Deals[i]
		switch d.ID {
		case "d05", "d06", "d08":
			d.Concerns, d.Missed, d.Lacks = []string{health.ConcernStalled}, nil, nil
		}
	}
	figuresIn(in, "r03").Adherence = &health.Adherence{}
	extra := deal("d50", "r03", "Vela Rigging refit", "evaluation", 18000, 31, 25, "stalled", 3, 0, "")
	in.Report.Deals = append(in.Report.Deals, extra)
	return in
}

// unknownStages has most deals where the process has no stage for them.
func unknownStages() digest.Input {
	in := Input(digest.Manager, "m1")
	for i := range in.Report.Deals {
		d := &in.Report.Deals[i]
		d.Stage, d.DaysInStage, d.ThresholdDays, d.Stalled, d.ChanceToAdvance = pipeline.Opt[string]{}, health.Number{}, health.Number{}, pipeline.Opt[bool]{}, health.Number{}
		d.Concerns = without(d.Concerns, health.ConcernStalled)
	}
	each(in.Report, func(f *health.Figures) {
		if f.Stall != nil {
			f.Stall.StalledDeals, f.Stall.StalledAmount, f.Stall.MedianDaysOver = 0, pipeline.Some(0.0), health.Number{}
		}
	})
	in.Report.Lost, in.Report.Closed, in.Before = nil, nil, nil
	return in
}

// movesOnly is a new team: something moved, nothing was due yet and nothing is open. Of all moves so many go to stages
// that the process does not know.
func movesOnly(unmapped int) digest.Input {
	in := Input(digest.Manager, "m1")
	in.Report.Deals, in.Report.Lost, in.Report.Closed, in.Before = nil, nil, nil, nil
	if unmapped > 0 {
		in.Report.Gaps.Unmapped[0].N = unmapped
	}
	each(in.Report, func(f *health.Figures) {
		moves := 3
		if unmapped > 0 {
			moves = 0
		}
		*f = health.Figures{Adherence: &health.Adherence{}, Stall: &health.Stall{}, Record: &health.Record{Moves: moves}}
	})
	return in
}

// greatQuarter is a rep's digest of three months in which nearly all went well.
func greatQuarter() digest.Input {
	in := Input(digest.Rep, "r01")
	in.Before = nil
	in.Settings.Window = pipeline.Quarter
	in.Report.Window = pipeline.Period{Start: time.Date(2026, 7, 1, 0, 0, 0, 0, Berlin), End: time.Date(2026, 10, 1, 0, 0, 0, 0, Berlin)}
	in.Report.AsOf = in.Report.Window.End
	a := figuresIn(in, "r01").Adherence
	a.Met, a.Missed, a.Rate = a.Due, 0, pipeline.Some(1.0)
	for i := range 5 {
		in.Report.Closed = append(in.Report.Closed, health.ClosedDeal{ID: fmt.Sprintf("w%d", i), Name: fmt.Sprintf("Kiel Pumps line %d", i+1), RepID: "r01", Won: true, Amount: pipeline.Some(12000.0)})
	}
	for i := range 7 {
		l := in.Report.Lost[1]
		l.ID, l.RepID = fmt.Sprintf("x%d", i), pipeline.Some("r01")
		in.Report.Lost = append(in.Report.Lost, l)
	}
	return in
}

// rareOperations are admins' digests of what seldom happens.
func rareOperations() map[string]digest.Operations {
	misfit, readable, idle, manual, crowd := Operations(), Operations(), Operations(), Operations(), Operations()
	misfit.Cause, misfit.Runs, misfit.NoAddress, misfit.Data, misfit.Since = digest.NotMade, nil, nil, nil, time.Time{}
	misfit.Due = []digest.DueTick{{Schedule: "weekly-team", At: AsOf.Add(390 * time.Minute), Why: `people.r99: no rep has the id "r99"`, Setup: true}}
	held, empty := Operations(), Operations()
	held.Cause, held.Runs, held.NoAddress, held.Data, held.Since, held.Alone = digest.NotMade, nil, nil, nil, time.Time{}, true
	half := &digest.DataState{AsOf: AsOf, Window: 7 * 24 * time.Hour, Newest: pipeline.Some(AsOf.Add(-5 * time.Hour)),
		Rows: map[string]int64{"reps": 61, "deals": 1900, "stage_changes": 8021}, Before: map[string]int64{"reps": 61, "deals": 4188, "stage_changes": 18601}}
	held.Due = []digest.DueTick{{Schedule: "weekly-team", At: AsOf.Add(390 * time.Minute), Why: "fewer rows", Data: half}, {Schedule: "weekly-own", At: AsOf.Add(7 * time.Hour), Why: "fewer rows", Data: half}}
	empty.Due = []digest.DueTick{{Schedule: "weekly-own", At: AsOf.Add(7 * time.Hour), Why: "no deals", Data: &digest.DataState{AsOf: AsOf, Rows: map[string]int64{"deals": 0}}}}
	empty.Cause, empty.NoAddress, empty.Data = digest.OnSchedule, nil, &digest.DataState{AsOf: AsOf, Rows: map[string]int64{"deals": 0}}
	empty.Runs = empty.Runs[:1]
	readable.Cause, readable.Runs, readable.Since = digest.MadeLate, nil, time.Time{}
	idle.Runs, idle.NoAddress = nil, nil
	idle.Data.Newest, idle.Data.Rows, idle.Data.Before = pipeline.Opt[time.Time]{}, map[string]int64{"deals": 1}, map[string]int64{"reps": 3}
	manual.Runs[0].Tick, manual.Runs[1].Mails = time.Time{}, append(manual.Runs[1].Mails, digest.MailRecord{State: "skipped"})
	for i := range 9 {
		crowd.NoAddress = append(crowd.NoAddress, digest.Person{ID: fmt.Sprintf("x%d", i), Why: digest.SkipNoAddress})
	}
	for i := range 12 {
		crowd.Due = append(crowd.Due, digest.DueTick{Schedule: fmt.Sprintf("own-%d", i), At: crowd.At, Why: fmt.Sprintf("no host replica-%d", i)})
	}
	all := map[string]digest.Operations{"admin-misfit": misfit, "admin-readable-again": readable, "admin-idle": idle, "admin-by-hand": manual, "admin-crowd": crowd, "admin-held": held, "admin-no-deals": empty}
	maps.Copy(all, refusedConfigs())
	return all
}

// refusedConfigs tell of a changed config that could not be taken: at once with more faults than there is room for, at
// once where it takes a start, and beside a week's runs.
func refusedConfigs() map[string]digest.Operations {
	faults, start, weekly := Operations(), Operations(), Operations()
	for _, in := range []*digest.Operations{&faults, &start} {
		in.Cause, in.Runs, in.NoAddress, in.Data, in.Since = digest.Refused, nil, nil, nil, time.Time{}
	}
	refusal := digest.Refusal{Since: AsOf.Add(9 * time.Hour), InForce: AsOf.AddDate(0, 0, -4).Add(8 * time.Hour)}
	many, few, other := refusal, refusal, refusal
	many.Faults = []string{"/etc/drumbeat/drumbeat.yaml:8:1: shedules: unknown key; did you mean schedules?",
		`/etc/drumbeat/templates/rep.html:12: function "perzent" not defined`}
	for i := range 10 {
		many.Faults = append(many.Faults, fmt.Sprintf(`/etc/drumbeat/process.yaml:%d:9: versions.0.stages.%d.key: "proposal" is used twice; give each stage its own`, 20+7*i, i))
	}
	other.Faults, other.Start = []string{"/etc/drumbeat/drumbeat.yaml: state.dsn cannot change while Drumbeat runs; start it again, or put the old value back"}, true
	few.Faults = many.Faults[:1]
	faults.Refused, start.Refused, weekly.Refused = &many, &other, &few
	weekly.Runs, weekly.NoAddress, weekly.Data.Before = weekly.Runs[:1], nil, weekly.Data.Rows
	return map[string]digest.Operations{"admin-config-refused": faults, "admin-config-needs-start": start, "admin-config-still-refused": weekly}
}
