package export

import (
	"cmp"
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

// habits is what a file shows of how it writes dates and numbers.
type habits struct {
	dates, numbers       evidence
	oddDates, oddFigures misfits
	years                witness
	large                [2]bool // whether a probability is above 1, or has a %, in either habit of numbers
}

// profile reads the file once to find out how it writes dates and numbers. What cannot be decided is a fault, and so
// is what cannot be read as CSV.
func (f *file) profile() fault.List {
	var list fault.List
	bad := func(b fault.Fault) {
		if len(list) < fault.Limit {
			list = append(list, b)
		}
	}
	seen := habits{dates: evidence{habits: dateHabits()}, numbers: evidence{habits: decimalHabits()}}
	columns := f.dateColumns()
	err := f.each(bad, func(r record) error {
		for _, column := range columns {
			if value := trim(r.fields[column]); value != "" {
				f.seeDate(&seen, column, witness{value, r.placeOf(column)})
			}
		}
		for _, key := range numberKeys {
			if value := r.get(key); value != "" {
				f.seeNumber(&seen, key, witness{value, r.place(key)})
			}
		}
		return nil
	})
	if err != nil {
		bad(fault.Fault{File: f.name, What: err.Error()})
	}
	if f.broken = len(list) > 0; f.cut {
		return list // what would decide may stand in the rest
	}
	f.dates.decide(f.settings.dateOrder, &seen, bad)
	f.decimals.decideDecimal(f.settings.decimal, &seen, bad)
	inUse := max(0, slices.Index(decimals, f.decimals.name))
	f.percent = f.mapping.percent == "yes" || f.mapping.percent == "" && seen.large[inUse]
	return list
}

func (f *file) seeDate(seen *habits, column int, w witness) {
	m, err := parseMoment(w.value)
	switch {
	case err != nil:
	case !m.fixed:
		texts := m.readings()
		seen.dates.add(w, texts)
		f.dates.used = true
		if set := f.settings.dateOrder; set != "" {
			_, fits := m.in(set)
			seen.oddDates.add(column, w, texts, fits)
		}
	case !seen.years.there():
		seen.years = w
	}
}

func (f *file) seeNumber(seen *habits, key string, w witness) {
	n, err := parseFigure(w.value)
	if err != nil {
		return
	}
	texts := n.readings()
	seen.numbers.add(w, texts)
	f.decimals.used = f.decimals.used || texts[0] != texts[1]
	if set := f.settings.decimal; set != "" {
		seen.oddFigures.add(f.columns[key], w, texts, n.in(set) != "")
	}
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		seen.large[i] = seen.large[i] || key == "probability" && (n.percent || err == nil && v > 1)
	}
}

func dateHabits() [2]string { return [2]string{dayFirst, monthFirst} }

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
func (h *habit) decide(set string, seen *habits, bad func(fault.Fault)) {
	if set != "" {
		h.name, h.set = set, true
		h.unsettled = seen.oddDates.report("date", set, dateHabits(), bad)
		return
	}
	h.judge(&seen.dates, "say --date-order dmy or --date-order mdy, or date_order for this file in the map", bad)
	if !h.used {
		h.name, h.by = yearFirst, seen.years
	}
}

// decideDecimal settles the sign before decimals in the same way.
func (h *habit) decideDecimal(set string, seen *habits, bad func(fault.Fault)) {
	if set != "" {
		h.name, h.set = set, true
		h.unsettled = seen.oddFigures.report("number", "decimal: "+set, decimalHabits(), bad)
		return
	}
	h.judge(&seen.numbers, "write decimal: dot or decimal: comma in the map given by --map", bad)
}

// judge goes by the values; where they do not tell, ask says what would.
func (h *habit) judge(e *evidence, ask string, bad func(fault.Fault)) {
	i, by, what, hint := e.verdict()
	h.name, h.by = e.habits[i], by
	if h.unsettled = what != ""; h.unsettled {
		bad(fault.Fault{File: by.place.File, Line: by.place.Line, Field: by.place.Column, What: what, Hint: cmp.Or(hint, ask)})
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
		return t, f.noSuchDay(m)
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
		return d, f.noSuchDay(m)
	}
	return d, nil
}

func (f *file) noSuchDay(m moment) error {
	if f.dates.unsettled && m.readings() != [2]string{} {
		return errUnsettled
	}
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
	if text == "" && f.decimals.unsettled && n.readings() != [2]string{} {
		return n, "", errUnsettled
	}
	if text == "" {
		return n, "", fmt.Errorf("is no number with a %s before its decimals, as this file writes them", f.decimals.name)
	}
	return n, text, nil
}

// chance reads a probability and gives it from 0 to 1.
func (f *file) chance(value string) (string, error) {
	n, text, err := f.figure(value)
	if err == nil && (n.percent || f.percent) {
		return share(text)
	}
	return text, err
}
