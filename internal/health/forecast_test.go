package health

import (
	"fmt"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// As of 26 January 2026 the last four quarters are those of 2025. The fourth is called on 15 October.
const called = "2025-10-15"

// hopeful is open since September and expected to close in December, with a chance of 1/2.
func (s *story) hopeful(id string) *dealStory {
	return s.deal(id).owner("ann").enters("Discovery", "2025-09-01").says("2025-10-01", closeOn("2025-12-15"), amount(1000), chance(0.5))
}

func TestWhatIsCalled(t *testing.T) {
	for _, c := range []struct {
		name      string
		deal      func(s *story) *dealStory
		predicted Number // in the fourth quarter; null: not called
	}{
		{"open, expected in the quarter, with a chance", func(s *story) *dealStory { return s.hopeful("D1") }, some(500.)},
		{"created at the very call", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", called).closes("2025-12-15").worth(1000).likely(0.5)
		}, Number{}},
		{"created a moment before, by its own columns", func(s *story) *dealStory {
			return s.deal("D1").created("2025-10-14 23:59:59.999999").closes("2025-12-15").worth(1000).likely(0.5)
		}, some(500.)},
		{"created later, moved before", func(s *story) *dealStory {
			return s.deal("D1").created("2025-10-20").enters("Discovery", "2025-10-14").closes("2025-12-15").worth(1000).likely(0.5)
		}, some(500.)},
		{"lost a moment before the call", func(s *story) *dealStory { return s.hopeful("D1").lost("2025-10-14 23:59:59.999999") }, Number{}},
		{"lost at the very call is after it", func(s *story) *dealStory { return s.hopeful("D1").lost(called) }, some(500.)},
		{"expected on the first day", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-02", closeOn("2025-10-01")) }, some(500.)},
		{"expected the day before", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-02", closeOn("2025-09-30")) }, Number{}},
		{"expected on the last day", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-02", closeOn("2025-12-31")) }, some(500.)},
		{"expected the day after", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-02", closeOn("2026-01-01")) }, Number{}},
		{"said at the very call: not in force", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").says(called, closeOn("2025-12-15"), amount(1000), chance(0.5))
		}, Number{}},
		{"said after the call: not in force", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-16", chance(0.9), amount(9)) }, some(500.)},
		{"a chance of 0 is no call", func(s *story) *dealStory { return s.hopeful("D1").says("2025-10-02", chance(0)) }, Number{}},
		{"commit", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").says("2025-10-01", closeOn("2025-12-15"), amount(1000), category("commit"))
		}, some(900.)},
		{"omitted is no call", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").says("2025-10-01", closeOn("2025-12-15"), category("omitted"))
		}, Number{}},
		{"an unknown category: by the stage at the call", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").enters("Proposal", "2025-10-14").enters("Closing", called).
				says("2025-10-01", closeOn("2025-12-15"), amount(1000), category("likely"))
		}, some(400.)},
		{"no chance at all", func(s *story) *dealStory {
			return s.deal("D1").enters("Limbo", "2025-09-01").says("2025-10-01", closeOn("2025-12-15"), amount(1000))
		}, Number{}},
		{"no amount", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").says("2025-10-01", closeOn("2025-12-15"), chance(0.5))
		}, some(0.)},
		{"closed: its own columns are hindsight", func(s *story) *dealStory {
			return s.deal("D1").enters("Discovery", "2025-09-01").closes("2025-12-15").worth(1000).likely(0.5).won("2025-12-15")
		}, Number{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s).owner("ann")
			p := s.report(t).Team.Forecast.Periods[3]
			is(t, "called", p.Called.V == 1, c.predicted.OK)
			if c.predicted.OK {
				near(t, "predicted", p.Predicted, c.predicted.V)
			}
		})
	}
}

