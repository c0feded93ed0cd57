package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/source/presets"
	"drumbeat/internal/yamlfile"
)

const (
	day     = 24 * time.Hour
	century = 36500 * day
)

// Load reads a config and its process. env answers for ${NAME}. What figures need is required; ask
// ReadyToSend about the rest. The config is nil where there are faults.
func Load(path string, env func(string) (string, bool)) (*Config, fault.List) {
	cfg, faults, ofProcess := open(path, env)
	if faults = append(faults, ofProcess...); len(faults) > 0 {
		return nil, faults
	}
	return cfg, nil
}

// Check is Load, with what ReadyToSend would find among the faults. Where there are any, the config is good
// for one thing: to look at the files that it names, so that their faults can be told along with its own.
func Check(path string, env func(string) (string, bool)) (*Config, fault.List) {
	cfg, faults, ofProcess := open(path, env)
	faults = append(faults, cfg.unready...)
	slices.SortStableFunc(faults, func(a, b fault.Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return cfg, append(faults, ofProcess...)
}

func open(path string, env yamlfile.Env) (cfg *Config, own, ofProcess fault.List) {
	data, err := os.ReadFile(path)
	if err != nil {
		return &Config{Path: path, Files: []string{path}}, fault.List{{File: path, What: cannotRead(err), Hint: "name the config with --config"}}, nil
	}
	return read(path, data, env)
}

// read makes a config of the bytes of a file and gives the faults of the file and those of its process.
func read(path string, data []byte, env yamlfile.Env) (cfg *Config, own, ofProcess fault.List) {
	f, root := yamlfile.Parse(path, data, env)
	root.Know(places(), meanings)
	r := &reader{cfg: &Config{Path: path, Files: []string{path}}, dir: filepath.Dir(path)}
	ofProcess = r.sections(root)
	r.note()
	r.cfg.Version = version(data, r.process)
	own = f.Faults()
	r.cfg.unready = f.Unexplained(r.cfg.unready)
	return r.cfg, own, ofProcess
}

// places are where keys belong: an item in each list shows what it takes.
var places = sync.OnceValue(func() yamlfile.Places {
	return yamlfile.Outline("people: [{away: [{}]}]\nschedules: [{}]\n", func(root *yamlfile.Map) {
		_ = (&reader{cfg: &Config{}}).sections(root) // what is asked for counts, not what is wrong
	})
})

// sections reads the file from its top, and gives the faults of the process: they are of another file.
func (r *reader) sections(root *yamlfile.Map) (ofProcess fault.List) {
	ofProcess = r.general(root)
	r.source(root.Map("source"))
	r.state(root.Map("state"))
	r.metrics(root.Map("metrics"))
	r.people(root)
	r.schedules(root)
	r.mail(root)
	r.outside(root)
	return ofProcess
}

// version is the beginning of a hash of a config and its process. It has so few digits that nobody finds a password
// by it.
func version(data, process []byte) string {
	sum := sha256.Sum256(append(append(data[:len(data):len(data)], 0), process...))
	return hex.EncodeToString(sum[:4])
}

// reader fills one config; each method reads one section.
type reader struct {
	cfg      *Config
	dir      string
	process  []byte   // as it was read; nil: it could not be
	sending  bool     // what is read is needed to send only: a file that is not there hinders no report
	verbatim []string // the keys under which secrets stand in the file itself
}

// fileFault is something wrong with a file that the config names.
func (r *reader) fileFault(m *yamlfile.Map, key, what, hint string) {
	if r.sending {
		r.cfg.unready = append(r.cfg.unready, m.Describe(key, what, hint))
		return
	}
	m.Fault(key, what, hint)
}

// path resolves a path of the config against its folder.
func (r *reader) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

// file reads one that the config names.
func (r *reader) file(p string) ([]byte, error) {
	r.cfg.Files = append(r.cfg.Files, p)
	return os.ReadFile(p)
}

// cannotRead says why a file could not be read, without its path: the fault's place names it.
func cannotRead(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return "cannot be read: " + err.Error()
}

// general reads the top level and the process, whose faults it gives: they are of another file.
func (r *reader) general(root *yamlfile.Map) fault.List {
	c := r.cfg
	c.Zone = yamlfile.Value(root, "time_zone", time.UTC, parseZone)
	c.Currency = yamlfile.Value(root, "currency", "EUR", parseCurrency)
	c.Rates = rates(root, c.Currency)
	c.Environment = yamlfile.Value(root, "environment", "production", parseName)
	c.Waivers = r.existing(root, "waivers", false)
	c.Templates = r.existing(root, "templates", true)

	c.ProcessPath = r.path(root.Need("process", "give the path of the process, like process.yaml"))
	if c.ProcessPath == "" {
		return nil
	}
	if filepath.Clean(c.ProcessPath) == filepath.Clean(c.Path) {
		root.Fault("process", "this is the config itself", "the process stands in a file of its own: name that")
		return nil
	}
	data, err := r.file(c.ProcessPath)
	if err != nil {
		root.Fault("process", c.ProcessPath+" "+cannotRead(err), "paths are relative to the config file")
		return nil
	}
	r.process = data
	var faults fault.List
	c.Process, faults = process.Read(c.ProcessPath, data, c.Zone)
	return faults
}

// existing reads a path at which a file or a folder must be; empty where there is none.
func (r *reader) existing(m *yamlfile.Map, key string, folder bool) string {
	if !m.Has(key) {
		return ""
	}
	p := r.path(m.Need(key, "give a path or leave the key out"))
	if p == "" {
		return ""
	}
	r.cfg.Files = append(r.cfg.Files, p)
	switch info, err := os.Stat(p); {
	case err != nil:
		r.fileFault(m, key, p+" "+cannotRead(err), "paths are relative to the config file")
	case info.IsDir() && !folder:
		r.fileFault(m, key, p+" is a folder", "name a file")
	case !info.IsDir() && folder:
		r.fileFault(m, key, p+" is no folder", "name a folder")
	default:
		return p
	}
	return ""
}

func rates(root *yamlfile.Map, currency string) map[string]float64 {
	m, out := root.Map("rates"), map[string]float64{}
	for _, k := range m.Keys() {
		code, err := parseCurrency(k)
		if err != nil {
			m.Fault(k, err.Error(), "")
			continue
		}
		rate := m.Number(k, 1, 0, 1_000_000_000)
		_, twice := out[code]
		switch {
		case twice:
			m.Fault(k, "the rate of "+code+" stands twice", "codes are compared without case")
		case rate == 0:
			m.Fault(k, "a rate of 0", "give the units of "+currency+" that one unit is worth")
		case code == currency && rate != 1:
			m.Fault(k, code+" is the report's own currency", "remove its rate")
		}
		out[code] = rate
	}
	return out
}

func (r *reader) source(m *yamlfile.Map) {
	s := &r.cfg.Source
	s.DSN = r.dsn(m, "dsn")
	if s.DSN == "" && !m.Has("dsn") && !m.Has("dsn_file") {
		m.Missing("dsn", "name the pipeline database: postgres://user@host/database or sqlite:PATH")
	}
	s.Preset = m.Choice("preset", "", presets.Names()...)
	s.Schema = m.Text("schema", "")
	s.StatementTimeout = m.Duration("statement_timeout", 5*time.Minute, time.Second, day)
	s.Queries = map[pipeline.Rows]string{}
	q := m.Map("queries")
	for _, rows := range pipeline.AllRows {
		if q.Has(string(rows)) {
			s.Queries[rows] = r.query(q, string(rows))
		} else if rows.Required() && !rows.Observable() && m.Has("queries") && !m.Has("preset") {
			q.Missing(string(rows), "rows without a query are not read where there are queries, and these are required")
		}
	}
	if s.Schema != "" && strings.HasPrefix(string(s.DSN), "sqlite:") {
		m.Fault("schema", "SQLite has no schemas", "remove it")
	}
	if s.Preset != "" && strings.HasPrefix(string(s.DSN), "sqlite:") {
		m.Fault("preset", "presets read PostgreSQL, and the dsn is of SQLite", "remove it, or give queries")
	}
}

// query reads SQL, or the path of a .sql file that holds it.
func (r *reader) query(m *yamlfile.Map, key string) string {
	sql := m.Need(key, "write SQL or the path of a .sql file")
	if !strings.HasSuffix(sql, ".sql") || strings.ContainsAny(sql, "\n;()") {
		return sql
	}
	data, err := r.file(r.path(sql))
	switch {
	case err != nil:
		m.Fault(key, r.path(sql)+" "+cannotRead(err), "paths are relative to the config file")
	case strings.TrimSpace(string(data)) == "":
		m.Fault(key, r.path(sql)+" is empty", "write the SQL into it, or leave the key out")
	}
	return string(data)
}

func (r *reader) state(m *yamlfile.Map) {
	r.cfg.State.DSN = r.dsn(m, "dsn")
	if r.cfg.State.DSN == "" {
		r.cfg.State.DSN = Secret("sqlite:" + r.path("drumbeat-state.db"))
	}
	r.cfg.State.KeepBodies = m.Duration("keep_bodies", 90*day, 0, century)
}

func (r *reader) metrics(m *yamlfile.Map) {
	c := &r.cfg.Metrics
	c.Lookback = m.Duration("lookback", 365*day, day, century)
	c.Grace = m.Duration("grace", 3*day, 0, century)
	c.MinDue = m.Int("min_due", 5, 1, 1_000_000)
	c.MinHistory = m.Int("min_history", 20, 1, 1_000_000)
	c.MinCalled = m.Int("min_called", 5, 1, 1_000_000)
	c.SilentAfter = m.Duration("silent_after", 21*day, time.Second, century)
	c.LeastStall = m.Duration("least_stall", 3*day, 0, century)
	c.Focus = m.Text("focus", "")
	r.focus(m)

	f := m.Map("forecast")
	c.Forecast.Period = pipeline.Span(f.Choice("period", "quarter", "quarter", "month"))
	c.Forecast.FiscalYearStart = f.Int("fiscal_year_start", 1, 1, 12)
	usual, shortest := 14*day, 90*day // a call must fall into its period
	if c.Forecast.Period == pipeline.Month {
		usual, shortest = 5*day, 28*day
	}
	c.Forecast.CallAfter = f.Duration("call_after", usual, 0, shortest-day)
	c.Forecast.CategoryChance = map[string]float64{}
	chances := f.Map("category_chance")
	for _, usual := range []struct {
		category string
		chance   float64
	}{{"commit", 0.9}, {"best_case", 0.6}, {"pipeline", 0.2}, {"omitted", 0}} {
		c.Forecast.CategoryChance[usual.category] = chances.Number(usual.category, usual.chance, 0, 1)
	}
}

// focus must be a checkpoint of the process, in any of its versions.
func (r *reader) focus(m *yamlfile.Map) {
	if !m.Has("focus") || r.cfg.Process == nil {
		return
	}
	var known []string
	for _, c := range r.cfg.Process.Checkpoints(time.Time{}) {
		known = append(known, c.Key)
	}
	m.Choice("focus", "", known...)
}

// outside reads what leads out of the digests: links, web and log.
func (r *reader) outside(root *yamlfile.Map) {
	r.cfg.Links.Deal = yamlfile.Value(root.Map("links"), "deal", "", parseDealLink)

	r.web(root.Map("web"))

	log := root.Map("log")
	level := log.Choice("level", "info", "debug", "info", "warn", "error")
	if err := r.cfg.Log.Level.UnmarshalText([]byte(level)); err != nil {
		r.cfg.Log.Level = slog.LevelInfo // cannot be: Choice gives known words only
	}
	r.cfg.Log.Format = log.Choice("format", "text", "text", "json")
}

// secret reads a value that may stand in a file of its own under key_file.
func (r *reader) secret(m *yamlfile.Map, key string) Secret {
	value, twin := m.Text(key, ""), key+"_file"
	if !m.Has(twin) {
		if path := m.Verbatim(key); path != "" && opensADoor(key, value) {
			r.verbatim = append(r.verbatim, path)
		}
		return Secret(value)
	}
	if m.Has(key) {
		m.Fault(twin, key+" is given too", "keep one of them")
		return Secret(value)
	}
	p := r.path(m.Need(twin, "give the path of the file that holds the "+key))
	if p == "" {
		return ""
	}
	data, err := r.file(p)
	if err != nil { // its path is not repeated: the secret itself may stand there
		r.fileFault(m, twin, "the file "+cannotRead(err), "paths are relative to the config file, and the "+key+" itself would stand under "+key)
		return ""
	}
	value = strings.TrimRight(string(data), "\r\n")
	if value == "" {
		r.fileFault(m, twin, "the file is empty", "put the "+key+" into it, in one line")
	}
	return Secret(value)
}

// dsn reads a secret that names a database; no fault repeats any of it.
func (r *reader) dsn(m *yamlfile.Map, key string) Secret {
	s := r.secret(m, key)
	if s == "" {
		if m.Has(key) {
			m.Need(key, "write postgres://user@host/database or sqlite:PATH")
		}
		return ""
	}
	dsn, err := r.resolveDSN(string(s))
	if err != nil {
		if !m.Has(key) {
			key += "_file"
		}
		m.Fault(key, err.Error(), "")
	}
	return Secret(dsn)
}

// bothOrNone holds a username against its password.
func bothOrNone(m *yamlfile.Map, of string) {
	user, password := m.Has("username"), m.Has("password") || m.Has("password_file")
	switch {
	case user && !password:
		m.Fault("username", fmt.Sprintf("%s gets a username and no password", of), "give password or password_file")
	case password && !user:
		m.Fault("password", fmt.Sprintf("%s gets a password and no username", of), "give username")
	}
}
