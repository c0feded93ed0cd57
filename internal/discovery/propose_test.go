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
