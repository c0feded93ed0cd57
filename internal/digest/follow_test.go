package digest_test

import (
	"slices"
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// became writes a follow-up in one line: Won d93 | Forward d03 …
func became(f *digest.FollowUp) string {
	if f == nil {
		return ""
	}
	var out []string
	for _, o := range f.Outcomes {
		s := o.Word
		for _, d := range o.Deals {
			s += " " + d.Deal.ID
		}
		out = append(out, s)
	}
	return strings.Join(out, " | ")
}

func TestWhatBecameOfTheLastAgenda(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m1")
	f := built(t, in).Team.Moved
	// The agenda of a week ago: the committed d01 and d06, then 300k×2, 420k×1, 95k×2, the unknown amount as the median
	// 81k×2, 74k×2.
	if got := became(f); got != "Won d93 | Forward d03 | Lost d91 | Not d01 d06 d08 d04" {
		t.Errorf("became %q", got)
	}
	if want := "Of the 7 deals of the last agenda, 1 was won, 1 moved forward, 1 was lost and 4 did not move."; strings.ReplaceAll(f.Lead, "\u00a0", " ") != want {
		t.Errorf("lead %q", f.Lead)
	}
	if m := f.Outcomes[1].Deals[0]; m.Text != "Discovery → Evaluation" {
		t.Errorf("the way of %s: %q", m.Deal.ID, m.Text)
	}
	for name, c := range map[string]struct {
		change func(*digest.Input)
		want   string
	}{
		"nobody knows the last agenda":  {func(in *digest.Input) { in.Before = nil }, ""},
		"nobody of the scope was there": {func(in *digest.Input) { in.Before.Reps = nil }, ""},
		"the data have stopped": {func(in *digest.Input) {
			in.Report.Newest = pipeline.Some(digesttest.AsOf.AddDate(0, 0, -20))
		}, ""},
		"back": {func(in *digest.Input) {
			in.Before.Deals = slices.DeleteFunc(in.Before.Deals, func(d health.Deal) bool { return d.ID != "d05" })
		}, "Back d05"},
		"its stage is known to nobody now": {func(in *digest.Input) {
			in.Before.Deals = slices.DeleteFunc(in.Before.Deals, func(d health.Deal) bool { return d.ID != "d05" })
			for i := range in.Report.Deals {
				in.Report.Deals[i].Stage = pipeline.Opt[string]{}
			}
		}, ""},
		"it is gone": {func(in *digest.Input) {
			in.Before.Deals = slices.DeleteFunc(in.Before.Deals, func(d health.Deal) bool { return d.ID != "d05" })
			in.Report.Deals = nil
		}, ""},
	} {
		in := digesttest.Input(digest.Manager, "m1")
		c.change(&in)
		d := built(t, in)
		if got := became(d.Team.Moved); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if name == "back" && d.Team.Moved.Lead != "The one deal of the last agenda moved back." {
			t.Errorf("of one deal: %q", d.Team.Moved.Lead)
		}
	}
}

// The last agenda is the recipient's own: what another team talked about is nobody else's.
func TestTheLastAgendaStaysInItsScope(t *testing.T) {
	in := digesttest.Input(digest.Manager, "m2")
	if got := became(built(t, in).Team.Moved); got != "Not d20 d22" {
		t.Errorf("South's agenda became %q", got)
	}
	in.Before.Deals = append(in.Before.Deals, health.Deal{ID: "d01", Name: "Hafen AG warehouse suite", RepID: pipeline.Some("r01"), Committed: true, Concerns: []string{"stalled"}, Stage: pipeline.Some("discovery")})
	if got := became(built(t, in).Team.Moved); strings.Contains(got, "d01") {
		t.Errorf("North's deal is followed up in South: %q", got)
	}
}
