package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source/presets"
)

// snapshot is one state of the database, seen by several statements at once.
//
// On PostgreSQL a connection runs one statement at a time, so the first transaction exports its snapshot and
// each stream gets a connection of its own on it. The other way, cursors on one connection, was measured to
// take half as long again, and sorts the tables one after the other. On SQLite one connection runs them all.
type snapshot struct {
	source *Source
	first  *sqlx.Tx
	id     string // of the exported snapshot; empty on SQLite
	txs    []*sqlx.Tx
	there  map[pipeline.Rows]bool
	packs  map[pipeline.Rows]bool     // rows that come packed, see packed.go
	ahead  sync.WaitGroup             // lanes that read ahead
	lacks  map[pipeline.Rows][]string // columns that queries do not give

	mapping  mapping // where the rows are
	complete bool    // all of it was read
	bare     bool    // nothing is known of the rows yet: look where the DSN looks
}

func (s *Source) snapshot(ctx context.Context) (*snapshot, error) {
	view := &snapshot{source: s}
	tx, err := view.begin(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.at.shown, s.at.explain(err))
	}
	view.first = tx
	if err := view.settle(ctx); err != nil {
		view.end()
		return nil, err
	}
	return view, nil
}

// settle fixes what the snapshot shows, and finds out which rows are there.
func (v *snapshot) settle(ctx context.Context) error {
	if err := v.settleMapping(ctx); err != nil {
		return err
	}
	if err := v.findRows(ctx); err != nil {
		return err
	}
	if !v.source.at.copies {
		return nil
	}
	return v.first.GetContext(ctx, &v.id, "SELECT pg_export_snapshot()")
}

func (v *snapshot) findRows(ctx context.Context) error {
	v.there, v.packs = map[pipeline.Rows]bool{}, map[pipeline.Rows]bool{}
	if v.mapping.queries != nil {
		for rows := range v.mapping.queries {
			v.there[rows] = true
		}
		return nil
	}
	none := fault.List{{File: v.source.at.shown, What: "there are no canonical tables yet",
		Hint: "run `drumbeat import PATH --into DSN`, name the CRM in source.preset (" + strings.Join(presets.Names(), ", ") + "), or give source.queries"}}
	if v.source.at.copies {
		// Before anything is seen: an import empties the tables for everybody, whatever snapshot they are on,
		// and begins with this one. So it waits until we are done, and we see nothing half done.
		_, err := v.first.ExecContext(ctx, "LOCK TABLE drumbeat.reps IN ACCESS SHARE MODE")
		if e := (*pq.Error)(nil); errors.As(err, &e) && (e.Code.Name() == "undefined_table" || e.Code.Name() == "invalid_schema_name") {
			return none
		}
		if err != nil {
			return fmt.Errorf("lock drumbeat.reps: %w", err)
		}
	}
	there, err := v.source.at.tablesThere(ctx, v.first)
	if err != nil {
		return err
	}
	v.mapping.from = map[pipeline.Rows]string{}
	for _, rows := range pipeline.AllRows {
		_, v.there[rows] = there[rows]
		v.mapping.from[rows] = v.source.at.schema + string(rows)
		v.packs[rows] = v.source.at.packs(layoutOf(rows)) && strings.Contains(there[rows], currentMark)
		if rows.Required() && !rows.Observable() && !v.there[rows] {
			return none
		}
	}
	return nil
}

// begin starts a read-only transaction, on the exported snapshot if there is one.
func (v *snapshot) begin(ctx context.Context, snapshot string) (*sqlx.Tx, error) {
	s := v.source
	if !s.at.copies {
		tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{ReadOnly: true})
		if err == nil {
			v.txs = append(v.txs, tx)
		}
		return tx, err
	}
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	v.txs = append(v.txs, tx)
	var setup []string
	if snapshot != "" { // has to come before any query
		setup = append(setup, "SET TRANSACTION SNAPSHOT "+pq.QuoteLiteral(snapshot))
	}
	setup = append(setup, fmt.Sprintf("SET LOCAL statement_timeout = %d", s.cfg.StatementTimeout/time.Millisecond),
		// Were we to stand still, the server would not keep for us what others delete.
		fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d", (s.cfg.StatementTimeout+2*grace)/time.Millisecond),
		"SET LOCAL TimeZone = 'UTC'") // a timestamp without a zone is UTC
	if s.ownQueries() {
		setup = append(setup, mustRead("postgres/planner.sql"))
	}
	if path := v.path(); path != "" {
		setup = append(setup, "SET LOCAL search_path = "+path)
	}
	if _, err := tx.ExecContext(ctx, strings.Join(setup, "; ")); err != nil {
		return nil, err
	}
	return tx, nil
}

// ownQueries says whether the rows come by queries, and not from the canonical tables.
func (s *Source) ownQueries() bool { return s.cfg.Preset != "" || len(s.cfg.Queries) > 0 }

// path is the search path of the snapshot's transactions; empty: the DSN's.
func (v *snapshot) path() string {
	cfg := v.source.cfg
	switch {
	case v.bare, cfg.Preset != "" && v.mapping.queries == nil: // which asks for the DSN's first
		return ""
	case !v.source.ownQueries():
		return "drumbeat"
	case cfg.Preset == "" && cfg.Schema != "":
		return pq.QuoteIdentifier(cfg.Schema) + ", public"
	}
	var names []string
	for _, name := range withoutRepeats(append([]string{v.mapping.schema}, v.mapping.path...)) {
		if name != "" {
			names = append(names, pq.QuoteIdentifier(name))
		}
	}
	return strings.Join(names, ", ")
}

// beside gives the transaction for a statement that runs while others are still being read.
func (v *snapshot) beside(ctx context.Context) (*sqlx.Tx, error) {
	if v.id == "" {
		return v.first, nil
	}
	return v.begin(ctx, v.id)
}

// end lets go of the snapshot. Rolling back what only reads can lose nothing, so its errors say nothing.
func (v *snapshot) end() {
	for _, tx := range v.txs {
		_ = tx.Rollback()
	}
	v.txs = nil
}