// Four calls in two quarters, worked out by hand.
func aYearOfCalls() *story {
	s := tell(mondayOf)
	s.hopeful("D1").says("2025-12-01", amount(1200)).says("2025-12-02", amount(1)).worth(7).won("2025-12-01") // ½·1000, won 1200
	s.hopeful("D2").says("2025-10-02", amount(2000), chance(0.9)).lost("2025-11-01")                          // 0.9·2000
	s.hopeful("D3").says("2025-10-02", amount(500), chance(0.2)).says("2025-11-20", amount(800))              // 0.2·500, slipped
	s.deal("D4").owner("ann").enters("Discovery", "2025-09-01").worth(700).won("2025-11-15")                  // nobody called it
	s.deal("D5").owner("ann").enters("Discovery", "2025-07-01").
		says("2025-07-02", closeOn("2025-09-15"), amount(1000), category("best_case")).won("2025-08-20") // 0.6·1000, in the third quarter
	s.deal("D6").owner("ann").enters("Discovery", "2025-09-01").worth(900).won("2025-10-14") // won before the call: in neither
	s.deal("D7").owner("ann").enters("Discovery", "2025-09-01").worth(900).won("2026-01-02") // nor after the quarter
	return s
}

func TestForecastAgainstWhatCameTrue(t *testing.T) {
	f := aYearOfCalls().rowsOf(t, "ann").Forecast
	for i, want := range []struct {
		start, call, end            string
		called                      int
		predicted, actual, uncalled float64
	}{
		{"2025-01-01", "2025-01-15", "2025-04-01", 0, 0, 0, 0},
		{"2025-04-01", "2025-04-15", "2025-07-01", 0, 0, 0, 0},
		{"2025-07-01", "2025-07-15", "2025-10-01", 1, 600, 1000, 0},
		{"2025-10-01", "2025-10-15", "2026-01-01", 3, 2400, 1200, 700},
	} {
		p, name := f.Periods[i], fmt.Sprintf("quarter %d: ", i+1)
		is(t, name+"start", p.Start, at(want.start))
		is(t, name+"call", p.Call, at(want.call))
		is(t, name+"end", p.End, at(want.end))
		is(t, name+"called", p.Called, some(want.called))
		near(t, name+"predicted", p.Predicted, want.predicted)
		near(t, name+"actual", p.Actual, want.actual)
		near(t, name+"uncalled", p.Uncalled, want.uncalled)
	}
	is(t, "called deals", f.CalledDeals, some(4))
	near(t, "wape", f.WAPE, 1600./2200)
	near(t, "accuracy", f.Accuracy, 600./2200)
	near(t, "bias", f.Bias, 800./2200)
	near(t, "uncalled share", f.UncalledShare, 700./2900)
	near(t, "brier", f.Brier, (.25+.81+.04+.16)/4)
	near(t, "brier skill", f.BrierSkill, 1-1.26/1) // ȳ = ½
	is(t, "slipped", f.Slipped, some(1))
	near(t, "slip rate", f.SlipRate, 0.25)
	is(t, "judged", f.Judged, false)
}

func TestForecastByLeadTime(t *testing.T) {
	leads := aYearOfCalls().rowsOf(t, "ann").Forecast.LeadTimes
	eight := leads[0] // on 6 August and 6 November: D5, D1 and D3 are open and called
	is(t, "weeks", eight.Weeks, 8)
	near(t, "predicted", eight.Predicted, 600+500+100)
	near(t, "actual", eight.Actual, 1000+1200)
	near(t, "bias", eight.Bias, -1000./2200)
	near(t, "accuracy", eight.Accuracy, 1-(400.+600)/2200)
	for i, weeks := range []int{4, 2, 1} { // only D3 is left
		l := leads[i+1]
		is(t, "weeks", l.Weeks, weeks)
		near(t, "predicted late", l.Predicted, 160)
		near(t, "actual late", l.Actual, 0)
		null(t, "bias without anything won", l.Bias)
		null(t, "accuracy without anything won", l.Accuracy)
	}
}

func TestSlippedIsNeitherWonNorLostByTheEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		deal func(d *dealStory)
		want int
	}{
		{"still open", func(*dealStory) {}, 1},
		{"won at the very end is after it", func(d *dealStory) { d.won("2026-01-01") }, 1},
		{"lost after it", func(d *dealStory) { d.lost("2026-01-10") }, 1},
		{"lost a moment before", func(d *dealStory) { d.lost("2025-12-31 23:59:59") }, 0},
		{"won a moment before", func(d *dealStory) { d.won("2025-12-31 23:59:59") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.hopeful("D1"))
			f := s.report(t).Team.Forecast
			is(t, "slipped", f.Slipped, some(c.want))
			is(t, "won in the quarter", f.Periods[3].Actual.V > 0, c.name == "won a moment before")
		})
	}
}

