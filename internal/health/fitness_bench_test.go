package health

import (
	"slices"
	"testing"
	"time"

	files "drumbeat/config"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/sample"
)

// BenchmarkConformance measures fitness and deviations alone, of 20,000 deals in memory.
func BenchmarkConformance(b *testing.B) {
	proc, faults := process.Read("process.yaml", files.ProcessYAML, time.UTC)
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	p := sample.Generate(sample.Options{Seed: 1, Reps: 400, Deals: 20_000, Process: proc})
	c := newComputation(Input{AsOf: sample.AsOf, Process: proc, Reading: p.Reading(sample.AsOf),
		Settings: Settings{Location: time.UTC, Window: pipeline.Week, PeriodSpan: pipeline.Quarter, FiscalStart: 1}})
	var deals []view
	moves := 0
	for h := range p.Deals() {
		if d := c.view(h); d != nil {
			kept := *d
			kept.moves = slices.Clone(d.moves)
			deals = append(deals, kept)
			moves += len(kept.moves)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range deals {
			c.conformance(&deals[i])
		}
	}
	b.ReportMetric(float64(moves)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mmoves/s")
}
