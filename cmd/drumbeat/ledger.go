package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
)

func newLedgerCmd() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "ledger",
		Short: "What was sent, to whom, when, what failed; the exact mail; who opted out",
		Long: `Look into the ledger, and decide what only a person can decide. A worker may go on meanwhile: what it is sending
at this moment is left to it.`,
		Example: `  drumbeat ledger list --state failed
  drumbeat ledger show 17 --eml > mail.eml       # the bytes as they were sent
  drumbeat ledger settle 17 --as sent            # the reader says that it arrived
  drumbeat ledger optout add ada@example.com
  drumbeat ledger forget ada@example.com         # what is stored of her? --yes removes it`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVar(&path, "config", "drumbeat.yaml", "the config `FILE`")
	_ = c.MarkPersistentFlagFilename("config", "yaml", "yml") // fails only for a flag that is not there
	c.AddCommand(newLedgerListCmd(&path), newLedgerShowCmd(&path), newSettleCmd(&path), newResendCmd(&path), newOptOutCmd(&path), newAdoptCmd(&path), newForgetCmd(&path))
	return c
}

// inLedger opens the state database of a config, does something with it and closes it.
func inLedger(ctx context.Context, path string, do func(*ledger.Ledger) error) (err error) {
	cfg, err := loadConfig(path, false)
	if err != nil {
		return err
	}
	there, err := ledger.Look(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	if !there {
		return wrong("%s: there is no ledger yet; run and serve make it", path)
	}
	l, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	err = do(l)
	if errors.Is(err, ledger.ErrNotFound) {
		return wrong("%w; 'drumbeat ledger list' shows the ids", err)
	}
	return err
}

func newLedgerListCmd(path *string) *cobra.Command {
	var f ledger.Filter
	var state, format string
	c := &cobra.Command{
		Use:     "list",
		Short:   "Deliveries, by period and schedule",
		Example: "  drumbeat ledger list --schedule managers --period 2026-06-01\n  drumbeat ledger list --state failed --format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if state != "" && !slices.Contains(ledger.States, ledger.State(state)) {
				return wrong("--state: %q is not known; write one of %s", state, stateNames())
			}
			if format != "table" && format != "json" {
				return wrong("--format: %q is not known; write table or json", format)
			}
			if _, err := pipeline.ParseDate(f.Period[:min(len(f.Period), len(time.DateOnly))]); f.Period != "" && err != nil {
				return wrong("--period: %q begins with no date; write the end of the period, such as 2026-06-01", f.Period)
			}
			f.State = ledger.State(state)
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error {
				rows, err := l.List(c.Context(), f)
				if err == nil && len(rows) == 0 {
					err = knownSchedule(c.Context(), l, *path, f.Schedule)
				}
				if err != nil {
					return err
				}
				if err := printDeliveries(c.OutOrStdout(), rows, format); err != nil || format == "json" {
					return err
				}
				standings, err := l.Standings(c.Context(), f)
				if err != nil {
					return err
				}
				return printWaiting(c.OutOrStdout(), standings)
			})
		},
	}
	c.Flags().StringVar(&f.Schedule, "schedule", "", "only of the schedule of this `NAME`")
	c.Flags().StringVar(&f.Period, "period", "", "only of this period: its end, `YYYY-MM-DD`")
	c.Flags().StringVar(&state, "state", "", "only in this `STATE`: "+stateNames())
	c.Flags().StringVar(&format, "format", "table", "a `FORMAT`: table or json")
	return c
}

// knownSchedule refuses a name that neither the config nor the ledger has; that nothing was sent by it would be misread.
func knownSchedule(ctx context.Context, l *ledger.Ledger, path, name string) error {
	if name == "" {
		return nil
	}
	sent, err := l.Count(ctx, ledger.Filter{Schedule: name})
	if err != nil || len(sent) > 0 {
		return err
	}
	cfg, err := loadConfig(path, false)
	if err == nil {
		_, err = findSchedule(cfg, name)
	}
	return err
}

