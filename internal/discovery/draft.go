package discovery

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// ErrNothing says that no deal was ever in a stage, so there is nothing to draft from.
var ErrNothing = errors.New("no deal was ever in a stage")

// Draft is a process as it seems to be. Counts are of deals unless said otherwise.
type Draft struct {
	Pipelines []Pipeline // by deals, most first
	Of        string     // the pipeline that the draft is of; empty: all of them together

	First, Last time.Time // of creations, moves and closings seen
	Deals       int
	Outcomes    map[pipeline.Outcome]int // of all of them
	Traced      map[pipeline.Outcome]int // of those with a history; without any, of those that rest in a stage
	Moves       int                      // those into closed stages left out
	NoHistory   bool                     // stages are those in which deals rest, in an order that is guessed by Guess
	Guess       string

	Stages  []Stage // in their usual order, after stages last
	Won     []Closed
	Lost    []Closed
	Aside   []Aside
	Movers  []Mover // who made over a third of all moves, most first
	Money   []Currency
	Proofs  []Proof
	TooMany bool // more different names than a survey keeps
}

// Pipeline is one, with its number of deals. Its name is empty for deals of none.
type Pipeline struct {
	Name  string
	Deals int
}

// Stage is one step.
type Stage struct {
	Key, Name string
	CRMStages []string  // as the source writes them, most used first
	Renamed   *Renaming // nil: it kept its name
	Phase     process.Phase
	Mandatory bool
	Final     bool

	Deals, Visits int
	Closed, Won   int // of the deals that were ever in it, those that closed, and were won
	Past, Passed  int // deals that came past it, and those of them that had been in it
}

// WinChance is the share won of the closed deals that were ever in a selling stage; missing below a handful of them, and
// where all deals end alike: a share of 1 would tell nothing then.
func (d *Draft) WinChance(s *Stage) pipeline.Opt[float64] {
	if s.Phase == process.After || s.Closed < handful || d.Traced[pipeline.Won] == 0 || d.Traced[pipeline.Lost] == 0 {
		return pipeline.Opt[float64]{}
	}
	return pipeline.Some(float64(s.Won) / float64(s.Closed))
}

// Renaming says that one name of a stage went out of use as another came.
type Renaming struct {
	Old, New    string
	Until, From time.Time // the last entry into the old one, the first into the new one
}

// Closed is a name that closes deals.
type Closed struct {
	Name   string
	Deals  int // that ever entered it
	Closed int // of them closed so as they did
	Rested int // others that rest in it closed so, without having entered it as far as the history goes
}

// Aside is a name that is not made a stage of. Only of the most used ones there is a proposal.
type Aside struct {
	Name     string
	Deals    int
	Why      string
	Proposal Proposal
}

// Mover is somebody who made over a third of all moves.
type Mover struct {
	Rep        string
	Moves, Own int // Own: moves of deals that the mover owns
	All        int
}

// System says whether this looks like an integration: most of its moves are of deals that others own. A seller in a small
// team moves over a third of all deals too, but their own.
func (m Mover) System() bool { return 2*m.Own < m.Moves }

// Currency is one, with the number of deals in it.
type Currency struct {
	Code  string
	Deals int
}

// drafting is a draft on its way.
type drafting struct {
	survey *Survey
	of     func(line int) bool
	log    []variant
	closed map[int]pipeline.Outcome
	rested map[pipeline.Outcome][]resters // where closed deals rest whose closing is not in the history
	groups []group
	paths  []path
	phases []process.Phase
	counts []Stage // of the groups
	rare   []bool  // of the groups: no stage is made of them
	order  []int   // of the groups that are stages
}

// group is the names that are one stage.
type group struct {
	bare    string
	names   []int
	renamed *Renaming
}

// Draft says what was found. The error is ErrNothing where no deal was ever in a stage.
func (s *Survey) Draft() (*Draft, error) {
	d := &Draft{First: s.first, Last: s.last, Outcomes: map[pipeline.Outcome]int{}, Traced: map[pipeline.Outcome]int{}, TooMany: len(s.names) == mostNames}
	of := s.choose(d)
	for l := range s.lines {
		if of(l) {
			d.Deals += s.lines[l].deals
			for outcome, n := range s.lines[l].ended {
				d.Outcomes[outcome] += n
			}
		}
	}
	d.Money = s.currencies(of)
	w := &drafting{survey: s, of: of, log: s.log(of)}
	for _, v := range w.log {
		d.Traced[v.outcome] += v.n
	}
	if len(w.log) == 0 {
		return d, s.guess(d, of)
	}
	w.closed = s.closedNames(w.log)
	w.closeResting()
	w.group()
	w.read()
	for w.mergeRenamed() {
		w.read()
	}
	w.fill(d)
	w.setAside(d)
	d.Movers = w.movers()
	if len(d.Stages) == 0 {
		return d, fmt.Errorf("%w that did not close it", ErrNothing)
	}
	return d, nil
}

// choose finds the pipeline that the draft is of: the largest. Deals without a pipeline belong to none that a process could
// name, so where they are most the draft is of all.
func (s *Survey) choose(d *Draft) (of func(line int) bool) {
	for _, l := range s.lines {
		d.Pipelines = append(d.Pipelines, Pipeline{l.name, l.deals})
	}
	slices.SortFunc(d.Pipelines, func(a, b Pipeline) int {
		return cmp.Or(cmp.Compare(b.Deals, a.Deals), strings.Compare(process.Normal(a.Name), process.Normal(b.Name)))
	})
	if len(d.Pipelines) < 2 || d.Pipelines[0].Name == "" {
		return func(int) bool { return true }
	}
	d.Of = d.Pipelines[0].Name
	largest := s.lineAt[process.Normal(d.Of)]
	return func(line int) bool { return line == largest }
}

func (s *Survey) currencies(of func(line int) bool) []Currency {
	sum := map[string]int{}
	for k, n := range s.money {
		if of(k.line) {
			sum[k.code] += n
		}
	}
	var out []Currency
	for code, n := range sum {
		out = append(out, Currency{code, n})
	}
	slices.SortFunc(out, func(a, b Currency) int { return cmp.Or(cmp.Compare(b.Deals, a.Deals), strings.Compare(a.Code, b.Code)) })
	return out
}

// group puts names together that differ in case, numbers and marks only. Groups are in the order of these bare names, so that
// nothing depends on which deal comes first.
func (w *drafting) group() {
	used := map[int]bool{}
	for _, v := range w.log {
		for _, m := range v.moves {
			used[m.name] = true
		}
	}
	by := map[string][]int{}
	for name := range used {
		if _, closed := w.closed[name]; !closed {
			b := bare(w.survey.names[name].normal)
			by[b] = append(by[b], name)
		}
	}
	for _, b := range slices.Sorted(maps.Keys(by)) {
		w.groups = append(w.groups, group{bare: b, names: by[b]})
	}
}

// groupOf gives the group of each name, -1 for none.
func (w *drafting) groupOf() []int {
	out := make([]int, len(w.survey.names))
	for i := range out {
		out[i] = -1
	}
	for g := range w.groups {
		for _, name := range w.groups[g].names {
			out[name] = g
		}
	}
	return out
}
