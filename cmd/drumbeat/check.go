package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/fault"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/source"
	"drumbeat/internal/words"
	"drumbeat/internal/yamlfile"
	"drumbeat/templates"
)

func newCheckCmd() *cobra.Command {
	var path, format string
	var connect bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Validate the config, the process and the templates",
		Long: `Validate the config, the process, the file of waivers and the templates that the config names,
without a network. All faults are listed at once, each as file:line:column: key: what; hint.
With --connect source, state and mail relay are tried as well, and what the source holds and lacks is said:
tables, rows, how fresh they are, what is missing and which figures cannot be told without it, stages that the
process does not know, with what they seem to be. --format json prints the rows alone and needs no more than
source and process. Nothing is written and nothing sent.`,
		Example: `  drumbeat check --config drumbeat.yaml
  drumbeat check --config drumbeat.yaml --connect
  drumbeat check --config drumbeat.yaml --connect --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && (format != "json" || !connect) {
				return formatFault(format)
			}
			if format == "json" {
				cfg, err := loadConfig(path, false)
				if err != nil {
					return err
				}
				return trySource(c.Context(), c.OutOrStdout(), cfg, format, time.Now())
			}
			cfg, faults := config.Check(path, os.LookupEnv)
			unready := len(faults) > 0 && len(faults) == len(cfg.ReadyToSend())
			_, ofWaivers := readWaivers(cfg.Waivers)
			_, ofTemplates := checkTemplates(cfg.Templates)
			others := slices.Concat(ofWaivers, ofTemplates)
			if faults = append(faults, others...); connect && unready && len(others) == 0 {
				return checkUnready(c.Context(), shown(c.OutOrStdout()), shown(c.ErrOrStderr()), cfg, faults)
			}
			if len(faults) > 0 {
				return faults
			}
			if err := printChecked(shown(c.OutOrStdout()), cfg, time.Now()); err != nil || !connect {
				return err
			}
			return checkConnected(c.Context(), shown(c.OutOrStdout()), shown(c.ErrOrStderr()), cfg)
		},
	}
	configFlag(c, &path)
	c.Flags().BoolVar(&connect, "connect", false, "try source, state and relay too, and say what the source holds")
	c.Flags().StringVar(&format, "format", "text", "a `FORMAT`: text, or json with --connect")
	return c
}

func formatFault(format string) error {
	if format == "json" {
		return wrong("--format json is about the source; add --connect")
	}
	return wrong("--format: %q is not known; write text, or json with --connect", format)
}

// readWaivers reads the config's own waivers; none where it names no file.
func readWaivers(path string) ([]pipeline.Waiver, fault.List) {
	if path == "" {
		return nil, nil
	}
	return source.ReadWaivers(path)
}

// checkTemplates parses and tries the templates with those of the folder over the built-in ones, and names the
// files in it that nothing would ever read. What it gives renders by what it has tried; nil: there is no folder.
func checkTemplates(folder string) (*render.Renderer, fault.List) {
	if folder == "" {
		return nil, nil
	}
	var faults fault.List
	builtIn, err := fs.Glob(templates.FS, "*.*")
	if err != nil {
		return nil, fault.List{{File: folder, What: err.Error()}}
	}
	known := map[string]bool{}
	for _, name := range builtIn {
		known[name] = true
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fault.List{{File: folder, What: err.Error()}}
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "words") && filepath.Ext(f.Name()) == ".txt" { // of several languages: package words knows which
			continue
		}
		if ext := filepath.Ext(f.Name()); (ext == ".html" || ext == ".txt") && !known[f.Name()] {
			faults = append(faults, fault.Fault{File: filepath.Join(folder, f.Name()), What: "there is no template of this name",
				Hint: yamlfile.Suggest(f.Name(), builtIn)})
		}
	}
	r, err := rendererOver(folder)
	var phrases fault.List
	switch {
	case errors.As(err, &phrases):
		for _, f := range phrases {
			f.File = filepath.Join(folder, f.File)
			faults = append(faults, f)
		}
	case err != nil:
		faults = append(faults, templateFault(folder, err))
	default:
		faults = append(faults, tryTemplates(folder, r)...)
	}
	for i, f := range faults {
		if strings.Contains(f.What, "path escapes from parent") { // os.Root's words
			faults[i].What, faults[i].Hint = "is a link that leads out of the folder", "put the file itself there"
		}
	}
	return r, faults
}

// tryTemplates renders the whole storybook in every language, full digests and empty ones: a field that is none shows
// only then. Each fault is told once.
func tryTemplates(folder string, r *render.Renderer) (faults fault.List) {
	for _, story := range digesttest.Storybook() {
		for _, language := range r.Languages() {
			d, err := story.Build(r.Voice(language))
			if err == nil {
				_, err = r.Render(d)
			}
			for _, err := range flat(err) {
				if f := templateFault(folder, err); !slices.Contains(faults, f) {
					faults = append(faults, f)
				}
			}
		}
	}
	return faults
}

// flat gives the errors that one was joined from, wherever in it that was.
func flat(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			var all []error
			for _, one := range joined.Unwrap() {
				all = append(all, flat(one)...)
			}
			return all
		}
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// What text/template and html/template say, with a place in a file of ours, and what we say of a file as a whole.
var (
	templatePlace = regexp.MustCompile(`template: ?([^:\s]+\.(?:html|txt)):(\d+):(?:\d+:)? (.*)`)
	templateFile  = regexp.MustCompile(`template (\S+): (.*)`)
)

// templateFault gives an error of the templates, which is text only, the form of a fault.
func templateFault(folder string, err error) fault.Fault {
	if p := (*words.PhraseError)(nil); errors.As(err, &p) {
		return fault.Fault{File: filepath.Join(folder, p.File), Line: p.Line, What: fmt.Sprintf("phrase %q: %s", p.Phrase, p.What)}
	}
	if m := templatePlace.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[2]) // digits
		return fault.Fault{File: filepath.Join(folder, m[1]), Line: line, What: m[3]}
	}
	if m := templateFile.FindStringSubmatch(err.Error()); m != nil {
		return fault.Fault{File: filepath.Join(folder, m[1]), What: m[2]}
	}
	return fault.Fault{File: folder, What: err.Error()}
}

// printChecked sums up in a few lines what a valid config will do.
func printChecked(w io.Writer, cfg *config.Config, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is valid\n\n", cfg.Path)

	p := cfg.Process
	fmt.Fprintf(&b, "process    %s (%s): %s in force now\n", p.Name, cfg.ProcessPath, checkpoints(cfg, now))
	for i, v := range p.Versions {
		inForce := ""
		if i == p.VersionAt(now) {
			inForce = ", in force"
		}
		fmt.Fprintf(&b, "           from %s: %d stages%s\n", v.Effective, len(v.Stages), inForce)
	}
	scheme, _, _ := strings.Cut(string(cfg.Source.DSN), ":")
	rows := "canonical tables"
	switch n, preset := len(cfg.Source.Queries), cfg.Source.Preset; {
	case preset != "" && n > 0:
		rows = fmt.Sprintf("preset %s, %d queries of your own", preset, n)
	case preset != "":
		rows = "preset " + preset
	case n > 0:
		rows = fmt.Sprintf("%d queries", n)
	}
	fmt.Fprintf(&b, "source     %s, %s\n", scheme, rows)
	fmt.Fprintf(&b, "mail       %s, by %s:%d, TLS %s, at most %d in %s\n", cfg.Mail.From.String(), cfg.Mail.SMTP.Host,
		cfg.Mail.SMTP.Port, cfg.Mail.SMTP.TLS, cfg.Mail.Rate.N, yamlfile.FormatDuration(cfg.Mail.Rate.Per))
	switch w := cfg.Web; {
	case w.BaseURL != "":
		fmt.Fprintf(&b, "web        on %s; mails link to %s, where they can be seen for %s\n", w.Listen, w.BaseURL, yamlfile.FormatDuration(cfg.State.KeepBodies))
	case w.Listen != "":
		fmt.Fprintf(&b, "web        on %s, /status, /healthz, /readyz and /metrics alone: without web.base_url mails link to nothing\n", w.Listen)
	}
	for _, s := range cfg.Schedules {
		zone := s.Zone.String()
		if s.RecipientZone {
			zone = "each recipient's zone"
		}
		fmt.Fprintf(&b, "schedule   %s: %s digest of a %s, %s (%s), next %s\n", s.Name, s.Digest, s.Window, s.Cron, zone,
			s.Spec.Next(now, s.Zone).Format("2006-01-02 15:04 -07:00"))
		for _, seldomMeant := range s.Spec.Warnings() {
			fmt.Fprintf(&b, "           %s\n", seldomMeant)
		}
	}
	if err := tellWords(&b, cfg); err != nil {
		return err
	}
	if len(cfg.Notes) > 0 {
		b.WriteString("\nseldom meant\n")
	}
	for _, n := range cfg.Notes {
		fmt.Fprintf(&b, "  %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// checkpoints counts those of the version in force.
func checkpoints(cfg *config.Config, now time.Time) string {
	n := 0
	for _, s := range cfg.Process.Versions[cfg.Process.VersionAt(now)].Stages {
		if s.Mandatory {
			n++
		}
		n += len(s.Requires)
	}
	if n == 1 {
		return "1 checkpoint"
	}
	return fmt.Sprintf("%d checkpoints", n)
}
