package digest_test

import (
	"strings"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
	"drumbeat/internal/pipeline"
)

// Nobody is to learn of a yardstick by a miss.
func TestACriterionThatStartsLaterIsAnnounced(t *testing.T) {
	in := digesttest.Announced(digest.Rep, "r03")
	a := built(t, in).Own.Announced
	want := "From 1 December on, Proposal also asks for this: “The person who signs has spoken with us”. Had it been asked for already, 1 open deal here would lack it today:"
	if len(a) != 1 || strings.ReplaceAll(a[0].Text, "\u00a0", " ") != want || len(a[0].Deals) != 1 || a[0].Deals[0].Deal.ID != "d05" {
		t.Fatalf("the rep reads %+v", a)
	}
	m := built(t, digesttest.Announced(digest.Manager, "m1")).Team.Announced
	if len(m) != 1 || !strings.Contains(m[0].Text, "Over all teams it would have been met 4 of 12 times in the week.") || len(m[0].Deals) != 2 {
		t.Errorf("the manager reads %+v", m)
	}
	for name, change := range map[string]func(*digest.Input){
		"nothing is known of it": func(in *digest.Input) { in.Asked = nil },
		"it is asked for by now": func(in *digest.Input) { in.Process = digesttest.Process() },
		"the data have stopped":  func(in *digest.Input) { in.Report.Newest = pipeline.Some(digesttest.AsOf.AddDate(0, 0, -20)) },
	} {
		in := digesttest.Announced(digest.Rep, "r03")
		change(&in)
		if a := built(t, in).Own.Announced; len(a) != 0 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	in.Asked.Deals = append(in.Asked.Deals, health.Deal{ID: "d02", RepID: pipeline.Some("r03"), Lacks: []string{"buyer:signer_met"}}) // another's, under this rep's name
	if a := built(t, in).Own.Announced; len(a[0].Deals) != 1 {
		t.Errorf("somebody else's deal is announced: %+v", a)
	}
}
