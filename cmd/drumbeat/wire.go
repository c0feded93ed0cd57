package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/mail"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/render"
	"drumbeat/internal/source"
	"drumbeat/internal/worker"
	"drumbeat/internal/yamlfile"
)

// This file is the only place where concrete types meet.

func openSource(ctx context.Context, cfg *config.Config) (*source.Source, error) {
	waivers, faults := readWaivers(cfg.Waivers)
	if len(faults) > 0 {
		return nil, faults
	}
	return openSourceWith(ctx, cfg, waivers)
}

func openSourceWith(ctx context.Context, cfg *config.Config, waivers []pipeline.Waiver) (*source.Source, error) {
	return source.Open(ctx, source.Config{DSN: string(cfg.Source.DSN), Preset: cfg.Source.Preset, Schema: cfg.Source.Schema,
		Queries: cfg.Source.Queries, StatementTimeout: cfg.Source.StatementTimeout, Waivers: waivers})
}

// lateSource is a source that could not be reached when it was to be opened: whoever reads it opens it, so that a
// worker outlives the outage of a database, and can tell of it.
type lateSource struct {
	open func(context.Context) (*source.Source, error)

	mu  sync.Mutex
	src *source.Source // nil: not open yet
}

// openLate opens the source, and says so where it has to be done later. What is wrong with the config is an error.
func openLate(ctx context.Context, cfg *config.Config, log *slog.Logger) (*lateSource, error) {
	waivers, faults := readWaivers(cfg.Waivers) // now, with the rest of the config, also where the source opens later
	if len(faults) > 0 {
		return nil, faults
	}
	open := func(ctx context.Context) (*source.Source, error) { return openSourceWith(ctx, cfg, waivers) }
	src, err := open(ctx)
	if err != nil && (isFaults(err) || ctx.Err() != nil || !strings.HasPrefix(string(cfg.Source.DSN), "postgres")) {
		return nil, err
	}
	if err != nil {
		log.Error("source out of reach, it is tried again when it is read", "error", err)
	}
	return &lateSource{open: open, src: src}, nil
}

// ReadFor implements worker.Source.
func (s *lateSource) ReadFor(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	src, err := s.opened(ctx)
	if err != nil {
		return nil, nil, err
	}
	return src.ReadFor(ctx, needs)
}

func (s *lateSource) opened(ctx context.Context) (*source.Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src != nil {
		return s.src, nil
	}
	src, err := s.open(ctx)
	if err == nil {
		s.src = src
	}
	return src, err
}

// Close closes what was opened.
func (s *lateSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src == nil {
		return nil
	}
	return s.src.Close()
}

func newRenderer(cfg *config.Config) (*render.Renderer, error) {
	if cfg.Templates == "" {
		return render.New()
	}
	r, faults := checkTemplates(cfg.Templates)
	return r, faults.Err()
}

// rendererOver lays a folder over the built-in templates. A link in it may lead to another file of the folder, as those of a
// mounted config do, and nowhere else: what is read as a template is mailed.
func rendererOver(folder string) (*render.Renderer, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	r, err := render.New(render.WithTemplates(root.FS()))
	return r, errors.Join(err, root.Close())
}

// connector opens connections to the config's relay.
func connector(cfg *config.Config, log *slog.Logger) func(context.Context) (worker.Conn, error) {
	sender := mail.NewSender(relay(cfg.Mail.SMTP), log)
	return func(ctx context.Context) (worker.Conn, error) {
		conn, err := sender.Connect(ctx)
		if err != nil {
			return nil, err // not a nil *mail.Conn in an interface
		}
		return conn, nil
	}
}

// relay is the sender's view of the config. The patience after the final dot stays the sender's own: whoever gives up
// sooner sends twice.
func relay(c config.SMTP) mail.SMTPConfig {
	return mail.SMTPConfig{Host: c.Host, Port: c.Port, TLS: mail.TLSMode(c.TLS), Auth: c.Auth, Username: c.Username,
		Password: string(c.Password), CAFile: c.CAFile, Timeout: c.Timeout}
}

