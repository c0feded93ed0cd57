package twin_test

import (
	"maps"
	"slices"
	"testing"

	"drumbeat/internal/health"
)

// places is what the cases must get to, each at least once: agreement says nothing about a rule that no case
// came near.
var places = map[string]func(r *health.Report) bool{
	"a threshold learned":      anyStage(func(s health.Stage) bool { return s.ThresholdSource.V == health.Learned }),
	"a threshold configured":   anyStage(func(s health.Stage) bool { return s.ThresholdSource.V == health.Configured }),
	"a default threshold":      anyStage(func(s health.Stage) bool { return s.ThresholdSource.V == health.Default }),
	"a final stage":            anyStage(func(s health.Stage) bool { return !s.ThresholdSource.OK }),
	"a median with its limits": anyStage(func(s health.Stage) bool { return s.MedianDays.OK && s.MedianLow.OK && s.MedianHigh.OK }),
	"visits of every end": anyStage(func(s health.Stage) bool {
		return s.Advanced > 0 && s.Back > 0 && s.Lost > 0 && s.Open > 0 && s.Unknown > 0
	}),
	"deals in a stage at a call, some won": anyStage(func(s health.Stage) bool { return s.Calls.N > 1 && s.Calls.WonInPeriod.V > 0 }),

	"a checkpoint that earns its place": anyVerdict("earns_its_place"),
	"a checkpoint under review":         anyVerdict("review"),
	"a checkpoint unproven":             anyVerdict("unproven"),
	"a checkpoint with too few":         anyVerdict("too_few"),
	"a risk ratio over strata":          anyCheckpoint(func(c health.Checkpoint) bool { return c.Earns.Low.OK }),
	"a checkpoint met and missed":       anyCheckpoint(func(c health.Checkpoint) bool { return c.Met > 0 && c.Missed > 0 }),

	"a void":            anyState("void"),
	"a met":             anyState("met"),
	"a missed":          anyState("missed"),
	"an excused":        anyState("excused"),
	"a pending":         anyState("pending"),
	"a clean loss":      anyLost(func(l health.LostDeal) bool { return l.Clean }),
	"a visit gone back": anyLost(func(l health.LostDeal) bool { return someVisit(l, "back") }),
	"a visit unknown":   anyLost(func(l health.LostDeal) bool { return someVisit(l, "unknown") }),

	"a pending of a rep":  anyRep(func(f health.Figures) bool { return f.Adherence.Pending > 0 }),
	"an excused of a rep": anyRep(func(f health.Figures) bool { return f.Adherence.Excused > 0 }),
	"a rep judged":        anyRep(func(f health.Figures) bool { return f.Adherence.Judged }),
	"a rep shrunk": anyRep(func(f health.Figures) bool {
		return f.Adherence.ShrunkRate.OK && f.Adherence.ShrunkRate != f.Adherence.Rate
	}),
	"a rep surely below":      anyRep(func(f health.Figures) bool { return f.Adherence.PBelowTeam.V >= 0.975 }),
	"a change with a range":   anyRep(func(f health.Figures) bool { return f.Adherence.Change.Low.OK }),
	"a clean move":            anyRep(func(f health.Figures) bool { return f.Adherence.CleanMoves > 0 }),
	"a move back":             anyRep(func(f health.Figures) bool { return f.Adherence.MovedBack > 0 }),
	"a pace":                  anyRep(func(f health.Figures) bool { return f.Stall.PaceLow.V > 0 }),
	"a median of days over":   anyRep(func(f health.Figures) bool { return f.Stall.MedianDaysOver.OK }),
	"a stalled amount":        anyRep(func(f health.Figures) bool { return f.Stall.StalledAmount.V > 0 }),
	"a silent deal":           anyRep(func(f health.Figures) bool { return f.Stall.SilentDeals.V > 0 }),
	"a slip":                  anyRep(func(f health.Figures) bool { return f.Forecast.Slipped.V > 0 }),
	"a push":                  anyRep(func(f health.Figures) bool { return f.Forecast.Pushes.V > 0 }),
	"an error of the calls":   anyRep(func(f health.Figures) bool { return f.Forecast.WAPE.V > 0 && f.Forecast.Accuracy.V > 0 }),
	"a Brier skill":           anyRep(func(f health.Figures) bool { return f.Forecast.BrierSkill.OK }),
	"an uncalled win":         anyRep(func(f health.Figures) bool { return f.Forecast.UncalledShare.V > 0 }),
	"calls judged":            anyRep(func(f health.Figures) bool { return f.Forecast.Judged }),
	"a lead time with wins":   anyRep(func(f health.Figures) bool { return f.Forecast.LeadTimes[3].Accuracy.OK }),
	"a suspect move":          anyRep(func(f health.Figures) bool { return f.Record.Suspect.V > 0 }),
	"a flagged":               anyRep(func(f health.Figures) bool { return f.Record.Flagged.V }),
	"a focus of one's own":    anyRep(func(f health.Figures) bool { return f.Focus.OK }),
	"a fitness between":       anyRep(func(f health.Figures) bool { return f.Fitness.V > 0 && f.Fitness.V < 1 }),
	"an overdue close":        anyRep(func(f health.Figures) bool { return f.Record.OverdueClose.V > 0 }),
	"a deal without activity": anyRep(func(f health.Figures) bool { return f.Record.NoActivity.V > 0 }),
	"a stall in the trend":    anyRep(func(f health.Figures) bool { return f.Trend[0].StalledDeals > 0 }),

	"a chance to advance":    anyDeal(func(d health.Deal) bool { return d.ChanceToAdvance.V > 0 }),
	"a deal without a stage": anyDeal(func(d health.Deal) bool { return !d.Stage.OK }),
	"a deal committed":       anyDeal(func(d health.Deal) bool { return d.Committed }),
	"a deal stalled":         anyDeal(func(d health.Deal) bool { return d.Stalled.V }),
	"a deal with evidence lacking": anyDeal(func(d health.Deal) bool {
		return len(d.Lacks) > 0
	}),
	"evidence that came late": anyDeal(func(d health.Deal) bool { return len(d.Missed) > 0 && len(d.Lacks) == 0 }),
	"a deal pushed twice":     anyDeal(func(d health.Deal) bool { return d.Pushes.V >= 2 }),

	"a consistency below 1":      func(r *health.Report) bool { return r.Consistency.OK && r.Consistency.V < 1 },
	"pressure before the end":    func(r *health.Report) bool { return r.Pressure.Late.Due > 0 && r.Pressure.Rest.Due > 0 },
	"paths that win":             func(r *health.Report) bool { return len(r.Paths) >= 3 },
	"an unmapped stage":          func(r *health.Report) bool { return len(r.Gaps.Unmapped) > 1 },
	"an inactive rep":            func(r *health.Report) bool { return len(r.Gaps.InactiveReps) > 0 },
	"a currency without a rate":  func(r *health.Report) bool { return len(r.Gaps.WithoutRate) > 0 },
	"no party named":             func(r *health.Report) bool { return r.Gaps.NoParty.V },
	"a deal of another pipeline": func(r *health.Report) bool { return r.Gaps.OtherPipelines > 0 },
	"a manager's group":          func(r *health.Report) bool { return len(r.Managers) > 1 },
	"no activities":              func(r *health.Report) bool { return !r.Sources.Activities.OK },
	"no criteria":                func(r *health.Report) bool { return !r.Sources.Criteria.OK },
	"no forecasts":               func(r *health.Report) bool { return !r.Sources.Forecasts.OK },
	"no waivers":                 func(r *health.Report) bool { return !r.Sources.Waivers.OK },
}

