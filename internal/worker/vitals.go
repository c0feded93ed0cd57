package worker

import (
	"maps"
	"sync"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/ledger"
)

// Process is what holds for all workers of a process together.
type Process struct {
	Pings Pinger // nil: nobody is pinged
	Meter Meter  // nil: nobody counts

	pace  pacer
	air   air
	pings pings
}

// process gives what the worker shares with others, or has for itself.
func (w *Worker) process() *Process {
	w.once.Do(func() {
		if w.Process == nil {
			w.Process = new(Process)
		}
	})
	return w.Process
}

// Meter counts what happens, for whoever watches. It returns at once.
type Meter interface {
	Planned(schedule string, took time.Duration)        // digests were made and recorded
	Digests(schedule, outcome string, n int)            // so many were dealt with: sent, failed, unknown or skipped
	Delivered(took time.Duration)                       // the relay had its say about a mail
	Ended(schedule, outcome string, took time.Duration) // of a run: ok, partial, failed or missed
}

type unmetered struct{}

func (unmetered) Planned(string, time.Duration)       {}
func (unmetered) Digests(string, string, int)         {}
func (unmetered) Delivered(time.Duration)             {}
func (unmetered) Ended(string, string, time.Duration) {}

func (w *Worker) meter() Meter {
	if m := w.process().Meter; m != nil {
		return m
	}
	return unmetered{}
}

// outcome is a word for how a run ended that is dealt with.
func (s Summary) outcome() string {
	switch {
	case s.Done():
		return "ok"
	case s.InAll == 0:
		return "failed"
	}
	return "partial"
}

// count counts a plan that was recorded: how long it took, the digests that nobody is sent, and those that could not be made.
func (w *Worker) count(r *round, began time.Time, withdrawn int) {
	if r.sum.Known < r.sum.People {
		w.meter().Planned(r.schedule.Name, w.Now().Sub(began))
	}
	w.meter().Digests(r.schedule.Name, string(ledger.Skipped), r.sum.Skipped+withdrawn)
	w.meter().Digests(r.schedule.Name, string(ledger.Failed), r.notMade)
}

// Vitals is what whoever watches a worker wants to know of it, beside what the ledger tells.
type Vitals struct {
	RelayFailures int                      // in a row, of all connections together; 0: the relay works, for all that is known
	RelayWords    string                   // the last failure's, without addresses and secrets; empty where it works
	RelaySince    time.Time                // of the first of these failures
	SourceAge     map[string]time.Duration // by schedule: how old the newest row was when this process last read the pipeline for it
	Hindered      map[string]Hindrance     // by schedule: what keeps its digests from being made, for all that this process has tried
}

// Hindrance is why the digests of a schedule cannot be made.
type Hindrance struct {
	Since time.Time // when this process first met it
	Words string    // without addresses and secrets
	Held  bool      // the data were read, and are not to be trusted
	Setup bool      // the config does not fit the pipeline's people
}

// Vitals gives them as of now.
func (w *Worker) Vitals() Vitals {
	w.vitals.mu.Lock()
	defer w.vitals.mu.Unlock()
	v := Vitals{SourceAge: maps.Clone(w.vitals.sourceAge), Hindered: maps.Clone(w.vitals.hindered)}
	var why error
	if v.RelayFailures, v.RelaySince, why = w.gate.standing(); v.RelayFailures > 0 && why != nil {
		v.RelayWords = w.Plain(why.Error())
	}
	return v
}

// Plain makes a line of what an error says that others may read too: without addresses, passwords and DSNs.
func (w *Worker) Plain(words string) string { return withoutAddresses(w.Config.WithoutSecrets(words)) }

// vitals is where the rooms of a worker note them.
type vitals struct {
	mu        sync.Mutex
	sourceAge map[string]time.Duration
	hindered  map[string]Hindrance
}

// read notes how fresh the data of a schedule's digests are; a pipeline in which nothing ever happened has no age.
func (v *vitals) read(schedule string, r *health.Report) {
	if !r.Newest.OK {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sourceAge == nil {
		v.sourceAge = map[string]time.Duration{}
	}
	v.sourceAge[schedule] = max(0, r.AsOf.Sub(r.Newest.V))
}

// hinder notes what came of the last try to make a schedule's digests; nil: nothing is in their way.
func (w *Worker) hinder(schedule string, err error) {
	v := &w.vitals
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil {
		delete(v.hindered, schedule)
		return
	}
	due := w.dueTick(schedule, time.Time{}, err)
	h := Hindrance{Since: w.Now(), Words: withoutAddresses(due.Why), Held: due.Data != nil, Setup: due.Setup}
	if before, known := v.hindered[schedule]; known {
		h.Since = before.Since
	}
	if v.hindered == nil {
		v.hindered = map[string]Hindrance{}
	}
	v.hindered[schedule] = h
}
