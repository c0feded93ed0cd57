package export

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/sheet"
	"drumbeat/internal/yamlfile"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// basic is the preset whose names every other one falls back to.
const basic = "csv"

// Presets lists the presets, in alphabetical order.
func Presets() []string {
	entries, err := presetFiles.ReadDir("presets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return out
}

// mapping says how an export is to be read: a preset, with a company's own map over it.
type mapping struct {
	columns    map[pipeline.Rows]map[string][]string // what is told → the headers that tell it, likeliest first
	prefixes   []string                              // that headers may begin with
	entered    []entered
	criteria   []entered                   // columns with the day on which a buyer criterion was met; stage is its key
	stageForm  *regexp.Regexp              // of a stage that names its pipeline, too; nil: none does
	outcomes   map[string]pipeline.Outcome // of states, and of stages where nothing else tells
	firm       map[string]pipeline.Outcome // of stages by the company's map, whatever else the export says
	ignored    map[string]bool             // stages and states of deals that are no deals any more
	categories map[string]string
	rename     map[string]string // of stages
	percent    string            // whether probabilities are in percent: yes, no, or empty: by their values
	all        settings
	files      map[string]settings // by the name of the file, without folder and case

	meanings map[string]meaning // of stages and states, as found so far
	met      met

	own       *yamlfile.Map // the company's map, for faults about it; nil: none
	ownFile   *yamlfile.File
	ownNamed  []named
	ownPlaces []ownPattern
}

// settings say how a file is written.
type settings struct {
	rows      string // "": told from the header
	dateOrder string
	zone      *time.Location
	zoneName  string
	decimal   string
	delimiter string
	currency  string
	exported  pipeline.Opt[pipeline.Date]
}

// entered is a column, or a pattern of columns, that holds the date on which a deal came to something.
type entered struct {
	form  *regexp.Regexp
	stage string // to what; empty: the header names it
}

// named is a header that the company's map speaks of: some file has to have it.
type named struct {
	rows pipeline.Rows
	key  string
	at   *yamlfile.Map
}

type ownPattern struct {
	form *regexp.Regexp
	at   *yamlfile.Map
}

// keys are what the columns of an export can tell, beyond the canonical columns of the rows.
var keys = map[pipeline.Rows][]string{
	pipeline.Reps: {"id", "name", "first_name", "last_name", "email", "manager_id", "team", "time_zone", "active"},
	pipeline.Deals: {"id", "name", "account", "rep_id", "pipeline", "amount", "currency", "created_at", "closed_at", "close_date",
		"won_at", "lost_at", "outcome", "closed", "won", "lost", "stage", "expected_close", "probability", "forecast_category", "loss_reason"},
	pipeline.StageChanges: {"deal_id", "deal_name", "from_stage", "stage", "at", "rep_id"},
	pipeline.Activities:   {"deal_id", "deal_name", "at", "kind", "party"},
	pipeline.Forecasts:    {"deal_id", "deal_name", "at", "expected_close", "amount", "probability", "category"},
}

// kinds lists those rows in their order.
var kinds = []pipeline.Rows{pipeline.Reps, pipeline.Deals, pipeline.StageChanges, pipeline.Activities, pipeline.Forecasts}

// loadMapping lays the basic names, the preset and the company's map over each other.
func loadMapping(opts Options) (*mapping, fault.List) {
	m := newMapping()
	preset := cmp.Or(opts.Preset, basic)
	if !slices.Contains(Presets(), preset) {
		return nil, fault.List{{File: "--preset", What: fmt.Sprintf("%q is no preset for files", preset), Hint: hintPreset(preset)}}
	}
	for _, name := range slices.Compact([]string{basic, preset}) {
		data, err := presetFiles.ReadFile("presets/" + name + ".yaml")
		if err != nil {
			panic(err) // it was listed
		}
		if faults := m.read("presets/"+name+".yaml", data, false); len(faults) > 0 {
			panic(faults) // a test reads every preset
		}
	}
	var list fault.List
	if opts.Map != "" {
		data, err := os.ReadFile(opts.Map)
		if err != nil {
			return nil, fault.List{{File: opts.Map, What: "cannot be read: " + sheet.Reason(err), Hint: "--map names a file"}}
		}
		list = m.read(opts.Map, data, true)
	}
	return m, slices.Concat(list, m.command(opts))
}

// ownFaults are those of the company's map, what no file has among them.
func (m *mapping) ownFaults() fault.List {
	if m.own == nil {
		return nil
	}
	return m.ownFile.Faults()
}

func newMapping() *mapping {
	m := &mapping{columns: map[pipeline.Rows]map[string][]string{}, outcomes: map[string]pipeline.Outcome{},
		firm: map[string]pipeline.Outcome{}, ignored: map[string]bool{}, categories: map[string]string{}, rename: map[string]string{},
		files: map[string]settings{}, meanings: map[string]meaning{}, met: newMet()}
	for _, rows := range kinds {
		m.columns[rows] = map[string][]string{}
	}
	return m
}

func hintPreset(name string) string {
	if slices.Contains(Presets(), name+"-csv") {
		return name + " reads a database (source.preset of the config); for files it is " + name + "-csv"
	}
	return yamlfile.Suggest(name, Presets())
}

// command lays what the command line says over all of it.
func (m *mapping) command(opts Options) fault.List {
	var list fault.List
	if opts.DateOrder != "" {
		if !slices.Contains(dateOrders, opts.DateOrder) {
			list = append(list, fault.Fault{File: "--date-order", What: fmt.Sprintf("%q is no order", opts.DateOrder), Hint: "dmy, mdy or ymd"})
		}
		m.override(func(s *settings) { s.dateOrder = opts.DateOrder })
	}
	if opts.TimeZone != "" {
		loc, err := parseZone(opts.TimeZone)
		if err != nil {
			list = append(list, fault.Fault{File: "--time-zone", What: err.Error()})
		}
		m.override(func(s *settings) { s.zone, s.zoneName = loc, opts.TimeZone })
	}
	return list
}

// override changes the settings of every file.
func (m *mapping) override(change func(*settings)) {
	change(&m.all)
	for name, s := range m.files {
		change(&s)
		m.files[name] = s
	}
}

func parseZone(s string) (*time.Location, error) {
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" || s == "" {
		return nil, fmt.Errorf("%q is no time zone; write an IANA name like Europe/Amsterdam", s)
	}
	return loc, nil
}

