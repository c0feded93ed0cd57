package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/discovery"
	"drumbeat/internal/fault"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/source"
	"drumbeat/internal/source/presets"
)

// initOptions are the flags of init.
type initOptions struct {
	from, preset, out string
}

func newInitCmd() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init --from DSN",
		Short: "Look at a pipeline and write a first config and process for it",
		Long: `Look at a pipeline and write a first drumbeat.yaml and process.yaml for it, annotated for whoever finishes
them: the stages in the order in which deals usually go through them, with the share won and the days learned, the names
that close deals, and whoever made over a third of all moves as a system. What the buyer has done in each stage the data
do not say; the draft asks you.

Files that are there already are never overwritten. The pipeline is only read. A password in the DSN is not written down.`,
		Example: `  drumbeat init --from sqlite:pipeline.db
  drumbeat init --from postgres://me@localhost/sales --out drumbeat
  drumbeat init --from postgres://me@localhost/warehouse --preset salesforce`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.run(c.Context(), shown(c.OutOrStdout()), c.ErrOrStderr(), time.Now())
		},
	}
	f := c.Flags()
	f.StringVar(&o.from, "from", "", "the `DSN` of the pipeline database: postgres://... or sqlite:PATH")
	f.StringVar(&o.preset, "preset", "", "the `NAME` of the CRM whose tables these are: "+strings.Join(presets.Names(), ", ")+"; default: found out by its tables")
	f.StringVar(&o.out, "out", ".", "the `DIR` for the two files")
	_ = c.MarkFlagRequired("from") // fails only for a flag that is not there
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(presets.Names(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// detect finds out whose tables these are where nobody says so.
func (o *initOptions) detect(ctx context.Context) (err error) {
	if o.preset != "" {
		return nil
	}
	o.preset, err = source.Detect(ctx, o.from)
	if e := (*source.AmbiguousError)(nil); errors.As(err, &e) {
		return wrong("--from: %w; say which by --preset", err)
	}
	return err
}

func (o initOptions) run(ctx context.Context, w, stderr io.Writer, now time.Time) (err error) {
	files := draftFiles{dir: o.out}
	if err := files.free(); err != nil {
		return err
	}
	if err := o.detect(ctx); err != nil {
		return aboutFrom(err)
	}
	src, err := source.Open(ctx, source.Config{DSN: o.from, Preset: o.preset})
	if err != nil {
		return aboutFrom(err)
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	first, err := lookAt(ctx, src, now, stderr)
	if errors.Is(err, discovery.ErrNothing) {
		return wrong("--from: %w, so there is nothing to draft from; fill the pipeline first, or start from config/process.yaml", err)
	}
	if err != nil {
		return aboutFrom(err)
	}
	first.dsn, first.preset, first.dir = o.from, o.preset, o.out
	days, err := files.stage(ctx, src, first, now)
	defer files.sweep()
	if err != nil {
		return err
	}
	if err := files.place(); err != nil {
		return err
	}
	_, err = io.WriteString(w, tellDraft(first, days, now))
	return err
}

// aboutFrom lets a fault of the DSN name the flag that it came by, and speaks of flags where others write a config.
func aboutFrom(err error) error {
	var list fault.List
	if !errors.As(err, &list) {
		return err
	}
	for i := range list {
		if list[i].File == "dsn" {
			list[i].File = "--from"
		}
		if strings.Contains(list[i].Hint, "source.preset") { // neither canonical tables nor those of a preset
			list[i].Hint = "run `drumbeat import PATH --into DSN`. Nor are there tables of a CRM: tried were " + either(presets.Names(), "and") + ", as loaders leave them in PostgreSQL; --preset says what one misses"
		}
	}
	return list
}

// either joins names as people do: a, b or c.
func either(names []string, word string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

// lookAt reads the pipeline once.
func lookAt(ctx context.Context, src *source.Source, now time.Time, stderr io.Writer) (c *firstConfig, err error) {
	reading, end, err := src.Read(ctx, now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	survey, watched, n := discovery.NewSurvey(now), isTerminal(stderr), 0
	for h, err := range reading.Deals {
		if err != nil {
			return nil, err
		}
		survey.Add(h)
		if n++; watched && n%1000 == 0 {
			fmt.Fprintf(stderr, "\r%d deals\x1b[K", n)
		}
	}
	if watched {
		fmt.Fprint(stderr, "\r\x1b[K")
	}
	draft, err := survey.Draft()
	return &firstConfig{reps: reading.Reps, draft: draft, notes: reading.Notes, gaps: source.LeftOut(reading.Tables, nil)}, err
}

// learn computes the days of each stage as of the end of the history, as a report would: the data may be old.
func learn(ctx context.Context, src *source.Source, cfg *config.Config, asOf time.Time) (days map[string]discovery.Days, err error) {
	set := cfg.HealthSettings(pipeline.Week)
	reading, end, err := src.ReadFor(ctx, health.Needs(asOf, set, cfg.Process))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if reading.Reps, err = pipeline.Overlay(reading.Reps, cfg.People); err != nil {
		return nil, err
	}
	r, err := health.Compute(health.Input{AsOf: asOf, Settings: set, Process: cfg.Process, Reading: reading})
	if err != nil {
		return nil, err
	}
	days = map[string]discovery.Days{}
	for _, s := range r.Stages {
		if s.ThresholdDays.OK {
			days[s.Key] = discovery.Days{Median: s.MedianDays, Threshold: s.ThresholdDays.V, Learned: s.ThresholdSource.Or("") == "learned",
				Least: s.ThresholdDays.V*24 <= set.LeastStall.Hours(), Advanced: s.Advanced}
		}
	}
	return days, nil
}

// draftFiles are the two files on their way into a folder: both or none.
type draftFiles struct {
	dir     string
	staging string // empty: none yet
	made    bool   // the folder was not there before
}

const (
	configFile  = "drumbeat.yaml"
	processFile = "process.yaml"
)

// free refuses a folder that has one of the files.
func (f *draftFiles) free() error {
	var there fault.List
	for _, name := range []string{configFile, processFile} {
		path := filepath.Join(f.dir, name)
		if _, err := os.Lstat(path); err == nil {
			there = append(there, fault.Fault{File: path, What: "is there already, and nothing was written", Hint: "move it away, or give --out another folder"})
		} else if !errors.Is(err, os.ErrNotExist) {
			return noFolder(f.dir, err)
		}
	}
	return there.Err()
}

// stage writes both files beside their places, reads them as every command will, and writes the days that are learned by
// them into the process.
func (f *draftFiles) stage(ctx context.Context, src *source.Source, first *firstConfig, now time.Time) (map[string]discovery.Days, error) {
	_, err := os.Stat(f.dir)
	f.made = errors.Is(err, os.ErrNotExist)
	if err = os.MkdirAll(f.dir, 0o755); err == nil {
		f.staging, err = os.MkdirTemp(f.dir, ".drumbeat-init-")
	}
	if err != nil {
		return nil, noFolder(f.dir, err)
	}
	cfg, err := f.write(first, nil)
	if err != nil {
		return nil, err
	}
	asOf := first.asOf(now)
	days, err := learn(ctx, src, cfg, asOf)
	if err != nil {
		return nil, fmt.Errorf("learn the days of each stage: %w", err)
	}
	_, err = f.write(first, days)
	return days, err
}

func (f *draftFiles) write(first *firstConfig, days map[string]discovery.Days) (*config.Config, error) {
	text, secrets := first.yaml()
	for name, data := range map[string][]byte{configFile: []byte(text), processFile: first.draft.Process(days)} {
		if err := os.WriteFile(filepath.Join(f.staging, name), data, 0o644); err != nil {
			return nil, err
		}
	}
	cfg, faults := config.Load(filepath.Join(f.staging, configFile), func(name string) (string, bool) {
		value, ours := secrets[name]
		return value, ours
	})
	if len(faults) > 0 {
		return nil, fmt.Errorf("the draft would not be valid, so nothing was written; please report this: %s", faults[0])
	}
	return cfg, nil
}

// place moves the files to where they belong: the config, by which the process is found, comes last.
func (f *draftFiles) place() error {
	if err := f.free(); err != nil {
		return err
	}
	process := filepath.Join(f.dir, processFile)
	if err := os.Rename(filepath.Join(f.staging, processFile), process); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(f.staging, configFile), filepath.Join(f.dir, configFile)); err != nil {
		return errors.Join(err, os.Remove(process))
	}
	return nil
}

// sweep removes what was written on the way.
func (f *draftFiles) sweep() {
	if f.staging != "" {
		_ = os.RemoveAll(f.staging) // nothing depends on it any more
	}
	if f.made {
		_ = os.Remove(f.dir) // works where it is empty: where nothing came of the draft
	}
}
