package twin

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// ended lists the deals that closed in the lookback.
func (w *world) ended() []*deal {
	return filter(w.deals, func(d *deal) bool {
		return d.outcome != pipeline.Open && within(d.closed, w.asOf.Add(-w.set.Lookback), w.asOf)
	})
}

// cell of the table: deals of one stratum that met or missed the checkpoint.
type cell struct{ metWon, met, missedWon, missed float64 }

// earns says whether deals that met a checkpoint were won more often.
func (w *world) earns(c checkpoint) *health.Earns {
	if w.saysNothing(c) {
		return &health.Earns{Verdict: pipeline.Some("too_few")}
	}
	var strata [4]cell
	var sum cell
	for _, d := range w.ended() {
		x, ok := w.verdictOn(d, c)
		if !ok {
			continue
		}
		strata[w.stratum(d)].add(x, d.outcome)
		sum.add(x, d.outcome)
	}
	e := &health.Earns{MetN: pipeline.Some(int(sum.met)), MetWon: pipeline.Some(int(sum.metWon)),
		MissedN: pipeline.Some(int(sum.missed)), MissedWon: pipeline.Some(int(sum.missedWon))}
	e.RiskRatio, e.Low, e.High = mantelHaenszel(strata[:])
	wins := sum.metWon + sum.missedWon
	switch {
	case sum.met < 10 || sum.missed < 10 || wins < 10 || sum.met+sum.missed-wins < 10:
		e.Verdict = pipeline.Some("too_few")
	case e.Low.OK && e.Low.V > 1:
		e.Verdict = pipeline.Some("earns_its_place")
	case e.High.OK && e.High.V < 1:
		e.Verdict = pipeline.Some("review")
	default:
		e.Verdict = pipeline.Some("unproven")
	}
	return e
}

func (c *cell) add(x due, o pipeline.Outcome) {
	y := 0.0
	if o == pipeline.Won {
		y = 1
	}
	if x.state == "met" {
		c.met, c.metWon = c.met+1, c.metWon+y
	} else {
		c.missed, c.missedWon = c.missed+1, c.missedWon+y
	}
}

// saysNothing: checkpoints of after stages, and the last mandatory selling stage in force.
func (w *world) saysNothing(c checkpoint) bool {
	last := ""
	for _, s := range w.version(w.asOf).Stages {
		if s.Mandatory && s.Phase == process.Selling {
			last = process.StageCheckpoint(s.Key)
		}
	}
	return c.stage.Phase == process.After || c.key == last
}

// verdictOn finds whether the deal met or missed the checkpoint, as far as that says something.
func (w *world) verdictOn(d *deal, c checkpoint) (due, bool) {
	for _, x := range d.due {
		if x.key == c.key && x.move != won && x.counts() {
			return x, x.buyer() || w.wentOn(d, c.stage)
		}
	}
	return due{}, false
}

// wentOn says whether a deal entered a before or selling stage before its closing that stands later in the
// version in force at the move.
func (w *world) wentOn(d *deal, s *process.Stage) bool {
	return slices.ContainsFunc(d.moves, func(m move) bool {
		if m.stage == nil || m.stage.Phase == process.After || d.over(m.at) {
			return false
		}
		v := w.version(m.at)
		return position(v, s.Key) >= 0 && position(v, m.stage.Key) > position(v, s.Key)
	})
}

// stratum by amount at closing: thirds of all closed deals, and a fourth without.
func (w *world) stratum(d *deal) int {
	var all []float64
	for _, o := range w.ended() {
		if a := w.amountAtClosing(o); a.OK {
			all = append(all, a.V)
		}
	}
	slices.Sort(all)
	a := w.amountAtClosing(d)
	n := len(all)
	switch {
	case !a.OK:
		return 3
	case a.V <= all[(n+2)/3-1]:
		return 0
	case a.V <= all[(2*n+2)/3-1]:
		return 1
	}
	return 2
}

