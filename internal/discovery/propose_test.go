package discovery

import (
	"testing"
	"time"

	"drumbeat/internal/process"
)

// known is a process of three stages, the second known to the CRM under two names.
func known() *process.Process {
	stages := []process.Stage{
		{Key: "lead", Name: "Lead"},
		{Key: "discovery", Name: "Discovery", CRMStages: []string{"Discovery", "Discovery A", "2 - Needs analysis"}},
		{Key: "lab", Name: "Lab", CRMStages: []string{"Discovery_B"}},
		{Key: "negotiation", Name: "Negotiation", CRMStages: []string{"5 - Negotiation"}},
	}
	for i := range stages {
		stages[i].Phase = process.Selling
	}
	return process.New("sales", []string{"New business"}, []string{"Won"}, []string{"Lost"}, []process.Version{{Effective: 0, From: time.Time{}, Stages: stages}})
}

func TestWhatToDoAboutAnUnknownName(t *testing.T) {
	for _, c := range []struct {
		name    string
		stories []string
		unknown string
		want    string
	}{
		{"another number before it", nil, "3. negotiation", `it looks like "5 - Negotiation": add it to crm_stages of negotiation`},
		{"a slip of the hand", []string{"Lead Negotation x3"}, "Negotation", `it looks like "5 - Negotiation": add it to crm_stages of negotiation`},
		{"another number inside is another name", []string{"Lead Discovery Negotiation_2 x3"}, "Negotiation 2", "deals usually enter it between discovery and lab: make it a stage of its own there, or add it to crm_stages of a stage that means the same"},
		{"another number is nearer than another letter", nil, "Discovery b", `it looks like "Discovery_B": add it to crm_stages of lab`},
		{"marks between words", nil, "Needs-Analysis", `it looks like "2 - Needs analysis": add it to crm_stages of discovery`},
		{"deals are won by it", []string{"Lead Discovery Signed! won x4"}, "Signed", "deals are won as they enter it: add it to closed_stages.won"},
		{"deals are lost by it", []string{"Lead Disqualified! lost x4", "Lead Disqualified x1"}, "disqualified ", "deals are lost as they enter it: add it to closed_stages.lost"},
		{"a step between", []string{"Lead Discovery Proposal 5_-_Negotiation Won! won x3", "Proposal Discovery x1"}, "Proposal",
			"deals usually enter it between discovery and lab: make it a stage of its own there, or add it to crm_stages of a stage that means the same"},
		{"a step before all", []string{"Inbound Lead Discovery x3"}, "Inbound",
			"deals usually enter it before lead: make it a stage of its own there, or add it to crm_stages of a stage that means the same"},
		{"a step after all", []string{"Lead Discovery 5_-_Negotiation Legal x3"}, "Legal",
			"deals usually enter it after negotiation: make it a stage of its own there, or add it to crm_stages of a stage that means the same"},
		{"one deal alone was won by it", []string{"Lead Discovery Signed! won x1"}, "Signed", "the 1 deal that entered it was won as it did: add it to closed_stages.won, if that is what it means"},
		{"two deals were lost by it", []string{"Lead Bin! lost x2"}, "Bin", "the 2 deals that entered it were lost as they did: add it to closed_stages.lost, if that is what it means"},
		{"two deals show no place", []string{"Lead Proposal 5_-_Negotiation x2"}, "Proposal",
			"the 2 deals that entered it did so between lead and discovery, too few to tell its place: add it to crm_stages of a stage that means the same, or make it a stage of its own"},
		{"one of many deals shows no place", []string{"Proposal x8", "Lead Proposal 5_-_Negotiation x1"}, "Proposal",
			"of the 9 deals that entered it 1 did so between lead and discovery, too few to tell its place: add it to crm_stages of a stage that means the same, or make it a stage of its own"},
		{"a name that says it, and no deal closed by it", []string{"Lead Gewonnen x1"}, "Gewonnen", "its name says that deals are won as they enter it: add it to closed_stages.won, if that is what it means"},
		{"alone in its deals", []string{"Parked x9"}, "Parked", "no deal shows what it is: add it to crm_stages of the stage that means the same"},
		{"never seen", nil, "Parked", "no deal shows what it is: add it to crm_stages of the stage that means the same"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTeller()
			s.line = "new business"
			for _, story := range c.stories {
				s.tell(story)
			}
			if got := s.survey.Proposer(known()).Propose(c.unknown); got.String() != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDealsOfOtherPipelinesProposeNothing(t *testing.T) {
	s := newTeller()
	s.line = "Renewals"
	s.tell("Lead Signed! won x9")
	if p := s.survey.Proposer(known()).Propose("Signed"); p.Advice != Unsure || p.Deals != 0 {
		t.Errorf("%+v", p)
	}
}

// The stories before are of January, those of now of February.
func TestAKnownStageThatDealsNoLongerEnter(t *testing.T) {
	for _, c := range []struct {
		name        string
		before, now []string
		unknown     string
		want        string
	}{
		{"a stage", []string{"Lead Discovery 5_-_Negotiation Won! won x6"}, []string{"Lead Discovery Commitment Won! won x3"}, "Commitment",
			`entered since 2026-02-07, and no deal has entered "5 - Negotiation" after 2026-01-07, as if it were the new name of that stage: add it to crm_stages of negotiation, if it is`},
		{"the winning", []string{"Lead Discovery Won! won x6"}, []string{"Lead Discovery Signed! won x1"}, "Signed",
			`the 1 deal that entered it was won as it did, and no deal has entered "Won" after 2026-01-09: add it to closed_stages.won, if that is what it means`},
		{"the winning, of many", []string{"Lead Discovery Won! won x6"}, []string{"Lead Discovery Signed! won x4"}, "Signed",
			`deals are won as they enter it, and no deal has entered "Won" after 2026-01-09: add it to closed_stages.won`},
		{"the old name is still in use", []string{"Lead Discovery 5_-_Negotiation Won! won x6"}, []string{"Lead Discovery Commitment 5_-_Negotiation Won! won x3"}, "Commitment",
			"deals usually enter it between discovery and lab: make it a stage of its own there, or add it to crm_stages of a stage that means the same"},
		{"too few to be a new name", []string{"Lead Discovery 5_-_Negotiation Won! won x6"}, []string{"Lead Discovery Commitment Won! won x2"}, "Commitment",
			"the 2 deals that entered it did so between discovery and lab, too few to tell its place: add it to crm_stages of a stage that means the same, or make it a stage of its own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTeller()
			s.line = "new business"
			for _, story := range c.before {
				s.tell(story)
			}
			s.start = monday.AddDate(0, 1, 0)
			for _, story := range c.now {
				s.tell(story)
			}
			s.line, s.start = "Renewals", monday.AddDate(0, 2, 0) // whatever another pipeline enters
			s.tell("Lead 5_-_Negotiation Won! won x3")
			if got := s.survey.Proposer(known()).Propose(c.unknown); got.String() != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
