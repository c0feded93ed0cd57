package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"drumbeat/internal/config"
	"drumbeat/internal/ledger"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/worker"
)

// pastRuns are what the runs of a config saw of the open deals, for those who only look. The state database is opened
// when it is asked for, if it is there; what cannot be read is told once and then done without.
type pastRuns struct {
	dsn    string
	tell   func(error)
	state  *ledger.Ledger
	looked bool
}

func newPastRuns(cfg *config.Config, tell func(error)) *pastRuns {
	return &pastRuns{dsn: string(cfg.State.DSN), tell: tell}
}

// open opens the state once; nil: there is none to read.
func (p *pastRuns) open(ctx context.Context) *ledger.Ledger {
	if p.looked {
		return p.state
	}
	p.looked = true
	there, err := ledger.Look(ctx, p.dsn)
	if err == nil && there {
		p.state, err = ledger.Open(ctx, p.dsn)
	}
	if err != nil {
		p.without(err)
	}
	return p.state
}

// without goes on with what the source says.
func (p *pastRuns) without(err error) {
	p.tell(fmt.Errorf("%w; what earlier runs observed is left out", err))
}

// ObservedOn implements worker.Observations.
func (p *pastRuns) ObservedOn(ctx context.Context) ([]pipeline.Date, error) {
	state := p.open(ctx)
	if state == nil {
		return nil, nil
	}
	days, err := state.ObservedOn(ctx)
	if err != nil && ctx.Err() == nil {
		p.without(err)
		return nil, nil
	}
	return days, err
}

// Observations implements worker.Observations.
func (p *pastRuns) Observations(ctx context.Context, until pipeline.Date) iter.Seq2[pipeline.Observation, error] {
	if p.state == nil {
		return func(func(pipeline.Observation, error) bool) {}
	}
	return p.state.Observations(ctx, until)
}

// Close ends the connection, if there is one.
func (p *pastRuns) Close() error {
	if p.state == nil {
		return nil
	}
	return p.state.Close()
}

// lay lays what earlier runs saw over a source that has no history of its own. Without an earlier run it stays as it is.
func (p *pastRuns) lay(ctx context.Context, reading *pipeline.Reading, asOf time.Time, loc *time.Location) error {
	if reading.Tables[pipeline.StageChanges] && reading.Tables[pipeline.Forecasts] {
		return nil
	}
	seen, err := worker.Seen(ctx, p, pipeline.DateOf(time.Now(), loc))
	if err != nil {
		return err
	}
	if seen.Now == nil || len(seen.Days) > 1 {
		reading.Lay(seen, asOf, loc)
	}
	return nil
}
