package health

import (
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

const mondayOf = "2026-01-26" // the instant from which most stories are looked at: Monday, 26 January 2026

func TestWhatLiesAtOrAfterTheInstantIsNotSeen(t *testing.T) {
	for _, c := range []struct {
		name  string
		deal  func(d *dealStory)
		stage string // "" for no open deal
	}{
		{"a move at the very instant", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-26")
		}, "discovery"},
		{"a move a moment before", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").enters("Proposal", "2026-01-25 23:59:59.999999")
		}, "proposal"},
		{"won later is open", func(d *dealStory) { d.enters("Discovery", "2026-01-10").won("2026-01-27") }, "discovery"},
		{"won at the very instant is open", func(d *dealStory) { d.enters("Discovery", "2026-01-10").won("2026-01-26") }, "discovery"},
		{"lost a moment before is closed", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").lost("2026-01-25 23:59:59.999999")
		}, ""},
		{"an open deal's closing date means nothing", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").closed(pipeline.Open, "2026-01-12")
		}, "discovery"},
		{"created at the very instant", func(d *dealStory) { d.created("2026-01-26") }, ""},
		{"created a moment before", func(d *dealStory) {
			d.created("2026-01-25 23:59:59.999999")
			d.h.Deal.Stage = "Proposal"
		}, "proposal"},
		{"created later but moved before", func(d *dealStory) { d.created("2026-01-30").enters("Discovery", "2026-01-20") }, "discovery"},
		{"no closing date and every closing change later", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").enters("Closed Lost", "2026-01-26").closed(pipeline.Lost, "")
		}, "discovery"},
		{"no closing date and no closing change at all", func(d *dealStory) {
			d.enters("Discovery", "2026-01-20").closed(pipeline.Lost, "")
		}, ""},
		{"no closing date and only a change into the other outcome", func(d *dealStory) {
			d.enters("Discovery", "2026-01-20").enters("Closed Won", "2026-01-21").closed(pipeline.Lost, "")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.deal("D1").owner("ann"))
			r := s.report(t)
			var stage string
			for _, d := range r.Deals {
				stage = d.Stage.V
			}
			is(t, "stage of the open deal", stage, c.stage)
		})
	}
}

// A deal of which nobody knows when it closed is left out of every figure, but its row was seen.
func TestADealThatClosedNobodyKnowsWhen(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-20").closed(pipeline.Won, "")
	r := s.report(t)
	is(t, "rows", r.Sources.Deals, some(1))
	is(t, "due", r.Team.Adherence.Due, 0)
	is(t, "moves", r.Team.Trend[7].Moves, 0)
	is(t, "open", r.Team.Trend[7].OpenDeals, 0)
	is(t, "visits", stageOf(t, r, "discovery").Visits, 0)
}

func TestWhenALostDealClosed(t *testing.T) {
	for _, c := range []struct {
		name string
		deal func(d *dealStory)
		days float64 // of the only visit, which began on 10 January
	}{
		{"as its closing date says", func(d *dealStory) { d.enters("Closed Lost", "2026-01-20").lost("2026-01-19 12:00") }, 9.5},
		{"without one: at its last change into a closed stage of that outcome", func(d *dealStory) {
			d.enters("Closed Lost", "2026-01-12").enters("Discovery", "2026-01-13").enters(" closed LOST ", "2026-01-20").
				enters("Closed Won", "2026-01-22").closed(pipeline.Lost, "")
		}, 10},
		{"without one: a later closing change is not seen", func(d *dealStory) {
			d.enters("Closed Lost", "2026-01-21").enters("Closed Lost", "2026-01-27").closed(pipeline.Lost, "")
		}, 11},
		{"before it was created: when it was created", func(d *dealStory) { d.created("2026-01-22").lost("2026-01-11") }, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.deal("D1").owner("ann").enters("Discovery", "2026-01-10"))
			lost := s.report(t).Lost
			if len(lost) != 1 || len(lost[0].Visits) != 1 {
				t.Fatalf("got %+v, want one lost deal with one visit", lost)
			}
			near(t, "days", lost[0].Visits[0].Days, c.days)
			is(t, "end", lost[0].Visits[0].End, "lost")
		})
	}
}

