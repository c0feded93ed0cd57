package worker

import (
	"maps"
	"sync"
	"time"

	"drumbeat/internal/health"
)

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
