package health

import (
	"fmt"
	"testing"

	"drumbeat/internal/pipeline"
)

// closedDeals adds n deals that went through discovery in June, the problem proved or not; the first won of
// them were won, the others lost.
func (s *story) closedDeals(name string, n, won int, proved bool) {
	for i := range n {
		d := s.deal(fmt.Sprintf("%s%02d", name, i)).owner("ann").enters("Discovery", "2025-06-01")
		if proved {
			d.meets("problem", "2025-06-01")
		}
		if i < won {
			d.won("2025-07-01")
		} else {
			d.lost("2025-07-01")
		}
	}
}

// In one stratum, without amounts, the ratio is that of the two rates; its interval by Greenland and Robins.
func TestDoesACheckpointEarnItsPlace(t *testing.T) {
	for _, c := range []struct {
		name                        string
		met, metWon, missed, wonToo int
		ratio, low, high            float64
		verdict                     string
	}{
		{"met deals are won three times as often", 15, 12, 15, 4, 3, 1.2486834312, 7.2075914322, VerdictEarns},
		{"and the other way round", 15, 4, 15, 12, 1. / 3, 0.1387426035, 0.8008434925, VerdictReview},
		{"no difference", 20, 10, 20, 10, 1, 0, 0, VerdictUnproven},
		{"nine on a side", 9, 8, 30, 10, 0, 0, 0, VerdictTooFew},
		{"nine lost", 15, 11, 15, 10, 0, 0, 0, VerdictTooFew},
		{"nine won", 15, 7, 15, 2, 0, 0, 0, VerdictTooFew},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.closedDeals("M", c.met, c.metWon, true)
			s.closedDeals("N", c.missed, c.wonToo, false)
			e := checkpointOf(t, s.report(t), "buyer:problem").Earns
			is(t, "counts", [4]int{e.MetN.V, e.MetWon.V, e.MissedN.V, e.MissedWon.V}, [4]int{c.met, c.metWon, c.missed, c.wonToo})
			is(t, "verdict", e.Verdict, some(c.verdict))
			if c.ratio > 0 {
				near(t, "ratio", e.RiskRatio, c.ratio)
			}
			if c.low > 0 {
				near(t, "low", e.Low, c.low)
				near(t, "high", e.High, c.high)
			}
		})
	}
}

func TestWhichClosedDealsSaySomething(t *testing.T) {
	counts := func(c Checkpoint) [4]int {
		return [4]int{c.Earns.MetN.V, c.Earns.MetWon.V, c.Earns.MissedN.V, c.Earns.MissedWon.V}
	}
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2025-06-01").enters("Proposal", "2025-06-02").enters("Closing", "2025-06-03").lost("2025-07-01")
	s.deal("D2").owner("ann").enters("Discovery", "2025-06-01").enters("Proposal", "2025-06-02").lost("2025-07-01")      // died in the proposal
	s.deal("D3").owner("ann").enters("Discovery", "2025-06-01").enters("Closing", "2025-06-03").won("2025-07-01")        // skipped it
	s.deal("D4").owner("ann").enters("Discovery", "2025-06-01").won("2025-07-01")                                        // skipped it by winning
	s.deal("D5").owner("ann").enters("Discovery", "2025-06-01").enters("Closing", "2025-06-03")                          // not closed
	s.deal("D6").owner("ann").enters("Discovery", "2024-06-01").enters("Closing", "2024-06-03").lost("2025-01-25 23:59") // before the lookback
	s.deal("D7").owner("ann").enters("Discovery", "2024-06-01").enters("Closing", "2024-06-03").lost("2025-01-26")       // at its very beginning
	s.deal("D8").owner("ann").enters("Discovery", "2025-06-01").enters("Closing", "2025-06-03").lost("2025-07-01").excused("stage:proposal", "2025-06-03").excused("buyer:problem", "2025-06-01")
	s.deal("D9").owner("ann").enters("Proposal", "2025-06-01").enters("Onboarding", "2025-06-03").lost("2025-07-01") // an after stage is not beyond
	s.deal("another").created("2025-01-01").act("buyer", "note", "2025-01-02")
	r := s.report(t)
	is(t, "stage:proposal", counts(checkpointOf(t, r, "stage:proposal")), [4]int{1, 0, 2, 1})   // D1 · D3 D7
	is(t, "stage:discovery", counts(checkpointOf(t, r, "stage:discovery")), [4]int{5, 1, 1, 0}) // D1 D2 D3 D7 D8 · D9
	is(t, "buyer:problem", counts(checkpointOf(t, r, "buyer:problem")), [4]int{0, 0, 6, 2})     // D1 D2 D3 D4 D7 D9
	is(t, "buyer:meetings", counts(checkpointOf(t, r, "buyer:meetings")), [4]int{0, 0, 6, 1})   // D1 D2 D3 D7 D8 D9: D4's fell due by winning
	for _, key := range []string{"stage:closing", "stage:onboarding"} {
		e := checkpointOf(t, r, key).Earns
		null(t, key+" met", e.MetN)
		null(t, key+" missed won", e.MissedWon)
		null(t, key+" ratio", e.RiskRatio)
		is(t, key+" verdict", e.Verdict, some(VerdictTooFew))
	}
}

