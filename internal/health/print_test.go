package health

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

func printed() *Report {
	n, c := pipeline.Some[float64], pipeline.Some[int]
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	judged := Figures{
		Adherence: &Adherence{Due: 15, Met: 12, Missed: 3, Rate: n(0.8), Low: n(0.548), High: n(0.93), Judged: true,
			Stages: Tally{Due: 5, Met: 5, Rate: n(1)}, Evidence: Tally{Due: 10, Met: 7, Rate: n(0.7)}},
		Stall:    &Stall{OpenDeals: 1204, StalledDeals: 2, StalledAmount: n(1204000.4), SilentDeals: c(1)},
		Forecast: &ForecastReliability{CalledDeals: c(7), Judged: true, Bias: n(-0.25), Accuracy: n(0.75)},
	}
	few := Figures{Adherence: &Adherence{Due: 3, Met: 1, Rate: n(1. / 3)}, Stall: &Stall{OpenDeals: 2},
		Forecast: &ForecastReliability{CalledDeals: c(2)}}
	return &Report{AsOf: day, Window: pipeline.Period{Start: day.AddDate(0, 0, -7), End: day}, Process: "new-business",
		Currency: "EUR", Team: judged, Sources: Sources{StageChanges: c(40)},
		Reps: []RepFigures{{ID: "r1", Name: "Ærø Smith", Team: pipeline.Some("North"), Figures: judged},
			{ID: "r2", Name: "Bo", Figures: few}, {ID: "r3"}},
		Stages: []Stage{{Key: "d", Name: "Discovery", Open: 4, Visits: 40, MedianDays: n(9.5), ThresholdDays: n(21),
			ThresholdSource: pipeline.Some(Learned)}},
		Deals: []Deal{{ID: "d1", RepID: pipeline.Some("r1")}, {ID: "d2", RepID: pipeline.Some("r2")}, {ID: "d3"}},
		Lost:  []LostDeal{{ID: "l1", RepID: pipeline.Some("r2")}},
		Gaps:  &Gaps{Unmapped: []UnmappedStage{{"Limbo", 1}}, WithoutRate: map[string]int{"SEK": 2}, OtherPipelines: 3}}
}

func TestTheTableSaysWhatFewDealsCannotShow(t *testing.T) {
	var b strings.Builder
	if err := WriteTable(&b, printed(), time.UTC); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"new-business, Mon 23 Feb 2026 until Mon 2 Mar 2026",
		"12 of 15 checkpoints met: 80 % (55 % to 93 %)", "stages 100 %, buyer evidence 70 %",
		"2 of 1,204 stalled, EUR 1,204,000 in them; 1 with a silent buyer", "25 % too low, accuracy 75 %",
		"21.0 days (learned)", `the stage "Limbo" (1 row)`, "no rate for SEK: 2 deals",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "Bo") && (strings.Count(line, "too few to judge") != 2 || strings.Contains(line, "%")) {
			t.Errorf("three checkpoints and two calls are judged: %s", line)
		}
		if len([]rune(line)) > 121 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
}

// Without a history nobody knows since when deals stand where they do: none stalled would be a finding.
func TestTheTableClaimsNoStallsWithoutAHistory(t *testing.T) {
	r := printed()
	if r.Untimed() {
		t.Error("forty changes are no history")
	}
	if r.Sources.StageChanges = pipeline.Some(0); !r.Untimed() {
		t.Error("an empty table is a history")
	}
	r.Sources.StageChanges = Count{}
	var b strings.Builder
	if err := WriteTable(&b, r, time.UTC); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, "1,204; whether they stand still cannot be told") || !strings.Contains(s, "– of 2 ") || strings.Contains(s, " stalled, ") {
		t.Errorf("%s", s)
	}
	if s := b.String(); !strings.Contains(s, "Stage                                      Open deals here") || !strings.Contains(s, "Discovery ") || strings.Contains(s, "Stalled after") {
		t.Errorf("%s", s)
	}
	r.Observed = &Observed{Stages: true}
	b.Reset()
	if err := WriteTable(&b, r, time.UTC); err != nil || !strings.Contains(b.String(), "2 of 1,204 stalled") {
		t.Errorf("%v\n%s", err, &b)
	}
}

// A report of a week long after the last row finds nothing due, and says why.
func TestTheTableSaysWhereTheDataEnd(t *testing.T) {
	for days, want := range map[int]bool{3: false, 100: true} {
		r := printed()
		r.Newest = pipeline.Some(r.AsOf.AddDate(0, 0, -days))
		var b strings.Builder
		if err := WriteTable(&b, r, time.UTC); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "Data        nothing is newer than 22 November 2025, 100 days before this report"); got != want {
			t.Errorf("%d days: said %v\n%s", days, got, &b)
		}
	}
}

// Whose an activity is matters only where there is one.
func TestNobodyIsToldWhoseActivitiesCountWhereThereIsNone(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: true} {
		r := printed()
		r.Sources.Activities, r.Gaps.NoParty = pipeline.Some(n), pipeline.Some(true)
		var b strings.Builder
		if err := WriteTable(&b, r, time.UTC); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "any activity counts as the buyer's"); got != want {
			t.Errorf("%d activities: said %v", n, got)
		}
	}
}

