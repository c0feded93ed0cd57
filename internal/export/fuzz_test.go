package export

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// Whatever the bytes: no panic, and what is read as a date or a number has the canonical form.
func FuzzExport(f *testing.F) {
	for _, text := range []string{hubspot, salesforce, pipedrive, historyHead + "x,y,A,B,5,2/1/2026 3:45 PM,Ada\n", plainHead + "d1,Acme,Ada,New,\"1,234\",10/20/2016 3:45 PM,\n"} {
		f.Add(uint8(0), []byte(text), "dmy")
		f.Add(uint8(2), []byte(text), "")
	}
	f.Fuzz(func(t *testing.T, preset uint8, data []byte, order string) {
		dir := t.TempDir()
		for name, text := range map[string][]byte{"a.csv": data, "b.csv": []byte(plainHead + "d1,Acme,Ada,New,5,2016-10-20,\n")} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if order != dayFirst && order != monthFirst {
			order = ""
		}
		e, faults := Open([]string{dir}, Options{Preset: Presets()[int(preset)%len(Presets())], DateOrder: order})
		if len(faults) > 0 {
			return
		}
		for _, table := range e.Tables {
			err := table.Each(func(r Row) error {
				for i, v := range r.Values {
					r.Place(i)
					wellFormed(t, table.Columns[i], v)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever stands in a company's map: no panic, what is read by it is sound, and each fault has a place in one of the files.
func FuzzMap(f *testing.F) {
	for _, preset := range Presets() {
		data, err := presetFiles.ReadFile("presets/" + preset + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{"deals:\n  amount: [Amont]\n", "entered:\n  - {column: Date entered *, stage: Engaging}\n", "files:\n  deals.csv: {rows: deals, date_order: dmy}\n",
		"exported: 2016-12-31\npercent: yes\n", "stage_form: '^(?:\\d+ - )?(.*)$'\nrename: {New: Old}\n", "outcomes: {won: [New]}\ncategories: {commit: [x]}\n", "time_zone: Europe/Oslo\nstage_form: '(('\n"} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	deals, path := filepath.Join(dir, "deals.csv"), filepath.Join(dir, "map.yaml")
	if err := os.WriteFile(deals, []byte(plainHead+"d1,Acme,Ada,New,5,2016-10-20,\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		e, faults := Open([]string{deals}, Options{Map: path})
		lines := map[string]int{deals: 2, path: strings.Count(string(data), "\n") + 1}
		for _, one := range faults {
			if last, known := lines[one.File]; !known || one.Line < 0 || one.Line > last || one.What == "" {
				t.Errorf("a fault at no place: %v", one)
			}
		}
		if len(faults) > 0 {
			return
		}
		for _, table := range e.Tables {
			if err := table.Each(func(r Row) error {
				for i, v := range r.Values {
					wellFormed(t, table.Columns[i], v)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func wellFormed(t *testing.T, column, value string) {
	if value == "" {
		return
	}
	switch column {
	case "created_at", "closed_at", "at", "met_at":
		if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
			t.Errorf("%s: %v", column, err)
		}
	case "expected_close":
		if _, err := pipeline.ParseDate(value); err != nil {
			t.Errorf("%s: %v", column, err)
		}
	case "amount":
		f := figure{body: value}
		if value[0] == '-' {
			f.body = value[1:]
		}
		if f.in(dot) == "" {
			t.Errorf("%s: %q is no number", column, value)
		}
	}
}
