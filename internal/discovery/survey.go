// Package discovery finds out what a pipeline really does (process discovery). In goes every deal with its history, one
// after the other; out comes a Draft of the process: stages in their usual order with what they are worth, the names that
// close deals, who moves deals without being a person; and, for a name that a process does not know, a Proposal.
// It refuses to draft from a pipeline in which no deal was ever in a stage, and it never says what a buyer has done:
// that only people know. Read draft.go for the flow, closing.go and order.go for the two questions that take judgement.
package discovery

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Bounds of what is kept, so that a column of free text costs no more memory than a column of stages.
const (
	mostNames     = 2000 // stage names
	mostSpellings = 20   // of one name
	mostProofs    = 500  // criteria and kinds of activities
	mostLines     = 1000 // pipelines
	longestPath   = 1000 // moves of one deal
)

// near is how far from a deal's closing a change may lie and still be the closing itself: many CRMs keep a date.
const near = 24 * time.Hour

// Survey takes in deals and keeps what a draft is made of: which paths there are and how many deals took each (the trace
// variants of process mining), and counts. Its memory grows with the different paths, not with the deals.
type Survey struct {
	asOf time.Time

	names    []nameTally // in the order of their first sight
	nameAt   map[string]int
	lines    []lineTally // the pipelines
	lineAt   map[string]int
	variants map[string]*int // a path, encoded → deals
	movers   map[moverKey]*moverTally
	money    map[currencyKey]int // deals by currency
	proofs   map[proofKey]*proofTally
	resting  map[restKey]*restTally

	first, last time.Time
	buffer      []byte
}

type nameTally struct {
	normal    string
	spellings map[string]int
	uses      map[int]span // by pipeline
}

type span struct{ first, last time.Time }

type lineTally struct {
	name  string // as first seen; empty: no pipeline
	deals int
	moved int // deals with a stage change
	ended map[pipeline.Outcome]int
}

type moverKey struct {
	rep  string
	name int
	line int
}

type moverTally struct{ moves, own int } // own: of deals that the mover owns

type currencyKey struct {
	line int
	code string
}

type restKey struct {
	line  int
	stage string // normal
}

// restTally is what deals tell that rest in one stage now: those that have no history, and closed ones whose history lacks
// the entry into it.
type restTally struct {
	spelling  string
	deals     map[pipeline.Outcome]int
	chance    float64 // the sum over open deals, of the n that state one
	chanceFor int
}

// NewSurvey starts one that sees what was before an instant.
func NewSurvey(asOf time.Time) *Survey {
	return &Survey{asOf: asOf, nameAt: map[string]int{}, lineAt: map[string]int{}, variants: map[string]*int{},
		movers: map[moverKey]*moverTally{}, money: map[currencyKey]int{}, proofs: map[proofKey]*proofTally{}, resting: map[restKey]*restTally{}}
}

// When a move was made, seen from the deal's closing.
type when uint8

const (
	before  when = iota // also where the deal is open
	closing             // the last change, at most a day before closed_at; or the last of a closed deal without closed_at
	atClose             // at closed_at, or at most a day later
	later
)

// tied is a bit beside it: the row does not say whether the move came before or after the one before it.
const tied = 1 << 7

// Add takes in one deal. The history may be used again afterwards.
func (s *Survey) Add(h *pipeline.History) {
	d, changes := &h.Deal, s.seen(h.Changes)
	begins := d.CreatedAt
	if len(changes) > 0 && changes[0].At.Before(begins) {
		begins = changes[0].At
	}
	if !begins.Before(s.asOf) {
		return
	}
	line := s.line(d.Pipeline)
	s.lines[line].deals++
	s.notice(begins)
	if d.Currency != "" {
		s.money[currencyKey{line, strings.ToUpper(d.Currency)}]++
	}
	outcome, closed := closingOf(d, s.asOf)
	s.lines[line].ended[outcome]++
	if closed.OK {
		s.notice(closed.V)
	}
	if len(changes) == 0 {
		s.rest(line, d, outcome)
		return
	}
	if outcome != pipeline.Open && !enters(changes, d.Stage) {
		s.rest(line, d, outcome) // its closing is not in the history
	}
	s.lines[line].moved++
	s.path(line, d, changes, outcome, closed)
	s.prove(line, h, changes, outcome, closed)
}

// enters says whether a deal's history has an entry into a stage.
func enters(changes []pipeline.StageChange, stage string) bool {
	normal := process.Normal(stage)
	return slices.ContainsFunc(changes, func(c pipeline.StageChange) bool { return process.Normal(c.Stage) == normal })
}

// closingOf gives a deal's outcome as of an instant, and when it closed, where that is known.
func closingOf(d *pipeline.Deal, asOf time.Time) (pipeline.Outcome, pipeline.Opt[time.Time]) {
	none := pipeline.Opt[time.Time]{}
	if d.Outcome == pipeline.Open || !d.ClosedAt.OK {
		return d.Outcome, none
	}
	at := d.ClosedAt.V
	if at.Before(d.CreatedAt) {
		at = d.CreatedAt
	}
	if !at.Before(asOf) {
		return pipeline.Open, none
	}
	return d.Outcome, pipeline.Some(at)
}

// seen gives the changes before the instant of the survey; they come in the order of time.
func (s *Survey) seen(all []pipeline.StageChange) []pipeline.StageChange {
	n := len(all)
	for n > 0 && !all[n-1].At.Before(s.asOf) {
		n--
	}
	return all[:n]
}

