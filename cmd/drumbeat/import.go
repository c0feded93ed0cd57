package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
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
		Args: someArgs("PATH"),
		RunE: func(c *cobra.Command, paths []string) error {
			if isTerminal(c.ErrOrStderr()) {
				opts.Progress = func(rows pipeline.Rows, n int) {
					fmt.Fprintf(c.ErrOrStderr(), "\r%s: %d rows\x1b[K", rows, n)
				}
			}
			return runImport(c, into, paths, opts, of)
		},
	}
	c.Flags().StringVar(&into, "into", "", "the `DSN` of the database: postgres://... or sqlite:PATH")
	c.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check the files, look at the database, and say what would be written")
	c.Flags().StringVar(&of.Preset, "preset", "", "the `NAME` of the export that the files are: "+strings.Join(export.Presets(), ", "))
	c.Flags().StringVar(&of.Map, "map", "", "the `FILE` of a company's own map over the preset")
	c.Flags().StringVar(&of.DateOrder, "date-order", "", "the `ORDER` in which dates of the export are written: dmy, mdy or ymd")
	c.Flags().StringVar(&of.TimeZone, "time-zone", "", "the `ZONE` of times of the export that name none, such as Europe/Berlin")
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
		return printImport(shown(c.OutOrStdout()), result, opts.DryRun, noFaults(result.Warnings))
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
	warnings := slices.Concat(e.Warnings, result.Warnings)
	if err := importEnded(c, warnings, err, opts); err != nil {
		return err
	}
	if err := e.Preview(shown(c.OutOrStdout()), opts.DryRun); err != nil {
		return err
	}
	if err := printLeftOut(shown(c.OutOrStdout()), result, e.Limits()); err != nil {
		return err
	}
	return printImport(shown(c.OutOrStdout()), result, opts.DryRun, noFaults(warnings)+"; look at the mapping above, which nobody but you can judge")
}

// noFaults is what a dry run may say of the files: that is no word on whether they were understood.
func noFaults(warnings fault.List) string {
	switch len(warnings) {
	case 0:
		return "no faults"
	case 1:
		return "no faults, but 1 warning"
	}
	return fmt.Sprintf("no faults, but %d warnings", len(warnings))
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
	return ofInto(err)
}

// ofInto gives a fault of the DSN the name by which the command line knows it.
func ofInto(err error) error {
	var list fault.List
	if !errors.As(err, &list) {
		return err
	}
	for i := range list {
		if list[i].File == "dsn" {
			list[i].File = "--into"
		}
	}
	return list
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

// printImport says what was written, and where to go next; of a dry run what would be replaced, and last that nobody could
// look, if so: then an import would fail, too.
func printImport(w io.Writer, result source.ImportResult, dry bool, verdict string) error {
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
	switch {
	case dry && result.Unreached != nil:
		last = verdict
	case dry:
		last = verdict + "\n" + wouldReplace(result)
	}
	if _, err := fmt.Fprintln(w, last); err != nil {
		return err
	}
	if result.Unreached != nil {
		return fmt.Errorf("an import would not get there: %w", result.Unreached)
	}
	return nil
}

// wouldReplace says what is in the database that an import would take away.
func wouldReplace(result source.ImportResult) string {
	if len(result.Replaces) == 0 {
		return fmt.Sprintf("without --dry-run this would be written into %s, which has no tables of Drumbeat yet", result.Where)
	}
	tables := make([]string, len(result.Replaces))
	for i, t := range result.Replaces {
		tables[i] = fmt.Sprintf("%s (%d)", t.Rows, t.N)
	}
	return fmt.Sprintf("without --dry-run this would replace the tables in %s, with their rows: %s", result.Where, strings.Join(tables, ", "))
}
