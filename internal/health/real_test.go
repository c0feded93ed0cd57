package health_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
	"drumbeat/internal/source"
)

// Real processes, through a real database. The numbers were counted by SQL over the same files, written from
// docs/metrics.md alone.

// realReport imports a folder of CSV files, reads it back and computes its week before asOf.
func realReport(t *testing.T, name string, asOf time.Time, systems ...string) *health.Report {
	t.Helper()
	dir, ctx, dsn := dbtest.Data(t), context.Background(), dbtest.SQLite(t)
	file := filepath.Join(dir, "process."+name+".yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	proc, faults := process.Read(file, data, time.UTC)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if _, err := source.Import(ctx, dsn, []string{filepath.Join(dir, name)}, source.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	src, err := source.Open(ctx, source.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	reading, done, err := src.Read(ctx, asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var people []pipeline.Person
	for _, id := range systems {
		people = append(people, pipeline.Person{Rep: id, System: pipeline.Some(true)})
	}
	if reading.Reps, err = pipeline.Overlay(reading.Reps, people); err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	r, err := health.Compute(health.Input{AsOf: asOf, Process: proc, Reading: reading, Settings: health.Settings{
		Location: time.UTC, Window: pipeline.Week, Currency: "EUR", Lookback: 365 * day, Grace: 3 * day, MinDue: 5, MinHistory: 20,
		MinCalled: 5, SilentAfter: 21 * day, LeastStall: 3 * day, PeriodSpan: pipeline.Quarter, FiscalStart: 1, CallAfter: 14 * day}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func close6(t *testing.T, what string, got health.Number, want float64) {
	t.Helper()
	if !got.OK || math.Abs(got.V-want) > 5e-7 {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func checkpoint(t *testing.T, r *health.Report, key string) string {
	t.Helper()
	for _, c := range r.Checkpoints {
		if c.Key == key {
			return fmt.Sprintf("due %d, met %d, missed %d, pending %d", c.Due, c.Met, c.Missed, c.Pending)
		}
	}
	t.Fatalf("no checkpoint %s", key)
	return ""
}

func stage(t *testing.T, r *health.Report, key string) health.Stage {
	t.Helper()
	for _, s := range r.Stages {
		if s.Key == key {
			return s
		}
	}
	t.Fatalf("no stage %s", key)
	return health.Stage{}
}

// Loan applications at a Dutch bank (BPI Challenge 2012): the week before Monday, 6 February 2012. User 112
// is the bank's automaton.
func TestLoanApplications(t *testing.T) {
	r := realReport(t, "bpic2012", time.Date(2012, 2, 6, 0, 0, 0, 0, time.UTC), "112")
	same(t, "offer returned", checkpoint(t, r, "buyer:offer_returned"), "due 187, met 134, missed 53, pending 677")
	finalized := stage(t, r, "finalized")
	close6(t, "threshold of finalized", finalized.ThresholdDays, 20.756423611)
	same(t, "learned from advances", finalized.Advanced, 1601)
	same(t, "its source", finalized.ThresholdSource.V, health.Learned)
	same(t, "lost in the week", len(r.Lost), 446)
	same(t, "no activity", r.Team.Record.NoActivity.V, 19)
}

// Tickets of an Italian software company's help desk: the week before Monday, 3 September 2012.
func TestHelpDesk(t *testing.T) {
	r := realReport(t, "helpdesk", time.Date(2012, 9, 3, 0, 0, 0, 0, time.UTC))
	same(t, "taken in charge", checkpoint(t, r, "stage:taken"), "due 6, met 5, missed 1, pending 0")
	resolved := stage(t, r, "resolved")
	same(t, "visits of resolved", resolved.Visits, 1894)
	close6(t, "median of resolved", resolved.MedianDays, 32.793807870)
	same(t, "moves in the week before", r.Team.Trend[6].Moves, 20)
	same(t, "moves in the week", r.Team.Trend[7].Moves, 30)
	same(t, "open deals", r.Team.Trend[7].OpenDeals, 200)
	for _, u := range r.Gaps.Unmapped {
		if u.Stage == "Insert ticket" {
			same(t, "a stage that the process does not know", u.N, 108)
			return
		}
	}
	t.Error("Insert ticket is not among the unmapped stages")
}
