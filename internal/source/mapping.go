package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// mapping says where a database has the canonical rows: by queries, or, without any, in the canonical tables.
type mapping struct {
	queries map[pipeline.Rows]string
	from    map[pipeline.Rows]string // a table, or the key of the config with the query
	schema  string                   // where queries find tables first; empty: as the DSN says
	notes   []string                 // of a preset: what it does not find, and what follows from it
	path    []string                 // of the DSN's search path, behind that
	synced  string                   // SQL for when the loader last wrote; empty: nobody knows
}

// settleMapping finds out how the rows are read: by the config's own queries before those of its preset.
func (v *snapshot) settleMapping(ctx context.Context) error {
	cfg := v.source.cfg
	if !v.source.ownQueries() {
		return nil // the canonical tables
	}
	m := &v.mapping
	*m = mapping{queries: map[pipeline.Rows]string{}, from: map[pipeline.Rows]string{}, schema: cfg.Schema}
	if cfg.Preset != "" {
		if err := v.usePreset(ctx); err != nil {
			return err
		}
	}
	var list fault.List
	for _, rows := range pipeline.AllRows {
		query, given := cfg.Queries[rows]
		if !given {
			continue
		}
		if usesPreset(query) {
			of, there := m.queries[rows]
			if !there {
				list = append(list, fault.Fault{File: "source", Field: "queries." + string(rows),
					What: presetMark + " stands for nothing: " + noPresetQuery(cfg.Preset, rows), Hint: "write the whole query"})
			}
			query = withPreset(query, "(\n"+of+"\n)")
		}
		m.queries[rows], m.from[rows] = query, "source.queries."+string(rows)
	}
	if len(list) > 0 {
		return list
	}
	return v.noteRole(ctx)
}

// noteRole says so where the role could write: that Drumbeat only reads is better not left to Drumbeat alone.
func (v *snapshot) noteRole(ctx context.Context) error {
	if !v.source.at.copies {
		return nil
	}
	var role struct {
		Role   string `db:"role"`
		Super  bool   `db:"super"`
		Writes string `db:"writes"`
	}
	if err := v.first.GetContext(ctx, &role, mustRead("postgres/role.sql")); err != nil {
		return fmt.Errorf("ask for the rights of the role: %w", err)
	}
	const better = "; Drumbeat only reads, and a role that can do no more is safer: GRANT SELECT alone"
	switch {
	case role.Super:
		v.mapping.notes = append(v.mapping.notes, "the role "+role.Role+" is a superuser"+better)
	case role.Writes != "":
		v.mapping.notes = append(v.mapping.notes, "the role "+role.Role+" may write, to "+role.Writes+" for one"+better)
	}
	return nil
}

func noPresetQuery(preset string, rows pipeline.Rows) string {
	if preset == "" {
		return "no preset is given"
	}
	return fmt.Sprintf("preset %s finds no %s here", preset, rows)
}

// usePreset spells the preset's queries for the tables that are there.
func (v *snapshot) usePreset(ctx context.Context) error {
	p, _ := presets.Get(v.source.cfg.Preset) // Open has seen that there is one
	var own []pipeline.Rows
	for rows, query := range v.source.cfg.Queries {
		if !usesPreset(query) {
			own = append(own, rows)
		}
	}
	found, path, err := v.resolve(ctx, p, v.source.cfg.Schema, own)
	if e := (*presets.Unresolved)(nil); errors.As(err, &e) {
		return fault.List{{File: v.source.at.shown, What: e.Error(),
			Hint: "name the schema of the CRM's tables in source.schema, or give the query in source.queries"}}
	}
	if err != nil {
		return err
	}
	m := &v.mapping
	m.schema, m.path, m.notes, m.synced = found.Schema, path, found.Notes, found.Synced
	for _, rows := range pipeline.AllRows {
		q, there := found.Queries[rows]
		if !there {
			continue
		}
		if err := v.useFirstWorth(ctx, rows, q); err != nil {
			return err
		}
	}
	_, err = v.first.ExecContext(ctx, "SET LOCAL search_path = "+v.path())
	return err
}

