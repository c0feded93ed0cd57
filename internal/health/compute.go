package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Settings are the choices that a company makes; package config fills in the defaults.
type Settings struct {
	Location       *time.Location // where windows and forecast periods have their edges
	Window         pipeline.Span
	Currency       string             // of the report
	Rates          map[string]float64 // 1 unit of a currency (upper case) = so many of the report's
	Lookback       time.Duration
	Grace          time.Duration
	MinDue         int
	MinHistory     int
	MinCalled      int
	SilentAfter    time.Duration
	LeastStall     time.Duration
	Focus          string        // a checkpoint for everybody; empty: found by its misses
	PeriodSpan     pipeline.Span // Month or Quarter
	FiscalStart    int           // month, 1 to 12
	CallAfter      time.Duration
	CategoryChance map[string]float64 // 0 to 1, by forecast category
}

// Input is what a report is computed from.
type Input struct {
	AsOf     time.Time
	Settings Settings
	Process  *process.Process
	Reading  *pipeline.Reading // its Reps after the config's people
}

// Needs says which rows Compute looks at: a source may leave out the others, and every figure stays the same.
// Activities back the moves of the window, show who is inactive in it and since when buyers are silent, and prove
// the criteria of any version of the process at any time.
func Needs(asOf time.Time, set Settings, p *process.Process) pipeline.Needs {
	asOf = asOf.Truncate(time.Microsecond) // as everything is
	n := pipeline.Needs{AsOf: asOf, Since: set.Window.Back(asOf, 1, set.Location).UTC().Add(-time.Duration(backedBy) * time.Microsecond)}
	for i := range p.Versions {
		for _, s := range p.Versions[i].Stages {
			for _, r := range s.Requires {
				if proof := (pipeline.Proof{Kind: r.MetBy.Kind, Party: r.MetBy.Party}); r.MetBy.Means == process.ByActivity && !slices.Contains(n.Proofs, proof) {
					n.Proofs = append(n.Proofs, proof)
				}
			}
		}
	}
	return n
}

// trendWindows is how many windows a trend shows, the report's own being the last.
const trendWindows = 8

// instant is microseconds since 1970 UTC: the precision of the canonical rows.
type instant = int64

const day = instant(86_400_000_000)

func toInstant(t time.Time) instant   { return t.UnixMicro() }
func span(d time.Duration) instant    { return d.Microseconds() }
func fromInstant(i instant) time.Time { return time.UnixMicro(i).UTC() }

// days gives a span in days of 86,400 s.
func days(i instant) float64 { return float64(i) / float64(day) }

// computation holds what one pass over the deals gathers. Everything per deal that only a later answer can
// judge (a threshold, the team's mean) is kept as a small fact, in the order of the deals, so that every
// sum of floats runs in deal-id order.
type computation struct {
	in    Input
	set   Settings
	proc  *process.Process
	asOf  instant
	today pipeline.Date

	windows  [trendWindows]pipeline.Period
	edges    [trendWindows + 1]instant // of the trend windows
	lookback instant                   // where learning begins
	periods  []callPeriod

	from       []instant             // of each version
	names      map[string]*stageName // by the source's name
	scratch    scratch
	stages     []*process.Stage // in process order
	stageIndex map[string]int
	checks     []process.Checkpoint
	checkIndex map[string]int
	evidence   []bool         // by checkpoint: a buyer criterion
	steps      [][]stepChecks // by version and position
	fits       []fit          // by version

	roster roster
	team   *subject

	visits       [][]learnedVisit // by stage
	open         []openDeal
	standing     []standing
	judged       []judgement
	closed       []judgedDeal
	closedChecks []closedCheck // of all of them
	ended        []ClosedDeal
	moves        []windowMove
	calls        []call
	stageCalls   []stageCall
	lost         []LostDeal
	wonPaths     map[string]*Path
	wonDeals     int
	wins         []tally // by stage: of the wins that were asked for it, how many had it

	deals          int
	newest         instant // of all rows seen that have a time; 0: none
	otherPipelines int
	unmapped       map[string]int
	withoutRate    map[string]int
	seenAmount     bool
	seenClose      bool
}

