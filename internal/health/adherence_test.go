package health

import (
	"testing"

	"drumbeat/internal/pipeline"
)

// checkpointCase is one deal looked at through a window of a month; what became of its checkpoints is written
// in process order. Some buyer's note elsewhere makes the activities name parties.
type checkpointCase struct {
	name  string
	asOf  string
	deal  func(d *dealStory)
	want  string
	moved int // moved back
}

func runCheckpoints(t *testing.T, cases []checkpointCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.asOf).month()
			s.deal("another").created("2025-01-01").act("buyer", "note", "2025-01-02")
			c.deal(s.deal("D1").owner("ann").worth(1000))
			r := s.report(t)
			is(t, "checkpoints", states(r), c.want)
			is(t, "moved back", r.Team.Adherence.MovedBack, c.moved)
		})
	}
}

// Until February: discovery (problem), proposal (meetings, price), closing, then onboarding. An open deal's
// amount is its price; meetings have 7 days, everything else 3.
func TestCheckpointsAlongAPath(t *testing.T) {
	runCheckpoints(t, []checkpointCase{
		{"each stage in turn, with the buyer", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").meets("problem", "2026-01-06").
				enters("Proposal", "2026-01-10").act("buyer", "meeting", "2026-01-11").act("buyer", "Meeting", "2026-01-16")
		}, "stage:discovery met, buyer:problem met, stage:proposal met, buyer:meetings met, buyer:price met", 0},
		{"each stage in turn, without the buyer", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-10")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"a proposal skipped", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-10")
		}, "stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing met", 0},
		{"skipped and entered later: not due again", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-10").enters("Proposal", "2026-01-11")
		}, "stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing met", 1},
		{"skipped, back to the start and entered then: not due again", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-10").enters("Discovery", "2026-01-11").enters("Proposal", "2026-01-12")
		}, "stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing met", 1},
		{"moved back and on again: once", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-06").enters("Discovery", "2026-01-07").enters("Proposal", "2026-01-08")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 1},
		{"first seen late", mondayOf, func(d *dealStory) { d.enters("Closing", "2026-01-10") },
			"stage:discovery missed, buyer:problem missed, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing met", 0},
		{"an optional stage is not due", mondayOf, func(d *dealStory) { d.enters("Lead", "2026-01-10") }, "", 0},
		{"back to an optional stage", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-22 23:00").enters("Lead", "2026-01-24") },
			"stage:discovery met, buyer:problem missed", 1},
		{"a stage that nobody knows in the middle skips nothing", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-06").enters("Proposal", "2026-01-07")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"a stage that nobody knows first: everything before is skipped", mondayOf, func(d *dealStory) {
			d.enters("Limbo", "2026-01-06").enters("Proposal", "2026-01-07")
		}, "stage:discovery missed, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"invoiced too early: everything between is skipped, and the way back is no step back in selling", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Onboarding", "2026-01-06").enters("Closing", "2026-01-07")
		}, "stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing missed, stage:onboarding met", 0},
		{"at one instant the order of seq: proposal first", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").seq(2).enters("Proposal", "2026-01-05").seq(1)
		}, "stage:discovery missed, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 1},
		{"without a path nothing is due", mondayOf, func(d *dealStory) { d.created("2026-01-05") }, "", 0},
	})
}

