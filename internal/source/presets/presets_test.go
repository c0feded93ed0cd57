package presets

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// What the files say of each other holds: every table and column of a query is in tables.yaml, and nothing there is idle.
func TestEveryPresetLoads(t *testing.T) {
	if len(Names()) == 0 {
		t.Fatal("there are none")
	}
	for _, name := range Names() {
		p, err := load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		asked := map[string]bool{}
		var rows []pipeline.Rows
		for _, q := range p.queries {
			rows = append(rows, q.rows)
			if !strings.HasPrefix(q.sql, "-- ") {
				t.Errorf("%s does not begin by saying what it reads", q.file)
			}
			for _, u := range q.uses {
				for _, c := range u.columns {
					asked[u.table+"."+c] = true
				}
			}
		}
		for _, needed := range []pipeline.Rows{pipeline.Reps, pipeline.Deals} {
			if !slices.Contains(rows, needed) {
				t.Errorf("%s has no query for %s", name, needed)
			}
		}
		for key, table := range p.tables {
			for _, column := range append(slices.Collect(maps.Keys(table.Columns)), slices.Collect(maps.Keys(table.Optional))...) {
				if !asked[key+"."+column] {
					t.Errorf("%s: no query asks for %s.%s", name, key, column)
				}
			}
		}
	}
}

func TestAnOptionalItemGoesWithAllItsColumns(t *testing.T) {
	const sql = `SELECT
    a.id,
    CASE a.kind
        WHEN 'x' THEN 1
    END AS kind,    -- optional
    coalesce(a.one, a.two) AS number,   -- optional
    c.by,           -- optional: a.maker
    a.last
FROM {a} AS a`
	uses := []use{{table: "a", alias: "a"}}
	for _, c := range []struct {
		absent []string
		gone   []string
	}{
		{nil, nil},
		{[]string{"a.kind"}, []string{"CASE", "WHEN", "AS kind"}},
		{[]string{"a.one"}, nil},
		{[]string{"a.one", "a.two"}, []string{"AS number"}},
		{[]string{"a.maker"}, []string{"c.by"}},
	} {
		got := withoutOptional(sql, uses, c.absent)
		for _, part := range []string{"a.id,", "CASE", "WHEN", "AS kind", "AS number", "c.by", "a.last", "FROM"} {
			if strings.Contains(got, part) == slices.Contains(c.gone, part) {
				t.Errorf("without %v: %s\n%s", c.absent, part, got)
			}
		}
	}
}