func (s *Survey) notice(t time.Time) {
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}

// path notes which stages a deal entered, one after the other, and who moved it. A repeat of the same stage is no move.
func (s *Survey) path(line int, d *pipeline.Deal, changes []pipeline.StageChange, outcome pipeline.Outcome, closed pipeline.Opt[time.Time]) {
	s.buffer = append(binary.BigEndian.AppendUint16(s.buffer[:0], uint16(line)), code(outcome))
	previous, moves := -1, 0
	end := len(changes) - 1 // where the last move is: what follows are repeats of it
	for end > 0 && process.Normal(changes[end-1].Stage) == process.Normal(changes[end].Stage) {
		end--
	}
	for i := range changes {
		c := &changes[i]
		name := s.name(c.Stage, line, c.At)
		if name < 0 || name == previous || moves == longestPath {
			continue
		}
		previous = name
		moves++
		s.notice(c.At)
		s.moved(moverKey{c.RepID, name, line}, c.RepID == d.RepID)
		how := byte(whenOf(c.At, i >= end, outcome, closed))
		if i > 0 && !c.Seq.OK && c.At.Equal(changes[i-1].At) {
			how |= tied
		}
		s.buffer = append(binary.BigEndian.AppendUint16(s.buffer, uint16(name)), how)
	}
	if n := s.variants[string(s.buffer)]; n != nil {
		*n++
		return
	}
	one := 1
	s.variants[string(s.buffer)] = &one
}

func whenOf(at time.Time, last bool, outcome pipeline.Outcome, closed pipeline.Opt[time.Time]) when {
	switch {
	case outcome == pipeline.Open:
		return before
	case !closed.OK && last:
		return closing
	case !closed.OK:
		return before
	}
	switch gap := at.Sub(closed.V); {
	case gap > near:
		return later
	case gap >= 0:
		return atClose
	case last && gap >= -near:
		return closing
	}
	return before
}

func (s *Survey) moved(key moverKey, own bool) {
	if key.rep == "" {
		own = false
	}
	m := s.movers[key]
	if m == nil {
		m = &moverTally{}
		s.movers[key] = m
	}
	m.moves++
	if own {
		m.own++
	}
}

// name gives the number of a stage's name, -1 for an empty one and for those beyond the bound.
func (s *Survey) name(raw string, line int, at time.Time) int {
	spelling := strings.TrimSpace(raw)
	normal := process.Normal(raw)
	i, known := s.nameAt[normal]
	if !known {
		if normal == "" || len(s.names) == mostNames {
			return -1
		}
		i = len(s.names)
		s.nameAt[normal] = i
		s.names = append(s.names, nameTally{normal: normal, spellings: map[string]int{}, uses: map[int]span{}})
	}
	n := &s.names[i]
	if _, known := n.spellings[spelling]; known || len(n.spellings) < mostSpellings {
		n.spellings[spelling]++
	}
	use, used := n.uses[line]
	if !used || at.Before(use.first) {
		use.first = at
	}
	if !used || at.After(use.last) {
		use.last = at
	}
	n.uses[line] = use
	return i
}

// line gives the number of a pipeline; those beyond the bound are counted with deals of none.
func (s *Survey) line(raw string) int {
	normal := process.Normal(raw)
	i, known := s.lineAt[normal]
	if known {
		return i
	}
	if len(s.lines) >= mostLines && normal != "" {
		return s.line("")
	}
	i = len(s.lines)
	s.lineAt[normal] = i
	s.lines = append(s.lines, lineTally{name: strings.TrimSpace(raw), ended: map[pipeline.Outcome]int{}})
	return i
}

func (s *Survey) rest(line int, d *pipeline.Deal, outcome pipeline.Outcome) {
	key := restKey{line, process.Normal(d.Stage)}
	if key.stage == "" {
		return
	}
	r := s.resting[key]
	if r == nil {
		if len(s.resting) == mostNames {
			return
		}
		r = &restTally{spelling: strings.TrimSpace(d.Stage), deals: map[pipeline.Outcome]int{}}
		s.resting[key] = r
	}
	r.deals[outcome]++
	if outcome == pipeline.Open && d.Probability.OK {
		r.chance += d.Probability.V
		r.chanceFor++
	}
}

// The outcomes as bytes of an encoded path.
var outcomes = []pipeline.Outcome{pipeline.Open, pipeline.Won, pipeline.Lost}

func code(o pipeline.Outcome) byte {
	for i, known := range outcomes {
		if o == known {
			return byte(i)
		}
	}
	return 0
}

// variant is a path that n deals took.
type variant struct {
	outcome pipeline.Outcome
	moves   []move
	n       int
}

type move struct {
	name int
	when when
	run  int // moves of one run came in no known order
}

// log decodes the paths of the pipelines that are asked for. Their order is none: whoever reads them counts.
func (s *Survey) log(in func(line int) bool) []variant {
	var out []variant
	for path, n := range s.variants {
		b := []byte(path)
		if !in(int(binary.BigEndian.Uint16(b))) {
			continue
		}
		v := variant{outcome: outcomes[b[2]], n: *n}
		run := 0
		for b = b[3:]; len(b) > 0; b = b[3:] {
			if b[2]&tied == 0 {
				run++
			}
			v.moves = append(v.moves, move{name: int(binary.BigEndian.Uint16(b)), when: when(b[2] &^ tied), run: run})
		}
		out = append(out, v)
	}
	return out
}
