package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drumbeat/internal/digest"
	"drumbeat/internal/ledger"
)

func newOptOutCmd(path *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "optout",
		Short: "Who wants no digests",
		Long: `Who wants no digests. add stops every kind of digest for an address at once, also what is pending; readers who unsubscribe
by the link in a mail stop one kind. remove takes back whatever the address, or somebody for it, has said.`,
		Example: "  drumbeat ledger optout list\n  drumbeat ledger optout add ada@example.com\n  drumbeat ledger optout remove ada@example.com",
		Args:    knownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{Use: "list", Short: "The addresses, and of what they opted out", Args: cobra.NoArgs,
		Example: "  drumbeat ledger optout list --config drumbeat.yaml",
		RunE: func(c *cobra.Command, _ []string) error {
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error { return listOptOuts(c.Context(), shown(c.OutOrStdout()), l) })
		}})
	change := func(use, short, done string, doubt func(acquaintance) string, do func(context.Context, *ledger.Ledger, string) error) *cobra.Command {
		return &cobra.Command{Use: use + " ADDRESS", Short: short, Example: "  drumbeat ledger optout " + use + " ada@example.com --config drumbeat.yaml", Args: oneArg("ADDRESS"), RunE: func(c *cobra.Command, args []string) error {
			address, ok := digest.Address(args[0])
			if !ok {
				return wrong("%q is no mail address; write name@example.com", args[0])
			}
			return inLedger(c.Context(), *path, func(l *ledger.Ledger) error {
				before, err := known(c.Context(), l, address)
				if err != nil {
					return err
				}
				if err := do(c.Context(), l, address); err != nil {
					return err
				}
				if note := doubt(before); note != "" {
					fmt.Fprintln(c.ErrOrStderr(), "drumbeat: "+address+": "+note)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s %s\n", address, done)
				return err
			})
		}}
	}
	c.AddCommand(
		change("add", "Stop every digest to an address", "gets no digests any more", neverMailed, func(ctx context.Context, l *ledger.Ledger, a string) error { return l.OptOut(ctx, a, "") }),
		change("remove", "Take an opt-out back", "gets digests again, from the next one on", neverOut, func(ctx context.Context, l *ledger.Ledger, a string) error { return l.OptIn(ctx, a, "") }))
	return c
}

// acquaintance is what the ledger knows of an address.
type acquaintance struct{ mailed, optedOut bool }

func known(ctx context.Context, l *ledger.Ledger, address string) (a acquaintance, err error) {
	rows, err := l.Count(ctx, ledger.Filter{Recipients: []string{address}})
	if err != nil {
		return a, err
	}
	all, err := l.OptOuts(ctx, "")
	a.mailed, a.optedOut = len(rows) > 0, slices.Contains(all, ledger.NormalAddress(address))
	return a, err
}

// neverMailed warns of an opt-out that stops nothing; empty: there is no doubt.
func neverMailed(a acquaintance) string {
	if a.mailed {
		return ""
	}
	return "no digest was ever made for this address; look whether it is spelt as in the source (before the @ case counts)"
}

// neverOut warns of a removal that takes nothing back; empty: there is no doubt.
func neverOut(a acquaintance) string {
	if a.optedOut {
		return ""
	}
	return "it had not opted out; drumbeat ledger optout list shows who has"
}

func listOptOuts(ctx context.Context, w io.Writer, l *ledger.Ledger) error {
	all, err := l.OptOuts(ctx, "")
	if err != nil {
		return err
	}
	for _, address := range all {
		var kinds []string
		for _, k := range []digest.Kind{digest.Manager, digest.Rep, digest.Admin} {
			out, err := l.HasOptedOut(ctx, address, string(k))
			if err != nil {
				return err
			}
			if out {
				kinds = append(kinds, string(k))
			}
		}
		if _, err := fmt.Fprintf(w, "%s  %s\n", address, strings.Join(kinds, ", ")); err != nil {
			return err
		}
	}
	return nil
}