// A closed deal's price can be judged only by its forecasts rows; these have none.
func TestCheckpointsOfClosedDeals(t *testing.T) {
	runCheckpoints(t, []checkpointCase{
		{"won without a proposal", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").won("2026-01-10") },
			"stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, stage:closing missed", 0},
		{"won after every stage", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-06").enters("Closing", "2026-01-07").won("2026-01-10")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, stage:closing met", 0},
		{"won, then onboarding", mondayOf, func(d *dealStory) {
			d.enters("Closing", "2026-01-07").won("2026-01-10").enters("Onboarding", "2026-01-11")
		}, "stage:discovery missed, buyer:problem missed, stage:proposal missed, buyer:meetings missed, stage:closing met, stage:onboarding met", 0},
		{"won, then live at once", mondayOf, func(d *dealStory) {
			d.enters("Closing", "2026-01-07").won("2026-01-10").enters("Live", "2026-01-10")
		}, "stage:discovery missed, buyer:problem missed, stage:proposal missed, buyer:meetings missed, stage:closing met, stage:onboarding missed", 0},
		{"moved on in the selling after it was won", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").won("2026-01-10").enters("Proposal", "2026-01-11")
		}, "stage:discovery met, buyer:problem missed, stage:proposal missed, buyer:meetings missed, stage:closing missed", 0},
		{"won without a path: winning makes nothing due either", mondayOf, func(d *dealStory) { d.created("2026-01-05").won("2026-01-10") }, "", 0},
		{"won with nothing but its closing change", mondayOf, func(d *dealStory) {
			d.enters("Closed Won", "2026-01-10").won("2026-01-10").enters("Onboarding", "2026-01-11")
		}, "", 0},
		{"being lost makes nothing due", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").lost("2026-01-20") },
			"stage:discovery met, buyer:problem missed", 0},
		{"moved on at the instant at which it was lost", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-20").lost("2026-01-20")
		}, "stage:discovery met, buyer:problem missed", 0},
		{"lost before anybody could judge: void", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").lost("2026-01-07 23:59") },
			"stage:discovery met", 0},
		{"lost at the very instant of the judgement: judged", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").lost("2026-01-08") },
			"stage:discovery met, buyer:problem missed", 0},
		{"lost before the judgement, but it held", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").meets("problem", "2026-01-06").lost("2026-01-07")
		}, "stage:discovery met, buyer:problem met", 0},
		{"lost before the judgement, it held, and the judgement is still to come", "2026-01-07 12:00", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").meets("problem", "2026-01-06").lost("2026-01-07")
		}, "stage:discovery met, buyer:problem pending", 0},
		{"lost before the judgement, met only after the loss: void", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").meets("problem", "2026-01-07 12:00").lost("2026-01-07")
		}, "stage:discovery met", 0},
		{"void at once", "2026-01-07 12:00", func(d *dealStory) { d.enters("Discovery", "2026-01-05").lost("2026-01-07") }, "stage:discovery met", 0},
		{"void goes before excused", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").lost("2026-01-07").excused("buyer:problem", "2026-01-05")
		}, "stage:discovery met", 0},
	})
}

// The judgement at 8 January 00:00: discovery entered on the 5th, and three days of grace.
func TestGrace(t *testing.T) {
	discovery := func(d *dealStory) *dealStory { return d.enters("Discovery", "2026-01-05") }
	runCheckpoints(t, []checkpointCase{
		{"pending until the judgement", "2026-01-07", func(d *dealStory) { discovery(d) }, "stage:discovery met, buyer:problem pending", 0},
		{"pending though it holds already", "2026-01-07", func(d *dealStory) { discovery(d).meets("problem", "2026-01-06") },
			"stage:discovery met, buyer:problem pending", 0},
		{"pending at the very instant of the judgement", "2026-01-08", func(d *dealStory) { discovery(d) }, "stage:discovery met, buyer:problem pending", 0},
		{"judged a moment later", "2026-01-08 00:00:00.000001", func(d *dealStory) { discovery(d) }, "stage:discovery met, buyer:problem missed", 0},
		{"met at the very instant of the judgement", mondayOf, func(d *dealStory) { discovery(d).meets("problem", "2026-01-08") },
			"stage:discovery met, buyer:problem met", 0},
		{"met a moment too late", mondayOf, func(d *dealStory) { discovery(d).meets("problem", "2026-01-08 00:00:00.000001") },
			"stage:discovery met, buyer:problem missed", 0},
		{"met long before the deal", mondayOf, func(d *dealStory) { discovery(d).meets("problem", "2019-05-05") },
			"stage:discovery met, buyer:problem met", 0},
		{"another criterion proves nothing", mondayOf, func(d *dealStory) { discovery(d).meets("Problem", "2026-01-06") },
			"stage:discovery met, buyer:problem missed", 0},
	})
}

