package health

import (
	"fmt"
	"testing"

	"drumbeat/internal/process"
)

func TestALostDealRetraced(t *testing.T) {
	s := tell(mondayOf)
	d := s.deal("D1").owner("ann").enters("Discovery", "2026-01-10").enters("Closing", "2026-01-15").lost("2026-01-20 12:00").
		act("buyer", "call", "2026-01-18 12:00").act("seller", "call", "2026-01-20").act("buyer", "call", "2026-01-20 12:00")
	d.h.Deal.LossReason = "No budget"
	r := s.report(t)
	l := r.Lost[0]
	is(t, "rep", l.RepID, some("ann"))
	is(t, "reason", l.LossReason, some("No budget"))
	near(t, "days since the buyer, before the closing", l.DaysSinceBuyer, 2)
	near(t, "fitness: 2·2/(2 + 3)", l.Fitness, 0.8)
	is(t, "first missed", l.FirstMissed, some("buyer:problem"))
	is(t, "clean", l.Clean, false)
	is(t, "visits", len(l.Visits), 2)
	for i, want := range []LostVisit{
		{"discovery", at("2026-01-10"), some(5.), "advanced"}, {"closing", at("2026-01-15"), some(5.5), "lost"},
	} {
		is(t, "visit", l.Visits[i], want)
	}
	for i, want := range []LostCheckpoint{
		{"stage:discovery", at("2026-01-10"), "met"}, {"buyer:problem", at("2026-01-10"), "missed"},
		{"stage:proposal", at("2026-01-15"), "missed"}, {"buyer:meetings", at("2026-01-15"), "void"}, {"stage:closing", at("2026-01-15"), "met"},
	} {
		is(t, "checkpoint", l.Checkpoints[i], want)
	}
	is(t, "checkpoints", len(l.Checkpoints), 5)
}

func TestDealsLostInTheWindow(t *testing.T) {
	s := tell(mondayOf)
	s.deal("at its start").enters("Discovery", "2026-01-01").lost("2026-01-19")
	s.deal("before it").enters("Discovery", "2026-01-01").lost("2026-01-18 23:59:59")
	s.deal("at its end").enters("Discovery", "2026-01-01").lost("2026-01-26")
	s.deal("won").enters("Discovery", "2026-01-01").won("2026-01-20")
	s.deal("without a path").created("2026-01-01").lost("2026-01-20")
	r := s.report(t)
	var ids []string
	for _, l := range r.Lost {
		ids = append(ids, l.ID)
	}
	is(t, "lost", fmt.Sprintf("%q", ids), `["at its start" "without a path"]`)
	l := r.Lost[1]
	is(t, "without a path nothing is retraced", len(l.Visits)+len(l.Checkpoints), 0)
	is(t, "nor called clean", l.Clean, false)
	null(t, "its fitness", l.Fitness)
	null(t, "its owner", l.RepID)
	null(t, "its reason", l.LossReason)
	null(t, "days since the buyer", l.DaysSinceBuyer)
}

func TestCleanLosses(t *testing.T) {
	for _, c := range []struct {
		name  string
		deal  func(d *dealStory)
		clean bool
	}{
		{"all met, the buyer's part too", func(d *dealStory) { d.enters("Discovery", "2026-01-10").meets("problem", "2026-01-11") }, true},
		{"a miss", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").meets("problem", "2026-01-11").enters("Closing", "2026-01-15")
		}, false},
		{"nothing missed, but nothing of the buyer either", func(d *dealStory) { d.enters("Discovery", "2026-01-18") }, false},
		{"evidence excused is not evidence", func(d *dealStory) { d.enters("Discovery", "2026-01-10").excused("buyer:problem", "2026-01-10") }, false},
		{"evidence still to be judged is not evidence yet", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").excused("buyer:problem", "2026-01-10").
				enters("Proposal", "2026-01-19 06:00").act("buyer", "meeting", "2026-01-19").act("buyer", "meeting", "2026-01-19")
		}, false},
		{"an excused skip spoils nothing", func(d *dealStory) {
			d.enters("Discovery", "2026-01-10").meets("problem", "2026-01-11").enters("Closing", "2026-01-19").excused("stage:proposal", "2026-01-15")
		}, true},
		{"only a stage before the selling", func(d *dealStory) { d.enters("Lead", "2026-01-10") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf)
			s.deal("another").created("2025-01-01").act("buyer", "note", "2025-01-02")
			c.deal(s.deal("D1").owner("ann").lost("2026-01-20"))
			is(t, "clean", s.report(t).Lost[0].Clean, c.clean)
		})
	}
}

// In a process without criteria, a selling stage entered by a rep takes the place of evidence.
func TestCleanLossesWithoutCriteria(t *testing.T) {
	for _, c := range []struct {
		name  string
		deal  func(d *dealStory)
		clean bool
	}{
		{"entered by the owner", func(d *dealStory) { d.owner("ann").enters("A", "2026-01-10") }, true},
		{"entered by a colleague", func(d *dealStory) { d.owner("bot").enters("A", "2026-01-10").by("ann") }, true},
		{"entered by an importer", func(d *dealStory) { d.owner("ann").enters("A", "2026-01-10").by("bot") }, false},
		{"entered by nobody", func(d *dealStory) { d.enters("A", "2026-01-10") }, false},
		{"a skip", func(d *dealStory) { d.owner("ann").enters("B", "2026-01-10") }, false},
		{"not in the selling yet", func(d *dealStory) { d.owner("ann").enters("Lead", "2026-01-10") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(mondayOf).rep("bot", system)
			s.proc = letters()
			c.deal(s.deal("D1").lost("2026-01-20"))
			is(t, "clean", s.report(t).Lost[0].Clean, c.clean)
		})
	}
}

// letters is a process without criteria: (lead), then A to E.
func letters() *process.Process {
	stages := []process.Stage{{Key: "lead", Name: "Lead", Phase: process.Before}}
	for _, k := range []string{"A", "B", "C", "D", "E"} {
		stages = append(stages, process.Stage{Key: k, Name: k, Phase: process.Selling, Mandatory: true})
	}
	return process.New("letters", nil, []string{"Won"}, []string{"Lost"}, []process.Version{{From: at("2024-01-01"), Stages: stages}})
}
