package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	files "drumbeat/config"
	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/mail/mailbox"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
	"drumbeat/internal/source"
	"drumbeat/internal/web"
	"drumbeat/internal/worker"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	out, serve  string
	until       string
	asOf        time.Time // of until: nothing happens at or after it
	seed        uint64
	reps, deals int
}

func newDemoCmd() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Needs nothing: a made-up pipeline, and the digests for it as files",
		Long: `Make up a sales pipeline, put it into an SQLite database, and run the weekly schedules for it: the
digests go by SMTP to a mailbox inside the program, and what arrives there is written as files. Pipeline,
database and config stay in the folder too, to try the other commands on. The same seed gives the same
mails.

The made-up past ends on 1 June 2026. With --until today it ends now, so that a worker can make digests of it.`,
		Example: `  drumbeat demo
  drumbeat demo --serve 127.0.0.1:8090
  drumbeat demo --seed 7 --reps 30 --deals 2000 --out /tmp/demo`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.run(c.Context(), c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&o.until, "until", sample.AsOf.Format(time.DateOnly), "the `DATE` at whose beginning (UTC) the pipeline ends, or today")
	f.StringVar(&o.out, "out", "drumbeat-demo", "the `DIR` that everything is written under")
	f.StringVar(&o.serve, "serve", "", "go on with a page that shows the digests at `ADDR`, such as 127.0.0.1:8090")
	f.Uint64Var(&o.seed, "seed", 1, "another number makes up another pipeline")
	f.IntVar(&o.reps, "reps", sample.DefaultReps, "how many sellers; managers come on top")
	f.IntVar(&o.deals, "deals", sample.DefaultDeals, "how many deals")
	return c
}

func (o demoOptions) run(ctx context.Context, w io.Writer) error {
	if o.reps < 1 || o.reps > 10_000 || o.deals < 1 || o.deals > 10_000_000 {
		return wrong("demo: --reps goes from 1 to 10000 and --deals from 1 to 10000000")
	}
	if _, err := listenAt("serve", o.serve); o.serve != "" && err != nil {
		return err
	}
	var err error
	if o.asOf, err = o.end(time.Now()); err != nil {
		return err
	}
	if err := o.spare(); err != nil {
		return err
	}
	if err := folderFor(o.out); err != nil {
		return err
	}
	p, cfg, err := o.prepare(ctx)
	if err != nil {
		return err
	}
	mails, skipped, err := o.send(ctx, cfg)
	if err != nil {
		return err
	}
	o.tell(w, p, mails, skipped)
	if o.serve == "" {
		return nil
	}
	return o.preview(ctx, w)
}

// end is the instant that --until names.
func (o demoOptions) end(now time.Time) (time.Time, error) {
	if o.until == "today" {
		return pipeline.DateOf(now, time.UTC).Start(time.UTC), nil
	}
	date, err := pipeline.ParseDate(o.until)
	if year := date.Start(time.UTC).Year(); err != nil || year < 1910 || year > 2090 { // deals reach some years to either side
		return time.Time{}, wrong("--until: %q is no date from 1910 to 2090; write %s, or today", o.until, sample.AsOf.Format(time.DateOnly))
	}
	return date.Start(time.UTC), nil
}

// week is the day of the digests: the last Monday of the pipeline, or that on whose eve it ends.
func (o demoOptions) week() time.Time {
	return o.asOf.AddDate(0, 0, -(int(o.asOf.Weekday())+6)%7)
}

// demoMark begins the demo's config.
const demoMark = "# The demo's config: "

// spare refuses a folder where somebody's own files have the names of the demo's, which it would overwrite.
func (o demoOptions) spare() error {
	if text, err := os.ReadFile(filepath.Join(o.out, "drumbeat.yaml")); err == nil && strings.HasPrefix(string(text), demoMark) {
		return nil // from an earlier demo
	}
	for _, name := range []string{"drumbeat.yaml", "process.yaml", "pipeline.db", "pipeline"} {
		if _, err := os.Lstat(filepath.Join(o.out, name)); err == nil {
			return wrong("demo: %s is not from a demo and would be overwritten; name another folder with --out", filepath.Join(o.out, name))
		}
	}
	return nil
}

// preview goes on with the page that shows the digests of the demo's week.
func (o demoOptions) preview(ctx context.Context, w io.Writer) error {
	book := newBook(filepath.Join(o.out, "drumbeat.yaml"))
	defer book.Close()
	if _, err := book.open(ctx); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return servePreview(ctx, w, w, "serve", o.serve, &web.Preview{Book: book, Stories: book.stories(), Languages: book.languages, Day: pipeline.DateOf(o.week(), time.UTC),
		Log: slog.New(slog.DiscardHandler)})
}

// prepare makes the pipeline up and lays it, its database and a config for it into the folder.
func (o demoOptions) prepare(ctx context.Context) (*sample.Pipeline, *config.Config, error) {
	proc, faults := process.Read("process.yaml", files.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		return nil, nil, faults
	}
	p := sample.Generate(sample.Options{Seed: o.seed, Reps: o.reps, Deals: o.deals, AsOf: o.asOf, Process: proc})
	// The config comes first: by it a later demo knows what an interrupted one has left.
	path := filepath.Join(o.out, "drumbeat.yaml")
	for name, text := range map[string]string{path: demoConfig(p.Reps), filepath.Join(o.out, "process.yaml"): string(files.ProcessYAML)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, nil, fmt.Errorf("write the demo's config: %w", err)
		}
	}
	csv := filepath.Join(o.out, "pipeline")
	if err := p.WriteCSV(csv); err != nil {
		return nil, nil, err
	}
	if _, err := source.Import(ctx, "sqlite:"+filepath.Join(o.out, "pipeline.db"), []string{csv}, source.ImportOptions{}); err != nil {
		return nil, nil, err
	}
	cfg, err := loadConfig(path, true)
	return p, cfg, err
}