// Seven amounts: cuts at the third and the fifth; a fourth stratum without.
func TestStrataByAmountAtClosing(t *testing.T) {
	s := tell(mondayOf)
	s.set.Rates = map[string]float64{"USD": 0.5}
	for i, v := range []float64{1, 2, 3, 4, 5, 6, 7} {
		s.deal(fmt.Sprint("D", i)).owner("ann").enters("Discovery", "2025-06-01").worth(99).lost("2025-07-01").
			says("2025-06-01", amount(50)).says("2025-07-01", amount(v)).says("2025-07-02", amount(1000))
	}
	s.deals[6].in("USD").says("2025-07-01", amount(14)) // 7
	s.deal("D7").owner("ann").enters("Discovery", "2025-06-01").lost("2025-07-01")
	s.deal("D8").owner("ann").enters("Discovery", "2025-06-01").worth(3).in("SEK").lost("2025-07-01")
	c := newComputation(s.input())
	for h := range c.in.Reading.Deals {
		c.add(h)
	}
	is(t, "strata", fmt.Sprint(c.strata()), "[0 0 0 1 1 2 2 3 3]")
}

func TestPathsThatWin(t *testing.T) {
	s := tell(mondayOf)
	for i := range 2 {
		s.deal(fmt.Sprint("F", i)).owner("ann").enters("Lead", "2025-06-01").enters("Discovery", "2025-06-02").enters("Proposal", "2025-06-03").
			enters("Discovery", "2025-06-04").enters("Limbo", "2025-06-05").enters("Closing", "2025-06-06").won("2025-07-01").enters("Onboarding", "2025-07-02")
	}
	s.deal("S1").owner("ann").enters("Proposal", "2025-06-01").won("2025-07-01")
	s.deal("S2").owner("ann").enters("Closing", "2025-06-01").won("2025-07-01")
	s.deal("S3").owner("ann").enters("Closing", "2025-06-01").enters("Proposal", "2025-06-02").won("2025-07-01")
	s.deal("S4").owner("ann").enters("Discovery", "2025-06-01").won("2025-01-26")                                 // at the lookback's beginning, moves later: no path
	s.deal("S5").owner("ann").enters("Discovery", "2025-01-02").won("2025-01-26")                                 // at the lookback's very beginning
	s.deal("S6").owner("ann").enters("Lead", "2025-06-01").won("2025-07-01")                                      // the sixth
	s.deal("N1").owner("ann").enters("Limbo", "2025-06-01").enters("Onboarding", "2025-06-02").won("2025-07-01")  // nothing mapped outside after
	s.deal("N2").owner("ann").enters("Discovery", "2025-01-01").won("2025-01-25 23:59")                           // too long ago
	s.deal("N3").owner("ann").enters("Discovery", "2025-06-01").lost("2025-07-01")                                // lost
	s.deal("N4").owner("ann").created("2025-06-01").won("2025-07-01")                                             // no path
	s.deal("N5").owner("ann").enters("Discovery", "2025-06-01").closed(pipeline.Won, "").enters("Lead", mondayOf) // nobody knows when
	want := []struct {
		stages  string
		deals   int
		follows bool
	}{
		{"[lead discovery proposal closing]", 2, true}, {"[closing]", 1, false}, {"[closing proposal]", 1, false},
		{"[discovery]", 1, false}, {"[lead]", 1, false},
	}
	got := s.report(t).Paths
	is(t, "paths", len(got), 5)
	for i, w := range want {
		is(t, "stages", fmt.Sprint(got[i].Stages), w.stages)
		is(t, w.stages+" deals", got[i].Deals, w.deals)
		near(t, w.stages+" share", got[i].Share, float64(w.deals)/7)
		is(t, w.stages+" follows", got[i].Follows, w.follows)
	}
}

// In the process of letters, a deal that enters the n-th stage first has n due and 1 met.
func (s *story) lettersOf(rep, on string, stages ...string) {
	for i, stage := range stages {
		s.deal(fmt.Sprint(rep, on, i)).owner(rep).enters(stage, on)
	}
}

