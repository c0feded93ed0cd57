package digest_test

import (
	"reflect"
	"testing"

	"drumbeat/internal/digest"
	"drumbeat/internal/digest/digesttest"
	"drumbeat/internal/health"
)

// What is looked up once for all digests is what each would have found by itself, also for the last agenda, which is
// another report.
func TestADigestIsTheSameWithWhatAllShare(t *testing.T) {
	for kind, rep := range map[digest.Kind]string{digest.Manager: "m1", digest.Rep: "r01"} {
		in := digesttest.Input(kind, rep)
		before := *in.Report
		before.Deals = append([]health.Deal{}, in.Report.Deals...)
		for i, j := 0, len(before.Deals)-1; i < j; i, j = i+1, j-1 { // another order, other places
			before.Deals[i], before.Deals[j] = before.Deals[j], before.Deals[i]
		}
		in.Before = &before
		alone, err := digest.Build(in)
		if err != nil {
			t.Fatal(err)
		}
		in.ByRep, in.BeforeByRep = digest.NewByRep(in.Report), digest.NewByRep(in.Before)
		shared, err := digest.Build(in)
		if err != nil || !reflect.DeepEqual(alone, shared) {
			t.Errorf("%s: another digest, %v", kind, err)
		}
	}
}
