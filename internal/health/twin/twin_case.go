package twin

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// dice gives a number from 0 to n-1; 0 is the simplest choice, so that failures shrink to it.
type dice func(n int) int

// one of the list.
func one[T any](roll dice, list ...T) T { return list[roll(len(list))] }

// maker makes one input.
type maker struct {
	loc    *time.Location
	asOf   time.Time
	set    health.Settings
	proc   *process.Process
	reps   []pipeline.Rep
	tables map[pipeline.Rows]bool
	names  []string    // that stage changes may bear, in the order of the process
	pool   []time.Time // instants on which something has an edge
	reach  time.Duration
	crowd  crowd

	noParty, noActivities bool // the table is there and names no party, has no rows
}

// crowd makes many deals of one kind, so that what needs numbers is reached.
type crowd struct {
	on       bool
	recent   bool // all of it within the last weeks
	eve      bool // moved on the last working day before the end
	sweep    bool // a handful of deals, moved one after the other
	slow     bool // weeks in a stage
	calls    bool // all called in some forecast period
	evidence int  // 1: who meets criteria wins, 2: who does loses
}

// clocks are instants near changes of the clock, and some far from any.
var clocks = []struct{ zone, date string }{
	{"UTC", "2026-03-02"}, {"Europe/Berlin", "2026-03-30"}, {"Europe/Berlin", "2025-10-27"},
	{"America/New_York", "2026-03-09"}, {"America/New_York", "2025-11-03"}, {"America/Sao_Paulo", "2018-11-05"},
	{"America/Sao_Paulo", "2018-02-19"}, {"Australia/Lord_Howe", "2026-04-06"}, {"Australia/Lord_Howe", "2025-10-06"},
	{"Africa/Cairo", "2023-05-01"}, {"Pacific/Apia", "2012-01-02"}, {"Asia/Kathmandu", "2026-01-01"},
	{"Europe/Berlin", "2024-02-29"}, {"UTC", "2025-07-01"},
}

// Case makes a small pipeline that is as nasty as the page allows. Its reading can be read more than once, and
// spoils every history as soon as the next one is asked for.
func Case(t *rapid.T) health.Input {
	roll := dice(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "roll") })
	m := &maker{}
	clock := one(roll, clocks...)
	m.loc = location(clock.zone)
	date, err := pipeline.ParseDate(clock.date)
	if err != nil {
		t.Fatal(err)
	}
	m.asOf = (date + pipeline.Date(one(roll, 0, 0, 0, 1, 2, 3, 5, 6, 9, -1))).Start(m.loc).
		Add(one(roll, 0, 0, 0, 0, 9*time.Hour, 90*time.Minute, 150*time.Minute, -time.Second, time.Microsecond, 23*time.Hour))
	if roll(8) == 7 {
		m.crowd = one(roll, crowd{on: true}, crowd{on: true, recent: true}, crowd{on: true, eve: true}, crowd{on: true, slow: true},
			crowd{on: true, sweep: true}, crowd{on: true, calls: true}, crowd{on: true, evidence: 1}, crowd{on: true, evidence: 2})
	}
	m.reach = one(roll, 30*day, 100*day, 10*day, 400*day, 2*day)
	if m.crowd.recent {
		m.reach = 25 * day
	}
	m.settings(roll)
	m.process(roll)
	m.tables = map[pipeline.Rows]bool{pipeline.Reps: true, pipeline.Deals: true, pipeline.StageChanges: true}
	for _, table := range pipeline.AllRows[3:] {
		m.tables[table] = roll(6) != 5 || m.crowd.on && roll(2) == 0
	}
	m.noParty, m.noActivities = roll(6) == 5, roll(10) == 9
	m.people(roll)
	m.edges()
	return health.Input{AsOf: m.asOf, Settings: m.set, Process: m.proc, Reading: m.reading(t, roll)}
}

