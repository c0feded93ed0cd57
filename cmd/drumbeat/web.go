package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/web"
)

// newLinks makes the signer of links; nil where the config has no base_url.
func newLinks(cfg *config.Config) *web.Links {
	if cfg.Web.BaseURL == "" {
		return nil
	}
	return web.NewLinks(cfg.Web.BaseURL, string(cfg.Web.Secret), cfg.State.KeepBodies)
}

// startBeside starts what a serving worker does beside its schedules: it answers readers, and forgets old mails.
func (h *house) startBeside(ctx context.Context, cfg *config.Config, log *slog.Logger) (stop func(), err error) {
	closeSite, err := h.serveSite(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var forgetting sync.WaitGroup
	forgetting.Go(func() { forgetOldMails(ctx, cfg, h.state, log) })
	return func() {
		cancel()
		closeSite()
		forgetting.Wait()
	}, nil
}

// serveSite answers readers and watchers on web.listen until stop is called; without a listen it does nothing. They
// look at the ledger by a connection of their own: on SQLite a plan keeps the worker's for as long as it renders.
func (h *house) serveSite(ctx context.Context, cfg *config.Config, log *slog.Logger) (stop func(), err error) {
	if cfg.Web.Listen == "" {
		return func() {}, nil
	}
	state, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return nil, asCallersFault(err)
	}
	contact := cfg.Mail.From.Address
	if to := cfg.Mail.ReplyTo; to != nil {
		contact = to.Address
	}
	site := &web.Site{Archive: state, Links: newLinks(cfg), Keep: cfg.State.KeepBodies, Contact: contact, Now: time.Now, Log: log,
		Metrics: h.newMetrics(state, log).Handler()}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Web.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("web.listen: %w", err), state.Close())
	}
	log.Info("web server started", "address", listener.Addr().String(), "links", site.Links != nil)
	stopServing := serveHTTP(listener, site.Handler(), log)
	return func() {
		stopServing()
		_ = state.Close() // nothing is under way there any more
	}, nil
}

// newMetrics watches the worker and its ledger.
func (h *house) newMetrics(state *ledger.Ledger, log *slog.Logger) *web.Metrics {
	cfg := h.Config
	return &web.Metrics{Ledger: state, Commit: commit(), Environment: cfg.Environment, Username: cfg.Web.Username, Password: string(cfg.Web.Password),
		Now: time.Now, Log: log,
		Config: func() string { return cfg.Version },
		Vital: func() web.Vital {
			v := h.Vitals()
			return web.Vital{RelayFailures: v.RelayFailures, SourceAge: v.SourceAge}
		},
		Schedules: func() (all []web.Clockwork) {
			for _, s := range cfg.Schedules {
				all = append(all, web.Clockwork{Name: s.Name, Digest: s.Digest, Next: func(after time.Time) time.Time { return s.Spec.Next(after, s.Zone) }})
			}
			return all
		}}
}

// serveHTTP serves until stop is called, which lets what is in flight end.
func serveHTTP(listener net.Listener, handler http.Handler, log *slog.Logger) (stop func()) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 1 << 16,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("web server stopped", "error", err)
		}
	})
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // who still reads after that reads no more
		}
		done.Wait()
	}
}

// forgetEvery is how often a worker empties the bodies that are older than state.keep_bodies.
const forgetEvery = time.Hour

// forgetOldMails does so until ctx ends, beginning now.
func forgetOldMails(ctx context.Context, cfg *config.Config, state *ledger.Ledger, log *slog.Logger) {
	for again := time.NewTicker(forgetEvery); ; {
		switch n, err := state.Forget(ctx, cfg.State.KeepBodies); {
		case err != nil && ctx.Err() == nil:
			log.Warn("old mails are still kept, trying again", "error", err)
		case n > 0:
			log.Info("old mails emptied", "mails", n, "older_than", cfg.State.KeepBodies)
		}
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
		}
	}
}
