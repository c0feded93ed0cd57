package health

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// The window is the week from Monday 19 to Monday 26 January; the eve of the report is Friday the 23rd.
const (
	tuesday = "2026-01-20 "
	friday  = "2026-01-23 "
)

// wentOn is a deal in discovery since November that goes on to the proposal, with a call of the buyer the day
// before it if backed.
func (s *story) wentOn(id, on string, backed bool) *dealStory {
	d := s.deal(id).owner("ann").enters("Discovery", "2025-11-03").enters("Proposal", on)
	if backed {
		d.act("buyer", "call", at(on).Add(-hours24).Format(time.DateTime))
	}
	return d
}

// A sweep: five deals or more in one session, and nothing from the buyer behind the moves.
func TestSweeps(t *testing.T) {
	for _, c := range []struct {
		name    string
		clocks  []string
		backed  bool
		suspect int
	}{
		{"five deals, each ten minutes after the other", []string{"09:00", "09:10", "09:20", "09:30", "09:40"}, false, 5},
		{"the last comes a moment later: two sessions", []string{"09:00", "09:10", "09:20", "09:30", "09:40:00.000001"}, false, 0},
		{"four deals", []string{"09:00", "09:10", "09:20", "09:30"}, false, 0},
		{"five deals with the buyer behind them", []string{"09:00", "09:10", "09:20", "09:30", "09:40"}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("another").created("2025-01-01").won("2025-02-01").act("buyer", "note", "2025-01-02")
			for i, clock := range c.clocks {
				s.wentOn(fmt.Sprint("D", i), tuesday+clock, c.backed)
			}
			r := s.rowsOf(t, "ann").Record
			is(t, "moves", r.Moves, len(c.clocks))
			is(t, "suspect", r.Suspect, some(c.suspect))
			is(t, "on the eve", r.EveMoves, some(0))
		})
	}
}

func TestASweepIsOnePersonsAndOfFiveDeals(t *testing.T) {
	s := tell(mondayOf)
	for i := range 5 {
		s.wentOn(fmt.Sprint("D", i), fmt.Sprintf("%s09:0%d", tuesday, i), false)
	}
	s.deals[4].by("ben")
	s.deals[0].enters("Closing", tuesday+"09:05") // five moves of ann's, of four deals
	is(t, "suspect", s.report(t).Team.Record.Suspect, some(0))
}

// On the eve of the report, and nothing from the buyer in the 14 days up to the move.
func TestMovesOnTheEve(t *testing.T) {
	for _, c := range []struct {
		name    string
		deal    func(s *story)
		eve     int
		suspect int
	}{
		{"without the buyer", func(s *story) { s.wentOn("D1", friday+"12:00", false) }, 1, 1},
		{"with the buyer", func(s *story) { s.wentOn("D1", friday+"12:00", true) }, 1, 0},
		{"the buyer at the very beginning of the 14 days", func(s *story) {
			s.wentOn("D1", friday+"12:00", false).act("buyer", "note", "2026-01-09 12:00")
		}, 1, 0},
		{"the buyer a moment before", func(s *story) {
			s.wentOn("D1", friday+"12:00", false).act("buyer", "note", "2026-01-09 11:59:59.999999")
		}, 1, 1},
		{"the buyer at the very move", func(s *story) { s.wentOn("D1", friday+"12:00", false).act("buyer", "note", friday+"12:00") }, 1, 0},
		{"only the seller", func(s *story) { s.wentOn("D1", friday+"12:00", false).act("seller", "note", friday+"11:00") }, 1, 1},
		{"the day before", func(s *story) { s.wentOn("D1", "2026-01-22 23:59:59", false) }, 0, 0},
		{"at midnight", func(s *story) { s.wentOn("D1", "2026-01-23", false) }, 1, 1},
		{"on Saturday", func(s *story) { s.wentOn("D1", "2026-01-24", false) }, 0, 0},
		{"a deal's first move needs nothing behind it", func(s *story) { s.deal("D1").owner("ann").enters("Proposal", friday+"12:00") }, 1, 0},
		{"nor does a step back", func(s *story) {
			s.deal("D1").owner("ann").enters("Proposal", "2026-01-05").enters("Discovery", friday+"12:00")
		}, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("another").created("2025-01-01").won("2025-02-01").act("buyer", "note", "2025-01-02")
			c.deal(s)
			r := s.rowsOf(t, "ann").Record
			is(t, "on the eve", r.EveMoves, some(c.eve))
			is(t, "suspect", r.Suspect, some(c.suspect))
		})
	}
}

