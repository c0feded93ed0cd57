package discovery

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
)

// newName takes a name for the new one of a stage beside its place, where that stage went out of use as the name came, and
// hardly any deal went through both.
func (p *Proposer) newName(o *Proposal, name int) {
	if o.Advice != NewStage || o.Deals < enough {
		return
	}
	slot := len(p.latest.Stages)
	if o.Before != "" {
		slot = p.latest.Position(o.Before)
	}
	for _, step := range []int{-1, 1} {
		at := slot
		if step < 0 {
			at--
		}
		for ; at >= 0 && at < len(p.latest.Stages); at += step {
			is := func(n int) bool { return p.position(n) == at }
			deals, both := p.through(name, is)
			if deals == 0 { // never entered: no neighbour
				continue
			}
			if deals >= handful && 10*both <= min(deals, o.Deals) && p.instead(o, name, is) {
				o.Advice, o.Stage = NewName, p.latest.Stages[at].Key
				return
			}
			break
		}
	}
}

// closing advises that a name closes deals, in the place of one that did so before it, if there is such.
func (p *Proposer) closing(o *Proposal, name int, a Advice, as pipeline.Outcome) {
	o.Advice, o.Shown = a, p.entries[name].as[as]
	p.instead(o, name, func(n int) bool {
		known, closed := p.process.ClosedAs(p.survey.names[n].normal)
		return closed && known == as
	})
}

// instead notes which of the known names was entered last, where none of them has been since this one came into use.
func (p *Proposer) instead(o *Proposal, name int, known func(name int) bool) bool {
	last, until := -1, time.Time{}
	for n := range p.survey.names {
		if used, ok := p.use(n); ok && known(n) && used.last.After(until) {
			last, until = n, used.last
		}
	}
	since, ok := p.use(name)
	if !ok || last < 0 || since.first.Before(until) || since.first.Sub(until) > soon {
		return false
	}
	o.Instead, o.Until, o.Since = p.survey.names[last].spelling(), until, since.first
	return true
}

// through counts the deals that were in one of the known names, and those of them that were in the name as well.
func (p *Proposer) through(name int, known func(name int) bool) (deals, both int) {
	for _, v := range p.log {
		if !slices.ContainsFunc(v.moves, func(m move) bool { return known(m.name) }) {
			continue
		}
		deals += v.n
		if slices.ContainsFunc(v.moves, func(m move) bool { return m.name == name }) {
			both += v.n
		}
	}
	return deals, both
}

// use is when deals in the pipelines of the process entered a name first and last; false where none did.
func (p *Proposer) use(name int) (all span, used bool) {
	for line, u := range p.survey.names[name].uses {
		if !p.process.InPipelines(p.survey.lines[line].name) {
			continue
		}
		if !used || u.first.Before(all.first) {
			all.first = u.first
		}
		if u.last.After(all.last) {
			all.last = u.last
		}
		used = true
	}
	return all, used
}
