// Package export turns what CRMs export as CSV into canonical rows, as text.
// In go the files, the header map of a preset, and a company's own map over it; out come tables of canonical values,
// each with the place in the export that it was read from, and a preview of how everything was understood.
// It refuses to guess: a date or a number that two habits read differently, without another value that decides it, is a
// fault that says both readings. Read mapping.go for what a map can say, file.go for how a file is read.
package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// Options are the choices of the command line.
type Options struct {
	Preset    string // one of Presets; empty: csv
	Map       string // the path of a company's own map; empty: none
	DateOrder string // dmy, mdy or ymd, for all files; empty: as the map or the values say
	TimeZone  string // an IANA name, for all files; empty: as the map says, else UTC
}

// Place is where a value stands in the export.
type Place struct {
	File   string
	Line   int
	Column string // as the header has it
}

// Row is one canonical row as text, valid until the yield that got it returns.
type Row struct {
	Values []string          // in the order of Table.Columns, as in a canonical CSV file; empty: null
	Place  func(i int) Place // where the i-th value was read
}

// Table is one kind of canonical rows that an export holds.
type Table struct {
	Rows    pipeline.Rows
	Name    string   // the files that it is made of
	Columns []string // the canonical columns that the export can tell

	// Each hands over every row, the same ones whenever it is called. Its error is yield's, or a fault.List where a
	// file has changed since it was looked at.
	Each func(yield func(Row) error) error
}

// Export is an export that has been looked at and understood.
type Export struct {
	Tables   []Table    // in the order of pipeline.AllRows
	Warnings fault.List // what is odd but no fault

	mapping  *mapping
	files    []*file // that hold rows
	ignored  []ignoredFile
	people   *people
	deals    dealIndex
	origins  map[string]origin     // with a column of the stage before: the first move of each deal
	closings map[closing]time.Time // the last entry into a closed stage, by the histories
	census   census
	exported time.Time // the instant that deals without a date of creation count from
	faults   fault.List
}

// ignoredFile is a file of the folder that holds nothing to import.
type ignoredFile struct{ name, why string }

// Open finds the files, tells which holds which rows, and looks through all of them: what their dates and numbers
// mean, who is named, and what is wrong. Everything wrong comes back at once.
func Open(paths []string, opts Options) (*Export, fault.List) {
	m, faults := loadMapping(opts)
	if len(faults) > 0 && (m == nil || m.own == nil) {
		return nil, faults
	}
	e := &Export{mapping: m, people: newPeople(), deals: newDealIndex(), origins: map[string]origin{},
		closings: map[closing]time.Time{}, census: newCensus()}
	e.findFiles(paths)
	if len(e.faults) == 0 || len(faults) > 0 {
		e.checkMap()
	}
	if len(faults) > 0 { // of the map: what it misleads to is not worth a word
		return nil, slices.Concat(m.ownFaults(), ofCommand(faults))
	}
	if len(e.faults) > 0 {
		return nil, e.sorted()
	}
	for _, f := range e.files {
		e.faults = append(e.faults, f.profile()...)
	}
	e.look()
	if len(e.faults) > 0 {
		e.checkKeys()
		return nil, e.sorted()
	}
	e.makeTables()
	e.warn()
	return e, nil
}

// ofCommand keeps the faults of the command line.
func ofCommand(list fault.List) fault.List {
	return slices.DeleteFunc(list, func(f fault.Fault) bool { return !strings.HasPrefix(f.File, "--") })
}

// look reads everything once, for what can only be known by looking at more than one row.
func (e *Export) look() {
	for _, rows := range kinds {
		for _, f := range e.filesOf(rows) {
			if f.cut {
				continue // what the rest would say is not known
			}
			switch rows {
			case pipeline.Reps:
				e.lookAtReps(f)
			case pipeline.Deals:
				e.lookAtDeals(f)
			case pipeline.StageChanges:
				e.lookAtHistory(f)
			case pipeline.Activities:
				e.lookAtActivities(f)
			case pipeline.Forecasts:
				e.lookAtForecasts(f)
			}
		}
		if rows == pipeline.Deals {
			e.settleExported()
			e.dropStrangers()
		}
	}
}

func (e *Export) filesOf(rows pipeline.Rows) []*file {
	var out []*file
	for _, f := range e.files {
		if f.rows == rows {
			out = append(out, f)
		}
	}
	return out
}

func (e *Export) fault(at Place, what, hint string) {
	if len(e.faults) < fault.Limit {
		e.faults = append(e.faults, fault.Fault{File: at.File, Line: at.Line, Field: at.Column, What: what, Hint: hint})
	}
}

func (e *Export) warning(at Place, what, hint string) {
	e.Warnings = append(e.Warnings, fault.Fault{File: at.File, Line: at.Line, Field: at.Column, What: what, Hint: hint})
}

// sorted gives the faults file by file, by line.
func (e *Export) sorted() fault.List {
	order := map[string]int{}
	for i, f := range e.files {
		order[f.name] = i
	}
	slices.SortStableFunc(e.faults, func(a, b fault.Fault) int {
		if a.File != b.File {
			return order[a.File] - order[b.File]
		}
		return a.Line - b.Line
	})
	return e.faults[:min(len(e.faults), fault.Limit)]
}

func names(files []*file) string {
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = f.name
	}
	return strings.Join(list, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// makeTables lines up what the export holds.
func (e *Export) makeTables() {
	e.Tables = []Table{e.repsTable(), e.dealsTable()}
	for _, optional := range []func() (Table, bool){e.movesTable, e.activitiesTable, e.criteriaTable, e.forecastsTable} {
		if t, there := optional(); there {
			e.Tables = append(e.Tables, t)
		}
	}
}