// demoConfig is a config for the sample; that somebody is away is what a CRM does not know.
func demoConfig(reps []pipeline.Rep) string {
	var b strings.Builder
	b.WriteString(demoMark + `report, check and run --out work with it. To send for real, name a relay of yours.
time_zone: UTC
currency: EUR
environment: demo
process: process.yaml
source: {dsn: "sqlite:pipeline.db"}
state: {dsn: "sqlite:state.db"}
schedules:
  - {name: weekly-team, digest: manager, cron: "0 7 * * 1"}
  - {name: weekly-own, digest: rep, cron: "0 7 * * 1"}
mail:
  from: Drumbeat <drumbeat@drumbeat.example>
  smtp: {host: 127.0.0.1, port: 1025, tls: none}
  rate: 10000/s
`)
	people := false
	for _, r := range reps {
		for _, a := range r.Away {
			if !people {
				b.WriteString("people:\n")
				people = true
			}
			fmt.Fprintf(&b, "  - {rep: %q, away: [{from: %s, to: %s}]}\n", r.ID, a.From, a.To)
		}
	}
	return b.String()
}

// demoMail is one mail as it was received.
type demoMail struct {
	schedule, rep, to string
	html              string // the file
	parts             *mail.Parts
	raw               []byte
}

// send runs the weekly schedules through the same worker as always, into a mailbox of our own, and writes
// what arrives there.
func (o demoOptions) send(ctx context.Context, cfg *config.Config) (mails []demoMail, skipped int, err error) {
	box, err := mailbox.Start(mailbox.Options{})
	if err != nil {
		return nil, 0, fmt.Errorf("start the mailbox: %w", err)
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	cfg.Mail.SMTP.Host, cfg.Mail.SMTP.Port = box.Host(), box.Port()
	state, remove, err := throwAway(o.out)
	if err != nil {
		return nil, 0, fmt.Errorf("make a ledger for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, remove()) }()
	h, err := openHouse(ctx, cfg, state, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	var jobs []worker.Job
	for _, s := range cfg.Schedules {
		jobs = append(jobs, worker.Job{Schedule: s, Tick: s.Spec.Next(o.week(), s.Zone)})
	}
	sums, err := h.Run(ctx, jobs, 10*time.Second)
	if err == nil {
		err = runOptions{}.tell(io.Discard, sums)
	}
	if err != nil {
		return nil, 0, err
	}
	rows, err := h.Ledger.List(ctx, ledger.Filter{})
	if err != nil {
		return nil, 0, err
	}
	skipped = len(slices.DeleteFunc(slices.Clone(rows), func(d ledger.Delivery) bool { return d.State != ledger.Skipped }))
	mails, err = o.write(rows, box.Messages())
	return mails, skipped, err
}

// write puts each received mail down under the person whose it is.
func (o demoOptions) write(rows []ledger.Delivery, received []mailbox.Message) ([]demoMail, error) {
	byID := map[string]demoMail{}
	for _, m := range received {
		parts, err := mail.Read(m.Data)
		if err != nil {
			return nil, err
		}
		to, err := netmail.ParseAddress(parts.Raw("To"))
		if err != nil {
			return nil, fmt.Errorf("read a received mail: its field To: %w", err)
		}
		byID[strings.Trim(parts.Field("Message-ID"), "<>")] = demoMail{to: cmp.Or(to.Name, to.Address), parts: parts, raw: m.Data}
	}
	var mails []demoMail
	for _, row := range rows {
		m, ok := byID[row.MessageID]
		if row.State != ledger.Sent || !ok {
			continue
		}
		base, err := worker.Files{Dir: o.out}.Write(row.Schedule, row.Period, row.RepID, m.raw, m.parts.HTML, m.parts.Text)
		if err != nil {
			return nil, err
		}
		m.schedule, m.rep, m.html = row.Schedule, row.RepID, base+".html"
		mails = append(mails, m)
	}
	return mails, nil
}

// tell prints what to open first, and three lines on what there is.
func (o demoOptions) tell(w io.Writer, p *sample.Pipeline, mails []demoMail, skipped int) {
	teams, manager := map[string]bool{}, map[string]string{}
	for _, r := range p.Reps {
		if r.Team != "" {
			teams[r.Team] = true
			manager[r.ID] = r.ManagerID
		}
	}
	first := slices.IndexFunc(mails, func(m demoMail) bool {
		return m.schedule == "weekly-team" && slices.ContainsFunc(p.Reps, func(r pipeline.Rep) bool { return r.ID == m.rep && r.Team != "" })
	})
	fmt.Fprintln(w, "Open first:")
	if first >= 0 {
		fmt.Fprintf(w, "  %s  (to a manager, %s)\n", mails[first].html, mails[first].to)
	}
	own := slices.IndexFunc(mails, func(m demoMail) bool {
		return m.schedule == "weekly-own" && (first < 0 || manager[m.rep] == mails[first].rep)
	})
	if own >= 0 {
		fmt.Fprintf(w, "  %s  (to a rep of that team, %s)\n", mails[own].html, mails[own].to)
	}
	fmt.Fprintf(w, "\n%d deals of %d people in %d teams, made up with seed %d; the week until %s\n", o.deals, len(p.Reps), len(teams),
		o.seed, o.week().Format("Mon 2 Jan 2006"))
	fmt.Fprintf(w, "%d digests received by SMTP, %d people skipped (away, gone, or nothing to say)\n", len(mails), skipped)
	fmt.Fprintf(w, "the figures behind them: drumbeat report --config %s --as-of %s\n", filepath.Join(o.out, "drumbeat.yaml"),
		o.week().Format(time.DateOnly))
}
