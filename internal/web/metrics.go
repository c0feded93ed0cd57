package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"drumbeat/internal/ledger"
)

// Watched is what the ledger tells whoever watches.
type Watched interface {
	Standings(ctx context.Context, f ledger.Filter) (map[ledger.State]ledger.Standing, error)
	Progress(ctx context.Context) (map[string]ledger.Progress, error)
}

// Clockwork is a schedule, as far as it can be late.
type Clockwork struct {
	Name   string
	Digest string
	Next   func(after time.Time) time.Time // its next tick; zero: none
	Pinged bool                            // a monitor hears of its runs
}

// Vital is what the worker tells whoever watches.
type Vital struct {
	RelayFailures int
	SourceAge     map[string]time.Duration // by schedule
}

// Metrics answers Prometheus: how deliveries and schedules stand, by the ledger, and how the worker is. It names
// schedules and states, never a person: whoever may watch need not know who gets what.
type Metrics struct {
	Ledger             Watched
	Schedules          func() []Clockwork
	Vital              func() Vital
	Counts             *Counts // of the process
	Commit             string
	Config             func() string                      // the version of the config
	Reload             func() (failed bool, at time.Time) // of the config, the last one; zero time: none since the start
	Environment        string
	Username, Password string // asked for where there is a username
	Now                func() time.Time
	Log                *slog.Logger

	lookout lookout[standing]
}

// standing is how deliveries and schedules stand.
type standing struct {
	standings map[ledger.State]ledger.Standing
	progress  map[string]ledger.Progress
}

var (
	descDeliveries = prometheus.NewDesc("drumbeat_deliveries",
		"Digests in the ledger by state. pending: waits to be sent; sending: a worker has it; unknown: perhaps sent, an operator decides (drumbeat ledger list --state unknown).",
		[]string{"state"}, nil)
	descOldest = prometheus.NewDesc("drumbeat_oldest_delivery_seconds",
		"For how long the oldest digest in this state has been in it; 0: there is none. pending counts from when it could have been sent, not from when it was planned for a later hour.",
		[]string{"state"}, nil)
	descLastDue = prometheus.NewDesc("drumbeat_schedule_last_due_timestamp_seconds",
		"The tick up to which the schedule's digests have been made (or, at first sight of a schedule, when that was).",
		[]string{"schedule", "digest"}, nil)
	descNextDue = prometheus.NewDesc("drumbeat_schedule_next_due_timestamp_seconds",
		"The schedule's first tick whose digests have not been made. In the past: they are overdue, look for 'schedule not run' in the log.",
		[]string{"schedule", "digest"}, nil)
	descFinished = prometheus.NewDesc("drumbeat_schedule_last_finished_timestamp_seconds",
		"When the last digest of one of the schedule's runs was dealt with, the last time that this happened.",
		[]string{"schedule", "digest"}, nil)
	descSuccess = prometheus.NewDesc("drumbeat_schedule_last_success_timestamp_seconds",
		"When the last run of the schedule ended none of whose digests failed or may not have arrived, by the ledger; absent: never yet.",
		[]string{"schedule", "digest"}, nil)
	descRelay = prometheus.NewDesc("drumbeat_relay_failures",
		"Failures of the mail relay in a row: it could not be reached, refused the login or hung up. 0: it works, or nothing had to be sent. While it grows nothing is sent, and nothing is lost.",
		nil, nil)
	descSource = prometheus.NewDesc("drumbeat_source_age_seconds",
		"How old the newest row of the pipeline database was when this worker last read it for the schedule: old means that the loading of the CRM stands still.",
		[]string{"schedule"}, nil)
	descLedger = prometheus.NewDesc("drumbeat_ledger_up",
		"1: the state database answered this scrape (or one a few seconds ago). 0: it did not, and what is said of deliveries and schedules is old.",
		nil, nil)
	descReadAt = prometheus.NewDesc("drumbeat_ledger_read_timestamp_seconds",
		"When the state database last said what is told here of deliveries and schedules.",
		nil, nil)
	descReload = prometheus.NewDesc("drumbeat_config_reload_failed",
		"1: the config was changed and could not be taken, the old one is in force; the log says why ('config not reloaded'). 0: the last change was taken, or there was none.",
		nil, nil)
	descReloadAt = prometheus.NewDesc("drumbeat_config_reload_timestamp_seconds",
		"When the config was last read again, whether it could be taken or not; absent: not since the start.",
		nil, nil)
	descBuild = prometheus.NewDesc("drumbeat_build_info",
		"1. The program's commit, the Go it was built with, and the environment.",
		[]string{"commit", "go", "environment"}, nil)
	descConfig = prometheus.NewDesc("drumbeat_config_info",
		"1. The version of the config in force: a hash of the file and its process, which the log and the admins' digest name too.",
		[]string{"config"}, nil)
)

