package presets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drumbeat/internal/pipeline"
)

// Table is a table or view as a database describes it.
type Table struct {
	Schema, Name string
	Usable       bool // whether we may use its schema
	Readable     bool // whether we may select from it
	Columns      []Column
}

// Column is a column of a Table, with PostgreSQL's name of its type, a domain's base type.
type Column struct{ Name, Type string }

// Mapping is a preset as spelled by one database.
type Mapping struct {
	Schema  string // where the CRM's tables are
	Queries map[pipeline.Rows]Query
	Notes   []string // what is absent, and what follows from it, a sentence each

	Synced string // SQL for when the loader last wrote; empty: it does not say
}

// Query reads one kind of canonical rows. Columns that can only be null are not in its result.
type Query struct {
	SQL  string
	From string // the table that it is mostly made of, with its schema

	If     string // SQL that says whether what it reads is worth reading here; empty: it is
	Unless string // what follows if it is not
}

// Unresolved says that a database does not have what a preset cannot do without.
type Unresolved struct {
	Preset  string
	Schemas []string // where it was looked for
	Lacks   []string // what was found missing in the schema that came nearest
}

func (e *Unresolved) Error() string {
	return fmt.Sprintf("preset %s: in schema %s %s", e.Preset, strings.Join(e.Schemas, ", "), strings.Join(e.Lacks, "; "))
}

// Barred says whether some of what is missing is there, and may not be read.
func (e *Unresolved) Barred() bool {
	return slices.ContainsFunc(e.Lacks, func(lack string) bool { return strings.Contains(lack, mayNotBeRead) })
}

const mayNotBeRead = "may not be read"

// plain is a name as loaders agree on it: stage_name, stagename and StageName are one.
func plain(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "") }

