package health

import (
	"slices"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

const (
	defaultThresholdDays = 30.0
	learnedShare         = 0.75 // of the deals that advance at all
	chanceAhead          = 30 * day
	chanceLeastVisits    = 20
)

// learnedVisit is a visit that began in the lookback, from which dwell is learned.
type learnedVisit struct {
	dwell instant
	owner int32
	end   end
	first bool // of its deal and stage, before or in the selling: counts for the owner's pace
}

// standing is an open deal at the end of one trend window.
type standing struct {
	stage  int32 // -1: unmapped or unknown
	owner  int32
	window int8
	dwell  instant
	amount float64 // in force at the window's end; 0 when missing
}

// openDeal is an open deal at the report's instant.
type openDeal struct {
	deal    Deal
	stage   int // -1: unmapped or unknown
	dwell   instant
	waiting bool
	amount  float64 // 0 when missing
	isOpen  bool    // outcome open
	owner   *person
}

// learnedStage is what the visits of one stage say.
type learnedStage struct {
	curve     curve
	counts    [len(endNames)]int
	threshold Number
	source    pipeline.Opt[ThresholdSource]
	median    [3]Number // median, low, high
}

// addVisits keeps the visits that began in the lookback.
func (c *computation) addVisits(d *view, owner *person) {
	seen := cleared(&c.scratch.seen, len(c.stages))
	for _, v := range d.visits {
		if v.start < c.lookback || v.stage.Final || d.foundHere(v.start) {
			continue
		}
		i := v.index
		c.visits[i] = append(c.visits[i], learnedVisit{dwell: v.dwell, end: v.end, owner: owner.number,
			first: v.stage.Phase != process.After && !seen[i]})
		seen[i] = true
	}
}

// learn estimates the curves, stage by stage.
func (c *computation) learn() []learnedStage {
	out := make([]learnedStage, len(c.stages))
	for i, visits := range c.visits {
		l := &out[i]
		l.curve = newCurve(visits)
		for _, v := range visits {
			l.counts[v.end]++
		}
		l.median[0], l.median[1], l.median[2] = l.curve.median()
		c.setThreshold(l, c.stages[i])
	}
	return out
}

// setThreshold: as configured, else learned from enough advances, else the default; none where dwelling is
// never measured.
func (c *computation) setThreshold(l *learnedStage, s *process.Stage) {
	learned := l.curve.advancedShare(learnedShare)
	switch {
	case s.Final:
		return
	case s.StallAfter.OK:
		l.threshold, l.source = pipeline.Some(days(span(s.StallAfter.V))), pipeline.Some(Configured)
	case l.curve.advances >= c.set.MinHistory && learned.OK:
		l.threshold, l.source = pipeline.Some(max(learned.V, days(span(c.set.LeastStall)))), pipeline.Some(Learned)
	default:
		l.threshold, l.source = pipeline.Some(defaultThresholdDays), pipeline.Some(Default)
	}
}

// stalled says whether a dwell is over the stage's threshold; a stage without one never stalls.
func (l *learnedStage) stalled(dwell instant) bool {
	return l.threshold.OK && days(dwell) > l.threshold.V
}

func (c *computation) stageFigures(i int, l learnedStage) Stage {
	s := c.stages[i]
	n := func(e end) int { return l.counts[e] }
	return Stage{Key: s.Key, Name: s.Name, Phase: s.Phase.String(),
		Visits: len(l.curve.dwells), Advanced: n(endAdvanced), Back: n(endBack), Lost: n(endLost), Open: n(endOpen), Unknown: n(endUnknown),
		MedianDays: l.median[0], MedianLow: l.median[1], MedianHigh: l.median[2],
		ThresholdDays: l.threshold, ThresholdSource: l.source, Calls: c.callsByStage(i)}
}

// addStanding notes in which trend windows' ends the deal was open, and where it stood.
func (c *computation) addStanding(d *view, owner *person) {
	for w := range trendWindows {
		if at := c.edges[w+1]; d.born < at {
			if stage, since, waiting, open := c.standingAt(d, at); open {
				s := standing{window: int8(w), stage: -1, owner: owner.number}
				if waiting {
					s.stage, s.dwell, s.amount = int32(stage), at-since, c.amount(d, at).V
				}
				c.standing = append(c.standing, s)
			}
		}
	}
}

// standingAt says where a deal stood at an instant, and whether it was open then.
func (c *computation) standingAt(d *view, at instant) (stage int, since instant, waiting, open bool) {
	outcome, _, _ := c.closing(d.h, at)
	if !d.hasPath {
		return -1, 0, false, outcome == pipeline.Open && (d.current == nil || !d.current.Final)
	}
	n := 0
	for n < len(d.moves) && d.moves[n].at < at {
		n++
	}
	if n == 0 {
		return -1, 0, false, outcome == pipeline.Open
	}
	last := &d.moves[n-1]
	if last.stage == nil {
		return -1, 0, false, outcome == pipeline.Open
	}
	open = outcome == pipeline.Open || outcome == pipeline.Won && last.stage.Phase == process.After
	return last.index, last.at, true, open && !last.stage.Final
}

// judgeStanding counts the open and the stalled deals of each window's end.
func (c *computation) judgeStanding(learned []learnedStage) {
	for i := range c.standing {
		s := &c.standing[i]
		stalled := s.stage >= 0 && learned[s.stage].stalled(s.dwell)
		for _, o := range c.roster.subjects(s.owner) {
			o.windows[s.window].open++
			if stalled {
				o.windows[s.window].stalled++
				o.windows[s.window].amount += s.amount
			}
		}
	}
}

// pace adds up, for each rep, the advances of the first visits and the advances that their dwell made expected
// by the hazard of those same visits of everybody: the team's pace is 1 by construction.
func (c *computation) pace() {
	for _, visits := range c.visits {
		first := slices.DeleteFunc(slices.Clone(visits), func(v learnedVisit) bool { return !v.first })
		hazard := newCurve(first)
		for _, v := range first {
			expected := hazard.at(v.dwell).lambda
			for _, s := range c.roster.subjects(v.owner) {
				s.stall.expected.add(expected)
				if v.end == endAdvanced {
					s.stall.advances++
				}
			}
		}
	}
}

// addOpen keeps an open deal with what is known before anything is learned.
func (c *computation) addOpen(d *view, owner *person) {
	deal := &d.h.Deal
	amount := c.amount(d, c.asOf)
	o := openDeal{stage: -1, amount: amount.V, isOpen: d.outcome == pipeline.Open, owner: owner}
	o.deal = Deal{ID: deal.ID, Name: deal.Name, RepID: text(deal.RepID), Amount: amount,
		ExpectedClose: d.expectedClose(c.asOf), Chance: c.chance(d, c.asOf), Missed: c.missedOf(d), Concerns: []string{}}
	if d.current != nil {
		o.deal.Stage = pipeline.Some(d.current.Key)
	}
	if d.waiting {
		o.stage, o.dwell, o.waiting = c.stageIndex[d.current.Key], c.asOf-d.since, true
		o.deal.DaysInStage, o.deal.AtLeast = pipeline.Some(days(o.dwell)), d.foundHere(d.since)
	}
	name, known := c.category(d, c.asOf)
	o.deal.Committed = known && name == "commit" || !known && o.deal.Chance.OK && o.deal.Chance.V >= 0.7
	if c.knowsPushes() {
		o.deal.Pushes = pipeline.Some(d.lifePushes())
	}
	if c.has(pipeline.Activities) {
		o.deal.DaysSinceBuyer, o.deal.Silent = c.silence(d)
	}
	o.deal.Fitness, o.deal.Deviations = c.conformance(d)
	o.deal.Lacks = c.lacks(d)
	c.open = append(c.open, o)
}

// missedOf lists the deal's missed checkpoints in process order.
func (c *computation) missedOf(d *view) []string {
	var ks []int
	for _, k := range d.checks {
		if k.state == missed {
			ks = append(ks, k.check)
		}
	}
	return c.keys(ks)
}

// keys names checkpoints in process order; sorting ks changes it.
func (c *computation) keys(ks []int) []string {
	slices.Sort(ks)
	out := make([]string, 0, len(ks))
	for _, k := range ks {
		out = append(out, c.checks[k].Key)
	}
	return out
}

// lacks lists, in process order, the missed buyer checkpoints that do not hold today either.
func (c *computation) lacks(d *view) []string {
	var ks []int
	for i := range d.checks {
		due := &d.checks[i]
		if due.state == missed && c.evidence[due.check] && !c.holds(d, due.says, c.asOf) {
			ks = append(ks, due.check)
		}
	}
	return c.keys(ks)
}

// silence gives the days since the buyer last did something, and whether that is too long ago (counted from
// the deal's creation if there was nothing).
func (c *computation) silence(d *view) (Number, pipeline.Opt[bool]) {
	since, ok := c.lastBuyer(d, c.asOf)
	if !ok {
		return Number{}, pipeline.Some(c.asOf-d.created > span(c.set.SilentAfter))
	}
	return pipeline.Some(days(c.asOf - since)), pipeline.Some(c.asOf-since > span(c.set.SilentAfter))
}

// lastBuyer gives the deal's last activity of the buyer before t; of anybody where no activity names a party.
func (c *computation) lastBuyer(d *view, t instant) (last instant, ok bool) {
	earlier := d.h.Earlier.Any
	if c.in.Reading.PartyNamed {
		earlier = d.h.Earlier.Buyer
	}
	if at := toInstant(earlier.V); earlier.OK && at < t {
		last, ok = at, true
	}
	for i := range d.h.Activities {
		a := &d.h.Activities[i]
		at := toInstant(a.At)
		if at < t && at < d.asOf && (a.Party == pipeline.BuyerParty || !c.in.Reading.PartyNamed) && (!ok || at > last) {
			last, ok = at, true
		}
	}
	return last, ok
}

// openDeals judges the open deals by what was learned and counts them for their owners.
func (c *computation) openDeals(learned []learnedStage) []Deal {
	out := make([]Deal, 0, len(c.open))
	for i := range c.open {
		o := &c.open[i]
		if o.waiting {
			l := &learned[o.stage]
			o.deal.ThresholdDays = l.threshold
			o.deal.Stalled = pipeline.Some(l.stalled(o.dwell))
			o.deal.ChanceToAdvance = l.curve.chance(o.dwell, chanceAhead, chanceLeastVisits)
			if o.deal.AtLeast { // who waited this long is not known, nor who did not wait too long
				o.deal.ChanceToAdvance = Number{}
				o.deal.Stalled.OK = o.deal.Stalled.V
			}
		}
		o.deal.Concerns = o.concerns(c.today)
		for _, s := range o.owner.all {
			s.stall.add(o)
		}
		out = append(out, o.deal)
	}
	return out
}

// concerns are the reasons to talk about the deal, in their order.
func (o *openDeal) concerns(today pipeline.Date) []string {
	out := []string{}
	for _, k := range []struct {
		yes  bool
		word string
	}{
		{o.deal.Stalled.V, ConcernStalled},
		{o.deal.Silent.V, ConcernSilent},
		{len(o.deal.Lacks) > 0, ConcernEvidence},
		{o.isOpen && o.deal.Pushes.V >= 2, ConcernPushed},
		{o.isOpen && o.deal.ExpectedClose.OK && o.deal.ExpectedClose.V < today, ConcernOverdue},
	} {
		if k.yes {
			out = append(out, k.word)
		}
	}
	return out
}

// stallTally is one subject's.
type stallTally struct {
	open, stalled, silent, advances int
	amount                          float64
	expected                        total     // visits come stage by stage, not deal by deal
	over                            []float64 // days over the threshold of stalled deals
}

func (t *stallTally) add(o *openDeal) {
	t.open++
	if o.deal.Silent.V {
		t.silent++
	}
	if o.deal.Stalled.V {
		t.stalled++
		t.amount += o.amount
		t.over = append(t.over, o.deal.DaysInStage.V-o.deal.ThresholdDays.V)
	}
}

func (t *stallTally) figures(c *computation) *Stall {
	expected := t.expected.value()
	s := &Stall{OpenDeals: t.open, StalledDeals: t.stalled, StalledAmount: Number{V: t.amount, OK: c.seenAmount},
		MedianDaysOver: median(t.over), SilentDeals: Count{V: t.silent, OK: c.has(pipeline.Activities)},
		Advances: t.advances, ExpectedAdvances: pipeline.Some(expected)}
	if expected >= 1-eps {
		low, high := byar(t.advances, expected)
		s.Pace, s.PaceLow, s.PaceHigh = pipeline.Some(float64(t.advances)/expected), pipeline.Some(low), pipeline.Some(high)
	}
	return s
}

// median gives the middle value, the mean of the two middle ones of an even number; missing for none.
func median(xs []float64) Number {
	if len(xs) == 0 {
		return Number{}
	}
	s := slices.Sorted(slices.Values(xs))
	if n := len(s); n%2 == 0 {
		return pipeline.Some((s[n/2-1] + s[n/2]) / 2)
	}
	return pipeline.Some(s[len(s)/2])
}
