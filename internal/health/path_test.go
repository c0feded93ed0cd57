package health

import (
	"fmt"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// visits writes the stays of a deal: "discovery 5 advanced, proposal 16 open" (stage, days, end).
func visitsOf(d *view) string {
	var out []string
	for _, v := range d.visits {
		out = append(out, fmt.Sprintf("%s %v %s", v.stage.Key, days(v.dwell), v.end))
	}
	return strings.Join(out, ", ")
}

func TestVisitsAndHowTheyEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		asOf string
		deal func(d *dealStory)
		want string
	}{
		{"onward, and still there", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-10") },
			"discovery 5 advanced, proposal 16 open"},
		{"names compare trimmed and without case", mondayOf, func(d *dealStory) {
			d.enters(" discovery", "2026-01-05").enters("2 - PROPOSAL ", "2026-01-10")
		}, "discovery 5 advanced, proposal 16 open"},
		{"back", mondayOf, func(d *dealStory) {
			d.enters("Proposal", "2026-01-05").enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-20")
		}, "proposal 5 back, discovery 10 advanced, proposal 6 open"},
		{"a repeat of the same stage is no move", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Discovery", "2026-01-07").enters("Proposal", "2026-01-10").enters("2 - Proposal", "2026-01-11")
		}, "discovery 5 advanced, proposal 16 open"},
		{"a closed stage in the middle is no move, nor is the way back", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closed Lost", "2026-01-07").enters("Discovery", "2026-01-08").enters("Proposal", "2026-01-10")
		}, "discovery 5 advanced, proposal 16 open"},
		{"into a stage that nobody knows: unknown, and no visit there", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-08").enters("Proposal", "2026-01-10")
		}, "discovery 3 unknown, proposal 16 open"},
		{"two moves at one instant both count, by position", mondayOf, func(d *dealStory) {
			d.enters("Proposal", "2026-01-10").enters("Discovery", "2026-01-10")
		}, "discovery 0 advanced, proposal 16 open"},
		{"two moves at one instant, by seq", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").seq(2).enters("Proposal", "2026-01-10").seq(1)
		}, "proposal 0 back, discovery 16 open"},
		{"at one instant a move without seq comes last", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-10").seq(1)
		}, "proposal 0 back, discovery 16 open"},
		{"at one instant what nobody knows comes last", mondayOf, func(d *dealStory) {
			d.enters("Abyss", "2026-01-10").enters("Discovery", "2026-01-10")
		}, "discovery 0 unknown"},
		{"lost", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-10").lost("2026-01-12")
		},
			"discovery 5 advanced, proposal 2 lost"},
		{"moves of a lost deal at its closing or later do not count", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-12").enters("Closing", "2026-01-13").lost("2026-01-12")
		}, "discovery 7 lost"},
		{"lost in an after stage", mondayOf, func(d *dealStory) { d.enters("Onboarding", "2026-01-05").lost("2026-01-12") }, "onboarding 7 lost"},
		{"lost from a stage that nobody knows", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-08").lost("2026-01-12")
		}, "discovery 3 unknown"},
		{"won from a selling stage", mondayOf, func(d *dealStory) { d.enters("Proposal", "2026-01-05").won("2026-01-12") }, "proposal 7 advanced"},
		{"won, then moves into after stages only", mondayOf, func(d *dealStory) {
			d.enters("Proposal", "2026-01-05").won("2026-01-12").enters("Discovery", "2026-01-13").enters("Onboarding", "2026-01-14").
				enters("Closing", "2026-01-15").enters("Live", "2026-01-16")
		}, "proposal 7 advanced, onboarding 2 advanced, live 10 open"},
		{"won is before a move at that instant", mondayOf, func(d *dealStory) {
			d.enters("Proposal", "2026-01-05").enters("Onboarding", "2026-01-12").won("2026-01-12")
		}, "proposal 7 advanced, onboarding 14 open"},
		{"won while invoiced already", mondayOf, func(d *dealStory) {
			d.enters("Proposal", "2026-01-05").enters("Onboarding", "2026-01-10").won("2026-01-12").enters("Live", "2026-01-15")
		}, "proposal 5 advanced, onboarding 5 advanced, live 11 open"},
		{"after only closing changes there is no path", mondayOf, func(d *dealStory) {
			d.enters("Closed Won", "2026-01-05").won("2026-01-12").enters("Onboarding", "2026-01-14")
		}, ""},
		{"a stage that the version at the next move lacks: by phase, so the same phase is onward", "2026-02-20", func(d *dealStory) {
			d.enters("Closing", "2026-01-20").enters("Proposal", "2026-02-10")
		}, "closing 21 advanced, proposal 10 open"},
		{"a stage that the version at the next move lacks: an earlier phase is back", "2026-02-20", func(d *dealStory) {
			d.enters("Closing", "2026-01-20").enters("Lead", "2026-02-10")
		}, "closing 21 back, lead 10 open"},
		{"a stage of a later version is known before it", mondayOf, func(d *dealStory) { d.enters("Demo", "2026-01-20") }, "demo 6 open"},
		{"what an earlier version knew is known later", "2026-02-20", func(d *dealStory) { d.enters("Closing", "2026-02-10") }, "closing 10 open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.asOf)
			told := s.deal("D1").owner("ann")
			c.deal(told)
			is(t, "visits", visitsOf(newComputation(s.input()).view(told.history())), c.want)
		})
	}
}