// read lays one file over what is there: a preset's names come before those of the presets below it, a company's
// take their place.
func (m *mapping) read(name string, data []byte, own bool) fault.List {
	f, root := yamlfile.Parse(name, data, nil)
	for _, rows := range kinds {
		m.readColumns(root, rows, own)
	}
	m.prefixes = append(m.prefixes, root.Texts("prefixes")...)
	m.readEntered(root, own)
	m.readCriteria(root, own)
	if root.Has("stage_form") {
		m.stageForm = yamlfile.Value(root, "stage_form", nil, parsePattern)
	}
	m.readOutcomes(root.Map("outcomes"), own)
	m.readCategories(root.Map("categories"))
	renames := root.Map("rename")
	for _, old := range renames.Keys() {
		m.rename[sameText(old)] = renames.Need(old, "give the stage's name of today")
	}
	m.percent = root.Choice("percent", m.percent, "yes", "no")
	m.all = readSettings(root, m.all)
	files := root.Map("files")
	for _, name := range files.Keys() {
		part := files.Map(name)
		s := readSettings(part, m.all)
		s.rows = part.Choice("rows", "", append(kindNames(), "none")...)
		m.files[strings.ToLower(filepath.Base(name))] = s
	}
	if own {
		m.own, m.ownFile = root, f
		return slices.Clone(f.Faults()) // it grows, see checkMap
	}
	return f.Faults()
}

func kindNames() []string {
	out := make([]string, len(kinds))
	for i, rows := range kinds {
		out[i] = string(rows)
	}
	return out
}