// 5/5, 4/5, 5/10, 2/8 and 6/6 over the last four windows: 1 − ρ worked out by the formula.
func TestConsistency(t *testing.T) {
	five := func(on string) *story {
		s := tell(mondayOf)
		s.proc = letters()
		s.lettersOf("ann", on, "A", "A", "A", "A", "A")
		s.lettersOf("ben", on, "A", "A", "A", "B")
		s.lettersOf("cid", on, "B", "B", "B", "B", "B")
		s.lettersOf("dea", on, "D", "D")
		s.lettersOf("eve", on, "A", "A", "A", "A", "A", "A")
		return s
	}
	s := five("2025-12-29") // the beginning of the four windows
	s.lettersOf("few", "2026-01-20", "D")
	near(t, "five reps, and one with four due", s.report(t).Consistency, 0.6569978245)

	null(t, "a moment too early for the four windows", five("2025-12-28 23:59:59").report(t).Consistency)

	s = five("2026-01-20")
	s.deals = s.deals[:len(s.deals)-2]
	null(t, "four reps", s.report(t).Consistency)

	s = tell(mondayOf)
	s.proc = letters()
	for _, rep := range []string{"ann", "ben", "cid", "dea", "eve"} {
		s.lettersOf(rep, "2026-01-20", "A", "A", "A", "A", "A")
	}
	near(t, "all alike", s.report(t).Consistency, 1)
}

// The fourth quarter of 2025 ends at 1 January; its last 14 days begin on 18 December.
func TestPressure(t *testing.T) {
	s := tell(mondayOf)
	s.proc = letters()
	s.lettersOf("ann", "2025-12-17 23:59:59", "A")
	s.lettersOf("ann", "2025-12-18", "B")
	s.lettersOf("ann", "2025-12-31 23:59:59", "C")
	s.lettersOf("ann", "2026-01-01", "B")
	s.lettersOf("ann", "2025-01-26", "A")
	s.lettersOf("ann", "2025-01-25 23:59:59", "E") // before the lookback
	s.lettersOf("ann", "2025-06-17", "A")          // the second quarter's
	p := s.report(t).Pressure
	is(t, "late due", p.Late.Due, 6)
	is(t, "late met", p.Late.Met, 3)
	near(t, "late rate", p.Late.Rate, 0.5)
	is(t, "rest due", p.Rest.Due, 4)
	is(t, "rest met", p.Rest.Met, 3)
	near(t, "rest rate", p.Rest.Rate, 0.75)

	s.set.Lookback = hours24
	p = s.report(t).Pressure
	null(t, "rate of nothing", p.Late.Rate)
}

func TestFocus(t *testing.T) {
	misses := func(on string) *story { // ann's: A four times, B twice; ben's: none
		s := tell(mondayOf).rep("ann").rep("ben")
		s.proc = letters()
		s.lettersOf("ann", on, "B", "B", "C", "C")
		s.lettersOf("ben", on, "A")
		return s
	}
	s := misses("2025-12-29")
	s.lettersOf("cid", "2026-01-20", "C")
	s.lettersOf("cid", "2025-12-28 23:59:59", "C", "C", "C")
	r := s.report(t)
	is(t, "the team's", r.Team.Focus, some("stage:A"))
	is(t, "ann's", repOf(t, r, "ann").Focus, some("stage:A"))
	is(t, "ben has no misses: the team's", repOf(t, r, "ben").Focus, some("stage:A"))
	is(t, "cid's: of A and B, missed as often, the first", repOf(t, r, "cid").Focus, some("stage:A"))

	r = misses("2025-12-28 23:59:59").report(t)
	null(t, "nobody missed anything in the four windows", r.Team.Focus)
	null(t, "nor has anybody a focus then", repOf(t, r, "ann").Focus)

	s = misses("2025-12-29")
	s.set.Focus = "stage:E"
	r = s.report(t)
	is(t, "as configured", r.Team.Focus, some("stage:E"))
	is(t, "for everybody", repOf(t, r, "ann").Focus, some("stage:E"))
}

// A checkpoint under review is nobody's focus.
func TestFocusLeavesOutWhatIsUnderReview(t *testing.T) {
	s := tell(mondayOf)
	s.closedDeals("M", 15, 4, true)
	s.closedDeals("N", 15, 12, false)
	for i := range 3 {
		s.deal(fmt.Sprint("D", i)).owner("ann").enters("Discovery", "2026-01-05")
	}
	s.deal("E").owner("ann").enters("Closing", "2026-01-05").excused("buyer:problem", "2026-01-05").excused("stage:discovery", "2026-01-05")
	r := s.report(t)
	is(t, "under review", checkpointOf(t, r, "buyer:problem").Earns.Verdict, some(VerdictReview))
	is(t, "the next one", r.Team.Focus, some("stage:proposal"))
}
