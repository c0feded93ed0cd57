package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/schedule"
	"drumbeat/internal/worker"
)

// mostTicks bounds what one call lists: a spec of every minute has half a million ticks a year.
const mostTicks = 1000

// planOptions are the flags of plan.
type planOptions struct {
	config, from, format, against string
	next                          int
}

func newPlanCmd() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan",
		Short: "What will go out when, and to whom",
		Long: `Show each schedule's next ticks and whom they mean. Nothing is written and nothing sent.

A line for each tick:       schedule  local time  zone  UTC  clock change
then for each recipient:    address  kind  scope: n reps, n deals

"clock change" says where the clocks of the zone were changed since the tick before, where a tick moves because
its hour does not exist that day, and where it is the first of an hour that comes twice. With time_zone: recipient
the ticks are in the config's zone, and each recipient's line names the own hour and zone. Who gets no mail comes
last, with the reason. Recipients are those of the first tick listed, by what source and ledger say now; deals are
the open ones. Who has nothing to be told (skip_empty) is known only when the time has come.

With --against OLD: what changes when --config takes the place of OLD, the config in force, at --from. First whether
anybody gets a digest twice this week (Monday to Monday, in the config's zone) or misses one, why, and what mends it;
then schedules, runs that move, recipients and other keys. For this the worker plays the week through on the ledger as it
is, with the change and without it; that there is something to tell to everybody is assumed.

json is one object: from, schedules [{schedule, digest, ticks [{local, zone, utc, clock_change}], recipients
[{address, kind, rep, name, scope {reps, deals}, hour {local, zone}, no_mail}]}]. What is not, is null.
With --against: against, config, at, week {first, last, zone}, ledger (is there one?), restart (is one needed?), verdict,
calm (the next instant at which nobody would get a digest twice or miss one), people {missing, twice, fewer, first},
schedules [{schedule, was, state same|changed|renamed|new|gone, keys [{key, old, new, restart}], ticks [{old, new, at_once}]}],
settings [{key, old, new, restart}], recipients [{schedule, kind, rep, name, change added|dropped|address|scope, address,
old_address, reps, old_reps, why}], digests [{effect missing|twice|fewer|first, kind, rep, name, address,
before [{schedule, period, sent, at_once, at}], after, why, mend}], notes. What is not known is null; secrets are, too.`,
		Example: `  drumbeat plan --config drumbeat.yaml
  drumbeat plan --config drumbeat.yaml --from 2026-10-01 --next 8     # over the end of summer time
  drumbeat plan --config new.yaml --against drumbeat.yaml             # before new.yaml takes the place of drumbeat.yaml
  drumbeat plan --config drumbeat.yaml --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case o.next < 1 || o.next > mostTicks:
				return wrong("--next: %d is out of range; write 1 to %d", o.next, mostTicks)
			case o.format != "text" && o.format != "json":
				return wrong("--format: %q is not known; write text or json", o.format)
			}
			return o.run(c.Context(), c.OutOrStdout())
		},
	}
	configFlag(c, &o.config)
	f := c.Flags()
	f.StringVar(&o.from, "from", "", "only ticks after `T`, a date or an RFC 3339 instant; default: now")
	f.IntVar(&o.next, "next", 4, "`N` ticks of each schedule")
	f.StringVar(&o.against, "against", "", "say what changes when --config takes the place of the config `FILE`, at --from")
	_ = c.MarkFlagFilename("against", "yaml", "yml") // for shell completion; fails only for a flag that is not there
	f.StringVar(&o.format, "format", "text", "a `FORMAT`: text or json")
	return c
}

func (o planOptions) run(ctx context.Context, w io.Writer) (err error) {
	now := time.Now().Truncate(time.Second) // ticks are whole minutes
	m, err := parseMoment("from", o.from, now)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(o.config, false)
	if err != nil {
		return err
	}
	if len(cfg.Schedules) == 0 {
		return wrong("%s: there is no schedule; add one under schedules", cfg.Path)
	}
	if _, faults := readWaivers(cfg.Waivers); len(faults) > 0 {
		return faults
	}
	from := m.instant
	if m.isDate {
		from = m.date.Start(cfg.Zone)
	}
	if o.against != "" {
		return o.runAgainst(ctx, w, cfg, from, now)
	}
	h, noLedger := openLookout(ctx, cfg)
	defer func() { err = errors.Join(err, h.Close()) }()
	if noLedger = asCallersFault(noLedger); errors.As(noLedger, new(wrongError)) {
		return noLedger
	}
	a, unread := o.agenda(ctx, h, from, now)
	if unread = asCallersFault(unread); errors.As(unread, new(wrongError)) || ctx.Err() != nil {
		return unread
	}
	if err := a.print(w, o.format); err != nil {
		return err
	}
	if unread != nil {
		unread = fmt.Errorf("recipients are not known: %w; see 'drumbeat check --connect'", unread)
	}
	if noLedger != nil {
		noLedger = fmt.Errorf("who opted out is not known: %w; see 'drumbeat check --connect'", noLedger)
	}
	return errors.Join(unread, noLedger)
}

// agenda looks ahead. When the source cannot be read it holds the ticks all the same, and the error says why there
// are no recipients.
func (o planOptions) agenda(ctx context.Context, h *house, from, now time.Time) (agenda, error) {
	a := agenda{From: from.UTC()}
	ahead := h.NewPreview()
	var unread error
	for _, s := range h.Config.Schedules {
		one := agendaSchedule{Schedule: s.Name, Digest: s.Digest}
		var first time.Time
		for tick := s.Spec.Next(from, s.Zone); len(one.Ticks) < o.next && !tick.IsZero(); tick = s.Spec.Next(tick, s.Zone) {
			if first.IsZero() {
				first = tick
			}
			one.Ticks = append(one.Ticks, tickOf(s, tick))
		}
		if !first.IsZero() && (unread == nil || s.Digest == config.Admin) { // a source out of reach is not waited for twice
			people, err := ahead.Foresee(ctx, s, first, now)
			if unread == nil {
				unread = err
			}
			if err == nil || people != nil {
				one.Recipients = recipientsOf(people, schedule.End(first, h.Config.Zone))
			}
		}
		a.Schedules = append(a.Schedules, one)
	}
	return a, unread
}

func tickOf(s config.Schedule, tick time.Time) agendaTick {
	t := agendaTick{Local: tick.In(s.Zone).Format("2006-01-02 15:04 -07:00"), Zone: s.Zone.String(), UTC: tick.UTC().Format("2006-01-02T15:04:05Z")}
	if change := s.Spec.ChangeAt(tick, s.Zone).String(); change != "" {
		t.ClockChange = &change
	}
	return t
}

// recipientsOf is never nil: nobody is an answer too.
func recipientsOf(people []worker.Prospect, end time.Time) []agendaRecipient {
	out := make([]agendaRecipient, 0, len(people))
	for _, p := range people {
		r := agendaRecipient{Address: orNull(p.Address), Kind: string(p.Kind), Rep: orNull(p.Rep.ID), Name: orNull(p.Rep.Name),
			Scope: agendaScope{len(p.Members), p.Deals}, NoMail: orNull(p.Skip)}
		if !p.At.IsZero() {
			r.Hour = &agendaHour{Local: p.At.Format("15:04 -07:00"), Zone: p.At.Location().String(), atEnd: p.At.Equal(end)}
		}
		out = append(out, r)
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
