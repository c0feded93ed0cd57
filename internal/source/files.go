package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
)

// findFiles tells which file holds which rows: folders are looked into, files are named after their rows.
// Other CSV files in a folder are left alone, which the warnings say: one may be a misspelled name.
func findFiles(paths []string, to *faults) (files map[pipeline.Rows]string, warnings fault.List) {
	files = map[pipeline.Rows]string{}
	add := func(path string) bool {
		rows := pipeline.Rows(strings.TrimSuffix(filepath.Base(path), ".csv"))
		if filepath.Ext(path) != ".csv" || !slices.Contains(pipeline.AllRows, rows) {
			return false
		}
		if other, twice := files[rows]; twice {
			to.add(path, 0, "", fmt.Sprintf("%s come from %s already", rows, other), "name one of the two")
		}
		files[rows] = path
		return true
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			to.add(path, 0, "", "does not exist", "name a folder of canonical CSV files")
		case err != nil:
			to.add(path, 0, "", "cannot be read: "+reason(err), "")
		case info.IsDir():
			warnings = append(warnings, addFolder(path, add, to)...)
		case !add(path):
			to.add(path, 0, "", "is not named after canonical rows", "one of "+fileNames()+"; what a CRM exports is read with --preset csv")
		}
	}
	if len(to.list) == 0 {
		missingFiles(paths, files, to)
	}
	return files, warnings
}

func addFolder(folder string, add func(string) bool, to *faults) (warnings fault.List) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		to.add(folder, 0, "", "cannot be read: "+reason(err), "")
	}
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); strings.EqualFold(filepath.Ext(path), ".csv") && !add(path) {
			warnings = append(warnings, fault.Fault{File: path, What: "is not named after canonical rows and left alone",
				Hint: "one of " + fileNames()})
		}
	}
	return warnings
}

func missingFiles(paths []string, files map[pipeline.Rows]string, to *faults) {
	for _, rows := range pipeline.AllRows {
		if rows.Required() && files[rows] == "" {
			to.add(strings.Join(paths, " "), 0, "", fmt.Sprintf("%s.csv is missing", rows),
				"reps.csv, deals.csv and stage_changes.csv are required; import replaces all tables together; what a CRM exports is read with --preset csv")
		}
	}
}

func fileNames() string {
	names := make([]string, len(pipeline.AllRows))
	for i, rows := range pipeline.AllRows {
		names[i] = string(rows) + ".csv"
	}
	return strings.Join(names, ", ")
}

// ReadWaivers reads a CSV file of waivers, the extra ones of a config. The faults are those of an import.
func ReadWaivers(path string) ([]pipeline.Waiver, fault.List) {
	var found faults
	l := layoutOf(pipeline.Waivers)
	seen := newChecks(&found)
	seen.begin(path, l)
	waivers := []pipeline.Waiver{} // a file without rows is still a source of waivers
	// The callback has no error of its own, so readFile has none.
	_ = readFile(path, l, &found, func(r row) error {
		seen.row(l, r)
		if r.sound {
			waivers = append(waivers, waiverOf(r.record))
		}
		return nil
	})
	return waivers, found.list
}
