package health

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// The verdicts on a checkpoint.
const (
	VerdictTooFew      = "too_few"
	VerdictEarns       = "earns_its_place"
	VerdictReview      = "review"
	VerdictUnproven    = "unproven"
	earnsLeast         = 10 // deals on a side, won, lost
	consistencyMinDue  = 5
	consistencyMinReps = 5
	lateSpan           = 14 * day
)

// judgedDeal is a deal closed in the lookback with what it met and missed by its moves.
type judgedDeal struct {
	won      bool
	amount   Number
	from, to int32 // its checks, in the computation's closedChecks
}

type closedCheck struct {
	check int32
	met   bool
}

// addClosed keeps what a closed deal says about the checkpoints, and that it ended in the window.
func (c *computation) addClosed(d *view) {
	if deal := &d.h.Deal; c.inWindow(d.closedAt) {
		c.ended = append(c.ended, ClosedDeal{ID: deal.ID, Name: deal.Name, RepID: deal.RepID,
			Won: d.outcome == pipeline.Won, Amount: c.amountAtClosing(d)})
	}
	if d.closedAt < c.lookback {
		return
	}
	k := judgedDeal{won: d.outcome == pipeline.Won, amount: c.amountAtClosing(d), from: int32(len(c.closedChecks))}
	for i := range d.checks {
		due := &d.checks[i]
		if due.byWon || due.state != met && due.state != missed {
			continue
		}
		if !c.evidence[due.check] && !c.wentBeyond(d, c.checks[due.check].Stage.Key) {
			continue
		}
		c.closedChecks = append(c.closedChecks, closedCheck{int32(due.check), due.state == met})
	}
	k.to = int32(len(c.closedChecks))
	c.closed = append(c.closed, k)
}

// wentBeyond says whether the deal entered a later before or selling stage before its closing: one that died
// in a stage says nothing about it (no immortal-time bias).
func (c *computation) wentBeyond(d *view, key string) bool {
	for i := range d.moves[:d.before] {
		m := &d.moves[i]
		if m.stage == nil || m.stage.Phase == process.After {
			continue
		}
		v := &c.proc.Versions[m.v]
		if at := v.Position(key); at >= 0 && m.position > at {
			return true
		}
	}
	return false
}

// strata gives for each closed deal its stratum by amount at closing: thirds, and a fourth without amount.
func (c *computation) strata() []int {
	var amounts []float64
	for _, k := range c.closed {
		if k.amount.OK {
			amounts = append(amounts, k.amount.V)
		}
	}
	slices.Sort(amounts)
	out := make([]int, len(c.closed))
	n := len(amounts)
	for i, k := range c.closed {
		switch {
		case !k.amount.OK:
			out[i] = 3
		case k.amount.V <= amounts[(n+2)/3-1]:
			out[i] = 0
		case k.amount.V <= amounts[(2*n+2)/3-1]:
			out[i] = 1
		default:
			out[i] = 2
		}
	}
	return out
}

// twoByTwo counts won and all deals with a checkpoint met and missed.
type twoByTwo struct{ metWon, met, missedWon, missed float64 }

// earns says of each checkpoint whether deals that met it are won more often than those that missed it.
func (c *computation) earns() []*Earns {
	stratum := c.strata()
	tables := make([][4]twoByTwo, len(c.checks))
	for i, k := range c.closed {
		for _, check := range c.closedChecks[k.from:k.to] {
			t := &tables[check.check][stratum[i]]
			if check.met {
				t.met++
				t.metWon += indicator(k.won)
			} else {
				t.missed++
				t.missedWon += indicator(k.won)
			}
		}
	}
	out := make([]*Earns, len(c.checks))
	last := c.lastSelling()
	for i := range out {
		if c.checks[i].Key == last || c.checks[i].Stage.Phase == process.After {
			out[i] = &Earns{Verdict: pipeline.Some(VerdictTooFew)}
			continue
		}
		out[i] = judgeEarns(tables[i][:])
	}
	return out
}

