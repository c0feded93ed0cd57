package health_test

import (
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
)

// BenchmarkCompute measures the figures alone, from memory: what a run costs beside the reading.
func BenchmarkCompute(b *testing.B) {
	proc, faults := process.Read("process.yaml", files.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	p := sample.Generate(sample.Options{Seed: 1, Reps: 400, Deals: 20_000, Process: proc})
	reading := p.Reading(sample.AsOf)
	var deals []pipeline.History
	rows := 0
	for h, err := range reading.Deals {
		if err != nil {
			b.Fatal(err)
		}
		deals = append(deals, *h)
		rows += 1 + len(h.Changes) + len(h.Activities) + len(h.Forecasts) + len(h.Criteria)
	}
	reading.Deals = func(yield func(*pipeline.History, error) bool) {
		for i := range deals {
			if !yield(&deals[i], nil) {
				return
			}
		}
	}
	day := 24 * time.Hour
	in := health.Input{AsOf: sample.AsOf, Process: proc, Reading: reading, Settings: health.Settings{Location: time.UTC, Window: pipeline.Week,
		Currency: "EUR", Lookback: 365 * day, Grace: 3 * day, MinDue: 5, MinHistory: 20, MinCalled: 5, SilentAfter: 21 * day,
		LeastStall: 3 * day, PeriodSpan: pipeline.Quarter, FiscalStart: 1, CallAfter: 14 * day,
		CategoryChance: map[string]float64{"commit": 0.9, "best_case": 0.6, "pipeline": 0.2, "omitted": 0}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := health.Compute(in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
