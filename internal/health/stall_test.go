package health

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// leaving adds deals that entered Discovery on 1 November and moved on to the proposal after 1, 2, … n days.
func (s *story) leaving(n int) *story {
	for i := 1; i <= n; i++ {
		s.deal(fmt.Sprintf("L%02d", i)).owner("zoe").enters("Discovery", "2025-11-01").
			enters("Proposal", at("2025-11-01").AddDate(0, 0, i).Format(time.DateOnly))
	}
	return s
}

func (s *story) stallAfter(stage string, d time.Duration) *story {
	for i := range s.proc.Versions {
		if st := s.proc.Versions[i].Stage(stage); st != nil {
			st.StallAfter = some(d)
		}
	}
	return s
}

func TestThresholds(t *testing.T) {
	for _, c := range []struct {
		name   string
		story  func(s *story)
		days   float64
		source ThresholdSource
		median float64
	}{
		{"learned: three quarters of 20 that advanced after 1 to 20 days", func(s *story) { s.leaving(20) }, 15, Learned, 10},
		{"19 advances are too few", func(s *story) { s.leaving(19) }, 30, Default, 10},
		{"as configured, whatever was learned", func(s *story) { s.leaving(20).stallAfter("discovery", 36*time.Hour) }, 1.5, Configured, 10},
		{"a weekend is not a stall", func(s *story) {
			for i := range 20 {
				s.deal(fmt.Sprint("D", i)).owner("ann").enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-06")
			}
		}, 3, Learned, 1},
		// 20 advance after 1 to 20 days, 20 are lost after 12 hours: S = 1/2 from then on, F(∞) = 1/2, F(15) = 3/8.
		{"of those that advance at all: losses compete", func(s *story) {
			s.leaving(20)
			for i := range 20 {
				s.deal(fmt.Sprint("D", i)).owner("ann").enters("Discovery", "2026-01-05").lost("2026-01-05 12:00")
			}
		}, 15, Learned, 0.5},
		{"visits from before the lookback teach nothing", func(s *story) { s.leaving(20); s.set.Lookback = 86*hours24 - time.Microsecond }, 30, Default, 0},
		{"visits on its edge do", func(s *story) { s.leaving(20); s.set.Lookback = 86 * hours24 }, 15, Learned, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.story(s)
			st := stageOf(t, s.report(t), "discovery")
			near(t, "threshold", st.ThresholdDays, c.days)
			is(t, "source", st.ThresholdSource, some(c.source))
			if c.median > 0 {
				near(t, "median", st.MedianDays, c.median)
			} else {
				null(t, "median", st.MedianDays)
			}
		})
	}
}

func TestWhatAStageLearnsFrom(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-01").enters("Proposal", "2026-01-03").enters("Discovery", "2026-01-05").enters("Limbo", "2026-01-06")
	s.deal("D2").owner("ann").enters("Discovery", "2026-01-01").lost("2026-01-03")
	s.deal("D3").owner("ann").enters("Discovery", "2026-01-01")
	s.deal("D4").owner("ann").enters("Closing", "2026-01-01").won("2026-01-02").enters("Live", "2026-01-03")
	r := s.report(t)
	d := stageOf(t, r, "discovery")
	is(t, "visits, advanced, back, lost, open, unknown", [6]int{d.Visits, d.Advanced, d.Back, d.Lost, d.Open, d.Unknown}, [6]int{4, 1, 0, 1, 1, 1})
	is(t, "back from the proposal", stageOf(t, r, "proposal").Back, 1)
	is(t, "won from closing", stageOf(t, r, "closing").Advanced, 1)
	live := stageOf(t, r, "live")
	is(t, "a final stage is never measured", live.Visits, 0)
	null(t, "its threshold", live.ThresholdDays)
	null(t, "its threshold's source", live.ThresholdSource)
}

// One more visit, still open after 16 days, is censored then: F(16) = 16/21 ≥ 3/4 > F(15), the threshold 16.
func TestStalledOnlyBeyondTheThreshold(t *testing.T) {
	for _, c := range []struct {
		name, since string
		stalled     bool
	}{
		{"exactly at the threshold", "2026-01-10", false},
		{"a moment longer", "2026-01-09 23:59:59.999999", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).leaving(20)
			s.deal("D1").owner("ann").worth(700).enters("Discovery", c.since)
			r := s.report(t)
			d := dealOf(t, r, "D1")
			near(t, "threshold", d.ThresholdDays, 16)
			is(t, "stalled", d.Stalled, some(c.stalled))
			is(t, "in the trend", repOf(t, r, "ann").Trend[7].StalledDeals == 1, c.stalled)
		})
	}
}

