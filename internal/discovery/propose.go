package discovery

import (
	"fmt"
	"math"
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Advice is what to do about a name that a process does not know.
type Advice int

// What a Proposal can advise.
const (
	Unsure     Advice = iota // too few deals show what it is
	SameStage                // another spelling of a known stage
	ClosedWon                // it closes deals as won
	ClosedLost               // it closes deals as lost
	NewStage                 // a stage of its own, between two known ones
)

// Proposal says what to do about a name that a process does not know.
type Proposal struct {
	Name   string // as the source writes it most often; as asked for where no deal ever entered it
	Advice Advice
	Deals  int // that ever entered it

	Stage         string // SameStage: the key of the stage
	Like          string // SameStage: the known name that it is like
	After, Before string // NewStage: the keys of the stages that it stands between; empty: at that end
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
	won, lost := s.closes(at, &p.entries[at], pipeline.Won), s.closes(at, &p.entries[at], pipeline.Lost)
	switch {
	case won && !lost:
		out.Advice = ClosedWon
	case lost && !won:
		out.Advice = ClosedLost
	default:
		p.between(&out, at)
	}
	return out
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
	o.Advice = NewStage
	if slot > 0 {
		o.After = v.Stages[slot-1].Key
	}
	if slot < len(v.Stages) {
		o.Before = v.Stages[slot].Key
	}
}

// short says what the name seems to be.
func (o Proposal) short() string {
	switch o.Advice {
	case SameStage:
		return fmt.Sprintf("like %q of %s", o.Like, o.Stage)
	case ClosedWon:
		return "deals are won as they enter it"
	case ClosedLost:
		return "deals are lost as they enter it"
	case NewStage:
		return "usually entered " + o.where()
	}
	return "no deal shows what it is"
}

// position is where the stage that a name means stands in the latest version, -1 where that has none.
func (p *Proposer) position(name int) int {
	stage := p.process.Lookup(p.survey.names[name].normal, p.latest.From)
	if stage == nil {
		return -1
	}
	return p.latest.Position(stage.Key)
}

// String is the proposal as a sentence without its end.
func (o Proposal) String() string {
	switch o.Advice {
	case SameStage:
		return fmt.Sprintf("it looks like %q: add it to crm_stages of %s", o.Like, o.Stage)
	case ClosedWon:
		return "deals are won as they enter it: add it to closed_stages.won"
	case ClosedLost:
		return "deals are lost as they enter it: add it to closed_stages.lost"
	case NewStage:
		return "deals usually enter it " + o.where() + ": make it a stage of its own there, or add it to crm_stages of a stage that means the same"
	}
	return "no deal shows what it is: add it to crm_stages of the stage that means the same"
}

func (o Proposal) where() string {
	switch {
	case o.After == "":
		return "before " + o.Before
	case o.Before == "":
		return "after " + o.After
	}
	return fmt.Sprintf("between %s and %s", o.After, o.Before)
}

// Percent is a share in whole percent; only all is 100 and only none 0.
func Percent(part, of int) string {
	share := math.Round(100 * float64(part) / float64(of))
	switch {
	case part > 0 && share == 0:
		return "under 1 %"
	case part < of && share == 100:
		return "over 99 %"
	}
	return fmt.Sprintf("%.0f %%", share)
}
