package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Counts is what happens in a process, whatever its config is meanwhile: there is one, which all Metrics that follow
// each other show. Its methods may be called from anywhere at any time.
type Counts struct {
	runs, digests, pings *prometheus.CounterVec
	planned, ran         *prometheus.HistogramVec
	delivered            prometheus.Histogram
}

// The outcomes that are counted, each from 0 for every schedule, so that rates and absences can be asked for.
var (
	runOutcomes    = []string{"ok", "partial", "failed", "missed"}
	digestOutcomes = []string{"sent", "failed", "unknown", "skipped"}
	pingOutcomes   = []string{"ok", "failed"}
)

// NewCounts begins at 0.
func NewCounts() *Counts {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"schedule", "outcome"})
	}
	perSchedule := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"schedule"})
	}
	const minute, hour = 60.0, 3600.0
	return &Counts{
		runs: counter("drumbeat_runs_total", "Runs that ended in this process. ok: no digest failed; partial: some did, or may not have arrived; "+
			"failed: all did; missed: a tick that nobody makes up for."),
		digests: counter("drumbeat_digests_total", "Digests that this process dealt with, each time that it did. sent; failed: not made, or refused for good; "+
			"unknown: perhaps sent; skipped: left out for a reason, which the ledger knows."),
		pings: counter("drumbeat_pings_total", "Signals to the schedule's ping URL. failed: not taken after several tries, or overtaken by the next one."),
		planned: perSchedule("drumbeat_plan_duration_seconds", "How long it took to make and record the digests of a run: read, compute, render, record.",
			.1, .25, .5, 1, 2.5, 5, 10, 30, minute, 2*minute, 5*minute, 10*minute, 30*minute),
		ran: perSchedule("drumbeat_run_duration_seconds", "How long a run took, from its tick's turn to its last mail; with the recipients' own hours that is a day and more.",
			1, 5, 15, minute, 5*minute, 15*minute, hour, 3*hour, 6*hour, 12*hour, 24*hour, 48*hour),
		delivered: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "drumbeat_delivery_duration_seconds",
			Help: "How long the relay took for a mail, whatever it said, from MAIL to its last word.", Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, minute, 5 * minute, 10 * minute}}),
	}
}

// know begins the series of a schedule.
func (c *Counts) know(s Clockwork) {
	for _, outcome := range runOutcomes {
		c.runs.WithLabelValues(s.Name, outcome)
	}
	for _, outcome := range digestOutcomes {
		c.digests.WithLabelValues(s.Name, outcome)
	}
	if s.Pinged {
		for _, outcome := range pingOutcomes {
			c.pings.WithLabelValues(s.Name, outcome)
		}
	}
	c.planned.WithLabelValues(s.Name)
	c.ran.WithLabelValues(s.Name)
}

func (c *Counts) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.runs, c.digests, c.pings, c.planned, c.ran, c.delivered}
}

// Planned implements worker.Meter.
func (c *Counts) Planned(schedule string, took time.Duration) {
	c.planned.WithLabelValues(schedule).Observe(took.Seconds())
}

// Delivered implements worker.Meter.
func (c *Counts) Delivered(took time.Duration) { c.delivered.Observe(took.Seconds()) }

// Digests implements worker.Meter; the outcomes are the ledger's states.
func (c *Counts) Digests(schedule, outcome string, n int) {
	c.digests.WithLabelValues(schedule, outcome).Add(float64(n))
}

// Ended implements worker.Meter.
func (c *Counts) Ended(schedule, outcome string, took time.Duration) {
	c.runs.WithLabelValues(schedule, outcome).Inc()
	if outcome != "missed" {
		c.ran.WithLabelValues(schedule).Observe(took.Seconds())
	}
}

// Pinged counts a signal by what became of it.
func (c *Counts) Pinged(schedule string, err error) {
	outcome := pingOutcomes[0]
	if err != nil {
		outcome = pingOutcomes[1]
	}
	c.pings.WithLabelValues(schedule, outcome).Inc()
}
