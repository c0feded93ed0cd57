package presets

import (
	"fmt"
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
	Unless string // what is so if it is not

	Next  *Query   // what is read if it is not; nil: nothing
	Notes []string // of a Next: like those of the Mapping, if it is read
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

// resolve gives the mapping of what is there, and what is missing that cannot be.
func (r *resolver) resolve() (m *Mapping, missing []string) {
	m = &Mapping{Schema: r.schema, Queries: map[pipeline.Rows]Query{}}
	for _, rows := range pipeline.AllRows {
		if slices.Contains(r.elsewhere, rows) {
			continue
		}
		first, lacks := r.alternatives(rows)
		if first != nil {
			m.Queries[rows] = *first
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

// alternatives gives the first of the queries for some rows whose tables are there, with those that follow it where it
// turns out to be not worth reading; without any, what is missing.
func (r *resolver) alternatives(rows pipeline.Rows) (first *Query, lacks []string) {
	end := &first
	for _, q := range r.preset.queries {
		if q.rows != rows {
			continue
		}
		spelled, lack := r.spell(q)
		if lack != "" {
			lacks = append(lacks, lack)
			continue
		}
		if on := r.preset.ifs[q.name()]; on != nil {
			if asked, lack := r.spell(on); lack == "" {
				spelled.If, spelled.Unless = asked.SQL, r.preset.unless[q.name()]
			}
		}
		*end, end = &spelled, &spelled.Next
	}
	if first == nil {
		return nil, lacks
	}
	for _, n := range first.Notes {
		r.note(n)
	}
	first.Notes = nil
	return first, nil
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
	spelled.Notes = notes
	spelled.SQL = placeholder.ReplaceAllStringFunc(withoutOptional(q.sql, q.uses, absent), func(s string) string {
		return tables[placeholder.FindStringSubmatch(s)[3]]
	})
	return spelled, ""
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
				if plain(c.Name) == plain(name) && suits(c, "timestamptz") {
					return "SELECT max(" + convert(c, "timestamptz") + ") FROM " + quoteIdentifier(t.Schema) + "." + quoteIdentifier(t.Name)
				}
			}
		}
	}
	return ""
}