func TestAgreedExceptions(t *testing.T) {
	runCheckpoints(t, []checkpointCase{
		{"pending until the judgement", "2026-01-08", func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").excused("buyer:problem", "2026-01-05")
		}, "stage:discovery met, buyer:problem pending", 0},
		{"then excused", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").excused("buyer:problem", "2026-01-05")
		}, "stage:discovery met, buyer:problem excused", 0},
		{"excused though it was met", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").meets("problem", "2026-01-06").excused("buyer:problem", "2026-01-05")
		}, "stage:discovery met, buyer:problem excused", 0},
		{"granted after the judgement", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").excused("buyer:problem", "2026-01-25")
		}, "stage:discovery met, buyer:problem excused", 0},
		{"granted after the report's instant", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").excused("buyer:problem", mondayOf)
		}, "stage:discovery met, buyer:problem missed", 0},
		{"only by the full name", mondayOf, func(d *dealStory) { d.enters("Discovery", "2026-01-05").excused("problem", "2026-01-05") },
			"stage:discovery met, buyer:problem missed", 0},
		{"a skipped stage is excused, its evidence is not", mondayOf, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-10").excused("stage:proposal", "2026-01-11")
		}, "stage:discovery met, buyer:problem missed, stage:proposal excused, buyer:meetings missed, buyer:price met, stage:closing met", 0},
	})
}

func TestEvidenceFromActivitiesAndFields(t *testing.T) {
	proposal := func(d *dealStory) *dealStory {
		return d.enters("Proposal", "2026-01-10").excused("stage:discovery", "2026-01-10").excused("buyer:problem", "2026-01-10")
	}
	const excused = "stage:discovery excused, buyer:problem excused, stage:proposal met, "
	runCheckpoints(t, []checkpointCase{
		{"one meeting of two", mondayOf, func(d *dealStory) { proposal(d).act("buyer", "meeting", "2026-01-11") },
			excused + "buyer:meetings missed, buyer:price met", 0},
		{"the second on the edge of the grace", mondayOf, func(d *dealStory) {
			proposal(d).act("buyer", "meeting", "2025-06-01").act("buyer", "MEETING", "2026-01-17")
		}, excused + "buyer:meetings met, buyer:price met", 0},
		{"the seller's meetings prove nothing", mondayOf, func(d *dealStory) {
			proposal(d).act("buyer", "meeting", "2026-01-11").act("seller", "meeting", "2026-01-12").act("", "meeting", "2026-01-13")
		}, excused + "buyer:meetings missed, buyer:price met", 0},
		{"nor do the buyer's calls", mondayOf, func(d *dealStory) {
			proposal(d).act("buyer", "call", "2026-01-11").act("buyer", "meeting", "2026-01-12")
		}, excused + "buyer:meetings missed, buyer:price met", 0},
		{"a price named in time", mondayOf, func(d *dealStory) { proposal(d).says("2026-01-12 23:59", amount(500)) },
			excused + "buyer:meetings missed, buyer:price met", 0},
		{"a price named at the very judgement is not in force yet", mondayOf, func(d *dealStory) { proposal(d).says("2026-01-13", amount(500)) },
			excused + "buyer:meetings missed, buyer:price missed", 0},
		{"lost, with a price row in time", mondayOf, func(d *dealStory) { proposal(d).says("2026-01-11", amount(500)).lost("2026-01-20") },
			excused + "buyer:meetings missed, buyer:price met", 0},
		{"lost, with a price row too late", mondayOf, func(d *dealStory) { proposal(d).says("2026-01-14", amount(500)).lost("2026-01-20") },
			excused + "buyer:meetings missed, buyer:price missed", 0},
		{"lost, with rows of other values only: its price never falls due", mondayOf, func(d *dealStory) {
			proposal(d).says("2026-01-11", chance(0.5)).lost("2026-01-20")
		}, excused + "buyer:meetings missed", 0},
	})
}

