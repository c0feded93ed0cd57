// Package twin computes the figures of package health a second time, the slow way: straight from the page,
// with everything in memory, quadratic loops and statistics of its own. In goes a health.Input, out comes a
// health.Report that must say what health.Compute says; tests hold the two against each other over the nasty
// inputs that Case makes. Only tests use it: it refuses nothing and must never serve a digest.
// Read docs/metrics.md for the rules and twin_test.go for what the two are held to.
package twin

import (
	"cmp"
	"slices"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

const day = 24 * time.Hour

// days of 86,400 seconds.
func days(d time.Duration) float64 { return d.Seconds() / 86400 }

// world is everything that is known as of one instant.
type world struct {
	in       health.Input
	set      health.Settings
	loc      *time.Location
	asOf     time.Time
	versions []process.Version
	all      []*pipeline.History // every deal of the source, rows of any time
	deals    []*deal             // those that are measured
	reps     []pipeline.Rep      // people only, by id, unknown ones too
	named    bool                // some activity names a party
	edges    []time.Time         // of the eight windows, oldest first

	// What many rules ask for, worked out once.
	order      []*process.Stage
	checks     []checkpoint
	periods    []fiscalPeriod // all forecast periods of the years around
	eve        pipeline.Date  // the last working date that begins before the end
	workdays   int            // that begin in the window
	curves     map[string][]point
	thresholds map[string]threshold
	verdicts   map[string]*health.Earns
}

// Report computes every figure of the page. The reading must not fail.
func Report(in health.Input) *health.Report {
	w := &world{in: in, set: in.Settings, loc: in.Settings.Location, asOf: in.AsOf, versions: in.Process.Versions}
	w.all = readAll(in.Reading)
	w.named = w.someActivityNamesAParty()
	for back := 8; back >= 0; back-- {
		w.edges = append(w.edges, spansBack(w.asOf, w.set.Window, back, w.loc))
	}
	for _, h := range w.all {
		if d, ok := w.newDeal(h); ok && w.inPipelines(h.Deal.Pipeline) {
			w.deals = append(w.deals, d)
		}
	}
	w.reps = w.people()
	w.order = w.processOrder()
	w.checks = w.checkpoints()
	w.periods = w.fiscalPeriods()
	w.eve = w.lastWorkday()
	w.workdays = len(w.workdaysIn(w.edges[7], w.edges[8]))
	for _, d := range w.deals {
		w.retrace(d)
	}
	w.learn()
	w.verdicts = map[string]*health.Earns{}
	for _, c := range w.checks {
		w.verdicts[c.key] = w.earns(c)
	}
	return w.report()
}

func (w *world) report() *health.Report {
	r := &health.Report{
		AsOf: w.asOf.UTC(), Window: pipeline.Period{Start: w.edges[7].UTC(), End: w.asOf.UTC()},
		Process: w.in.Process.Name, Currency: w.set.Currency, Sources: w.sources(),
		Team: w.figures(team()), Managers: []health.Group{}, Reps: []health.RepFigures{},
		Stages: w.stageRows(), Checkpoints: w.checkpointRows(), Deals: w.dealRows(), Lost: w.lostRows(),
		Paths: w.paths(), Consistency: w.consistency(), Pressure: w.pressure(), Gaps: w.gaps(),
		Closed: w.closedRows(),
	}
	for _, id := range w.managers() {
		ids := w.groupOf(id)
		r.Managers = append(r.Managers, health.Group{ID: id, Reps: ids, Figures: w.figures(subject{ids: ids})})
	}
	for _, p := range w.reps {
		r.Reps = append(r.Reps, health.RepFigures{ID: p.ID, Name: p.Name, Team: text(p.Team), ManagerID: text(p.ManagerID),
			Figures: w.figures(subject{ids: []string{p.ID}, rep: true})})
	}
	return r
}

// subject is whose figures are wanted: the team's, or those of a set of reps.
type subject struct {
	everybody bool
	rep       bool // one rep's own
	ids       []string
}

func team() subject { return subject{everybody: true} }

// has says whether a thing of that person ("" is nobody) is the subject's.
func (s subject) has(id string) bool {
	return s.everybody || id != "" && slices.Contains(s.ids, id)
}

func (w *world) figures(s subject) health.Figures {
	return health.Figures{Adherence: w.adherence(s), Stall: w.stall(s), Forecast: w.forecast(s), Record: w.record(s),
		Trend: w.trend(s), Focus: w.focus(s), Fitness: w.meanFitness(s)}
}

// readAll copies every history: one is valid until the next.
func readAll(r *pipeline.Reading) []*pipeline.History {
	var out []*pipeline.History
	for h, err := range r.Deals {
		if err != nil {
			break
		}
		out = append(out, &pipeline.History{Deal: h.Deal, Changes: slices.Clone(h.Changes),
			Activities: slices.Clone(h.Activities), Criteria: slices.Clone(h.Criteria),
			Forecasts: slices.Clone(h.Forecasts), Waivers: slices.Clone(h.Waivers)})
	}
	slices.SortFunc(out, func(a, b *pipeline.History) int { return cmp.Compare(a.Deal.ID, b.Deal.ID) })
	return out
}

func (w *world) someActivityNamesAParty() bool {
	for _, h := range w.all {
		for _, a := range h.Activities {
			if a.At.Before(w.asOf) && a.Party != "" {
				return true
			}
		}
	}
	return false
}

func (w *world) has(table pipeline.Rows) bool { return w.in.Reading.Tables[table] }

// system says whether that id is an integration's.
func (w *world) system(id string) bool {
	for _, p := range w.in.Reading.Reps {
		if p.ID == id && p.System {
			return true
		}
	}
	return false
}

// person gives the id, or "" for a system user.
func (w *world) person(id string) string {
	if w.system(id) {
		return ""
	}
	return id
}

// people lists the reps: those of the source who are persons, and whoever a row names besides.
func (w *world) people() []pipeline.Rep {
	var out []pipeline.Rep
	known := map[string]bool{"": true}
	for _, p := range w.in.Reading.Reps {
		known[p.ID] = true
		if !p.System {
			out = append(out, p)
		}
	}
	add := func(id string) {
		if !known[id] {
			known[id] = true
			out = append(out, pipeline.Rep{ID: id, Name: id, Active: true})
		}
	}
	for _, d := range w.deals {
		add(d.RepID)
		for _, c := range d.changes {
			add(c.RepID)
		}
	}
	slices.SortFunc(out, func(a, b pipeline.Rep) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// managers lists the reps whose id is some rep's manager_id.
func (w *world) managers() []string {
	var out []string
	for _, m := range w.reps {
		if slices.ContainsFunc(w.reps, func(p pipeline.Rep) bool { return p.ManagerID == m.ID }) {
			out = append(out, m.ID)
		}
	}
	return out
}

func (w *world) groupOf(manager string) []string {
	var out []string
	for _, p := range w.reps {
		if p.ID == manager || p.ManagerID == manager {
			out = append(out, p.ID)
		}
	}
	return out
}

func (w *world) sources() health.Sources {
	count := func(table pipeline.Rows) health.Count {
		if !w.has(table) {
			return health.Count{}
		}
		return pipeline.Some(w.in.Reading.Counts[table])
	}
	s := health.Sources{Reps: count(pipeline.Reps), StageChanges: count(pipeline.StageChanges),
		Activities: count(pipeline.Activities), Criteria: count(pipeline.Criteria),
		Forecasts: count(pipeline.Forecasts), Waivers: count(pipeline.Waivers)}
	n := 0
	for _, h := range w.all {
		if created(h).Before(w.asOf) {
			n++
		}
	}
	s.Deals = pipeline.Some(n)
	return s
}

// text is null for an empty one.
func text(s string) pipeline.Opt[string] {
	if s == "" {
		return pipeline.Opt[string]{}
	}
	return pipeline.Some(s)
}

// over divides; by 0 it is null.
func over(a, b float64) health.Number {
	if b == 0 {
		return health.Number{}
	}
	return pipeline.Some(a / b)
}