func location(zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (m *maker) settings(roll dice) {
	m.set = health.Settings{
		Location: m.loc, Window: one(roll, pipeline.Week, pipeline.Week, pipeline.Month, pipeline.Quarter),
		Currency: "EUR", Rates: one(roll, map[string]float64{"USD": 0.5, "CHF": 1.25}, nil),
		Lookback: one(roll, 365*day, 60*day, 8*day), Grace: one(roll, 3*day, 0, time.Hour, 14*day),
		MinDue: 1 + roll(5), MinHistory: one(roll, 1, 2, 4, 20), MinCalled: 1 + roll(3),
		SilentAfter: one(roll, 21*day, 3*day, time.Hour), LeastStall: one(roll, 3*day, 0, time.Hour),
		PeriodSpan: one(roll, pipeline.Quarter, pipeline.Month), FiscalStart: 1 + roll(12),
		CallAfter: one(roll, 14*day, 5*day, 0, 13*time.Hour),
		CategoryChance: map[string]float64{"commit": one(roll, 0.9, 0.7, 0.65), "best_case": 0.6,
			"pipeline": one(roll, 0.2, 0), "omitted": one(roll, 0, 0, 0.1)},
	}
	if m.crowd.slow {
		m.set.Lookback, m.reach = 365*day, 100*day
	}
	if m.crowd.evidence > 0 {
		m.set.Lookback, m.set.Grace = 365*day, one(roll, 0, time.Hour, day)
	}
}

func (m *maker) people(roll dice) {
	n := roll(7)
	if m.crowd.on {
		n = 6
	}
	for i := range n {
		id := "r" + strconv.Itoa(i)
		r := pipeline.Rep{ID: id, Name: "Rep " + strconv.Itoa(i), Active: roll(6) != 5,
			Team:      one(roll, "", "north", "south"),
			ManagerID: one(roll, "", "r0", "r0", "r1", id, "boss", "ghost"), System: roll(12) == 11}
		if roll(8) == 7 {
			d := dateOf(m.asOf, m.loc)
			r.Away = []pipeline.DateRange{one(roll, pipeline.DateRange{From: d - 3, To: d}, pipeline.DateRange{From: d, To: d + 2},
				pipeline.DateRange{From: d - 3, To: d - 1}, pipeline.DateRange{From: d + 1, To: d + 9})}
		}
		m.reps = append(m.reps, r)
	}
}

// edges collects the instants at which something changes.
func (m *maker) edges() {
	for i := range 9 {
		m.pool = append(m.pool, m.set.Window.Back(m.asOf, i, m.loc))
	}
	for _, p := range pipeline.PeriodsBefore(m.asOf, 4, m.set.PeriodSpan, m.set.FiscalStart, m.loc) {
		m.pool = append(m.pool, p.Start, p.End, p.Start.Add(m.set.CallAfter), p.End.Add(-14*day), p.End.Add(-7*day))
	}
	m.pool = append(m.pool, m.asOf.Add(-m.set.Lookback), m.asOf.Add(-m.set.Grace), m.asOf.Add(-m.set.SilentAfter),
		m.asOf.Add(-30*day), m.asOf.Add(-14*day), m.asOf.Add(-3*day), m.asOf)
	for _, v := range m.proc.Versions {
		m.pool = append(m.pool, v.From)
		for _, s := range v.Stages {
			if s.StallAfter.OK {
				m.pool = append(m.pool, m.asOf.Add(-s.StallAfter.V))
			}
			for _, c := range s.Requires {
				if c.Since.OK {
					m.pool = append(m.pool, c.Since.V)
				}
			}
		}
	}
}

// instant is mostly before as_of, often on an edge or next to one.
func (m *maker) instant(roll dice) time.Time {
	switch roll(8) {
	case 6:
		return one(roll, m.pool...).Add(one(roll, 0, 0, 0, time.Microsecond, -time.Microsecond, -m.set.Grace))
	case 7:
		return m.asOf.Add(time.Duration(roll(3)) * 36 * time.Hour)
	default:
		return m.asOf.Add(-time.Duration(1+roll(int(m.reach/time.Minute))) * time.Minute)
	}
}

// soon is an instant after t, often by just what some rule asks for.
func (m *maker) soon(roll dice, t time.Time) time.Time {
	if roll(8) == 7 {
		return m.instant(roll)
	}
	step := one(roll, time.Hour, 0, time.Second, 10*time.Minute, 10*time.Minute-time.Second, 10*time.Minute+time.Second,
		5*time.Hour, day, 2*day, 3*day, m.set.Grace, 7*day, 14*day, 30*day)
	return t.Add(step)
}

// reading hands over the deals like a source does.
func (m *maker) reading(t *rapid.T, roll dice) *pipeline.Reading {
	n := roll(13)
	luck := uint64(0)
	if m.crowd.on {
		n = 28 + roll(18)
		if m.crowd.sweep {
			n = 4 + roll(6)
		}
		luck = rapid.Uint64().Draw(t, "luck")
	}
	var list []*pipeline.History
	for i := range n {
		own := roll
		if m.crowd.on { // drawing every row would be slow; the crowd follows from one number
			r := rand.New(rand.NewPCG(luck, uint64(i)))
			own = r.IntN
		}
		list = append(list, m.deal(own, i))
	}
	slices.SortFunc(list, func(a, b *pipeline.History) int { return cmp.Compare(a.Deal.ID, b.Deal.ID) })
	r := &pipeline.Reading{Reps: m.reps, Tables: m.tables, Counts: map[pipeline.Rows]int{}}
	for _, h := range list {
		for _, a := range h.Activities {
			r.PartyNamed = r.PartyNamed || a.Party != "" && a.At.Before(m.asOf)
		}
	}
	ofUnknownDeals := roll(3)
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		clear(r.Counts)
		if hand(list, yield) {
			m.count(r.Counts, list, ofUnknownDeals)
		}
	}
	return r
}

