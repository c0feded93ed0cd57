package health

import (
	"cmp"
	"math"
	"slices"

	"drumbeat/internal/pipeline"
)

// tally counts met of due.
type tally struct{ due, met int }

func (t *tally) count(hit bool) {
	t.due++
	if hit {
		t.met++
	}
}

func (t tally) figures() Tally { return Tally{Due: t.due, Met: t.met, Rate: ratio(t.met, t.due)} }

// windowTally is what one trend window holds.
type windowTally struct {
	tally
	stages, evidence     tally // of the same checkpoints
	moves, open, stalled int
	amount               float64 // of the stalled deals
}

// subject is one for whom figures are kept: a rep, a manager's group or the team.
type subject struct {
	c       *computation
	windows [trendWindows]windowTally

	// adherence, in the report's window
	pending, excused, cleanMoves, movedBack int
	checks                                  []checkTally // by checkpoint, in the window
	misses                                  []int        // by checkpoint, in the last four windows

	stall    stallTally
	forecast forecastTally
	record   recordTally
	fitness  mean
}

type checkTally struct{ met, missed, pending, excused int }

// total is a sum whose last digits do not depend on the order: what rounding loses is added up beside it
// (Neumaier 1974).
type total struct{ sum, lost float64 }

func (t *total) add(v float64) {
	s := t.sum + v
	if math.Abs(t.sum) >= math.Abs(v) {
		t.lost += (t.sum - s) + v
	} else {
		t.lost += (v - s) + t.sum
	}
	t.sum = s
}

func (t *total) value() float64 { return t.sum + t.lost }

// mean of what was added, in the order in which it was added.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) { m.sum += v; m.n++ }

func (m mean) value() Number {
	if m.n == 0 {
		return Number{}
	}
	return pipeline.Some(m.sum / float64(m.n))
}

func (c *computation) newSubject() *subject {
	return &subject{c: c, checks: make([]checkTally, len(c.checks)), misses: make([]int, len(c.checks)),
		forecast: newForecastTally(len(c.periods))}
}

// count takes in one checkpoint of a move of this subject.
func (s *subject) count(c *computation, due *dueCheck) {
	k := &s.checks[due.check]
	if due.state == pending {
		s.pending++
		k.pending++
		return
	}
	w := c.window(due.judgedAt)
	if w < 0 || due.state == void {
		return
	}
	inReport := w == trendWindows-1
	if due.state == excused {
		if inReport {
			s.excused++
			k.excused++
		}
		return
	}
	hit := due.state == met
	s.windows[w].count(hit)
	if c.evidence[due.check] {
		s.windows[w].evidence.count(hit)
	} else {
		s.windows[w].stages.count(hit)
	}
	if !hit && w >= trendWindows-4 {
		s.misses[due.check]++
	}
	if !inReport {
		return
	}
	if hit {
		k.met++
	} else {
		k.missed++
	}
}

// checkpoint gives one step's counts in the window.
func (s *subject) checkpoint(key string, i int, earns *Earns) Checkpoint {
	k := s.checks[i]
	return Checkpoint{Key: key, Due: k.met + k.missed, Met: k.met, Missed: k.missed, Pending: k.pending, Excused: k.excused, Earns: earns}
}

// figures gives everything that is known of the subject.
func (s *subject) figures(focus pipeline.Opt[string]) Figures {
	f := Figures{Adherence: s.adherence(s.c), Stall: s.stall.figures(s.c), Forecast: s.forecast.figures(s.c),
		Record: s.record.figures(s.c), Focus: focus, Fitness: s.fitness.value()}
	for i, w := range s.windows {
		f.Trend = append(f.Trend, TrendPoint{Start: s.c.windows[i].Start, End: s.c.windows[i].End, Due: w.due, Met: w.met,
			Rate: ratio(w.met, w.due), Moves: w.moves, OpenDeals: w.open, StalledDeals: w.stalled,
			Stages: w.stages.figures(), Evidence: w.evidence.figures(), StalledAmount: Number{V: w.amount, OK: s.c.seenAmount}})
	}
	return f
}

// roster knows who counts: reps by id, and in which groups they are.
type roster struct {
	c      *computation
	reps   map[string]*person
	all    []*person           // by number
	group  map[string]*subject // by manager id
	nobody *person             // counts for the team only
	last   *person             // who was asked for last: mostly the same again
}

// person is one rep, a system user or nobody, with all the subjects for whom their doings count.
type person struct {
	rep    pipeline.Rep
	number int32
	own    *subject
	all    []*subject
}

func newRoster(c *computation, reps []pipeline.Rep) roster {
	r := roster{c: c, reps: map[string]*person{}, group: map[string]*subject{}, nobody: &person{all: []*subject{c.team}}}
	r.all = []*person{r.nobody}
	for _, p := range reps {
		if !p.System && p.ManagerID != "" && r.group[p.ManagerID] == nil {
			r.group[p.ManagerID] = c.newSubject()
		}
	}
	for _, p := range reps {
		r.add(p)
	}
	return r
}

func (r *roster) add(rep pipeline.Rep) *person {
	p := &person{rep: rep, number: int32(len(r.all)), all: r.nobody.all}
	r.all = append(r.all, p)
	if !rep.System {
		p.own = r.c.newSubject()
		p.all = []*subject{r.c.team, p.own}
		for _, id := range r.groupsOf(rep) {
			p.all = append(p.all, r.group[id])
		}
	}
	r.reps[rep.ID] = p
	return p
}

// groupsOf lists the managers to whose groups a rep belongs: the rep's own manager's, and the rep's own.
func (r *roster) groupsOf(rep pipeline.Rep) []string {
	var ids []string
	if r.group[rep.ManagerID] != nil {
		ids = append(ids, rep.ManagerID)
	}
	if r.group[rep.ID] != nil && rep.ID != rep.ManagerID {
		ids = append(ids, rep.ID)
	}
	return ids
}

// of gives the person for whom something counts. An id that the rows of reps lack becomes a rep whose
// name is its id; nobody and system users count for the team only.
func (r *roster) of(repID string) *person {
	if repID == "" {
		return r.nobody
	}
	if r.last != nil && r.last.rep.ID == repID {
		return r.last
	}
	r.last = r.reps[repID]
	if r.last == nil {
		r.last = r.add(pipeline.Rep{ID: repID, Name: repID, Active: true})
	}
	return r.last
}

// subjects are those for whom it counts what the person of that number does. Of each deal a few facts are kept that
// only later answers can judge; they name people by number, since the collector walks through whatever has pointers.
func (r *roster) subjects(number int32) []*subject { return r.all[number].all }

// isRep says whether the id is a person's, not a system user's and not nobody's.
func (r *roster) isRep(repID string) bool {
	return repID != "" && !r.of(repID).rep.System
}

// people lists the reps by id.
func (r *roster) people() []*person {
	var out []*person
	for _, p := range r.reps {
		if !p.rep.System {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *person) int { return cmp.Compare(a.rep.ID, b.rep.ID) })
	return out
}

type group struct {
	id      string
	members []string
	own     *subject
}

// groups lists the managers that are reps, by id, with their members in order.
func (r *roster) groups(people []*person) []group {
	members := map[string][]string{}
	for _, p := range people {
		for _, id := range r.groupsOf(p.rep) {
			members[id] = append(members[id], p.rep.ID)
		}
	}
	var out []group
	for _, p := range people {
		if g := r.group[p.rep.ID]; g != nil {
			out = append(out, group{id: p.rep.ID, members: members[p.rep.ID], own: g})
		}
	}
	return out
}
