package discovery

import (
	"strings"
	"testing"

	"drumbeat/internal/pipeline"
)

func proofOf(t *testing.T, d *Draft, what string) Proof {
	t.Helper()
	for _, p := range d.Proofs {
		if p.What == what {
			return p
		}
	}
	t.Fatalf("no %q among %+v", what, d.Proofs)
	return Proof{}
}

func TestAProofBelongsToTheStageThatItIsNearestTo(t *testing.T) {
	s := newTeller()
	days := 0
	s.change = func(h *pipeline.History) {
		days++
		lead, offer := h.Changes[0].At, h.Changes[1].At
		h.Criteria = []pipeline.CriterionMet{{Criterion: "owner", At: offer.Add(-1e9)}, {Criterion: "signed", At: offer.AddDate(0, 0, days%4+1)}}
		h.Activities = []pipeline.Activity{{Kind: "Email", Party: "buyer", At: lead.Add(1e9)}, {Kind: "email", Party: "buyer", At: offer},
			{Kind: "call", Party: "seller", At: lead}, {Kind: "signed", Party: "buyer", At: offer}}
	}
	s.tell("Lead Offer Won+ won x4")
	s.tell("Lead Offer lost x4")
	d := drafted(t, s.survey)
	if p := proofOf(t, d, "owner"); p.Stage != "offer" || p.Within != 1 || p.Deals != 8 || p.Won != 4 || p.Closed != 8 {
		t.Errorf("met just before the stage: %+v", p)
	}
	if p := proofOf(t, d, "email"); p.Stage != "lead" || !p.Activity || p.Deals != 8 {
		t.Errorf("the buyer's first mail: %+v", p)
	}
	if p := proofOf(t, d, "signed"); p.Stage != "offer" || p.Within != 4 || p.Activity {
		t.Errorf("days after it: %+v; a criterion and an activity of one name are the same thing", p)
	}
	for _, p := range d.Proofs {
		if p.What == "call" {
			t.Error("the seller's own doing proves nothing")
		}
	}
}

// Whoever takes away the marks gets a valid process.
func TestWhatIsProposedIsValidOnceItIsTakenIn(t *testing.T) {
	s := newTeller()
	s.change = func(h *pipeline.History) {
		h.Criteria = []pipeline.CriterionMet{{Criterion: "a: b #", At: h.Changes[1].At}}
		h.Activities = []pipeline.Activity{{Kind: "null", Party: "buyer", At: h.Changes[0].At}, {Kind: "meeting", Party: "buyer", At: h.Changes[0].At.AddDate(0, 0, 9)}}
	}
	s.tell("Lead Offer Won+ won x8")
	s.tell("Lead Offer lost x8")
	d := drafted(t, s.survey)
	text := string(d.Process(map[string]Days{"lead": {Threshold: 12.2, Learned: true}}))
	var lines []string
	taken := false
	for line := range strings.Lines(text) {
		bare := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(bare, "# stall_after"), strings.HasPrefix(bare, "# requires:"), strings.HasPrefix(bare, "#   ") && strings.HasPrefix(line, "        "):
			line = strings.Replace(line, "# ", "", 1)
			taken = true
		}
		lines = append(lines, line)
	}
	p, faults := readText(strings.Join(lines, ""))
	if len(faults) > 0 || !taken {
		t.Fatalf("%v in\n%s", faults, strings.Join(lines, ""))
	}
	n := 0
	for _, st := range p.Versions[0].Stages {
		n += len(st.Requires)
	}
	if n != 3 || !p.Versions[0].Stages[0].StallAfter.OK {
		t.Errorf("%d criteria in\n%s", n, strings.Join(lines, ""))
	}
}

func TestTheWinningItselfIsNotOfferedAsARequirement(t *testing.T) {
	for _, c := range []struct {
		name    string
		days    int // from the entry into Offer; deals close 2 days after it
		other   string
		winning bool
	}{
		{"as they close", 2, "", true},
		{"a day after", 3, "", true},
		{"days before", 0, "", false},
		{"open deals have it too", 2, "Lead Offer Waits x2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTeller()
			s.change = func(h *pipeline.History) {
				h.Criteria = []pipeline.CriterionMet{{Criterion: "signed", At: h.Changes[1].At.AddDate(0, 0, c.days)}}
			}
			s.tell("Lead Offer won x9")
			if c.other != "" {
				s.tell(c.other)
			}
			s.change = nil
			s.tell("Lead Offer lost x9")
			d := drafted(t, s.survey)
			text := string(d.Process(nil))
			offered, advised := strings.Contains(text, "key: signed"), strings.Contains(text, `Better not required: the criterion "signed" is the winning itself`)
			if offered == c.winning || advised != c.winning {
				t.Errorf("offered: %v, advised against: %v in\n%s", offered, advised, text)
			}
		})
	}
}