// hand yields copies, and spoils each before the next.
func hand(list []*pipeline.History, yield func(*pipeline.History, error) bool) bool {
	h := &pipeline.History{}
	for _, own := range list {
		h.Deal = own.Deal
		h.Changes = append(h.Changes[:0], own.Changes...)
		h.Activities = append(h.Activities[:0], own.Activities...)
		h.Criteria = append(h.Criteria[:0], own.Criteria...)
		h.Forecasts = append(h.Forecasts[:0], own.Forecasts...)
		h.Waivers = append(h.Waivers[:0], own.Waivers...)
		if !yield(h, nil) {
			return false
		}
		clear(h.Changes)
		clear(h.Activities)
		clear(h.Criteria)
		clear(h.Forecasts)
		clear(h.Waivers)
		h.Deal = pipeline.Deal{}
	}
	return true
}

// count fills in the rows before as_of.
func (m *maker) count(counts map[pipeline.Rows]int, list []*pipeline.History, ofUnknownDeals int) {
	counts[pipeline.Reps] = len(m.reps) + ofUnknownDeals
	for _, table := range pipeline.AllRows[2:] {
		if m.tables[table] {
			counts[table] = ofUnknownDeals
		}
	}
	for _, h := range list {
		addSeen(counts, pipeline.StageChanges, h.Changes, func(x pipeline.StageChange) bool { return x.At.Before(m.asOf) })
		addSeen(counts, pipeline.Activities, h.Activities, func(x pipeline.Activity) bool { return x.At.Before(m.asOf) })
		addSeen(counts, pipeline.Criteria, h.Criteria, func(x pipeline.CriterionMet) bool { return x.At.Before(m.asOf) })
		addSeen(counts, pipeline.Forecasts, h.Forecasts, func(x pipeline.Forecast) bool { return x.At.Before(m.asOf) })
		addSeen(counts, pipeline.Waivers, h.Waivers, func(x pipeline.Waiver) bool { return x.At.Before(m.asOf) })
	}
}

func addSeen[T any](counts map[pipeline.Rows]int, table pipeline.Rows, rows []T, seen func(T) bool) {
	counts[table] += len(filter(rows, seen))
}