// TableNames lists, without underscores and in lower case, every name under which a table of the preset may stand.
func (p *Preset) TableNames() []string {
	var names []string
	for key := range p.tables {
		for _, name := range p.namesOf(key) {
			names = append(names, plain(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *Preset) namesOf(key string) []string {
	if names := p.tables[key].Names; len(names) > 0 {
		return names
	}
	return []string{key}
}

// Schemas lists where loaders usually put the preset's tables.
func (p *Preset) Schemas() []string { return p.schemas }

// Resolve spells the preset's queries for the schema that has its deals and its people, of several the one that has most
// besides. Rows that come from elsewhere are not looked for. Where no schema has them the error is an *Unresolved.
func (p *Preset) Resolve(tables []Table, schemas []string, elsewhere ...pipeline.Rows) (*Mapping, error) {
	nearest := -1
	var found *Mapping
	var lacks []string
	for _, schema := range schemas {
		r := resolver{preset: p, schema: schema, elsewhere: elsewhere}
		for i := range tables {
			if tables[i].Schema == schema {
				r.tables = append(r.tables, &tables[i])
			}
		}
		m, missing := r.resolve()
		if len(missing) == 0 && (found == nil || len(m.Queries) > len(found.Queries)) {
			found = m
		}
		if len(missing) > 0 && len(r.tables) > nearest {
			nearest, lacks = len(r.tables), missing
		}
	}
	if found != nil {
		return found, nil
	}
	return nil, &Unresolved{Preset: p.Name, Schemas: schemas, Lacks: lacks}
}

// resolver looks at one schema.
type resolver struct {
	preset    *Preset
	schema    string
	elsewhere []pipeline.Rows // have no need of the preset
	tables    []*Table
	notes     []string
}

// found is a table of the preset in the database: for each column there its name here.
type found struct {
	*Table
	spelled map[string]Column
}

// resolve gives the mapping of what is there, and what is missing that cannot be.
func (r *resolver) resolve() (m *Mapping, missing []string) {
	m = &Mapping{Schema: r.schema, Queries: map[pipeline.Rows]Query{}}
	for _, rows := range pipeline.AllRows {
		if slices.Contains(r.elsewhere, rows) {
			continue
		}
		var lacks []string
		for _, q := range r.preset.queries {
			if q.rows != rows {
				continue
			}
			spelled, lack := r.spell(q)
			if lack == "" {
				m.Queries[rows] = r.conditional(spelled, rows)
				lacks = nil
				break
			}
			lacks = append(lacks, lack)
		}
		switch needed := rows.Required() && !rows.Observable(); {
		case len(lacks) == 0:
		case needed:
			missing = append(missing, lacks...)
		default:
			r.note(fmt.Sprintf("no %s: %s", rows, strings.Join(lacks, "; ")))
		}
	}
	m.Notes = r.notes
	m.Synced = r.synced(m)
	return m, missing
}

// conditional is a query with the condition of its rows, if they have one: a question that only the data can answer.
func (r *resolver) conditional(q Query, rows pipeline.Rows) Query {
	if on := r.preset.ifs[rows]; on != nil {
		if asked, lack := r.spell(on); lack == "" {
			q.If, q.Unless = asked.SQL, r.preset.unless[rows]
		}
	}
	return q
}

func (r *resolver) note(what string) {
	if !slices.Contains(r.notes, what) {
		r.notes = append(r.notes, what)
	}
}

// spell writes a query for the tables that are there; lack says why it cannot.
func (r *resolver) spell(q *query) (spelled Query, lack string) {
	tables := map[string]string{} // by alias
	var absent []string           // alias.column
	var notes, whys []string
	for _, u := range q.uses {
		t := r.preset.tables[u.table]
		f, why := r.find(u.table, u.columns)
		switch {
		case f == nil && !u.missable:
			return Query{}, why
		case f == nil:
			whys = append(whys, why)
			if t.Without != "" {
				notes = append(notes, why+": "+t.Without)
			}
		default:
			if spelled.From == "" || u.alias == q.main {
				spelled.From = f.Schema + "." + f.Name
			}
			notes = append(notes, t.without(f)...)
		}
		var lacks []string
		tables[u.alias], lacks = t.subquery(f, u)
		absent = append(absent, lacks...)
	}
	if spelled.From == "" {
		return Query{}, strings.Join(whys, "; ")
	}
	for _, n := range notes {
		r.note(n)
	}
	spelled.SQL = placeholder.ReplaceAllStringFunc(withoutOptional(q.sql, q.uses, absent), func(s string) string {
		return tables[placeholder.FindStringSubmatch(s)[3]]
	})
	return spelled, ""
}

// subquery gives the table as a query wants it, and the columns, with the alias, that are null in it. Without a table
// it is empty.
func (t *table) subquery(f *found, u use) (sql string, absent []string) {
	var columns []string
	for _, name := range u.columns {
		want := t.typeOf(name)
		have, there := f.column(name)
		expr := "CAST(NULL AS " + sqlType(want) + ")"
		if there {
			expr = convert(have, want)
		} else {
			absent = append(absent, u.alias+"."+name)
		}
		columns = append(columns, expr+" AS "+name)
	}
	from := "WHERE false"
	if f != nil {
		from = "FROM " + f.qualified()
	}
	return "(SELECT " + strings.Join(columns, ", ") + " " + from + ") AS " + u.alias, absent
}

// without says what follows from absent columns that more depends on than a canonical one.
func (t *table) without(f *found) (notes []string) {
	for _, name := range slices.Sorted(maps.Keys(t.Optional)) {
		if _, there := f.spelled[name]; !there && t.Optional[name].Without != "" {
			notes = append(notes, fmt.Sprintf("%s.%s has no %s: %s", f.Schema, f.Name, name, t.Optional[name].Without))
		}
	}
	return notes
}

func (t *table) typeOf(column string) string {
	if typ := t.Columns[column]; typ != "" {
		return typ
	}
	return t.Optional[column].Type
}

func (f *found) column(name string) (Column, bool) {
	if f == nil {
		return Column{}, false
	}
	c, ok := f.spelled[name]
	return c, ok
}

func (f *found) qualified() string { return quoteIdentifier(f.Schema) + "." + quoteIdentifier(f.Name) }

func quoteIdentifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// find gives the table that has the columns; why says what comes nearest where none has.
func (r *resolver) find(key string, columns []string) (f *found, why string) {
	t := r.preset.tables[key]
	names := r.preset.namesOf(key)
	for _, name := range names {
		for _, candidate := range r.tables {
			if plain(candidate.Name) != plain(name) {
				continue
			}
			c := t.spell(candidate)
			lack := slices.DeleteFunc(slices.Clone(columns), func(col string) bool {
				_, there := c.spelled[col]
				return there || t.Optional[col].Type != ""
			})
			qualified := candidate.Schema + "." + candidate.Name
			switch {
			case !candidate.Usable:
				why = qualified + " " + mayNotBeRead + " (GRANT USAGE ON SCHEMA)"
			case !candidate.Readable:
				why = qualified + " " + mayNotBeRead + " (GRANT SELECT)"
			case len(lack) > 0:
				why = qualified + " has no " + strings.Join(lack, ", ")
			default:
				return c, ""
			}
		}
	}
	if why == "" {
		why = "no table " + strings.Join(names, " or ")
	}
	return nil, why
}

// spell finds the columns of a table under whatever spelling its loader gave them.
func (t *table) spell(at *Table) *found {
	f := &found{Table: at, spelled: map[string]Column{}}
	names := map[string]string{}
	for name := range t.Columns {
		names[plain(name)] = name
	}
	for name := range t.Optional {
		names[plain(name)] = name
	}
	for _, c := range at.Columns {
		if name, known := names[plain(c.Name)]; known {
			f.spelled[name] = c
		}
	}
	for _, other := range slices.Sorted(maps.Keys(t.Aliases)) {
		name := t.Aliases[other]
		for _, c := range at.Columns {
			if _, there := f.spelled[name]; !there && plain(c.Name) == plain(other) {
				f.spelled[name] = c
			}
		}
	}
	return f
}

// withoutOptional leaves out what is marked as optional, an item of a select list, where every column of a table that
// it speaks of is absent. An item begins after the line that ends the one before.
func withoutOptional(sql string, uses []use, absent []string) string {
	ofTable := func(ref string) bool {
		alias, _, _ := strings.Cut(ref, ".")
		return slices.ContainsFunc(uses, func(u use) bool { return u.alias == alias })
	}
	var kept []string
	begin := 0
	for line := range strings.SplitSeq(sql, "\n") {
		kept = append(kept, line)
		code, comment, _ := strings.Cut(line, "--")
		code, comment = strings.TrimSpace(code), strings.TrimSpace(comment)
		if strings.HasPrefix(comment, "optional") {
			refs := slices.DeleteFunc(reference.FindAllString(uncommented(strings.Join(kept[begin:], "\n"))+" "+comment, -1),
				func(ref string) bool { return !ofTable(ref) })
			if !slices.ContainsFunc(refs, func(ref string) bool { return !slices.Contains(absent, ref) }) {
				kept = kept[:begin]
			}
		}
		if strings.HasSuffix(code, ",") || strings.HasSuffix(code, "SELECT") {
			begin = len(kept)
		}
	}
	return strings.Join(kept, "\n")
}

// synced is the SQL for the newest sign of the loader in the table of the deals.
func (r *resolver) synced(m *Mapping) string {
	for _, t := range r.tables {
		if t.Schema+"."+t.Name != m.Queries[pipeline.Deals].From {
			continue
		}
		for _, name := range r.preset.synced {
			for _, c := range t.Columns {
				if plain(c.Name) == plain(name) {
					return "SELECT max(" + convert(c, "timestamptz") + ") FROM " + quoteIdentifier(t.Schema) + "." + quoteIdentifier(t.Name)
				}
			}
		}
	}
	return ""
}
