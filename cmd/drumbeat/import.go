package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
)

func newImportCmd() *cobra.Command {
	var into string
	var opts source.ImportOptions
	c := &cobra.Command{
		Use:   "import PATH...",
		Short: "Read CSV files of deals, stage changes and so on into a database",
		Long: `Read canonical CSV files into a database, all or nothing.

A PATH is a folder, or a file, of reps.csv, deals.csv and stage_changes.csv, which are required, and
activities.csv, criteria.csv, forecasts.csv and waivers.csv. Every file is checked first; with any
fault all of them are listed, and nothing is written. Import replaces the tables as a whole.`,
		Example: `  drumbeat import export/ --into sqlite:pipeline.db
  drumbeat import export/ --into postgres://me@localhost/sales --dry-run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, paths []string) error {
			if isTerminal(c.ErrOrStderr()) {
				opts.Progress = func(rows pipeline.Rows, n int) {
					fmt.Fprintf(c.ErrOrStderr(), "\r%s: %d rows\x1b[K", rows, n)
				}
			}
			result, err := source.Import(c.Context(), into, paths, opts)
			if opts.Progress != nil {
				fmt.Fprint(c.ErrOrStderr(), "\r\x1b[K")
			}
			for _, w := range result.Warnings {
				fmt.Fprintln(c.ErrOrStderr(), "warning:", w)
			}
			switch {
			case err != nil && c.Context().Err() != nil: // whatever the stop broke
				return errors.New("import: stopped; nothing was written")
			case err != nil:
				return err
			}
			return printImport(c.OutOrStdout(), result, opts.DryRun)
		},
	}
	c.Flags().StringVar(&into, "into", "", "the database: postgres://... or sqlite:PATH (`DSN`)")
	c.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check the files and say what would be written")
	_ = c.MarkFlagRequired("into") // fails only for a flag that is not there
	return c
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
