package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func newServeCmd() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the worker: the schedules, each when it is due",
		Long: `Run the worker. A schedule that it sees for the first time starts with its next tick; after an outage
catch_up and max_age of the schedule say what is made up for. A changed config takes effect at the next start.
On web.listen it answers /healthz, /readyz and /metrics (for Prometheus) and, where web.base_url is set, the links
in its mails. Once an hour it empties the mails that are older than state.keep_bodies.

The first SIGTERM or SIGINT lets it finish what is in flight and end with 0; the second ends it at once.`,
		Example: "  drumbeat serve --config drumbeat.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return serve(c.Context(), path, c.ErrOrStderr())
		},
	}
	configFlag(c, &path)
	return c
}

func serve(ctx context.Context, path string, stderr io.Writer) (err error) {
	signal.Ignore(syscall.SIGHUP) // a closed terminal, or a habit: neither is a reason to stop
	cfg, err := loadConfig(path, true)
	if err != nil {
		return err
	}
	log := newLogger(stderr, cfg.Log)
	for _, note := range cfg.Notes {
		log.Warn("config", "note", note)
	}
	h, err := openHouse(ctx, cfg, string(cfg.State.DSN), log)
	if err != nil {
		return err
	}
	log.Info("worker started", "schedules", len(cfg.Schedules), "process", cfg.Process.Name, "pid", os.Getpid())
	for _, s := range cfg.Schedules {
		log.Info("waiting for its next tick", "schedule", s.Name, "next", s.Spec.Next(time.Now(), s.Zone))
	}
	stop, err := h.startBeside(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	h.Serve(ctx)
	stop()
	err = errors.Join(err, h.Close())
	log.Info("worker stopped")
	return err
}
