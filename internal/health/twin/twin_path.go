package twin

import (
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// retrace finds a deal's moves, visits and checkpoints.
func (w *world) retrace(d *deal) {
	d.moves = w.path(d)
	d.visits = w.visitsOf(d)
	w.fallDue(d)
}

// path is a deal's moves; none where none came before its closing.
func (w *world) path(d *deal) []move {
	var out []move
	for _, c := range d.changes {
		if _, closing := w.in.Process.ClosedAs(c.Stage); closing {
			continue
		}
		m := move{at: c.At, name: c.Stage, stage: w.lookup(c.Stage, c.At), by: w.mover(d, c)}
		if !countsAsMove(d, m) || len(out) > 0 && sameStage(out[len(out)-1], m) {
			continue
		}
		out = append(out, m)
	}
	if !slices.ContainsFunc(out, func(m move) bool { return !d.over(m.at) }) {
		return nil
	}
	return out
}

// over says whether the deal had ended by t.
func (d *deal) over(t time.Time) bool { return d.outcome != pipeline.Open && !t.Before(d.closed) }

func countsAsMove(d *deal, m move) bool {
	if !d.over(m.at) {
		return true
	}
	return d.outcome == pipeline.Won && m.stage != nil && m.stage.Phase == process.After
}

func sameStage(a, b move) bool {
	if a.stage == nil || b.stage == nil {
		return a.stage == nil && b.stage == nil && normal(a.name) == normal(b.name)
	}
	return a.stage.Key == b.stage.Key
}

// mover is who moved it, else the owner; "" for nobody and system users, without falling back.
func (w *world) mover(d *deal, c pipeline.StageChange) string {
	if c.RepID != "" {
		return w.person(c.RepID)
	}
	return w.owner(d)
}

func (w *world) visitsOf(d *deal) []visit {
	var out []visit
	for i, m := range d.moves {
		if m.stage == nil {
			continue
		}
		v := visit{stage: m.stage, start: m.at, end: w.asOf, how: "open"}
		last := i+1 == len(d.moves)
		selling := m.stage.Phase != process.After
		switch {
		case d.outcome == pipeline.Won && selling && (last || !d.moves[i+1].at.Before(d.closed)):
			v.end, v.how = d.closed, "advanced"
		case !last:
			v.end, v.how = d.moves[i+1].at, w.howItEnds(m.stage, d.moves[i+1])
		case d.outcome == pipeline.Lost:
			v.end, v.how = d.closed, "lost"
		}
		out = append(out, v)
	}
	return out
}

func (w *world) howItEnds(s *process.Stage, next move) string {
	switch {
	case next.stage == nil:
		return "unknown"
	case w.later(s, next):
		return "advanced"
	}
	return "back"
}

// later says whether a mapped move goes to a stage that stands later than s: by position in the version in
// force at the move if it has both, else by phase.
func (w *world) later(s *process.Stage, next move) bool {
	v := w.version(next.at)
	i, j := position(v, s.Key), position(v, next.stage.Key)
	if i >= 0 && j >= 0 {
		return j > i
	}
	return next.stage.Phase >= s.Phase
}

// lastMappedBefore is the deal's latest mapped move before t, nil if there is none.
func (d *deal) lastMappedBefore(t time.Time) *move {
	var out *move
	for i := range d.moves {
		if d.moves[i].at.Before(t) && d.moves[i].stage != nil {
			out = &d.moves[i]
		}
	}
	return out
}

// standing is the deal's latest move before t, nil if there is none.
func (d *deal) standing(t time.Time) *move {
	var out *move
	for i := range d.moves {
		if d.moves[i].at.Before(t) {
			out = &d.moves[i]
		}
	}
	return out
}

// openAt says whether the deal is an open one at t, by how it had ended by then.
func (w *world) openAt(d *deal, t time.Time) bool {
	if !d.created.Before(t) {
		return false
	}
	outcome, _, _ := w.closing(d.history, t)
	s := w.stageAt(d, t)
	isAfter := len(d.moves) > 0 && s != nil && s.Phase == process.After
	return (outcome == pipeline.Open || outcome == pipeline.Won && isAfter) && (s == nil || !s.Final)
}

// stageAt is the stage at t: of the latest move, or the deal's own where it has no path.
func (w *world) stageAt(d *deal, t time.Time) *process.Stage {
	if len(d.moves) == 0 {
		return w.lookup(d.Stage, w.asOf)
	}
	if m := d.standing(t); m != nil {
		return m.stage
	}
	return nil
}