// In the window from 19 to 26 January.
func TestPushes(t *testing.T) {
	for _, c := range []struct {
		name                 string
		deal                 func(d *dealStory)
		pushes, days, inLife int
	}{
		{"the first compares with nothing", func(d *dealStory) { d.closes("2026-01-01").says("2026-01-20", closeOn("2026-03-01")) }, 0, 0, 0},
		{"twice later, once sooner, past a row without a date", func(d *dealStory) {
			d.says("2026-01-18 23:59", closeOn("2026-01-31")).says("2026-01-19", closeOn("2026-02-15")).says("2026-01-21", amount(5)).
				says("2026-01-22", closeOn("2026-02-10")).says("2026-01-23", closeOn("2026-02-28"))
		}, 2, 15 + 18, 2},
		{"before the window: in its life", func(d *dealStory) {
			d.says("2026-01-01", closeOn("2026-01-31")).says("2026-01-18", closeOn("2026-02-15"))
		}, 0, 0, 1},
		{"at the end of the window: not seen", func(d *dealStory) {
			d.says("2026-01-01", closeOn("2026-01-31")).says("2026-01-26", closeOn("2026-02-15"))
		}, 0, 0, 0},
		{"the same again is no push", func(d *dealStory) {
			d.says("2026-01-20", closeOn("2026-01-31")).says("2026-01-21", closeOn("2026-01-31"))
		}, 0, 0, 0},
		{"won with its delivery running: rows at or after closing do not count", func(d *dealStory) {
			d.says("2026-01-20", closeOn("2026-01-21")).says("2026-01-21", closeOn("2026-01-22")).says("2026-01-22", closeOn("2026-01-30")).
				says("2026-01-23", closeOn("2026-02-28")).won("2026-01-22").enters("Onboarding", "2026-01-22")
		}, 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.deal("D1").owner("ann").enters("Discovery", "2026-01-01").by("ben"))
			r := s.report(t)
			f := repOf(t, r, "ann").Forecast
			is(t, "pushes", f.Pushes, some(c.pushes))
			is(t, "days pushed", f.DaysPushed, some(c.days))
			is(t, "over its life", dealOf(t, r, "D1").Pushes, some(c.inLife))
		})
	}
}

func TestEnoughCallsToJudge(t *testing.T) {
	for _, n := range []int{4, 5} {
		s := tell(mondayOf)
		for i := range n {
			s.hopeful(fmt.Sprint("D", i))
		}
		is(t, fmt.Sprintf("%d calls judged", n), s.report(t).Team.Forecast.Judged, n >= 5)
	}
}

func TestForecastPeriods(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		set   func(s *Settings)
		asOf  string
		want  [4]string // starts
		end   string
		call  string // of the last
		leads [4]bool
	}{
		{"quarters that are over at the very instant", func(*Settings) {}, "2026-01-01",
			[4]string{"2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01"}, "2026-01-01", "2025-10-15", [4]bool{true, true, true, true}},
		{"a moment before the year's end", func(*Settings) {}, "2025-12-31 23:59:59",
			[4]string{"2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01"}, "2025-10-01", "2025-07-15", [4]bool{true, true, true, true}},
		{"a fiscal year from February", func(s *Settings) { s.FiscalStart = 2 }, mondayOf,
			[4]string{"2024-11-01", "2025-02-01", "2025-05-01", "2025-08-01"}, "2025-11-01", "2025-08-15", [4]bool{true, true, true, true}},
		{"months: eight weeks reach before their start", func(s *Settings) { s.PeriodSpan, s.CallAfter = pipeline.Month, 5*hours24 }, "2026-03-02",
			[4]string{"2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"}, "2026-03-01", "2026-02-06", [4]bool{false, true, true, true}},
		{"edges are midnights in the zone, the call is so many seconds later", func(s *Settings) { s.Location = berlin }, mondayOf,
			[4]string{"2024-12-31 23:00", "2025-03-31 22:00", "2025-06-30 22:00", "2025-09-30 22:00"}, "2025-12-31 23:00", "2025-10-14 22:00", [4]bool{true, true, true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(c.asOf)
			c.set(&s.set)
			f := s.report(t).Team.Forecast
			for i, p := range f.Periods {
				is(t, "start", p.Start, at(c.want[i]))
			}
			is(t, "end", f.Periods[3].End, at(c.end))
			is(t, "call", f.Periods[3].Call, at(c.call))
			for i, l := range f.LeadTimes {
				is(t, fmt.Sprintf("%d weeks before", l.Weeks), l.Predicted.OK, c.leads[i])
			}
		})
	}
}

