package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/fault"
	"drumbeat/internal/ledger"
)

// checkConnected tries source, state and relay, each whatever became of the others, and writes to none of them.
func checkConnected(ctx context.Context, w, stderr io.Writer, cfg *config.Config) error {
	failed := slices.DeleteFunc([]error{
		trySource(ctx, w, cfg, "text", time.Now()),
		tryState(ctx, w, cfg),
		tryRelay(ctx, w, cfg),
	}, func(err error) bool { return err == nil })
	if len(failed) == 0 {
		return nil
	}
	if ctx.Err() != nil { // whatever the stop broke
		return ctx.Err()
	}
	for _, err := range failed[1:] {
		report(err, stderr)
	}
	return failed[0]
}

// checkUnready says what the source holds although the config lacks what sending takes: that comes last to most.
func checkUnready(ctx context.Context, w, stderr io.Writer, cfg *config.Config, faults fault.List) error {
	if err := trySource(ctx, w, cfg, "text", time.Now()); err != nil {
		report(err, stderr)
	}
	if _, err := fmt.Fprintln(w, "\nNothing can be sent yet: see the faults"); err != nil {
		return err
	}
	return faults
}

// mayWork says whether a worker of this config may work on its ledger.
func mayWork(ctx context.Context, cfg *config.Config) error {
	l, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	return asCallersFault(errors.Join(l.Belongs(ctx, cfg.Environment), l.Close()))
}

func tryState(ctx context.Context, w io.Writer, cfg *config.Config) error {
	there, err := ledger.Look(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	what := "its tables are those of this version"
	if there {
		if err := mayWork(ctx, cfg); err != nil {
			return err
		}
	} else {
		what = "nothing there yet; run and serve make the tables"
	}
	_, err = fmt.Fprintf(w, "\nstate      %s\n", what)
	return err
}

func tryRelay(ctx context.Context, w io.Writer, cfg *config.Config) error {
	conn, err := connector(cfg, slog.New(slog.DiscardHandler))(ctx)
	if err != nil {
		return err
	}
	conn.Close()
	_, err = fmt.Fprintf(w, "relay      %s:%d takes our mail\n", cfg.Mail.SMTP.Host, cfg.Mail.SMTP.Port)
	return err
}
