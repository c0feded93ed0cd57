package health

import (
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// Discovery entered on Wednesday the 14th: its stage is judged at once, its evidence on Saturday the 17th.
func TestAMissCountsOnceBetweenTwoWeeklyReports(t *testing.T) {
	for _, c := range []struct {
		asOf              string
		due, met, pending int
	}{
		{"2026-01-12", 0, 0, 0},
		{"2026-01-17", 1, 1, 1}, // the window ends at the very judgement
		{"2026-01-19", 2, 1, 0},
		{"2026-01-24", 1, 0, 0}, // the window begins with the judgement
		{"2026-01-26", 0, 0, 0},
	} {
		t.Run(c.asOf, func(t *testing.T) {
			s := tell(c.asOf)
			s.deal("D1").owner("ann").enters("Discovery", "2026-01-14").meets("problem", "2026-01-18")
			a := s.report(t).Team.Adherence
			is(t, "due", a.Due, c.due)
			is(t, "met", a.Met, c.met)
			is(t, "missed", a.Missed, c.due-c.met)
			is(t, "pending", a.Pending, c.pending)
		})
	}
}

func TestTheParts(t *testing.T) {
	s := tell(mondayOf)
	// In the window: stage met, evidence met; stage met, evidence missed; stage skipped with its evidence, stage met.
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-20").meets("problem", "2026-01-20")
	s.deal("D2").owner("ann").enters("Discovery", "2026-01-20")
	s.deal("D3").owner("ann").enters("Proposal", "2026-01-20").worth(5).excused("buyer:meetings", "2026-01-20")
	// In the four windows before, 22 December to 18 January: four met, two missed; one long before.
	s.deal("D4").owner("ann").enters("Discovery", "2025-12-22").meets("problem", "2025-12-22")
	s.deal("D5").owner("ann").enters("Discovery", "2026-01-10")
	s.deal("D6").owner("ann").enters("Discovery", "2026-01-15 23:59")
	s.deal("D7").owner("ann").enters("Discovery", "2025-12-17")
	r := s.report(t)
	a := r.Team.Adherence
	is(t, "due", a.Due, 8)
	is(t, "met", a.Met, 5)
	is(t, "missed", a.Missed, 3)
	is(t, "excused", a.Excused, 0) // no activity names a party: meetings never fall due
	near(t, "rate", a.Rate, 5./8)
	near(t, "the team's shrunk rate is its rate", a.ShrunkRate, 5./8)
	null(t, "p below team of the team", a.PBelowTeam)
	is(t, "judged", a.Judged, true)
	is(t, "stages", a.Stages, Tally{Due: 4, Met: 3, Rate: some(0.75)})
	is(t, "evidence due", a.Evidence.Due, 4)
	is(t, "evidence met", a.Evidence.Met, 2)
	is(t, "due before", a.Change.Due, some(6))
	is(t, "met before", a.Change.Met, some(4))
	near(t, "rate before", a.Change.Rate, 4./6)
	near(t, "diff", a.Change.Diff, 5./8-4./6)
	is(t, "clean moves", a.CleanMoves, 1)
}

func TestMovedBackInTheWindow(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Proposal", "2026-01-10").enters("Discovery", "2026-01-18 23:59:59")
	s.deal("D2").owner("ann").enters("Proposal", "2026-01-10").enters("Discovery", "2026-01-19").by("ben")
	r := s.report(t)
	is(t, "ann's was the week before", repOf(t, r, "ann").Adherence.MovedBack, 0)
	is(t, "ben's", repOf(t, r, "ben").Adherence.MovedBack, 1)
}

func TestTooFewToJudge(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-20")
	s.deal("D2").owner("ann").enters("Discovery", "2026-01-20")
	s.deal("D3").owner("ben").created("2026-01-20")
	r := s.report(t)
	ann, ben := repOf(t, r, "ann").Adherence, repOf(t, r, "ben").Adherence
	is(t, "due", ann.Due, 4)
	is(t, "judged", ann.Judged, false)
	near(t, "ann's rate is shown all the same", ann.Rate, 0.5)
	null(t, "ben's rate", ben.Rate)
	null(t, "ben's low", ben.Low)
	null(t, "ben's shrunk rate", ben.ShrunkRate)
	null(t, "ben's p", ben.PBelowTeam)
	null(t, "ben's diff", ben.Change.Diff)
	null(t, "ben's evidence rate", ben.Evidence.Rate)
}

// A checkpoint belongs to who made the move, not to who owns the deal.
func TestForWhomACheckpointCounts(t *testing.T) {
	for _, c := range []struct {
		name     string
		deal     func(d *dealStory)
		due      map[string]int
		trendFor map[string]int // moves in the window
	}{
		{"moved by a colleague", func(d *dealStory) { d.owner("ann").enters("Discovery", "2026-01-20").by("ben") },
			map[string]int{"ann": 0, "ben": 2}, map[string]int{"ann": 0, "ben": 1}},
		{"nobody knows who moved it: the owner", func(d *dealStory) { d.owner("ann").enters("Discovery", "2026-01-20") },
			map[string]int{"ann": 2, "ben": 0}, map[string]int{"ann": 1, "ben": 0}},
		{"moved by an importer: not even the owner", func(d *dealStory) { d.owner("ann").enters("Discovery", "2026-01-20").by("bot") },
			map[string]int{"ann": 0, "ben": 0}, map[string]int{"ann": 0}},
		{"owned by an importer", func(d *dealStory) { d.owner("bot").enters("Discovery", "2026-01-20") },
			map[string]int{"ann": 0, "ben": 0}, map[string]int{"ben": 0}},
		{"owned by nobody", func(d *dealStory) { d.enters("Discovery", "2026-01-20") },
			map[string]int{"ann": 0, "ben": 0}, map[string]int{"ann": 0}},
		{"owned by nobody, moved by ben", func(d *dealStory) { d.enters("Discovery", "2026-01-20").by("ben") },
			map[string]int{"ann": 0, "ben": 2}, map[string]int{"ben": 1}},
		{"won: the owner, though a colleague moved it", func(d *dealStory) {
			d.owner("ann").enters("Closing", "2026-01-01").by("ben").excused("stage:onboarding", "2026-01-01").won("2026-01-20").enters("Live", "2026-01-20").by("zoe")
		}, map[string]int{"ann": 0, "ben": 0, "zoe": 0}, map[string]int{"ann": 0, "ben": 0, "zoe": 1}},
		{"somebody whom the source does not list is a rep", func(d *dealStory) { d.owner("ann").enters("Discovery", "2026-01-20").by("zoe") },
			map[string]int{"ann": 0, "zoe": 2}, map[string]int{"zoe": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).rep("ann", under("mia")).rep("ben", under("mia")).rep("bot", system).rep("mia")
			c.deal(s.deal("D1"))
			r := s.report(t)
			for id, due := range c.due {
				is(t, "due of "+id, repOf(t, r, id).Adherence.Due, due)
			}
			for id, moves := range c.trendFor {
				is(t, "moves of "+id, repOf(t, r, id).Trend[7].Moves, moves)
			}
			is(t, "moves of the team", r.Team.Trend[7].Moves, 1)
			for _, f := range r.Reps {
				if f.ID == "bot" {
					t.Error("an importer stands among the reps")
				}
			}
		})
	}
}

