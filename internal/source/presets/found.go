package presets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// found is a table of the preset in the database: for each column there its name here.
type found struct {
	*Table
	spelled map[string]Column
	unfit   map[string]Column // those whose type does not suit, which are as good as absent
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
		from = "FROM " + f.qualified() + t.current(f)
	}
	return "(SELECT " + strings.Join(columns, ", ") + " " + from + ") AS " + u.alias, absent
}

// current leaves the newest version of each row, where the loader keeps older ones beside it (Fivetran's history mode).
func (t *table) current(f *found) string {
	c, there := pick(f.Columns, "_fivetran_active")
	if !there || t.Versions == allVersions || !suits(c, "boolean") {
		return ""
	}
	return " WHERE coalesce(" + convert(c, "boolean") + ", true)"
}

// without says what follows from absent columns that more depends on than a canonical one, and which have a type that
// makes them as good as absent.
func (t *table) without(f *found) (notes []string) {
	for _, name := range slices.Sorted(maps.Keys(t.Optional)) {
		if what := t.unfit(f, name); what != "" {
			notes = append(notes, strings.TrimSuffix(what+": "+t.Optional[name].Without, ": "))
			continue
		}
		if _, there := f.spelled[name]; !there && t.Optional[name].Without != "" {
			notes = append(notes, fmt.Sprintf("%s.%s has no %s: %s", f.Schema, f.Name, name, t.Optional[name].Without))
		}
	}
	return notes
}

// unfit says so where a column has a type of which no values can be made.
func (t *table) unfit(f *found, name string) string {
	c, is := f.unfit[name]
	if !is {
		return ""
	}
	return fmt.Sprintf("%s.%s.%s is of type %s and no %s", f.Schema, f.Name, c.Name, c.Type, sqlType(t.typeOf(name)))
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
			case len(lack) > 0 && t.unfit(c, lack[0]) != "":
				why = t.unfit(c, lack[0])
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
	f := &found{Table: at, spelled: map[string]Column{}, unfit: map[string]Column{}}
	take := func(name, spelling string) {
		c, there := pick(at.Columns, spelling)
		if _, already := f.spelled[name]; !there || already {
			return
		}
		if suits(c, t.typeOf(name)) {
			f.spelled[name] = c
			delete(f.unfit, name)
		} else if _, already := f.unfit[name]; !already {
			f.unfit[name] = c
		}
	}
	for name := range t.Columns {
		take(name, name)
	}
	for name := range t.Optional {
		take(name, name)
	}
	for _, other := range slices.Sorted(maps.Keys(t.Aliases)) {
		take(t.Aliases[other], other)
	}
	return f
}

// pick finds a column by its name: as it is spelled here before any other spelling.
func pick(columns []Column, name string) (c Column, there bool) {
	i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		i = slices.IndexFunc(columns, func(c Column) bool { return plain(c.Name) == plain(name) })
	}
	if i < 0 {
		return Column{}, false
	}
	return columns[i], true
}