func TestWhoseSilenceBacksAMove(t *testing.T) {
	s := tell(mondayOf)
	s.wentOn("D1", friday+"12:00", false).act("", "email", friday+"11:00")
	is(t, "where nobody is named any activity counts", s.report(t).Team.Record.Suspect, some(0))
	is(t, "without the table nothing is unbacked", s.without(pipeline.Activities).report(t).Team.Record.Suspect, some(0))
	s = tell(mondayOf)
	s.wentOn("D1", friday+"12:00", false)
	is(t, "an empty table backs nothing", s.report(t).Team.Record.Suspect, some(1))
}

// Passed through on the eve: in discovery at noon, and onward before ten minutes are over.
func TestPassingThrough(t *testing.T) {
	for _, c := range []struct {
		name, onward string
		usually      time.Duration // how long the other three stay
		suspect      int
	}{
		{"less than ten minutes", "12:09:59.999999", 5 * hours24, 1},
		{"ten minutes", "12:10", 5 * hours24, 0},
		{"a stage that usually takes an hour", "12:05", time.Hour, 1},
		{"a stage that usually takes less", "12:05", time.Hour - time.Second, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			for i := range 3 {
				s.deal(fmt.Sprint("U", i)).owner("zoe").enters("Discovery", "2025-11-03").
					enters("Proposal", at("2025-11-03").Add(c.usually).Format("2006-01-02 15:04:05.999999"))
			}
			s.deal("D1").owner("ann").enters("Discovery", friday+"12:00").act("buyer", "call", friday+"11:00").enters("Proposal", friday+c.onward)
			is(t, "suspect", s.rowsOf(t, "ann").Record.Suspect, some(c.suspect))
		})
	}
}

func TestPassingThroughIntoDelivery(t *testing.T) {
	s := tell(mondayOf)
	for i := range 3 {
		s.deal(fmt.Sprint("U", i)).owner("zoe").enters("Closing", "2025-11-03").won("2025-11-10")
	}
	s.deal("D1").owner("ann").enters("Closing", friday+"12:00").won(friday+"12:01").enters("Onboarding", friday+"12:05")
	r := s.rowsOf(t, "ann").Record
	is(t, "moves: none into an after stage", r.Moves, 1)
	is(t, "suspect", r.Suspect, some(1))
}

func TestWhichMovesAreQuestioned(t *testing.T) {
	s := tell(mondayOf).rep("ann", under("mia")).rep("mia").rep("bot", system)
	s.deal("D1").owner("ann").enters("Discovery", friday+"09:00").by("bot").enters("Proposal", friday+"10:00").enters("Limbo", friday+"11:00")
	s.deal("D2").enters("Discovery", friday+"09:00")
	s.deal("D3").owner("bot").enters("Discovery", friday+"09:00")
	r := s.report(t)
	is(t, "ann's", repOf(t, r, "ann").Record.Moves, 1)
	is(t, "her manager's group", r.Managers[0].Record.Moves, 1)
	is(t, "the team's: none of systems and nobodies", r.Team.Record.Moves, 1)
	is(t, "the trend counts them", r.Team.Trend[7].Moves, 4)
}

// Binomial tails with p₀ = 1/5, five days from Monday to Friday.
func TestEveP(t *testing.T) {
	for _, c := range []struct {
		name       string
		moves, eve int
		p          float64
		flagged    bool
	}{
		{"no moves", 0, 0, 1, false},
		{"7 of 10", 10, 7, 0.0008643584, true},
		{"5 of 10: it may be chance", 10, 5, 0.0327934976, false},
		{"10 of 21: less than half", 21, 10, 0.0040722192, false},
		{"9 of 9: too few", 9, 9, 0.000000512, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).rep("ann")
			for i := range c.moves {
				on := "2026-01-19 08:00"
				if i < c.eve {
					on = friday + "08:00"
				}
				s.deal(fmt.Sprint("D", i)).owner("ann").enters("Lead", on)
			}
			r := s.rowsOf(t, "ann").Record
			is(t, "moves", r.Moves, c.moves)
			is(t, "on the eve", r.EveMoves, some(c.eve))
			near(t, "p", r.EveP, c.p)
			is(t, "flagged", r.Flagged, some(c.flagged))
		})
	}
}

