package export

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// What holds dates, and what numbers, of all kinds of rows.
var (
	dateKeys   = []string{"created_at", "closed_at", "close_date", "won_at", "lost_at", "expected_close", "at"}
	numberKeys = []string{"amount", "probability"}
)

// profile reads the file once to find out how it writes dates and numbers. What cannot be decided is a fault, and so
// is what cannot be read as CSV.
func (f *file) profile() fault.List {
	var list fault.List
	bad := func(b fault.Fault) {
		if len(list) < fault.Limit {
			list = append(list, b)
		}
	}
	dates := evidence{habits: [2]string{dayFirst, monthFirst}}
	numbers := evidence{habits: decimalHabits()}
	var years, large witness
	err := f.each(bad, func(r record) error {
		for _, column := range f.dateColumns() {
			value := trim(r.fields[column])
			if m, err := parseMoment(value); value != "" && err == nil {
				if !m.fixed {
					dates.add(witness{value, r.placeOf(column)}, m.readings())
					f.dates.used = true
				} else if !years.there() {
					years = witness{value, r.placeOf(column)}
				}
			}
		}
		for _, key := range numberKeys {
			value := r.get(key)
			if n, err := parseFigure(value); value != "" && err == nil {
				texts := n.readings()
				numbers.add(witness{value, r.place(key)}, texts)
				f.decimals.used = f.decimals.used || texts[0] != texts[1]
				if v, err := strconv.ParseFloat(texts[0], 64); key == "probability" && (n.percent || err == nil && v > 1) && !large.there() {
					large = witness{value, r.place(key)}
				}
			}
		}
		return nil
	})
	if err != nil {
		bad(fault.Fault{File: f.name, What: err.Error()})
	}
	if f.cut {
		return list // what would decide may stand in the rest
	}
	f.dates.decide(f.settings.dateOrder, dates, years, bad)
	f.decimals.decideDecimal(f.settings.decimal, numbers, bad)
	f.percent = f.mapping.percent == "yes" || f.mapping.percent == "" && large.there()
	return list
}

func decimalHabits() [2]string { return [2]string{dot, comma} }

// dateColumns lists the columns that hold dates, those of entry into stages and of criteria among them.
func (f *file) dateColumns() []int {
	var out []int
	for _, key := range dateKeys {
		if i, ok := f.columns[key]; ok {
			out = append(out, i)
		}
	}
	for _, e := range slices.Concat(f.entered, f.criteria) {
		if !slices.Contains(out, e.column) {
			out = append(out, e.column)
		}
	}
	return out
}

// decide settles the order of dates: as set, else as the values say.
func (h *habit) decide(set string, e evidence, years witness, bad func(fault.Fault)) {
	if set != "" {
		h.name, h.set = set, true
		return
	}
	i, by, what, hint := e.verdict()
	h.name, h.by = e.habits[i], by
	if !h.used {
		h.name, h.by = yearFirst, years
	}
	if what != "" {
		if hint == "" {
			hint = "say --date-order dmy or --date-order mdy, or date_order for this file in the map"
		}
		bad(fault.Fault{File: by.place.File, Line: by.place.Line, Field: by.place.Column, What: what, Hint: hint})
	}
}

// decideDecimal settles the sign before decimals in the same way.
func (h *habit) decideDecimal(set string, e evidence, bad func(fault.Fault)) {
	if set != "" {
		h.name, h.set = set, true
		return
	}
	i, by, what, hint := e.verdict()
	h.name, h.by = e.habits[i], by
	if what != "" {
		if hint == "" {
			hint = "write decimal: dot or decimal: comma in the map given by --map"
		}
		bad(fault.Fault{File: by.place.File, Line: by.place.Line, Field: by.place.Column, What: what, Hint: hint})
	}
}

// zone is the one of times that name none.
func (f *file) zone() *time.Location {
	if f.settings.zone != nil {
		return f.settings.zone
	}
	return time.UTC
}

// instant reads a point in time; the error says what is wrong with the value.
func (f *file) instant(value string) (time.Time, error) {
	m, err := parseMoment(value)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := m.instant(f.dates.name, f.zone())
	if !ok {
		return t, f.noSuchDay()
	}
	return t, nil
}

// momentOf is instant for a value that may be none.
func (f *file) momentOf(value string) (time.Time, bool) {
	t, err := f.instant(value)
	return t, err == nil
}

// date reads a civil date: the day that is written there, in whatever zone.
func (f *file) date(value string) (pipeline.Date, error) {
	m, err := parseMoment(value)
	if err != nil {
		return 0, err
	}
	d, ok := m.in(f.dates.name)
	if !ok {
		return d, f.noSuchDay()
	}
	return d, nil
}

func (f *file) noSuchDay() error {
	if f.dates.set {
		return fmt.Errorf("is no date in the order %s, which was set for this file", f.dates.name)
	}
	return fmt.Errorf("is no date in the order %s, which the other dates of this file have", f.dates.name)
}

// figure reads a number.
func (f *file) figure(value string) (figure, string, error) {
	n, err := parseFigure(value)
	if err != nil {
		return n, "", err
	}
	text := n.in(f.decimals.name)
	if text == "" {
		return n, "", fmt.Errorf("is no number with a %s before its decimals, as this file writes them", f.decimals.name)
	}
	return n, text, nil
}
