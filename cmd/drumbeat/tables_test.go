package main

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// table is a CSV file of canonical rows.
type table struct {
	head []string
	rows [][]string
}

// col is the place of a column, -1 where the file has none of that name.
func (f table) col(name string) int { return slices.Index(f.head, name) }

// tables are a folder of canonical CSV files.
type tables map[pipeline.Rows]table

func readTables(t *testing.T, dir string) tables {
	t.Helper()
	out := tables{}
	for _, rows := range pipeline.AllRows {
		f, err := os.Open(filepath.Join(dir, string(rows)+".csv"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(f).ReadAll()
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		out[rows] = table{all[0], all[1:]}
	}
	return out
}

// write gives the folder that it writes the files to.
func (ts tables) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for rows, one := range ts {
		f, err := os.Create(filepath.Join(dir, string(rows)+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		w := csv.NewWriter(f)
		err = w.WriteAll(append([][]string{one.head}, one.rows...))
		if closed := f.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
	}
	return dir
}

// shuffled has the rows of every file in another order, and their numbers in the file as seq where the rows have
// such a column.
func (ts tables) shuffled(seed uint64) tables {
	dice := rand.New(rand.NewPCG(seed, 1))
	out := tables{}
	for _, name := range pipeline.AllRows {
		one, there := ts[name]
		if !there {
			continue
		}
		rows := slices.Clone(one.rows)
		if (name == pipeline.StageChanges || name == pipeline.Forecasts) && one.col("seq") < 0 {
			one.head = append(slices.Clone(one.head), "seq")
			for i, r := range rows {
				rows[i] = append(slices.Clone(r), strconv.Itoa(i+1))
			}
		}
		dice.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		out[name] = table{one.head, rows}
	}
	return out
}

// when is the column that says when a row came to be.
var when = map[pipeline.Rows]string{pipeline.Deals: "created_at", pipeline.StageChanges: "at", pipeline.Activities: "at",
	pipeline.Criteria: "met_at", pipeline.Forecasts: "at", pipeline.Waivers: "at"}

// before is what the source held at the first instant of a date, as far as the rows tell: who owned a deal then
// and who worked there is told by no row, so owners and people are as they are. All the instants of a folder
// have one form, so that their texts compare.
func (ts tables) before(date string) tables {
	at := date + "T00:00:00Z"
	out := tables{}
	for name, one := range ts {
		if i := one.col(when[name]); i >= 0 {
			one.rows = slices.DeleteFunc(slices.Clone(one.rows), func(r []string) bool { return r[i] >= at })
		}
		out[name] = one
	}
	told := map[string]string{} // the last value of each deal's columns that the history tells
	out.tell(pipeline.StageChanges, map[string]string{"stage": "stage"}, told)
	out.tell(pipeline.Forecasts, map[string]string{"expected_close": "expected_close", "amount": "amount",
		"probability": "probability", "category": "forecast_category"}, told)
	deals := out[pipeline.Deals]
	closed, outcome := deals.col("closed_at"), deals.col("outcome")
	for i, r := range deals.rows {
		if r[closed] != "" && r[closed] < at {
			continue
		}
		r = slices.Clone(r)
		r[closed], r[outcome] = "", string(pipeline.Open)
		if reason := deals.col("loss_reason"); reason >= 0 {
			r[reason] = ""
		}
		for c, name := range deals.head {
			if v, known := told[r[deals.col("id")]+" "+name]; known {
				r[c] = v
			}
		}
		deals.rows[i] = r
	}
	return out
}

// tell notes the last value, by time and then in the order of the file, of some columns under their names in deals.
func (ts tables) tell(name pipeline.Rows, columns map[string]string, told map[string]string) {
	one := ts[name]
	rows := slices.Clone(one.rows)
	slices.SortStableFunc(rows, func(a, b []string) int { return strings.Compare(a[one.col("at")], b[one.col("at")]) })
	for _, r := range rows {
		for from, to := range columns {
			if v := r[one.col(from)]; v != "" {
				told[r[one.col("deal_id")]+" "+to] = v
			}
		}
	}
}
