package ledger

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"drumbeat/internal/dbtest"
	"drumbeat/internal/pipeline"
)

// march is a day of March 2026.
func march(day int) pipeline.Date { return pipeline.NewDate(2026, time.March, day) }

// seen is what a run of that day saw.
func seen(day int, deals ...pipeline.Observation) *Observed {
	return &Observed{Day: march(day), At: time.Date(2026, time.March, day, 7, 0, 0, 0, time.UTC), Deals: deals}
}

func observed(t *testing.T, l *Ledger, what *Observed) {
	t.Helper()
	run := weekly()
	run.Observed = what
	if _, err := l.Plan(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
}

func all(t *testing.T, seq iter.Seq2[pipeline.Observation, error]) (out []pipeline.Observation) {
	t.Helper()
	for o, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

func TestWhatWasObservedIsKeptAsDifferences(t *testing.T) {
	acme := pipeline.Observation{DealID: "Acme", Stage: "Demo", ExpectedClose: pipeline.Some(march(31)), Amount: pipeline.Some(1200.5),
		Currency: "EUR", Probability: pipeline.Some(0.5), Category: "commit"}
	bare, late := pipeline.Observation{DealID: "bare"}, pipeline.Observation{DealID: "Zed", Stage: "Demo"}
	both(t, func(t *testing.T, l *Ledger) {
		if days := must(l.ObservedOn(t.Context()))(t); len(days) != 0 {
			t.Errorf("before anybody looked: %v", days)
		}
		observed(t, l, seen(2, acme, bare))
		observed(t, l, seen(9, acme, bare)) // nothing has changed
		pushed := acme
		pushed.ExpectedClose = pipeline.Some(march(31) + 30)
		observed(t, l, seen(16, pushed, late)) // and bare has closed
		observed(t, l, seen(23, pushed, bare, late))

		on := func(day int, o pipeline.Observation) pipeline.Observation { o.Day = march(day); return o }
		want := []pipeline.Observation{on(2, acme), on(16, pushed), on(16, late), on(2, bare)}
		if got := all(t, l.Observations(t.Context(), march(23))); !slices.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if got := all(t, l.Observations(t.Context(), march(15))); !slices.Equal(got, []pipeline.Observation{on(2, acme), on(2, bare)}) {
			t.Errorf("up to the 15th: %v", got)
		}
		if days := must(l.ObservedOn(t.Context()))(t); !slices.Equal(days, []pipeline.Date{march(2), march(9), march(16), march(23)}) {
			t.Errorf("days: %v", days)
		}
	})
}

// All figures of a day are of the same look, whichever run made them.
func TestADayIsObservedOnce(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		here := func(stage string) pipeline.Observation { return pipeline.Observation{DealID: "d", Stage: stage} }
		observed(t, l, seen(9, here("Demo")))
		observed(t, l, seen(9, here("Offer")))
		observed(t, l, seen(2, here("Lead"))) // somebody's clock is wrong
		if got := all(t, l.Observations(t.Context(), march(30))); len(got) != 1 || got[0].Stage != "Demo" {
			t.Errorf("got %v", got)
		}
		if days := must(l.ObservedOn(t.Context()))(t); !slices.Equal(days, []pipeline.Date{march(9)}) {
			t.Errorf("days: %v", days)
		}
		together(4, func(int) {
			run := weekly()
			run.Observed = seen(16, here("Offer"))
			if _, err := l.Plan(t.Context(), run, nil); err != nil {
				t.Error(err)
			}
		})
		if got := all(t, l.Observations(t.Context(), march(30))); len(got) != 2 {
			t.Errorf("after four at once: %v", got)
		}
	})
}

// What was seen by a run that was not recorded never was.
func TestObservationsGoWithThePlan(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		run := weekly()
		run.Observed = seen(2, pipeline.Observation{DealID: "d"})
		if _, err := l.PlanSeq(t.Context(), run, func(yield func(Delivery, error) bool) { yield(Delivery{}, errors.New("no paper")) }); err == nil {
			t.Fatal("planned")
		}
		if days := must(l.ObservedOn(t.Context()))(t); len(days) != 0 || len(all(t, l.Observations(t.Context(), march(30)))) != 0 {
			t.Errorf("observed on %v", days)
		}
	})
}

// More deals than a page holds, and names that only one of the databases could keep.
func TestManyDealsAreObserved(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		var deals []pipeline.Observation
		for i := range observedPage + 700 {
			deals = append(deals, pipeline.Observation{DealID: fmt.Sprintf("%06d", i), Stage: "Lead"})
		}
		odd := append(slices.Clone(deals), pipeline.Observation{DealID: "x\xff"}, pipeline.Observation{DealID: "y", Stage: "\x00"})
		observed(t, l, seen(2, odd...))
		got := all(t, l.Observations(t.Context(), march(2)))
		if len(got) != len(deals) || !slices.IsSortedFunc(got, func(a, b pipeline.Observation) int { return slices.Compare([]byte(a.DealID), []byte(b.DealID)) }) {
			t.Errorf("%d of %d", len(got), len(deals))
		}
	})
}

func TestTheLedgerOutlivesTheMigrationToObservations(t *testing.T) {
	dbtest.Both(t, func(t *testing.T, dsn string) {
		l := must(connect(dsn))(t)
		provider := must(l.provider())(t)
		if l.dialect.migrations == "postgres" {
			ok(t, l.createSchema(t.Context()))
		}
		must(provider.UpTo(t.Context(), 2))(t)
		_, err := l.db.Exec(l.dialect.translate("INSERT INTO drumbeat_state.snapshot (as_of, deal_id) VALUES ('2026-01-01T00:00:00.000000Z', 'd')"))
		ok(t, err)
		plan(t, l, 2)
		ok(t, l.Close())
		ok(t, Migrate(t.Context(), dsn))
		l = open(t, dsn)
		if known := must(l.Known(t.Context(), "weekly", "2026-11-16"))(t); len(known) != 2 {
			t.Errorf("known: %v", known)
		}
		observed(t, l, seen(2, pipeline.Observation{DealID: "d"}))
		if got := all(t, l.Observations(t.Context(), march(2))); len(got) != 1 {
			t.Errorf("observed: %v", got)
		}
	})
}
