package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drumbeat/internal/discovery"
	"drumbeat/internal/pipeline"
	"drumbeat/internal/process"
)

// strangers are the stages that no version of a process knows, by their trimmed names, of deals in its pipelines: a stage
// of another pipeline belongs to another process.
type strangers map[string]*stranger

type stranger struct {
	moves int // into it
	rests int // open deals that are in it now
}

// look notes one deal of the process.
func (all strangers) look(p *process.Process, h *pipeline.History) {
	previous, last := "", h.Deal.CreatedAt
	for _, c := range h.Changes {
		name := process.Normal(c.Stage)
		if name != previous && p.Lookup(c.Stage, c.At) == nil {
			if s := all.of(p, c.Stage); s != nil {
				s.moves++
			}
		}
		previous, last = name, c.At
	}
	if h.Deal.Outcome != pipeline.Open {
		return
	}
	rests := h.Deal.Stage
	if n := len(h.Changes); strings.TrimSpace(rests) == "" && n > 0 {
		rests = h.Changes[n-1].Stage
	}
	if p.Lookup(rests, last) == nil {
		if s := all.of(p, rests); s != nil {
			s.rests++
		}
	}
}

// of gives the stranger of a name; nil where it is empty or closes deals.
func (all strangers) of(p *process.Process, stage string) *stranger {
	name := strings.TrimSpace(stage)
	if _, closed := p.ClosedAs(name); closed || name == "" {
		return nil
	}
	if all[name] == nil {
		all[name] = &stranger{}
	}
	return all[name]
}

// tell names them, the most frequent first, and what they seem to be.
func (all strangers) tell(b *strings.Builder, proposer func() *discovery.Proposer) {
	if len(all) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(all[b].moves, all[a].moves), cmp.Compare(all[b].rests, all[a].rests), cmp.Compare(a, b))
	})
	b.WriteString("\nstages that no version of the process knows\n")
	p := proposer()
	for _, name := range names {
		fmt.Fprintf(b, "  %s: %s\n", all[name].said(name), p.Propose(name))
	}
	b.WriteString("  `drumbeat init --from DSN --out DIR` drafts a whole process from what deals do\n")
}

// said is what was seen of a name.
func (s *stranger) said(name string) string {
	rest := "rests"
	if s.rests > 1 {
		rest = "rest"
	}
	deals := discovery.Counted(s.rests, "open deal")
	switch {
	case s.moves == 0:
		return fmt.Sprintf("%s %s in %q", deals, rest, name)
	case s.rests == 0:
		return fmt.Sprintf("%s into %q", discovery.Counted(s.moves, "move"), name)
	}
	return fmt.Sprintf("%s into %q, and %s %s there", discovery.Counted(s.moves, "move"), name, deals, rest)
}