// lastSelling is the last mandatory selling stage of the version in force: whoever is won has passed it.
func (c *computation) lastSelling() string {
	v := c.version(c.asOf)
	for i := len(v.Stages) - 1; i >= 0; i-- {
		if s := &v.Stages[i]; s.Mandatory && s.Phase == process.Selling {
			return process.StageCheckpoint(s.Key)
		}
	}
	return ""
}

func judgeEarns(strata []twoByTwo) *Earns {
	var sum twoByTwo
	for _, t := range strata {
		sum.metWon += t.metWon
		sum.met += t.met
		sum.missedWon += t.missedWon
		sum.missed += t.missed
	}
	e := &Earns{MetN: pipeline.Some(int(sum.met)), MetWon: pipeline.Some(int(sum.metWon)),
		MissedN: pipeline.Some(int(sum.missed)), MissedWon: pipeline.Some(int(sum.missedWon))}
	e.RiskRatio, e.Low, e.High = mantelHaenszel(strata)
	won := sum.metWon + sum.missedWon
	switch {
	case sum.met < earnsLeast || sum.missed < earnsLeast || won < earnsLeast || sum.met+sum.missed-won < earnsLeast:
		e.Verdict = pipeline.Some(VerdictTooFew)
	case e.Low.OK && e.Low.V > 1:
		e.Verdict = pipeline.Some(VerdictEarns)
	case e.High.OK && e.High.V < 1:
		e.Verdict = pipeline.Some(VerdictReview)
	default:
		e.Verdict = pipeline.Some(VerdictUnproven)
	}
	return e
}

// mantelHaenszel gives the risk ratio of winning, met to missed, over the strata (Mantel & Haenszel 1959)
// with its interval (Greenland & Robins 1985); the interval is missing for a ratio of 0.
func mantelHaenszel(strata []twoByTwo) (rr, low, high Number) {
	var r, s, v float64
	for _, t := range strata {
		n := t.met + t.missed
		if n == 0 {
			continue
		}
		r += t.metWon * t.missed / n
		s += t.missedWon * t.met / n
		v += (t.met*t.missed*(t.metWon+t.missedWon) - t.metWon*t.missedWon*n) / (n * n)
	}
	if s == 0 {
		return
	}
	rr = pipeline.Some(r / s)
	if r == 0 {
		return rr, low, high
	}
	half := z * math.Sqrt(v/(r*s))
	return rr, pipeline.Some(rr.V * math.Exp(-half)), pipeline.Some(rr.V * math.Exp(half))
}

// addReality keeps the path of a deal won in the lookback.
func (c *computation) addReality(d *view) {
	if d.outcome != pipeline.Won || d.closedAt < c.lookback || c.observesStages() { // its path has gaps
		return
	}
	var keys []string
	for i := range d.moves {
		if s := d.moves[i].stage; s != nil && s.Phase != process.After && !slices.Contains(keys, s.Key) {
			keys = append(keys, s.Key)
		}
	}
	if len(keys) == 0 {
		return
	}
	c.countWin(d, keys)
	c.wonDeals++
	id := strings.Join(keys, "\x00")
	if c.wonPaths[id] == nil {
		c.wonPaths[id] = &Path{Stages: keys, Follows: c.follows(keys)}
	}
	c.wonPaths[id].Deals++
}

// countWin notes which stages a win went through, of those that the process asked for when it closed: a later
// version questions nothing that was won before it.
func (c *computation) countWin(d *view, visited []string) {
	v := c.version(d.closedAt)
	for i := range v.Stages {
		if s := &v.Stages[i]; s.Mandatory && s.Phase != process.After {
			c.wins[c.stageIndex[s.Key]].count(slices.Contains(visited, s.Key))
		}
	}
}

