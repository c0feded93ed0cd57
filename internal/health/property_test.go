package health

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// Nasty small pipelines: few instants, so that everything coincides; names that nobody knows; people whom
// nobody lists; rows before the deal, after its closing and at its very edges. They are seen from 16 February
// 2026, two weeks after the process changed.
const nastyAsOf = "2026-02-16"

var (
	nastyTimes = []string{"2025-01-10", "2025-08-01", "2025-10-14 23:59:59.999999", "2025-10-15", "2025-12-20", "2025-12-31", "2026-01-05",
		"2026-01-05 00:00:00.000001", "2026-01-20", "2026-01-31 23:59:59", "2026-02-01", "2026-02-06", "2026-02-09", "2026-02-10 09:00",
		"2026-02-10 09:05", "2026-02-13 12:00", "2026-02-13 12:01", "2026-02-15 23:59:59.999999"}
	laterTimes  = []string{"2026-02-16", "2026-02-16 00:00:00.000001", "2026-02-20", "2027-01-01"}
	nastyStages = []string{"Lead", "Discovery", "discovery ", "Proposal", "2 - Proposal", "Demo", "Closing", "Onboarding", "Live",
		"Limbo", " limbo", "Abyss", "Closed Won", "closed lost", ""}
	nastyPeople     = []string{"", "ann", "ben", "mia", "bot", "zoe"}
	nastyCategories = []string{"", "commit", "Best_Case", "pipeline", "omitted", "hopeful"}
	nastyKinds      = []string{"meeting", "Meeting", "call", ""}
	nastyParties    = []string{"", "buyer", "seller"}
)

func oneOf[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "one") }
func few(t *rapid.T, most int) int        { return rapid.IntRange(0, most).Draw(t, "n") }
func yes(t *rapid.T) bool                 { return rapid.Bool().Draw(t, "yes") }

func nastyStory(t *rapid.T) *story {
	s := tell(nastyAsOf).rep("ann", under("mia")).rep("ben", under("mia")).rep("mia", under("zoe")).rep("bot", system, under("ann"))
	s.set.MinHistory, s.set.MinDue = oneOf(t, []int{1, 20}), oneOf(t, []int{1, 5})
	s.set.Window = oneOf(t, []pipeline.Span{pipeline.Week, pipeline.Month, pipeline.Quarter})
	s.set.PeriodSpan = oneOf(t, []pipeline.Span{pipeline.Month, pipeline.Quarter})
	s.set.Rates = map[string]float64{"USD": 0.9}
	if yes(t) {
		s.proc = process.New("some", []string{"New"}, []string{"Closed Won"}, []string{"Closed Lost"}, aProcess().Versions)
	}
	for _, r := range []pipeline.Rows{pipeline.Activities, pipeline.Criteria, pipeline.Forecasts, pipeline.Waivers} {
		if few(t, 4) == 0 {
			s.without(r)
		}
	}
	for i := range 1 + few(t, 7) {
		nastyDeal(t, s.deal(fmt.Sprint("D", i)), nastyTimes, !slices.Contains(s.missing, pipeline.Activities))
	}
	return s
}

func nastyDeal(t *rapid.T, d *dealStory, times []string, activities bool) {
	d.created(oneOf(t, times)).owner(oneOf(t, nastyPeople)).of(oneOf(t, []string{"New", " new", "Other", ""})).in(oneOf(t, []string{"", "EUR", "usd", "SEK"}))
	d.called(oneOf(t, nastyCategories))
	d.h.Deal.Stage = oneOf(t, nastyStages)
	if yes(t) {
		d.worth(oneOf(t, []float64{0, 0.1, 100, 1e9})).likely(oneOf(t, []float64{0, 0.2, 0.7, 1})).closes(oneOf(t, []string{"2025-12-01", "2026-02-15", "2026-02-16"}))
	}
	outcome := oneOf(t, []pipeline.Outcome{pipeline.Open, pipeline.Won, pipeline.Lost})
	d.closed(outcome, oneOf(t, append([]string{""}, times...)))
	nastyRows(t, d, times, activities)
}

