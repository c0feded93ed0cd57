package process

import (
	"fmt"
	"testing"
	"time"

	"drumbeat/internal/pipeline"
)

func on(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func stage(key, name string, also ...string) Stage {
	s := Stage{Key: key, Name: name, Phase: Selling, Mandatory: true}
	if len(also) > 0 {
		s.CRMStages = append([]string{name}, also...)
	}
	return s
}

func (s Stage) requiring(keys ...string) Stage {
	for _, k := range keys {
		s.Requires = append(s.Requires, Criterion{Key: k})
	}
	return s
}

func (s Stage) optional() Stage { s.Mandatory = false; return s }

func version(from string, stages ...Stage) Version {
	d, err := pipeline.ParseDate(from)
	if err != nil {
		panic(err)
	}
	return Version{Effective: d, From: on(from), Stages: stages}
}

func TestVersionInForce(t *testing.T) {
	p := New("p", nil, nil, nil, []Version{
		version("2026-03-01", stage("c", "C")),
		version("2026-01-01", stage("a", "A")),
		version("2026-02-01", stage("b", "B")),
		version("2026-02-01", stage("b2", "B2")),
	})
	for _, c := range []struct{ name, at, want string }{
		{"before all of them: the first", "2025-06-01", "a"},
		{"at its first instant", "2026-01-01", "a"},
		{"the day before the next", "2026-01-31", "a"},
		{"several of one date: the last", "2026-02-01", "b2"},
		{"the latest", "2026-12-31", "c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := p.Versions[p.VersionAt(on(c.at))].Stages[0].Key; got != c.want {
				t.Errorf("got the version with %s, want %s", got, c.want)
			}
		})
	}
	if v := p.VersionAt(on("2026-02-01").Add(-time.Microsecond)); p.Versions[v].Stages[0].Key != "a" {
		t.Error("a version is in force before its first instant")
	}
}