func TestWhichDealsAreOpen(t *testing.T) {
	for _, c := range []struct {
		name  string
		deal  func(d *dealStory)
		open  bool
		stage string
		days  Number
	}{
		{"in a selling stage", func(d *dealStory) { d.enters("Discovery", "2026-01-16") }, true, "discovery", some(10.)},
		{"won and in onboarding", func(d *dealStory) {
			d.enters("Closing", "2026-01-05").won("2026-01-06").enters("Onboarding", "2026-01-06")
		},
			true, "onboarding", some(20.)},
		{"won and live: final", func(d *dealStory) { d.enters("Closing", "2026-01-05").won("2026-01-06").enters("Live", "2026-01-06") }, false, "", Number{}},
		{"won and nothing after", func(d *dealStory) { d.enters("Closing", "2026-01-05").won("2026-01-06") }, false, "", Number{}},
		{"not closed, but final", func(d *dealStory) { d.enters("Live", "2026-01-05") }, false, "", Number{}},
		{"in a stage that nobody knows", func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-06") }, true, "", Number{}},
		{"without a stage change: its own stage is shown", func(d *dealStory) { d.created("2026-01-05"); d.h.Deal.Stage = "Proposal" }, true, "proposal", Number{}},
		{"without a stage change in a final stage", func(d *dealStory) { d.created("2026-01-05"); d.h.Deal.Stage = "Live" }, false, "", Number{}},
		{"lost in onboarding", func(d *dealStory) { d.enters("Onboarding", "2026-01-05").lost("2026-01-06") }, false, "", Number{}},
		{"won without a path, in onboarding since", func(d *dealStory) {
			d.enters("Closed Won", "2026-01-05").closed(pipeline.Won, "").enters("Onboarding", "2026-01-06")
		}, false, "", Number{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.deal("D1").owner("ann"))
			r := s.report(t)
			is(t, "open", len(r.Deals) == 1, c.open)
			is(t, "in the trend", r.Team.Trend[7].OpenDeals, len(r.Deals))
			is(t, "in the stalls", r.Team.Stall.OpenDeals, len(r.Deals))
			for _, d := range r.Deals {
				is(t, "stage", d.Stage.V, c.stage)
				is(t, "days in stage", d.DaysInStage, c.days)
				is(t, "whether stalled can be said", d.Stalled.OK, c.days.OK)
				is(t, "whether there is a threshold", d.ThresholdDays.OK, c.days.OK)
			}
		})
	}
}

