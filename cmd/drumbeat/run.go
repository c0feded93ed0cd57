package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/digest"
	"drumbeat/internal/schedule"
	"drumbeat/internal/worker"
)

// runOptions are the flags of run.
type runOptions struct {
	config, asOf, redirect, out string
	only                        []string
	force, acceptData           bool
	wait                        time.Duration
}

func newRunCmd() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [SCHEDULE...]",
		Short: "Make and send the digests of schedules once, now",
		Long: `Run schedules once, through the same ledger as the worker: who got a digest of the period already
gets none again. Without SCHEDULE: every schedule but the admin ones, in the order of the config.
An admin schedule that is named comes last and tells what became of everything since its last digest.

The period is that of the last tick at or before --as-of (a date: before the end of that day). What
fails for now is tried again for at most --wait and then left pending for the next run or the worker.

Data that look wrong make no digests: no deals at all, nothing entered for longer than the window, or far
fewer rows than at the run before. --accept-data makes them all the same.

It ends 0 only when everything of the periods is sent, skipped or settled.

--force sends the stored bytes again; mailboxes that drop duplicates will drop them.`,
		Example: `  drumbeat run --config drumbeat.yaml                            # what was due last, of every schedule
  drumbeat run managers --config drumbeat.yaml --as-of 2026-06-01
  drumbeat run --config drumbeat.yaml --out mails                # look at them first; nothing is recorded
  drumbeat run --config drumbeat.yaml --redirect me@example.com  # a test that does not count as sent`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.run(c.Context(), args, shown(c.OutOrStdout()), c.ErrOrStderr())
		},
	}
	configFlag(c, &o.config)
	f := c.Flags()
	f.StringVar(&o.asOf, "as-of", "", "the periods as of `T`, a date or an RFC 3339 instant; default: now")
	f.StringArrayVar(&o.only, "only", nil, "only to this `ADDRESS`; may be given more than once")
	f.StringVar(&o.redirect, "redirect", "", "send everything to this `ADDRESS` instead; does not count as sent")
	f.StringVar(&o.out, "out", "", "write the mails under `DIR` instead of sending; records nothing")
	f.BoolVar(&o.force, "force", false, "send again what was sent, the same bytes")
	f.BoolVar(&o.acceptData, "accept-data", false, "make digests although the data look incomplete or stale")
	f.DurationVar(&o.wait, "wait", 5*time.Minute, "for how long what fails for now is tried again, a `TIME` such as 30s or 5m")
	c.ValidArgsFunction = otherSchedules
	c.MarkFlagsMutuallyExclusive("out", "redirect")
	c.MarkFlagsMutuallyExclusive("out", "force")
	return c
}

// check refuses what no flag can tell by itself.
func (o runOptions) check() error {
	switch {
	case slices.Contains(o.only, ""):
		return wrong("--only is empty; name an address or leave it out")
	case o.wait < 0:
		return wrong("--wait: %v is negative; write 0s or more", o.wait)
	}
	return nil
}

