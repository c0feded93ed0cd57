package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/fault"
)

// errUnsettled is why a value has no meaning whose file does not have one habit: that is said once, for all of them.
var errUnsettled = errors.New("cannot be read before the habits of its file are settled")

// misfits counts, column by column, the values that do not fit the habit that was set for a file.
type misfits struct {
	columns []*misfit
}

type misfit struct {
	count
	column int
	ruled  [2]bool // out: some value of the column means nothing in that habit
}

// add takes a value with what it means in either habit, and whether it fits the one that was set. What means nothing in
// any habit is named by itself, elsewhere.
func (m *misfits) add(column int, w witness, texts [2]string, fits bool) {
	if texts[0] == "" && texts[1] == "" {
		return
	}
	i := slices.IndexFunc(m.columns, func(c *misfit) bool { return c.column == column })
	if i < 0 {
		i = len(m.columns)
		m.columns = append(m.columns, &misfit{column: column})
	}
	c := m.columns[i]
	for habit, text := range texts {
		c.ruled[habit] = c.ruled[habit] || text == ""
	}
	if !fits {
		c.add(w.place, w.value)
	}
}

// report says of each column once how many values do not fit, and which habit does; it tells whether there were any.
func (m *misfits) report(noun, set string, habits [2]string, bad func(fault.Fault)) bool {
	some := false
	for _, c := range m.columns {
		if c.n == 0 {
			continue
		}
		some = true
		verb := "do"
		if c.n == 1 {
			verb = "does"
		}
		bad(fault.Fault{File: c.first.File, Line: c.first.Line, Field: c.first.Column, Hint: c.fitting(habits),
			What: fmt.Sprintf("%s %s not fit %s, which was set for this file, the first %q", grouped(plural(c.n, noun)), verb, set, c.value)})
	}
	return some
}

// fitting says in which habits all of a column can be read.
func (m *misfit) fitting(habits [2]string) string {
	switch m.ruled {
	case [2]bool{false, false}:
		return habits[0] + " and " + habits[1] + " each fit all of this column"
	case [2]bool{true, false}:
		return habits[1] + " fits all of this column"
	case [2]bool{false, true}:
		return habits[0] + " fits all of this column"
	}
	return "neither does " + habits[0] + " nor " + habits[1] + " fit all of this column: put right the odd ones"
}

// grouped puts a comma before each three digits of the number that a text begins with.
func grouped(text string) string {
	end := strings.IndexFunc(text, notDigit)
	for i := end - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