func TestGapsOfOpenDeals(t *testing.T) {
	for _, c := range []struct {
		name string
		deal func(d *dealStory)
		want [5]int // no amount, no close, overdue close, no activity, no history
	}{
		{"everything there", func(d *dealStory) {
			d.enters("Discovery", "2026-01-20").worth(5).closes("2026-01-26").act("seller", "note", "2026-01-12")
		}, [5]int{0, 0, 0, 0, 0}},
		{"nothing there", func(d *dealStory) { d.created("2026-01-11") }, [5]int{1, 1, 0, 1, 1}},
		{"created two weeks ago to the moment", func(d *dealStory) { d.created("2026-01-12") }, [5]int{1, 1, 0, 0, 1}},
		{"the last activity a moment over two weeks ago", func(d *dealStory) {
			d.created("2026-01-20").act("buyer", "note", "2026-01-11 23:59:59.999999")
		}, [5]int{1, 1, 0, 1, 1}},
		{"due yesterday", func(d *dealStory) { d.enters("Discovery", "2026-01-20").worth(5).closes("2026-01-25") }, [5]int{0, 0, 1, 0, 0}},
		{"by what is in force", func(d *dealStory) {
			d.enters("Discovery", "2026-01-20").worth(5).closes("2026-01-25").says("2026-01-25", closeOn("2026-02-01"))
		}, [5]int{0, 0, 0, 0, 0}},
		{"only a closing change: that is a history", func(d *dealStory) { d.enters("Closed Lost", "2026-01-20").worth(5).closes("2026-02-01") }, [5]int{0, 0, 0, 0, 0}},
		{"won and in delivery: nobody's gap", func(d *dealStory) { d.enters("Onboarding", "2025-01-20").won("2025-01-21") }, [5]int{}},
		{"live, but not closed", func(d *dealStory) { d.enters("Live", "2026-01-20") }, [5]int{1, 1, 0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).rep("ann")
			s.deal("another").created("2025-01-01").worth(1).closes("2025-02-01").lost("2025-02-01") // so that the columns exist
			c.deal(s.deal("D1").owner("ann"))
			r := s.rowsOf(t, "ann").Record
			is(t, "gaps", [5]int{r.NoAmount.V, r.NoClose.V, r.OverdueClose.V, r.NoActivity.V, r.NoHistory}, c.want)
			is(t, "known", [4]bool{r.NoAmount.OK, r.NoClose.OK, r.OverdueClose.OK, r.NoActivity.OK}, [4]bool{true, true, true, true})
		})
	}
}

// A column that does not exist is nobody's gap; one value anywhere that is seen makes it exist.
func TestColumnsThatDoNotExist(t *testing.T) {
	for _, c := range []struct {
		name          string
		deal          func(d *dealStory)
		amount, close bool
	}{
		{"neither", func(*dealStory) {}, false, false},
		{"in another pipeline", func(d *dealStory) { d.of("Renewals").worth(5) }, true, false},
		{"of a closed deal", func(d *dealStory) { d.closes("2025-02-01").lost("2025-03-01") }, false, true},
		{"in a forecasts row", func(d *dealStory) { d.says("2026-01-25", amount(5), closeOn("2026-02-01")) }, true, true},
		{"in a row that is not seen yet", func(d *dealStory) { d.says("2026-01-26", amount(5), closeOn("2026-02-01")) }, false, false},
		{"of a deal that is not there yet", func(d *dealStory) { d.created("2026-01-26").worth(5) }, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("D1").owner("ann").of("New business").enters("Discovery", "2026-01-20")
			c.deal(s.deal("another").of("New business").created("2025-01-01"))
			r := s.report(t)
			is(t, "no amount known", r.Team.Record.NoAmount.OK, c.amount)
			is(t, "stalled amount known", r.Team.Stall.StalledAmount.OK, c.amount)
			is(t, "no close known", r.Team.Record.NoClose.OK, c.close)
			is(t, "overdue known", r.Team.Record.OverdueClose.OK, c.close)
		})
	}
}

