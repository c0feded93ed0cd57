package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/schedule"
)

// reportOptions are the flags of report.
type reportOptions struct {
	config, asOf, schedule, window, format, rep, rows string
}

func newReportCmd() *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:   "report",
		Short: "Compute the figures and print them",
		Long: `Compute the figures of docs/metrics.md and print them. Nothing is written to any database.

The window ends at --as-of (a date: its first instant in the config's time zone; default: today's). With
--schedule it is that of the schedule's last tick at or before --as-of (a date: before the end of that
day), so that report and run show the same.

Where the source has no history of stages or of forecasts, what earlier runs observed stands in for it;
the state database is only read, and only if it is there.

csv is a row per rep, the first one the team; lists (periods, calibration, trend) are in the json only.`,
		Example: `  drumbeat report --config drumbeat.yaml
  drumbeat report --config drumbeat.yaml --as-of 2026-06-01 --format json
  drumbeat report --config drumbeat.yaml --schedule managers
  drumbeat report --config drumbeat.yaml --format csv --rows deals    # the rows as read, to check a mapping`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	configFlag(c, &o.config)
	f := c.Flags()
	f.StringVar(&o.asOf, "as-of", "", "the figures as of `T`, a date or an RFC 3339 instant; default: now")
	f.StringVar(&o.schedule, "schedule", "", "window and instant of the last run of the schedule of this `NAME`")
	f.StringVar(&o.window, "window", "week", "the `SPAN` of the window: week, month or quarter")
	f.StringVar(&o.format, "format", "table", "a `FORMAT`: table, json or csv")
	f.StringVar(&o.rep, "rep", "", "only the own figures, deals and losses of the rep of this `ID`")
	f.StringVar(&o.rows, "rows", "", "print the canonical rows of this `NAME` as read (with --format csv)")
	c.MarkFlagsMutuallyExclusive("schedule", "window")
	c.MarkFlagsMutuallyExclusive("rows", "rep")
	return c
}

func (o reportOptions) run(ctx context.Context, w, stderr io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	cfg, err := loadConfig(o.config, false)
	if err != nil {
		return err
	}
	asOf, window, err := o.occasion(cfg, time.Now())
	if err != nil {
		return err
	}
	src, err := openSource(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	set, needs := cfg.HealthSettings(window), pipeline.Everything(asOf)
	if o.rows == "" {
		needs = health.Needs(asOf, set, cfg.Process)
	}
	reading, done, err := src.ReadFor(ctx, needs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if o.rows != "" {
		return writeRows(w, reading, pipeline.Rows(o.rows))
	}
	if reading.Reps, err = pipeline.Overlay(reading.Reps, cfg.People); err != nil {
		return wrongError{err}
	}
	past := newPastRuns(cfg, func(err error) { report(err, stderr) })
	defer func() { err = errors.Join(err, past.Close()) }()
	if err := past.lay(ctx, reading, asOf, cfg.Zone); err != nil {
		return err
	}
	r, err := health.Compute(health.Input{AsOf: asOf, Settings: set, Process: cfg.Process, Reading: reading})
	if err != nil {
		return err
	}
	return o.print(w, r, cfg.Zone)
}

func (o reportOptions) check() error {
	if !slices.Contains([]string{"table", "json", "csv"}, o.format) {
		return wrong("--format: %q is not known; write table, json or csv", o.format)
	}
	if !slices.Contains([]pipeline.Span{pipeline.Week, pipeline.Month, pipeline.Quarter}, pipeline.Span(o.window)) {
		return wrong("--window: %q is not known; write week, month or quarter", o.window)
	}
	if o.rows != "" && !slices.Contains(pipeline.AllRows, pipeline.Rows(o.rows)) {
		var names []string
		for _, r := range pipeline.AllRows {
			names = append(names, string(r))
		}
		return wrong("--rows: %q is not known; write one of %s", o.rows, strings.Join(names, ", "))
	}
	if o.rows != "" && o.format != "csv" {
		return wrong("--rows prints CSV only; add --format csv")
	}
	return nil
}

// occasion is the instant and the window that the call asks for.
func (o reportOptions) occasion(cfg *config.Config, now time.Time) (time.Time, pipeline.Span, error) {
	at, err := parseMoment("as-of", o.asOf, now)
	if err != nil {
		return time.Time{}, "", err
	}
	if o.schedule == "" {
		return at.end(o.asOf != "", cfg.Zone), pipeline.Span(o.window), nil
	}
	s, err := findSchedule(cfg, o.schedule)
	if err != nil {
		return time.Time{}, "", err
	}
	tick, err := at.tick(s, cfg.Zone)
	if err != nil {
		return time.Time{}, "", err
	}
	return schedule.End(tick, cfg.Zone), s.Window, nil
}

func (o reportOptions) print(w io.Writer, r *health.Report, loc *time.Location) error {
	if o.rep != "" && !slices.ContainsFunc(r.Reps, func(f health.RepFigures) bool { return f.ID == o.rep }) {
		return wrong("--rep: the report has no rep %q; --format csv shows the ids", o.rep)
	}
	if o.format == "json" {
		return health.WriteJSON(w, r, o.rep)
	}
	if o.rep != "" {
		r = health.OfRep(r, o.rep)
	}
	if o.format == "csv" {
		return health.WriteCSV(w, r)
	}
	if err := health.WriteTable(shown(w), r, loc); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
