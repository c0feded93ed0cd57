package digest

import (
	"strings"
	"testing"

	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

func TestScopeFindsEveryMention(t *testing.T) {
	inside := DealRef{ID: "d1", Owner: "r1", Name: "Ours"}
	outside := DealRef{ID: "d9", Owner: "r9", Name: "Theirs"}
	for _, c := range []struct {
		name  string
		spoil func(*Digest)
		want  string
	}{
		{"nothing foreign", func(*Digest) {}, ""},
		{"a deal on the agenda", func(d *Digest) { d.Team.Agenda = append(d.Team.Agenda, DealRow{Deal: outside}) }, "deal d9"},
		{"a deal without an owner", func(d *Digest) { d.Team.Agenda = append(d.Team.Agenda, DealRow{Deal: DealRef{ID: "d8"}}) }, "deal d8"},
		{"a rep beside an own deal", func(d *Digest) { d.Team.Agenda[0].Rep = RepRef{ID: "r9"} }, "rep r9"},
		{"a talking point", func(d *Digest) { d.Team.Coaching = []RepPoints{{Deals: []Mention{{Deal: outside}}}} }, "deal d9"},
		{"a rep in the table", func(d *Digest) { d.Team.Table.Rows = []RepRow{{Rep: RepRef{ID: "r9"}}} }, "rep r9"},
		{"praise", func(d *Digest) { d.Team.Well = []Praise{{Deal: outside}} }, "deal d9"},
		{"a question about the record", func(d *Digest) { d.Team.Record = []Question{{Reps: []RepRef{{ID: "r9"}}}} }, "rep r9"},
		{"a loss", func(d *Digest) { d.Own = &OwnPart{Lost: []LostRow{{Deal: outside}}} }, "deal d9"},
		{"a focus deal", func(d *Digest) { d.Own = &OwnPart{FocusOn: []Mention{{Deal: outside}}} }, "deal d9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &Digest{Recipient: RepRef{ID: "m"}, Team: &TeamPart{Agenda: []DealRow{{Deal: inside, Rep: RepRef{ID: "r1"}}}}}
			c.spoil(d)
			err := d.CheckScope([]string{"m", "r1"})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that names %s", err, c.want)
			}
		})
	}
}

// A cut that lets something through is caught by the check on the finished digest.
func TestADealThatTheCutLeavesInIsRefused(t *testing.T) {
	in := Input{Report: &health.Report{}, Process: noStages(), Recipient: Recipient{Kind: Manager, Rep: pipeline.Rep{ID: "m"}, Members: []string{"m"}}}
	in.Settings.Location = utc
	part := &scoped{Reps: []health.RepFigures{{ID: "m"}}, Deals: []health.Deal{{ID: "d9", RepID: pipeline.Some("r9"), Concerns: []string{"stalled"}}}}
	if err := composed(t, in, part).CheckScope(in.Recipient.Members); err == nil || !strings.Contains(err.Error(), "deal d9") {
		t.Errorf("got %v, want a refusal that names the deal", err)
	}
	part = &scoped{Reps: []health.RepFigures{{ID: "m"}}, Lost: []health.LostDeal{{ID: "d8", RepID: pipeline.Some("r9"), Clean: true}}}
	if err := composed(t, in, part).CheckScope(in.Recipient.Members); err == nil || !strings.Contains(err.Error(), "deal d8") {
		t.Errorf("got %v, want a refusal that names the loss", err)
	}
}

func composed(t *testing.T, in Input, part *scoped) *Digest {
	t.Helper()
	d, err := compose(in, part)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