// resolve looks for a preset's tables in a schema; empty: in those of the search path, which it gives, then where loaders
// put them. Rows that have a query of the config's own are not looked for.
func (v *snapshot) resolve(ctx context.Context, p *presets.Preset, schema string, own []pipeline.Rows) (m *presets.Mapping, path []string, err error) {
	if path, err = v.searchPath(ctx); err != nil {
		return nil, nil, err
	}
	schemas := []string{schema}
	if schema == "" {
		schemas = withoutRepeats(append(slices.Clone(path), p.Schemas()...))
	}
	tables, err := v.catalog(ctx, p, schemas)
	if err != nil {
		return nil, nil, err
	}
	m, err = p.Resolve(tables, schemas, own...)
	return m, path, err
}

// useFirstWorth takes the first of a preset's queries for some rows that is worth reading.
func (v *snapshot) useFirstWorth(ctx context.Context, rows pipeline.Rows, first presets.Query) error {
	m := &v.mapping
	var unless []string
	for q := &first; q != nil; q = q.Next {
		m.queries[rows], m.from[rows] = q.SQL, q.From
		worth, err := v.worth(ctx, rows, q)
		if err != nil {
			return err
		}
		if worth {
			m.notes = withoutRepeats(append(m.notes, q.Notes...))
			if len(unless) > 0 {
				m.notes = append(m.notes, fmt.Sprintf("%s are those of %s: %s", rows, q.From, strings.Join(unless, "; ")))
			}
			return nil
		}
		unless = append(unless, q.Unless)
	}
	delete(m.queries, rows)
	delete(m.from, rows)
	m.notes = append(m.notes, fmt.Sprintf("no %s: %s", rows, strings.Join(unless, "; ")))
	return nil
}

// worth asks what the tables alone do not say: whether what a query reads is ever written here.
func (v *snapshot) worth(ctx context.Context, rows pipeline.Rows, q *presets.Query) (worth bool, err error) {
	if q.If == "" {
		return true, nil
	}
	err = v.first.GetContext(ctx, &worth, q.If)
	if what := wrongQuery(err); what != "" {
		return false, fault.List{v.wrongQuery(layoutOf(rows), what)}
	}
	if err != nil {
		return false, fmt.Errorf("ask whether preset %s has %s here: %w", v.source.cfg.Preset, rows, err)
	}
	return worth, nil
}

func withoutRepeats(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// searchPath lists the schemas in which the DSN's connection looks, as far as they exist.
func (v *snapshot) searchPath(ctx context.Context) ([]string, error) {
	var names []string
	if err := v.first.SelectContext(ctx, &names, "SELECT unnest(current_schemas(false))"); err != nil {
		return nil, fmt.Errorf("ask for the search path: %w", err)
	}
	return names, nil
}

// catalog describes the tables in some schemas that may be the preset's.
func (v *snapshot) catalog(ctx context.Context, p *presets.Preset, schemas []string) (tables []presets.Table, err error) {
	var columns []struct {
		Schema   string `db:"schema"`
		Table    string `db:"table"`
		Usable   bool   `db:"usable"`
		Readable bool   `db:"readable"`
		Column   string `db:"column"`
		Type     string `db:"type"`
	}
	if err := v.first.SelectContext(ctx, &columns, mustRead("postgres/catalog.sql"), pq.Array(p.TableNames()), pq.Array(schemas)); err != nil {
		return nil, fmt.Errorf("look for the tables of preset %s: %w", p.Name, err)
	}
	for _, c := range columns {
		if n := len(tables); n == 0 || tables[n-1].Schema != c.Schema || tables[n-1].Name != c.Table {
			tables = append(tables, presets.Table{Schema: c.Schema, Name: c.Table, Usable: c.Usable, Readable: c.Readable})
		}
		t := &tables[len(tables)-1]
		t.Columns = append(t.Columns, presets.Column{Name: c.Column, Type: c.Type})
	}
	return tables, nil
}
