package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/ledger"
	"drumbeat/internal/worker"
)

func newAdoptCmd(path *string) *cobra.Command {
	var restored bool
	c := &cobra.Command{
		Use:   "adopt",
		Short: "Take over a state database that was copied, moved or restored from a backup",
		Long: `Take over a state database that run and serve refuse as a copy. It does not know what was sent since it was
copied, so nothing is sent twice by itself: what was pending or being sent then becomes unknown (look with
ledger list --state unknown; then settle or resend), and what fell due until now is not caught up (send it with
run, where it was not sent). Stop every worker of the original first.

A whole server or volume that was put back to an earlier moment looks like the original: say so with --restored.`,
		Example: `  drumbeat ledger adopt --config drumbeat.yaml
  drumbeat ledger list --state unknown               # then settle or resend these`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(*path, false)
			if err != nil {
				return err
			}
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error {
				if err := l.Belongs(c.Context(), cfg.Environment); err == nil && !restored {
					return wrong("%s: the ledger is no copy, nothing was changed; if it was put back to an earlier moment, add --restored", *path)
				} else if err != nil && !errors.Is(err, ledger.ErrCopy) {
					return asCallersFault(err)
				}
				now, err := l.Clock(c.Context())
				if err != nil {
					return err
				}
				begun := map[string]time.Time{} // the day's first recipients may have had theirs
				for _, s := range cfg.Schedules {
					if s.RecipientZone {
						begun[s.Name] = worker.DueUntil(s, now, cfg.Zone)
					}
				}
				unknown, err := l.Adopt(c.Context(), cfg.Environment, begun)
				if err != nil {
					return asCallersFault(err)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "adopted; %d unknown; what fell due until now is not caught up\n", unknown)
				return err
			})
		},
	}
	c.Flags().BoolVar(&restored, "restored", false, "it was put back to an earlier moment, although it does not look so")
	return c
}
