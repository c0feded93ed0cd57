package health

import (
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// state is what became of a checkpoint that fell due.
type state uint8

const (
	pending state = iota
	met
	missed
	excused
	void // the deal was lost before anybody could judge: in no count
)

var stateNames = [...]string{"pending", "met", "missed", "excused", "void"}

// String gives the word used in the report.
func (s state) String() string { return stateNames[s] }

// dueCheck is one checkpoint of one deal.
type dueCheck struct {
	check    int // index in process order
	at       instant
	judgedAt instant
	state    state
	byWon    bool
	move     int                // index of the move that made it due, -1 for won
	says     *process.Criterion // of a buyer checkpoint: the words and means in force when it fell due
}

// judgement is a met or missed checkpoint within the lookback, for the pressure at a period's end.
type judgement struct {
	at  instant
	met bool
}

// falling gathers the checkpoints that fall due along a deal's path.
type falling struct {
	c       *computation
	d       *view
	due     []bool // by checkpoint
	visited []bool // by stage
	out     []dueCheck
}

// stepChecks are the indexes of a stage's checkpoints: its own, and one for each of its criteria.
type stepChecks struct {
	stage    int // in process order of the stages
	own      int // -1: it has none, being optional in every version
	requires []int
}

// indexChecks finds the checkpoints of every stage of every version.
func (c *computation) indexChecks() {
	for i := range c.proc.Versions {
		v := &c.proc.Versions[i]
		steps := make([]stepChecks, len(v.Stages))
		for j := range v.Stages {
			s := &v.Stages[j]
			steps[j] = stepChecks{stage: c.stageIndex[s.Key], own: -1}
			if k, ok := c.checkIndex[process.StageCheckpoint(s.Key)]; ok {
				steps[j].own = k
			}
			for r := range s.Requires {
				steps[j].requires = append(steps[j].requires, c.checkIndex[process.BuyerCheckpoint(s.Requires[r].Key)])
			}
		}
		c.steps = append(c.steps, steps)
	}
}

// addAdherence finds the checkpoints that fell due, judges them and counts them for who made the move.
func (c *computation) addAdherence(d *view, owner *person) {
	f := falling{c: c, d: d, due: cleared(&c.scratch.due, len(c.checks)), visited: cleared(&c.scratch.visited, len(c.stages)), out: c.scratch.checks[:0]}
	won := d.outcome == pipeline.Won
	for i := range d.moves {
		if won && i == d.before {
			f.win()
		}
		f.enter(i, won && i >= d.before)
	}
	if won && d.before == len(d.moves) {
		f.win()
	}
	d.checks, c.scratch.checks = f.out, f.out
	c.countChecks(d, owner)
}

// from is the position, in a version, of the latest of the first n moves whose stage it has; -1 if none.
func (d *view) from(p *process.Process, version, n int) int {
	for i := n - 1; i >= 0; i-- {
		m := &d.moves[i]
		if m.stage == nil {
			continue
		}
		at := m.position
		if m.v != version {
			at = p.Versions[version].Position(m.stage.Key)
		}
		if at >= 0 {
			return at
		}
	}
	return -1
}

// enter makes due what the i-th move makes due: every mandatory stage that it skips, and its own.
func (f *falling) enter(i int, afterWon bool) {
	m := &f.d.moves[i]
	if m.stage == nil {
		return
	}
	visited := f.visited[m.index]
	f.visited[m.index] = true
	if f.d.isFound(i) { // what is due of a stage fell due when it was entered, and that was before
		return
	}
	v, j := &f.c.proc.Versions[m.v], m.position
	if j < 0 {
		return
	}
	from := f.d.from(f.c.proc, m.v, i)
	if j < from && v.Stages[j].Phase != process.After && v.Stages[from].Phase != process.After && f.c.inWindow(m.at) {
		for _, s := range f.c.roster.of(m.repID).all {
			s.movedBack++
		}
	}
	if j <= from {
		return
	}
	f.skip(m.v, from, j, m.at, i, afterWon)
	if visited || (afterWon && v.Stages[j].Phase != process.After) {
		return
	}
	if v.Stages[j].Mandatory {
		f.fall(f.c.steps[m.v][j].own, nil, m.at, i, met)
	}
	f.require(m.v, j, m.at, i)
}

// win is a move past every before and selling stage.
func (f *falling) win() {
	n := f.c.versionAt(f.d.closedAt)
	f.skip(n, f.d.from(f.c.proc, n, f.d.before), f.c.proc.Versions[n].SellingEnd()+1, f.d.closedAt, -1, false)
}

// skip makes due and missed the mandatory stages strictly between two positions that were not visited.
func (f *falling) skip(version, from, to int, at instant, by int, afterWon bool) {
	v, steps := &f.c.proc.Versions[version], f.c.steps[version]
	for k := from + 1; k < to; k++ {
		s := &v.Stages[k]
		if !s.Mandatory || f.visited[steps[k].stage] || (afterWon && s.Phase != process.After) {
			continue
		}
		f.fall(steps[k].own, nil, at, by, missed)
		f.require(version, k, at, by)
	}
}

// require makes a stage's criteria due, as far as they are rolled out and the source can know them.
func (f *falling) require(version, position int, at instant, by int) {
	s, made := &f.c.proc.Versions[version].Stages[position], at
	if by >= 0 {
		made = f.c.earliest(at, f.d.created)
	}
	for i := range s.Requires {
		r := &s.Requires[i]
		if r.Since.OK && made < toInstant(r.Since.V) || !f.c.knowable(f.d, r) {
			continue
		}
		f.fall(f.c.steps[version][position].requires[i], r, at, by, pending)
	}
}

// fall records a checkpoint the first time that it falls due and judges it.
func (f *falling) fall(k int, says *process.Criterion, at instant, by int, stageState state) {
	if f.due[k] || says == nil && f.c.observesStages() { // which stages a deal went through between two looks nobody saw
		return
	}
	f.due[k] = true
	due := dueCheck{check: k, at: at, judgedAt: at, state: stageState, byWon: by < 0, move: by, says: says}
	if says != nil {
		f.judge(&due)
	}
	if due.state != void && due.state != pending && f.d.waived(f.c.checks[k].Key) {
		due.state = excused
	}
	f.out = append(f.out, due)
}

// judge says what became of a buyer criterion: it is judged at its due time + grace by whether it holds
// then; void at once if the deal was lost before that and it did not hold at the closing.
func (f *falling) judge(due *dueCheck) {
	d, r := f.d, due.says
	due.judgedAt = due.at + span(r.Grace.Or(f.c.set.Grace))
	switch {
	case d.outcome == pipeline.Lost && d.closedAt < due.judgedAt && !f.c.holds(d, r, d.closedAt):
		due.state = void
	case due.judgedAt >= d.asOf:
		due.state = pending
	case f.c.holds(d, r, due.judgedAt):
		due.state = met
	default:
		due.state = missed
	}
}

// knowable says whether the source could show that a criterion was met at all.
func (c *computation) knowable(d *view, r *process.Criterion) bool {
	switch r.MetBy.Means {
	case process.ByCriterion:
		return c.has(pipeline.Criteria)
	case process.ByActivity:
		return c.has(pipeline.Activities) && c.in.Reading.PartyNamed
	}
	if d.outcome == pipeline.Open {
		return true
	}
	for i := range d.h.Forecasts {
		f := &d.h.Forecasts[i]
		if toInstant(f.At) < d.asOf && (r.MetBy.Field == process.FieldAmount && f.Amount.OK ||
			r.MetBy.Field == process.FieldExpectedClose && f.ExpectedClose.OK) {
			return true
		}
	}
	return false
}

// holds says whether a criterion holds at t: rows at or before t, a field by the value in force.
func (c *computation) holds(d *view, r *process.Criterion, t instant) bool {
	switch r.MetBy.Means {
	case process.ByCriterion:
		return slices.ContainsFunc(d.h.Criteria, func(x pipeline.CriterionMet) bool {
			at := toInstant(x.At)
			return x.Criterion == r.MetBy.Criterion && at <= t && at < d.asOf
		})
	case process.ByActivity:
		n := 0
		for i := range d.h.Activities {
			a := &d.h.Activities[i]
			at := toInstant(a.At)
			if at <= t && at < d.asOf && a.Party == r.MetBy.Party && (r.MetBy.Kind == "" || strings.EqualFold(a.Kind, r.MetBy.Kind)) {
				n++
			}
		}
		return n >= r.MetBy.Count
	}
	if r.MetBy.Field == process.FieldAmount {
		return d.rawAmount(t).OK
	}
	return d.expectedClose(t).OK
}

// waived says whether the deal has a waiver for the checkpoint.
func (d *view) waived(key string) bool {
	return slices.ContainsFunc(d.h.Waivers, func(w pipeline.Waiver) bool {
		return w.Checkpoint == key && toInstant(w.At) < d.asOf
	})
}

// countChecks adds the deal's checkpoints to the windows of those who made the moves.
func (c *computation) countChecks(d *view, owner *person) {
	for i := range d.checks {
		due := &d.checks[i]
		for _, s := range c.mover(d, due.move, owner).all {
			s.count(c, due)
		}
		if (due.state == met || due.state == missed) && due.judgedAt >= c.lookback {
			c.judged = append(c.judged, judgement{at: due.judgedAt, met: due.state == met})
		}
	}
	for i := 0; i < len(d.checks); {
		n := i + 1
		for n < len(d.checks) && d.checks[n].move == d.checks[i].move {
			n++
		}
		if c.clean(d.checks[i:n]) {
			for _, s := range c.mover(d, d.checks[i].move, owner).all {
				s.cleanMoves++
			}
		}
		i = n
	}
}

// mover is for whom a move counts: who made it, for won the owner.
func (c *computation) mover(d *view, move int, owner *person) *person {
	if move < 0 {
		return owner
	}
	return c.roster.of(d.moves[move].repID)
}

// clean says whether a move's last judgement lies in the window, with at least one met and none missed.
func (c *computation) clean(due []dueCheck) bool {
	last, good := instant(-1<<62), false
	for i := range due {
		switch due[i].state {
		case void:
			continue
		case pending, missed:
			return false
		case met:
			good = true
		}
		last = max(last, due[i].judgedAt)
	}
	return good && c.inWindow(last)
}

// adherence gives the window's figures.
func (s *subject) adherence(c *computation) *Adherence {
	w := &s.windows[trendWindows-1]
	a := &Adherence{Due: w.due, Met: w.met, Missed: w.due - w.met, Pending: s.pending, Excused: s.excused,
		Rate: ratio(w.met, w.due), CleanMoves: s.cleanMoves, MovedBack: s.movedBack,
		Stages: w.stages.figures(), Evidence: w.evidence.figures(),
		Judged: w.due >= c.set.MinDue, ShrunkRate: ratio(w.met, w.due)}
	a.Low, a.High = wilson(w.met, w.due)
	var before tally
	for _, b := range s.windows[trendWindows-5 : trendWindows-1] {
		before.due, before.met = before.due+b.due, before.met+b.met
	}
	a.Change = AdherenceChange{Due: pipeline.Some(before.due), Met: pipeline.Some(before.met), Rate: ratio(before.met, before.due)}
	a.Change.Diff, a.Change.Low, a.Change.High = newcombe(w.tally, before)
	return a
}

// cleared gives a slice of n falses in the memory of the last one.
func cleared(memory *[]bool, n int) []bool {
	if cap(*memory) < n {
		*memory = make([]bool, n)
	}
	*memory = (*memory)[:n]
	clear(*memory)
	return *memory
}
