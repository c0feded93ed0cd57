package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// checkConnected tries source, state and relay, each whatever became of the others, and writes to none of them.
func checkConnected(ctx context.Context, w, stderr io.Writer, cfg *config.Config) error {
	failed := slices.DeleteFunc([]error{
		trySource(ctx, w, cfg, "text"),
		tryState(ctx, w, cfg),
		tryRelay(ctx, w, cfg),
	}, func(err error) bool { return err == nil })
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[1:] {
		report(err, stderr)
	}
	return failed[0]
}

// mayWork says whether a worker of this config may work on its ledger.
func mayWork(ctx context.Context, cfg *config.Config) error {
	l, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	return asCallersFault(errors.Join(l.Belongs(ctx, cfg.Environment), l.Close()))
}

func tryState(ctx context.Context, w io.Writer, cfg *config.Config) error {
	there, err := ledger.Look(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	what := "its tables are those of this version"
	if there {
		if err := mayWork(ctx, cfg); err != nil {
			return err
		}
	} else {
		what = "nothing there yet; run and serve make the tables"
	}
	_, err = fmt.Fprintf(w, "\nstate      %s\n", what)
	return err
}

func tryRelay(ctx context.Context, w io.Writer, cfg *config.Config) error {
	conn, err := connector(cfg, slog.New(slog.DiscardHandler))(ctx)
	if err != nil {
		return err
	}
	conn.Close()
	_, err = fmt.Fprintf(w, "relay      %s:%d takes our mail\n", cfg.Mail.SMTP.Host, cfg.Mail.SMTP.Port)
	return err
}

// held is what a source holds of one kind of rows, of any time; all null where it has none.
type held struct {
	Table   *string    `json:"table"`
	N       *int       `json:"n"`
	Newest  *time.Time `json:"newest"`
	Missing []string   `json:"missing"` // columns
}

// found is what a source holds.
type found struct {
	rows     map[pipeline.Rows]held
	newest   map[pipeline.Rows]time.Time
	deals    int
	inScope  int            // deals in the pipelines of the process
	unmapped map[string]int // stage names that no version of the process knows → changes into them
	noZone   []string       // time zones of reps that do not exist
}

// trySource reads the source once and says what it holds, and what it lacks for this config.
func trySource(ctx context.Context, w io.Writer, cfg *config.Config, format string) (err error) {
	s, err := openSource(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ofAnyTime := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	reading, end, err := s.Read(ctx, ofAnyTime)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	f := found{newest: map[pipeline.Rows]time.Time{}, unmapped: map[string]int{}}
	for history, err := range reading.Deals {
		if err != nil {
			return err
		}
		f.look(cfg, history)
	}
	for _, r := range reading.Reps {
		if !source.ZoneExists(r.TimeZone) {
			f.noZone = append(f.noZone, r.TimeZone)
		}
	}
	f.sum(reading)
	if format == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		err = out.Encode(map[string]any{"rows": f.rows})
	} else {
		_, err = io.WriteString(w, f.text())
	}
	if _, stranger := pipeline.Overlay(reading.Reps, cfg.People); stranger != nil {
		return wrong("%w", stranger)
	}
	return err
}

// look notes one deal.
func (f *found) look(cfg *config.Config, h *pipeline.History) {
	f.deals++
	if cfg.Process.InPipelines(h.Deal.Pipeline) {
		f.inScope++
	}
	f.at(pipeline.Deals, h.Deal.CreatedAt)
	for _, c := range h.Changes {
		f.at(pipeline.StageChanges, c.At)
		if _, closed := cfg.Process.ClosedAs(c.Stage); !closed && cfg.Process.Lookup(c.Stage, c.At) == nil {
			f.unmapped[strings.TrimSpace(c.Stage)]++
		}
	}
	for _, a := range h.Activities {
		f.at(pipeline.Activities, a.At)
	}
	for _, c := range h.Criteria {
		f.at(pipeline.Criteria, c.At)
	}
	for _, c := range h.Forecasts {
		f.at(pipeline.Forecasts, c.At)
	}
	for _, c := range h.Waivers {
		f.at(pipeline.Waivers, c.At)
	}
}

func (f *found) at(rows pipeline.Rows, t time.Time) {
	if t.After(f.newest[rows]) {
		f.newest[rows] = t
	}
}

// sum is called after the last deal.
func (f *found) sum(reading *pipeline.Reading) {
	f.rows = map[pipeline.Rows]held{}
	for _, rows := range pipeline.AllRows {
		h := held{Missing: []string{}}
		if reading.Tables[rows] {
			table, n := reading.From[rows], reading.Counts[rows]
			if rows == pipeline.Deals {
				n = f.deals
			}
			h = held{Table: &table, N: &n, Missing: append(h.Missing, reading.Missing[rows]...)}
		}
		if newest, dated := f.newest[rows]; dated {
			newest = newest.UTC()
			h.Newest = &newest
		}
		f.rows[rows] = h
	}
}

func (f *found) text() string {
	var b strings.Builder
	b.WriteString("\nthe source holds\n")
	for _, rows := range pipeline.AllRows {
		h := f.rows[rows]
		if h.Table == nil && rows.Observable() {
			fmt.Fprintf(&b, "  %-14s none: runs observe the open deals in their place\n", rows)
			continue
		}
		if h.Table == nil {
			fmt.Fprintf(&b, "  %-14s none: what is made of them stays empty\n", rows)
			continue
		}
		fmt.Fprintf(&b, "  %-14s %8d", rows, *h.N)
		if h.Newest != nil {
			b.WriteString(", newest " + h.Newest.Format("2006-01-02 15:04Z"))
		}
		if len(h.Missing) > 0 {
			b.WriteString(", without " + strings.Join(h.Missing, ", "))
		}
		b.WriteString("\n")
	}
	if f.inScope < f.deals {
		fmt.Fprintf(&b, "  %d of the deals are in the pipelines of the process\n", f.inScope)
	}
	names := slices.SortedFunc(maps.Keys(f.unmapped), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.unmapped[b], f.unmapped[a]), cmp.Compare(a, b))
	})
	for _, name := range names {
		fmt.Fprintf(&b, "  %d moves into %q, which no version of the process knows\n", f.unmapped[name], name)
	}
	if n := len(f.noZone); n > 0 {
		fmt.Fprintf(&b, "  time zones that do not exist: %d, the first %q; these reps get the schedule's\n", n, f.noZone[0])
	}
	return b.String()
}
