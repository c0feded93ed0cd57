package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"drumbeat/internal/export"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

func newImportCmd() *cobra.Command {
	var into string
	var opts source.ImportOptions
	var of export.Options
	c := &cobra.Command{
		Use:   "import PATH...",
		Short: "Read CSV files of deals, stage changes and so on into a database",
		Long: `Read CSV files into a database, all or nothing.

Without --preset or --map a PATH is a folder, or a file, of reps.csv, deals.csv and stage_changes.csv,
which are required, and activities.csv, criteria.csv, forecasts.csv and waivers.csv: the canonical rows.

With --preset it is what a CRM exports: deals, and if there are any a list of reps, a history of stages,
activities. Files are told apart by their headers. --dry-run shows how everything was understood, and
which figures the export cannot support; --map FILE says what it cannot know. See docs/exports.md.

Every file is checked first; with any fault all of them are listed, and nothing is written. Import
replaces the tables as a whole.`,
		Example: `  drumbeat import export/ --into sqlite:pipeline.db
  drumbeat import deals.csv reps.csv --preset hubspot-csv --into sqlite:pipeline.db --dry-run
  drumbeat import export/ --map map.yaml --date-order dmy --into postgres://me@localhost/sales`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, paths []string) error {
			if isTerminal(c.ErrOrStderr()) {
				opts.Progress = func(rows pipeline.Rows, n int) {
					fmt.Fprintf(c.ErrOrStderr(), "\r%s: %d rows\x1b[K", rows, n)
				}
			}
			return runImport(c, into, paths, opts, of)
		},
	}
	c.Flags().StringVar(&into, "into", "", "the database: postgres://... or sqlite:PATH (`DSN`)")
	c.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check the files and say what would be written")
	c.Flags().StringVar(&of.Preset, "preset", "", "the files are an export: "+strings.Join(export.Presets(), ", ")+" (`NAME`)")
	c.Flags().StringVar(&of.Map, "map", "", "a company's own map over the preset (`FILE`)")
	c.Flags().StringVar(&of.DateOrder, "date-order", "", "how dates of the export are written: dmy, mdy or ymd (`ORDER`)")
	c.Flags().StringVar(&of.TimeZone, "time-zone", "", "of times of the export that name none (`ZONE`)")
	_ = c.MarkFlagRequired("into") // fails only for a flag that is not there
	_ = c.MarkFlagFilename("map", "yaml", "yml")
	_ = c.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(export.Presets(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("date-order", cobra.FixedCompletions([]string{"dmy", "mdy", "ymd"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// runImport reads canonical files, or an export where a preset or a map says so.
func runImport(c *cobra.Command, into string, paths []string, opts source.ImportOptions, of export.Options) error {
	if of.Preset == "" && of.Map == "" {
		if of.DateOrder != "" || of.TimeZone != "" {
			return fault.List{{File: "--date-order, --time-zone", What: "are for the exports of CRMs: canonical files have one form of dates, and UTC",
				Hint: "give --preset " + strings.Join(export.Presets(), "|") + ", too, or leave them out"}}
		}
		result, err := source.Import(c.Context(), into, paths, opts)
		if err := importEnded(c, result.Warnings, err, opts); err != nil {
			return err
		}
		return printImport(c.OutOrStdout(), result, opts.DryRun)
	}
	e, faults := export.Open(paths, of)
	if len(faults) > 0 {
		return faults
	}
	feeds := make([]source.Feed, len(e.Tables))
	for i, t := range e.Tables {
		feeds[i] = feedOf(t)
	}
	result, err := source.ImportFeeds(c.Context(), into, feeds, opts)
	if err := importEnded(c, append(e.Warnings, result.Warnings...), err, opts); err != nil {
		return err
	}
	if err := e.Preview(c.OutOrStdout(), opts.DryRun); err != nil {
		return err
	}
	if err := printLeftOut(c.OutOrStdout(), result, e.Limits()); err != nil {
		return err
	}
	return printImport(c.OutOrStdout(), result, opts.DryRun)
}

// feedOf hands a table of an export to the import.
func feedOf(t export.Table) source.Feed {
	return source.Feed{Rows: t.Rows, Name: t.Name, Columns: t.Columns, Each: func(yield func(source.Text) error) error {
		var row export.Row
		text := source.Text{Place: func(i int) source.Place { return source.Place(row.Place(i)) }}
		return t.Each(func(r export.Row) error {
			row, text.Values = r, r.Values
			return yield(text)
		})
	}}
}

// importEnded clears the line of progress, says what is odd, and names a stop for what it is.
func importEnded(c *cobra.Command, warnings fault.List, err error, opts source.ImportOptions) error {
	if opts.Progress != nil {
		fmt.Fprint(c.ErrOrStderr(), "\r\x1b[K")
	}
	for _, w := range warnings {
		fmt.Fprintln(c.ErrOrStderr(), "warning:", w)
	}
	if err != nil && c.Context().Err() != nil { // whatever the stop broke
		return errors.New("import: stopped; nothing was written")
	}
	return err
}

// printLeftOut says which figures an export cannot support, and what would bring them back.
func printLeftOut(w io.Writer, result source.ImportResult, limits []string) error {
	tables := map[pipeline.Rows]bool{}
	for _, f := range result.Files {
		tables[f.Rows] = true
	}
	var text strings.Builder
	text.WriteString("\nWhat this export cannot support:\n")
	text.WriteString(gapText(source.LeftOut(tables, result.Missing)))
	for _, limit := range limits {
		fmt.Fprintf(&text, "  %s\n", limit)
	}
	_, err := fmt.Fprintln(w, text.String())
	return err
}

// printImport says what was written, and where to go next.
func printImport(w io.Writer, result source.ImportResult, dry bool) error {
	for _, f := range result.Files {
		if _, err := fmt.Fprintf(w, "%-14s %8d rows  %s\n", f.Rows, f.N, f.File); err != nil {
			return err
		}
	}
	for _, rows := range result.Absent {
		if _, err := fmt.Fprintf(w, "%-14s        - no file: the source does not have them\n", rows); err != nil {
			return err
		}
	}
	last := fmt.Sprintf("written into %s; give source.dsn in drumbeat.yaml the same, then see 'drumbeat report'", result.Where)
	if dry {
		last = fmt.Sprintf("nothing wrong; without --dry-run this would replace the tables in %s", result.Where)
	}
	_, err := fmt.Fprintln(w, last)
	return err
}