func TestTheCSVHasARowPerRepUnderOneHeader(t *testing.T) {
	var b strings.Builder
	if err := WriteCSV(&b, printed()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll() // refuses rows of unequal length
	if err != nil {
		t.Fatal(err)
	}
	at := func(row int, column string) string {
		i := slices.Index(rows[0], column)
		if i < 0 {
			t.Fatalf("no column %s in %v", column, rows[0])
		}
		return rows[row][i]
	}
	for _, c := range []struct {
		row          int
		column, want string
	}{
		{1, "id", "team"}, {1, "adherence.due", "15"}, {1, "adherence.evidence.rate", "0.7"}, {1, "forecast.bias", "-0.25"},
		{2, "id", "r1"}, {2, "team", "North"}, {2, "stall.stalled_amount", "1204000.4"},
		{3, "adherence.low", ""}, {3, "adherence.judged", "false"}, {4, "id", "r3"}, {4, "adherence.due", ""},
	} {
		if got := at(c.row, c.column); got != c.want {
			t.Errorf("row %d, %s: got %q, want %q", c.row, c.column, got, c.want)
		}
	}
	if len(rows) != 5 {
		t.Errorf("%d rows, want a header, the team and 3 reps", len(rows))
	}
}

func TestTheJSONIsThatOfTheLibrary(t *testing.T) {
	none := &Report{Deals: []Deal{}, Lost: []LostDeal{}, Gaps: &Gaps{}}
	n, yes, word := pipeline.Some[float64], pipeline.Some(true), pipeline.Some[string]
	full := Deal{ID: "d\x01\u2028", Name: "\"<Ærø & Söhne>\" \\ ~", RepID: word("r1"), Stage: word("R&D\n<b>"), Amount: n(1e21), ExpectedClose: pipeline.Some(pipeline.NewDate(2026, 3, 1)),
		Chance: n(1e-7), Committed: true, DaysInStage: n(-1. / 3), ThresholdDays: n(2e-13), Stalled: yes, ChanceToAdvance: n(1), DaysSinceBuyer: n(123456789.123456789),
		Silent: pipeline.Some(false), Pushes: pipeline.Some(-3), Fitness: n(0.5), Deviations: pipeline.Some(0), Missed: []string{"stage:a", "evidence:é"}, Concerns: []string{"\xff"}}
	for i := range reflect.TypeFor[Deal]().NumField() {
		if f := reflect.TypeFor[Deal]().Field(i); f.Tag.Get("json") != "-" && reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("no value of %s is printed here", f.Name)
		}
	}
	deals := &Report{Deals: []Deal{full, {Missed: []string{}, Concerns: []string{"one"}}, {}}}
	for name, r := range map[string]*Report{"figures": printed(), "deals": deals, "nothing at all": {}, "nothing in the lists": none} {
		var ours, theirs strings.Builder
		if err := WriteJSON(&ours, r, ""); err != nil {
			t.Fatal(err)
		}
		e := json.NewEncoder(&theirs)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(ours.String(), `\u0026`) {
			t.Errorf("%s: an ampersand is spelt in two ways:\n%s", name, &ours)
		}
		if ours.String() != theirs.String() {
			t.Errorf("%s: got\n%s\nwant\n%s", name, &ours, &theirs)
		}
	}
}

func TestJSONThatCannotBeWrittenIsAnError(t *testing.T) {
	full := errors.New("no space left")
	if err := WriteJSON(failing{full}, printed(), ""); !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
	r := printed()
	r.Pressure = &Pressure{Late: Tally{Rate: pipeline.Some(math.NaN())}}
	if err := WriteJSON(io.Discard, r, ""); err == nil {
		t.Error("not a number was printed")
	}
	if err := WriteJSON(io.Discard, &Report{Deals: []Deal{{Chance: pipeline.Some(math.Inf(1))}, {}}}, ""); err == nil {
		t.Error("infinity was printed")
	}
}

// failing takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOneRepSeesNobodyElse(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, printed(), "r1"); err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"sources", "team", "managers", "stages", "checkpoints", "paths", "consistency", "pressure", "gaps"} {
		if string(got[key]) != "null" {
			t.Errorf("%s is %s, want null", key, got[key])
		}
	}
	for _, other := range []string{"r2", "r3", `"d2"`, `"d3"`, "l1"} {
		if strings.Contains(b.String(), other) {
			t.Errorf("%s shows through:\n%s", other, &b)
		}
	}
	for _, own := range []string{`"id": "r1"`, `"id": "d1"`, `"lost": []`} {
		if !strings.Contains(b.String(), own) {
			t.Errorf("%s is missing:\n%s", own, &b)
		}
	}
}

func TestOneRepsTableHoldsTheRepsDealsAndNothingOfTheTeam(t *testing.T) {
	var b strings.Builder
	r := printed()
	r.Deals[0].Name, r.Deals[0].Missed, r.Deals[0].Concerns = "Velmora", []string{"buyer:owner"}, []string{ConcernStalled}
	if err := WriteTable(&b, OfRep(r, "r1"), time.UTC); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Ærø Smith", "Velmora", "buyer:owner, stalled"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
	for _, other := range []string{"Process ", "d2", "Bo", "no forecasts", "Limbo"} {
		if strings.Contains(b.String(), other) {
			t.Errorf("%q shows in\n%s", other, &b)
		}
	}
}

func TestTheWholeReportPrintsItsKeysInTheirOrder(t *testing.T) {
	var b strings.Builder
	if err := WriteJSON(&b, printed(), ""); err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, key := range []string{"as_of", "window", "process", "currency", "sources", "team", "managers", "reps", "stages",
		"checkpoints", "deals", "lost", "paths", "consistency", "pressure", "gaps"} {
		i := strings.Index(b.String(), "\n  \""+key+"\": ")
		if i <= last {
			t.Errorf("%s is not where it belongs", key)
		}
		last = i
	}
	if !strings.HasSuffix(b.String(), "}\n") {
		t.Error("the object does not end with a newline")
	}
}
