package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"drumbeat/internal/fault"
)

// The exit statuses that scripts may rely on.
const (
	exitDone   = 0
	exitFailed = 1 // something failed: a digest could not be delivered, a database was out of reach
	exitWrong  = 2 // the call, the config or the input is wrong; nothing was done
)

// wrongError marks what the caller has to put right: exit status 2.
type wrongError struct{ error }

func (w wrongError) Unwrap() error { return w.error }

// wrong says `where: what; what to do` about a call that cannot be carried out.
func wrong(format string, args ...any) error { return wrongError{fmt.Errorf(format, args...)} }

// execute runs one command line and gives its exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if isTerminal(stdout) { // JSON, CSV and mails too, which are to the byte elsewhere
		stdout = shown(stdout)
	}
	root := newRootCmd(stdout)
	root.SetArgs(args)
	root.SetErr(stderr)
	started := false // an error before the command's own code ran is about the call
	eachCommand(root, func(c *cobra.Command) {
		if body := c.RunE; body != nil {
			c.RunE = func(c *cobra.Command, args []string) error {
				started = true
				if err := noneEmpty(c); err != nil {
					return err
				}
				return body(c, args)
			}
		}
	})
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if !started && !isFaults(err) {
		err = asCall(called, err)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("stopped before it was done")
	}
	return report(err, stderr)
}

// report prints an error, one line for each thing that is wrong, and gives the exit status it means.
func report(err error, stderr io.Writer) int {
	stderr = shown(stderr)
	var faults fault.List
	if errors.As(err, &faults) {
		for _, f := range faults[:min(len(faults), fault.Limit)] {
			fmt.Fprintln(stderr, f)
		}
		return exitWrong
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(stderr, "drumbeat: %s\n", plainly(line))
		}
	}
	var w wrongError
	if errors.As(err, &w) {
		return exitWrong
	}
	return exitFailed
}

func isFaults(err error) bool {
	var faults fault.List
	return errors.As(err, &faults)
}

// newRootCmd gives the tree of commands; cobra's own for completion write where root writes when they are made.
func newRootCmd(stdout io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "drumbeat",
		Short: "Weekly digests about a sales pipeline: is the process followed, where do deals stand still, do forecasts come true",
		Long: `Drumbeat reads a sales pipeline database, computes stage adherence, stalls and forecast
reliability per rep, and mails managers and reps a digest on a schedule.

It judges the buyer's progress, not the seller's activity; where deals are won outside the
process it questions the process; and it calls nothing a difference that few deals cannot show.`,
		Example: `  drumbeat demo                                        # needs nothing: see what the digests look like
  drumbeat init --from sqlite:pipeline.db              # a first config and process for a pipeline of yours
  drumbeat check --config drumbeat.yaml                # is the config right?
  drumbeat report --config drumbeat.yaml               # the figures, in the terminal
  drumbeat preview --config drumbeat.yaml              # everybody's digests on a page
  drumbeat run --config drumbeat.yaml --out mails      # the digests, as files
  drumbeat plan --config drumbeat.yaml                 # what will go out when, and to whom
  drumbeat serve --config drumbeat.yaml                # the worker`,
		Version:       strings.TrimSuffix(commit()+", version "+version, ", version "),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("drumbeat {{.Version}}\n")
	root.AddCommand(
		newDemoCmd(),
		newInitCmd(),
		newImportCmd(),
		newCheckCmd(),
		newReportCmd(),
		newRunCmd(),
		newServeCmd(),
		newPlanCmd(),
		newPreviewCmd(),
		newLedgerCmd(),
		newMigrateCmd(),
	)
	root.SetFlagErrorFunc(flagWords)
	root.SetHelpCommand(newHelpCmd())
	root.InitDefaultHelpCmd()
	root.SetOut(stdout)
	nameShells(root)
	completeFlags(root)
	return root
}

// knownCommand refuses words that are no command, and names the one that was perhaps meant.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	root.SuggestionsMinimumDistance = 2 // letters
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, do)
	}
}

// commit names the source that this binary was built from.
func commit() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, changed := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " (with changes)"
		}
	}
	return rev + changed
}

// isTerminal says whether a person watches: long work shows its progress only then.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// configFlag gives every command that needs one the same --config.
func configFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "config", "drumbeat.yaml", "the config `FILE`")
	_ = c.MarkFlagFilename("config", "yaml", "yml") // for shell completion; fails only for a flag that is not there
}
