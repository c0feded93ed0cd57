package health

import (
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// night is when a look of that day counts: at the end of the day before.
func night(day string) string {
	return at(day).Add(-time.Microsecond).Format("2006-01-02 15:04:05.000000")
}

// looked reports a story whose stages and forecasts were seen by runs on those days, and are not in the source.
func (s *story) looked(t *testing.T, days ...string) *Report {
	t.Helper()
	in := s.without(pipeline.StageChanges, pipeline.Forecasts).input()
	in.Reading.Observed = &pipeline.Observed{StageChanges: true, Forecasts: true}
	for _, d := range days {
		in.Reading.Observed.At = append(in.Reading.Observed.At, at(night(d)))
	}
	r, err := Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var januarys = []string{"2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"}

// A deal that was there before anybody looked has been where it was found for longer than anybody saw.
func TestADealThatWasFound(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").created("2025-11-01").enters("Discovery", night("2026-01-05"))
	r := s.looked(t, januarys...)
	d := dealOf(t, r, "D1")
	near(t, "days in stage", d.DaysInStage, 21+1e-6/86400)
	is(t, "at least", d.AtLeast, true)
	null(t, "whether it stands still", d.Stalled)
	null(t, "its chance to advance", d.ChanceToAdvance)
	is(t, "how it was found makes nothing due", len(d.Missed), 0)
	is(t, "and is no move", r.Team.Trend[4].Moves, 0)
	is(t, "nothing is learned of its stay", stageOf(t, r, "discovery").Visits, 0)

	s = tell("2026-02-09") // four weeks later it is past the limit, however long it had been there before
	s.deal("D1").owner("ann").created("2025-11-01").enters("Discovery", night("2026-01-05"))
	d = dealOf(t, s.looked(t, januarys...), "D1")
	is(t, "stands still", d.Stalled, some(true))
}

// What a deal went through between two looks nobody saw, so no stage is missed; evidence that is not there is.
func TestAMoveThatWasSeen(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").created("2026-01-06").enters("Discovery", night("2026-01-12")).
		enters("Closing", night("2026-01-19")).act("buyer", "call", "2026-01-10")
	r := s.looked(t, januarys...)
	d := dealOf(t, r, "D1")
	near(t, "days in stage", d.DaysInStage, 7+1e-6/86400)
	is(t, "at least", d.AtLeast, false)
	is(t, "stands still", d.Stalled, some(false))
	is(t, "due", states(r), "buyer:meetings missed, buyer:price missed")
	is(t, "missed", strings.Join(d.Missed, " "), "buyer:problem buyer:meetings buyer:price")
	is(t, "stages", r.Team.Adherence.Stages.Due, 0)
	is(t, "moves of the week before, which the look of its last night saw", r.Team.Trend[6].Moves, 1)
	null(t, "fitness", d.Fitness)
	null(t, "suspect", r.Team.Record.Suspect)
	null(t, "eve moves", r.Team.Record.EveMoves)
	null(t, "their chance", r.Team.Record.EveP)
	null(t, "flagged", r.Team.Record.Flagged)
	is(t, "pressure", r.Pressure, nil)
	v := stageOf(t, r, "discovery")
	is(t, "a stay that was seen", v.Visits*10+v.Advanced, 11)
	null(t, "our looking is no news of the source", r.Sources.StageChanges)
	is(t, "newest", r.Newest, some(at("2026-01-10")))
	is(t, "observed", *r.Observed, Observed{Stages: true, Forecasts: true, Since: date("2026-01-05"), Days: 7})
}

// What came into force between two looks is not held against a move that one of them saw.
func TestAMoveMayHaveBeenBeforeARule(t *testing.T) {
	for seen, missed := range map[string]int{"2026-03-02": 0, "2026-03-09": 1} {
		s := tell("2026-03-23")
		s.month()
		s.deal("D1").owner("ann").created("2026-02-10").enters("Discovery", night("2026-02-16")).meets("problem", "2026-02-16").enters("Demo", night(seen))
		r := s.looked(t, "2026-02-02", "2026-02-16", "2026-02-23", "2026-03-02", "2026-03-09")
		is(t, "missed on a demo that was seen on "+seen, checkpointOf(t, r, "buyer:champion").Missed, missed)
	}
}

// From February on there is no closing stage, and what leads past it is not asked for.
func TestAMoveIsJudgedByTheVersionOfTheLookBefore(t *testing.T) {
	s := tell("2026-03-02")
	s.deal("D1").owner("ann").created("2026-01-13").enters("Discovery", night("2026-01-19")).meets("problem", "2026-01-15").enters("Closing", night("2026-02-02"))
	d := dealOf(t, s.looked(t, "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"), "D1")
	is(t, "missed", strings.Join(d.Missed, " "), "buyer:price")
}

func TestALossThatWasOnlySeenInPart(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").created("2025-11-01").enters("Lead", night("2026-01-05")).enters("Discovery", night("2026-01-12")).
		meets("problem", "2026-01-06").lost("2026-01-22")
	l := s.looked(t, januarys...).Lost[0]
	is(t, "clean", l.Clean, false)
	null(t, "days where it was found", l.Visits[0].Days)
	near(t, "days where it was seen to go", l.Visits[1].Days, 10+1e-6/86400)
	null(t, "fitness", l.Fitness)

	s = tell(mondayOf)
	s.deal("D1").owner("ann").created("2026-01-06").enters("Discovery", night("2026-01-12")).meets("problem", "2026-01-06").lost("2026-01-22")
	is(t, "clean when all of it was seen", s.looked(t, januarys...).Lost[0].Clean, true)
}

// Nobody is called idle for a week in which nobody looked, or where only moves could have shown that they were not.
func TestNobodyIsIdleUnseen(t *testing.T) {
	for _, c := range []struct {
		name  string
		looks []string
		no    []pipeline.Rows
		want  string
	}{
		{"looked at", januarys, nil, "bob"},
		{"not looked at in the window", []string{"2026-01-05", "2026-01-12"}, nil, ""},
		{"without activities", januarys, []pipeline.Rows{pipeline.Activities}, ""},
	} {
		s := tell(mondayOf).rep("ann").rep("bob").without(c.no...)
		s.deal("D1").owner("ann").created("2025-11-01").enters("Lead", night("2026-01-05")).enters("Discovery", night("2026-01-26"))
		s.deal("D2").owner("bob").created("2025-11-01").enters("Lead", night("2026-01-05"))
		if got := strings.Join(s.looked(t, c.looks...).Gaps.InactiveReps, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A call is known if somebody had looked before it was made, and a push once somebody had looked twice.
func TestWhatWasCalledBeforeAnybodyLookedIsUnknown(t *testing.T) {
	s := tell("2026-04-06")
	d := s.deal("D1").owner("ann").created("2025-11-01").likely(0.5)
	for i, day := range []string{"2026-01-12", "2026-02-09"} {
		closes := []string{"2026-03-20", "2026-03-27"}[i]
		d.says(night(day), closeOn(closes), amount(1000), chance(0.5)).enters([]string{"Discovery", "Proposal"}[i], night(day))
	}
	s.deal("D2").owner("ann").created("2025-10-01").worth(500).won("2025-11-20")
	d.won("2026-03-25")
	r := s.looked(t, "2026-01-12", "2026-02-09")
	for i, p := range r.Team.Forecast.Periods {
		if known := i == 3; p.Called.OK != known || p.Predicted.OK != known || p.Actual.OK != known || p.Uncalled.OK != known {
			t.Errorf("period %d: %+v", i, p)
		}
	}
	last := r.Team.Forecast.Periods[3]
	near(t, "predicted", last.Predicted, 500)
	is(t, "called", last.Called, some(1))
	near(t, "nothing was won uncalled that could have been called", r.Team.Forecast.UncalledShare, 0)
	near(t, "four weeks ahead", r.Team.Forecast.LeadTimes[1].Predicted, 500)

	once := s.looked(t, "2026-01-12")
	null(t, "pushes after one look", once.Team.Forecast.Pushes)
	if once.Observed != nil {
		t.Errorf("one look shows no change: %+v", once.Observed)
	}
	never := s.looked(t, "2026-02-09")
	null(t, "called before the first look", never.Team.Forecast.CalledDeals)
	null(t, "lead times", never.Team.Forecast.LeadTimes[3].Predicted)
}

func TestTheTableSaysWhatWasObserved(t *testing.T) {
	s := tell(mondayOf)
	s.deal("D1").owner("ann").created("2025-11-01").enters("Discovery", night("2026-01-05"))
	var found strings.Builder
	if err := WriteTable(&found, s.looked(t, januarys...), time.UTC); err != nil || !strings.Contains(found.String(), "\nOpen deals  at least 0 of 1 stalled") {
		t.Errorf("a deal that was found is said to be within its time (%v):\n%s", err, &found)
	}
	for _, c := range []struct {
		o    *Observed
		want string
	}{
		{&Observed{Stages: true, Forecasts: true, Since: date("2026-03-02"), Days: 7}, "\n\nStage and forecast history: as observed by Drumbeat's own runs since 2 March 2026; exact to 7 days.\n\n"},
		{&Observed{Stages: true, Since: date("2026-03-02"), Days: 1}, "\n\nStage history: as observed by Drumbeat's own runs since 2 March 2026; exact to 1 day.\n\n"},
		{&Observed{Forecasts: true, Since: date("2026-03-02"), Days: 7}, "\n\nForecast history: as"},
		{nil, ""},
	} {
		r := tell(mondayOf).report(t)
		r.Observed = c.o
		var b strings.Builder
		if err := WriteTable(&b, r, time.UTC); err != nil {
			t.Fatal(err)
		}
		if c.want == "" && strings.Contains(b.String(), "observed") || !strings.Contains(b.String(), c.want) {
			t.Errorf("%+v:\n%s", c.o, b.String())
		}
	}
}
