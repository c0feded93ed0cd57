package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
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

// site is what readers and watchers reach on web.listen while workers with one config after the other serve. They look
// at the ledger by a connection of their own: on SQLite a plan keeps the worker's for as long as it renders.
type site struct {
	state   *ledger.Ledger // nil: nobody listens
	now     atomic.Pointer[http.Handler]
	close   func()
	reloads *reloads
	counts  *web.Counts // of the process, whatever its config
	began   time.Time
	memory  web.Memory // of the status page
}

// openSite listens on web.listen; without one it does nothing.
func openSite(ctx context.Context, cfg *config.Config, told *reloads, log *slog.Logger) (*site, error) {
	s := &site{close: func() {}, reloads: told, counts: web.NewCounts(), began: time.Now()}
	if cfg.Web.Listen == "" {
		return s, nil
	}
	state, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return nil, asCallersFault(err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Web.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("web.listen: %w", err), state.Close())
	}
	log.Info("web server started", "address", listener.Addr().String(), "links", cfg.Web.BaseURL != "")
	s.state = state
	stop := serveHTTP(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := s.now.Load(); handler != nil {
			(*handler).ServeHTTP(w, r)
			return
		}
		http.Error(w, "starting", http.StatusServiceUnavailable)
	}), log)
	s.close = func() {
		stop()
		_ = state.Close() // nothing is under way there any more
	}
	return s, nil
}

// show lets the site speak of a house from now on.
func (s *site) show(h *house) {
	if s.state == nil {
		return
	}
	cfg := h.Config
	contact := cfg.Mail.From.Address
	if to := cfg.Mail.ReplyTo; to != nil {
		contact = to.Address
	}
	handler := (&web.Site{Archive: s.state, Links: newLinks(cfg), Keep: cfg.State.KeepBodies, Contact: contact, Now: time.Now, Log: h.Log,
		Metrics: s.newMetrics(h).Handler(), Status: s.newStatus(h).Handler()}).Handler()
	s.now.Store(&handler)
}

// newMetrics watches the worker and its ledger.
func (s *site) newMetrics(h *house) *web.Metrics {
	cfg := h.Config
	return &web.Metrics{Ledger: s.state, Commit: commit(), Environment: cfg.Environment, Username: cfg.Web.Username, Password: string(cfg.Web.Password),
		Now: time.Now, Log: h.Log,
		Reload: func() (failed bool, at time.Time) {
			at, why := s.reloads.last()
			return why != nil, at
		},
		Config: func() string { return cfg.Version },
		Counts: s.counts,
		Vital: func() web.Vital {
			v := h.Vitals()
			return web.Vital{RelayFailures: v.RelayFailures, SourceAge: v.SourceAge}
		},
		Schedules: func() (all []web.Clockwork) {
			for _, s := range cfg.Schedules {
				all = append(all, web.Clockwork{Name: s.Name, Digest: s.Digest, Pinged: s.Ping != "",
					Next: func(after time.Time) time.Time { return s.Spec.Next(after, s.Zone) }})
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
