package health

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// move is the entry of a deal into a stage, as far as it counts.
type move struct {
	at instant
	placed
	name  *stageName
	repID string // who made it, else the owner
	v     int    // index of the version in force at that time
}

// end is how a visit ended.
type end uint8

const (
	endOpen end = iota
	endAdvanced
	endBack
	endLost
	endUnknown
)

var endNames = [...]string{"open", "advanced", "back", "lost", "unknown"}

// String gives the word used in the report.
func (e end) String() string { return endNames[e] }

// visit is the stay in one stage, from its move to the next.
type visit struct {
	stage *process.Stage
	index int // of the stage in process order
	start instant
	dwell instant
	end   end
}

// view is a deal as it was at one instant: what came later is not there.
type view struct {
	h         *pipeline.History
	asOf      instant
	outcome   pipeline.Outcome
	closed    bool
	closedAt  instant // if closed
	undatable bool    // won or lost, nobody knows when: left out of every figure
	born      instant // from its first stage change or created_at, whichever is earlier
	created   instant

	changes []move // every stage change before the instant, in order, closing and repeated ones included
	moves   []move // those that count, without repeats
	before  int    // how many of the moves lie before the closing
	hasPath bool
	visits  []visit
	open    bool           // an open deal in the sense of the stalls
	current *process.Stage // where it stands; nil when unmapped or unknown
	since   instant        // when the current visit began
	waiting bool           // whether there is a current visit (since is set)
	found   bool           // its first move is none: so we found it, and it may have stood there for long

	checks []dueCheck // the checkpoints that fell due
}

// scratch is memory that one deal after the other uses: a view is valid until the next.
type scratch struct {
	view    view
	rows    []changeRow
	changes []move
	moves   []move
	visits  []visit
	checks  []dueCheck
	due     []bool // by checkpoint
	visited []bool // by stage
	seen    []bool // by stage
	rising  []int
}

// view gives the deal as of the report's instant, nil if it was not there yet.
func (c *computation) view(h *pipeline.History) *view {
	d := &c.scratch.view
	*d = view{h: h, asOf: c.asOf, created: toInstant(h.Deal.CreatedAt)}
	d.born = d.created
	for i := range h.Changes {
		d.born = min(d.born, toInstant(h.Changes[i].At))
	}
	if d.born >= c.asOf {
		return nil
	}
	d.outcome, d.closedAt, d.undatable = c.closing(h, c.asOf)
	d.closed = d.outcome != pipeline.Open
	if d.undatable {
		return d
	}
	d.changes = c.sortedChanges(h)
	d.found = c.found(d)
	c.walk(d)
	c.stays(d)
	c.stand(d)
	return d
}

// closing gives a deal's outcome as of an instant and when it closed. A won or lost deal without closed_at
// closes at its last change before the instant into a closed stage of that outcome; if all of those are
// later it is open; if there are none, nobody knows when (undatable).
func (c *computation) closing(h *pipeline.History, asOf instant) (o pipeline.Outcome, at instant, undatable bool) {
	if h.Deal.Outcome == pipeline.Open {
		return pipeline.Open, 0, false
	}
	if h.Deal.ClosedAt.OK {
		at = max(toInstant(h.Deal.ClosedAt.V), toInstant(h.Deal.CreatedAt))
		if at >= asOf {
			return pipeline.Open, 0, false
		}
		return h.Deal.Outcome, at, false
	}
	any, found := false, false
	for i := range h.Changes {
		if c.name(h.Changes[i].Stage).closed != h.Deal.Outcome {
			continue
		}
		any = true
		if t := toInstant(h.Changes[i].At); t < asOf && (!found || t > at) {
			at, found = t, true
		}
	}
	switch {
	case found:
		return h.Deal.Outcome, at, false
	case any:
		return pipeline.Open, 0, false
	}
	return h.Deal.Outcome, 0, true
}

// stageName is what the process makes of one of the source's names for a stage.
type stageName struct {
	text      string           // trimmed
	normal    string           // as names compare
	closed    pipeline.Outcome // won or lost where the name means the end, else empty
	byVersion []placed         // by the version in force
}

// placed is a stage as a version knows it.
type placed struct {
	stage    *process.Stage // nil: no version knows the name
	index    int            // in process order
	position int            // in that version, -1: it has no such stage
}

// name looks a name up once: there are few of them and many moves.
func (c *computation) name(raw string) *stageName {
	if n := c.names[raw]; n != nil {
		return n
	}
	n := &stageName{text: strings.TrimSpace(raw), normal: process.Normal(raw)}
	n.closed, _ = c.proc.ClosedAs(raw)
	for i := range c.proc.Versions {
		p := placed{stage: c.proc.LookupIn(raw, i), position: -1}
		if p.stage != nil {
			p.index, p.position = c.stageIndex[p.stage.Key], c.proc.Versions[i].Position(p.stage.Key)
		}
		n.byVersion = append(n.byVersion, p)
	}
	c.names[strings.Clone(raw)] = n
	return n
}

// versionAt gives the index of the version in force at t.
func (c *computation) versionAt(t instant) int {
	v := 0
	for i, from := range c.from {
		if from <= t {
			v = i
		}
	}
	return v
}

// version gives the version in force at t.
func (c *computation) version(t instant) *process.Version { return &c.proc.Versions[c.versionAt(t)] }

