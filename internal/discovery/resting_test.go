package discovery

import (
	"fmt"
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

// rest adds n deals that rest in a stage, without a history or after the stages told.
func (t *teller) rest(n int, stage string, o pipeline.Outcome, before ...string) {
	if o != pipeline.Open {
		before = append(before, string(o))
	}
	for i := range n {
		h := t.deal(before)
		h.Deal.ID, h.Deal.Stage = fmt.Sprint(stage, o, i), stage
		t.survey.Add(h)
	}
}

func TestDealsWithoutAMoveCountToo(t *testing.T) {
	s := newTeller()
	s.tell("Lead Offer Won! won x3")
	s.rest(2, "Closed lost", pipeline.Lost)
	s.rest(4, "Lead", pipeline.Open)
	d := drafted(t, s.survey)
	if o := d.Outcomes; d.Deals != 9 || o[pipeline.Won] != 3 || o[pipeline.Lost] != 2 || o[pipeline.Open] != 4 {
		t.Errorf("%d deals: %v", d.Deals, o)
	}
	if text := string(d.Process(nil)); !strings.Contains(text, `"Closed lost": 2 deals rest in it, all of them lost, and the history does not say that they came`) ||
		!strings.Contains(text, `closed_stages: {won: [Won], lost: ["Closed lost"]}`) && !strings.Contains(text, `closed_stages: {won: [Won], lost: [Closed lost]}`) {
		t.Error(text)
	}
}

func TestWhereClosedDealsRestClosesThem(t *testing.T) {
	for _, c := range []struct {
		name string
		tell func(s *teller)
		want string
	}{
		{"their last move is another", func(s *teller) { s.rest(1, "Closed Lost", pipeline.Lost, "Lead", "Offer") }, "Lead Offer +Won -Closed Lost"},
		{"by any name, if they are some", func(s *teller) { s.rest(5, "Bin", pipeline.Lost) }, "Lead Offer +Won -Bin"},
		{"by any name, of too few", func(s *teller) { s.rest(4, "Bin", pipeline.Lost) }, "Lead Offer +Won"},
		{"an open one rests there too", func(s *teller) { s.rest(9, "Bin", pipeline.Lost); s.rest(1, "Bin", pipeline.Open) }, "Lead Offer +Won"},
		{"where they were lost", func(s *teller) { s.rest(9, "2 - Offer", pipeline.Lost) }, "Lead Offer +Won"},
		{"where they moved last", func(s *teller) { s.rest(9, "Offer", pipeline.Lost, "Lead", "Offer") }, "Lead Offer +Won"},
		{"where they were before they moved last", func(s *teller) {
			s.tell("Lead Offer Bin! lost x6")
			s.rest(9, "Registered", pipeline.Won, "Lead", "Offer", "Registered!", "Activated!", "Won!")
		}, "Lead Offer > Registered Activated* +Won -Bin"},
		{"a few entered it as they were lost", func(s *teller) { s.tell("Lead Bin! lost x2"); s.rest(5, "Bin", pipeline.Lost) }, "Lead Offer +Won -Bin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTeller()
			s.tell("Lead Offer Won! won x6")
			c.tell(s)
			if got := sketch(drafted(t, s.survey)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAStageThatOpenDealsOnlyRestInIsSetAside(t *testing.T) {
	s := newTeller()
	s.tell("Lead Offer Won! won x6")
	s.rest(2, "On hold", pipeline.Open)
	s.rest(1, "Offer", pipeline.Open)
	s.rest(1, "Won", pipeline.Open)
	s.rest(1, "Parked", pipeline.Lost)
	d := drafted(t, s.survey)
	if len(d.Aside) != 1 || d.Aside[0].Name != "On hold" || d.Aside[0].Deals != 2 {
		t.Errorf("%+v", d.Aside)
	}
	if text := string(d.Process(nil)); !strings.Contains(text, `#   "On hold", 2 deals (open deals rest in it, none has moved there): no deal shows what it is`) {
		t.Error(text)
	}
}