func TestStalledDealsOfARep(t *testing.T) {
	s := tell(mondayOf).rep("ann").rep("ben")
	s.deal("D1").owner("ann").worth(1000).enters("Discovery", "2025-12-17").by("ben") // 40 days, 10 over
	s.deal("D2").owner("ann").enters("Discovery", "2025-12-07")                       // 50 days, no amount
	s.deal("D3").owner("ann").worth(300).enters("Proposal", "2025-12-24")             // 33 days
	s.deal("D4").owner("ann").worth(5000).enters("Closing", "2025-12-27")             // exactly 30
	s.deal("D5").owner("ann").worth(5000).enters("Limbo", "2025-10-01")               // nobody knows the stage
	s.deal("D6").owner("ann").worth(5000).created("2025-10-01")                       // no history
	r := s.report(t)
	ann := repOf(t, r, "ann").Stall
	is(t, "open", ann.OpenDeals, 6)
	is(t, "stalled", ann.StalledDeals, 3)
	near(t, "stalled amount", ann.StalledAmount, 1300)
	near(t, "median days over", ann.MedianDaysOver, 10)
	is(t, "ben moved one, but owns none", repOf(t, r, "ben").Stall.OpenDeals, 0)
	null(t, "ben's median", repOf(t, r, "ben").Stall.MedianDaysOver)
	near(t, "ben's stalled amount", repOf(t, r, "ben").Stall.StalledAmount, 0)
	is(t, "nothing can be said of an unmapped stage", dealOf(t, r, "D5").Stalled.OK, false)
}

func TestNoAmountsInTheSourceAtAll(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2025-11-01")
	null(t, "stalled amount", s.report(t).Team.Stall.StalledAmount)
}

// 50 advanced after 1 to 50 days; one more still waits after n.
func TestChanceToAdvance(t *testing.T) {
	for _, c := range []struct {
		name, since string
		want        Number
	}{
		{"10 days: 40 are left, 30 of them go in the next 30 days", "2026-01-16", some(0.75)},
		{"not entered for a day: 30 of 50", "2026-01-25 12:00", some(0.6)},
		{"32 days: 19 others waited this long, all of them went", "2025-12-25", some(1.)},
		{"33 days: only 18 others waited this long", "2025-12-24", Number{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).leaving(50)
			s.deal("D1").owner("ann").enters("Discovery", c.since)
			got := dealOf(t, s.report(t), "D1").ChanceToAdvance
			if !c.want.OK {
				null(t, "chance", got)
				return
			}
			near(t, "chance", got, c.want.V)
		})
	}
}

func TestTheTrendAsOfEachWindowsEnd(t *testing.T) {
	s := tell(mondayOf)
	// Stalls after 30 days, on 31 December; lost at the very end of the sixth window, when it is still open.
	s.deal("D1").owner("ann").enters("Discovery", "2025-12-01").lost("2026-01-12")
	// Exists from its first move on; moves on in the last window, so that its wait begins anew.
	s.deal("D2").owner("ann").created("2026-01-20").enters("Discovery", "2025-12-08").enters("Proposal", "2026-01-20").by("ben")
	// Never stalls: nobody knows its stage. Created at the very end of the seventh window.
	s.deal("D3").owner("ann").created("2026-01-19").enters("Limbo", "2026-01-19")
	// Won in the third window and in onboarding since the fourth.
	s.deal("D4").owner("ann").enters("Closing", "2025-12-15").won("2025-12-16").enters("Onboarding", "2025-12-23")
	// Lost from a stage that nobody knows before the first window ends.
	s.deal("D5").owner("ann").enters("Limbo", "2025-12-02").lost("2025-12-03")
	r := s.report(t)
	var open, stalled, moves [8]int
	for i, w := range repOf(t, r, "ann").Trend {
		open[i], stalled[i], moves[i] = w.OpenDeals, w.StalledDeals, w.Moves
	}
	is(t, "open", open, [8]int{1, 2, 2, 3, 3, 3, 2, 3})
	is(t, "stalled", stalled, [8]int{0, 0, 0, 0, 1, 2, 1, 1})
	is(t, "moves", moves, [8]int{1, 1, 1, 1, 0, 0, 0, 0})
	is(t, "ben's move", repOf(t, r, "ben").Trend[7].Moves, 1)
}

