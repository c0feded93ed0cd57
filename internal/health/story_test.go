package health

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// The tests tell a pipeline's story and compare its figures with numbers worked out by hand from
// docs/metrics.md:
//
//	s := tell("2026-01-26")
//	s.deal("D1").owner("ann").enters("Discovery", "2026-01-05").meets("problem", "2026-01-06")
//	r := s.report(t)
//
// Nothing is set that the story does not say: weekly windows in UTC, the usual settings, every table there,
// and a deal that is created with its first stage change.

const hours24 = 24 * time.Hour

// at reads "2026-01-05", "2026-01-05 10:30" or "2026-01-05 10:30:00.000001", all UTC.
func at(s string) time.Time {
	for _, form := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(form, s); err == nil {
			return t
		}
	}
	panic("no time: " + s)
}

func date(s string) pipeline.Date {
	d, err := pipeline.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func some[T any](v T) pipeline.Opt[T] { return pipeline.Some(v) }

// aProcess changes once, on 1 February 2026: a demo becomes due, and the closing stage goes.
//
//	before February: (lead) discovery             proposal          closing  onboarding (live)
//	from February:   (lead) discovery  demo        proposal                   onboarding (live)
//	evidence:               problem    champion    meetings, price
//
// Stages in brackets are optional; live is final; the champion is asked for from March on.
func aProcess() *process.Process {
	problem := process.Criterion{Key: "problem", MetBy: process.MetBy{Means: process.ByCriterion, Criterion: "problem"}}
	champion := process.Criterion{Key: "champion", Since: some(at("2026-03-01")),
		MetBy: process.MetBy{Means: process.ByCriterion, Criterion: "champion"}}
	meetings := process.Criterion{Key: "meetings", Grace: some(7 * hours24),
		MetBy: process.MetBy{Means: process.ByActivity, Kind: "meeting", Party: "buyer", Count: 2}}
	price := process.Criterion{Key: "price", MetBy: process.MetBy{Means: process.ByField, Field: process.FieldAmount}}

	lead := process.Stage{Key: "lead", Name: "Lead", Phase: process.Before}
	discovery := process.Stage{Key: "discovery", Name: "Discovery", Phase: process.Selling, Mandatory: true,
		WinProbability: some(0.1), Requires: []process.Criterion{problem}}
	demo := process.Stage{Key: "demo", Name: "Demo", Phase: process.Selling, Mandatory: true, Requires: []process.Criterion{champion}}
	proposal := process.Stage{Key: "proposal", Name: "Proposal", CRMStages: []string{"Proposal", "2 - Proposal"}, Phase: process.Selling,
		Mandatory: true, WinProbability: some(0.4), Requires: []process.Criterion{meetings, price}}
	closing := process.Stage{Key: "closing", Name: "Closing", Phase: process.Selling, Mandatory: true, WinProbability: some(0.8)}
	onboarding := process.Stage{Key: "onboarding", Name: "Onboarding", Phase: process.After, Mandatory: true}
	live := process.Stage{Key: "live", Name: "Live", Phase: process.After, Final: true}

	return process.New("new business", nil, []string{"Closed Won"}, []string{"Closed Lost"}, []process.Version{
		{Effective: date("2024-01-01"), From: at("2024-01-01"), Stages: []process.Stage{lead, discovery, proposal, closing, onboarding, live}},
		{Effective: date("2026-02-01"), From: at("2026-02-01"), Stages: []process.Stage{lead, discovery, demo, proposal, onboarding, live}},
	})
}

// usual settings are the defaults of the config.
func usual() Settings {
	return Settings{Location: time.UTC, Window: pipeline.Week, Currency: "EUR", Lookback: 365 * hours24, Grace: 3 * hours24,
		MinDue: 5, MinHistory: 20, MinCalled: 5, SilentAfter: 21 * hours24, LeastStall: 3 * hours24,
		PeriodSpan: pipeline.Quarter, FiscalStart: 1, CallAfter: 14 * hours24,
		CategoryChance: map[string]float64{"commit": 0.9, "best_case": 0.6, "pipeline": 0.2, "omitted": 0}}
}

// story is a pipeline with what happened in it, and the instant from which it is looked at.
type story struct {
	asOf    time.Time
	set     Settings
	proc    *process.Process
	reps    []pipeline.Rep
	deals   []*dealStory
	missing []pipeline.Rows
}

func tell(asOf string) *story { return &story{asOf: at(asOf), set: usual(), proc: aProcess()} }

// month widens the report's window from a week to a month.
func (s *story) month() *story { s.set.Window = pipeline.Month; return s }

// without leaves tables out of the source.
func (s *story) without(rows ...pipeline.Rows) *story {
	s.missing = append(s.missing, rows...)
	return s
}

func (s *story) rep(id string, more ...func(*pipeline.Rep)) *story {
	r := pipeline.Rep{ID: id, Name: id, Active: true}
	for _, set := range more {
		set(&r)
	}
	s.reps = append(s.reps, r)
	return s
}

func under(manager string) func(*pipeline.Rep) {
	return func(r *pipeline.Rep) { r.ManagerID = manager }
}
func system(r *pipeline.Rep) { r.System = true }
func away(from, to string) func(*pipeline.Rep) {
	return func(r *pipeline.Rep) { r.Away = []pipeline.DateRange{{From: date(from), To: date(to)}} }
}

func (s *story) deal(id string) *dealStory {
	d := &dealStory{}
	d.h.Deal = pipeline.Deal{ID: id, Name: id, Outcome: pipeline.Open}
	s.deals = append(s.deals, d)
	return d
}

// dealStory builds one deal's history.
type dealStory struct{ h pipeline.History }

func (d *dealStory) owner(id string) *dealStory      { d.h.Deal.RepID = id; return d }
func (d *dealStory) created(on string) *dealStory    { d.h.Deal.CreatedAt = at(on); return d }
func (d *dealStory) worth(amount float64) *dealStory { d.h.Deal.Amount = some(amount); return d }
func (d *dealStory) in(currency string) *dealStory   { d.h.Deal.Currency = currency; return d }
func (d *dealStory) of(pipeline string) *dealStory   { d.h.Deal.Pipeline = pipeline; return d }
func (d *dealStory) closes(on string) *dealStory     { d.h.Deal.ExpectedClose = some(date(on)); return d }
func (d *dealStory) likely(p float64) *dealStory     { d.h.Deal.Probability = some(p); return d }
func (d *dealStory) called(category string) *dealStory {
	d.h.Deal.ForecastCategory = category
	return d
}

func (d *dealStory) enters(stage, on string) *dealStory {
	d.h.Changes = append(d.h.Changes, pipeline.StageChange{Stage: stage, At: at(on)})
	return d
}

// by says who made the last stage change; seq gives its place among those of the same instant.
func (d *dealStory) by(rep string) *dealStory {
	d.h.Changes[len(d.h.Changes)-1].RepID = rep
	return d
}

func (d *dealStory) seq(n int64) *dealStory {
	d.h.Changes[len(d.h.Changes)-1].Seq = some(n)
	return d
}

func (d *dealStory) meets(criterion, on string) *dealStory {
	d.h.Criteria = append(d.h.Criteria, pipeline.CriterionMet{Criterion: criterion, At: at(on)})
	return d
}

// act adds an activity; party may be empty.
func (d *dealStory) act(party, kind, on string) *dealStory {
	d.h.Activities = append(d.h.Activities, pipeline.Activity{Party: party, Kind: kind, At: at(on)})
	return d
}

func (d *dealStory) excused(checkpoint, on string) *dealStory {
	d.h.Waivers = append(d.h.Waivers, pipeline.Waiver{DealID: d.h.Deal.ID, Checkpoint: checkpoint, Reason: "agreed", At: at(on)})
	return d
}

// says adds a forecasts row: says("2026-01-05", closeOn("2026-03-31"), amount(1000)).
func (d *dealStory) says(on string, values ...func(*pipeline.Forecast)) *dealStory {
	f := pipeline.Forecast{At: at(on)}
	for _, set := range values {
		set(&f)
	}
	d.h.Forecasts = append(d.h.Forecasts, f)
	return d
}

func closeOn(on string) func(*pipeline.Forecast) {
	return func(f *pipeline.Forecast) { f.ExpectedClose = some(date(on)) }
}
func amount(v float64) func(*pipeline.Forecast) {
	return func(f *pipeline.Forecast) { f.Amount = some(v) }
}
func chance(v float64) func(*pipeline.Forecast) {
	return func(f *pipeline.Forecast) { f.Probability = some(v) }
}
func category(v string) func(*pipeline.Forecast) {
	return func(f *pipeline.Forecast) { f.Category = v }
}

func (d *dealStory) won(on string) *dealStory  { return d.closed(pipeline.Won, on) }
func (d *dealStory) lost(on string) *dealStory { return d.closed(pipeline.Lost, on) }

// closed sets the outcome; on may be empty: then the deal has no closed_at.
func (d *dealStory) closed(o pipeline.Outcome, on string) *dealStory {
	d.h.Deal.Outcome = o
	if on != "" {
		d.h.Deal.ClosedAt = some(at(on))
	}
	return d
}

// input hands the story over as a source does.
func (s *story) input() Input {
	tables := map[pipeline.Rows]bool{}
	for _, r := range pipeline.AllRows {
		tables[r] = !slices.Contains(s.missing, r)
	}
	reading := &pipeline.Reading{Reps: s.reps, Tables: tables, Counts: map[pipeline.Rows]int{pipeline.Reps: len(s.reps)}}
	var deals []*pipeline.History
	for _, d := range s.deals {
		h := d.history()
		reading.PartyNamed = reading.PartyNamed || slices.ContainsFunc(h.Activities, func(a pipeline.Activity) bool { return a.Party != "" && a.At.Before(s.asOf) })
		deals = append(deals, h)
	}
	slices.SortFunc(deals, func(a, b *pipeline.History) int { return cmp.Compare(a.Deal.ID, b.Deal.ID) })
	reading.Deals = func(yield func(*pipeline.History, error) bool) {
		for _, h := range deals {
			if !yield(h, nil) {
				return
			}
		}
	}
	return Input{AsOf: s.asOf, Settings: s.set, Process: s.proc, Reading: reading}
}

// history gives the deal with its rows by time; what was told first comes first among equals.
func (d *dealStory) history() *pipeline.History {
	h := d.h
	if h.Deal.CreatedAt.IsZero() && len(h.Changes) > 0 {
		h.Deal.CreatedAt = slices.MinFunc(h.Changes, func(a, b pipeline.StageChange) int { return a.At.Compare(b.At) }).At
	}
	h.Changes, h.Forecasts, h.Activities = slices.Clone(h.Changes), slices.Clone(h.Forecasts), slices.Clone(h.Activities)
	slices.SortStableFunc(h.Changes, func(a, b pipeline.StageChange) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(h.Forecasts, func(a, b pipeline.Forecast) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(h.Activities, func(a, b pipeline.Activity) int { return a.At.Compare(b.At) })
	return &h
}

func (s *story) report(t *testing.T) *Report {
	t.Helper()
	r, err := Compute(s.input())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Finding things in a report.

func (s *story) rowsOf(t *testing.T, id string) RepFigures { return repOf(t, s.report(t), id) }

func repOf(t *testing.T, r *Report, id string) RepFigures {
	t.Helper()
	return find(t, slices.Values(r.Reps), "rep "+id, func(f RepFigures) bool { return f.ID == id })
}

func stageOf(t *testing.T, r *Report, key string) Stage {
	t.Helper()
	return find(t, slices.Values(r.Stages), "stage "+key, func(s Stage) bool { return s.Key == key })
}

func dealOf(t *testing.T, r *Report, id string) Deal {
	t.Helper()
	return find(t, slices.Values(r.Deals), "open deal "+id, func(d Deal) bool { return d.ID == id })
}

func checkpointOf(t *testing.T, r *Report, key string) Checkpoint {
	t.Helper()
	return find(t, slices.Values(r.Checkpoints), "checkpoint "+key, func(c Checkpoint) bool { return c.Key == key })
}

func find[T any](t *testing.T, all iter.Seq[T], what string, match func(T) bool) T {
	t.Helper()
	for x := range all {
		if match(x) {
			return x
		}
	}
	t.Fatalf("the report has no %s", what)
	panic("unreachable")
}

// states writes what became of the checkpoints in process order, "stage:discovery met, buyer:problem missed";
// made for stories of one deal.
func states(r *Report) string {
	var out []string
	for _, c := range r.Checkpoints {
		for _, k := range []struct {
			word string
			n    int
		}{{"met", c.Met}, {"missed", c.Missed}, {"pending", c.Pending}, {"excused", c.Excused}} {
			for range k.n {
				out = append(out, c.Key+" "+k.word)
			}
		}
	}
	return strings.Join(out, ", ")
}

// Comparing.

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// near compares to six decimals.
func near(t *testing.T, what string, got Number, want float64) {
	t.Helper()
	if !got.OK || math.Abs(got.V-want) > 1e-6 {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func null[T any](t *testing.T, what string, got pipeline.Opt[T]) {
	t.Helper()
	if got.OK {
		t.Errorf("%s: got %v, want null", what, got.V)
	}
}
