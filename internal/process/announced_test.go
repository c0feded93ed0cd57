package process

import (
	"strings"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// announcing asks for an owner always, for a signer from March on, and in its next version for a plan too, which
// renames nothing, and for a rollout in a stage that is new.
func announcing() *Process {
	ask := func(key string, since ...time.Time) Criterion {
		c := Criterion{Key: key}
		if len(since) > 0 {
			c.Since = pipeline.Some(since[0])
		}
		return c
	}
	stage := func(key string, asks ...Criterion) Stage {
		return Stage{Key: key, Name: key, Phase: Selling, Mandatory: true, Requires: asks}
	}
	return New("p", nil, nil, nil, []Version{
		{From: day(2025, 1, 1), Stages: []Stage{stage("first", ask("owner")), stage("second", ask("signer", day(2026, 3, 1)))}},
		{From: day(2026, 6, 1), Stages: []Stage{stage("first", ask("owner")), stage("second", ask("signer", day(2026, 3, 1)), ask("plan")), stage("third", ask("rollout"))}},
	})
}

func TestWhatIsAnnounced(t *testing.T) {
	p := announcing()
	for at, want := range map[time.Time]string{
		day(2026, 2, 1): "signer 2026-03-01, plan 2026-06-01, rollout 2026-06-01",
		day(2026, 3, 1): "plan 2026-06-01, rollout 2026-06-01", // asked for from this instant on
		day(2026, 6, 1): "",
	} {
		var got []string
		for _, a := range p.Announced(at) {
			got = append(got, a.Checkpoint.Criterion.Key+" "+a.From.Format("2006-01-02"))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("at %s: %q, want %q", at.Format("2006-01-02"), s, want)
		}
	}
}

func TestAsIfWhatIsAnnouncedHadBeenAskedFor(t *testing.T) {
	p := announcing()
	asked := func(p *Process) string {
		var out []string
		for _, s := range p.Versions[0].Stages {
			for _, c := range s.Requires {
				if !c.Since.OK {
					out = append(out, s.Key+":"+c.Key)
				}
			}
		}
		return strings.Join(out, " ")
	}
	if got := asked(p.AsIfAsked(day(2026, 2, 1))); got != "first:owner second:signer second:plan" {
		t.Errorf("asked for %q", got)
	}
	if got := asked(p); got != "first:owner" {
		t.Errorf("the process itself has changed: %q", got)
	}
}