// Λ over four visits: 1/4 at 1 day, +1/3 at 2, +1/2 at 4, and nothing more at 5.
func TestPace(t *testing.T) {
	s := tell(mondayOf)
	s.deal("A1").owner("ann").enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-11")
	s.deal("A2").owner("ann").enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-12")
	s.deal("B1").owner("ben").enters("Discovery", "2026-01-10").by("ann").enters("Proposal", "2026-01-14").by("ann")
	s.deal("B2").owner("ben").enters("Discovery", "2026-01-21")
	r := s.report(t)
	ann, ben := repOf(t, r, "ann").Stall, repOf(t, r, "ben").Stall
	is(t, "ann's advances", ann.Advances, 2)
	near(t, "ann's expected", ann.ExpectedAdvances, 1./4+7./12)
	null(t, "ann's pace: less than one expected", ann.Pace)
	is(t, "ben's advances", ben.Advances, 1)
	near(t, "ben's expected", ben.ExpectedAdvances, 26./12)
	near(t, "ben's pace", ben.Pace, 12./26)
	near(t, "ben's low", ben.PaceLow, 0.006033292)
	near(t, "ben's high", ben.PaceHigh, 2.567887212)
	near(t, "the team's", r.Team.Stall.Pace, 1)
}

// Of a deal that comes back to a stage only its first visit there counts for the pace.
func TestPaceTakesADealsFirstVisit(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-01").enters("Proposal", "2026-01-02").enters("Discovery", "2026-01-03").enters("Proposal", "2026-01-09")
	s.deal("D2").owner("ann").enters("Discovery", "2026-01-01").enters("Proposal", "2026-01-02")
	s.deal("D3").owner("ann").enters("Onboarding", "2026-01-01").enters("Live", "2026-01-02") // an after stage is not the rep's pace
	r := s.report(t)
	is(t, "visits learned from", stageOf(t, r, "discovery").Visits, 3)
	is(t, "advances", r.Team.Stall.Advances, 2)
	near(t, "expected", r.Team.Stall.ExpectedAdvances, 2)
}

// The team's pace is 1 by construction, also where sums of fractions fall short of 1 by a bit: one advance
// out of n visits expects n · 1/n.
func TestTheTeamsPaceIsOne(t *testing.T) {
	for _, n := range []int{3, 10, 49, 98, 103} {
		s := tell(mondayOf)
		for i := range n {
			d := s.deal(fmt.Sprint("D", i)).owner("ann").enters("Discovery", "2026-01-10")
			if i == 0 {
				d.enters("Onboarding", "2026-01-11")
			}
		}
		near(t, fmt.Sprintf("pace of one advance in %d", n), s.report(t).Team.Stall.Pace, 1)
	}
}

func TestSilentBuyers(t *testing.T) {
	for _, c := range []struct {
		name   string
		deal   func(d *dealStory)
		days   Number
		silent bool
	}{
		{"three weeks to the moment", func(d *dealStory) { d.act("buyer", "call", "2026-01-05") }, some(21.), false},
		{"a moment more", func(d *dealStory) { d.act("buyer", "call", "2026-01-04 23:59:59.999999") }, some(21 + 1e-6/86400), true},
		{"the last counts", func(d *dealStory) { d.act("buyer", "call", "2025-06-01").act("buyer", "note", "2026-01-16") }, some(10.), false},
		{"what the seller does is no sign of the buyer", func(d *dealStory) {
			d.act("buyer", "call", "2026-01-01").act("seller", "call", "2026-01-25").act("", "call", "2026-01-25")
		}, some(25.), true},
		{"never, and created three weeks ago", func(d *dealStory) { d.created("2026-01-05") }, Number{}, false},
		{"never, and created longer ago", func(d *dealStory) { d.created("2026-01-04") }, Number{}, true},
		{"never, and created after its first move", func(d *dealStory) { d.created("2026-01-20") }, Number{}, false},
		{"later than the report", func(d *dealStory) { d.created("2026-01-04").act("buyer", "call", "2026-01-26") }, Number{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("another").created("2025-01-01").won("2025-02-01").act("buyer", "note", "2025-01-02")
			c.deal(s.deal("D1").owner("ann").enters("Closing", "2026-01-01"))
			r := s.report(t)
			d := dealOf(t, r, "D1")
			is(t, "days since the buyer", d.DaysSinceBuyer, c.days)
			is(t, "silent", d.Silent, some(c.silent))
			is(t, "silent deals", r.Team.Stall.SilentDeals.V == 1, c.silent)
		})
	}
}