// One name meant three things over time: the meaning at hand is that of the version in force, else of the
// newest earlier one, else of the oldest later one.
func TestWhatANameMeans(t *testing.T) {
	x := func(key string) Stage { return stage(key, "X of "+key, "X") }
	first, second, third, fourth := version("2026-01-01", x("one"), stage("kept", "Kept")), version("2026-02-01", x("two")),
		version("2026-03-01", stage("kept", "Kept by another name").optional()), version("2026-04-01", x("four"), stage("new", "New"))
	p := New("p", nil, nil, nil, []Version{first, second, third, fourth})
	for _, c := range []struct{ name, crm, at, want string }{
		{"in force", "X", "2026-02-10", "two"},
		{"trimmed and without case", " x ", "2026-02-10", "two"},
		{"not in force: the newest of the earlier ones", "X", "2026-03-10", "two"},
		{"in force again", "X", "2026-04-10", "four"},
		{"only later", "New", "2026-01-10", "new"},
		{"before all versions the first is in force", "X", "2025-01-01", "one"},
		{"the stage's own name does not count beside others", "X of two", "2026-02-10", "two"},
		{"unknown", "Y", "2026-02-10", ""},
		{"nothing", "", "2026-02-10", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			if s := p.Lookup(c.crm, on(c.at)); s != nil {
				got = s.Key
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if s := p.Lookup("Kept", on("2026-03-10")); s.Mandatory {
		t.Error("a name known from before has the attributes of then, though the version in force has the stage")
	}
	if s := p.Lookup("Kept", on("2026-04-10")); s == nil || s.Key != "kept" || !s.Mandatory {
		t.Errorf("a stage that is gone is %+v, want it as in the version that knew the name", s)
	}
}

func TestClosedStagesAndPipelines(t *testing.T) {
	p := New("p", []string{"New Business"}, []string{"Closed Won", "Signed"}, []string{"Closed Lost"}, []Version{version("2026-01-01", stage("a", "A"))})
	for _, c := range []struct {
		name string
		want pipeline.Outcome
	}{{"Closed Won", pipeline.Won}, {" signed", pipeline.Won}, {"CLOSED LOST ", pipeline.Lost}, {"A", ""}, {"", ""}} {
		if got, ok := p.ClosedAs(c.name); got != c.want || ok != (c.want != "") {
			t.Errorf("%q is %q, want %q", c.name, got, c.want)
		}
	}
	for name, want := range map[string]bool{"New Business": true, " new business ": true, "Renewals": false, "": false} {
		if p.InPipelines(name) != want {
			t.Errorf("pipeline %q measured: %v", name, !want)
		}
	}
	if all := New("p", nil, nil, nil, p.Versions); !all.InPipelines("") || !all.InPipelines("Renewals") {
		t.Error("without pipelines every deal is measured")
	}
}

func TestPositions(t *testing.T) {
	after := Stage{Key: "z", Name: "Z", Phase: After}
	p := New("p", nil, nil, nil, []Version{version("2026-01-01", Stage{Key: "lead", Name: "Lead"}, stage("a", "A"), after)})
	v := &p.Versions[0]
	if v.Position("a") != 1 || v.Position("z") != 2 || v.Position("b") != -1 || v.Stage("b") != nil {
		t.Error("positions are wrong")
	}
	if v.SellingEnd() != 1 {
		t.Errorf("the selling ends at %d, want 1", v.SellingEnd())
	}
	if only := New("p", nil, nil, nil, []Version{version("2026-01-01", after)}); only.Versions[0].SellingEnd() != -1 {
		t.Error("without a stage before the end of selling there is no such end")
	}
}

// The version in force, then what only others have, by their dates.
func TestProcessOrder(t *testing.T) {
	p := New("p", nil, nil, nil, []Version{
		version("2026-01-01", stage("a", "A").requiring("old", "moved"), stage("gone", "Gone").requiring("g"), stage("c", "C")),
		version("2026-02-01", stage("a", "A").requiring("new"), stage("c", "C").optional().requiring("moved"), stage("never", "Never").optional()),
		version("2026-03-01", stage("later", "Later")),
	})
	for _, c := range []struct{ at, stages, checkpoints string }{
		{"2026-01-10", "[a gone c never later]",
			"[stage:a buyer:old buyer:moved buyer:new stage:gone buyer:g stage:c stage:later]"},
		{"2026-02-10", "[a c never gone later]",
			"[stage:a buyer:new buyer:old stage:c buyer:moved stage:gone buyer:g stage:later]"},
	} {
		t.Run(c.at, func(t *testing.T) {
			var stages, checkpoints []string
			for _, s := range p.StageOrder(on(c.at)) {
				stages = append(stages, s.Key)
			}
			for _, k := range p.Checkpoints(on(c.at)) {
				checkpoints = append(checkpoints, k.Key)
			}
			if got := fmt.Sprint(stages); got != c.stages {
				t.Errorf("stages %s, want %s", got, c.stages)
			}
			if got := fmt.Sprint(checkpoints); got != c.checkpoints {
				t.Errorf("checkpoints\n%s, want\n%s", got, c.checkpoints)
			}
		})
	}
}

// A criterion that moved to another stage is described as the version in force has it.
func TestWordsOfACheckpoint(t *testing.T) {
	before, now := stage("a", "A"), stage("b", "B")
	before.Requires = []Criterion{{Key: "budget", Says: "then"}}
	now.Requires = []Criterion{{Key: "budget", Says: "now"}}
	p := New("p", nil, nil, nil, []Version{version("2026-01-01", before, stage("b", "B")), version("2026-02-01", stage("a", "A"), now)})
	for date, want := range map[string]string{"2026-01-10": "then at a", "2026-02-10": "now at b"} {
		for _, k := range p.Checkpoints(on(date)) {
			if k.Criterion != nil {
				if got := k.Criterion.Says + " at " + k.Stage.Key; got != want {
					t.Errorf("on %s: %s, want %s", date, got, want)
				}
			}
		}
	}
}

func TestPhases(t *testing.T) {
	for i, name := range []string{"before", "selling", "after"} {
		got, ok := ParsePhase(name)
		if !ok || got != Phase(i) || got.String() != name {
			t.Errorf("%s is %v, %v", name, got, ok)
		}
	}
	if _, ok := ParsePhase("Selling"); ok {
		t.Error("a phase is written as it is")
	}
}
