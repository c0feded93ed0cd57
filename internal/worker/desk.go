package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drumbeat/internal/digest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// desk keeps what rounds of one instant share, so that it is read and computed once.
type desk struct {
	w       *Worker
	people  []pipeline.Rep // who is there at all; nil: not read yet
	unread  error          // why they could not be read: nobody waits for the same database twice
	figures map[occasion]*figures
	look    look // what was seen of the open deals
}

type occasion struct {
	asOf   time.Time
	window pipeline.Span
}

// figures is everything that digests of one instant and window are built from.
type figures struct {
	report   *health.Report
	byRep    *digest.ByRep  // where in the report each rep's deals are
	before   *health.Report // as of the window's start: what became of its agenda; nil where nobody asks
	agendas  *digest.ByRep  // the same of before
	asked    *health.Report // as if criteria that are announced had been asked for; nil: none is
	settings health.Settings
	reps     []pipeline.Rep
	ops      *digest.Operations // of an admins' digest, which has nothing else
}

func (w *Worker) newDesk() *desk { return &desk{w: w, figures: map[occasion]*figures{}} }

// reps gives the people of the source and the config, without reading a single deal.
func (d *desk) reps(ctx context.Context, asOf time.Time) (reps []pipeline.Rep, err error) {
	if d.people == nil && d.unread == nil {
		defer func() { d.unread = err }()
		reading, done, err := d.w.read(ctx, pipeline.Everything(asOf))
		if err != nil {
			return nil, err
		}
		if err := done(); err != nil {
			return nil, fmt.Errorf("read reps: %w", err)
		}
		d.people = reading.Reps
	}
	return d.people, d.unread
}

// compute reads the pipeline as of an instant and computes its figures.
func (d *desk) compute(ctx context.Context, asOf time.Time, window pipeline.Span) (*figures, error) {
	key := occasion{asOf.UTC(), window}
	if f := d.figures[key]; f != nil {
		return f, nil
	}
	f, err := d.judge(ctx, asOf, window, d.w.Config.Process)
	if err != nil {
		return nil, err
	}
	d.figures[key] = f
	return f, nil
}

// judge reads the pipeline as of an instant and computes its figures by a process.
func (d *desk) judge(ctx context.Context, asOf time.Time, window pipeline.Span, by *process.Process) (f *figures, err error) {
	set := d.w.Config.HealthSettings(window)
	reading, done, err := d.w.read(ctx, health.Needs(asOf, set, by))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := d.w.observe(ctx, &d.look, reading, asOf); err != nil {
		return nil, fmt.Errorf("what was observed: %w", err)
	}
	f = &figures{settings: set, reps: reading.Reps}
	f.report, err = health.Compute(health.Input{AsOf: asOf, Settings: set, Process: by, Reading: reading})
	if err != nil {
		return nil, err
	}
	f.byRep = digest.NewByRep(f.report)
	return f, nil
}

// withAnnounced adds, once, what criteria would have shown that the process will only ask for later.
func (d *desk) withAnnounced(ctx context.Context, f *figures, window pipeline.Span) error {
	p, asOf := d.w.Config.Process, f.report.AsOf
	if f.asked != nil || len(p.Announced(asOf)) == 0 {
		return nil
	}
	asked, err := d.judge(ctx, asOf, window, p.AsIfAsked(asOf))
	if err != nil {
		return fmt.Errorf("what is announced: %w", err)
	}
	f.asked = asked.report
	return nil
}

// of gives what the digests of a round are built from. A manager's asks what became of the last agenda, and for
// that the pipeline is looked at a second time, as it was when the window began.
func (d *desk) of(ctx context.Context, r *round) (*figures, error) {
	f, err := d.compute(ctx, r.end, r.schedule.Window)
	if err == nil {
		err = d.withAnnounced(ctx, f, r.schedule.Window)
	}
	if err != nil || digest.Kind(r.schedule.Digest) != digest.Manager {
		return f, err
	}
	before, err := d.compute(ctx, f.report.Window.Start, r.schedule.Window)
	if err != nil {
		return nil, fmt.Errorf("the last agenda: %w", err)
	}
	both := *f
	both.before, both.agendas = before.report, before.byRep
	return &both, nil
}

// PeopleError means that the config speaks of people whom the source does not have.
type PeopleError struct{ error }

// read opens one view of the pipeline, the config's word on people laid over it.
func (w *Worker) read(ctx context.Context, needs pipeline.Needs) (*pipeline.Reading, func() error, error) {
	reading, done, err := w.Source.ReadFor(ctx, needs)
	if err != nil {
		return nil, nil, err
	}
	reading.Reps, err = pipeline.Overlay(reading.Reps, w.Config.People)
	if err != nil {
		return nil, nil, errors.Join(PeopleError{err}, done())
	}
	return reading, done, nil
}
