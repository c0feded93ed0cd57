package digest

import (
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

// D1: an operator clears out a waivers file.
func TestFewerWaiversAreNoBrokenLoad(t *testing.T) {
	now := time.Now()
	s := &DataState{AsOf: now, Window: 7 * 24 * time.Hour, Newest: pipeline.Some(now.Add(-time.Hour)),
		Rows: map[string]int64{"deals": 1000, "waivers": 5}, Before: map[string]int64{"deals": 1000, "waivers": 30}}
	if s.Unfit() {
		t.Error("unfit")
	}
}
