package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/worker"
)

func newServeCmd() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the worker: the schedules, each when it is due",
		Long: `Run the worker. A schedule that it sees for the first time starts with its next tick; after an outage
catch_up and max_age of the schedule say what is made up for. A changed config, or one of the files that it names, takes
effect by itself, or on SIGHUP; a broken one is logged with its faults, the old one stays in force, and after a minute
the admins are told.
On web.listen it answers /status (for whoever is on call), /healthz, /readyz and /metrics (for Prometheus) and, where
web.base_url is set, the links in its mails. Once an hour it empties the mails that are older than state.keep_bodies.

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
	begun := false
	defer func() {
		if !begun && ctx.Err() != nil && !isFaults(err) { // told to stop before there was anything to finish
			err = nil
		}
	}()
	cfg, files, err := readConfig(path)
	if err != nil {
		return err
	}
	stderr = &oneAtATime{to: stderr}
	log := newLogger(stderr, cfg)
	told := &reloads{taken: time.Now()}
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	changed := watchConfig(watching, cfg, files, told, func(ctx context.Context, cfg *config.Config) (*house, error) {
		return furnish(ctx, cfg, newLogger(stderr, cfg))
	}, log) // from the moment at which it was read: it may be mended while this waits for a database
	h, err := furnish(ctx, cfg, log)
	if err != nil {
		return err
	}
	state, leave, err := takeLedger(ctx, cfg.Environment, string(cfg.State.DSN))
	if err != nil {
		return errors.Join(err, h.Close())
	}
	defer func() { err = errors.Join(err, leave()) }()
	since, err := state.Clock(ctx)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	site, err := openSite(ctx, cfg, told, log)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	defer site.close()
	log.Info("worker started", "schedules", len(cfg.Schedules), "process", cfg.Process.Name, "pid", os.Getpid())
	begun = true
	all := shifts{since: since, told: told}
	pings := servePings(site.counts, all.log.Load)
	defer pings.Close()
	all.shared.Pings, all.shared.Meter = pings, site.counts
	all.next(ctx, h, state, site)
	for {
		select {
		case <-ctx.Done():
			err := all.end()
			log.Info("worker stopped")
			return err
		case h := <-changed:
			all.next(ctx, h, state, site)
			log = h.Log
			log.Info("config reloaded", "config", h.Config.Version)
		}
	}
}

// oneAtATime keeps apart the lines of several logs: each config says how its worker logs.
type oneAtATime struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *oneAtATime) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// shifts are the workers that follow one another in a process, each with the config of its time, on one ledger. The
// former finishes what it has in flight while the next one begins: the ledger lets neither do what the other has done.
type shifts struct {
	stop   func()         // ends the present one
	ending sync.WaitGroup // until each is over and closed
	since  time.Time      // of the first, by the ledger's clock
	told   *reloads
	shared worker.Process
	former []config.Schedule           // of the one that serves
	log    atomic.Pointer[slog.Logger] // of the one that serves: it knows the secrets of its config
	mu     sync.Mutex
	err    error
}

// next lets a house serve in place of the one before.
func (s *shifts) next(ctx context.Context, h *house, state *ledger.Ledger, site *site) {
	cfg := h.Config
	s.log.Store(h.Log)
	for _, note := range cfg.Notes {
		h.Log.Warn("config", "note", note)
	}
	tellGone(s.former, cfg.Schedules, h.Log)
	s.former = cfg.Schedules
	for _, s := range cfg.Schedules {
		h.Log.Info("waiting for its next tick", "schedule", s.Name, "next", s.Spec.Next(time.Now(), s.Zone))
	}
	h.Ledger, h.state, h.Past, h.Since, h.Process, h.Refused = state, state, state, s.since, &s.shared, s.told.refused
	if s.stop != nil {
		s.stop()
	}
	ctx, s.stop = context.WithCancel(ctx)
	site.show(h)
	s.ending.Go(func() { forgetOldMails(ctx, cfg, state, h.Log) })
	s.ending.Go(func() {
		h.Serve(ctx)
		err := h.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = errors.Join(s.err, err)
	})
}

// tellGone says which schedules are there no more, and which of the new ones may be one of them by another name.
func tellGone(before, after []config.Schedule, log *slog.Logger) {
	renamed := config.PerhapsRenamed(before, after)
	for _, b := range before {
		if slices.ContainsFunc(after, func(a config.Schedule) bool { return a.Name == b.Name }) {
			continue
		}
		if to := renamed[b.Name]; to != "" {
			log.Warn("schedule is gone, and perhaps renamed: another name is another schedule, which begins with its next tick and knows nothing of what the old one sent; "+
				"what waits under the old name still goes out; drumbeat plan --against OLD-CONFIG shows what that means", "schedule", b.Name, "perhaps_now", to)
			continue
		}
		log.Warn("schedule is gone; what waits of it still goes out, and one of another name is a new one, which knows nothing of what it sent", "schedule", b.Name)
	}
}

// end waits until all are over.
func (s *shifts) end() error {
	s.stop()
	s.ending.Wait()
	return s.err
}
