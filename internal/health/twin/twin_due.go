package twin

import (
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// won stands for the number of the move where a deal's winning made something due.
const won = -1

// due is a checkpoint that fell due on a deal.
type due struct {
	key    string
	at     time.Time // when it fell due
	judged time.Time // of met, missed and excused; when it would be, of a pending one
	state  string    // met, missed, excused, pending, void
	by     string    // the rep who made the move; "" for nobody
	move   int       // number of the move, or won
	asks   *process.Criterion
}

func (x due) buyer() bool  { return strings.HasPrefix(x.key, "buyer:") }
func (x due) counts() bool { return x.state == "met" || x.state == "missed" }

// fallDue goes through the moves, and the winning before the moves at its instant.
func (w *world) fallDue(d *deal) {
	if len(d.moves) == 0 {
		return
	}
	told := d.outcome != pipeline.Won
	for n, m := range d.moves {
		if !told && d.over(m.at) {
			told = true
			w.winningMakesDue(d, n)
		}
		if m.stage != nil {
			w.moveMakesDue(d, n)
		}
	}
	if !told {
		w.winningMakesDue(d, len(d.moves))
	}
}

// positionBefore is the position in v of the latest of the first n moves whose stage v has, -1 if none.
func positionBefore(d *deal, v *process.Version, n int) int {
	for k := n - 1; k >= 0; k-- {
		if s := d.moves[k].stage; s != nil && position(v, s.Key) >= 0 {
			return position(v, s.Key)
		}
	}
	return -1
}

// visited says whether one of the first n moves entered the stage.
func visited(d *deal, key string, n int) bool {
	return slices.ContainsFunc(d.moves[:n], func(m move) bool { return m.stage != nil && m.stage.Key == key })
}

func (w *world) moveMakesDue(d *deal, n int) {
	m := d.moves[n]
	v := w.version(m.at)
	i, j := positionBefore(d, v, n), position(v, m.stage.Key)
	if j < 0 {
		return
	}
	if j < i && v.Stages[j].Phase != process.After && v.Stages[i].Phase != process.After {
		d.back = append(d.back, n)
	}
	if j <= i {
		return
	}
	w.skip(d, v, i, j, n, due{at: m.at, by: m.by, move: n})
	if !visited(d, m.stage.Key, n) {
		if v.Stages[j].Mandatory {
			w.stageDue(d, &v.Stages[j], "met", due{at: m.at, by: m.by, move: n})
		}
		w.criteriaDue(d, &v.Stages[j], due{at: m.at, by: m.by, move: n})
	}
}

// winningMakesDue is a move past every stage of before and selling; n moves came before.
func (w *world) winningMakesDue(d *deal, n int) {
	v := w.version(d.closed)
	w.skip(d, v, positionBefore(d, v, n), pastSelling(v), n, due{at: d.closed, by: w.owner(d), move: won})
}

// skip makes the mandatory stages between positions i and j due that were not visited by the first n moves.
func (w *world) skip(d *deal, v *process.Version, i, j, n int, by due) {
	for k := i + 1; k < j; k++ {
		s := &v.Stages[k]
		if s.Mandatory && !visited(d, s.Key, n) {
			w.stageDue(d, s, "missed", by)
			w.criteriaDue(d, s, by)
		}
	}
}

// afterWon says whether a move comes after the winning, when only checkpoints of after stages fall due.
func afterWon(d *deal, by due) bool { return by.move != won && d.over(by.at) }

func (w *world) stageDue(d *deal, s *process.Stage, state string, by due) {
	by.key, by.judged, by.state = process.StageCheckpoint(s.Key), by.at, state
	if waived(d, by.key) {
		by.state = "excused"
	}
	w.once(d, s, by)
}

func (w *world) criteriaDue(d *deal, s *process.Stage, by due) {
	for i := range s.Requires {
		c := &s.Requires[i]
		if !w.canFallDue(d, c, by.at) {
			continue
		}
		by.key, by.asks = process.BuyerCheckpoint(c.Key), c
		by.state, by.judged = w.judge(d, c, by.at)
		w.once(d, s, by)
	}
}

func (w *world) once(d *deal, s *process.Stage, x due) {
	already := slices.ContainsFunc(d.due, func(o due) bool { return o.key == x.key })
	if already || afterWon(d, x) && s.Phase != process.After {
		return
	}
	d.due = append(d.due, x)
}

// canFallDue: not before the roll-out, and never where the source cannot know.
func (w *world) canFallDue(d *deal, c *process.Criterion, t time.Time) bool {
	if c.Since.OK && t.Before(c.Since.V) {
		return false
	}
	switch c.MetBy.Means {
	case process.ByActivity:
		return w.has(pipeline.Activities) && w.named
	case process.ByField:
		return !d.hindsight() || hasRowOf(d, c.MetBy.Field)
	default:
		return w.has(pipeline.Criteria)
	}
}

func hasRowOf(d *deal, field string) bool {
	return slices.ContainsFunc(d.forecasts, func(f pipeline.Forecast) bool {
		if field == process.FieldAmount {
			return f.Amount.OK
		}
		return f.ExpectedClose.OK
	})
}

// judge says how a criterion that fell due at t stands as of the instant, and when it is judged.
func (w *world) judge(d *deal, c *process.Criterion, t time.Time) (state string, at time.Time) {
	at = t.Add(c.Grace.Or(w.set.Grace))
	switch {
	case d.outcome == pipeline.Lost && d.closed.Before(at) && !holds(d, c, d.closed):
		return "void", at
	case !at.Before(w.asOf):
		return "pending", at
	case waived(d, process.BuyerCheckpoint(c.Key)):
		return "excused", at
	case holds(d, c, at):
		return "met", at
	}
	return "missed", at
}

func waived(d *deal, checkpoint string) bool {
	return slices.ContainsFunc(d.waivers, func(v pipeline.Waiver) bool { return v.Checkpoint == checkpoint })
}

// holds says whether a criterion holds at t: rows at or before it, a field by the value in force.
func holds(d *deal, c *process.Criterion, t time.Time) bool {
	switch c.MetBy.Means {
	case process.ByActivity:
		n := 0
		for _, a := range d.activities {
			if !a.At.After(t) && isKind(a, c.MetBy) {
				n++
			}
		}
		return n >= max(1, c.MetBy.Count)
	case process.ByField:
		if c.MetBy.Field == process.FieldAmount {
			return d.rawAmountAt(t).OK
		}
		return d.expectedAt(t).OK
	default:
		return slices.ContainsFunc(d.criteria, func(r pipeline.CriterionMet) bool {
			return r.Criterion == c.MetBy.Criterion && !r.At.After(t)
		})
	}
}

func isKind(a pipeline.Activity, by process.MetBy) bool {
	party := by.Party
	if party == "" {
		party = pipeline.BuyerParty
	}
	return a.Party == party && (by.Kind == "" || strings.EqualFold(a.Kind, by.Kind))
}
