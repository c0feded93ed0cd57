package health

import (
	"cmp"
	"math"
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

const (
	sessionGap     = instant(10 * 60 * 1_000_000) // moves further apart than this are two sessions
	sweepDeals     = 5                            // a session over so many deals is a sweep
	passThrough    = instant(10 * 60 * 1_000_000)
	passLeast      = 1.0 / 24 // days: where a stage usually takes less, minutes mean nothing
	backedBy       = 14 * day
	noActivityFor  = 14 * day
	flagLeastMoves = 10
)

// windowMove is a mapped move of the report's window by a rep, not into an after stage.
type windowMove struct {
	at       instant
	deal     int // running number
	repID    string
	stage    int
	left     instant // how long until the deal's next move; -1: none
	unbacked bool
	owner    *person
}

// recordTally is one subject's.
type recordTally struct {
	moves, suspect, eve                                    int
	noAmount, noClose, overdueClose, noActivity, noHistory int
	openDeals, windowChanges, windowActivities             int // of the rep, to see who is inactive
}

// countChanges counts unmapped names, mapped moves and who changed anything.
func (c *computation) countChanges(d *view) {
	for i := range d.changes {
		m := &d.changes[i]
		by := c.roster.of(m.repID)
		if c.inWindow(m.at) && !(d.found && i == 0) {
			for _, s := range by.all {
				s.record.windowChanges++
			}
		}
		if m.name.closed == "" && m.stage == nil {
			c.unmapped[m.name.text]++
		}
	}
	for i := range d.moves {
		m := &d.moves[i]
		if m.stage == nil || !d.hasPath || d.isFound(i) {
			continue
		}
		if w := c.window(m.at); w >= 0 {
			for _, s := range c.roster.of(m.repID).all {
				s.windows[w].moves++
			}
		}
		if c.inWindow(m.at) && m.stage.Phase != process.After && c.roster.isRep(m.repID) {
			c.keepMove(d, i)
		}
	}
}

// keepMove keeps a move for the questions that only all moves together can answer.
func (c *computation) keepMove(d *view, i int) {
	m := &d.moves[i]
	w := windowMove{at: m.at, deal: c.deals, repID: m.repID, stage: m.index, left: -1, owner: c.roster.of(m.repID)}
	if i+1 < len(d.moves) {
		w.left = d.moves[i+1].at - m.at
	}
	w.unbacked = i > 0 && c.forward(d, i) && c.has(pipeline.Activities) && !c.backed(d, m.at)
	c.moves = append(c.moves, w)
	for _, s := range w.owner.all {
		s.record.moves++
	}
}

// forward says whether the i-th move leads onward from the latest earlier mapped one.
func (c *computation) forward(d *view, i int) bool {
	for k := i - 1; k >= 0; k-- {
		if s := d.moves[k].stage; s != nil {
			return c.later(s, &d.moves[i])
		}
	}
	return true
}

// backed says whether the buyer did anything in the 14 days up to t, both ends counted.
func (c *computation) backed(d *view, t instant) bool {
	return slices.ContainsFunc(d.h.Activities, func(a pipeline.Activity) bool {
		at := toInstant(a.At)
		return at <= t && at >= t-backedBy && at < d.asOf && (a.Party == pipeline.BuyerParty || !c.in.Reading.PartyNamed)
	})
}

// judgeRecord finds moves that look entered for the record: (in a sweep or on the eve of the report) and
// (passed through at once or not backed by the buyer). No single sign accuses anybody.
func (c *computation) judgeRecord(learned []learnedStage) {
	from, to := c.eve()
	slices.SortStableFunc(c.moves, func(a, b windowMove) int { return cmp.Or(cmp.Compare(a.repID, b.repID), cmp.Compare(a.at, b.at)) })
	for i := 0; i < len(c.moves); {
		n := i + 1
		for n < len(c.moves) && c.moves[n].repID == c.moves[i].repID && c.moves[n].at-c.moves[n-1].at <= sessionGap {
			n++
		}
		deals := map[int]bool{}
		for _, m := range c.moves[i:n] {
			deals[m.deal] = true
		}
		for k := i; k < n; k++ {
			m := &c.moves[k]
			onEve := m.at >= from && m.at < to
			usual := learned[m.stage].median[0]
			passed := m.left >= 0 && m.left < passThrough && usual.OK && usual.V >= passLeast-eps
			for _, s := range m.owner.all {
				if onEve {
					s.record.eve++
				}
				if (onEve || len(deals) >= sweepDeals) && (passed || m.unbacked) {
					s.record.suspect++
				}
			}
		}
		i = n
	}
}

// eve is the last Monday-to-Friday local date that begins before the end of the window.
func (c *computation) eve() (from, to instant) {
	loc := c.set.Location
	d := pipeline.DateOf(c.in.AsOf, loc)
	for !workday(d, loc) || !d.Start(loc).Before(c.in.AsOf) {
		d--
	}
	return toInstant(d.Start(loc)), toInstant((d + 1).Start(loc))
}

// workday says whether a date is a Monday to Friday that the zone had: Samoa once went from a Thursday to a
// Saturday, and nobody worked on the Friday between.
func workday(d pipeline.Date, loc *time.Location) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && pipeline.DateOf(d.Start(loc), loc) == d
}