// nastyRows adds rows of every kind; stage changes get a seq of their own, so that their order is told.
func nastyRows(t *rapid.T, d *dealStory, times []string, activities bool) {
	for range few(t, 6) {
		d.enters(oneOf(t, nastyStages), oneOf(t, times)).by(oneOf(t, nastyPeople)).seq(int64(len(d.h.Changes)))
	}
	for range few(t, 3) {
		if activities {
			d.act(oneOf(t, nastyParties), oneOf(t, nastyKinds), oneOf(t, times))
		}
		d.meets(oneOf(t, []string{"problem", "champion", "?"}), oneOf(t, times))
		d.says(oneOf(t, times), closeOn(oneOf(t, []string{"2025-11-01", "2025-12-31", "2026-01-31"})), category(oneOf(t, nastyCategories)))
		if yes(t) {
			d.says(oneOf(t, times), amount(oneOf(t, []float64{0, 33.3, 1e6})), chance(oneOf(t, []float64{0, 0.1, 0.6, 1})))
		}
	}
	if few(t, 3) == 0 {
		d.excused(oneOf(t, []string{"buyer:problem", "stage:proposal", "buyer:meetings"}), oneOf(t, times))
	}
}

// printJSON fails where a figure is no number: JSON knows neither NaN nor infinity.
func printJSON(t *rapid.T, in Input) []byte {
	r, err := Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameJSON(t *rapid.T, got, want []byte) {
	if bytes.Equal(got, want) {
		return
	}
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range g {
		if i >= len(w) || !bytes.Equal(g[i], w[i]) {
			t.Fatalf("the reports differ in line %d: %s, want %s", i+1, g[i], w[min(i, len(w)-1)])
		}
	}
	t.Fatalf("the report ends early")
}

func TestTheOrderOfRowsDoesNotMatterWhereSeqTellsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyStory(t)
		want := printJSON(t, s.input())
		for _, d := range s.deals {
			d.h.Changes = rapid.Permutation(d.h.Changes).Draw(t, "changes")
			d.h.Activities = rapid.Permutation(d.h.Activities).Draw(t, "activities")
			d.h.Criteria = rapid.Permutation(d.h.Criteria).Draw(t, "criteria")
			d.h.Waivers = rapid.Permutation(d.h.Waivers).Draw(t, "waivers")
		}
		sameJSON(t, printJSON(t, s.input()), want)
	})
}

// The one exception: a deal without closed_at that has no closing change yet learns from one that comes later
// that it is open.
func TestWhatComesLaterChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyStory(t)
		activities := !slices.Contains(s.missing, pipeline.Activities)
		want := printJSON(t, s.input())
		for _, d := range s.deals {
			seen := len(d.h.Changes)
			nastyRows(t, d, laterTimes, activities)
			if d.h.Deal.Outcome != pipeline.Open && !d.h.Deal.ClosedAt.OK {
				d.h.Changes = slices.Concat(d.h.Changes[:seen], slices.DeleteFunc(slices.Clone(d.h.Changes[seen:]), func(c pipeline.StageChange) bool {
					_, closes := s.proc.ClosedAs(c.Stage)
					return closes
				}))
			}
			if d.h.Deal.Outcome == pipeline.Open {
				d.closed(oneOf(t, []pipeline.Outcome{pipeline.Open, pipeline.Won, pipeline.Lost}), oneOf(t, laterTimes))
			}
		}
		late := s.deal("later")
		nastyDeal(t, late, laterTimes, activities)
		sameJSON(t, printJSON(t, s.input()), want)
	})
}

// Every share lies in [0, 1], every interval holds its figure, and lists stand in the order of their ids.
func TestFiguresStayInTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var report any
		if err := json.Unmarshal(printJSON(t, nastyStory(t).input()), &report); err != nil {
			t.Fatal(err)
		}
		bounds(t, "", report)
	})
}

var shares = []string{"rate", "shrunk_rate", "p_below_team", "accuracy", "uncalled_share", "brier", "slip_rate", "won_rate", "mean_chance",
	"chance", "chance_to_advance", "fitness", "share", "consistency", "eve_p", "won_in_period", "ever_won"}