func TestWonCountsForTheOwner(t *testing.T) {
	s := tell(mondayOf).rep("ann").rep("ben")
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-01").by("ben").won("2026-01-20")
	r := s.report(t)
	is(t, "ann: proposal and closing skipped", repOf(t, r, "ann").Adherence.Missed, 2)
	is(t, "ben: long ago", repOf(t, r, "ben").Adherence.Due, 0)
}

func TestCleanMoves(t *testing.T) {
	for _, c := range []struct {
		name string
		asOf string
		deal func(d *dealStory)
		want int
	}{
		{"stage and evidence met", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-20").meets("problem", "2026-01-20") }, 1},
		{"evidence missed", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-20") }, 0},
		{"still to be judged", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-23").meets("problem", "2026-01-23") }, 0},
		{"moved the week before, judged in this one", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-17").meets("problem", "2026-01-18") }, 1},
		{"judged the week before", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-15").meets("problem", "2026-01-15") }, 0},
		{"lost before its evidence could be judged", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-20").lost("2026-01-21") }, 1},
		{"its evidence excused", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-20").excused("buyer:problem", "2026-01-20") }, 1},
		{"everything excused", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-20").excused("buyer:problem", "2026-01-20").excused("stage:discovery", "2026-01-20")
		}, 0},
		{"back: nothing due", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Lead", "2026-01-20") }, 0},
		{"won, what it skipped agreed on and its evidence there", mondayOf, func(d *dealStory) {
			d.enters("Closing", "2026-01-01").won("2026-01-20") // all due long ago: winning adds nothing
		}, 0},
		{"a skip spoils the move", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-01").enters("Closing", "2026-01-20").says("2026-01-01", amount(5))
		}, 0},
		{"a skip that was agreed on does not", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-01").enters("Closing", "2026-01-20").says("2026-01-01", amount(5)).excused("stage:proposal", "2026-01-20")
		}, 1},
		{"won past stages that were agreed on, with the price named", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-01").won("2026-01-20").says("2026-01-01", amount(5)).
				excused("stage:proposal", "2026-01-20").excused("stage:closing", "2026-01-20")
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.asOf)
			c.deal(s.deal("D1").owner("ann"))
			is(t, "clean moves", s.rowsOf(t, "ann").Adherence.CleanMoves, c.want)
		})
	}
}

// Window edges fall on the same wall time: 29 March has 23 hours in Berlin, 25 October has 25.
func TestWindowsAcrossClockChanges(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, end string // a local midnight in Berlin, as UTC
		span      pipeline.Span
		starts    [2]string // of the window before and of the report's own
	}{
		{"an ordinary week", "2026-03-22 23:00", pipeline.Week, [2]string{"2026-03-08 23:00", "2026-03-15 23:00"}},
		{"a week of 167 hours", "2026-03-29 22:00", pipeline.Week, [2]string{"2026-03-15 23:00", "2026-03-22 23:00"}},
		{"a week of 169 hours", "2026-10-25 23:00", pipeline.Week, [2]string{"2026-10-11 22:00", "2026-10-18 22:00"}},
		{"months cut to their last day, each counted from the end", "2026-03-30 22:00", pipeline.Month, [2]string{"2026-01-30 23:00", "2026-02-27 23:00"}},
		{"quarters", "2026-05-30 22:00", pipeline.Quarter, [2]string{"2025-11-29 23:00", "2026-02-27 23:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.end)
			s.set.Location, s.set.Window = berlin, c.span
			r := s.report(t)
			is(t, "windows", len(r.Team.Trend), 8)
			is(t, "own start", r.Window.Start, at(c.starts[1]))
			is(t, "own end", r.Window.End, at(c.end))
			is(t, "last of the trend", r.Team.Trend[7].Start, at(c.starts[1]))
			is(t, "start before", r.Team.Trend[6].Start, at(c.starts[0]))
			for i := range 7 {
				is(t, "no gap between windows", r.Team.Trend[i].End, r.Team.Trend[i+1].Start)
			}
		})
	}
}

// The small charts of a digest say of each window what its totals are made of.
func TestTheTrendKnowsWhatItsTotalsAreMadeOf(t *testing.T) {
	s := tell("2026-01-26").rep("ann")
	s.stallAfter("discovery", 5*hours24)
	s.deal("D1").owner("ann").worth(100).enters("Discovery", "2026-01-05").says("2026-01-05", amount(100)).says("2026-01-20", amount(250))
	s.deal("D2").owner("ann").worth(7).enters("Discovery", "2026-01-06")
	s.deal("D3").owner("ann").enters("Discovery", "2026-01-06").meets("problem", "2026-01-06").enters("Closing", "2026-01-22")
	r := s.report(t)
	for i, p := range r.Team.Trend {
		is(t, "due", p.Stages.Due+p.Evidence.Due, p.Due)
		is(t, "met", p.Stages.Met+p.Evidence.Met, p.Met)
		is(t, "stalled amount", p.StalledAmount, some([8]float64{5: 107, 6: 107, 7: 257}[i])) // by what was said of D1 until then
	}
	last := r.Team.Trend[7]
	is(t, "stages of the window", last.Stages, r.Team.Adherence.Stages)
	is(t, "evidence of the window", last.Evidence, r.Team.Adherence.Evidence)
	is(t, "stalled amount of the window", last.StalledAmount, r.Team.Stall.StalledAmount)
}
