package worker

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"drumbeat/internal/health"
	"drumbeat/internal/ledger"
)

// Process is what holds for all workers of a process together.
type Process struct {
	Pings Pinger // nil: nobody is pinged
	Meter Meter  // nil: nobody counts

	pace    pacer
	inDoubt atomic.Int32 // senders of whom the ledger has not heard
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
	SourceAge     map[string]time.Duration // by schedule: how old the newest row was when this process last read the pipeline for it
}

// Vitals gives them as of now.
func (w *Worker) Vitals() Vitals {
	w.vitals.mu.Lock()
	defer w.vitals.mu.Unlock()
	return Vitals{RelayFailures: w.gate.inARow(), SourceAge: maps.Clone(w.vitals.sourceAge)}
}

// vitals is where the rooms of a worker note them.
type vitals struct {
	mu        sync.Mutex
	sourceAge map[string]time.Duration
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