func (m *mapping) readColumns(root *yamlfile.Map, rows pipeline.Rows, own bool) {
	part := root.Map(string(rows))
	for _, key := range keys[rows] {
		if !part.Has(key) {
			continue
		}
		headers := part.Texts(key)
		if own {
			m.columns[rows][key] = headers
			if len(headers) > 0 {
				m.ownNamed = append(m.ownNamed, named{rows: rows, key: key, at: part})
			}
			continue
		}
		m.columns[rows][key] = append(headers, m.columns[rows][key]...)
	}
}

func (m *mapping) readEntered(root *yamlfile.Map, own bool) {
	var list []entered
	for _, part := range root.Maps("entered") {
		stage := part.Text("stage", "")
		form := yamlfile.Value(part, "column", nil, func(s string) (*regexp.Regexp, error) {
			if stage == "" {
				return parsePattern(s)
			}
			return wholeHeader(s), nil
		})
		if !part.Has("column") {
			part.Missing("column", `name the column with the day of entry, or a pattern like Date entered "{stage}"`)
		}
		if form == nil {
			continue
		}
		list = append(list, entered{form: form, stage: stage})
		if own {
			m.ownPlaces = append(m.ownPlaces, ownPattern{form: form, at: part})
		}
	}
	m.entered = append(list, m.entered...)
}

func (m *mapping) readCriteria(root *yamlfile.Map, own bool) {
	for _, part := range root.Maps("criteria") {
		key := part.Need("criterion", "the key of the criterion in process.yaml")
		column := part.Need("column", "name the column with the day on which the buyer did it")
		form := wholeHeader(column)
		m.criteria = append(m.criteria, entered{form: form, stage: key})
		if own && column != "" {
			m.ownPlaces = append(m.ownPlaces, ownPattern{form: form, at: part})
		}
	}
}

func wholeHeader(s string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^` + regexp.QuoteMeta(clean(s)) + `$`)
}

func parsePattern(s string) (*regexp.Regexp, error) {
	if strings.Count(s, "{stage}") != 1 || strings.Count(s, "{pipeline}") > 1 {
		return nil, fmt.Errorf("%q does not say which part of it is the stage; write {stage} there, and {pipeline} where the pipeline stands", s)
	}
	return pattern(s), nil
}

func (m *mapping) readOutcomes(part *yamlfile.Map, own bool) {
	for _, outcome := range []pipeline.Outcome{pipeline.Open, pipeline.Won, pipeline.Lost} {
		for _, name := range part.Texts(string(outcome)) {
			m.outcomes[sameText(name)] = outcome
			if delete(m.ignored, sameText(name)); own {
				m.firm[sameText(name)] = outcome
			}
		}
	}
	for _, name := range part.Texts("ignore") {
		m.ignored[sameText(name)] = true
	}
}

var categoryKeys = []string{"commit", "best_case", "pipeline", "omitted", "none"}

func (m *mapping) readCategories(part *yamlfile.Map) {
	for _, category := range categoryKeys {
		for _, name := range part.Texts(category) {
			m.categories[sameText(name)] = strings.TrimSuffix(category, "none")
		}
	}
}

// readSettings reads what may stand for all files and for one.
func readSettings(part *yamlfile.Map, s settings) settings {
	s.dateOrder = part.Choice("date_order", s.dateOrder, dateOrders...)
	if part.Has("time_zone") {
		s.zone = yamlfile.Value(part, "time_zone", nil, parseZone)
		s.zoneName = part.Text("time_zone", "")
	}
	s.decimal = part.Choice("decimal", s.decimal, decimals...)
	s.delimiter = part.Choice("delimiter", s.delimiter, slices.Sorted(maps.Keys(delimiters))...)
	s.currency = yamlfile.Value(part, "currency", s.currency, func(v string) (string, error) {
		if !isoCode.MatchString(v) {
			return "", fmt.Errorf("%q is no currency; write its ISO code, like EUR", v)
		}
		return v, nil
	})
	if part.Has("exported") {
		s.exported = pipeline.Some(yamlfile.Value(part, "exported", 0, pipeline.ParseDate))
	}
	return s
}

// of gives the settings of a file.
func (m *mapping) of(path string) settings {
	if s, ok := m.files[strings.ToLower(filepath.Base(path))]; ok {
		return s
	}
	return m.all
}
