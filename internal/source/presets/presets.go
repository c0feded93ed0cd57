// Package presets knows the tables of CRMs as their loaders leave them in PostgreSQL.
// The tables and columns that a database has go in; out comes, for each kind of canonical rows, the SQL that reads
// them, spelled as those tables are. It refuses a database without the CRM's deals or people, naming what it looked
// for, and reads nothing itself. Each folder is a preset: tables.yaml says what its .sql files read, read one of
// those next.
package presets

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"drumbeat/internal/pipeline"
)

//go:embed */tables.yaml */*.sql
var files embed.FS

// Preset is one CRM.
type Preset struct {
	Name    string
	schemas []string // where loaders usually put the tables
	synced  []string // the columns in which loaders note when they wrote a row
	tables  map[string]*table
	queries []*query
	ifs     map[string]*query // by a query's name, whether what it reads is worth reading: <name>.if.sql
	unless  map[string]string // what is so if it is not
}

// allVersions is for a table that keeps what is no more beside what is, on purpose: a history.
const allVersions = "all"

// table is one of the CRM's tables as the queries name it.
type table struct {
	Names    []string          `yaml:"names"`    // what it is called; none: its key
	Versions string            `yaml:"versions"` // allVersions: rows are read that the loader calls outdated, too
	Without  string            `yaml:"without"`  // what follows where a query does without the table
	Columns  map[string]string `yaml:"columns"`  // name → type
	Optional map[string]column `yaml:"optional"`
	Aliases  map[string]string `yaml:"aliases"` // other names of columns → the name here
}

// column is one that may be absent; it is null then.
type column struct {
	Type    string `yaml:"type"`
	Without string `yaml:"without"` // what follows from its absence, where no canonical column says it
}

// query gives one kind of canonical rows, if its tables are there.
type query struct {
	rows pipeline.Rows
	file string
	sql  string
	uses []use
	main string // the alias of the table that the rows are those of; empty: the first
}

// name is the file's, without what stands after a dot.
func (q *query) name() string {
	name, _, _ := strings.Cut(path.Base(q.file), ".")
	return name
}

// use is a table under its alias in a query, with the columns that are asked of it.
type use struct {
	table, alias string
	missable     bool // where it is not there, it is empty
	columns      []string
}

// Names lists the presets, by name.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Get gives a preset by its name.
func Get(name string) (*Preset, bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	p, err := load(name)
	if err != nil {
		panic(err) // the files are part of the program; a test loads every one of them
	}
	return p, true
}

func load(name string) (*Preset, error) {
	data, err := files.ReadFile(name + "/tables.yaml")
	if err != nil {
		return nil, err
	}
	var head struct {
		Schemas []string          `yaml:"schemas"`
		Synced  []string          `yaml:"synced"`
		Unless  map[string]string `yaml:"unless"` // a query with an .if.sql → what is so if it says no
		Tables  map[string]*table `yaml:"tables"`
	}
	if err := yaml.UnmarshalWithOptions(data, &head, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s/tables.yaml: %w", name, err)
	}
	p := &Preset{Name: name, schemas: head.Schemas, synced: head.Synced, tables: head.Tables,
		ifs: map[string]*query{}, unless: head.Unless}
	names, err := fs.Glob(files, name+"/*.sql") // sorted: of two queries for the same rows the first that can be is taken
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		q, err := p.query(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if strings.HasSuffix(file, ".if.sql") {
			p.ifs[q.name()] = q
			continue
		}
		p.queries = append(p.queries, q)
	}
	for of := range p.ifs {
		if p.unless[of] == "" {
			return nil, fmt.Errorf("%s/tables.yaml: unless does not say what is so without %s", name, of)
		}
	}
	return p, nil
}

var (
	placeholder = regexp.MustCompile(`\{(\w+)(\??)\} AS (\w+)`)
	theRows     = regexp.MustCompile(`(?m)\{\w+\??\} AS (\w+)\b.*-- the rows$`) // where the first table only drives
	reference   = regexp.MustCompile(`\b(\w+)\.(\w+)\b`)
)

func (p *Preset) query(file string) (*query, error) {
	data, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	q := &query{file: file, sql: withReadings(string(data))}
	base, _, _ := strings.Cut(q.name(), "-")
	q.rows = pipeline.Rows(base)
	if !slices.Contains(pipeline.AllRows, q.rows) {
		return nil, fmt.Errorf("there are no rows named %q", base)
	}
	if m := theRows.FindStringSubmatch(q.sql); m != nil {
		q.main = m[1]
	}
	byAlias := map[string]int{}
	for _, m := range placeholder.FindAllStringSubmatch(q.sql, -1) {
		if p.tables[m[1]] == nil {
			return nil, fmt.Errorf("{%s} is not in tables.yaml", m[1])
		}
		if _, twice := byAlias[m[3]]; twice {
			return nil, fmt.Errorf("the alias %s stands for two tables", m[3])
		}
		byAlias[m[3]] = len(q.uses)
		q.uses = append(q.uses, use{table: m[1], alias: m[3], missable: m[2] != ""})
	}
	for _, m := range reference.FindAllStringSubmatch(q.sql, -1) { // those in comments are of an optional item
		i, ofTable := byAlias[m[1]]
		if !ofTable {
			continue
		}
		u := &q.uses[i]
		if t := p.tables[u.table]; t.Columns[m[2]] == "" && t.Optional[m[2]].Type == "" {
			return nil, fmt.Errorf("%s.%s: tables.yaml has no such column of %s", m[1], m[2], u.table)
		}
		if !slices.Contains(u.columns, m[2]) {
			u.columns = append(u.columns, m[2])
		}
	}
	return q, nil
}

// uncommented is SQL without what follows -- in its lines.
func uncommented(sql string) string {
	lines := strings.Split(sql, "\n")
	for i, l := range lines {
		lines[i], _, _ = strings.Cut(l, "--")
	}
	return strings.Join(lines, "\n")
}