// The values in force, each by itself. asked at 15 January, as of 26 January.
func TestValuesInForce(t *testing.T) {
	type values struct {
		close  pipeline.Opt[pipeline.Date]
		amount Number
		chance Number
	}
	closes := func(s string) pipeline.Opt[pipeline.Date] { return some(date(s)) }
	own := func(d *dealStory) *dealStory { return d.closes("2026-06-30").worth(900).likely(0.9) }
	for _, c := range []struct {
		name string
		deal func(d *dealStory)
		want values
	}{
		{"the last row before, a null value of it by the row before that", func(d *dealStory) {
			own(d).says("2026-01-05", closeOn("2026-02-28"), amount(100), chance(0.3)).says("2026-01-10", amount(200))
		}, values{closes("2026-02-28"), some(200.), some(0.3)}},
		{"a row at the very instant does not count", func(d *dealStory) {
			own(d).says("2026-01-05", closeOn("2026-02-28"), amount(100), chance(0.3)).
				says("2026-01-15", closeOn("2026-03-31"), amount(300), chance(0.5))
		}, values{closes("2026-02-28"), some(100.), some(0.3)}},
		{"of rows of one instant the last", func(d *dealStory) {
			d.says("2026-01-05", amount(100)).says("2026-01-05", amount(50))
		}, values{amount: some(50.), chance: some(0.1)}},
		{"an open deal without any row: its own columns", func(d *dealStory) { own(d) },
			values{closes("2026-06-30"), some(900.), some(0.9)}},
		{"an open deal with rows of one value only: its own column of the others", func(d *dealStory) {
			own(d).says("2026-01-05", closeOn("2026-02-28"))
		}, values{closes("2026-02-28"), some(900.), some(0.9)}},
		{"rows that came later show that it was not known then", func(d *dealStory) {
			own(d).says("2026-01-20", closeOn("2026-02-28"), amount(100), chance(0.3))
		}, values{chance: some(0.1)}},
		{"rows at or after the report's instant are not seen", func(d *dealStory) {
			own(d).says("2026-01-26", closeOn("2026-02-28"), amount(100), chance(0.3))
		}, values{closes("2026-06-30"), some(900.), some(0.9)}},
		{"a closed deal's own columns are hindsight, but for the amount", func(d *dealStory) { own(d).won("2026-01-20") },
			values{amount: some(900.), chance: some(0.1)}},
		{"a closed deal with rows", func(d *dealStory) {
			own(d).won("2026-01-20").says("2026-01-05", closeOn("2026-02-28"), amount(100), chance(0.3))
		}, values{closes("2026-02-28"), some(100.), some(0.3)}},
		{"a deal that closes later is open", func(d *dealStory) { own(d).won("2026-01-27") },
			values{closes("2026-06-30"), some(900.), some(0.9)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			told := s.deal("D1").owner("ann").enters("Discovery", "2026-01-02")
			c.deal(told)
			k := newComputation(s.input())
			d, then := k.view(told.history()), toInstant(at("2026-01-15"))
			is(t, "expected close", d.expectedClose(then), c.want.close)
			is(t, "amount", d.rawAmount(then), c.want.amount)
			is(t, "chance", k.chance(d, then), c.want.chance)
		})
	}
}

// A stage's chance is that of the version in force when it is asked for; where that lacks the stage, of the
// version that knew it.
func TestAStagesChanceByTheVersionInForce(t *testing.T) {
	for _, c := range []struct {
		asOf, stage string
		want        float64
	}{{"2026-01-31", "Proposal", 0.4}, {"2026-02-02", "Proposal", 0.7}, {"2026-02-02", "Closing", 0.8}} {
		s := tell(c.asOf)
		s.proc.Versions[1].Stage("proposal").WinProbability = some(0.7)
		s.deal("D1").owner("ann").enters(c.stage, "2026-01-10")
		near(t, c.stage+" as of "+c.asOf, dealOf(t, s.report(t), "D1").Chance, c.want)
	}
}

// Where the stated chance comes from: the probability, else the category, else the stage.
func TestStatedChance(t *testing.T) {
	for _, c := range []struct {
		name      string
		deal      func(d *dealStory)
		want      Number
		committed bool
	}{
		{"the probability goes before the category", func(d *dealStory) { d.likely(0.35).called("commit") }, some(0.35), true},
		{"a probability of 0 is one", func(d *dealStory) { d.likely(0).called("commit") }, some(0.), true},
		{"commit", func(d *dealStory) { d.called("Commit ") }, some(0.9), true},
		{"best case", func(d *dealStory) { d.called("best_case") }, some(0.6), false},
		{"pipeline", func(d *dealStory) { d.called("pipeline") }, some(0.2), false},
		{"omitted", func(d *dealStory) { d.called("omitted") }, some(0.), false},
		{"an unknown category is none: by the stage", func(d *dealStory) { d.called("hopeful").enters("Closing", "2026-01-10") }, some(0.8), true},
		{"an unknown category is none: by the probability", func(d *dealStory) { d.called("hopeful").likely(0.7) }, some(0.7), true},
		{"just under what commits", func(d *dealStory) { d.likely(0.69) }, some(0.69), false},
		{"a known category that is not commit, though likely", func(d *dealStory) { d.likely(0.95).called("pipeline") }, some(0.95), false},
		{"by the stage of the last mapped move", func(d *dealStory) { d.enters("Proposal", "2026-01-10").enters("Limbo", "2026-01-11") }, some(0.4), false},
		{"a stage without a chance", func(d *dealStory) { d.enters("Onboarding", "2026-01-10") }, Number{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			c.deal(s.deal("D1").owner("ann").enters("Discovery", "2026-01-02"))
			d := dealOf(t, s.report(t), "D1")
			is(t, "chance", d.Chance, c.want)
			is(t, "committed", d.Committed, c.committed)
		})
	}
}

func TestTheNewestRowSeenSaysHowFreshTheDataAre(t *testing.T) {
	s := tell("2026-01-26")
	if r := s.report(t); r.Newest.OK {
		t.Errorf("nothing happened, and the newest is %v", r.Newest.V)
	}
	s.deal("D1").owner("ann").enters("Discovery", "2026-01-05").enters("Proposal", "2026-01-26")
	if r := s.report(t); r.Newest.V.Format("2006-01-02") != "2026-01-05" {
		t.Errorf("newest %v; a row at the very instant is not seen", r.Newest)
	}
}

// An activity at the very start of the 14 days that back a move counts, also where the instant is finer than the rows.
func TestNeedsAreInWholeMicroseconds(t *testing.T) {
	s := tell(mondayOf)
	in := s.input()
	whole := Needs(in.AsOf, in.Settings, in.Process)
	finer := Needs(in.AsOf.Add(900*time.Nanosecond), in.Settings, in.Process)
	if !finer.AsOf.Equal(whole.AsOf) || !finer.Since.Equal(whole.Since) {
		t.Errorf("as of %v since %v, want %v and %v", finer.AsOf, finer.Since, whole.AsOf, whole.Since)
	}
}