// A source without forecasts cannot say what anybody called.
func TestNoForecastsTable(t *testing.T) {
	s := tell(mondayOf).without(pipeline.Forecasts)
	s.deal("D1").owner("ann").enters("Closing", "2025-09-01").worth(500).closes("2025-12-15").likely(0.5).won("2025-12-01")
	s.deal("D2").owner("ann").enters("Closing", "2025-09-01").worth(500).closes("2025-12-15").likely(0.5)
	r := s.report(t)
	f := r.Team.Forecast
	for _, p := range f.Periods {
		null(t, "called", p.Called)
		null(t, "predicted", p.Predicted)
		null(t, "actual", p.Actual)
		null(t, "uncalled", p.Uncalled)
	}
	for name, n := range map[string]Count{"called deals": f.CalledDeals, "slipped": f.Slipped, "pushes": f.Pushes, "days pushed": f.DaysPushed,
		"pushes of a deal": dealOf(t, r, "D2").Pushes} {
		null(t, name, n)
	}
	for name, n := range map[string]Number{"wape": f.WAPE, "accuracy": f.Accuracy, "bias": f.Bias, "uncalled share": f.UncalledShare,
		"brier": f.Brier, "skill": f.BrierSkill, "slip rate": f.SlipRate} {
		null(t, name, n)
	}
	is(t, "judged", f.Judged, false)
	is(t, "bins", len(f.Calibration), 5)
	for _, b := range f.Calibration {
		is(t, "calls in a bin", b.N, 0)
		null(t, "mean chance", b.MeanChance)
	}
	for _, l := range f.LeadTimes {
		null(t, "predicted by lead time", l.Predicted)
		null(t, "actual by lead time", l.Actual)
	}
	near(t, "the deal's own chance is known", dealOf(t, r, "D2").Chance, 0.5)
}

func TestCallsByStage(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2025-10-10").won("2025-12-01")                                      // won in the quarter
	s.deal("D2").owner("ann").enters("Discovery", "2025-07-10").won("2026-01-05")                                      // twice at a call, won after both
	s.deal("D3").owner("ann").enters("Discovery", "2025-10-10").lost(called)                                           // lost at the very call
	s.deal("D4").owner("ann").enters("Discovery", "2025-10-10").enters("Proposal", called)                             // still open
	s.deal("D5").owner("ann").enters("Discovery", "2025-10-10").lost("2025-10-14")                                     // closed before
	s.deal("D6").owner("ann").enters("Discovery", "2025-10-10").enters("Limbo", "2025-10-11").lost("2025-11-01")       // last mapped move
	s.deal("D7").owner("ann").enters("Proposal", "2025-10-10").won("2025-10-12").enters("Onboarding", "2025-10-12")    // won before
	s.deal("D8").owner("ann").created("2025-01-01")                                                                    // no path
	s.deal("D9").owner("ann").enters("Discovery", "2025-10-10").enters("Closed Lost", called).closed("lost", "")       // closes by its change
	s.deal("D0").owner("ann").enters("Discovery", called)                                                              // created at the call
	s.deal("DA").owner("ann").enters("Discovery", "2026-01-20")                                                        // after all calls
	s.deal("DB").owner("ann").enters("Discovery", "2025-10-10").won("2026-02-01")                                      // won later than the report
	s.deal("DC").owner("ann").enters("Discovery", "2025-10-10").lost("2026-01-01").worth(3).in("XXX").closes(mondayOf) // no rate, no matter
	calls := stageOf(t, s.report(t), "discovery").Calls
	// D1, D2 twice, D3, D4, D6, D9, DB, DC; closed by now: all but D4 and DB.
	is(t, "n", calls.N, 9)
	near(t, "won in the period", calls.WonInPeriod, 1./9)
	near(t, "ever won", calls.EverWon, 3./7)
	proposal := stageOf(t, s.report(t), "proposal").Calls
	is(t, "n in proposal", proposal.N, 0)
	null(t, "won in the period from proposal", proposal.WonInPeriod)
	null(t, "ever won from proposal", proposal.EverWon)
}
