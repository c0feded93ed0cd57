package export

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
	"drumbeat/internal/sheet"
	"drumbeat/internal/yamlfile"
)

// findFiles opens every CSV file of the paths and tells what it holds: as the map says, else by its header. A file
// that is named must hold something; in a folder others are left alone.
func (e *Export) findFiles(paths []string) {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			e.fault(Place{File: path}, "does not exist", "name the CSV files of the export, or their folder")
		case err != nil:
			e.fault(Place{File: path}, "cannot be read: "+sheet.Reason(err), "")
		case info.IsDir():
			e.findFolder(path)
		default:
			e.findFile(path, true)
		}
	}
	if len(e.faults) == 0 && len(e.filesOf(pipeline.Deals)) == 0 {
		e.noDeals(paths)
	}
}

func (e *Export) findFolder(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		e.fault(Place{File: folder}, "cannot be read: "+sheet.Reason(err), "")
	}
	for _, entry := range entries {
		if !entry.IsDir() && strings.EqualFold(filepath.Ext(entry.Name()), ".csv") {
			e.findFile(filepath.Join(folder, entry.Name()), false)
		}
	}
}

func (e *Export) findFile(path string, named bool) {
	if slices.ContainsFunc(e.files, func(f *file) bool { return f.name == path }) {
		return // named beside its folder
	}
	if e.mapping.of(path).rows == "none" {
		e.ignored = append(e.ignored, ignoredFile{path, "the map says that it holds no rows"})
		return
	}
	f, bad := openFile(path, e.mapping)
	if bad != nil {
		e.faults = append(e.faults, *bad)
		return
	}
	if f.rows = pipeline.Rows(f.settings.rows); f.rows == "" {
		f.rows = f.recognise()
	}
	if f.rows != "" {
		f.match()
		e.files = append(e.files, f)
		return
	}
	why := "its header is neither that of deals nor of reps, a history, or activities: " + strings.Join(f.header, ", ")
	if named {
		e.fault(Place{File: path, Line: f.line}, why, "map its columns with --map, see docs/exports.md")
		return
	}
	e.ignored = append(e.ignored, ignoredFile{path, why})
}

// match finds the columns of what the file is about.
func (f *file) match() {
	f.columns = map[string]int{}
	for key, names := range f.mapping.columns[f.rows] {
		if i := find(f.forms, names); i >= 0 {
			f.columns[key] = i
		}
	}
	if f.rows != pipeline.Deals {
		return
	}
	for i, header := range f.header {
		for _, c := range f.mapping.criteria {
			if c.form.MatchString(header) {
				f.criteria = append(f.criteria, enteredColumn{column: i, stage: c.stage})
			}
		}
		for _, en := range f.mapping.entered {
			stage, _, ok := match(en.form, header)
			if ok && f.enteredAt(i) < 0 {
				if en.stage != "" {
					stage = en.stage
				}
				f.entered = append(f.entered, enteredColumn{column: i, stage: f.mapping.renamed(stage)})
			}
		}
	}
}

func (f *file) enteredAt(column int) int {
	return slices.IndexFunc(f.entered, func(e enteredColumn) bool { return e.column == column })
}

// renamed gives a stage's name of today.
func (m *mapping) renamed(stage string) string {
	key := sameText(stage)
	meet(m.met.written, key, stage)
	if now, ok := m.rename[key]; ok {
		stage, key = now, sameText(now)
	}
	meet(m.met.named, key, stage)
	return clean(stage)
}

// recognise tells from the header what rows a file holds; empty: none.
func (f *file) recognise() pipeline.Rows {
	has := func(rows pipeline.Rows, key string) int {
		return find(f.forms, f.mapping.columns[rows][key])
	}
	some := func(rows pipeline.Rows, keys ...string) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return has(rows, key) >= 0 })
	}
	move := has(pipeline.StageChanges, "stage")
	switch {
	case some(pipeline.StageChanges, "deal_id", "deal_name") && some(pipeline.StageChanges, "at") && move >= 0 &&
		(some(pipeline.StageChanges, "from_stage") || move != has(pipeline.Deals, "stage")):
		return pipeline.StageChanges
	case some(pipeline.Deals, "stage", "outcome") && some(pipeline.Deals, "id", "name") &&
		some(pipeline.Deals, "amount", "close_date", "closed_at", "expected_close", "created_at"):
		return pipeline.Deals
	case some(pipeline.StageChanges, "deal_id", "deal_name") && some(pipeline.StageChanges, "at") && move >= 0:
		return pipeline.StageChanges
	case some(pipeline.Deals, "stage", "outcome") && some(pipeline.Deals, "id", "name") && some(pipeline.Deals, "rep_id"):
		return pipeline.Deals
	case some(pipeline.Activities, "deal_id", "deal_name") && some(pipeline.Activities, "at") && some(pipeline.Activities, "kind"):
		return pipeline.Activities
	case some(pipeline.Forecasts, "deal_id", "deal_name") && some(pipeline.Forecasts, "at") && some(pipeline.Forecasts, "expected_close", "amount", "probability", "category"):
		return pipeline.Forecasts
	case some(pipeline.Reps, "name", "first_name", "email") && some(pipeline.Reps, "email", "manager_id", "team", "time_zone"):
		return pipeline.Reps
	}
	return ""
}