// Compute reads the deals once and gives every figure as of in.AsOf, which is also the end of the report's
// window. It fails only when reading fails.
func Compute(in Input) (*Report, error) {
	c := newComputation(in)
	for h, err := range in.Reading.Deals {
		if err != nil {
			return nil, fmt.Errorf("read deals: %w", err)
		}
		c.add(h)
	}
	return c.report(), nil
}

func newComputation(in Input) *computation {
	c := &computation{
		in: in, set: in.Settings, proc: in.Process,
		asOf: toInstant(in.AsOf), today: pipeline.DateOf(in.AsOf, in.Settings.Location),
		names: map[string]*stageName{}, stageIndex: map[string]int{}, checkIndex: map[string]int{},
		unmapped: map[string]int{}, withoutRate: map[string]int{}, wonPaths: map[string]*Path{},
	}
	c.lookback = c.asOf - span(c.set.Lookback)
	for i := range c.windows {
		n := trendWindows - i
		c.windows[i] = pipeline.Period{
			Start: c.set.Window.Back(in.AsOf, n, c.set.Location).UTC(),
			End:   c.set.Window.Back(in.AsOf, n-1, c.set.Location).UTC(),
		}
		c.edges[i], c.edges[i+1] = toInstant(c.windows[i].Start), toInstant(c.windows[i].End)
	}
	for _, p := range pipeline.PeriodsBefore(in.AsOf, 4, c.set.PeriodSpan, c.set.FiscalStart, c.set.Location) {
		c.periods = append(c.periods, newCallPeriod(p, c.set))
	}
	for i := range in.Process.Versions {
		c.from = append(c.from, toInstant(in.Process.Versions[i].From))
	}
	c.stages = in.Process.StageOrder(in.AsOf)
	for i, s := range c.stages {
		c.stageIndex[s.Key] = i
	}
	c.wins, c.visits = make([]tally, len(c.stages)), make([][]learnedVisit, len(c.stages))
	c.checks = in.Process.Checkpoints(in.AsOf)
	for i, k := range c.checks {
		c.checkIndex[k.Key] = i
		c.evidence = append(c.evidence, k.Criterion != nil)
	}
	c.indexChecks()
	c.indexFits()
	c.team = c.newSubject()
	c.roster = newRoster(c, in.Reading.Reps)
	return c
}

// has says whether the source has such rows at all.
func (c *computation) has(r pipeline.Rows) bool { return c.in.Reading.Tables[r] }

// window gives the trend window that holds t, -1 if none does.
func (c *computation) window(t instant) int {
	if t < c.edges[0] || t >= c.asOf {
		return -1
	}
	i, exact := slices.BinarySearch(c.edges[:], t)
	if !exact {
		i--
	}
	return i
}

// inWindow says whether t lies in the report's own window.
func (c *computation) inWindow(t instant) bool { return t >= c.edges[trendWindows-1] && t < c.asOf }

// add takes in one deal.
func (c *computation) add(h *pipeline.History) {
	d := c.view(h)
	if d == nil {
		return
	}
	c.deals++
	c.noteNewest(h)
	if !c.seenAmount || !c.seenClose {
		c.noteColumns(d)
	}
	if !c.proc.InPipelines(h.Deal.Pipeline) {
		c.otherPipelines++
		return
	}
	if d.undatable {
		return
	}
	owner := c.roster.of(h.Deal.RepID)
	if _, ok := c.rate(h.Deal.Currency); !ok {
		c.withoutRate[strings.ToUpper(strings.TrimSpace(h.Deal.Currency))]++
	}
	c.countChanges(d)
	if d.hasPath {
		c.addAdherence(d, owner)
		c.addVisits(d, owner)
		c.addReality(d)
	}
	c.addFitness(d, owner)
	c.addForecast(d, owner)
	c.addGaps(d, owner)
	c.addStanding(d, owner)
	if d.closed {
		c.addClosed(d)
	}
	if d.open {
		c.addOpen(d, owner)
	}
	if d.outcome == pipeline.Lost && c.inWindow(d.closedAt) {
		c.lost = append(c.lost, c.retrace(d))
	}
}

