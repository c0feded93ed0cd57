package worker

import (
	"context"
	"fmt"
	"strings"

	"drumbeat/internal/digest"
	"drumbeat/internal/pipeline"
)

// DataError means that the pipeline can be read and that no digest may be made of it: it is empty, half loaded, or its
// load has stopped. It is looked at again later, or accepted by a person.
type DataError struct {
	State *digest.DataState
	why   string
}

// Error says what is wrong with the data, and what to do where they are right nonetheless.
func (e *DataError) Error() string {
	return e.why + "; look whether its load still runs, or make digests of it as it is with: drumbeat run … --accept-data"
}

// trust is nil when digests may be made of the figures, and a *DataError when that would mislead everybody. A person
// who looks at them first, alone, sees them in any case.
func (w *Worker) trust(ctx context.Context, r *round, f *figures) error {
	if r.job.AcceptData || r.job.Redirect != "" {
		return nil
	}
	runs, err := w.history().Runs(ctx, r.end.Add(-remembered))
	if err != nil {
		return err
	}
	state := stateOf(f, rowsBefore(runs, r.schedule.Name, r.end))
	if !state.Unfit() {
		return nil
	}
	return &DataError{State: state, why: w.unfitness(state)}
}

// unfitness says in a line why digests are held.
func (w *Worker) unfitness(s *digest.DataState) string {
	if s.Rows[string(pipeline.Deals)] == 0 {
		return "the pipeline database holds no deals from before " + pipeline.DateOf(s.AsOf, w.Config.Zone).String()
	}
	if s.Stale() {
		return "the newest entry in the pipeline database is of " + pipeline.DateOf(s.Newest.V, w.Config.Zone).String() +
			", and the figures would be as of " + pipeline.DateOf(s.AsOf, w.Config.Zone).String()
	}
	var fewer []string
	for _, kind := range s.Fewer() {
		fewer = append(fewer, fmt.Sprintf("%d %s, %d the run before", s.Rows[kind], kind, s.Before[kind]))
	}
	return "the pipeline database holds far fewer rows than at the run before (" + strings.Join(fewer, "; ") + ")"
}
