package digest

import (
	"slices"

	"drumbeat/internal/health"
)

// fate is what became of a deal between two reports.
type fate string

const (
	fateWon     fate = "won"
	fateForward fate = "forward"
	fateBack    fate = "back"
	fateLost    fate = "lost"
	fateStill   fate = "still"
)

// followUp says what became of the last agenda: of the deals that the recipient's own scope would have shown as
// the window began. A deal of which neither its place then nor its place now is known is left out.
func (b *builder) followUp() *FollowUp {
	found := map[fate][]Mention{}
	n := 0
	for _, then := range b.lastAgenda() {
		what, m, ok := b.fateOf(then)
		if ok {
			found[what] = append(found[what], m)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	var parts []string
	out := &FollowUp{}
	for _, f := range []fate{fateWon, fateForward, fateBack, fateLost, fateStill} {
		if deals := found[f]; len(deals) > 0 {
			parts = append(parts, b.say("fate", "fate", string(f), "n", len(deals), "alone", n == 1))
			out.Outcomes = append(out.Outcomes, Outcome{Word: b.say("fate word", "fate", string(f)), Deals: deals})
		}
	}
	out.Lead = b.say("did it move", "n", n, "parts", parts)
	return out
}

// lastAgenda are the first deals of the agenda as of the window's start.
func (b *builder) lastAgenda() []health.Deal {
	if b.in.Before == nil || b.stale() {
		return nil
	}
	in := b.in
	in.Report, in.ByRep = in.Before, in.BeforeByRep
	part, err := cut(in)
	if err != nil { // nobody of the scope was there yet
		return nil
	}
	all := newBuilder(in, part).agenda()
	return all[:min(agendaRows, len(all))]
}

// fateOf compares where a deal stood with where it is today, in the order of the process.
func (b *builder) fateOf(then health.Deal) (what fate, m Mention, ok bool) {
	m = Mention{Deal: b.deal(then)}
	if i := slices.IndexFunc(b.r.Closed, func(c health.ClosedDeal) bool { return c.ID == then.ID }); i >= 0 {
		if c := b.r.Closed[i]; c.Won {
			if c.Amount.OK {
				m.Text = b.money(c.Amount.V)
			}
			return fateWon, m, true
		}
		return fateLost, m, true
	}
	i := slices.IndexFunc(b.r.Deals, func(d health.Deal) bool { return d.ID == then.ID })
	if i < 0 {
		return "", m, false
	}
	from, to := b.place(then), b.place(b.r.Deals[i])
	if !b.r.Sources.StageChanges.OK && !then.DaysInStage.OK { // without a history the place then is the place of today
		from = -1
	}
	switch {
	case from < 0 || to < 0:
		return "", m, false
	case from == to:
		return fateStill, m, true
	}
	m.Text = b.trail([]string{then.Stage.V, b.r.Deals[i].Stage.V})
	if to > from {
		return fateForward, m, true
	}
	return fateBack, m, true
}

// place is where a deal's stage stands in process order, -1 when nobody knows.
func (b *builder) place(d health.Deal) int {
	return slices.IndexFunc(b.r.Stages, func(s health.Stage) bool { return d.Stage.OK && s.Key == d.Stage.V })
}