func TestSilenceWhereActivitiesNameNoParty(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Closing", "2026-01-01").act("", "email", "2026-01-16")
	r := s.report(t)
	near(t, "any activity counts", dealOf(t, r, "D1").DaysSinceBuyer, 10)
	is(t, "and the report says so", r.Gaps.NoParty, some(true))

	r = s.without(pipeline.Activities).report(t)
	null(t, "days since the buyer", dealOf(t, r, "D1").DaysSinceBuyer)
	null(t, "silent", dealOf(t, r, "D1").Silent)
	null(t, "silent deals", r.Team.Stall.SilentDeals)
	null(t, "no activity", r.Team.Record.NoActivity)
	null(t, "no party", r.Gaps.NoParty)
}

// A deal's concerns, in their order; what closes is no concern of a deal that is won.
func TestConcerns(t *testing.T) {
	everything := func(d *dealStory) *dealStory {
		return d.enters("Proposal", "2025-12-01").says("2025-12-01", closeOn("2025-12-24")).
			says("2025-12-20", closeOn("2026-01-10")).says("2026-01-09", closeOn("2026-01-25"))
	}
	for _, c := range []struct {
		name string
		deal func(d *dealStory)
		want string
	}{
		{"all of them", func(d *dealStory) { everything(d) }, "[stalled silent evidence pushed overdue]"},
		{"due today is not overdue", func(d *dealStory) { everything(d).says("2026-01-10", closeOn("2026-01-26")) }, "[stalled silent evidence pushed]"},
		{"the evidence came late, but it came", func(d *dealStory) {
			everything(d).meets("problem", "2026-01-20").says("2026-01-20", amount(5)).act("buyer", "meeting", "2026-01-20").act("buyer", "meeting", "2026-01-20")
		}, "[stalled pushed overdue]"},
		{"won and being delivered", func(d *dealStory) {
			d.created("2025-12-01").says("2025-12-01", closeOn("2025-12-10")).says("2025-12-02", closeOn("2025-12-11")).says("2025-12-03", closeOn("2025-12-12")).
				enters("Closing", "2025-12-01").meets("problem", "2025-12-01").won("2025-12-20").enters("Onboarding", "2025-12-20")
		}, "[stalled silent evidence]"},
		{"pushed once", func(d *dealStory) {
			d.enters("Lead", "2026-01-20").says("2026-01-20", closeOn("2026-02-01")).says("2026-01-21", closeOn("2026-03-01"))
		}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("another").created("2025-01-01").won("2025-02-01").act("buyer", "note", "2025-01-02")
			c.deal(s.deal("D1").owner("ann"))
			is(t, "concerns", fmt.Sprint(dealOf(t, s.report(t), "D1").Concerns), c.want)
		})
	}
}

// What came late is missed for good, but no longer lacking: nobody is asked for what is there.
func TestADealLacksWhatIsNotThereToday(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Proposal", "2025-12-01").meets("problem", "2026-01-20")
	d := dealOf(t, s.report(t), "D1")
	is(t, "missed", slices.Contains(d.Missed, "buyer:problem"), true)
	is(t, "lacks it", slices.Contains(d.Lacks, "buyer:problem"), false)
	is(t, "lacks something else", len(d.Lacks) > 0, slices.Contains(d.Concerns, ConcernEvidence))
}

// Thresholds belong to the stage as the version in force at the report has it.
func TestAThresholdOfToday(t *testing.T) {
	s := tell("2026-02-16")
	s.proc.Versions[1].Stage("discovery").StallAfter = some(14 * hours24)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-20")
	d := dealOf(t, s.report(t), "D1")
	near(t, "threshold", d.ThresholdDays, 14)
	is(t, "stalled", d.Stalled, some(true))
	is(t, "phase", stageOf(t, s.report(t), "closing").Phase, process.Selling.String())
}
