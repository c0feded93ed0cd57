package discovery

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Advice is what to do about a name that a process does not know.
type Advice int

// What a Proposal can advise.
const (
	Unsure     Advice = iota // no deal shows what it is
	SameStage                // another spelling of a known stage
	NewName                  // the new name of a known stage, which deals no longer enter under the old one
	ClosedWon                // it closes deals as won
	ClosedLost               // it closes deals as lost
	NewStage                 // a stage of its own, between two known ones
)

// Proposal says what to do about a name that a process does not know.
type Proposal struct {
	Name   string // as the source writes it most often; as asked for where no deal ever entered it
	Advice Advice
	Deals  int // that ever entered it
	Shown  int // of them, those that show what is advised: closed so as they entered it, or were in a known stage too

	Stage         string    // SameStage, NewName: the key of the stage
	Like          string    // SameStage: the known name that it is like
	Instead       string    // NewName, ClosedWon, ClosedLost: the known name that deals no longer enter; empty: none
	Until, Since  time.Time // Instead: the last entry under the old name, the first under the new one
	After, Before string    // NewStage: the keys of the stages that it stands between; empty: at that end
}

// Proposer answers what to do about names that one process does not know.
type Proposer struct {
	survey  *Survey
	process *process.Process
	latest  *process.Version
	log     []variant // of the pipelines of the process
	entries []entries
}

// Proposer reads the survey, which must have taken in all deals, for one process.
func (s *Survey) Proposer(p *process.Process) *Proposer {
	log := s.log(func(line int) bool { return p.InPipelines(s.lines[line].name) })
	return &Proposer{survey: s, process: p, latest: &p.Versions[len(p.Versions)-1], log: log, entries: entriesOf(log, len(s.names))}
}

// Propose says what to do about a stage's name that the process does not know: by its likeness to the names known in the
// latest version, and else by how deals use it.
func (p *Proposer) Propose(name string) Proposal {
	s, out := p.survey, Proposal{Name: name}
	at, used := s.nameAt[process.Normal(name)]
	if used {
		out.Name, out.Deals = s.names[at].spelling(), p.entries[at].deals
	}
	if out.likeness(p.latest) || !used {
		return out
	}
	won, lost := p.closes(at, pipeline.Won), p.closes(at, pipeline.Lost)
	switch {
	case won && !lost:
		p.closing(&out, at, ClosedWon, pipeline.Won)
	case lost && !won:
		p.closing(&out, at, ClosedLost, pipeline.Lost)
	default:
		p.between(&out, at)
		p.newName(&out, at)
	}
	return out
}

// closes says whether a name's deals close so as they enter it: by the habit of some, or by all where they are too few to
// have one. The sentence says how few.
func (p *Proposer) closes(name int, o pipeline.Outcome) bool {
	e := &p.entries[name]
	few := e.deals > 0 && e.deals < enough && e.as[o] == e.deals
	return few || p.survey.closes(name, e, o)
}

// likeness finds a known name that this one is another spelling of.
func (o *Proposal) likeness(v *process.Version) bool {
	normal := process.Normal(o.Name)
	for exact := range 2 { // first those that differ in numbers and marks only
		for i := range v.Stages {
			st := &v.Stages[i]
			for _, known := range slices.Concat(st.CRMStages, []string{st.Name}) {
				k := process.Normal(known)
				if exact == 0 && bare(k) == bare(normal) || exact == 1 && alike(k, normal) {
					o.Advice, o.Stage, o.Like = SameStage, st.Key, known
					return true
				}
			}
		}
	}
	return false
}

// between finds the place of a name among the stages of the latest version, by which of them deals visit first.
func (p *Proposer) between(o *Proposal, name int) {
	v := p.latest
	turn := newPrecedence(len(v.Stages) + 1)
	order, unknown, met := make([]int, len(v.Stages)), len(v.Stages), 0
	for i := range order {
		order[i] = i
	}
	for _, path := range p.log {
		if !slices.ContainsFunc(path.moves, func(m move) bool { return m.name == name }) {
			continue
		}
		var firsts visits
		for _, m := range path.moves {
			thing := unknown
			if m.name != name {
				thing = p.position(m.name)
			}
			if thing >= 0 {
				firsts = firsts.with(thing, m.run)
			}
		}
		if len(firsts) > 1 {
			met += path.n
			turn.add(firsts, path.n)
		}
	}
	if met == 0 {
		return
	}
	slot := turn.slot(unknown, order)
	o.Advice, o.Shown = NewStage, met
	if slot > 0 {
		o.After = v.Stages[slot-1].Key
	}
	if slot < len(v.Stages) {
		o.Before = v.Stages[slot].Key
	}
}

// position is where the stage that a name means stands in the latest version, -1 where that has none.
func (p *Proposer) position(name int) int {
	stage := p.process.Lookup(p.survey.names[name].normal, p.latest.From)
	if stage == nil {
		return -1
	}
	return p.latest.Position(stage.Key)
}
