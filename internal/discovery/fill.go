package discovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// fill puts what was found into the draft.
func (w *drafting) fill(d *Draft) {
	names := make([]string, len(w.order))
	for i, g := range w.order {
		w.counts[g].CRMStages = w.spell(g)
		names[i] = w.nameOf(g)
	}
	if len(names) > 0 {
		names = humane(names)
	}
	taken := map[string]bool{}
	for i, g := range w.order {
		s := w.counts[g]
		s.Name, s.Phase, s.Renamed = names[i], w.phases[g], w.groups[g].renamed
		s.Key = keyOf(names[i], fmt.Sprintf("stage_%d", i+1), taken)
		d.Stages = append(d.Stages, s)
	}
	for g := range w.counts {
		d.Moves += w.counts[g].Visits
	}
	d.Won, d.Lost = w.closings(pipeline.Won), w.closings(pipeline.Lost)
	d.Proofs = w.proofs(d.Stages)
}

// nameOf is what a group is called: its most used name, or since it was renamed the new one.
func (w *drafting) nameOf(g int) string {
	if r := w.groups[g].renamed; r != nil {
		return r.New
	}
	return w.spell(g)[0]
}

// spell lists a group's names as the source writes them, most used first.
func (w *drafting) spell(g int) []string {
	uses := func(name int) (n int) {
		for _, count := range w.survey.names[name].spellings {
			n += count
		}
		return n
	}
	names := slices.SortedFunc(slices.Values(w.groups[g].names), func(a, b int) int {
		return cmp.Or(cmp.Compare(uses(b), uses(a)), strings.Compare(w.survey.names[a].normal, w.survey.names[b].normal))
	})
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = w.survey.names[name].spelling()
	}
	return out
}

func (w *drafting) closings(o pipeline.Outcome) (out []Closed) {
	of := entriesOf(w.log, len(w.survey.names))
	rested := map[string]resters{}
	for _, r := range w.rested[o] {
		rested[r.normal] = r
	}
	for name, as := range w.closed {
		if as == o {
			r := rested[w.survey.names[name].normal]
			delete(rested, r.normal)
			out = append(out, Closed{w.survey.names[name].spelling(), of[name].deals, of[name].as[o], r.all()})
		}
	}
	for _, r := range rested {
		out = append(out, Closed{Name: r.spelling, Rested: r.all()})
	}
	slices.SortFunc(out, func(a, b Closed) int {
		return cmp.Or(cmp.Compare(b.Deals+b.Rested, a.Deals+a.Rested), strings.Compare(a.Name, b.Name))
	})
	return out
}

// mostAside is of how many names it is said what they seem to be.
const mostAside = 50

// setAside names what is rather a slip than a stage, and what it seems to be.
func (w *drafting) setAside(d *Draft) {
	of := entriesOf(w.log, len(w.survey.names))
	for g, rare := range w.rare {
		if !rare {
			continue
		}
		why := "rare"
		if w.counts[g].Visits == 0 {
			why = "entered only after the deal had closed"
		}
		for _, name := range w.groups[g].names {
			d.Aside = append(d.Aside, Aside{Name: w.survey.names[name].spelling(), Deals: of[name].deals, Why: why})
		}
	}
	d.Aside = append(d.Aside, w.onlyRestedIn()...)
	slices.SortFunc(d.Aside, func(a, b Aside) int { return cmp.Or(cmp.Compare(b.Deals, a.Deals), strings.Compare(a.Name, b.Name)) })
	if len(d.Aside) == 0 {
		return
	}
	proposer := w.survey.Proposer(d.process())
	for i := range d.Aside[:min(len(d.Aside), mostAside)] {
		d.Aside[i].Proposal = proposer.Propose(d.Aside[i].Name)
	}
}

// onlyRestedIn gives the names in which open deals rest that none has moved into.
func (w *drafting) onlyRestedIn() (out []Aside) {
	groups := w.groupOf()
	for _, r := range w.survey.resters(w.of) {
		name, known := w.survey.nameAt[r.normal]
		_, closed := w.closed[name]
		if r.open == 0 || known && (closed || groups[name] >= 0) {
			continue
		}
		out = append(out, Aside{Name: r.spelling, Deals: r.open, Why: "open deals rest in it, none has moved there"})
	}
	return out
}

// process is the draft as other rooms know processes, as far as names go.
func (d *Draft) process() *process.Process {
	v := process.Version{}
	for _, s := range d.Stages {
		v.Stages = append(v.Stages, process.Stage{Key: s.Key, Name: s.Name, Phase: s.Phase, CRMStages: s.CRMStages})
	}
	var pipelines []string
	if d.Of != "" {
		pipelines = []string{d.Of}
	}
	closed := func(all []Closed) (names []string) {
		for _, c := range all {
			names = append(names, c.Name)
		}
		return names
	}
	return process.New("", pipelines, closed(d.Won), closed(d.Lost), []process.Version{v})
}

// movers are those who made over a third of all moves. Entries into closed stages are no moves.
func (w *drafting) movers() (out []Mover) {
	by, total := map[string]*Mover{}, 0
	for key, tally := range w.survey.movers {
		if _, closed := w.closed[key.name]; closed || !w.of(key.line) {
			continue
		}
		total += tally.moves
		if key.rep == "" {
			continue
		}
		m := by[key.rep]
		if m == nil {
			m = &Mover{Rep: key.rep}
			by[key.rep] = m
		}
		m.Moves += tally.moves
		m.Own += tally.own
	}
	for _, m := range by {
		if 3*m.Moves > total {
			m.All = total
			out = append(out, *m)
		}
	}
	slices.SortFunc(out, func(a, b Mover) int { return cmp.Or(cmp.Compare(b.Moves, a.Moves), strings.Compare(a.Rep, b.Rep)) })
	return out
}
