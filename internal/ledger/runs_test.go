package ledger

import (
	"testing"
	"time"
)

func TestRunsAreListedByTheInstantOfTheirFigures(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		for _, r := range []Run{
			{Schedule: "own", Period: "2026-11-16", Tick: asOf.Add(7 * time.Hour), AsOf: asOf, SourceRows: map[string]int64{"deals": 12}},
			{Schedule: "own", Period: "2026-11-09", AsOf: asOf.AddDate(0, 0, -7)},
		} {
			must(l.Plan(ctx, r, nil))(t)
		}
		runs := must(l.Runs(ctx, time.Time{}.AddDate(2000, 0, 0)))(t)
		if len(runs) != 2 || runs[0].Period != "2026-11-09" || !runs[0].Tick.IsZero() || runs[1].SourceRows["deals"] != 12 ||
			!runs[1].Tick.Equal(asOf.Add(7*time.Hour)) || runs[1].StartedAt.IsZero() || !runs[1].FinishedAt.IsZero() {
			t.Fatalf("runs: %+v", runs)
		}
		ok(t, l.FinishRun(ctx, "own", "2026-11-09"))
		later := time.Now().AddDate(1, 0, 0)
		if runs := must(l.Runs(ctx, later))(t); len(runs) != 0 {
			t.Errorf("runs of the future: %+v", runs)
		}
	})
}