func TestFitness(t *testing.T) {
	for _, c := range []struct {
		name       string
		asOf       string
		deal       func(d *dealStory)
		fitness    Number
		deviations Count
	}{
		// before February P = discovery, proposal, closing
		{"an optional stage is no deviation", mondayOf, func(d *dealStory) { d.enters("Lead", "2026-01-05").enters("Discovery", "2026-01-06") },
			some(1.), some(0)},
		{"only an optional stage: nothing to align", mondayOf, func(d *dealStory) { d.enters("Lead", "2026-01-05") }, Number{}, Count{}},
		{"an optional stage between two stays in one stage: merged then", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Lead", "2026-01-06").enters("Discovery", "2026-01-07")
		}, some(1.), some(0)},
		{"back and forth: 2·2/(4 + 2)", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-06").enters("Discovery", "2026-01-07").enters("Proposal", "2026-01-08")
		}, some(4. / 6), some(2)},
		{"a stage that nobody knows is a move: 2·2/(3 + 2)", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-06").enters("Proposal", "2026-01-07")
		}, some(0.8), some(1)},
		{"nothing of the process reached: 0", mondayOf, func(d *dealStory) { d.enters("Limbo", "2026-01-05") }, some(0.), some(1)},
		{"after stages do not count: 2·3/(3 + 3)", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-06").enters("Closing", "2026-01-07").
				won("2026-01-20").enters("Onboarding", "2026-01-21")
		}, some(1.), some(0)},
		{"invoiced too early, then back", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Onboarding", "2026-01-06").enters("Proposal", "2026-01-07")
		}, some(1.), some(0)},
		{"won from discovery: 2·1/(1 + 3)", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").won("2026-01-20").enters("Onboarding", "2026-01-21")
		}, some(0.5), some(2)},
		// from February P = discovery, demo, proposal
		{"by the version at the last move: 2·2/(2 + 3)", "2026-02-23", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-02-20")
		}, some(0.8), some(1)},
		{"by the version at the last move outside after: 2·2/(2 + 3) as won", "2026-02-23", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-20").won("2026-02-10").enters("Onboarding", "2026-02-20")
		}, some(0.8), some(1)},
		{"by the version at the last move outside after, also before closing", "2026-02-23", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-20").enters("Onboarding", "2026-02-10")
		}, some(0.8), some(1)},
		{"a stage that this version lacks is a deviation: 2·3/(4 + 3)", "2026-02-23", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-06").enters("Demo", "2026-02-10").enters("Proposal", "2026-02-20")
		}, some(6. / 7), some(1)},
		{"without a stage change", mondayOf, func(d *dealStory) { d.created("2026-01-05") }, Number{}, Count{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.asOf).month()
			told := s.deal("D1").owner("ann")
			c.deal(told)
			k := newComputation(s.input())
			fitness, deviations := k.conformance(k.view(told.history()))
			is(t, "deviations", deviations, c.deviations)
			if !c.fitness.OK {
				null(t, "fitness", fitness)
			} else {
				near(t, "fitness", fitness, c.fitness.V)
			}
		})
	}
}

// Closing was optional while it was a stage at all; the version at the last move has no such optional stage.
func TestFitnessLeavesOutTheOptionalStagesOfItsVersion(t *testing.T) {
	for _, c := range []struct {
		last    string
		fitness float64
	}{{"2026-01-31", 1}, {"2026-02-10", 0.8}} { // nothing else; 2·2/(3 + 2)
		s := tell("2026-02-16").month()
		s.proc.Versions[0].Stage("closing").Mandatory = false
		onward := map[string]string{"2026-01-31": "Proposal", "2026-02-10": "Demo"}[c.last]
		s.deal("D1").owner("ann").enters("Discovery", "2026-01-05").enters("Closing", "2026-01-20").enters(onward, c.last)
		near(t, "fitness with the last move on "+c.last, dealOf(t, s.report(t), "D1").Fitness, c.fitness)
	}
}

// A rep's fitness is the mean over the rep's own deals with a mapped move in the window, whoever moved them.
func TestFitnessOfARep(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-20")                                                           // 1
	s.deal("D2").owner("ann").enters("Closing", "2026-01-20").by("ben")                                                   // 2·1/(1 + 3)
	s.deal("D3").owner("ann").enters("Proposal", "2026-01-10").enters("Limbo", "2026-01-20")                              // no mapped move in the window
	s.deal("D4").owner("ben").enters("Proposal", "2026-01-01").won("2026-01-18 23:59").enters("Onboarding", "2026-01-19") // 2·1/(1 + 3)
	r := s.report(t)
	near(t, "ann", repOf(t, r, "ann").Fitness, 0.75)
	near(t, "ben", repOf(t, r, "ben").Fitness, 0.5)
	near(t, "team", r.Team.Fitness, 2./3)
}
