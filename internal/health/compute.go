package health

import (
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Settings are the choices that metrics.md leaves to a company; New of package config fills in the defaults.
type Settings struct {
	Location       *time.Location // where windows and forecast periods have their edges
	Window         pipeline.Span
	Currency       string             // of the report
	Rates          map[string]float64 // 1 unit of a currency (upper case) = so many of the report's
	Lookback       time.Duration
	Grace          time.Duration
	MinDue         int
	MinHistory     int
	MinCalled      int
	SilentAfter    time.Duration
	LeastStall     time.Duration
	Focus          string        // a checkpoint for everybody; empty: found by its misses
	PeriodSpan     pipeline.Span // Month or Quarter
	FiscalStart    int           // month, 1 to 12
	CallAfter      time.Duration
	CategoryChance map[string]float64
}

// Input is what a report is computed from.
type Input struct {
	AsOf     time.Time
	Settings Settings
	Process  *process.Process
	Reading  *pipeline.Reading // its Reps after the config's people
}

// Compute reads the deals once and gives every figure as of in.AsOf. It fails only when reading fails.
func Compute(in Input) (*Report, error) {
	return nil, nil
}