// house is everything that a worker stands on, open.
type house struct {
	*worker.Worker
	state   *ledger.Ledger // nil: nothing is recorded
	past    *pastRuns      // of the real ledger, where this run records nothing or elsewhere; else nil
	closers []func() error
}

func (h *house) Close() error {
	var errs []error
	for _, c := range slices.Backward(h.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// openHouse opens source, templates and relay, and the ledger at stateDSN; empty: nothing is recorded.
func openHouse(ctx context.Context, cfg *config.Config, stateDSN string, log *slog.Logger) (*house, error) {
	h, err := furnish(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if stateDSN != string(cfg.State.DSN) {
		h.past = newPastRuns(cfg, func(err error) { log.Warn("the state database cannot be read", "error", err) })
		h.Past = h.past
		h.closers = append(h.closers, h.past.Close)
	}
	if stateDSN == "" {
		return h, nil
	}
	state, leave, err := takeLedger(ctx, cfg.Environment, stateDSN)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.closers = append(h.closers, leave)
	h.Ledger, h.state = state, state
	if h.past == nil {
		h.Past = state
	}
	return h, nil
}

// furnish opens source, templates and relay: all that a config can change while a worker runs.
func furnish(ctx context.Context, cfg *config.Config, log *slog.Logger) (*house, error) {
	src, err := openLate(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	renderer, err := newRenderer(cfg)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h := &house{closers: []func() error{src.Close}}
	h.Worker = &worker.Worker{Config: cfg, Source: src, Render: renderer.Render, Voice: renderer.Voice, Connect: connector(cfg, log), Now: time.Now,
		Log: log, Owner: fmt.Sprintf("%s/%d", host, os.Getpid()), Version: "config " + cfg.Version + ", drumbeat " + commit() + ", " + cfg.Environment + " on " + host}
	if links := newLinks(cfg); links != nil {
		h.Links = links
	}
	return h, nil
}

// takeLedger opens the ledger for a worker, which on SQLite has it alone until it leaves.
func takeLedger(ctx context.Context, environment, dsn string) (state *ledger.Ledger, leave func() error, err error) {
	state, err = ledger.Open(ctx, dsn)
	if err != nil {
		return nil, nil, asCallersFault(err)
	}
	release := func() error { return nil }
	if err = state.Guard(ctx, environment); err == nil {
		release, err = state.LockProcess(ctx)
	}
	if err != nil {
		return nil, nil, asCallersFault(errors.Join(err, state.Close()))
	}
	leave = func() error { return errors.Join(release(), state.Close()) }
	if err := state.EndDeadLeases(ctx); err != nil {
		return nil, nil, errors.Join(err, leave())
	}
	return state, leave, nil
}

// openLookout opens what says whom schedules will mean: the source, as soon as somebody reads it, and, where there is
// a ledger, who opted out. Nothing is written. The error is the ledger's; the house stands without it.
func openLookout(ctx context.Context, cfg *config.Config) (*house, error) {
	src := &lateSource{open: func(ctx context.Context) (*source.Source, error) { return openSource(ctx, cfg) }}
	h := &house{Worker: &worker.Worker{Config: cfg, Source: src, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
	h.closers = append(h.closers, src.Close)
	there, err := ledger.Look(ctx, string(cfg.State.DSN))
	if err != nil || !there {
		return h, err
	}
	state, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return h, err
	}
	h.closers = append(h.closers, state.Close)
	h.Ledger, h.state = state, state
	return h, nil
}

// lookBack lets a run that records nothing, or elsewhere, tell what the real ledger knows. It writes nothing there.
func (h *house) lookBack(ctx context.Context, cfg *config.Config) error {
	there, err := ledger.Look(ctx, string(cfg.State.DSN))
	if err != nil || !there {
		return asCallersFault(err)
	}
	state, err := ledger.Open(ctx, string(cfg.State.DSN))
	if err != nil {
		return asCallersFault(err)
	}
	h.closers = append(h.closers, state.Close)
	h.History = state
	return nil
}

// asCallersFault marks what the caller has to put right: a wrong DSN, a schema of another version, somebody else's ledger,
// one on a network file system, people whom the source does not have.
func asCallersFault(err error) error {
	var schema *ledger.SchemaError
	var people worker.PeopleError
	if errors.As(err, &schema) || errors.Is(err, ledger.ErrEnvironment) || errors.Is(err, ledger.ErrCopy) || errors.Is(err, ledger.ErrDSN) ||
		errors.Is(err, ledger.ErrNetwork) || errors.As(err, &people) {
		return wrongError{err}
	}
	return err
}

// loadConfig reads a config, and demands what sending needs.
func loadConfig(path string, toSend bool) (*config.Config, error) {
	cfg, faults := config.Load(path, os.LookupEnv)
	if len(faults) > 0 {
		return nil, faults
	}
	if toSend {
		return cfg, cfg.ReadyToSend().Err()
	}
	return cfg, nil
}

// moment is what --as-of and --from may say: a date or an instant; empty is now.
type moment struct {
	date    pipeline.Date
	isDate  bool
	instant time.Time
}

func parseMoment(flag, s string, now time.Time) (moment, error) {
	if s == "" {
		return moment{instant: now}, nil
	}
	if d, err := pipeline.ParseDate(s); err == nil {
		return moment{date: d, isDate: true}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return moment{}, wrong("--%s: %q is neither a date nor an instant; write 2026-06-01 or 2026-06-01T07:00:00Z", flag, s)
	}
	return moment{instant: t.Truncate(time.Microsecond)}, nil // rows know no more
}

// end is the instant of the figures: of a date its first instant at loc, of now the first of today.
func (m moment) end(given bool, loc *time.Location) time.Time {
	switch {
	case m.isDate:
		return m.date.Start(loc)
	case given:
		return m.instant
	}
	return pipeline.DateOf(m.instant, loc).Start(loc)
}

// tick is the schedule's last one at or before the moment; of a date: before its end at loc.
func (m moment) tick(s config.Schedule, loc *time.Location) (time.Time, error) {
	until := m.instant
	if m.isDate {
		until = (m.date + 1).Start(loc).Add(-time.Nanosecond)
	}
	tick := s.Spec.Last(until, s.Zone)
	if tick.IsZero() {
		return tick, wrong("schedule %s: no tick at or before %s; choose a later --as-of", s.Name, until.Format(time.RFC3339))
	}
	return tick, nil
}

// findSchedule gives the schedule of that name, or an error that lists the names there are.
func findSchedule(cfg *config.Config, name string) (config.Schedule, error) {
	var names []string
	for _, s := range cfg.Schedules {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return config.Schedule{}, wrong("%s: there is no schedule %q; the config has none", cfg.Path, name)
	}
	if near := yamlfile.Suggest(name, names); strings.HasPrefix(near, "did you mean") {
		return config.Schedule{}, wrong("%s: there is no schedule %q; %s", cfg.Path, name, near)
	}
	return config.Schedule{}, wrong("%s: there is no schedule %q; choose from %s", cfg.Path, name, strings.Join(names, ", "))
}

// throwAway makes a ledger that nobody reads again, for tests that must not count as sent. It stands where temporary
// files do, or in the spare folder where a bare container has no such place.
func throwAway(spare string) (dsn string, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "drumbeat-")
	if err != nil {
		if dir, err = os.MkdirTemp(spare, "drumbeat-"); err != nil {
			return "", nil, err
		}
	}
	return "sqlite:" + filepath.Join(dir, "state.db"), func() error { return os.RemoveAll(dir) }, nil
}