// workdays counts the Monday-to-Friday dates that begin in the window.
func (c *computation) workdays() int {
	w, n := c.windows[trendWindows-1], 0
	for d := pipeline.DateOf(w.Start, c.set.Location); d.Start(c.set.Location).Before(w.End); d++ {
		if workday(d, c.set.Location) && w.Contains(d.Start(c.set.Location)) {
			n++
		}
	}
	return n
}

// addGaps counts what the record of a deal with outcome open lacks.
func (c *computation) addGaps(d *view, owner *person) {
	last, any := instant(math.MinInt64), d.h.Earlier.Any.OK
	if any {
		last = toInstant(d.h.Earlier.Any.V)
	}
	window := 0
	for i := range d.h.Activities {
		if at := toInstant(d.h.Activities[i].At); at < c.asOf {
			last, any = max(last, at), true
			if c.inWindow(at) {
				window++
			}
		}
	}
	if !any {
		last = d.created
	}
	expected := d.expectedClose(c.asOf)
	for _, s := range owner.all {
		r := &s.record
		r.windowActivities += window
		if d.outcome != pipeline.Open {
			continue
		}
		r.openDeals++
		r.noAmount += one(!d.rawAmount(c.asOf).OK)
		r.noClose += one(!expected.OK)
		r.overdueClose += one(expected.OK && expected.V < c.today)
		r.noActivity += one(c.asOf-last > noActivityFor)
		r.noHistory += one(len(d.changes) == 0)
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t *recordTally) figures(c *computation) *Record {
	count := func(v int, ok bool) Count { return Count{V: v, OK: ok} }
	r := &Record{Moves: t.moves, Suspect: pipeline.Some(t.suspect), EveMoves: pipeline.Some(t.eve),
		NoAmount: count(t.noAmount, c.seenAmount), NoClose: count(t.noClose, c.seenClose),
		OverdueClose: count(t.overdueClose, c.seenClose), NoActivity: count(t.noActivity, c.has(pipeline.Activities)), NoHistory: t.noHistory}
	if c.observesStages() { // when a move was made, and of which others, nobody saw
		r.Suspect, r.EveMoves = Count{}, Count{}
		return r
	}
	flagged := false
	if n := c.workdays(); n > 0 {
		p := binomialTail(t.eve, t.moves, 1/float64(n))
		r.EveP = pipeline.Some(p)
		flagged = t.moves >= flagLeastMoves && 2*t.eve >= t.moves && p < 0.01
	}
	r.Flagged = pipeline.Some(flagged)
	return r
}

// gaps lists what the source lacks as a whole.
func (c *computation) gaps() *Gaps {
	g := &Gaps{Unmapped: []UnmappedStage{}, InactiveReps: []string{}, WithoutRate: c.withoutRate, OtherPipelines: c.otherPipelines,
		NoParty: pipeline.Opt[bool]{V: !c.in.Reading.PartyNamed, OK: c.has(pipeline.Activities)}}
	for name, n := range c.unmapped {
		g.Unmapped = append(g.Unmapped, UnmappedStage{Stage: name, N: n})
	}
	slices.SortFunc(g.Unmapped, func(a, b UnmappedStage) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Stage, b.Stage)) })
	if c.observesStages() && !(c.has(pipeline.Activities) && c.lookedInWindow()) {
		return g // what nobody looked for may have been entered
	}
	for _, p := range c.roster.people() {
		r := &p.own.record
		if r.openDeals > 0 && r.windowChanges == 0 && r.windowActivities == 0 && !p.rep.AwayOn(c.today) {
			g.InactiveReps = append(g.InactiveReps, p.rep.ID)
		}
	}
	return g
}