// Handler answers one scrape after the other.
func (m *Metrics) Handler() http.Handler {
	registry := prometheus.NewRegistry() // our own: nothing that a library registers by itself comes in
	for _, s := range m.Schedules() {
		m.Counts.know(s)
	}
	registry.MustRegister(m.Counts.collectors()...)
	registry.MustRegister(m, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	scrape := promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(m.Log.Handler(), slog.LevelWarn)})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !knows(r, m.Username, m.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Drumbeat metrics", charset="UTF-8"`)
			plain(w, http.StatusUnauthorized, "name and password are those of web.auth in the config\n")
			return
		}
		scrape.ServeHTTP(w, r)
	})
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descDeliveries, descOldest, descLastDue, descNextDue, descFinished, descSuccess, descRelay, descSource,
		descLedger, descReadAt, descReload, descReloadAt, descBuild, descConfig} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descBuild, 1, m.Commit, runtime.Version(), m.Environment)
	gauge(descConfig, 1, m.Config())
	failed, at := m.Reload()
	gauge(descReload, map[bool]float64{true: 1}[failed])
	if !at.IsZero() {
		gauge(descReloadAt, seconds(at))
	}
	vital := m.Vital()
	gauge(descRelay, float64(vital.RelayFailures))
	for schedule, age := range vital.SourceAge {
		gauge(descSource, age.Seconds(), schedule)
	}
	r := m.read()
	up := 1.0
	if r.err != nil {
		up = 0
	}
	gauge(descLedger, up)
	if r.at.IsZero() {
		return
	}
	gauge(descReadAt, seconds(r.at))
	for _, state := range ledger.States {
		gauge(descDeliveries, float64(r.said.standings[state].N), string(state))
	}
	since := m.Now().Sub(r.at) // what was waiting then has waited longer by now
	for _, state := range []ledger.State{ledger.Pending, ledger.Sending, ledger.Unknown} {
		age := r.said.standings[state].Oldest
		if age > 0 {
			age += since
		}
		gauge(descOldest, age.Seconds(), string(state))
	}
	for _, s := range m.Schedules() {
		p, seen := r.said.progress[s.Name]
		if !seen {
			continue // the worker has not looked at it yet
		}
		gauge(descLastDue, seconds(p.LastDue), s.Name, s.Digest)
		if next := s.Next(p.LastDue); !next.IsZero() {
			gauge(descNextDue, seconds(next), s.Name, s.Digest)
		}
		if !p.LastFinished.IsZero() {
			gauge(descFinished, seconds(p.LastFinished), s.Name, s.Digest)
		}
		if !p.LastSuccess.IsZero() {
			gauge(descSuccess, seconds(p.LastSuccess), s.Name, s.Digest)
		}
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// read asks the ledger, unless it was asked a moment ago. While it does not answer, what it said last stands.
func (m *Metrics) read() sighting[standing] {
	r, failed := m.lookout.look(m.Now, func(ctx context.Context) (s standing, err error) {
		if s.standings, err = m.Ledger.Standings(ctx, ledger.Filter{}); err == nil {
			s.progress, err = m.Ledger.Progress(ctx)
		}
		return s, err
	})
	if failed { // told once, not at every scrape
		m.Log.Warn("metrics: the ledger does not answer", "error", r.err)
	}
	return r
}
