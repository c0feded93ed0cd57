// Package sample makes up a believable sales pipeline for the demo and for tests. In go a process, a seed and
// an instant; out come the canonical rows of two years, the same ones whenever and wherever it runs, and the
// Planted truth that the figures must find again. It has no clock and no state, keeps only the people in memory
// (each deal is told again when it is asked for, so a million of them cost no more room than one), and refuses
// nothing: a process too short to leave out a stage gets a pipeline in which nobody does.
// Read deals.go for how a deal's story unfolds, planted.go for what is there by construction, rows.go for how a
// story becomes rows.
package sample

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// AsOf is the instant of the demo: a Monday, so that the week before it is whole.
var AsOf = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

// DefaultReps and DefaultDeals are the size of the demo: sellers without their managers, and deals. Every DefaultDeals deals hold the planted
// ones once.
const (
	DefaultReps  = 14
	DefaultDeals = 540
)

// historyDays is how far the oldest deals reach back: twice the lookback of the figures.
const historyDays = 730

// Options say what to make up. The zero value of a field means its default; Process is required.
type Options struct {
	Seed     uint64
	Reps     int              // sellers, managers come on top; default 14
	Deals    int              // default 540; below about 80 not every planted deal has room
	AsOf     time.Time        // nothing happens at or after it; default AsOf
	Currency string           // of every amount; default EUR
	Process  *process.Process // what the reps should follow
}

// Pipeline is a sample pipeline. It is safe to read it any number of times.
type Pipeline struct {
	Reps    []pipeline.Rep // by id
	Planted Planted

	tell teller
}

// Generate makes up the pipeline that opt describes. It panics without a Process.
func Generate(opt Options) *Pipeline {
	if opt.Reps <= 0 {
		opt.Reps = DefaultReps
	}
	if opt.Deals <= 0 {
		opt.Deals = DefaultDeals
	}
	if opt.AsOf.IsZero() {
		opt.AsOf = AsOf
	}
	if opt.Currency == "" {
		opt.Currency = "EUR"
	}
	opt.AsOf = opt.AsOf.UTC()
	t := teller{opt: opt, shape: shapeOf(opt.Process, opt.AsOf)}
	t.staff = hire(opt.Reps, opt.AsOf, newDice(opt.Seed, 0))
	if len(t.shape.chain) > 0 {
		t.roster = newRoster(opt.Deals)
	}
	t.step = coprime(opt.Deals)

	p := &Pipeline{tell: t}
	for _, who := range t.staff.all {
		p.Reps = append(p.Reps, who.Rep)
	}
	p.Planted = t.planted()
	return p
}

// Deals yields every deal with its rows, by id, each made anew.
func (p *Pipeline) Deals() iter.Seq[*pipeline.History] {
	return func(yield func(*pipeline.History) bool) {
		for j := range p.tell.opt.Deals {
			if !yield(p.tell.history(j)) {
				return
			}
		}
	}
}

// Reading hands the pipeline over as a source would that is read as of asOf, without a database between.
func (p *Pipeline) Reading(asOf time.Time) *pipeline.Reading {
	r := &pipeline.Reading{Reps: slices.Clone(p.Reps), Tables: map[pipeline.Rows]bool{}, Counts: map[pipeline.Rows]int{}}
	for _, rows := range pipeline.AllRows {
		r.Tables[rows] = true
	}
	for h := range p.Deals() {
		if r.PartyNamed = namesParty(h, asOf); r.PartyNamed {
			break
		}
	}
	r.Deals = func(yield func(*pipeline.History, error) bool) {
		clear(r.Counts)
		r.Counts[pipeline.Reps] = len(p.Reps)
		for h := range p.Deals() {
			count(r.Counts, h, asOf)
			if !yield(h, nil) {
				return
			}
		}
	}
	return r
}

// namesParty says whether some activity before asOf names a party.
func namesParty(h *pipeline.History, asOf time.Time) bool {
	for _, a := range h.Activities {
		if a.Party != "" && a.At.Before(asOf) {
			return true
		}
	}
	return false
}

// count adds the deal's rows before asOf.
func count(into map[pipeline.Rows]int, h *pipeline.History, asOf time.Time) {
	add := func(rows pipeline.Rows, at time.Time) {
		if at.Before(asOf) {
			into[rows]++
		}
	}
	for _, r := range h.Changes {
		add(pipeline.StageChanges, r.At)
	}
	for _, r := range h.Activities {
		add(pipeline.Activities, r.At)
	}
	for _, r := range h.Criteria {
		add(pipeline.Criteria, r.At)
	}
	for _, r := range h.Forecasts {
		add(pipeline.Forecasts, r.At)
	}
	for _, r := range h.Waivers {
		add(pipeline.Waivers, r.At)
	}
}

// teller knows all that the deals' stories depend on.
type teller struct {
	opt    Options
	shape  shape
	staff  staff
	roster roster
	step   int
}

// id gives the deal ids in byte order: the width fits the last one.
func (t *teller) id(j int) string {
	return fmt.Sprintf("D%0*d", len(fmt.Sprint(t.opt.Deals)), j+1)
}

// index says which story the j-th id tells. The planted stories are the first; striding through them keeps
// neighbours in a CRM's list from being alike.
func (t *teller) index(j int) int { return int(int64(j) * int64(t.step) % int64(t.opt.Deals)) }

// coprime gives a stride through n places that meets every one: near the golden section of n.
func coprime(n int) int {
	gcd := func(a, b int) int {
		for b != 0 {
			a, b = b, a%b
		}
		return a
	}
	for s := max(1, int(math.Round(float64(n)*0.618))); ; s++ {
		if gcd(s, n) == 1 {
			return s
		}
	}
}

// story tells the i-th story; d is at the same place of its sequence whoever asks.
func (t *teller) story(i int) (*story, dice) {
	d := newDice(t.opt.Seed, uint64(i)+1)
	if k, nth, ok := t.roster.role(i); ok {
		if s := t.plant(d, k, nth); s != nil {
			return s, d
		}
	}
	return t.natural(d, i), d
}
