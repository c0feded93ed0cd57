package source

import (
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

func lacks(gaps []Gap) string {
	var out []string
	for _, g := range gaps {
		out = append(out, g.Lacks)
	}
	return strings.Join(out, "; ")
}

func TestWhichFiguresASourceCannotSupport(t *testing.T) {
	all := map[pipeline.Rows]bool{}
	for _, rows := range pipeline.AllRows {
		all[rows] = true
	}
	without := func(rows ...pipeline.Rows) map[pipeline.Rows]bool {
		tables := map[pipeline.Rows]bool{}
		for r := range all {
			tables[r] = true
		}
		for _, r := range rows {
			delete(tables, r)
		}
		return tables
	}
	for name, c := range map[string]struct {
		tables  map[pipeline.Rows]bool
		missing map[pipeline.Rows][]string
		want    string
	}{
		"none":                                      {all, nil, ""},
		"rows, in order":                            {without(pipeline.Forecasts, pipeline.StageChanges), nil, "stage_changes; forecasts"},
		"columns, in turn":                          {all, map[pipeline.Rows][]string{pipeline.Deals: {"amount"}, pipeline.Reps: {"email", "active"}}, "reps.email; deals.amount"},
		"one of two means to state a chance":        {all, map[pipeline.Rows][]string{pipeline.Deals: {"probability"}}, ""},
		"neither of them":                           {all, map[pipeline.Rows][]string{pipeline.Deals: {"probability", "forecast_category"}}, "deals.probability, deals.forecast_category"},
		"columns of rows that are not there":        {without(pipeline.Activities), map[pipeline.Rows][]string{pipeline.Activities: {"party"}}, "activities"},
		"activities that do not say whose they are": {all, map[pipeline.Rows][]string{pipeline.Activities: {"party"}}, "activities.party"},
	} {
		t.Run(name, func(t *testing.T) {
			got := LeftOut(c.tables, c.missing)
			if lacks(got) != c.want {
				t.Errorf("got %s, want %s", lacks(got), c.want)
			}
			for _, g := range got {
				if g.Figures == "" {
					t.Errorf("%s: nothing follows from it", g.Lacks)
				}
			}
		})
	}
}

// A gap names columns that the rows have, so that nobody looks for others.
func TestGapsNameColumnsThatExist(t *testing.T) {
	for rows, gaps := range withoutColumns {
		for _, g := range gaps {
			for _, c := range strings.Split(g.Lacks, "+") {
				if layoutOf(rows).column(c) < 0 {
					t.Errorf("%s have no column %s", rows, c)
				}
			}
		}
	}
	for _, rows := range pipeline.AllRows {
		if _, known := withoutRows[rows]; !known && (rows.Observable() || !rows.Required()) {
			t.Errorf("nothing is said where %s are missing", rows)
		}
	}
}
