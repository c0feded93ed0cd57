package discovery

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

func TestADraftOfWhatDealsDid(t *testing.T) {
	for _, c := range []struct {
		name    string
		stories []string
		want    string
	}{
		{"straight through", []string{"Lead Proposal Won! won x5", "Lead Lost! lost x9"},
			"Lead Proposal +Won -Lost"},
		{"most winners skip a stage", []string{"Lead Demo Proposal won x4", "Lead Proposal won x9"},
			"Lead (Demo) Proposal"},
		{"steps back and repeats are outvoted", []string{"Lead Demo Proposal Won! won x6", "Proposal Lead Demo Proposal Won! won x2", "Demo Demo Lead Lead Proposal Lost! lost x3"},
			"Lead Demo Proposal +Won -Lost"},
		{"deals close without a stage for it", []string{"Lead Proposal won x5", "Lead Proposal lost x5"},
			"Lead Proposal"},
		{"several names for lost, of different deals", []string{"Lead Won! won x5", "Lead Declined! lost x5", "Lead Cancelled! lost x4"},
			"Lead +Won -Declined -Cancelled"},
		{"names of any words close deals, if deals close as they enter them", []string{"Lead Gold! won x5", "Lead Bin! lost x5"},
			"Lead +Gold -Bin"},
		{"a few are reopened, and the name still means the end", []string{"Lead Bin! lost x9", "Lead Bin Lead Proposal Gold! won x2", "Lead Proposal Gold! won x2"},
			"Lead Proposal +Gold -Bin"},
		{"what follows the winning within the hour is after it", []string{"Lead Approved! Registered! won x9", "Lead Registered! Approved! won x4"},
			"Lead > Registered* +Approved"},
		{"a name that says so itself is the winning, whatever comes before it on that day", []string{"Lead Papers! Closed_Won! won x9", "Lead Lost! lost x5"},
			"Lead > Papers* +Closed Won -Lost"},
		{"in other languages", []string{"Lead Verloren! lost x2", "Lead Gewonnen! won x2"}, "Lead +Gewonnen -Verloren"},
		{"delivery after winning: most move on, and rest in the last", []string{"Lead Won! Onboarding+ Live+ won x8", "Lead Won! Onboarding+ won x1", "Lead Lost! lost x3"},
			"Lead > Onboarding Live* +Won -Lost"},
		{"a third never leave an after stage: it is a place to rest", []string{"Lead Won! Onboarding+ Live+ won x8", "Lead Won! Onboarding+ won x4", "Lead Lost! lost x3"},
			"Lead > Onboarding* Live* +Won -Lost"},
		{"a delivery without a name for winning is no closing", []string{"Lead Offer Onboarding+ won x8", "Lead Offer lost x4"},
			"Lead Offer > Onboarding*"},
		{"stages entered after losing are none", []string{"Lead Offer won x8", "Lead Lost! Archive+ lost x4"},
			"Lead Offer -Lost"},
		{"one stage, written with and without its number", []string{"1_-_Lead 2_-_Demo Offer Won! won x5", "Lead Demo Offer Won! won x5", "LEAD demo Offer Won! won x2"},
			"Lead Demo Offer +Won"},
		{"one name for the end, written with its number once", []string{"Lead Gold! won x5", "Lead 3_-_Gold! won x1", "Lead 3_-_Gold x1"},
			"Lead +Gold +3 - Gold"},
		{"numbers that are part of the name stay", []string{"30_day_trial 60_day_trial won x5"},
			"30 day trial 60 day trial"},
		{"names that programs gave", []string{"A_SUBMITTED A_OPEN won x5"}, // no underscores here: the teller makes spaces of them
			"A SUBMITTED A OPEN"},
		{"a single deal", []string{"Lead Offer"}, "Lead Offer"},
		{"three wins say it, by name and by use", []string{"Lead Closed_Won! won x2"}, "Lead +Closed Won"},
		{"nobody came past: mandatory until shown otherwise", []string{"Lead x9", "Lead Offer x2"}, "Lead Offer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sketch(drafted(t, tell(c.stories...))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestACodeIsMadeReadableAndStaysTheCRMsName(t *testing.T) {
	got := humane([]string{"A_SUBMITTED", "A_PART_SUBMITTED"})
	if want := []string{"Submitted", "Part submitted"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	mixed := []string{"A_SUBMITTED", "Offer"}
	if got := humane(mixed); !slices.Equal(got, mixed) {
		t.Errorf("names that people gave were changed: %q", got)
	}
}

func TestWhatAStageIsWorth(t *testing.T) {
	d := drafted(t, tell("Lead Offer Won! won x6", "Lead Offer Lost! lost x2", "Lead Lost! lost x4", "Lead Offer Lead Offer x3", "Lead Demo! Lost! lost x1"))
	offer := d.Stages[slices.IndexFunc(d.Stages, func(s Stage) bool { return s.Key == "offer" })]
	if offer.Deals != 11 || offer.Visits != 14 || offer.Closed != 8 || offer.Won != 6 {
		t.Errorf("offer: %+v", offer)
	}
	if chance := d.WinChance(&offer); !chance.OK || chance.V != 0.75 {
		t.Errorf("win chance %+v, want 6 of 8", chance)
	}
	if d.Moves != 12+4+4+12+1 {
		t.Errorf("%d moves; entries into closed stages and those of lost deals at their closing are none", d.Moves)
	}
}

func TestAWinChanceOfFewOrOfOneOutcomeIsNone(t *testing.T) {
	few := drafted(t, tell("Lead Offer won x2", "Lead Offer lost x2"))
	alike := drafted(t, tell("Lead Offer won x20"))
	lost := drafted(t, tell("Lead Offer lost x20"))
	for _, d := range []*Draft{few, alike, lost} {
		if chance := d.WinChance(&d.Stages[0]); chance.OK {
			t.Errorf("a win chance of %v", chance.V)
		}
		if strings.Contains(string(d.Process(nil)), "win_probability: ") {
			t.Error("the process states one")
		}
	}
}

func TestARareNameIsAsideAndKnowsItsPlace(t *testing.T) {
	d := drafted(t, tell("Lead Negotiation Won! won x150", "Lead Negotation Won! won x1", "Lead Callback Negotiation Won! won x2"))
	if got := sketch(d); got != "Lead Negotiation +Won" {
		t.Error(got)
	}
	if len(d.Aside) != 2 {
		t.Fatalf("aside: %+v", d.Aside)
	}
	if p := d.Aside[1].Proposal; p.Advice != SameStage || p.Stage != "negotiation" {
		t.Errorf("the slip: %v", p)
	}
	if p := d.Aside[0].Proposal; p.Advice != NewStage || p.After != "lead" || p.Before != "negotiation" {
		t.Errorf("the callback: %v", p)
	}
}

func TestTheNarrowEndOfAFunnelIsNotRare(t *testing.T) {
	d := drafted(t, tell("Lead lost x3000", "Lead Contract won x9"))
	if got := sketch(d); got != "Lead Contract" {
		t.Error(got)
	}
}

func TestAStageThatGotANewName(t *testing.T) {
	s := newTeller()
	s.tell("Lead Negotiation Won! won x6")
	s.tell("Lead Lost! lost x6")
	s.start = monday.AddDate(0, 1, 0)
	s.tell("Lead Commitment Won! won x6")
	d := drafted(t, s.survey)
	if got := sketch(d); got != "Lead Commitment +Won -Lost" {
		t.Fatal(got)
	}
	if c := d.Stages[1]; !slices.Equal(c.CRMStages, []string{"Commitment", "Negotiation"}) || c.Deals != 12 || c.Renamed.Old != "Negotiation" {
		t.Errorf("%+v", c)
	}
}

func TestTwoStagesAreNotOneForBeingUsedInTurn(t *testing.T) {
	s := newTeller()
	s.tell("Lead Offer x6")
	s.start = monday.AddDate(0, 1, 0)
	s.tell("Offer Contract Won! won x6") // the same deals' next stage, later: they overlap in Offer
	s.start = monday.AddDate(0, 2, 0)
	s.tell("Lead Offer Contract Won! won x6")
	if got := sketch(drafted(t, s.survey)); !strings.Contains(got, "Offer Contract") {
		t.Error(got)
	}
}

func TestTheLargestPipelineIsDrafted(t *testing.T) {
	s := newTeller()
	s.line = "New business"
	s.tell("Lead Offer won x9")
	s.line = "Renewals"
	s.tell("Due Renewed 5_-_Won! won x5")
	s.line = "new business "
	s.tell("Lead Offer Won! won x2")
	d := drafted(t, s.survey)
	if d.Of != "New business" || d.Deals != 11 || sketch(d) != "Lead Offer +Won" {
		t.Errorf("%q with %d deals: %s", d.Of, d.Deals, sketch(d))
	}
	p := read(t, d)
	if !p.InPipelines("NEW BUSINESS") || p.InPipelines("Renewals") {
		t.Errorf("pipelines %v", p.Pipelines)
	}
	if !strings.Contains(string(d.Process(nil)), `"Renewals" with 5 deals`) {
		t.Error("the other pipeline is not named")
	}
}

func TestWhereMostDealsNameNoPipelineTheDraftIsOfAll(t *testing.T) {
	s := newTeller()
	s.tell("Lead Offer won x9")
	s.line = "Renewals"
	s.tell("Due Renewed won x5")
	d := drafted(t, s.survey)
	if p := read(t, d); d.Deals != 14 || !p.InPipelines("Renewals") || !p.InPipelines("") {
		t.Errorf("%d deals, pipelines %v", d.Deals, p.Pipelines)
	}
}

func TestWhoMovesDealsWithoutBeingAPerson(t *testing.T) {
	s := newTeller()
	s.mover = "sync"
	s.tell("Lead Demo x5")
	s.mover = "owner"
	s.tell("Lead Demo x6")
	s.mover = "ann"
	s.tell("Lead Demo x2")
	d := drafted(t, s.survey)
	if len(d.Movers) != 2 || d.Movers[0].Rep != "owner" || d.Movers[0].System() || d.Movers[1].Rep != "sync" || !d.Movers[1].System() {
		t.Errorf("%+v", d.Movers)
	}
	if m := d.Movers[1]; m.Moves != 10 || m.All != 26 {
		t.Errorf("%+v", m)
	}
}

func TestAThirdIsNotOverAThird(t *testing.T) {
	s := newTeller()
	for _, who := range []string{"ann", "bob", "cem"} {
		s.mover = who
		s.tell("Lead Demo Lost! lost x3")
	}
	if d := drafted(t, s.survey); len(d.Movers) > 0 {
		t.Errorf("%+v", d.Movers)
	}
}

func TestMovesOfNobodyMakeNoMover(t *testing.T) {
	if d := drafted(t, tell("Lead Demo x3")); len(d.Movers) > 0 {
		t.Errorf("%+v", d.Movers)
	}
}

func TestRowsThatAreStillToComeAreNotSeen(t *testing.T) {
	s := newTeller()
	s.tell("Lead Offer won x5")
	before := string(drafted(t, s.survey).Process(nil))
	s.start = asOf
	s.tell("Strange Things Won! won x50")
	if after := string(drafted(t, s.survey).Process(nil)); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestOfADealOnlyThePastIsSeen(t *testing.T) {
	s := newTeller()
	s.start = asOf.AddDate(0, 0, -2)
	s.tell("Lead Offer Contract Won! won x5")
	if got := sketch(drafted(t, s.survey)); got != "Lead Offer" {
		t.Error(got)
	}
}

func TestAClosingIsNotedWithinTheDay(t *testing.T) {
	s := newTeller()
	s.change = func(h *pipeline.History) { h.Deal.ClosedAt.V = h.Deal.ClosedAt.V.Add(10 * time.Hour) }
	s.tell("Lead Offer Gold! won x5")
	s.tell("Lead Bin! lost x5")
	if got := sketch(drafted(t, s.survey)); got != "Lead Offer +Gold -Bin" {
		t.Error(got)
	}
}

func TestARepeatIsNoVisit(t *testing.T) {
	d := drafted(t, tell("1_-_Lead Lead LEAD Offer Won! won x6", "Lead Lost Lead Lost! lost x6"))
	if lead := d.Stages[0]; lead.Deals != 12 || lead.Visits != 12 {
		t.Errorf("%+v: a closed stage between two visits of one stage does not part them", lead)
	}
}

func TestADealThatClosesLaterIsOpen(t *testing.T) {
	s := newTeller()
	s.change = func(h *pipeline.History) { h.Deal.ClosedAt = pipeline.Some(asOf) }
	s.tell("Lead Offer won x5")
	if d := drafted(t, s.survey); d.Outcomes[pipeline.Open] != 5 {
		t.Errorf("%v", d.Outcomes)
	}
}

func TestWithoutClosedAtTheLastChangeIsTheClosing(t *testing.T) {
	s := newTeller()
	s.change = func(h *pipeline.History) { h.Deal.ClosedAt = pipeline.Opt[time.Time]{} }
	s.tell("Lead Offer Gold Gold won x5")
	s.tell("Lead Bin lost x5")
	if got := sketch(drafted(t, s.survey)); got != "Lead Offer +Gold -Bin" {
		t.Error(got)
	}
}

func TestTiesWithoutASequenceSayNothingOfTheOrder(t *testing.T) {
	s := newTeller()
	s.change = func(h *pipeline.History) { // as a source sorts them: by name
		for i := range h.Changes {
			h.Changes[i].At, h.Changes[i].Seq = monday, pipeline.Opt[int64]{}
		}
	}
	s.tell("Apple Zebra x20")
	s.change = nil
	s.tell("Zebra Apple x2")
	if got := sketch(drafted(t, s.survey)); got != "Zebra Apple" {
		t.Error(got)
	}
}

func TestNothingToDraftFrom(t *testing.T) {
	for name, s := range map[string]*Survey{"no deals": tell(), "deals without a stage": tell("won x3"), "closings only": tell("Won! won x5")} {
		if _, err := s.Draft(); !errors.Is(err, ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutAHistoryStagesAreWhereDealsRest(t *testing.T) {
	for _, c := range []struct {
		name   string
		stages string
		chance map[string]float64
		want   string
		guess  string
	}{
		{"numbers", "3_-_Offer 1_-_Zoom 2_-_Meet", nil, "Zoom Meet Offer", "numbers"},
		{"stated chances", "Xa Xb Xc", map[string]float64{"Xa": 0.5, "Xb": 0.1, "Xc": 0.9}, "Xb Xa Xc", "chance"},
		{"usual words", "Negotiation Proposal Qualified", nil, "Qualified Proposal Negotiation", "usually stand"},
		{"nothing", "Beta Alpha", nil, "Alpha Beta", "alphabet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewSurvey(asOf)
			add := func(stage string, o pipeline.Outcome, p pipeline.Opt[float64]) {
				d := pipeline.Deal{ID: stage, CreatedAt: monday, Outcome: o, Stage: strings.ReplaceAll(stage, "_", " "), Probability: p}
				if o != pipeline.Open {
					d.ClosedAt = pipeline.Some(monday.AddDate(0, 0, 9))
				}
				s.Add(&pipeline.History{Deal: d})
			}
			for _, stage := range strings.Fields(c.stages) {
				p, known := c.chance[stage]
				add(stage, pipeline.Open, pipeline.Opt[float64]{V: p, OK: known})
				for range 9 {
					add(stage, pipeline.Lost, pipeline.Opt[float64]{}) // where they were lost, as some CRMs leave them
				}
			}
			add("Won", pipeline.Won, pipeline.Opt[float64]{})
			d := drafted(t, s)
			if got := sketch(d); got != c.want+" +Won" || !strings.Contains(d.Guess, c.guess) {
				t.Errorf("%s, %s", got, d.Guess)
			}
		})
	}
}