// noDeals says of every file why it is not the one that an import cannot do without.
func (e *Export) noDeals(paths []string) {
	hint := "map them with --map, see docs/exports.md"
	if len(e.ignored) == 0 && len(e.files) == 0 {
		e.fault(Place{File: strings.Join(paths, " ")}, "there is no CSV file", "name the files of the export, or their folder")
		return
	}
	for _, ignored := range e.ignored {
		e.fault(Place{File: ignored.name}, ignored.why, hint)
	}
	e.fault(Place{File: strings.Join(paths, " ")}, "no file holds deals: that takes a column of stages or states, one of ids or names, and one of owners, amounts or dates", hint)
}

// checkMap holds what the map names against what the files have, and what the files have against what rows need.
func (e *Export) checkMap() {
	m := e.mapping
	for _, n := range m.ownNamed {
		files := e.filesOf(n.rows)
		if !slices.ContainsFunc(files, func(f *file) bool { return f.has(n.key) }) {
			n.at.Fault(n.key, fmt.Sprintf("no file of %s has such a column", n.rows), suggestHeader(files, m.columns[n.rows][n.key]))
		}
	}
	for _, p := range m.ownPlaces {
		if !slices.ContainsFunc(e.filesOf(pipeline.Deals), func(f *file) bool { return f.hasMatch(p.form) }) {
			p.at.Fault("column", "no file of deals has such a column", suggestHeader(e.filesOf(pipeline.Deals), []string{p.at.Text("column", "")}))
		}
	}
	if m.own != nil {
		files := m.own.Map("files")
		for _, name := range files.Keys() {
			if !e.seen(name) {
				files.Fault(name, "there is no such file", "the files are: "+strings.Join(e.allNames(), ", "))
			}
		}
		e.faults = append(e.faults, m.ownFile.Faults()...)
	}
	for _, f := range e.files {
		e.checkColumns(f)
	}
}

func (f *file) hasMatch(form interface{ MatchString(string) bool }) bool {
	return slices.ContainsFunc(f.header, form.MatchString)
}

func suggestHeader(files []*file, names []string) string {
	var known []string
	for _, f := range files {
		known = append(known, f.header...)
	}
	if len(known) == 0 {
		return "there is no such file at all"
	}
	return yamlfile.Suggest(strings.Join(names, ", "), known)
}

func (e *Export) allNames() []string {
	var out []string
	for _, f := range e.files {
		out = append(out, filepath.Base(f.name))
	}
	for _, f := range e.ignored {
		out = append(out, filepath.Base(f.name))
	}
	return out
}

func (e *Export) seen(name string) bool {
	return slices.ContainsFunc(e.allNames(), func(n string) bool { return strings.EqualFold(n, filepath.Base(name)) })
}

// checkColumns refuses a file that lacks what its rows cannot do without, or has it twice.
func (e *Export) checkColumns(f *file) {
	need := map[pipeline.Rows][][]string{
		pipeline.Reps:         {{"name", "first_name", "email", "id"}},
		pipeline.Deals:        {{"id", "name"}, {"stage", "outcome", "closed", "won", "lost"}},
		pipeline.StageChanges: {{"deal_id", "deal_name"}, {"stage"}, {"at"}},
		pipeline.Activities:   {{"deal_id", "deal_name"}, {"at"}, {"kind"}},
		pipeline.Forecasts:    {{"deal_id", "deal_name"}, {"at"}},
	}
	for _, one := range need[f.rows] {
		if !slices.ContainsFunc(one, f.has) {
			e.fault(Place{File: f.name, Line: f.line}, fmt.Sprintf("no column of %s tells %s", f.rows, strings.Join(one, " or ")),
				"name it in the map given by --map; the columns are: "+strings.Join(f.header, ", "))
		}
	}
	for key, i := range f.columns {
		for j, header := range f.header {
			if j != i && normal(header) == normal(f.header[i]) {
				e.faults = append(e.faults, fault.Fault{File: f.name, Line: f.line, Field: header,
					What: "stands twice in the header, and tells " + key, Hint: "rename or drop one of the two"})
			}
		}
	}
}
