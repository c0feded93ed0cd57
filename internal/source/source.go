// Package source reads a sales pipeline from a database, and fills one from CSV files.
// A DSN goes in (PostgreSQL or SQLite; the canonical tables, or the company's own by a query for each kind of
// rows), and every deal with its whole history comes out, in one consistent snapshot and constant memory.
// It refuses rows that no figure can be made of, naming them, and never writes where it reads; an import is
// all or nothing. Read read.go for the snapshot and the merge, import.go and sheet.go for the CSV files.
package source

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// DefaultStatementTimeout is how long one statement may take where the config says nothing.
const DefaultStatementTimeout = 5 * time.Minute

// Config says where the rows are.
type Config struct {
	DSN    string // postgres://… or sqlite:PATH
	Preset string // one of presets.Names: the CRM whose tables these are; empty: none
	Schema string // where queries and the preset look for tables first; empty: as the DSN's search_path says, then as the preset's

	// Queries gives the SQL for each kind of canonical rows: its result has the columns of those rows by name,
	// of which only the required ones must be there. With any query given, rows without one are not there (those that
	// runs can observe may be left out, though they are required of tables); without any, the canonical tables are read.
	// Beside a preset they take the place of its own, which {preset} stands for in them.
	Queries map[pipeline.Rows]string

	StatementTimeout time.Duration     // 0: DefaultStatementTimeout
	Waivers          []pipeline.Waiver // added to those of the database; nil: none, and not even a file of them
}

// Source is an open pipeline database. It can be read many times, also at once.
type Source struct {
	cfg Config
	at  database
	db  *sqlx.DB
}

// Open connects to the database. A config that cannot work is a fault.List.
func Open(ctx context.Context, cfg Config) (*Source, error) {
	at, err := parseDSN(cfg.DSN)
	if err != nil {
		return nil, err
	}
	if err := checkConfig(cfg, at); err != nil {
		return nil, err
	}
	if cfg.StatementTimeout <= 0 {
		cfg.StatementTimeout = DefaultStatementTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.StatementTimeout)
	defer cancel()
	db, err := at.open(ctx, forReading)
	if err != nil {
		return nil, err
	}
	return &Source{cfg: cfg, at: at, db: db}, nil
}

func checkConfig(cfg Config, at database) error {
	var list fault.List
	add := func(field, what, hint string) {
		list = append(list, fault.Fault{File: "source", Field: field, What: what, Hint: hint})
	}
	_, known := presets.Get(cfg.Preset)
	switch {
	case cfg.Preset == "":
	case !known:
		add("preset", fmt.Sprintf("there is no preset %q", cfg.Preset), "one of "+strings.Join(presets.Names(), ", "))
	case !at.copies:
		add("preset", "presets read PostgreSQL, and this is SQLite", "leave it out, or give source.queries")
	}
	if cfg.Schema != "" && !at.copies {
		add("schema", "SQLite has no schemas", "leave it out")
	}
	if len(cfg.Queries) == 0 {
		return list.Err()
	}
	for _, rows := range pipeline.AllRows {
		if query, given := cfg.Queries[rows]; rows.Required() && !rows.Observable() && !given && cfg.Preset == "" {
			add("queries."+string(rows), "is missing", "without reps and deals nothing can be measured")
		} else if given && bareQuery(query) == "" {
			add("queries."+string(rows), "is empty", "leave it out if there are no such rows")
		}
	}
	var unknown []string
	for rows := range cfg.Queries {
		if !slices.Contains(pipeline.AllRows, rows) {
			unknown = append(unknown, string(rows))
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		add("queries."+name, "there are no such rows", fmt.Sprintf("one of %v", pipeline.AllRows))
	}
	return list.Err()
}

// Close ends the connections; a Reading that is still open ends with them.
func (s *Source) Close() error { return s.db.Close() }