// Midnight of Monday in Kiritimati, 14 hours ahead, is Sunday morning in UTC: a close on Sunday is overdue.
func TestOverdueByTheLocalDate(t *testing.T) {
	ahead, err := time.LoadLocation("Pacific/Kiritimati")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		loc  *time.Location
		want int
	}{{ahead, 1}, {time.UTC, 0}} {
		s := tell("2026-01-25 10:00")
		s.set.Location = c.loc
		s.deal("D1").owner("ann").enters("Lead", "2026-01-20").closes("2026-01-25")
		r := s.report(t)
		is(t, "overdue in "+c.loc.String(), r.Team.Record.OverdueClose, some(c.want))
		is(t, "a concern in "+c.loc.String(), len(dealOf(t, r, "D1").Concerns), c.want)
	}
}

func TestUnmappedNames(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Limbo ", "2025-01-01").enters("Limbo", "2025-01-02").enters("Discovery", "2025-01-03").enters("Abyss", "2025-01-04")
	s.deal("D2").owner("ann").enters("Zenith", "2025-01-01").enters("Zenith", "2025-01-02").enters("Closed Won", "2025-01-03")
	s.deal("D3").owner("ann").enters("Abyss", "2026-01-26").enters("Discovery", "2025-01-01")
	s.deal("D4").owner("ann").enters("Abyss", "2025-01-05").enters("Limbo", "2025-01-06").lost("2025-01-02")
	is(t, "unmapped", fmt.Sprint(s.report(t).Gaps.Unmapped), "[{Limbo 3} {Abyss 2} {Zenith 2}]")
}

func TestInactiveReps(t *testing.T) {
	for _, c := range []struct {
		name  string
		story func(s *story)
		want  []string
	}{
		{"an open deal and nothing in the week", func(s *story) { s.rep("ann").deal("D1").owner("ann").enters("Discovery", "2026-01-18") }, []string{"ann"}},
		{"a move in the week", func(s *story) { s.rep("ann").deal("D1").owner("ann").enters("Discovery", "2026-01-19") }, []string{}},
		{"a move of somebody else's deal", func(s *story) {
			s.rep("ann").deal("D1").owner("ann").enters("Discovery", "2026-01-01")
			s.deal("D2").owner("ben").enters("Discovery", "2026-01-20").by("ann")
		}, []string{"ben"}},
		{"only repeats and closings are changes too", func(s *story) {
			s.deal("D1").owner("ann").enters("Discovery", "2026-01-01").enters("Discovery", "2026-01-20")
		}, []string{}},
		{"somebody called on a deal", func(s *story) {
			s.deal("D1").owner("ann").enters("Discovery", "2026-01-01")
			s.deal("D2").owner("ann").enters("Discovery", "2026-01-01").lost("2026-01-02").act("seller", "call", "2026-01-20")
		}, []string{}},
		{"no open deals", func(s *story) {
			s.rep("ann").deal("D1").owner("ann").enters("Discovery", "2026-01-01").lost("2026-01-02")
		}, []string{}},
		{"won and in delivery is not open", func(s *story) { s.deal("D1").owner("ann").enters("Onboarding", "2026-01-01").won("2026-01-02") }, []string{}},
		{"away today", func(s *story) {
			s.rep("ann", away("2026-01-26", "2026-01-26")).deal("D1").owner("ann").enters("Discovery", "2026-01-01")
		}, []string{}},
		{"back today", func(s *story) {
			s.rep("ann", away("2026-01-19", "2026-01-25")).deal("D1").owner("ann").enters("Discovery", "2026-01-01")
		}, []string{"ann"}},
		{"an importer is nobody", func(s *story) { s.rep("bot", system).deal("D1").owner("bot").enters("Discovery", "2026-01-01") }, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.story(s)
			is(t, "inactive", fmt.Sprint(s.report(t).Gaps.InactiveReps), fmt.Sprint(c.want))
		})
	}
}

func TestWithoutRateInOrder(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").created("2026-01-01").in(" sek ")
	s.deal("D2").owner("ann").created("2026-01-01").in("SEK").worth(5).lost("2026-01-02")
	s.deal("D3").owner("ann").created("2026-01-26").in("NOK")
	s.deal("D4").owner("ann").created("2026-01-01").in("eur")
	got := s.report(t).Gaps.WithoutRate
	is(t, "currencies", fmt.Sprint(slices.Sorted(maps.Keys(got))), "[SEK]")
	is(t, "deals", got["SEK"], 2)
}
