package pipeline

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"
)

// readingOf is of a source that has no history of its own.
func readingOf(deals ...Deal) *Reading {
	return &Reading{Tables: map[Rows]bool{Reps: true, Deals: true}, Deals: func(yield func(*History, error) bool) {
		for _, d := range deals {
			if !yield(&History{Deal: d}, nil) {
				return
			}
		}
	}}
}

func observations(list ...Observation) iter.Seq2[Observation, error] {
	return func(yield func(Observation, error) bool) {
		for _, o := range list {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func histories(t *testing.T, r *Reading) map[string]History {
	t.Helper()
	out := map[string]History{}
	for h, err := range r.Deals {
		if err != nil {
			t.Fatal(err)
		}
		own := *h
		own.Changes, own.Forecasts = slices.Clone(h.Changes), slices.Clone(h.Forecasts)
		out[h.Deal.ID] = own
	}
	return out
}

func TestWhatRunsSawBecomesHistory(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	day := func(d int) Date { return NewDate(2026, time.March, d) }
	at := func(d int) time.Time { return time.Date(2026, time.March, d-1, 22, 59, 59, 999_999_000, time.UTC) } // the midnight before, less a microsecond
	created := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	born := time.Date(2026, time.March, 16, 7, 0, 0, 0, time.UTC)
	closed := time.Date(2026, time.March, 12, 15, 0, 0, 0, time.UTC)
	sold := Deal{ID: "c", CreatedAt: created, Outcome: Won, ClosedAt: Some(closed), Stage: "Won", Amount: Some(90.0), Currency: "EUR"}
	deals := []Deal{
		{ID: "a", CreatedAt: created, Outcome: Open, Stage: "Closing", Amount: Some(200.0), Currency: "EUR"},
		{ID: "b", CreatedAt: born, Outcome: Open, Stage: "Demo", Amount: Some(5.0), Currency: "USD"},
		sold,
		{ID: "d", CreatedAt: created, Outcome: Open, Stage: "Lead"},
	}
	rows := []Observation{
		{DealID: "a", Day: day(2), Stage: "Demo", Amount: Some(100.0), Currency: "EUR", ExpectedClose: Some(day(31))},
		{DealID: "a", Day: day(9), Stage: "Demo", Amount: Some(150.0), Currency: "eur ", ExpectedClose: Some(day(31))},
		{DealID: "a", Day: day(16), Stage: "Offer", Amount: Some(150.0), Currency: "EUR", Category: "commit"},
		{DealID: "b", Day: day(16), Stage: "Demo", Amount: Some(7.0), Currency: "EUR"},
		{DealID: "c", Day: day(2), Stage: "Offer", Amount: Some(100.0), Currency: "EUR"},
		{DealID: "gone", Day: day(2), Stage: "Demo"},
	}
	seen := Seen{Days: []Date{day(2), day(9), day(16)}, Deals: observations(rows...)}
	for _, c := range []struct {
		name    string
		asOf    time.Time
		looks   int
		stages  bool
		changes string // of all deals
		amounts string
		column  string // the stage of deal a
	}{
		{"before anybody looked", day(2).Start(loc).Add(-time.Second), 0, false, "", "", "Closing"},
		{"one look is no history of stages", day(9).Start(loc).Add(-time.Hour), 1, false, "", "a@1=100 c@1=100", "Demo"},
		{"the midnight of the second look knows it", day(9).Start(loc), 2, true, "a@1=Demo c@1=Offer", "a@1=100 a@8=150 c@1=100", "Demo"},
		{"moved, born and sold between two looks", day(17).Start(loc), 3, true, "a@1=Demo a@15=Offer b@16=Demo c@1=Offer",
			"a@1=100 a@8=150 a@15=150 b@16=none c@1=100 c@12=90", "Offer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := readingOf(deals...)
			r.Lay(seen, c.asOf, loc)
			if (r.Observed != nil) != (c.looks > 0) || c.looks > 0 && (len(r.Observed.At) != c.looks || !r.Observed.Forecasts || r.Observed.StageChanges != c.stages) {
				t.Errorf("observed: %+v", r.Observed)
			}
			if r.Tables[StageChanges] || r.Tables[Forecasts] {
				t.Error("the source has a history all of a sudden")
			}
			got := histories(t, r)
			changes, amounts := "", ""
			for _, id := range []string{"a", "b", "c", "d"} {
				for _, s := range got[id].Changes {
					changes += fmt.Sprintf(" %s@%d=%s", id, s.At.UTC().Day(), s.Stage)
				}
				for _, f := range got[id].Forecasts {
					value := "none"
					if f.Amount.OK {
						value = fmt.Sprint(f.Amount.V)
					}
					amounts += fmt.Sprintf(" %s@%d=%s", id, f.At.UTC().Day(), value)
				}
			}
			if c.changes != "" {
				c.changes = " " + c.changes
			}
			if c.amounts != "" {
				c.amounts = " " + c.amounts
			}
			if changes != c.changes || amounts != c.amounts || got["a"].Deal.Stage != c.column {
				t.Errorf("changes %q, want %q\namounts %q, want %q\nstage %s, want %s", changes, c.changes, amounts, c.amounts, got["a"].Deal.Stage, c.column)
			}
			if c.looks == 3 && !got["a"].Changes[1].At.Equal(at(16)) {
				t.Errorf("seen at %v, want %v", got["a"].Changes[1].At, at(16))
			}
		})
	}
}

func TestTodayIsOneMoreLook(t *testing.T) {
	deal := Deal{ID: "a", Outcome: Open, Stage: "Offer"}
	past := Observation{DealID: "a", Day: NewDate(2026, time.March, 2), Stage: "Demo"}
	today := NewDate(2026, time.March, 9)
	seen := Seen{Days: []Date{past.Day, today}, Deals: observations(past), Now: func(d *Deal) (Observation, bool) { return Observe(d, today) }}
	r := readingOf(deal, Deal{ID: "b", Outcome: Lost, Stage: "Lost"})
	r.Lay(seen, today.Start(time.UTC), time.UTC)
	got := histories(t, r)
	if len(got["a"].Changes) != 2 || got["a"].Changes[1].Stage != "Offer" || len(got["b"].Changes) != 0 {
		t.Errorf("got %+v", got)
	}
	late := readingOf(deal) // a run that is late says nothing about the day that it is late for
	late.Lay(seen, today.Start(time.UTC).Add(-time.Hour), time.UTC)
	if got := histories(t, late)["a"]; late.Observed.StageChanges || got.Deal.Stage != "Demo" {
		t.Errorf("as of the day before: %+v", got)
	}
}

// A history that the source has is not touched, and one that it lacks does not hide the other.
func TestTheSourcesOwnHistoryStays(t *testing.T) {
	own := Forecast{At: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), Amount: Some(1.0)}
	make := func() *Reading {
		r := readingOf()
		r.Tables[Forecasts] = true
		r.Deals = func(yield func(*History, error) bool) {
			yield(&History{Deal: Deal{ID: "a", Outcome: Open, Amount: Some(9.0)}, Forecasts: []Forecast{own}}, nil)
		}
		return r
	}
	day := NewDate(2026, time.March, 2)
	seen := Seen{Days: []Date{day, day + 7}, Deals: observations(Observation{DealID: "a", Day: day, Stage: "Demo", Amount: Some(2.0)})}
	r := make()
	r.Lay(seen, (day + 8).Start(time.UTC), time.UTC)
	if h := histories(t, r)["a"]; len(h.Changes) != 1 || len(h.Forecasts) != 1 || h.Forecasts[0] != own || h.Deal.Amount.V != 9 || r.Observed.Forecasts {
		t.Errorf("got %+v, observed %+v", h, r.Observed)
	}
	full := make()
	full.Tables[StageChanges] = true
	if full.Lay(seen, (day + 8).Start(time.UTC), time.UTC); full.Observed != nil {
		t.Error("there is nothing to lay")
	}
	broken := errors.New("disk")
	r = make()
	r.Lay(Seen{Days: []Date{day}, Deals: func(yield func(Observation, error) bool) { yield(Observation{}, broken) }}, (day + 8).Start(time.UTC), time.UTC)
	for _, err := range r.Deals {
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}
