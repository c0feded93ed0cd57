package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// evidence counts the rows by which criteria of the process can be met.
type evidence struct {
	criteria map[string]int         // by criterion, which compares letter by letter
	kinds    map[string]int         // of activities, in lower case
	done     map[pipeline.Proof]int // the same by whose doing it was; of the kind "": of any kind
	held     bool                   // some deal of any pipeline has a criterion
	party    bool                   // some activity of any pipeline names one
}

func newEvidence() evidence {
	return evidence{criteria: map[string]int{}, kinds: map[string]int{}, done: map[pipeline.Proof]int{}}
}

// look notes one deal of the process.
func (e *evidence) look(h *pipeline.History) {
	for i := range h.Criteria {
		e.criteria[h.Criteria[i].Criterion]++
	}
	for i := range h.Activities {
		a := &h.Activities[i]
		kind := strings.ToLower(a.Kind)
		e.kinds[kind]++
		e.done[pipeline.Proof{Party: a.Party}]++
		if kind != "" {
			e.done[pipeline.Proof{Kind: kind, Party: a.Party}]++
		}
	}
}

// tell names what the process asks for by now and the data never hold: such a checkpoint can only be missed. Where there is
// nothing at all of the kind, that is said elsewhere.
func (e *evidence) tell(b *strings.Builder, p *process.Process, now time.Time) {
	var lines []string
	asked(p, func(v *process.Version, c *process.Criterion) {
		if v.From.After(now) || c.Since.OK && c.Since.V.After(now) {
			return
		}
		if lacks := e.lacks(c.MetBy); lacks != "" {
			if line := fmt.Sprintf("  %s: %s\n", process.BuyerCheckpoint(c.Key), lacks); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	})
	if len(lines) > 0 {
		b.WriteString("\nevidence that the process asks for and the data never hold, so that it can only be missed\n" + strings.Join(lines, ""))
	}
}

// lacks says what of a proof the data never hold; empty: nothing.
func (e *evidence) lacks(by process.MetBy) string {
	switch by.Means {
	case process.ByCriterion:
		if e.held && e.criteria[by.Criterion] == 0 {
			return fmt.Sprintf("no deal has the criterion %q; %s", by.Criterion, instead(by.Criterion, e.criteria))
		}
	case process.ByActivity:
		kind := strings.ToLower(by.Kind)
		switch {
		case !e.party || e.done[pipeline.Proof{Kind: kind, Party: by.Party}] > 0:
		case kind == "":
			return fmt.Sprintf("no activity is of the %s", by.Party)
		case e.kinds[kind] > 0:
			return fmt.Sprintf("of the activities %q (%d) none is of the %s", by.Kind, e.kinds[kind], by.Party)
		default:
			return fmt.Sprintf("no deal has an activity %q; %s", by.Kind, instead(kind, e.kinds))
		}
	}
	return ""
}

// instead names the nearest of what there is, or all of it.
func instead(name string, there map[string]int) string {
	names := mostFirst(there)
	if near, ok := nearest(name, names); ok {
		return fmt.Sprintf("did you mean %q (%d)?", near, there[near])
	}
	if len(names) == 0 {
		return "its deals have none"
	}
	return "there are " + listed(withCounts(names, there))
}

// unasked lists the criteria that are in the data and that no version asks for.
func (e *evidence) unasked(p *process.Process) []string {
	left := maps.Clone(e.criteria)
	asked(p, func(_ *process.Version, c *process.Criterion) {
		if c.MetBy.Means == process.ByCriterion {
			delete(left, c.MetBy.Criterion)
		}
	})
	return withCounts(mostFirst(left), left)
}

// asked gives every criterion of every version.
func asked(p *process.Process, do func(v *process.Version, c *process.Criterion)) {
	for i := range p.Versions {
		v := &p.Versions[i]
		for j := range v.Stages {
			for k := range v.Stages[j].Requires {
				do(v, &v.Stages[j].Requires[k])
			}
		}
	}
}

func mostFirst(n map[string]int) []string {
	return slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
}

func withCounts(names []string, n map[string]int) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q (%d)", name, n[name])
	}
	return out
}
