package source

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// checks is what can be said about a file only by looking at more than one row. Its memory is the ids.
type checks struct {
	lines    map[pipeline.Rows]map[string]spot // the place of each key that may stand once
	managers map[string]bool
	zones    map[string]bool // whether it exists
	names    map[pipeline.Rows]string
	filled   map[pipeline.Rows][]bool // for each column whether some row has a value
	notes    []*note
	faults   *faults
}

// spot is where a key stands.
type spot struct {
	file string
	line int
}

// note is something odd that happens in many rows and is said once, with their number.
type note struct {
	rows       pipeline.Rows
	field      string
	what, hint string
	n          int
	place      Place // of the first
	first      string
}

func newChecks(to *faults) *checks {
	return &checks{lines: map[pipeline.Rows]map[string]spot{}, managers: map[string]bool{}, zones: map[string]bool{},
		names: map[pipeline.Rows]string{}, filled: map[pipeline.Rows][]bool{}, faults: to}
}

// begin is called before the rows of a file.
func (c *checks) begin(name string, l *layout) {
	c.names[l.rows] = name
	c.filled[l.rows] = make([]bool, len(l.columns))
	if l.unique != nil {
		c.lines[l.rows] = map[string]spot{}
	}
}

// row looks at one row. The key of a row that is at fault elsewhere counts too: others may repeat or name it.
func (c *checks) row(l *layout, r row) {
	if l.unique != nil {
		c.once(l, r)
	}
	if !r.sound {
		return
	}
	filled := c.filled[l.rows]
	for i := range r.record {
		filled[i] = filled[i] || !r.record[i].null
	}
	switch l.rows {
	case pipeline.Reps:
		if !r.record[3].null {
			c.managers[r.record[3].text] = true
		}
		c.zone(r)
	case pipeline.Deals:
		c.known(l, r, "rep_id", pipeline.Reps)
		c.category(l, r, "forecast_category")
	case pipeline.StageChanges:
		c.known(l, r, "rep_id", pipeline.Reps)
	case pipeline.Forecasts:
		c.category(l, r, "category")
	case pipeline.Waivers:
		if name := r.record[1].text; !strings.HasPrefix(name, "stage:") && !strings.HasPrefix(name, "buyer:") {
			c.note(l.rows, "checkpoint", "no checkpoint's full name", "write stage:<key> or buyer:<key>; such a waiver excuses nothing",
				r.place(1), name)
		}
	}
	if l.key == 0 && l.columns[0].name == "deal_id" {
		c.known(l, r, "deal_id", pipeline.Deals)
	}
}

// once refuses the second row of a key.
func (c *checks) once(l *layout, r row) {
	parts := make([]string, len(l.unique))
	names := make([]string, len(l.unique))
	for i, col := range l.unique {
		if r.record[col].null {
			return // the header lacks the column, which is a fault already
		}
		parts[i], names[i] = r.record[col].text, r.place(col).Column
	}
	key, at := strings.Join(parts, "\x00"), r.place(l.unique[0])
	if first, twice := c.lines[l.rows][key]; twice {
		where := fmt.Sprintf("on line %d", first.line)
		if first.file != at.File {
			where = fmt.Sprintf("in %s:%d", first.file, first.line)
		}
		c.faults.add(at.File, at.Line, strings.Join(names, ", "),
			fmt.Sprintf("%s stands %s already", quote(strings.Join(parts, ", ")), where), "every row needs its own")
		return
	}
	c.lines[l.rows][key] = spot{file: at.File, line: at.Line}
}

// known notes an id that its own file does not list.
func (c *checks) known(l *layout, r row, column string, in pipeline.Rows) {
	i := l.column(column)
	id := r.record[i]
	if id.null || c.lines[in] == nil {
		return
	}
	if _, listed := c.lines[in][id.text]; !listed {
		hint := "they appear as reps whose name is their id"
		if in == pipeline.Deals {
			hint = "such rows are counted and otherwise ignored"
		}
		c.note(l.rows, column, "not listed in "+baseNames(c.names[in]), hint, r.place(i), id.text)
	}
}

// category notes a word for which only the config can know a chance.
func (c *checks) category(l *layout, r row, column string) {
	i := l.column(column)
	if v := r.record[i]; !v.null && !slices.Contains(categories, v.text) {
		c.note(l.rows, column, "none of "+strings.Join(categories, ", "),
			"an unknown category gives a deal no chance; probability does", r.place(i), v.text)
	}
}

func (c *checks) zone(r row) {
	zone := r.record[5]
	if zone.null {
		return
	}
	exists, seen := c.zones[zone.text]
	if !seen {
		exists = ZoneExists(zone.text)
		c.zones[zone.text] = exists
	}
	if !exists {
		c.note(pipeline.Reps, "time_zone", "no time zone", "write an IANA name like Europe/Amsterdam; these people get the schedule's zone",
			r.place(5), zone.text)
	}
}

// ZoneExists says whether a rep's time zone is one; none at all is fine.
func ZoneExists(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

func (c *checks) note(rows pipeline.Rows, field, what, hint string, place Place, value string) {
	for _, n := range c.notes {
		if n.rows == rows && n.field == field && n.what == what {
			n.n++
			return
		}
	}
	c.notes = append(c.notes, &note{rows: rows, field: field, what: what, hint: hint, n: 1, place: place, first: value})
}

// warnings says what was noted, at the line where it is seen first.
func (c *checks) warnings() fault.List {
	var list fault.List
	var strangers []string
	for id := range c.managers {
		if _, listed := c.lines[pipeline.Reps][id]; !listed {
			strangers = append(strangers, id)
		}
	}
	if len(strangers) > 0 {
		slices.Sort(strangers)
		list = append(list, fault.Fault{File: c.names[pipeline.Reps], Field: "manager_id",
			What: fmt.Sprintf("%s not listed as reps, the first %s", plural(len(strangers), "manager"), quote(strangers[0])),
			Hint: "they make no group and get no digest"})
	}
	for _, n := range c.notes {
		list = append(list, fault.Fault{File: n.place.File, Line: n.place.Line, Field: n.place.Column,
			What: fmt.Sprintf("%s: %s, the first %s", plural(n.n, "row"), n.what, quote(n.first)), Hint: n.hint})
	}
	return list
}

// missing lists the columns in which no row has a value, of the rows that are there.
func (c *checks) missing() map[pipeline.Rows][]string {
	missing := map[pipeline.Rows][]string{}
	for _, l := range layouts {
		for i, filled := range c.filled[l.rows] {
			if !filled {
				missing[l.rows] = append(missing[l.rows], l.columns[i].name)
			}
		}
	}
	return missing
}

// baseNames is the list of files that a feed is made of, without their folders.
func baseNames(names string) string {
	list := strings.Split(names, ", ")
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	return strings.Join(list, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