// stageWins gives, of each stage that wins were asked for, how many had it.
func (c *computation) stageWins() []StageWins {
	var out []StageWins
	for i, t := range c.wins {
		if t.due > 0 {
			out = append(out, StageWins{Key: c.stages[i].Key, Won: t.due, Without: t.due - t.met})
		}
	}
	return out
}

// follows says whether a path holds every mandatory before and selling stage of the version in force.
func (c *computation) follows(keys []string) bool {
	v := c.version(c.asOf)
	for i := range v.Stages {
		if s := &v.Stages[i]; s.Mandatory && s.Phase != process.After && !slices.Contains(keys, s.Key) {
			return false
		}
	}
	return true
}

// paths gives the five commonest paths that win.
func (c *computation) paths() []Path {
	out := []Path{}
	for _, p := range c.wonPaths {
		p.Share = ratio(p.Deals, c.wonDeals)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Path) int { return cmp.Or(cmp.Compare(b.Deals, a.Deals), slices.Compare(a.Stages, b.Stages)) })
	return out[:min(5, len(out))]
}

// consistency is 1 − the intra-class correlation of adherence by rep over the last four windows (one-way
// analysis of variance for binary data, Fleiss): 1 means that reps do not differ.
func (c *computation) consistency() Number {
	var ts []tally
	for _, p := range c.roster.people() {
		var t tally
		for _, w := range p.own.windows[trendWindows-4:] {
			t.due, t.met = t.due+w.due, t.met+w.met
		}
		if t.due >= consistencyMinDue {
			ts = append(ts, t)
		}
	}
	if len(ts) < consistencyMinReps {
		return Number{}
	}
	var x, n, n2 float64
	for _, t := range ts {
		x, n, n2 = x+float64(t.met), n+float64(t.due), n2+float64(t.due)*float64(t.due)
	}
	k, p := float64(len(ts)), x/n
	var between, within float64
	for _, t := range ts {
		r := float64(t.met) / float64(t.due)
		between += float64(t.due) * (r - p) * (r - p)
		within += float64(t.met) * (1 - r)
	}
	between, within = between/(k-1), within/(n-k)
	n0 := (n - n2/n) / (k - 1)
	if denominator := between + (n0-1)*within; denominator != 0 {
		return pipeline.Some(1 - min(1, max(0, (between-within)/denominator)))
	}
	return pipeline.Some(1.0)
}

// pressure compares the checkpoints judged in the last 14 days of a forecast period with the rest.
func (c *computation) pressure() *Pressure {
	if c.observesStages() { // two weeks are not told from the rest by looks that are a week apart
		return nil
	}
	var late, rest tally
	var edges []instant // the ends of the periods from the lookback to the running one
	for t := fromInstant(c.lookback); t.Before(c.in.AsOf); {
		t = c.forecastPeriodAround(t).End
		edges = append(edges, toInstant(t))
	}
	for _, j := range c.judged {
		i, _ := slices.BinarySearch(edges, j.at+1)
		if i < len(edges) && j.at >= edges[i]-lateSpan {
			late.count(j.met)
		} else {
			rest.count(j.met)
		}
	}
	return &Pressure{Late: Tally{late.due, late.met, ratio(late.met, late.due)}, Rest: Tally{rest.due, rest.met, ratio(rest.met, rest.due)}}
}

// focus is the one element to work on: the configured checkpoint; else the one with the most misses in the
// last four windows among those that are not under review; else the fallback (the team's).
func (c *computation) focus(s *subject, earns []*Earns, fallback pipeline.Opt[string]) pipeline.Opt[string] {
	if c.set.Focus != "" {
		return pipeline.Some(c.set.Focus)
	}
	best := -1
	for i, n := range s.misses {
		if n > 0 && earns[i].Verdict.V != VerdictReview && (best < 0 || n > s.misses[best]) {
			best = i
		}
	}
	if best < 0 {
		return fallback
	}
	return pipeline.Some(c.checks[best].Key)
}
