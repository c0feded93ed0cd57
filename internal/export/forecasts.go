package export

import (
	"fmt"

	"drumbeat/internal/pipeline"
)

// forecast is one row of a history of close dates, amounts and chances: the values in force after it.
type forecast struct {
	values [6]string
	keys   [6]string
	wrong  []wrongValue
}

var forecastColumns = [6]string{"deal_id", "at", "expected_close", "amount", "probability", "category"}

// readForecast reads one row.
func (e *Export) readForecast(f *file, r record, v *forecast) {
	id, key, _ := e.deals.id(r)
	*v = forecast{keys: [6]string{key, "at", "expected_close", "amount", "probability", "category"}, values: [6]string{0: id}}
	take := func(i int, read func(value string) (string, error)) {
		value := r.get(v.keys[i])
		if value == "" {
			return
		}
		text, err := read(value)
		if err != nil {
			v.wrong = append(v.wrong, wrongValue{r.place(v.keys[i]), fmt.Errorf("%q %w", value, err)})
		}
		v.values[i] = text
	}
	take(1, func(value string) (string, error) {
		t, err := f.instant(value)
		return canonicalOr(t, ""), err
	})
	take(2, func(value string) (string, error) {
		d, err := f.date(value)
		return d.String(), err
	})
	take(3, func(value string) (string, error) {
		_, text, err := f.figure(value)
		return text, err
	})
	take(4, f.chance)
	take(5, func(value string) (string, error) { return f.mapping.category(value), nil })
}

// category gives the canonical word for a forecast category; one that nobody knows stays as it is.
func (m *mapping) category(s string) string {
	key := sameText(s)
	meet(m.met.categories, key, s)
	if c, known := m.categories[key]; known {
		return c
	}
	return s
}

// lookAtForecasts names the values that cannot be read.
func (e *Export) lookAtForecasts(f *file) {
	var v forecast
	e.eachOf(f, func(r record) {
		e.dealOf(r)
		e.readForecast(f, r, &v)
		e.wrongValues(v.wrong)
	})
}

// forecastsTable hands over what was expected of deals, and since when.
func (e *Export) forecastsTable() (Table, bool) {
	files := e.filesOf(pipeline.Forecasts)
	t := Table{Rows: pipeline.Forecasts, Name: names(files)}
	var given []int
	for i, column := range forecastColumns {
		for _, f := range files {
			if i == 0 || f.has(column) {
				given, t.Columns = append(given, i), append(t.Columns, column)
				break
			}
		}
	}
	t.Each = func(yield func(Row) error) error {
		var v forecast
		var r record
		row := Row{Values: make([]string, len(given)), Place: func(i int) Place { return r.place(v.keys[given[i]]) }}
		return eachRow(files, func(f *file, rec record) error {
			r = rec
			e.readForecast(f, r, &v)
			for i, column := range given {
				row.Values[i] = v.values[column]
			}
			return yield(row)
		})
	}
	return t, len(files) > 0
}
