package export

import (
	"fmt"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// The canonical columns of reps, in their order.
var repColumns = []string{"id", "name", "email", "manager_id", "team", "time_zone", "active"}

// person is a rep, from a file of reps or named elsewhere.
type person struct {
	values  [7]string // of repColumns; the manager as named
	places  [7]Place
	file    *file // nil: of no file of reps
	role    string
	owns    bool // some deal
	manages bool
	dropped bool
}

// people are all who are named. Their memory is that of the reps, not of the deals.
type people struct {
	list    []*person
	byID    map[string]*person
	byMail  map[string]*person
	byName  map[string][]*person
	settled bool
}

func newPeople() *people {
	return &people{byID: map[string]*person{}, byMail: map[string]*person{}, byName: map[string][]*person{}}
}

// lookAtReps reads a file of reps.
func (e *Export) lookAtReps(f *file) {
	e.eachOf(f, func(r record) {
		p := &person{file: f}
		tell := func(i int, key, value string) { p.values[i], p.places[i] = value, r.place(key) }
		name := clean(r.get("name"))
		if name == "" {
			name = clean(r.get("first_name") + " " + r.get("last_name"))
		}
		tell(1, "name", name)
		for i, key := range []string{"id", "", "email", "manager_id", "team", "time_zone", "active"} {
			if key != "" {
				tell(i, key, clean(r.get(key)))
			}
		}
		p.values[5] = zoneName(p.values[5])
		if p.values[1] == "" {
			p.values[1], p.places[1] = p.values[2], p.places[2] // a name may be missing, a person not
		}
		e.people.list = append(e.people.list, p)
		e.people.byName[sameText(p.values[1])] = append(e.people.byName[sameText(p.values[1])], p)
	})
}

// zoneName gives the IANA name that stands in the last brackets of a zone as Salesforce writes it, like "(GMT+01:00) Central
// European Standard Time (Europe/Berlin)"; else what is written.
func zoneName(s string) string {
	inner, closed := strings.CutSuffix(s, ")")
	if i := strings.LastIndexByte(inner, '('); closed && i >= 0 {
		if _, err := parseZone(clean(inner[i+1:])); err == nil {
			return clean(inner[i+1:])
		}
	}
	return s
}

// settlePeople gives everybody an id, once all files of reps are read: the file's, else the name, and the address
// where two have one name.
func (e *Export) settlePeople() {
	all := e.people
	if all.settled {
		return
	}
	all.settled = true
	for _, p := range all.list {
		if p.values[0] != "" || p.file.has("id") {
			continue
		}
		p.values[0], p.places[0] = p.values[1], p.places[1]
		if same := all.byName[sameText(p.values[1])]; len(same) > 1 {
			p.values[0], p.places[0] = p.values[2], p.places[2]
			if first := same[0]; p.values[2] == "" && p != first {
				e.fault(p.places[1], fmt.Sprintf("%q stands on line %d already: two reps of one name can be told apart by nothing here", p.values[1], first.places[1].Line),
					"drop one line if it is one person, or add a column of e-mail addresses or ids")
			}
		}
	}
	for _, p := range all.list {
		all.byID[p.values[0]] = p
		if p.values[2] != "" {
			all.byMail[sameText(p.values[2])] = p
		}
	}
	for _, p := range slices.Clone(all.list) {
		if p.values[3] != "" {
			e.mention(p.values[3], p.places[3], "manager", func(m *person) { m.manages = true })
		}
	}
}

// owner notes who owns a deal.
func (e *Export) owner(r record, value string) {
	if value != "" {
		e.mention(value, r.place("rep_id"), "owner", func(p *person) { p.owns = true })
	}
}

// mention finds a person by id, address or name, and adds who is in no file.
func (e *Export) mention(value string, at Place, role string, do func(*person)) {
	e.settlePeople()
	p, shared := e.people.find(value)
	if shared {
		e.ambiguous(value, at)
		return
	}
	if p == nil {
		p = &person{role: role}
		for i := range p.places {
			p.places[i] = at
		}
		p.values[0], p.values[1] = clean(value), clean(value)
		if strings.Contains(value, "@") {
			p.values[2] = clean(value)
			e.people.byMail[sameText(value)] = p
		}
		e.people.list = append(e.people.list, p)
		e.people.byID[p.values[0]] = p
		e.people.byName[sameText(value)] = append(e.people.byName[sameText(value)], p)
	}
	do(p)
}

// find gives the person whom a value names; shared where it names two.
func (all *people) find(value string) (p *person, shared bool) {
	if p, ok := all.byID[clean(value)]; ok {
		if same := all.byName[sameText(value)]; len(same) < 2 {
			return p, false
		}
	}
	if p, ok := all.byMail[sameText(value)]; ok {
		return p, false
	}
	switch same := all.byName[sameText(value)]; len(same) {
	case 0:
		return all.byID[clean(value)], false
	case 1:
		return same[0], false
	}
	return nil, true
}

// ambiguous refuses a name that two reps have, once.
func (e *Export) ambiguous(value string, at Place) {
	c := e.census.ambiguous[sameText(value)]
	if c == nil {
		c = &count{}
		e.census.ambiguous[sameText(value)] = c
		same := e.people.byName[sameText(value)]
		e.fault(at, fmt.Sprintf("%q is the name of two reps, on lines %d and %d of %s", value, same[0].places[1].Line, same[1].places[1].Line, same[1].places[1].File),
			"export the owner's e-mail address or id in place of the name")
	}
	c.add(at, value)
}

// id gives the id of whom a value names.
func (all *people) id(value string) string {
	if value == "" {
		return ""
	}
	if p, _ := all.find(value); p != nil {
		return p.values[0]
	}
	return clean(value)
}

// dropStrangers leaves out people who have nothing to do with deals, of a file that only looks like one of reps: a list
// of contacts has names and addresses, too, and nobody wants to write to those.
func (e *Export) dropStrangers() {
	e.settlePeople()
	for _, f := range e.filesOf(pipeline.Reps) {
		if f.settings.rows != "" || slices.ContainsFunc([]string{"manager_id", "team", "time_zone", "active"}, f.has) {
			continue
		}
		strangers := 0
		for _, p := range e.people.list {
			if p.file == f && !p.owns && !p.manages {
				strangers++
			}
		}
		if 2*strangers <= f.n {
			continue
		}
		for _, p := range e.people.list {
			p.dropped = p.dropped || p.file == f && !p.owns && !p.manages
		}
		e.warning(Place{File: f.name}, fmt.Sprintf("%d of %d people own no deal and are left out", strangers, f.n),
			"if this is the list of reps, say so in the map: files: {"+baseName(f.name)+": {rows: reps}}")
	}
}

// repsTable hands over the reps: those of the files, then who was named elsewhere.
func (e *Export) repsTable() Table {
	files := e.filesOf(pipeline.Reps)
	t := Table{Rows: pipeline.Reps, Name: names(files), Columns: []string{"id", "name"}}
	if len(files) == 0 {
		t.Name = names(e.filesOf(pipeline.Deals))
	}
	given := []int{0, 1}
	for i := 2; i < len(repColumns); i++ {
		if slices.ContainsFunc(files, func(f *file) bool { return f.has(repColumns[i]) }) || i == 2 && len(e.people.byMail) > 0 {
			given, t.Columns = append(given, i), append(t.Columns, repColumns[i])
		}
	}
	t.Each = func(yield func(Row) error) error {
		var p *person
		row := Row{Values: make([]string, len(given)), Place: func(i int) Place { return p.places[given[i]] }}
		for _, p = range e.people.list {
			if p.dropped {
				continue
			}
			for i, column := range given {
				row.Values[i] = p.values[column]
				if repColumns[column] == "manager_id" {
					row.Values[i] = e.people.id(p.values[column])
				}
			}
			if err := yield(row); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}

// added counts those of a role who are in no file of reps.
func (all *people) added(role string) (c count) {
	for _, p := range all.list {
		if p.role == role {
			c.add(p.places[0], p.values[1])
		}
	}
	return c
}
