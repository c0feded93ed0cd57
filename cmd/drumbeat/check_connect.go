package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

// found is what a source holds, of any time.
type found struct {
	newest   map[pipeline.Rows]time.Time
	deals    int
	inScope  int            // deals in the pipelines of the process
	unmapped map[string]int // stage names that no version of the process knows → changes into them
}

// connectSource reads the source once and says what it holds, and what it lacks for this config.
func connectSource(ctx context.Context, w io.Writer, cfg *config.Config, waivers []pipeline.Waiver) (err error) {
	s, err := source.Open(ctx, source.Config{DSN: string(cfg.Source.DSN), Preset: cfg.Source.Preset, Schema: cfg.Source.Schema,
		Queries: cfg.Source.Queries, StatementTimeout: cfg.Source.StatementTimeout, Waivers: waivers})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ofAnyTime := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	reading, end, err := s.Read(ctx, ofAnyTime)
	if err != nil {
		return err
	}
	defer func() {
		if e := end(); err == nil {
			err = e
		}
	}()
	f := found{newest: map[pipeline.Rows]time.Time{}, unmapped: map[string]int{}}
	for history, err := range reading.Deals {
		if err != nil {
			return err
		}
		f.look(cfg, history)
	}
	if _, err := pipeline.Overlay(reading.Reps, cfg.People); err != nil {
		return wrong("%w", err)
	}
	_, err = io.WriteString(w, f.text(reading))
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

func (f *found) text(reading *pipeline.Reading) string {
	var b strings.Builder
	b.WriteString("\nthe source holds\n")
	for _, rows := range pipeline.AllRows {
		n := reading.Counts[rows]
		if rows == pipeline.Deals {
			n = f.deals
		}
		switch newest, dated := f.newest[rows]; {
		case !reading.Tables[rows]:
			fmt.Fprintf(&b, "  %-14s none: what is made of them stays empty\n", rows)
		case dated:
			fmt.Fprintf(&b, "  %-14s %8d, newest %s\n", rows, n, newest.UTC().Format("2006-01-02 15:04Z"))
		default:
			fmt.Fprintf(&b, "  %-14s %8d\n", rows, n)
		}
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
	return b.String()
}