func (o runOptions) run(ctx context.Context, names []string, stdout, stderr io.Writer) (err error) {
	cfg, err := loadConfig(o.config, o.out == "")
	if err != nil {
		return err
	}
	if cfg.Mail.From.Address == "" { // only --out gets here without a sender
		cfg.Mail.From = netmail.Address{Name: "Drumbeat", Address: "drumbeat@drumbeat.invalid"}
	}
	jobs, err := o.jobs(cfg, names)
	if err != nil {
		return err
	}
	state := string(cfg.State.DSN)
	switch {
	case o.out != "":
		if err := folderFor(o.out); err != nil {
			return err
		}
		state = ""
	case o.redirect != "":
		dsn, remove, err := throwAway(".")
		if err != nil {
			return fmt.Errorf("redirect: %w", err)
		}
		defer func() { err = errors.Join(err, remove()) }()
		state = dsn
	}
	h, err := openHouse(ctx, cfg, state, handLogger(stderr, cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if h.past != nil {
		h.past.tell = func(err error) { report(err, stderr) }
	}
	if state != string(cfg.State.DSN) && slices.ContainsFunc(jobs, func(j worker.Job) bool { return j.Schedule.Digest == config.Admin }) {
		if err := h.lookBack(ctx, cfg); err != nil {
			return err
		}
	}
	if isTerminal(stderr) {
		var told sync.Map // several connections say the same
		h.Notice = func(what string) {
			if _, before := told.LoadOrStore(what, true); !before {
				fmt.Fprintln(shown(stderr), what)
			}
		}
	}
	sums, err := runAndPing(ctx, h, jobs, o.wait, stderr)
	if o.out == "" && o.redirect == "" && ctx.Err() == nil {
		if _, forgot := h.state.Forget(ctx, cfg.State.KeepBodies); err == nil {
			err = forgot
		}
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("run: stopped; what is pending goes out with the next run or the worker")
	}
	return errors.Join(o.tell(stdout, sums), asCallersFault(err))
}

// jobs says what is to be run; every fault of the call shows before anything is opened.
func (o runOptions) jobs(cfg *config.Config, names []string) ([]worker.Job, error) {
	now := time.Now()
	at, err := parseMoment("as-of", o.asOf, now)
	if err != nil {
		return nil, err
	}
	schedules := cfg.Schedules
	if len(names) > 0 {
		schedules = nil
	}
	for i, name := range names {
		s, err := findSchedule(cfg, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(names[:i], name) {
			return nil, wrong("schedule %s is named twice; name it once", name)
		}
		schedules = append(schedules, s)
	}
	var only []string
	for _, a := range append(o.only, o.redirect) {
		address, ok := digest.Address(a)
		if a != "" && !ok {
			return nil, wrong("%q is no mail address; write name@example.com", a)
		}
		only = append(only, address)
	}
	redirect := only[len(only)-1]
	only = only[:len(only)-1]
	var jobs []worker.Job
	for _, s := range schedules {
		if s.Digest == config.Admin && len(names) == 0 {
			continue
		}
		tick, err := at.tick(s, cfg.Zone)
		if err != nil {
			return nil, err
		}
		// What is recorded now would be all that these people ever get for the period.
		if end := schedule.End(tick, cfg.Zone); end.After(now) && o.out == "" && redirect == "" {
			return nil, wrong("schedule %s: the period until %s is not over; look at it with --out, or choose an earlier --as-of",
				s.Name, schedule.PeriodKey(end, cfg.Zone))
		}
		jobs = append(jobs, worker.Job{Schedule: s, Tick: tick, Only: only, Redirect: redirect, Out: o.out, Force: o.force, AcceptData: o.acceptData})
	}
	if len(jobs) == 0 {
		return nil, wrong("%s: there is no schedule to run; add one with digest: manager or digest: rep", cfg.Path)
	}
	return jobs, nil
}

// tell prints what became of each run and gives an error with a line for each kind of failure.
func (o runOptions) tell(w io.Writer, sums []worker.Summary) error {
	var failures worker.Failures
	var meant []string
	for _, s := range sums {
		meant = append(meant, s.Meant...)
		failures.Merge(s.Problems)
		fmt.Fprintf(w, "%s %s: %s\n", s.Schedule, s.Period, o.outcome(s))
	}
	var lines []error
	for _, f := range failures {
		lines = append(lines, errors.New(f.String()))
	}
	if strangers := o.strangers(meant); len(strangers) > 0 && len(sums) > 0 {
		err := fmt.Errorf("--only %s: nobody of these schedules has this address; look at the source's reps", strings.Join(strangers, ", "))
		if len(meant) == 0 {
			err = wrongError{err} // nothing was done
		}
		lines = append(lines, err)
	}
	return errors.Join(lines...)
}

// strangers gives the addresses of --only, as they were written, that belong to nobody of those who were meant.
func (o runOptions) strangers(meant []string) []string {
	return slices.DeleteFunc(slices.Clone(o.only), func(written string) bool {
		address, _ := digest.Address(written)
		return slices.Contains(meant, address)
	})
}

func (o runOptions) outcome(s worker.Summary) string {
	if o.out != "" {
		return fmt.Sprintf("%d written under %s, %d skipped%s", s.Files, o.out, s.Skipped, reasonsOf(s))
	}
	if s.People == 0 && s.Done() {
		return "nothing to do, nobody is meant"
	}
	if s.People == s.Known && s.Sent == 0 && s.Done() {
		return fmt.Sprintf("nothing to do, all %d recipients were dealt with before", s.Known)
	}
	parts := []string{fmt.Sprintf("%d sent", s.Sent)}
	for _, p := range []struct {
		n    int
		what string
	}{{s.Skipped, "skipped" + reasonsOf(s)}, {s.InAll - s.Sent + s.InSkipped - s.Skipped, "dealt with before"}, {s.Pending, "pending"}, {s.Failed, "failed"}, {s.Unknown, "unknown"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// reasonsOf says for what reasons people got nothing, the most frequent first.
func reasonsOf(s worker.Summary) string {
	var parts []string
	for _, reason := range slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Reasons[b], s.Reasons[a]), cmp.Compare(a, b))
	}) {
		parts = append(parts, fmt.Sprintf("%d %s", s.Reasons[reason], reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