// What the source cannot know never falls due.
func TestEvidenceThatTheSourceCannotShow(t *testing.T) {
	for _, c := range []struct {
		name  string
		story func(s *story)
		want  string
	}{
		{"everything there", func(*story) {},
			"stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price missed"},
		{"no criteria table", func(s *story) { s.without(pipeline.Criteria) },
			"stage:discovery met, stage:proposal met, buyer:meetings missed, buyer:price missed"},
		{"no activities table", func(s *story) { s.without(pipeline.Activities) },
			"stage:discovery met, buyer:problem missed, stage:proposal met, buyer:price missed"},
		{"activities that name no party", func(s *story) { s.deals[0].h.Activities[0].Party = "" },
			"stage:discovery met, buyer:problem missed, stage:proposal met, buyer:price missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).month()
			s.deal("D1").owner("ann").enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-10").act("buyer", "note", "2026-01-06")
			c.story(s)
			is(t, "checkpoints", states(s.report(t)), c.want)
		})
	}
}

// From February a demo is due before the proposal, and closing is no stage any more. From March the demo
// requires a champion.
func TestAChangeOfProcessNeverJudgesThePast(t *testing.T) {
	quarter := func(cases []checkpointCase) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := tell(c.asOf)
				s.set.Window = pipeline.Quarter
				s.deal("another").created("2025-01-01").act("buyer", "note", "2025-01-02")
				c.deal(s.deal("D1").owner("ann").worth(1000))
				r := s.report(t)
				is(t, "checkpoints", states(r), c.want)
				is(t, "moved back", r.Team.Adherence.MovedBack, c.moved)
			})
		}
	}
	const end = "2026-03-30"
	quarter([]checkpointCase{
		{"a proposal in January needed no demo", end, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-31 23:59") },
			"stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"one in February did, before champions were asked for", end, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-02-01") },
			"stage:discovery met, buyer:problem missed, stage:demo missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"from the roll-out on its evidence is due too", end, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Proposal", "2026-03-01") },
			"stage:discovery met, buyer:problem missed, stage:demo missed, buyer:champion missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"a stage that the version lacks makes nothing due", end, func(d *dealStory) { d.enters("Discovery", "2026-01-05").enters("Closing", "2026-02-10") },
			"stage:discovery met, buyer:problem missed", 0},
		{"nor does it stand before or after another", end, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Closing", "2026-01-06").enters("Demo", "2026-02-12")
		}, "stage:discovery met, buyer:problem missed, stage:demo met, stage:proposal missed, buyer:meetings missed, buyer:price met, stage:closing met", 0},
		{"won in February passes the demo and no closing", end, func(d *dealStory) { d.enters("Discovery", "2026-01-05").won("2026-02-10") },
			"stage:discovery met, buyer:problem missed, stage:demo missed, stage:proposal missed, buyer:meetings missed", 0},
		{"a demo in January stood in no version: nothing due, but it was visited", end, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Demo", "2026-01-20").enters("Proposal", "2026-03-05")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 0},
		{"nor skipped, after a step back", end, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Demo", "2026-01-20").enters("Discovery", "2026-02-10").enters("Proposal", "2026-03-05")
		}, "stage:discovery met, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met", 1},
		{"nor due when it is entered again", end, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Demo", "2026-01-20").enters("Discovery", "2026-02-10").enters("Demo", "2026-03-05")
		}, "stage:discovery met, buyer:problem missed", 1},
		{"evidence rolled out between two visits is not due at the second", end, func(d *dealStory) {
			d.enters("Discovery", "2026-01-05").enters("Demo", "2026-02-10").enters("Discovery", "2026-02-12").enters("Demo", "2026-03-05")
		}, "stage:discovery met, buyer:problem missed, stage:demo met", 1},
		{"evidence rolled out between a skip and the first visit is", end, func(d *dealStory) {
			d.enters("Proposal", "2026-02-10").enters("Discovery", "2026-02-12").enters("Demo", "2026-03-05")
		}, "stage:discovery missed, buyer:problem missed, stage:demo missed, buyer:champion missed, stage:proposal met, buyer:meetings missed, buyer:price met", 1},
		{"back in February past a stage of January only", end, func(d *dealStory) {
			d.enters("Proposal", "2026-01-20").excused("stage:discovery", "2026-01-20").enters("Closing", "2026-01-21").enters("Discovery", "2026-02-10")
		}, "stage:discovery excused, buyer:problem missed, stage:proposal met, buyer:meetings missed, buyer:price met, stage:closing met", 1},
	})
}