// sortedChanges gives the stage changes before the report's instant by time, then seq (nulls last), then
// the stage's position in the version in force (unmapped last), then the name as given.
func (c *computation) sortedChanges(h *pipeline.History) []move {
	rows := c.scratch.rows[:0]
	for i := range h.Changes {
		s := &h.Changes[i]
		at := toInstant(s.At)
		if at >= c.asOf {
			continue
		}
		m := move{at: at, name: c.name(s.Stage), repID: s.RepID, v: c.versionAt(c.earliest(at, toInstant(h.Deal.CreatedAt)))}
		m.placed = m.name.byVersion[m.v]
		if m.repID == "" {
			m.repID = h.Deal.RepID
		}
		rows = append(rows, changeRow{m, s.Seq, s.Stage})
	}
	if !slices.IsSortedFunc(rows, c.compareChanges) {
		slices.SortStableFunc(rows, c.compareChanges)
	}
	c.scratch.rows = rows
	out := c.scratch.changes[:0]
	for i := range rows {
		out = append(out, rows[i].move)
	}
	c.scratch.changes = out
	return out
}

// changeRow is a stage change with what decides its place.
type changeRow struct {
	move
	seq pipeline.Opt[int64]
	raw string
}

func (c *computation) compareChanges(a, b changeRow) int {
	if d := cmp.Compare(a.at, b.at); d != 0 {
		return d
	}
	if a.seq.OK != b.seq.OK {
		if a.seq.OK {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.seq.V, b.seq.V), cmp.Compare(c.place(&a.move), c.place(&b.move)), cmp.Compare(a.raw, b.raw))
}

// place is the position of a move's stage in the version in force, unknown stages last.
func (c *computation) place(m *move) int {
	if m.position >= 0 {
		return m.position
	}
	return math.MaxInt
}

// walk finds the moves that count: not into closed stages, not after the closing (but for a won deal's
// moves into after stages), without repeats of the same stage.
func (c *computation) walk(d *view) {
	d.moves = c.scratch.moves[:0]
	defer func() { c.scratch.moves = d.moves }()
	for _, m := range d.changes {
		if m.name.closed != "" {
			continue
		}
		late := d.closed && m.at >= d.closedAt
		if late && (d.outcome == pipeline.Lost || m.stage == nil || m.stage.Phase != process.After) {
			continue
		}
		if n := len(d.moves); n > 0 && same(&d.moves[n-1], &m) {
			continue
		}
		d.moves = append(d.moves, m)
		if !late {
			d.before = len(d.moves)
		}
	}
	d.hasPath = d.before > 0
}

// same says whether two moves enter the same stage.
func same(a, b *move) bool {
	if a.stage == nil || b.stage == nil {
		return a.stage == nil && b.stage == nil && a.name.normal == b.name.normal
	}
	return a.stage.Key == b.stage.Key
}

// later says whether a move leads onward from an earlier stage: by position in the version in force at the
// move if that has both stages, else by phase.
func (c *computation) later(from *process.Stage, m *move) bool {
	v := &c.proc.Versions[m.v]
	i, j := v.Position(from.Key), m.position
	if i >= 0 && j >= 0 {
		return j > i
	}
	return m.stage.Phase >= from.Phase
}

// stays cuts the path into visits.
func (c *computation) stays(d *view) {
	if !d.hasPath {
		return
	}
	d.visits = c.scratch.visits[:0]
	defer func() { c.scratch.visits = d.visits }()
	for i := range d.moves {
		m := &d.moves[i]
		if m.stage == nil {
			continue
		}
		v := visit{stage: m.stage, index: m.index, start: m.at}
		wonHere := d.outcome == pipeline.Won && i == d.before-1 && m.stage.Phase != process.After
		switch {
		case wonHere:
			v.end, v.dwell = endAdvanced, d.closedAt-m.at
		case i+1 < len(d.moves):
			next := &d.moves[i+1]
			v.dwell = next.at - m.at
			switch {
			case next.stage == nil:
				v.end = endUnknown
			case c.later(m.stage, next):
				v.end = endAdvanced
			default:
				v.end = endBack
			}
		case d.outcome == pipeline.Lost:
			v.end, v.dwell = endLost, d.closedAt-m.at
		default:
			v.end, v.dwell = endOpen, d.asOf-m.at
		}
		d.visits = append(d.visits, v)
	}
}

// stand says where the deal stands: an open deal is one with outcome open, or a won one whose current visit
// is in an after stage; never one that has reached a final stage.
func (c *computation) stand(d *view) {
	if !d.hasPath {
		if d.h.Deal.Stage != "" {
			d.current = c.name(d.h.Deal.Stage).byVersion[c.versionAt(d.asOf)].stage
		}
		d.open = d.outcome == pipeline.Open && (d.current == nil || !d.current.Final)
		return
	}
	last := d.moves[len(d.moves)-1]
	if n := len(d.visits); n > 0 && last.stage != nil && d.visits[n-1].end == endOpen {
		d.current, d.since, d.waiting = last.stage, last.at, true
	}
	switch d.outcome {
	case pipeline.Open:
		d.open = d.current == nil || !d.current.Final
	case pipeline.Won:
		d.open = d.waiting && d.current.Phase == process.After && !d.current.Final
	}
}