func stateNames() string {
	var names []string
	for _, s := range ledger.States {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// deliveryRow is one delivery in JSON; its body is shown by `show --eml`.
type deliveryRow struct {
	ID        int64      `json:"id"`
	Schedule  string     `json:"schedule"`
	Period    string     `json:"period"`
	Recipient string     `json:"recipient"`
	RepID     string     `json:"rep_id"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"`
	Reason    string     `json:"reason"`
	Subject   string     `json:"subject"`
	MessageID string     `json:"message_id"`
	Attempts  int        `json:"attempts"`
	Reply     string     `json:"reply"`
	NotBefore *time.Time `json:"not_before"`
	PlannedAt time.Time  `json:"planned_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func rowOf(d *ledger.Delivery) deliveryRow {
	r := deliveryRow{ID: d.ID, Schedule: d.Schedule, Period: d.Period, Recipient: d.Recipient, RepID: d.RepID, Kind: d.Kind, State: string(d.State),
		Reason: d.Reason, Subject: d.Subject, MessageID: d.MessageID, Attempts: d.Attempts, Reply: d.Reply, PlannedAt: d.PlannedAt, UpdatedAt: d.UpdatedAt}
	if !d.NotBefore.IsZero() {
		r.NotBefore = &d.NotBefore
	}
	return r
}

func printDeliveries(w io.Writer, rows []ledger.Delivery, format string) error {
	if format == "json" {
		all := make([]deliveryRow, 0, len(rows))
		for i := range rows {
			all = append(all, rowOf(&rows[i]))
		}
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(all)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "nothing")
		return err
	}
	table := tabwriter.NewWriter(shown(w), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "id\tschedule\tperiod\tstate\trecipient\tlast change (UTC)\tsubject or reason")
	for _, d := range rows {
		what := d.Subject
		if d.Reason != "" {
			what = d.Reason
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.Schedule, d.Period, d.State, d.Recipient,
			d.UpdatedAt.Format("2006-01-02 15:04"), strings.Join(strings.Fields(what), " "))
	}
	return table.Flush()
}

// printWaiting ends a list with what is not over, and for how long that has been so.
func printWaiting(w io.Writer, standings map[ledger.State]ledger.Standing) error {
	var parts []string
	for _, state := range []ledger.State{ledger.Pending, ledger.Sending, ledger.Unknown} {
		s := standings[state]
		switch {
		case s.N == 0:
		case s.Oldest == 0: // their hour is still to come
			parts = append(parts, fmt.Sprintf("%d %s", s.N, state))
		case s.N == 1:
			parts = append(parts, fmt.Sprintf("1 %s for %s", state, inShort(s.Oldest)))
		default:
			parts = append(parts, fmt.Sprintf("%d %s, the oldest for %s", s.N, state, inShort(s.Oldest)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(parts, "; "))
	return err
}

// inShort says a time in its two largest units: 2d 3h, 3h 12m, 12m 5s, 5s.
func inShort(d time.Duration) string {
	n := []int{int(d.Hours()) / 24, int(d.Hours()) % 24, int(d.Minutes()) % 60, int(d.Seconds()) % 60}
	units := []string{"d", "h", "m", "s"}
	for i := range n[:3] {
		if n[i] > 0 {
			return fmt.Sprintf("%d%s %d%s", n[i], units[i], n[i+1], units[i+1])
		}
	}
	return fmt.Sprintf("%ds", n[3])
}

func newLedgerShowCmd(path *string) *cobra.Command {
	var eml bool
	c := &cobra.Command{
		Use:     "show ID",
		Short:   "One delivery; with --eml the exact mail",
		Example: "  drumbeat ledger show 17\n  drumbeat ledger show 17 --eml > mail.eml",
		Args:    oneArg("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			ids, err := deliveryIDs(args)
			if err != nil {
				return err
			}
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error {
				d, err := l.Get(c.Context(), ids[0])
				if err != nil {
					return err
				}
				return printDelivery(c.OutOrStdout(), d, eml)
			})
		},
	}
	c.Flags().BoolVar(&eml, "eml", false, "print the mail, to the byte, and nothing else")
	return c
}

func printDelivery(w io.Writer, d *ledger.Delivery, eml bool) error {
	if eml {
		if len(d.Body) == 0 {
			return fmt.Errorf("delivery %d is %s and has no stored mail: it was never made, is older than state.keep_bodies, or named somebody whose data were removed", d.ID, d.State)
		}
		_, err := w.Write(d.Body)
		return err
	}
	table := tabwriter.NewWriter(shown(w), 0, 0, 2, ' ', 0)
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format("2006-01-02 15:04:05Z")
	}
	for _, line := range [][2]string{{"delivery", strconv.FormatInt(d.ID, 10)}, {"schedule", d.Schedule}, {"period", d.Period}, {"recipient", d.Recipient},
		{"rep", d.RepID}, {"digest", d.Kind}, {"state", string(d.State)}, {"reason", d.Reason}, {"subject", d.Subject}, {"message id", d.MessageID},
		{"date", at(d.Date)}, {"not before", at(d.NotBefore)}, {"attempts", strconv.Itoa(d.Attempts)}, {"relay said", d.Reply},
		{"planned", at(d.PlannedAt)}, {"last change", at(d.UpdatedAt)}, {"stored mail", fmt.Sprintf("%d bytes", len(d.Body))}} {
		if line[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", line[0], strings.Join(strings.Fields(line[1]), " "))
		}
	}
	return table.Flush()
}

func newSettleCmd(path *string) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use:     "settle ID…",
		Short:   "Say what became of mails that are pending, failed or unknown; all of them or none",
		Example: "  drumbeat ledger settle 17 18 --as sent",
		Args:    someArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			if as == "" {
				return wrong("--as is missing; write --as sent or --as failed")
			}
			if as != string(ledger.Sent) && as != string(ledger.Failed) {
				return wrong("--as: %q is not known; write sent or failed", as)
			}
			return decide(c, *path, args, "settled as "+as, func(l *ledger.Ledger, ids []int64) error { return l.Settle(c.Context(), ids, ledger.State(as)) })
		},
	}
	c.Flags().StringVar(&as, "as", "", "what became of them, a `STATE`: sent or failed")
	return c
}

func newResendCmd(path *string) *cobra.Command {
	return &cobra.Command{
		Use:   "resend ID…",
		Short: "Send mails again, the same bytes; all of them or none",
		Long: `Put mails that were sent, failed or are unknown back to pending, with the bytes that they have. The worker or the next
run of their period sends them. A mailbox that has one already may drop the second: it has the same Message-ID.`,
		Example: "  drumbeat ledger resend 17",
		Args:    someArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return decide(c, *path, args, "pending again", func(l *ledger.Ledger, ids []int64) error { return l.Resend(c.Context(), ids) })
		},
	}
}

func decide(c *cobra.Command, path string, args []string, done string, do func(*ledger.Ledger, []int64) error) error {
	ids, err := deliveryIDs(args)
	if err != nil {
		return err
	}
	return inLedger(c.Context(), path, func(l *ledger.Ledger) error {
		if err := do(l, ids); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "%d %s\n", len(ids), done)
		return err
	})
}

func deliveryIDs(args []string) ([]int64, error) {
	var ids []int64
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil || id < 1 {
			return nil, wrong("%q is no delivery; write an id of 'ledger list'", a)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