// mantelHaenszel is the risk ratio over strata with Greenland and Robins' interval.
func mantelHaenszel(strata []cell) (ratio, low, high health.Number) {
	var r, s, p float64
	for _, c := range strata {
		n := c.met + c.missed
		if n == 0 {
			continue
		}
		r += c.metWon * c.missed / n
		s += c.missedWon * c.met / n
		p += (c.met*c.missed*(c.metWon+c.missedWon) - c.metWon*c.missedWon*n) / (n * n)
	}
	ratio = over(r, s)
	if !ratio.OK || r == 0 {
		return ratio, low, high
	}
	half := z * math.Sqrt(p/(r*s))
	return ratio, pipeline.Some(ratio.V * math.Exp(-half)), pipeline.Some(ratio.V * math.Exp(half))
}

// paths that win: the five most frequent sequences of before and selling stages.
func (w *world) paths() []health.Path {
	out := []health.Path{}
	total := 0
	for _, d := range w.ended() {
		stages := firstVisits(d)
		if d.outcome != pipeline.Won || len(stages) == 0 {
			continue
		}
		total++
		i := slices.IndexFunc(out, func(p health.Path) bool { return slices.Equal(p.Stages, stages) })
		if i < 0 {
			i, out = len(out), append(out, health.Path{Stages: stages, Follows: w.follows(stages)})
		}
		out[i].Deals++
	}
	for i := range out {
		out[i].Share = over(float64(out[i].Deals), float64(total))
	}
	slices.SortFunc(out, func(a, b health.Path) int {
		return cmp.Or(cmp.Compare(b.Deals, a.Deals), slices.Compare(a.Stages, b.Stages))
	})
	return out[:min(5, len(out))]
}

func firstVisits(d *deal) []string {
	var out []string
	for _, m := range d.moves {
		if m.stage != nil && m.stage.Phase != process.After && !slices.Contains(out, m.stage.Key) {
			out = append(out, m.stage.Key)
		}
	}
	return out
}

func (w *world) follows(stages []string) bool {
	for _, s := range w.version(w.asOf).Stages {
		if s.Mandatory && s.Phase != process.After && !slices.Contains(stages, s.Key) {
			return false
		}
	}
	return true
}

func (w *world) gaps() *health.Gaps {
	g := &health.Gaps{Unmapped: w.unmapped(), InactiveReps: w.inactive(), WithoutRate: map[string]int{},
		OtherPipelines: w.otherPipelines()}
	for _, d := range w.deals {
		if _, ok := w.rate(d); !ok {
			g.WithoutRate[code(d.Currency)]++
		}
	}
	if w.has(pipeline.Activities) {
		g.NoParty = pipeline.Some(!w.named)
	}
	return g
}

func (w *world) otherPipelines() int {
	return len(filter(w.all, func(h *pipeline.History) bool {
		return !w.inPipelines(h.Deal.Pipeline) && created(h).Before(w.asOf)
	}))
}

func (w *world) unmapped() []health.UnmappedStage {
	out := []health.UnmappedStage{}
	for _, d := range w.deals {
		for _, c := range d.changes {
			if _, closing := w.in.Process.ClosedAs(c.Stage); closing || w.lookup(c.Stage, c.At) != nil {
				continue
			}
			name := strings.TrimSpace(c.Stage)
			i := slices.IndexFunc(out, func(u health.UnmappedStage) bool { return u.Stage == name })
			if i < 0 {
				i, out = len(out), append(out, health.UnmappedStage{Stage: name})
			}
			out[i].N++
		}
	}
	slices.SortFunc(out, func(a, b health.UnmappedStage) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Stage, b.Stage))
	})
	return out
}

// inactive reps have open deals, and neither moved one nor had anything happen on theirs in the window.
func (w *world) inactive() []string {
	out := []string{}
	for _, p := range w.reps {
		if p.AwayOn(dateOf(w.asOf, w.loc)) {
			continue
		}
		open, active := false, false
		for _, d := range w.deals {
			open = open || d.RepID == p.ID && d.outcome == pipeline.Open
			for _, c := range d.changes {
				active = active || w.mover(d, c) == p.ID && within(c.At, w.edges[7], w.edges[8])
			}
			for _, a := range d.activities {
				active = active || d.RepID == p.ID && within(a.At, w.edges[7], w.edges[8])
			}
		}
		if open && !active {
			out = append(out, p.ID)
		}
	}
	return out
}