// rate gives what one unit of a currency is worth in the report's.
func (c *computation) rate(currency string) (float64, bool) {
	code := strings.ToUpper(strings.TrimSpace(currency))
	if code == "" || code == strings.ToUpper(c.set.Currency) {
		return 1, true
	}
	r, ok := c.set.Rates[code]
	return r, ok
}

// report turns what was gathered into figures.
func (c *computation) report() *Report {
	learned := c.learn()
	c.judgeStanding(learned)
	c.pace()
	c.judgeRecord(learned)
	c.scoreCalls()
	earns := c.earns()

	r := &Report{
		AsOf:     c.in.AsOf.UTC(),
		Window:   c.windows[trendWindows-1],
		Process:  c.proc.Name,
		Currency: c.set.Currency,
		Sources:  c.sources(),
		Lost:     c.lost,
		Closed:   c.ended,
		Deals:    c.openDeals(learned),
	}
	if r.Lost == nil {
		r.Lost = []LostDeal{}
	}
	for i := range c.stages {
		r.Stages = append(r.Stages, c.stageFigures(i, learned[i]))
	}
	for i := range c.checks {
		r.Checkpoints = append(r.Checkpoints, c.team.checkpoint(c.checks[i].Key, i, earns[i]))
	}
	c.figures(r, earns)
	if c.newest > 0 {
		r.Newest = pipeline.Some(fromInstant(c.newest))
	}
	r.Paths, r.Wins = c.paths(), c.stageWins()
	r.Consistency = c.consistency()
	r.Pressure = c.pressure()
	r.Gaps = c.gaps()
	r.Observed = c.observed()
	return r
}

// figures fills in the team's, the groups' and the reps' figures.
func (c *computation) figures(r *Report, earns []*Earns) {
	focus := c.focus(c.team, earns, pipeline.Opt[string]{})
	r.Team = c.team.figures(focus)
	r.Managers, r.Reps = []Group{}, []RepFigures{}
	people := c.roster.people()
	shrink := c.shrinkage(people)
	for _, p := range people {
		f := RepFigures{ID: p.rep.ID, Name: p.rep.Name, Team: text(p.rep.Team), ManagerID: text(p.rep.ManagerID),
			Figures: p.own.figures(c.focus(p.own, earns, focus))}
		f.Adherence.ShrunkRate, f.Adherence.PBelowTeam = shrink.of(f.Adherence.Met, f.Adherence.Due)
		r.Reps = append(r.Reps, f)
	}
	for _, g := range c.roster.groups(people) {
		r.Managers = append(r.Managers, Group{ID: g.id, Reps: g.members, Figures: g.own.figures(c.focus(g.own, earns, focus))})
	}
}

// text is a string of the source, missing when empty.
func text(s string) pipeline.Opt[string] { return pipeline.Opt[string]{V: s, OK: s != ""} }

// sources counts the rows seen.
func (c *computation) sources() Sources {
	n := func(r pipeline.Rows) Count { return Count{V: c.in.Reading.Counts[r], OK: c.has(r)} }
	return Sources{Reps: n(pipeline.Reps), Deals: pipeline.Some(c.deals), StageChanges: n(pipeline.StageChanges),
		Activities: n(pipeline.Activities), Criteria: n(pipeline.Criteria), Forecasts: n(pipeline.Forecasts), Waivers: n(pipeline.Waivers)}
}