// note counts the places that a report got to.
func note(seen map[string]int, r *health.Report) {
	for what, is := range places {
		if is(r) {
			seen[what]++
		}
	}
}

func reachesAll(t *testing.T, seen [2]map[string]int) {
	for _, what := range slices.Sorted(maps.Keys(places)) {
		n := seen[0][what] + seen[1][what]
		if n == 0 {
			t.Errorf("no case got to: %s", what)
		}
		t.Logf("%6d  %s", n, what)
	}
}

func some[T any](list []T, is func(T) bool) bool {
	for _, x := range list {
		if is(x) {
			return true
		}
	}
	return false
}

func anyStage(is func(health.Stage) bool) func(*health.Report) bool {
	return func(r *health.Report) bool { return some(r.Stages, is) }
}

func anyCheckpoint(is func(health.Checkpoint) bool) func(*health.Report) bool {
	return func(r *health.Report) bool { return some(r.Checkpoints, is) }
}

func anyVerdict(word string) func(*health.Report) bool {
	return anyCheckpoint(func(c health.Checkpoint) bool { return c.Earns.Verdict.V == word })
}

func anyLost(is func(health.LostDeal) bool) func(*health.Report) bool {
	return func(r *health.Report) bool { return some(r.Lost, is) }
}

func anyState(word string) func(*health.Report) bool {
	return anyLost(func(l health.LostDeal) bool {
		return some(l.Checkpoints, func(c health.LostCheckpoint) bool { return c.State == word })
	})
}

func someVisit(l health.LostDeal, end string) bool {
	return some(l.Visits, func(v health.LostVisit) bool { return v.End == end })
}

func anyRep(is func(health.Figures) bool) func(*health.Report) bool {
	return func(r *health.Report) bool {
		return some(r.Reps, func(f health.RepFigures) bool { return is(f.Figures) })
	}
}

func anyDeal(is func(health.Deal) bool) func(*health.Report) bool {
	return func(r *health.Report) bool { return some(r.Deals, is) }
}
