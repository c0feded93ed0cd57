package export

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"drumbeat/internal/pipeline"
)

// census is what the deals of an export are like as a whole.
type census struct {
	stages    []stageCount
	index     map[string]int
	longer    []*longName
	ignored   count // deals that are none any more
	noCreated count
	noName    count
	dollar    count
	currency  bool // some amount has one
	newest    time.Time
	unknown   map[string]bool   // states of deals that were named already
	named     map[string]int    // without ids: the line of each name
	ambiguous map[string]*count // names that two reps share
}

// count is how often something happens, and where first.
type count struct {
	n     int
	first Place
	value string
}

func (c *count) add(at Place, value string) {
	if c.n++; c.n == 1 {
		c.first, c.value = at, value
	}
}

// stageCount is how many deals of a stage have an outcome.
type stageCount struct {
	stage   string
	outcome pipeline.Outcome
	by      string // the column that says so
	state   bool   // it is another than that of the stage
	n       int
}

// longName is a stage or a state of which one word told the outcome.
type longName struct {
	count
	outcome pipeline.Outcome
}

// byWord counts a deal whose outcome one word of a longer name told.
func (c *census) byWord(at Place, name string, outcome pipeline.Outcome) {
	i := slices.IndexFunc(c.longer, func(l *longName) bool { return l.value == name && l.first.Column == at.Column })
	if i < 0 {
		i = len(c.longer)
		c.longer = append(c.longer, &longName{outcome: outcome})
	}
	c.longer[i].add(at, name)
}

func newCensus() census {
	return census{index: map[string]int{}, unknown: map[string]bool{}, named: map[string]int{}, ambiguous: map[string]*count{}}
}

func (c *census) stage(stage string, outcome pipeline.Outcome, by string, state bool) {
	key := stage + "\x00" + string(outcome) + "\x00" + by
	i, seen := c.index[key]
	if !seen {
		i = len(c.stages)
		c.index[key] = i
		c.stages = append(c.stages, stageCount{stage: stage, outcome: outcome, by: by, state: state})
	}
	c.stages[i].n++
}

// lookAtDeals counts the deals of a file, notes who owns them, and names every value that cannot be read.
func (e *Export) lookAtDeals(f *file) {
	keep := len(e.filesOf(pipeline.StageChanges))+len(e.filesOf(pipeline.Activities))+len(e.filesOf(pipeline.Forecasts)) > 0
	var d deal
	e.eachOf(f, func(r record) {
		f.readDeal(r, &d)
		e.wrongValues(d.wrong)
		if d.ignored {
			e.census.ignored.add(r.place("stage"), d.values[dealStage])
			return
		}
		c := &e.census
		c.stage(d.values[dealStage], d.outcome, f.titleOf(d.keys[dealOutcome]), d.keys[dealOutcome] != "stage")
		if d.longer {
			name := d.values[dealStage]
			if d.keys[dealOutcome] == "outcome" {
				name = r.get("outcome")
			}
			c.byWord(r.place(d.keys[dealOutcome]), name, d.outcome)
		}
		for _, t := range []time.Time{d.created, d.closed} {
			if t.After(c.newest) {
				c.newest = t
			}
		}
		if d.created.IsZero() {
			c.noCreated.add(r.place("created_at"), "")
		}
		if f.has("name") && r.get("name") == "" {
			c.noName.add(r.place("name"), d.values[dealName])
		}
		if d.dollar {
			c.dollar.add(r.place("amount"), r.get("amount"))
		}
		c.currency = c.currency || d.values[dealCurrency] != ""
		e.owner(r, d.values[dealRep])
		if !f.has("id") {
			e.once(r, d.values[dealID])
		}
		if keep {
			e.deals.add(d.values[dealID], d.values[dealName], d.created)
		}
	})
}

// eachOf hands over the rows of a file that has been read without a fault of its form.
func (e *Export) eachOf(f *file, do func(record)) {
	err := eachRow([]*file{f}, func(_ *file, r record) error {
		do(r)
		return nil
	})
	if err != nil && !f.broken {
		e.fault(Place{File: f.name}, "has changed while it was read", "run the import again")
	}
}

// wrongValues names what cannot be read, an unknown state of deals once.
func (e *Export) wrongValues(list []wrongValue) {
	for _, w := range list {
		if errors.Is(w.err, errUnsettled) {
			continue
		}
		what, hint := split(w.err.Error())
		if state := w.place.Column + what; e.census.unknown[state] {
			continue
		} else if hint != "" && w.place.Column != "" {
			e.census.unknown[state] = true
		}
		e.fault(w.place, what, hint)
	}
}

// once refuses the second deal of one name where nothing else tells deals apart.
func (e *Export) once(r record, name string) {
	if first, twice := e.census.named[sameText(name)]; twice {
		e.fault(r.place("name"), fmt.Sprintf("%q stands on line %d already, and without a column of ids only the name tells deals apart", name, first),
			"export the CRM's id of each deal, too")
		return
	}
	e.census.named[sameText(name)] = r.place("name").Line
}

// settleExported decides from when on deals count that have no date of creation.
func (e *Export) settleExported() {
	for _, f := range e.filesOf(pipeline.Deals) {
		if f.settings.exported.OK {
			e.exported = f.settings.exported.V.Start(f.zone()).UTC()
			return
		}
	}
	e.exported = e.census.newest
	if e.exported.IsZero() && e.census.noCreated.n > 0 && len(e.faults) == 0 { // else the dates may only be unreadable
		e.fault(e.census.noCreated.first, "no deal has a date of creation or closing: nothing tells since when it exists",
			"export the date of creation, or write exported: YYYY-MM-DD, the day of the export, in the map given by --map")
	}
}