// intervals holds the lower and the upper limit of a figure.
var intervals = map[string][2]string{"rate": {"low", "high"}, "won_rate": {"low", "high"}, "diff": {"low", "high"},
	"risk_ratio": {"low", "high"}, "pace": {"pace_low", "pace_high"}, "median_days": {"median_low", "median_high"}}

func bounds(t *rapid.T, path string, v any) {
	switch v := v.(type) {
	case []any:
		var last string
		for i, x := range v {
			bounds(t, fmt.Sprint(path, "/", i), x)
			if m, ok := x.(map[string]any); ok {
				id, _ := m["id"].(string)
				if id < last {
					t.Fatalf("%s: %s stands after %s", path, id, last)
				}
				last = id
			}
		}
	case map[string]any:
		for k, x := range v {
			f, number := x.(float64)
			if number && slices.Contains(shares, k) && (f < 0 || f > 1) {
				t.Fatalf("%s/%s is %v", path, k, f)
			}
			if limits, ok := intervals[k]; ok && number && !(k == "rate" && v["diff"] != nil) {
				low, hasLow := v[limits[0]].(float64)
				high, hasHigh := v[limits[1]].(float64)
				if hasLow && low > f+1e-12 || hasHigh && high < f-1e-12 {
					t.Fatalf("%s/%s is %v, outside of %v to %v", path, k, f, low, high)
				}
			}
			bounds(t, path+"/"+k, x)
		}
	}
}

// Where systems and nobody are made a person, the reps together are the team, and nobody else changes.
func TestTheTeamIsItsRepsWithSystemsAndNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyStory(t)
		before, err := Compute(s.input())
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.reps {
			s.reps[i].System = false
		}
		for _, d := range s.deals {
			if d.h.Deal.RepID == "" {
				d.owner("other")
			}
		}
		after, err := Compute(s.input())
		if err != nil {
			t.Fatal(err)
		}
		counts := func(f Figures) [9]int {
			a := f.Adherence
			return [9]int{a.Due, a.Met, a.Missed, a.Pending, a.Excused, a.CleanMoves, a.MovedBack, f.Stall.OpenDeals, f.Trend[7].Moves}
		}
		var sum [9]int
		people := map[string][9]int{}
		for _, r := range after.Reps {
			people[r.ID] = counts(r.Figures)
			for i, n := range counts(r.Figures) {
				sum[i] += n
			}
		}
		if team := counts(before.Team); team != counts(after.Team) || team != sum {
			t.Fatalf("the team has %v, then %v, the reps together %v", team, counts(after.Team), sum)
		}
		for _, r := range before.Reps {
			if counts(r.Figures) != people[r.ID] {
				t.Fatalf("%s has %v, and %v when systems are people", r.ID, counts(r.Figures), people[r.ID])
			}
		}
	})
}

// Nothing is judged twice and nothing slips between two reports: what the weekly reports of eight weeks count
// is what the last one's trend shows. (What is rightly seen otherwise later is left out: waivers, a field that a
// closed deal never had, the stage that a deal without a move shows today.)
func TestWeeklyReportsTogetherCountEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyStory(t)
		s.set.Window, s.missing = pipeline.Week, nil
		for i := range s.proc.Versions {
			p := s.proc.Versions[i].Stage("proposal")
			p.Requires = p.Requires[:1]
		}
		for _, d := range s.deals {
			d.h.Waivers, d.h.Deal.Stage = nil, ""
			if !d.h.Deal.ClosedAt.OK {
				d.h.Deal.Outcome = pipeline.Open
			}
		}
		s.deal("another").created("2024-01-01").act("buyer", "note", "2024-01-02")
		last, err := Compute(s.input())
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range last.Team.Trend {
			s.asOf = w.End
			weekly, err := Compute(s.input())
			if err != nil {
				t.Fatal(err)
			}
			a := weekly.Team.Adherence
			got, want := [4]int{a.Due, a.Met, weekly.Team.Trend[7].Moves, weekly.Team.Trend[7].OpenDeals}, [4]int{w.Due, w.Met, w.Moves, w.OpenDeals}
			if got != want {
				t.Fatalf("week %d until %s: its own report counts due, met, moves and open deals %v, the last trend %v", i, w.End.Format(time.DateOnly), got, want)
			}
		}
	})
}
